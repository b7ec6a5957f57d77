//! A recording that begins and ends while its timeline runs: the shell's /record.

use std::io;
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
