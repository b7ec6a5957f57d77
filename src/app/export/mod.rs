//! `wscope export`: a recording in the formats of others.

mod repeat;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use crate::app::damage::Damages;
use crate::app::save::Save;
use crate::cli::args::exchange::ExportArgs;
use crate::cli::{Exit, Report};
use crate::exchange::export::{ExportError, Format, Source, UnknownFormat, export};
use crate::recording::Damage;

/// Writes a recording in another format.
///
/// # Errors
/// When the recording can't be read, the output not be written, or the format or a connection is not there.
pub fn run(args: ExportArgs) -> Result<Exit, Report> {
    let ExportArgs { file, output, to, conn, repeat, force } = args;
    let format = format(to, output.as_deref())?;
    if format != Format::Rhai && !repeat.is_empty() {
        let message = format!("--repeat tells what of a script changes from run to run, and {format} is none");
        return Err(Report::new(Exit::Usage, message).hint("-o session.rhai makes a script"));
    }
    let repeats = repeat::repeats(&file, &repeat, &conn)?;
    let output = output.unwrap_or_else(|| file.with_extension(format.name()));
    let damages = Rc::new(RefCell::new(Damages::default()));
    let telling = Rc::clone(&damages);
    let telling = move |damage: &Damage| telling.borrow_mut().note(damage, false);
    let source = Source::open(&file, conn)?.telling(telling).repeated(repeats);
    let mut save = Save::new(&output, force, &file)?;
    let exported = export(format, &source, &mut save);
    damages.borrow_mut().end();
    match exported {
        Ok(_) => save.end(),
        Err(ExportError::Write(error)) => save.failed(&error),
        Err(error) => Err(error.into()),
    }
}

/// The format that is asked for, or else that the output's name ends in.
fn format(to: Option<Format>, output: Option<&Path>) -> Result<Format, Report> {
    let all = || format!("--to NAME is one of {}", Format::ALL.map(Format::name).join(", "));
    match (to, output) {
        (Some(format), _) => Ok(format),
        (None, Some(output)) => Format::of(output).map_err(|UnknownFormat(_)| {
            let message = format!("the name \"{}\" does not say a format", output.display());
            Report::new(Exit::Usage, message).hint(all())
        }),
        (None, None) => Err(Report::new(Exit::Usage, "no format to export to").hint(all())),
    }
}
