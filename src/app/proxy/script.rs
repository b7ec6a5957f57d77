//! `wscope proxy --script`: the functions of a script say what becomes of messages, and what goes wrong in one is told on
//! standard error.

use std::path::Path;
use std::sync::Arc;

use crate::app::scripts;
use crate::cli::args::script::GivenArgs;
use crate::cli::report::Report;
use crate::recording::Masks;
use crate::script::{Host, Program, Proxying};
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
    Ok(Proxying::read(program, scripts::tell(masks))?)
}
