//! A pass over some entries: each line of the recording as the JSON that the log has of it.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::time::Duration;

use super::plan::Plan;
use crate::event::{Direction, Event, Kind, Role};
use crate::exchange::export::wall::Wall;
use crate::exchange::export::{ExportError, Source};
use crate::protocol::Opcode;
use crate::recording::json::{base64, digits, seconds, string};
use crate::recording::{Entry as Line, FrameGlance, Glance, Lines, Look, Secrets};

/// Where in an entry something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// In `_webSocketMessages`.
    Message,
    /// In `_wscope.events`.
    Event,
}

impl Piece {
    /// What stands behind the last of them.
    pub(super) const fn end(self) -> &'static [u8] {
        match self {
            Piece::Message => b"\n],\"_wscope\":{\"events\":[",
            Piece::Event => b"\n]}}",
        }
    }
}

/// Who takes what is found: the entry's number, where in it, and the JSON.
type Taker<'a> = dyn FnMut(usize, Piece, &[u8]) -> io::Result<()> + 'a;

pub(super) struct Walk<'a> {
    source: &'a Source,
    plan: &'a Plan,
    /// The wanted entries; `None`: what belongs to none.
    wanted: Option<Range<usize>>,
    wall: &'a Wall,
    /// Whether messages are passed over.
    events: bool,
    /// The entry that each connection is at, and the one that begins next.
    current: BTreeMap<u32, usize>,
    next: usize,
    line: Stamped,
    json: Vec<u8>,
}

/// The line that is being looked at, with its place in it.
#[derive(Debug, Default)]
struct Stamped {
    line: Vec<u8>,
    /// Where the member with its payload begins, if that is its last.
    payload: Option<usize>,
    /// Whether it is JSON: a reader of recordings takes more.
    is_json: bool,
    at: u64,
}

impl<'a> Walk<'a> {
    /// Over these entries.
    pub(super) fn new(source: &'a Source, plan: &'a Plan, wanted: Range<usize>, wall: &'a Wall) -> Walk<'a> {
        let (next, current) = (wanted.start, BTreeMap::new());
        let (line, json) = (Stamped::default(), Vec::new());
        Walk { source, plan, wanted: Some(wanted), wall, events: false, current, next, line, json }
    }

    /// Over what belongs to no entry, which is told as that of entry 0.
    pub(super) fn others(source: &'a Source, plan: &'a Plan, wall: &'a Wall) -> Walk<'a> {
        Walk { wanted: None, ..Walk::new(source, plan, 0..0, wall) }
    }

    /// Over what is no message.
    pub(super) fn events(self) -> Walk<'a> {
        Walk { events: true, ..self }
    }

    /// Gives all that is wanted.
    pub(super) fn run(mut self, take: &mut Taker<'_>) -> Result<(), ExportError> {
        let mut pass = self.source.pass()?;
        let mut last = u64::MAX;
        if let Some(wanted) = &self.wanted {
            let entries = &self.plan.entries[wanted.clone()];
            last = entries.iter().map(|entry| *entry.lines.end()).max().unwrap_or_default();
            pass.seek_time(entries.first().map_or(Duration::ZERO, |first| first.begun))?;
        }
        let mut failed = None;
        loop {
            let mut looked = None;
            let mut look = |glance: &Glance<'_>| {
                if glance.offset > last {
                    return Look::End;
                }
                let Some(entry) = self.entry_of(glance) else { return Look::Skip };
                looked = Some(entry);
                self.look(glance, entry, take).unwrap_or_else(|error| {
                    failed = Some(error);
                    Look::End
                })
            };
            let line = pass.entry_if(&mut look)?;
            if let Some(error) = failed {
                return Err(error.into());
            }
            let Some(line) = line else { return Ok(()) };
            // Where a recorder went on is given in any case.
            if let Some(number) = looked {
                self.entry(line, pass.time(), number, take)?;
            }
        }
    }

    /// The wanted entry that a line belongs to.
    fn entry_of(&mut self, glance: &Glance<'_>) -> Option<usize> {
        let end = self.wanted.as_ref().map_or(self.plan.entries.len(), |wanted| wanted.end);
        while self.next < end && *self.plan.entries[self.next].lines.start() <= glance.offset {
            self.current.insert(self.plan.entries[self.next].connection, self.next);
            self.next += 1;
        }
        let number = self.current.get(&glance.connection).copied();
        let number = number.filter(|number| self.plan.entries[*number].lines.contains(&glance.offset));
        match self.wanted {
            Some(_) => number,
            None => number.is_none().then_some(0),
        }
    }

    /// Writes most messages at once, as they stand in their lines; the rest is read first.
    fn look(&mut self, glance: &Glance<'_>, number: usize, take: &mut Taker<'_>) -> io::Result<Look> {
        let whole = glance.frame.as_ref().filter(|frame| is_message(frame));
        if self.events && whole.is_some() {
            return Ok(Look::Skip);
        }
        self.line.set(glance);
        let text = whole.filter(|frame| frame.opcode == Opcode::TEXT && frame.wire.is_none());
        let text = text.and_then(|frame| frame.text.map(|text| (frame.direction, text)));
        let as_it_stands = self.line.is_json && self.line.payload.is_some();
        let Some((direction, text)) = text.filter(|(_, text)| as_it_stands && !text.may_escape_any()) else {
            return Ok(Look::Take);
        };
        self.begin(glance.time, direction, number, Opcode::TEXT);
        self.json.push(b'"');
        self.json.extend_from_slice(text.raw());
        self.json.push(b'"');
        self.end(true);
        take(number, Piece::Message, &self.json)?;
        Ok(Look::Skip)
    }

