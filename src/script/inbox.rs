//! What has happened on a script's connections and the script has not asked for yet: the last sink of its timeline.
//!
//! A queue is there before its connection opens, so a script misses nothing. What a script passes over stays for later,
//! up to a bound: memory is bounded whatever a peer sends, and what was forgotten is counted.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rhai::Dynamic;

use crate::event::{Direction, Event, Kind, Open, Ready, Response};
use crate::session::Sink;

use super::stop::{Stop, Stopped};

/// How much is kept for one connection.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// Payload bytes.
    pub bytes: usize,
    pub events: usize,
}

impl Default for Bound {
    fn default() -> Bound {
        Bound { bytes: 256 << 20, events: 1_000_000 }
    }
}

/// From here on a server reads no more from a client until its functions have taken some of it.
const MUCH: Bound = Bound { bytes: 1 << 20, events: 1000 };

/// How many of the latest events a failure can show.
pub const LATEST: usize = 8;

/// Events by connection. Clones share them.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    bound: Bound,
    queues: Mutex<Queues>,
    arrived: Condvar,
}

type Queues = BTreeMap<u32, Queue>;

/// One connection's events.
#[derive(Default)]
pub struct Queue {
    kept: VecDeque<Arc<Received>>,
    /// The place of the next event.
    next: u64,
    /// Up to here a script has looked at the events.
    seen: u64,
    bytes: usize,
    closed: bool,
    /// How many were let go unread.
    pub forgotten: u64,
    pub opening: Opening,
    /// The latest frames both ways, for a failure to show.
    pub latest: VecDeque<Event>,
    pub tally: Tally,
}

/// How the connection was opened, the last time.
#[derive(Clone, Default)]
pub struct Opening {
    pub open: Option<Open>,
    pub request: Option<bytes::Bytes>,
    pub response: Option<Response>,
    pub ready: Option<Ready>,
}

/// Frames, messages and payload bytes: received, then sent.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    pub frames: [u64; 2],
    pub messages: [u64; 2],
    pub bytes: [u64; 2],
    pub violations: u64,
}

/// An event that a script may want, or who plays on its connection: a message, a control frame, a fault, a violation, the
/// opening, the end.
pub struct Received {
    pub place: u64,
    pub event: Event,
    /// The message's JSON, parsed once; a unit if it is none.
    pub json: OnceLock<Dynamic>,
}

impl Inbox {
    /// One that keeps no more than this.
    #[must_use]
    pub fn bounded(bound: Bound) -> Inbox {
        Inbox(Arc::new(Shared { bound, ..Shared::default() }))
    }

    /// Whether both are the same.
    #[must_use]
    pub fn is(&self, other: &Inbox) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Keeps the events of a connection that is there already from now on; `opening` is how it was opened.
    pub fn join(&self, connection: u32, opening: &[Event]) {
        let mut queues = self.lock();
        let queue = queues.entry(connection).or_default();
        for event in opening {
            queue.note(event);
        }
    }

    /// Keeps this connection's events from now on.
    pub fn watch(&self, connection: u32) {
        self.lock().entry(connection).or_default();
    }

    /// Keeps them no longer.
    pub fn forget(&self, connection: u32) {
        self.lock().remove(&connection);
    }

    /// Whether its events are kept.
    #[must_use]
    pub fn watches(&self, connection: u32) -> bool {
        self.lock().contains_key(&connection)
    }

    /// Looks at a connection's queue, or at an empty one.
    pub fn with<T>(&self, connection: u32, look: impl FnOnce(&mut Queue) -> T) -> T {
        look(self.lock().entry(connection).or_default())
    }

