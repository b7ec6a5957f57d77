//! Scripts that come and go while the timeline stays: its last sink, which hands every event on to their inboxes.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::Event;
use crate::script::Inbox;
use crate::session::Sink;

/// The inboxes of everything that runs in a shell. Clones share them.
#[derive(Clone, Default)]
pub struct Audience(Arc<Mutex<Vec<Inbox>>>);

impl Audience {
    /// From now on this one gets events.
    pub(super) fn enter(&self, inbox: &Inbox) {
        self.lock().push(inbox.clone());
    }

    /// From now on it gets none.
    pub(super) fn leave(&self, inbox: &Inbox) {
        self.lock().retain(|known| !known.is(inbox));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Inbox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Audience {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.lock().iter_mut().try_for_each(|inbox| inbox.event(event))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().iter_mut().try_for_each(Sink::flush)
    }
}