    fn entry(&mut self, line: Line, time: Duration, number: usize, take: &mut Taker<'_>) -> io::Result<()> {
        if !self.line.is_json {
            let connection = if self.wanted.is_some() { self.plan.entries[number].connection } else { 0 };
            self.line.rewrite(&line, time, connection);
        }
        let Line::Event(Event { time, kind: Kind::Frame(frame), .. }) = line else {
            return self.event(number, take);
        };
        let Some(message) = frame.message.filter(|_| self.wanted.is_some()) else { return self.event(number, take) };
        if self.events {
            return Ok(());
        }
        let opcode = if message.binary { Opcode::BINARY } else { Opcode::TEXT };
        self.begin(time, frame.direction, number, opcode);
        let text = if message.binary { None } else { Some(String::from_utf8_lossy(&message.data)) };
        if let Some(text) = &text {
            string(text, &mut self.json);
        } else {
            self.json.push(b'"');
            base64(&message.data, &mut self.json);
            self.json.push(b'"');
        }
        // A text that is none, or that came in fragments, can't be had back from what is shown of it.
        let lossless = text.is_none_or(|text| text.as_bytes() == message.data);
        self.end(lossless && frame.fragment.is_none());
        take(number, Piece::Message, &self.json)
    }

    fn event(&self, number: usize, take: &mut Taker<'_>) -> io::Result<()> {
        take(number, Piece::Event, &self.line.line)
    }

    /// A message up to its data.
    fn begin(&mut self, time: Duration, direction: Direction, number: usize, opcode: Opcode) {
        let open = self.plan.entries[number].open.as_ref();
        let by_client = (direction == Direction::Sent) == open.is_none_or(|open| open.role == Role::Client);
        self.json.clear();
        self.json.extend_from_slice(if by_client { b"{\"type\":\"send\"" } else { b"{\"type\":\"receive\"" });
        self.json.extend_from_slice(b",\"time\":");
        seconds(self.wall.since_epoch(time), &mut self.json);
        self.json.extend_from_slice(b",\"opcode\":");
        digits(u64::from(opcode.bits()), &mut self.json);
        self.json.extend_from_slice(b",\"data\":");
    }

    /// What is behind the data: the line, without its payload if the data is that.
    fn end(&mut self, bare: bool) {
        self.json.extend_from_slice(b",\"_wscope\":");
        match self.line.payload.filter(|_| bare) {
            Some(payload) => {
                self.json.extend_from_slice(&self.line.line[..payload]);
                self.json.push(b'}');
            }
            None => self.json.extend_from_slice(&self.line.line),
        }
        self.json.push(b'}');
    }
}

/// Whether it is a message of its own.
fn is_message(frame: &FrameGlance<'_>) -> bool {
    let has_content = frame.wire.is_none() || frame.text.is_some() || frame.base64.is_some();
    frame.ends_message && frame.fragment.is_none() && frame.opcode != Opcode::CONTINUATION && has_content
}

impl Stamped {
    fn set(&mut self, glance: &Glance<'_>) {
        let line = glance.line.trim_ascii();
        let text = simdutf8::basic::from_utf8(line).ok();
        self.is_json = text.is_some_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
        self.stamp(
            line,
            glance.offset,
            glance.frame.as_ref().filter(|frame| !frame.says_number).map(|frame| frame.number),
        );
        let content = glance.frame.as_ref().and_then(|frame| frame.text.or(frame.base64));
        self.payload = content.and_then(|content| payload_at(&self.line, content.raw()));
    }

    /// The line of an event in place of one that is not quite JSON.
    fn rewrite(&mut self, line: &Line, time: Duration, connection: u32) {
        let mut written = Vec::new();
        let mut lines = Lines::new(Secrets::Keep);
        match line {
            Line::Event(event) => lines.event(event, &mut written),
            other => {
                let kind = Kind::Note(other.remark().unwrap_or_default());
                lines.event(&Event { time, connection, kind }, &mut written);
            }
        }
        let number = match line {
            Line::Event(Event { kind: Kind::Frame(frame), .. }) if frame.number == 1 => Some(1),
            _ => None,
        };
        self.stamp(written.trim_ascii_end(), self.at, number);
        self.payload = None;
    }

    fn stamp(&mut self, line: &[u8], at: u64, number: Option<u64>) {
        self.at = at;
        self.line.clear();
        self.line.extend_from_slice(b"{\"byte\":");
        digits(at, &mut self.line);
        if let Some(number) = number {
            self.line.extend_from_slice(b",\"n\":");
            digits(number, &mut self.line);
        }
        self.line.push(b',');
        self.line.extend_from_slice(line.strip_prefix(b"{").unwrap_or(line));
    }
}

/// Where the member begins that has this as its value, if it is the line's last, as it is in what is written here.
fn payload_at(line: &[u8], raw: &[u8]) -> Option<usize> {
    let before = line.strip_suffix(b"\"}")?.strip_suffix(raw)?;
    Some(before.strip_suffix(b",\"text\":\"").or_else(|| before.strip_suffix(b",\"b64\":\""))?.len())
}
