//! /record and /save: the session written to files, from now on or from its beginning.

use std::path::Path;

use crate::recording::{Existing, Masks, Switch, WriteError, Writer};

use super::error::ShellError;
use super::repl::Shell;
use super::request::Recording;

/// The recordings of a shell. The timeline feeds both before anything else.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// The session's own, from its beginning; off if the user wants none.
    pub session: Switch,
    /// What the user asked for.
    pub asked: Switch,
    pub masks: Masks,
}

impl From<WriteError> for ShellError {
    fn from(error: WriteError) -> ShellError {
        ShellError::refused(error.to_string(), error.hint())
    }
}

impl Shell {
    pub(super) fn record(&mut self, recording: Recording) -> Result<(), ShellError> {
        match recording {
            Recording::Tell => {
                let place = self.recorder.asked.path().map(|path| format!("recording to {}", path.display()));
                let place = place.unwrap_or_else(|| "not recording; /record FILE begins".into());
                self.screen.print(&format!("  {}", place.escape_debug()));
                Ok(())
            }
            Recording::Stop => {
                let told = self.timeline.flush();
                let stopped = self.recorder.asked.replace(None);
                told.map_err(|error| {
                    ShellError::refused(error.to_string(), "what was recorded before is in the file")
                })?;
                let Some(writer) = stopped else {
                    return Err(ShellError::refused("not recording", "/record FILE begins"));
                };
                self.screen.print(&format!("  recorded to {}", writer.path().display().to_string().escape_debug()));
                Ok(())
            }
            Recording::Start { path, force } => {
                let existing = if force { Existing::Overwrite } else { Existing::Append };
                let writer = Writer::open(&path, &self.timeline.clock(), &self.recorder.masks, existing)?;
                let before = self.recorder.asked.replace(Some(writer));
                drop(before);
                self.record(Recording::Tell)
            }
        }
    }

    pub(super) fn save(&self, path: &Path, force: bool) -> Result<(), ShellError> {
        let failed = |error: std::io::Error| {
            let hint = match error.kind() {
                std::io::ErrorKind::AlreadyExists => "--force overwrites it",
                std::io::ErrorKind::NotFound => "is its folder there?",
                _ => "is there room, and the folder writable?",
            };
            ShellError::refused(
                format!("cannot save to \"{}\": {error}", path.display().to_string().escape_debug()),
                hint,
            )
        };
        if !self.recorder.session.is_on() {
            let hint = "/record FILE records from now on; --no-autosave, or an error told before, keeps no session";
            return Err(ShellError::refused("this session has no recording to save", hint));
        }
        let size = self.recorder.session.copy(path, force).map_err(failed)?;
        let size = crate::render::quantity::size(size);
        self.screen.print(&format!("  saved to {} ({size})", path.display().to_string().escape_debug()));
        Ok(())
    }
}
