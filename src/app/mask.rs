//! `wscope mask`: the secrets taken out of a recording that is there, as if it had been recorded so.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;

use super::save::{cannot_write, is_same};
use crate::cli::args::output::Secrets;
use crate::cli::args::recording::MaskArgs;
use crate::cli::report::{Exit, Report, stdout_written};
use crate::cli::settings;
use crate::recording::{Copy, CopyError, Reader};

/// Copies the recording without its secrets. Lines that can't be read are left out, since they may hold half a secret, and told.
///
/// # Errors
/// When one file can't be read or the other not be written.
pub fn run(args: MaskArgs) -> Result<Exit, Report> {
    let MaskArgs { file, output, force, own } = args;
    let masks = settings::masks(Secrets::Mask, own);
    let mut reader = Reader::open(&file)?;
    let copy = Copy::new(masks);
    let mut told = |damage: String| {
        // With stderr gone there is nobody left to tell.
        let _ = writeln!(io::stderr(), "wscope: {}: {damage}", file.display().to_string().escape_debug());
    };
    let Some(output) = output else {
        return match copy.all(&mut reader, &mut io::stdout().lock(), &mut told) {
            Ok(()) => Ok(Exit::Success),
            Err(CopyError::Read(error)) => Err(error.into()),
            Err(CopyError::Write(error)) => stdout_written(Err(error)),
        };
    };
    let failed = |error| cannot_write(&output, &error);
    if is_same(&file, &output) {
        let message = format!("\"{}\" can't be masked in place", file.display());
        return Err(Report::new(Exit::Usage, message).hint("-o names another file"));
    }
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut out = options.open(&output).map_err(failed)?;
    match copy.all(&mut reader, &mut out, &mut told) {
        Ok(()) => Ok(Exit::Success),
        Err(CopyError::Read(error)) => Err(error.into()),
        Err(CopyError::Write(error)) => Err(failed(error)),
    }
}
