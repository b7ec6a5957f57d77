//! What the shell remembers of the timeline, as a sink: counters, how each connection came to be, and the latest frames. All of
//! it stays small however long a session is: what is more than that is in its recording.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::{Event, Kind};
use crate::session::Sink;

use super::ring::Ring;
use super::stats::Stats;

/// The memory of a shell. Clones share it.
#[derive(Clone, Default)]
pub struct Memory {
    shared: Arc<Mutex<Remembered>>,
}

#[derive(Default)]
pub(super) struct Remembered {
    pub(super) latest: Ring,
    pub(super) stats: Stats,
    openings: BTreeMap<u32, Vec<Event>>,
}

impl Memory {
    pub(super) fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    /// The latest opening of this connection: open, request, response, faults, ready; again for each redirect.
    pub(super) fn opening(&self, connection: u32) -> &[Event] {
        self.openings.get(&connection).map_or(&[], Vec::as_slice)
    }

    fn keep_opening(&mut self, event: &Event) {
        let opening = self.openings.entry(event.connection).or_default();
        // Of all attempts in a row the last alone is held.
        let again = opening.iter().any(|event| matches!(event.kind, Kind::Ready(_) | Kind::Error { .. }));
        if again && matches!(event.kind, Kind::Open(_) | Kind::Error { .. }) {
            opening.clear();
        }
        opening.push(event.clone());
    }
}

impl Sink for Memory {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let mut remembered = self.lock();
        remembered.stats.count(event);
        match &event.kind {
            Kind::Frame(_) | Kind::Violation { .. } => remembered.latest.push(event),
            Kind::Open(_)
            | Kind::Request(_)
            | Kind::Response(_)
            | Kind::Fault(_)
            | Kind::Ready(_)
            | Kind::Error { .. } => remembered.keep_opening(event),
            Kind::Undecoded(_) | Kind::Close(_) | Kind::Note(_) => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::samples::{at, open};

    #[test]
    fn attempts_without_end_leave_the_last_one_alone() {
        let mut memory = Memory::default();
        for _ in 0..100 {
            for kind in [
                Kind::Open(Box::new(open())),
                Kind::Error { text: "refused".into(), hint: None },
                Kind::Error { text: "no such host".into(), hint: None },
            ] {
                memory.event(&at(1, kind)).expect("taken in");
            }
        }
        assert_eq!(memory.lock().opening(1).len(), 1);
    }
}
