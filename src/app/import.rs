//! `wscope import`: what others recorded, as a recording.

use std::io::{self, Write as _};

use super::save::Save;
use crate::cli::args::exchange::ImportArgs;
use crate::cli::settings;
use crate::cli::{Exit, Report};
use crate::exchange::import::{Import, ImportError, import};
use crate::recording::{Lines, Masks, line};

/// How much is gathered before it is written, in bytes.
const BATCH: usize = 256 << 10;

/// Which of the two files failed.
enum Failed {
    Import(ImportError),
    Write(io::Error),
}

/// Writes a recording of what is in the file.
///
/// # Errors
/// When the file can't be read, is of no known format or malformed, or the recording can't be written.
pub fn run(args: ImportArgs) -> Result<Exit, Report> {
    let ImportArgs { file, output, force, secrets, own } = args;
    let masks = settings::masks(secrets, own);
    let imported = import(&file)?;
    let output = output.unwrap_or_else(|| file.with_extension("wsrec"));
    let mut save = Save::new(&output, force, &file)?;
    match write(imported, &masks, &mut save) {
        Ok(()) => save.end(),
        Err(Failed::Import(error)) => Err(error.into()),
        Err(Failed::Write(error)) => save.failed(&error),
    }
}

fn write(imported: Import, masks: &Masks, save: &mut Save) -> Result<(), Failed> {
    let mut buffer = Vec::new();
    line::header(imported.created, masks.secrets(), &mut buffer);
    let mut lines = Lines::new(masks.clone());
    for each in imported {
        let each = each.map_err(Failed::Import)?;
        lines.again(&each.event, each.masked, &mut buffer);
        if buffer.len() >= BATCH {
            save.write_all(&buffer).map_err(Failed::Write)?;
            buffer.clear();
        }
    }
    save.write_all(&buffer).and_then(|()| save.flush()).map_err(Failed::Write)
}
