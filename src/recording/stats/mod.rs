//! A recording in numbers: one pass over the fixed fields of its lines, in fixed room however long it is.
//!
//! ```text
//! Reader::glance -> Stats::count -> Tally, Series, Histogram, Calls, Polling
//! ```
//!
//! Sizes are those of the recording: where secrets were masked in it, a head is as long as with its `***`.

mod calls;
mod connection;
mod histogram;
mod polling;
mod series;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::time::Duration;

pub use calls::Calls;
pub use histogram::Histogram;
pub use polling::Polling;
pub use series::{SLOTS, Series, Slot};
pub use tally::{Count, Tally};

use crate::event::Direction;

use super::parse::Line;
use super::{Bound, Damage, Glance, ReadError, Reader};
use connection::Connection;

/// How many silences are kept.
const SILENCES: usize = 5;

/// The most rules, and the most ways to close, that are told apart: more than there are, but a file may hold anything.
const KINDS: usize = 256;

/// Everything that is counted, of all connections or of one.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Only this connection is counted.
    only: Option<u32>,
    /// Where what is counted begins, until that is reached, and ends.
    from: Option<Bound>,
    to: Option<Bound>,
    /// Connections that were opened, or of which there is any event.
    pub connections: u64,
    /// The highest connection number in the file, counted or not.
    pub highest: u32,
    /// Times of the first and the last event.
    pub first: Option<Duration>,
    pub last: Duration,
    pub tally: Tally,
    /// Heads of opening handshakes, sent and received, in bytes.
    pub heads: [u64; 2],
    /// Bytes after a connection failed.
    pub undecoded: u64,
    /// Compressed messages that were completed; their size on the wire and inflated, in bytes.
    pub compressed: Compressed,
    pub series: Series,
    /// Sizes of messages, inflated, sent and received, in bytes.
    pub sizes: [Histogram; 2],
    /// From a ping of ours to its pong, in microseconds.
    pub pings: Histogram,
    /// From a message sent to the first received after it, in microseconds.
    pub replies: Histogram,
    pub calls: Calls,
    /// The longest first.
    pub silences: Vec<Silence>,
    pub closes: BTreeMap<Closing, Closes>,
    pub violations: BTreeMap<String, Broken>,
    /// Lines that could not be read, their bytes, and the first of them.
    pub damaged: u64,
    pub damaged_bytes: u64,
    pub damage: Option<Damage>,
    polling: Polling,
    /// The connection of the last event, and the others that are open.
    current: (u32, Connection),
    others: HashMap<u32, Connection>,
}

/// What compression did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compressed {
    pub messages: u64,
    /// Payloads as on the wire, in bytes.
    pub wire: u64,
    /// Inflated, in bytes.
    pub content: u64,
}

/// A time without a frame between two of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    pub lasted: Duration,
    pub connection: u32,
    /// The number and the time of the frame before it.
    pub frame: u64,
    pub from: Duration,
}

/// A way in which a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closing {
    /// `us` or `peer`.
    pub by: String,
    /// `None`: no close frame, or one without a status code.
    pub code: Option<u16>,
    /// Whether the closing handshake was completed.
    pub clean: bool,
}

/// Connections that ended in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closes {
    pub count: u64,
    /// The first one's reason or, without one, what else is known.
    pub reason: String,
}

/// How often a rule was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub count: u64,
    /// `RFC 6455 5.2`.
    pub section: String,
    /// The first frame that did; `None`: the opening handshake.
    pub frame: Option<u64>,
}

impl Stats {
    /// Counts all connections, or one; `interval` is that of [`Polling`].
    #[must_use]
    pub fn new(only: Option<u32>, interval: Duration) -> Stats {
        Stats { only, polling: Polling { interval, ..Polling::default() }, ..Stats::default() }
    }

    /// Counts only what happened from a place on, and up to another. Opening handshakes before it are known, not counted; a message
    /// that began before is as large as what is of it from there on.
    #[must_use]
    pub fn within(self, from: Option<Bound>, to: Option<Bound>) -> Stats {
        Stats { from, to, ..self }
    }

    /// Counts the rest of a recording.
    ///
    /// # Errors
    /// When the file can't be read. Damaged lines are counted, not errors.
    pub fn all<R: Read>(mut self, reader: &mut Reader<R>) -> Result<Stats, ReadError> {
        while let Some(line) = reader.glance()? {
            match line {
                Ok(glance) if self.to.is_some_and(|to| to.is_passed(&glance)) => break,
                Ok(glance) if self.is_before(&glance) => self.pass_over(&glance),
                Ok(glance) => self.count(&glance),
                Err(damage) => {
                    self.damaged += 1;
                    self.damaged_bytes += damage.size;
                    self.damage.get_or_insert(damage);
                }
            }
        }
        self.current.1.exchange.add_to(&mut self.polling);
        for connection in self.others.values() {
            connection.exchange.add_to(&mut self.polling);
        }
        Ok(self)
    }

    /// From the first event to the last.
    #[must_use]
    pub fn lasted(&self) -> Duration {
        self.last.saturating_sub(self.first.unwrap_or(self.last))
    }

    /// The cost as HTTP polling; `None` without an opening handshake to compute it from.
    #[must_use]
    pub fn polling(&self) -> Option<Polling> {
        Some(self.polling).filter(|polling| polling.requests > 0)
    }