    /// Waits until `look` finds something, or `until` passes. It is asked after each arrival, and at least every 20 ms.
    ///
    /// # Errors
    /// The script is to stop.
    pub fn wait<T>(
        &self,
        until: Option<Duration>,
        stop: &Stop,
        mut look: impl FnMut(&mut Queues) -> Option<T>,
    ) -> Result<Option<T>, Stopped> {
        let mut queues = self.lock();
        loop {
            if let Some(found) = look(&mut queues) {
                return Ok(Some(found));
            }
            stop.check()?;
            let left = until.map(|until| until.saturating_sub(stop.clock().elapsed()));
            if left == Some(Duration::ZERO) {
                return Ok(None);
            }
            let nap = left.unwrap_or(Stop::LOOK).min(Stop::LOOK);
            queues = self.0.arrived.wait_timeout(queues, nap).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.0.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// The first event at this place or after it.
    #[must_use]
    pub fn from(&self, place: u64) -> Option<Arc<Received>> {
        let at = self.kept.partition_point(|received| received.place < place);
        self.kept.get(at).cloned()
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Received>> {
        self.kept.iter()
    }

    /// Takes the event at this place out; `None` if somebody else was quicker.
    pub fn take(&mut self, place: u64) -> Option<Arc<Received>> {
        let at = self.kept.binary_search_by_key(&place, |received| received.place).ok()?;
        let taken = self.kept.remove(at)?;
        self.bytes -= size(&taken.event);
        Some(taken)
    }

    /// Takes all events out that are asked for.
    pub fn drain(&mut self, wanted: impl Fn(&Event) -> bool) -> Vec<Arc<Received>> {
        let (taken, kept): (Vec<_>, Vec<_>) = self.kept.drain(..).partition(|received| wanted(&received.event));
        self.kept = kept.into();
        self.bytes -= taken.iter().map(|received| size(&received.event)).sum::<usize>();
        taken
    }

    /// Whether so much waits to be taken that no more should come.
    #[must_use]
    pub fn is_much(&self) -> bool {
        self.bytes > MUCH.bytes || self.kept.len() > MUCH.events
    }

    /// Whether it was closed, and not opened again.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Takes note that everything before this place has been looked at.
    pub fn pass(&mut self, place: u64) {
        self.seen = self.seen.max(place);
    }

    /// The place before which everything has been looked at.
    #[must_use]
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// Takes note of how the connection is opened and closed.
    fn note(&mut self, event: &Event) {
        match &event.kind {
            Kind::Open(open) => self.opening = Opening { open: Some((**open).clone()), ..Opening::default() },
            Kind::Request(raw) => self.opening.request = Some(raw.clone()),
            Kind::Response(response) => self.opening.response = Some((**response).clone()),
            Kind::Ready(ready) => {
                self.opening.ready = Some((**ready).clone());
                self.closed = false;
            }
            Kind::Close(_) => self.closed = true,
            _ => {}
        }
    }

    fn push(&mut self, event: &Event, bound: Bound) {
        self.note(event);
        self.tally.count(event);
        if matches!(event.kind, Kind::Frame(_) | Kind::Violation { .. } | Kind::Undecoded(_) | Kind::Close(_)) {
            if self.latest.len() == LATEST {
                self.latest.pop_front();
            }
            self.latest.push_back(event.clone());
        }
        if !is_wanted(&event.kind) {
            return;
        }
        self.bytes += size(event);
        self.kept.push_back(Arc::new(Received { place: self.next, event: event.clone(), json: OnceLock::new() }));
        self.next += 1;
        while self.bytes > bound.bytes || self.kept.len() > bound.events {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes -= size(&oldest.event);
            self.forgotten += 1;
        }
    }
}

impl Tally {
    fn count(&mut self, event: &Event) {
        match &event.kind {
            Kind::Frame(frame) => {
                let way = usize::from(frame.direction == Direction::Sent);
                self.frames[way] += 1;
                self.messages[way] += u64::from(frame.message.is_some());
                self.bytes[way] += frame.frame.payload.len() as u64;
            }
            Kind::Violation { .. } => self.violations += 1,
            _ => {}
        }
    }
}

/// Whether anybody asks for such an event.
fn is_wanted(kind: &Kind) -> bool {
    match kind {
        Kind::Frame(frame) => {
            frame.direction == Direction::Received
                && (frame.message.is_some() || frame.frame.header.opcode.is_control())
        }
        Kind::Fault(_) | Kind::Violation { .. } | Kind::Ready(_) | Kind::Close(_) | Kind::Error { .. } => true,
        _ => false,
    }
}

/// The payload bytes that an event keeps in memory.
fn size(event: &Event) -> usize {
    match &event.kind {
        Kind::Frame(frame) => frame.message.as_ref().map_or(frame.frame.payload.len(), |message| message.data.len()),
        _ => 0,
    }
}

impl Sink for Inbox {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Some(queue) = self.lock().get_mut(&event.connection) {
            queue.push(event, self.0.bound);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.arrived.notify_all();
        Ok(())
    }
}
