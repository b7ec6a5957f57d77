//! A recording that begins and ends while its timeline runs: the shell's /record.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::Event;
use crate::session::Sink;

use super::Writer;

/// A sink that records to a file, or nowhere. Clones share it. It fails once for each recording that is lost.
#[derive(Clone, Debug, Default)]
pub struct Switch {
    writer: Arc<Mutex<Option<Writer>>>,
}

impl Switch {
    /// Records to this file from now on; gives back the one before, if there is one.
    #[must_use]
    pub fn replace(&self, writer: Option<Writer>) -> Option<Writer> {
        std::mem::replace(&mut self.lock(), writer)
    }

    /// Where it records to.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        self.lock().as_ref().map(|writer| writer.path().to_owned())
    }

    /// Whether it records.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.lock().is_some()
    }

    /// Copies what was recorded so far to a file for its owner only, whole lines to the last: how many bytes. Nothing is
    /// recorded meanwhile; whoever wants to waits.
    ///
    /// # Errors
    /// When one can't be read or the other not be written; `AlreadyExists` unless it may be overwritten.
    pub fn copy(&self, to: &Path, overwrite: bool) -> io::Result<u64> {
        let mut writer = self.lock();
        let Some(writer) = writer.as_mut() else { return Err(io::ErrorKind::NotFound.into()) };
        writer.flush()?;
        let mut from = File::open(writer.path())?;
        let mut options = OpenOptions::new();
        options.write(true).mode(0o600);
        let new = if overwrite { options.create(true) } else { options.create_new(true) };
        let mut to = new.open(to)?;
        if same(&from, &to)? {
            return Err(io::Error::other("that is the session's own recording"));
        }
        to.set_len(0)?;
        io::copy(&mut from, &mut to)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Writer>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with(&self, act: impl FnOnce(&mut Writer) -> io::Result<()>) -> io::Result<()> {
        let mut writer = self.lock();
        let done = writer.as_mut().map_or(Ok(()), act);
        if done.is_err() {
            *writer = None;
        }
        done
    }
}

fn same(a: &File, b: &File) -> io::Result<bool> {
    let (a, b) = (a.metadata()?, b.metadata()?);
    Ok((a.dev(), a.ino()) == (b.dev(), b.ino()))
}

impl Sink for Switch {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.with(|writer| writer.event(event))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with(Writer::flush)
    }

    fn goes_on(&self) -> bool {
        true
    }
}
