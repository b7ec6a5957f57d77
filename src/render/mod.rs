//! Events to text for a terminal or a pipe, and nothing else.
//!
//! Pure: an event goes in, text comes out. Terminal or not, its width, colour and the time zone are values passed in. Every
//! string of a peer passes [`escape`].

pub mod escape;
mod frame;
pub mod handshake;
pub mod hexdump;
pub mod inspect;
pub mod json;
pub(crate) mod line;
mod memory;
pub mod options;
mod outcome;
mod payload;
pub mod plot;
pub mod quantity;
mod screen;
pub mod style;
/// What is shown even to who wants quiet: messages, and what went wrong.
fn speaks_up(kind: &Kind) -> bool {
    match kind {
        Kind::Frame(frame) => !frame.frame.header.opcode.is_control(),
        Kind::Response(response) => response.status != 101,
        Kind::Close(closed) => !closed.clean || !matches!(closed.code, None | Some(1000 | 1001)),
        Kind::Fault(_) | Kind::Violation { .. } | Kind::Undecoded(_) | Kind::Error { .. } => true,
        Kind::Open(_) | Kind::Request(_) | Kind::Ready(_) | Kind::Note(_) => false,
    }
}

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

pub use inspect::{Subject, inspect};
pub use options::{Format, HeadersShown, JsonShown, Options, Timestamps, WallClock};
pub use outcome::paragraph;
pub use screen::Screen;
pub use style::{ColourChoice, Meaning, Palette};

use crate::event::{Event, Kind};
use handshake::Prefix;
use line::Line;
use memory::Memory;

/// Renders a timeline, event by event.
#[derive(Clone, Debug)]
pub struct Renderer {
    options: Options,
    wall: WallClock,
    /// The time of the event shown before.
    last: Duration,
    /// Columns of the widest number and time so far, so that lines align again after a wider one.
    stamp: usize,
    memory: Memory,
}

impl Renderer {
    #[must_use]
    pub fn new(options: Options, wall: WallClock) -> Renderer {
        Renderer { options, wall, last: Duration::ZERO, stamp: 0, memory: Memory::default() }
    }

    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// To change what is shown from now on.
    pub fn options_mut(&mut self) -> &mut Options {
        self.stamp = 0;
        &mut self.options
    }

    /// Gives a connection a name. With more than one connection open, each line begins with the name (or number) of its.
    pub fn name_connection(&mut self, connection: u32, name: &str) {
        self.memory.name(connection, name);
    }

    /// Appends an event in lines, each ending in `\n`; nothing for what the options leave out.
    ///
    /// With [`Format::Raw`] a received message's payload, escaped, since text goes to a terminal; for a pipe see [`raw`].
    pub fn event(&mut self, event: &Event, out: &mut String) {
        let options = self.options;
        if options.format == Format::Raw {
            if let Kind::Frame(frame) = &event.kind {
                frame::raw_escaped(frame, &options, out);
            }
            return;
        }
        if event.connection > 0 {
            self.memory.of(event.connection);
        }
        let out_start = out.len();
        self.shown(event, &options, out);
        if options.quiet && !speaks_up(&event.kind) {
            out.truncate(out_start);
        }
        if out.len() > out_start {
            self.last = event.time;
        }
        let over = match &event.kind {
            Kind::Close(_) => true,
            // It could not be opened.
            Kind::Error { .. } => event.connection > 0 && !self.memory.of(event.connection).ready,
            _ => false,
        };
        if over {
            self.memory.forget(event.connection);
        }
    }

    /// Takes note of an event that is not shown, for those after it.
    pub fn pass_over(&mut self, event: &Event) {
        let (last, stamp) = (self.last, self.stamp);
        let mut unseen = String::new();
        self.event(event, &mut unseen);
        (self.last, self.stamp) = (last, stamp);
    }

