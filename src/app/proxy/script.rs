//! `wscope proxy --script`: the functions of a script say what becomes of messages. What it prints, and what goes wrong in one,
//! is told on standard output and standard error, or among what the shell shows.

use std::path::Path;
use std::sync::Arc;

use crate::app::scripts::{self, Given};
use crate::cli::report::Report;
use crate::recording::Masks;
use crate::script::{Host, Program, Proxying, Setup};
use crate::session::{Clock, Sink};
use crate::shell::Screen;

/// Reads a script and runs it to its last line; `sinks` are told what happens before the script is. `screen` is the shell's, which
/// has Ctrl-C for itself.
///
/// # Errors
/// It can't be read, or fails.
pub(super) fn read(
    script: &Path,
    given: &Given,
    masks: &Masks,
    clock: Clock,
    sinks: Vec<Box<dyn Sink>>,
    screen: Option<&Screen>,
) -> Result<Arc<Proxying>, Report> {
    let text = scripts::read(script)?;
    let interrupted = if screen.is_some() { Arc::default() } else { scripts::interrupts()? };
    let setup = given.setup(script, &[], masks, clock, &interrupted, sinks);
    let (setup, tell) = match screen {
        None => (setup, scripts::tell_plainly(masks.clone())),
        Some(screen) => {
            let (print, screen) = (screen.printer(setup.stop.clone()), screen.clone());
            (Setup { print, ..setup }, scripts::tell(move |fault| screen.fail(&fault.into())))
        }
    };
    let program = Program::read(Host::new(setup), given.limits, &script.display().to_string(), &text)?;
    Ok(Proxying::read(program, tell)?)
}
