//! A pass over a recording: each of its lines as the JSON that the log has of it.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::plan::Plan;
use crate::event::{Direction, Event, Kind, Role};
use crate::exchange::export::wall::Wall;
use crate::exchange::export::{ExportError, Source};
use crate::protocol::Opcode;
use crate::recording::json::{base64, digits, seconds, string};
use crate::recording::{Entry as Line, FrameGlance, Glance, Lines, Look, Secrets};

/// Where in the log something is; the numbers are those of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    /// In `_webSocketMessages`.
    Message(usize),
    /// In `_wscope.events`.
    Event(usize),
    /// In the log's own.
    Other,
}

/// Who takes what is found: at which byte of the recording, where in the log, and the JSON.
type Taker<'a> = dyn FnMut(u64, Piece, &[u8]) -> io::Result<()> + 'a;

pub(super) struct Walk<'a> {
    plan: &'a Plan,
    wall: &'a Wall,
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
    pub(super) fn new(plan: &'a Plan, wall: &'a Wall) -> Walk<'a> {
        let (line, json) = (Stamped::default(), Vec::new());
        Walk { plan, wall, current: BTreeMap::new(), next: 0, line, json }
    }

    /// Gives all that is wanted.
    pub(super) fn run(mut self, source: &Source, take: &mut Taker<'_>) -> Result<(), ExportError> {
        let mut pass = source.pass()?;
        let mut failed = None;
        loop {
            let mut looked = None;
            let mut look = |glance: &Glance<'_>| {
                let entry = self.entry_of(glance);
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
            if let Some(entry) = looked {
                self.entry(line, pass.time(), entry, take)?;
            }
        }
    }

    /// The entry that a line belongs to, if it does to any.
    fn entry_of(&mut self, glance: &Glance<'_>) -> Option<usize> {
        while let Some(next) = self.plan.entries.get(self.next).filter(|next| *next.lines.start() <= glance.offset) {
            self.current.insert(next.connection, self.next);
            self.next += 1;
        }
        let number = self.current.get(&glance.connection).copied();
        number.filter(|number| self.plan.entries[*number].lines.contains(&glance.offset))
    }

    /// Writes most messages at once, as they stand in their lines; the rest is read first.
    fn look(&mut self, glance: &Glance<'_>, entry: Option<usize>, take: &mut Taker<'_>) -> io::Result<Look> {
        self.line.set(glance);
        let whole = glance.frame.as_ref().filter(|frame| is_message(frame));
        let text = whole.filter(|frame| frame.opcode == Opcode::TEXT && frame.wire.is_none());
        let text = text.and_then(|frame| frame.text.map(|text| (frame.direction, text)));
        let as_it_stands = self.line.is_json && self.line.payload.is_some();
        let text = text.filter(|(_, text)| as_it_stands && !text.may_escape_any());
        let Some(((direction, text), number)) = text.zip(entry) else { return Ok(Look::Take) };
        self.begin(glance.time, direction, number, Opcode::TEXT);
        self.json.push(b'"');
        self.json.extend_from_slice(text.raw());
        self.json.push(b'"');
        self.end(true);
        take(glance.offset, Piece::Message(number), &self.json)?;
        Ok(Look::Skip)
    }

    fn entry(&mut self, line: Line, time: Duration, entry: Option<usize>, take: &mut Taker<'_>) -> io::Result<()> {
        if !self.line.is_json {
            let connection = entry.map_or(0, |number| self.plan.entries[number].connection);
            self.line.rewrite(&line, time, connection);
        }
        let at = self.line.at;
        let Some(number) = entry else { return take(at, Piece::Other, &self.line.line) };
        let Line::Event(Event { time, kind: Kind::Frame(frame), .. }) = line else {
            return take(at, Piece::Event(number), &self.line.line);
        };
        let Some(message) = frame.message else { return take(at, Piece::Event(number), &self.line.line) };
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
        take(at, Piece::Message(number), &self.json)
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