    fn shown(&mut self, event: &Event, options: &Options, out: &mut String) {
        let number = event.connection;
        match &event.kind {
            Kind::Open(open) => self.memory.of(number).open = Some(open.clone()),
            Kind::Request(raw) => {
                let known = self.memory.of(number);
                known.head = raw.clone();
                handshake::head(raw, Prefix::new(known.role(), true), options.headers, options, out);
            }
            Kind::Response(response) => {
                let known = self.memory.of(number);
                known.head = response.raw.clone();
                let prefix = Prefix::new(known.role(), false);
                // A refusal is shown whole: what it says is what the user needs next.
                let refused = response.status != 101;
                let headers = if refused { HeadersShown::Full } else { options.headers };
                handshake::head(&response.raw, prefix, headers, options, out);
                handshake::body(response, options, out);
            }
            Kind::Fault(fault) => {
                let line = self.stamped(event, Meaning::Violation, "✗", None);
                let known = self.memory.of(number);
                let prefix = Prefix::new(known.role(), known.role() == crate::event::Role::Server);
                outcome::fault(line, fault, &known.head, prefix, options, out);
            }
            Kind::Ready(ready) => {
                let line = self.tagged(number, Meaning::Received, "●");
                let now = self.wall.created.checked_add(event.time).unwrap_or(SystemTime::UNIX_EPOCH);
                let known = self.memory.of(number);
                known.ready = true;
                let open = known.open.as_deref();
                handshake::connected(line, open, ready, options, out);
                handshake::details(open, ready, now, options, out);
            }
            Kind::Frame(frame) => {
                let line =
                    self.stamped(event, frame::meaning(frame), frame::arrow(frame.direction), Some(frame.number));
                let known = self.memory.of(number);
                let content = known.content(frame);
                let unusual_mask = known.unusual_mask(frame);
                frame::frame(line, frame, content, unusual_mask, options, out);
            }
            Kind::Violation { frame, violation } => {
                let line = self.stamped(event, Meaning::Violation, "✗", None);
                outcome::violation(line, *frame, violation, options, out);
            }
            Kind::Undecoded(bytes) => {
                let line = self.stamped(event, Meaning::Violation, "▼", None);
                frame::undecoded(line, bytes, options, out);
            }
            Kind::Close(closed) => {
                let (meaning, sign) = if closed.clean { (Meaning::Dim, "○") } else { (Meaning::Violation, "✗") };
                let line = self.stamped(event, meaning, sign, None);
                outcome::closed(line, closed, options, out);
            }
            Kind::Error { text, hint } => {
                let line = self.stamped(event, Meaning::Violation, "✗", None);
                let column = line.columns() + "error  ".len();
                outcome::remark(line, Meaning::Violation, "error", text, options, out);
                if let Some(hint) = hint {
                    outcome::hint(hint, column, options, out);
                }
            }
            Kind::Note(text) => {
                let line = self.stamped(event, Meaning::Dim, "·", None);
                outcome::remark(line, Meaning::Dim, "note", text, options, out);
            }
        }
    }

    /// A line's beginning: the connection's tag where there are several, and a sign.
    fn tagged(&mut self, connection: u32, meaning: Meaning, sign: &'static str) -> Line {
        let mut line = Line::default();
        if let Some((tag, width)) = self.memory.tag(connection) {
            line.field(Meaning::Strong, &escape::escape(tag.as_bytes()), width - tag.chars().count() + 1);
        }
        line.push(meaning, sign);
        line.gap(1);
        line.hang();
        line
    }

    /// The same with the frame's number at the left and the time at the right of a field that grows when it must.
    fn stamped(&mut self, event: &Event, meaning: Meaning, sign: &'static str, number: Option<u64>) -> Line {
        let mut line = self.tagged(event.connection, meaning, sign);
        let (least, time) = match self.options.timestamps {
            Timestamps::Relative => (10, quantity::seconds(event.time)),
            Timestamps::Delta => (11, format!("+{}", quantity::seconds(event.time.saturating_sub(self.last)))),
            Timestamps::Clock => {
                let time = self.wall.created.checked_add(event.time).unwrap_or(SystemTime::UNIX_EPOCH);
                (16, quantity::clock(time, &self.wall.zone))
            }
            Timestamps::None => (3, String::new()),
        };
        let number = number.map(|number| number.to_string()).unwrap_or_default();
        let needed = if time.is_empty() { number.len() } else { number.len().max(3) + 1 + time.len() };
        self.stamp = self.stamp.max(least).max(needed);
        let blanks = self.stamp - number.len() - time.len();
        line.push(Meaning::Plain, number);
        line.gap(blanks);
        line.push(Meaning::Dim, time);
        line.gap(2);
        line.hang();
        line
    }
}

/// Appends a received message's payload as it came, text with `\n` after it, binary verbatim; nothing for anything else.
///
/// For pipes: no escaping, no formatting, no allocation but what `out` needs.
pub fn raw(event: &Event, out: &mut Vec<u8>) {
    if let Kind::Frame(frame) = &event.kind {
        frame::raw(frame, out);
    }
}
