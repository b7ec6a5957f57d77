//! `wscope proxy --script`: the functions of a script say what becomes of messages, and what goes wrong in one is told on
//! standard error.

use std::path::Path;
use std::sync::Arc;

use crate::app::scripts;
use crate::cli::args::script::GivenArgs;
use crate::cli::report::Report;
use crate::recording::Masks;
use crate::script::{Fault, Host, Program, Proxying};
use crate::session::{Clock, Sink};

/// Reads a script and runs it to its last line; `sinks` are told what happens before the script is.
///
/// # Errors
/// It can't be read, or fails.
pub(super) fn read(
    script: &Path,
    given: &GivenArgs,
    masks: &Masks,
    clock: Clock,
    sinks: impl FnOnce(&Masks) -> Result<Vec<Box<dyn Sink>>, Report>,
) -> Result<Arc<Proxying>, Report> {
    let text = scripts::read(script)?;
    let given = scripts::Given::new(given)?;
    let masks = given.masks(masks);
    let host = Host::new(given.setup(script, &[], &masks, clock, &scripts::interrupts()?, sinks(&masks)?));
    let program = Program::read(host, given.limits, &script.display().to_string(), &text)?;
    let tell = move |function: &str, number: u32, fault: Box<Fault>| {
        let message = format!("{} ({function}, connection {number})", fault.message);
        let report = Report::from(Box::new(Fault { message, ..*fault }));
        report.rewritten(&|text| masks.without_values(text).into_owned()).print();
    };
    Ok(Proxying::read(program, Box::new(tell))?)
}
