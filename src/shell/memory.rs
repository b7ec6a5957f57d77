//! What the shell remembers of the timeline, as a sink: the scrollback and the counters.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::Event;
use crate::session::Sink;

use super::scrollback::Scrollback;
use super::stats::Stats;

/// The scrollback and the counters. Clones share them.
#[derive(Clone, Default)]
pub struct Memory {
    shared: Arc<Mutex<Remembered>>,
}

#[derive(Default)]
pub(super) struct Remembered {
    pub(super) scrollback: Scrollback,
    pub(super) stats: Stats,
}

impl Memory {
    pub(super) fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Memory {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let mut remembered = self.lock();
        remembered.stats.count(event);
        remembered.scrollback.push(event);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
