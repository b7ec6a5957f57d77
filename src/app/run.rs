//! `wscope run`: one script, from its first line to its last.

use std::path::Path;

use super::{output, print, scripts};
use crate::cli::args::script::RunArgs;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{OutputSettings, RecordingSettings};
use crate::script::{Host, Program, reference};
use crate::session::{Clock, Sink};

/// Runs a script; what it sends and receives is shown if a format is asked for.
///
/// # Errors
/// The report that ends the program.
pub fn run(args: &RunArgs, output: &OutputSettings, recording: &RecordingSettings) -> Result<Exit, Report> {
    if let Some(name) = &args.api {
        return print(reference(name).as_bytes());
    }
    let file = args.file.as_deref().unwrap_or(Path::new("-"));
    let text = scripts::read(file)?;
    let given = scripts::Given::new(&args.given)?;
    let masks = given.masks(&recording.masks);
    let recording = RecordingSettings { masks: masks.clone(), ..recording.clone() };
    let clock = Clock::start();
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    if let Some(writer) = output::recording(&recording, clock)? {
        sinks.push(Box::new(writer));
    }
    if output.format.is_some() {
        sinks.push(output::sink(output, &masks, clock));
    }
    let interrupted = scripts::interrupts()?;
    let host = Host::new(given.setup(file, &args.arguments, &masks, clock, &interrupted, sinks));
    host.setup().stop.limit(args.timeout);
    let program = Program::read(host, given.limits, &file.display().to_string(), &text)?;
    let ended = program.run();
    program.host().setup().stop.limit(None);
    program.host().close(0);
    let lost = program.host().setup().timeline.end().err().and_then(Report::lost);
    let ended = ended.map_or_else(|fault| scripts::ended(program.host(), fault), |()| Ok(Exit::Success));
    match lost {
        Some(lost) if ended.is_ok() => Err(lost),
        lost => {
            lost.iter().for_each(Report::print);
            ended
        }
    }
}
