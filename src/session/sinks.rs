//! Where events go: one timeline, its numbers, and its sinks in order.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::event::{Event, Kind};

use super::Clock;

/// Something that is fed every event, in order. The recording is first, then the screen, then a script.
pub trait Sink: Send {
    /// Takes an event. A recording may write it at once; any other sink keeps it until it is flushed, so that nobody sees
    /// what is not recorded yet.
    ///
    /// # Errors
    /// When it can't take it. The other sinks get the event all the same.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// Writes out what it kept; called in the order of the sinks, before every wait and before anything goes to a peer.
    ///
    /// # Errors
    /// When it can't write.
    fn flush(&mut self) -> io::Result<()>;

    /// Whether it keeps so much that it should be flushed now, after the sinks before it.
    fn is_full(&self) -> bool {
        false
    }

    /// Whether it may have use for further events after a failure, which is told all the same.
    fn goes_on(&self) -> bool {
        false
    }
}

/// One clock, one numbering and one list of sinks, shared by all connections of a session.
#[derive(Clone)]
pub struct Timeline {
    shared: Arc<Mutex<Shared>>,
    clock: Clock,
}

struct Shared {
    sinks: Vec<Slot>,
    /// When the last event was: time never runs backwards on a timeline, however threads interleave.
    latest: Duration,
    frames: u64,
    connections: u32,
    /// Failures of sinks that came up where only a note could tell them.
    noted: VecDeque<io::Error>,
}

/// A sink and the error that ended it, until somebody asks.
struct Slot {
    sink: Box<dyn Sink>,
    failed: Option<io::Error>,
}

impl Timeline {
    /// A timeline that starts now and feeds `sinks` in their order.
    #[must_use]
    pub fn new(clock: Clock, sinks: Vec<Box<dyn Sink>>) -> Timeline {
        let sinks = sinks.into_iter().map(|sink| Slot { sink, failed: None }).collect();
        let shared = Shared { sinks, latest: Duration::ZERO, frames: 0, connections: 0, noted: VecDeque::new() };
        Timeline { shared: Arc::new(Mutex::new(shared)), clock }
    }

    /// Its clock.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// The next connection's number, from 1.
    #[must_use]
    pub fn open_connection(&self) -> u32 {
        let mut shared = self.lock();
        shared.connections += 1;
        shared.connections
    }

    /// Stamps and hands out an event that is not a frame, and gives it back.
    pub fn emit(&self, time: Duration, connection: u32, kind: Kind) -> Event {
        self.emit_numbered(time, connection, |_| kind)
    }

    /// Stamps a note with the time that it is, and hands it out.
    pub fn note(&self, connection: u32, text: impl Into<String>) {
        self.emit(self.clock().elapsed(), connection, Kind::Note(text.into()));
    }

    /// The same as [`Timeline::emit`] for a kind that needs the next frame's number. A frame takes the number, anything else leaves it.
    pub fn emit_numbered(&self, time: Duration, connection: u32, kind: impl FnOnce(u64) -> Kind) -> Event {
        let mut shared = self.lock();
        let kind = kind(shared.frames + 1);
        if matches!(kind, Kind::Frame(_)) {
            shared.frames += 1;
        }
        shared.latest = shared.latest.max(time);
        let event = Event { time: shared.latest, connection, kind };
        let mut full = 0;
        for (slot, number) in shared.sinks.iter_mut().zip(1..).filter(|(slot, _)| slot.failed.is_none()) {
            slot.failed = slot.sink.event(&event).err();
            if slot.sink.is_full() {
                full = number;
            }
        }
        flush(&mut shared.sinks[..full]);
        event
    }

    /// Flushes every sink, in order. Call it before waiting for anything, and before telling a peer anything.
    ///
    /// # Errors
    /// The first failure since the last call, here or while a sink took an event. That sink gets no further events (unless it
    /// goes on); call again for the next failure.
    pub fn flush(&self) -> io::Result<()> {
        self.flush_early();
        let mut shared = self.lock();
        let Some(at) = shared.sinks.iter().position(|slot| slot.failed.is_some()) else { return Ok(()) };
        let failed = shared.sinks[at].failed.take();
        if !shared.sinks[at].sink.goes_on() {
            shared.sinks.remove(at);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Tells by a note that a sink has failed, for a thread that nobody waits for.
    pub fn note_failure(&self, connection: u32, error: io::Error) {
        self.note(connection, error.to_string());
        self.lock().noted.push_back(error);
    }

    /// Flushes every sink once nothing more will happen.
    ///
    /// # Errors
    /// As [`Timeline::flush`], and before that, one by one, failures that only a note has told.
    pub fn end(&self) -> io::Result<()> {
        let noted = self.lock().noted.pop_front();
        noted.map_or_else(|| self.flush(), Err)
    }

    /// Flushes every sink where nobody could take note of a failure: the next [`Timeline::flush`] tells it.
    pub(super) fn flush_early(&self) {
        flush(&mut self.lock().sinks);
    }

    /// A panic in one sink must not cost the others their events.
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn flush(sinks: &mut [Slot]) {
    for slot in sinks.iter_mut().filter(|slot| slot.failed.is_none()) {
        slot.failed = slot.sink.flush().err();
    }
}
