//! Events for the tests of this floor.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;

use crate::event::{Direction, Event, FrameEvent, Kind, Message};
use crate::protocol::{Frame, Header, Opcode};

use super::scrollback::Entry;
use super::view::{Setting, View};

/// A received text message in one frame; the frame's number is also its time, in milliseconds.
pub(super) fn received(number: u64, text: &str) -> Event {
    frame(number, Direction::Received, Opcode::TEXT, text)
}

/// A frame, with its message if it is text.
pub(super) fn frame(number: u64, direction: Direction, opcode: Opcode, text: &str) -> Event {
    let data = Bytes::copy_from_slice(text.as_bytes());
    let length = data.len() as u64;
    let message = (opcode == Opcode::TEXT).then(|| Message {
        binary: false,
        data: data.clone(),
        frames: 1,
        compressed: false,
        wire: length,
    });
    Event {
        time: Duration::from_millis(number),
        connection: 1,
        kind: Kind::Frame(FrameEvent {
            number,
            direction,
            frame: Frame { header: Header::new(opcode, length), payload: data },
            fragment: None,
            message,
            automatic: false,
            after: None,
        }),
    }
}

/// A note.
pub(super) fn note(text: &str) -> Event {
    Event { time: Duration::ZERO, connection: 1, kind: Kind::Note(text.into()) }
}

/// A view that shows the bare facts.
#[derive(Default)]
pub(super) struct Plain {
    format: String,
}

const FORMAT: Setting = Setting { name: "format", values: &["short", "full"] };

impl View for Plain {
    fn event(&mut self, event: &Event, out: &mut String) {
        let _ = match &event.kind {
            Kind::Frame(frame) => {
                writeln!(out, "{}{} {}", self.format, frame.number, String::from_utf8_lossy(&frame.frame.payload))
            }
            Kind::Note(text) => writeln!(out, "note {text}"),
            other => writeln!(out, "{}", format!("{other:?}").to_lowercase()),
        };
    }

    fn inspect(&self, entry: &Entry, fragments: &[&FrameEvent], out: &mut String) {
        let _ = writeln!(out, "frame {} whole, of {} fragments", entry.frame.number, fragments.len());
    }

    fn again(&self, events: &mut dyn Iterator<Item = Event>, out: &mut String) {
        let mut same = Plain { format: self.format.clone() };
        events.for_each(|event| same.event(&event, out));
    }

    fn opening(&self, events: &[Event], raw: bool, out: &mut String) {
        let _ = writeln!(out, "opening of {} events, raw {raw}", events.len());
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[FORMAT] }
    }

    fn get(&self, _: &Setting) -> String {
        self.format.clone()
    }

    fn set(&mut self, _: &Setting, value: &str) {
        value.clone_into(&mut self.format);
    }

    fn name(&mut self, _: u32, _: &str) {}
}
