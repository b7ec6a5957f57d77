//! `wscope serve --script`: the functions of a script decide, and what goes wrong in one is told on standard error.

use std::path::Path;
use std::sync::Arc;

use crate::app::{output, scripts};
use crate::cli::args::serve::ServeArgs;
use crate::cli::report::Report;
use crate::cli::settings::{OutputSettings, RecordingSettings};
use crate::script::{Clients, Hooks, Host, Program, SERVING, Serving, Setup};
use crate::session::Clock;

/// Reads a script and runs it to its last line.
///
/// # Errors
/// It can't be read or fails, or the recording can't be written.
pub(super) fn read(
    script: &Path,
    args: &ServeArgs,
    output: &OutputSettings,
    recording: &RecordingSettings,
    clock: Clock,
) -> Result<Serving, Report> {
    let text = scripts::read(script)?;
    let given = scripts::Given::new(&args.given)?;
    let masks = given.masks(&recording.masks);
    let recording = RecordingSettings { masks: masks.clone(), ..recording.clone() };
    let sinks = output::sinks(output, &recording, None, clock)?;
    let setup = given.setup(script, &[], &masks, clock, &scripts::interrupts()?, sinks);
    let clients = Arc::new(Clients::default());
    let hub = Arc::clone(&clients);
    let host = Host::new(Setup { hub, ..setup });
    let program = Program::read(host, given.limits, &script.display().to_string(), &text)?;
    let hooks = Hooks::read(program, &SERVING)?;
    Ok(Serving::new(hooks, clients, scripts::tell_plainly(masks)))
}
