//! The recording on disk, as the first sink of a timeline.
//!
//! Everything is written before it is shown, before the session answers the peer, waits or reads on, so that a process killed
//! at any moment loses nothing that anybody has seen. The file is the recorder's alone while it writes: an advisory lock says so to others.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::event::Event;
use crate::session::{Clock, Sink};
use crate::transport::in_words;

use super::line::{self, Base};
use super::{JsonLines, Lines, Masks, ReadError, Reader};

/// What to do with a file that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Record on in it, if it is a recording; any other file is left alone.
    #[default]
    Append,
    /// Begin anew.
    Overwrite,
    /// Leave it alone.
    Refuse,
}

/// Why nothing is recorded, or no more.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("cannot record to \"{}\": {}", path.display(), in_words(error))]
    Open { path: PathBuf, error: io::Error },
    #[error("cannot record to \"{}\": another wscope is recording to it", path.display())]
    Busy { path: PathBuf },
    #[error("cannot record to \"{}\": it is there already", path.display())]
    Exists { path: PathBuf },
    #[error("cannot append: {0}")]
    NotOurs(ReadError),
    /// The disk is full, or gone. What was written stays readable.
    #[error("recording to \"{}\" stopped: {}; the session goes on without it", path.display(), in_words(error))]
    Lost { path: PathBuf, error: io::Error },
}

impl WriteError {
    /// The one that made a sink fail.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&WriteError> {
        error.get_ref()?.downcast_ref()
    }

    /// The next step.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            WriteError::Open { .. } => "is its folder there and writable, and is there room?",
            WriteError::Busy { .. } => "record to another file",
            WriteError::Exists { .. } | WriteError::NotOurs(_) => "--force overwrites it",
            WriteError::Lost { .. } => "what was recorded until then can be read",
        }
    }
}

/// A recording that is being written. Dropping it ends it.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    lines: JsonLines<File>,
}

impl Writer {
    /// Begins to record the timeline of this clock to a file, readable by its owner only.
    ///
    /// # Errors
    /// When it can't be made or written, another recorder has it, or it is there and no recording.
    pub fn open(path: &Path, clock: &Clock, masks: &Masks, existing: Existing) -> Result<Writer, WriteError> {
        let failed = |error| WriteError::Open { path: path.to_owned(), error };
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600);
        // What can't be read back (a device, a pipe) is written to all the same.
        let file = match options.clone().read(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => options.open(path),
            opened => opened,
        };
        let file = file.map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let mut lines = Lines::new(masks.clone());
        let mut first = Vec::new();
        if metadata.is_file() {
            lock(&file, path)?;
            if existing == Existing::Overwrite {
                file.set_len(0).and_then(|()| file.set_permissions(Permissions::from_mode(0o600))).map_err(failed)?;
            }
            // Asked only now: another recorder may have been at it until it was locked.
            let size = file.metadata().map_err(failed)?.len();
            if size > 0 {
                if existing == Existing::Refuse {
                    return Err(WriteError::Exists { path: path.to_owned() });
                }
                let base = base(&file, path, clock).map_err(WriteError::NotOurs)?;
                let mut last = [0];
                file.read_exact_at(&mut last, size - 1).map_err(failed)?;
                if last != *b"\n" {
                    first.push(b'\n');
                }
                lines = lines.append(base, clock.elapsed(), clock.created(), &mut first);
            }
        }
        if first.is_empty() {
            line::header(clock.created(), masks.secrets(), &mut first);
        }
        (&file).write_all(&first).map_err(failed)?;
        Ok(Writer { path: path.to_owned(), lines: JsonLines::going_on(file, lines) })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn lost(&self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), WriteError::Lost { path: self.path.clone(), error })
    }
}

impl Sink for Writer {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.lines.event(event).map_err(|error| self.lost(error))?;
        if self.lines.is_full() { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush().map_err(|error| self.lost(error))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Whoever wants to know flushes before.
        let _ = self.lines.flush();
    }
}

fn lock(file: &File, path: &Path) -> Result<(), WriteError> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(WriteError::Busy { path: path.to_owned() }),
        // A file system without locks can't tell two recorders apart; that is no reason not to record.
        Ok(()) | Err(Errno::NOTSUP | Errno::NOLCK | Errno::NOSYS) => Ok(()),
        Err(error) => Err(WriteError::Open { path: path.to_owned(), error: error.into() }),
    }
}

/// Where a recording that is there ends: all of it is looked at once, since the highest connection may be anywhere.
fn base(file: &File, path: &Path, clock: &Clock) -> Result<Base, ReadError> {
    let name = path.display().to_string();
    let copy = file.try_clone().map_err(|error| ReadError::Io { name: name.clone(), error })?;
    let mut reader = Reader::new(copy, name)?;
    let mut base = Base::default();
    let mut latest = Duration::ZERO;
    let begun = reader.header().created;
    while let Some(line) = reader.glance()? {
        let Ok(glance) = line else { continue };
        latest = latest.max(glance.time);
        base.connection = base.connection.max(glance.connection);
        base.frame = base.frame.max(glance.frame.map_or(0, |frame| frame.number));
    }
    let since = |begun: SystemTime| clock.created().duration_since(begun).unwrap_or_default();
    base.time = begun.map_or(Duration::ZERO, since).max(latest.saturating_sub(clock.elapsed()));
    Ok(base)
}

#[cfg(test)]
mod tests;
