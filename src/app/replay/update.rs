//! `--update`: the live session in place of the recording, once it has come to its end.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::note;
use crate::cli::report::{Exit, Report};
use crate::recording::{Existing, Masks, Writer};
use crate::render::quantity;
use crate::replay::compare::{Verdict, summary};
use crate::session::Clock;
use crate::transport::in_words;

/// A recording beside the one that it may replace. It is removed unless it does.
pub(super) struct Update {
    file: PathBuf,
    beside: PathBuf,
}

impl Update {
    /// Begins to record beside `file`, which is written to by nobody then.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn begin(file: &Path, clock: &Clock, masks: &Masks) -> Result<(Update, Writer), Report> {
        // The file that a link points to is replaced, not the link.
        let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let mut name = OsString::from(".");
        name.push(file.file_name().unwrap_or_default());
        name.push(format!(".{}", std::process::id()));
        let update = Update { beside: file.with_file_name(name), file };
        let writer = Writer::open(&update.beside, clock, masks, Existing::Refuse)?;
        Ok((update, writer))
    }

    /// Replaces the recording if the live session differs from it, and says what became of it. Everything has to be written;
    /// these are the verdicts about all of it.
    ///
    /// # Errors
    /// It can't be replaced, and is as it was.
    pub(super) fn end(self, verdicts: &[Verdict]) -> Result<(), Report> {
        let name = self.file.display();
        if verdicts.iter().all(Verdict::is_same) {
            note(&format!("{name} is left as it was: the live session is the same"));
            return Ok(());
        }
        let cannot = |error: io::Error| {
            Report::new(Exit::File, format!("cannot replace \"{}\": {}", self.file.display(), in_words(&error)))
        };
        fs::rename(&self.beside, &self.file).map_err(cannot)?;
        let size = fs::metadata(&self.file).map_or(0, |file| file.len());
        let told = match verdicts {
            [verdict] => summary(verdict),
            all => {
                let differ = all.iter().filter(|verdict| !verdict.is_same()).count();
                format!("{differ} of {} connections differed", all.len())
            }
        };
        note(&format!("{name} is the live session now, {}: {told}", quantity::size(size)));
        Ok(())
    }
}

impl Drop for Update {
    fn drop(&mut self) {
        // Once it has taken the other's place, nothing is there.
        let _ = fs::remove_file(&self.beside);
    }
}