    /// Whether what is counted has not begun yet.
    fn is_before(&mut self, glance: &Glance<'_>) -> bool {
        let Some(from) = self.from else { return false };
        let reached = from.is_reached(glance);
        if reached {
            self.from = None;
            let connections = self.others.values_mut().chain([&mut self.current.1]);
            connections.for_each(|connection| connection.exchange.begin_anew(glance.time));
        }
        !reached
    }

    /// Takes note of connections that are open when what is counted begins.
    fn pass_over(&mut self, glance: &Glance<'_>) {
        self.highest = self.highest.max(glance.connection);
        if self.only.is_none_or(|only| only == glance.connection) && glance.name != b"frame" {
            self.turn_to(glance.connection);
            if glance.name == b"close" {
                self.current = (0, Connection::default());
            } else {
                self.opening(glance);
            }
        }
    }

    /// How a connection comes to be: the way and the size of a head, in bytes.
    fn opening(&mut self, glance: &Glance<'_>) -> Option<(Direction, u64)> {
        let (line, connection) = (Line(glance.line), &mut self.current.1);
        match glance.name {
            b"open" => connection.open(line),
            b"ready" => connection.exchange.begun = Some(glance.time),
            b"request" | b"response" => {
                let request = glance.name == b"request";
                let size = connection.head(request, line);
                let sent = request != connection.server;
                return Some((if sent { Direction::Sent } else { Direction::Received }, size));
            }
            _ => {}
        }
        None
    }

    fn count(&mut self, glance: &Glance<'_>) {
        self.highest = self.highest.max(glance.connection);
        if self.only.is_some_and(|only| only != glance.connection) || glance.name == b"append" {
            return;
        }
        self.first.get_or_insert(glance.time);
        self.last = self.last.max(glance.time);
        let connection = self.turn_to(glance.connection);
        connection.exchange.last = connection.exchange.last.max(glance.time);
        let new = !std::mem::replace(&mut connection.counted, true) && glance.connection > 0;
        self.connections += u64::from(new);
        let line = Line(glance.line);
        match glance.name {
            b"frame" => self.frame(glance),
            b"violation" => self.violation(line),
            b"undecoded" => self.undecoded += connection::size(line, "text", "b64"),
            b"close" => self.close(line),
            _ => {
                if let Some((way, size)) = self.opening(glance) {
                    self.heads[way as usize] += size;
                }
            }
        }
    }

    /// The connection with this number: mostly that of the event before.
    fn turn_to(&mut self, number: u32) -> &mut Connection {
        if self.current.0 != number {
            let next = self.others.remove(&number).unwrap_or_default();
            let (before, connection) = std::mem::replace(&mut self.current, (number, next));
            self.others.insert(before, connection);
        }
        &mut self.current.1
    }

    fn frame(&mut self, glance: &Glance<'_>) {
        let Some(frame) = &glance.frame else { return };
        let (time, direction) = (glance.time, frame.direction);
        let interval = self.polling.interval;
        let way = direction as usize;
        let counted = self.current.1.frame(glance.connection, time, frame, interval);
        self.tally.of(direction, frame.opcode).frame(counted.payload, frame.mask.is_some(), counted.wire);
        self.series.add(time, direction, counted.message.is_some(), counted.payload);
        if let Some(message) = counted.message {
            self.tally.of(direction, message.opcode).messages += 1;
            self.sizes[way].add(message.size);
            if frame.wire.is_some() {
                self.compressed.messages += 1;
                self.compressed.wire += message.wire;
                self.compressed.content += message.size;
            }
            if let Some(text) = frame.text.filter(|_| frame.fragment.is_none() || frame.wire.is_some()) {
                self.calls.message(glance.connection, direction, time, text);
            }
        }
        if let Some(after) = frame.after.filter(|_| direction == Direction::Received) {
            let is_pong = frame.opcode == crate::protocol::Opcode::PONG;
            (if is_pong { &mut self.pings } else { &mut self.replies }).add(after.as_micros() as u64);
        }
        if let Some(silence) = counted.silence {
            self.silence(silence);
        }
    }

    fn silence(&mut self, silence: Silence) {
        if self.silences.len() == SILENCES && self.silences[SILENCES - 1].lasted >= silence.lasted {
            return;
        }
        let at = self.silences.partition_point(|longer| longer.lasted >= silence.lasted);
        self.silences.insert(at, silence);
        self.silences.truncate(SILENCES);
    }

    fn violation(&mut self, line: Line<'_>) {
        let text = |name| line.text(name).ok().flatten();
        let rule = text("rule").unwrap_or_default();
        if self.violations.len() >= KINDS && !self.violations.contains_key(&rule) {
            return;
        }
        let rfc: u64 = line.number("rfc").ok().flatten().unwrap_or(6455);
        let section = text("section").map(|section| format!("RFC {rfc} {section}")).unwrap_or_default();
        let frame = line.number("frame").ok().flatten();
        self.violations.entry(rule).or_insert(Broken { count: 0, section, frame }).count += 1;
    }

    fn close(&mut self, line: Line<'_>) {
        let (_, closed) = std::mem::take(&mut self.current);
        closed.exchange.add_to(&mut self.polling);
        let text = |name| line.text(name).ok().flatten();
        let code = line.number("code").ok().flatten();
        let closing = Closing { by: text("by").unwrap_or_default(), code, clean: line.flag("clean") };
        if self.closes.len() < KINDS || self.closes.contains_key(&closing) {
            let reason = text("reason").or_else(|| text("detail")).unwrap_or_default();
            self.closes.entry(closing).or_insert(Closes { count: 0, reason }).count += 1;
        }
    }
}
