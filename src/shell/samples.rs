//! What the tests of this floor feed the shell with, and how they read what it shows.

use crate::event::{Direction, Event, Kind, samples};
use crate::protocol::Opcode;
use crate::recording::Masks;
use crate::render::{Options, Renderer, Timestamps, WallClock};

use super::view::View;

/// A received text message in one frame; the frame's number is also its time, in milliseconds.
pub(super) fn received(number: u64, text: &str) -> Event {
    frame(number, Direction::Received, Opcode::TEXT, text)
}

/// A frame, with its message if it is text.
pub(super) fn frame(number: u64, direction: Direction, opcode: Opcode, text: &str) -> Event {
    samples::at(number * 1000, Kind::Frame(samples::frame(number, direction, opcode, text.as_bytes())))
}

/// A note.
pub(super) fn note(text: &str) -> Event {
    samples::at(0, Kind::Note(text.into()))
}

/// A view without times and colour.
pub(super) fn plain() -> View {
    let options = Options { timestamps: Timestamps::None, ..Options::default() };
    let wall = WallClock { created: std::time::SystemTime::UNIX_EPOCH, zone: jiff::tz::TimeZone::UTC };
    View::new(Renderer::new(options, wall), false, Masks::default())
}

/// What was shown, with each frame's line cut down to number and payload.
pub(super) fn brief(shown: &str) -> String {
    let line = |line: &str| match *line.split_whitespace().collect::<Vec<_>>() {
        ["▼" | "▲", number, _, _, "B", payload] => format!("{number} {payload}\n"),
        _ => format!("{line}\n"),
    };
    shown.lines().map(line).collect()
}
