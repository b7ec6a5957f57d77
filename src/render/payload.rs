//! What a frame carries, in words for its line and in lines of its own.

use crate::event::FrameEvent;
use crate::protocol::{Opcode, close};

use super::line::Line;
use super::memory::Content;
use super::options::JsonShown;
use super::style::Meaning;
use super::{Options, escape, hexdump, json};

/// How bytes are to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown<'a> {
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    /// A control frame's text, in quotes.
    Quoted(&'a [u8]),
    /// A close frame's status code and reason.
    Close(u16, &'a [u8]),
    Nothing,
}

impl<'a> Shown<'a> {
    /// The inflated message where one is complete, else the frame's own payload.
    pub(super) fn of(event: &'a FrameEvent, content: Option<Content>) -> Shown<'a> {
        let payload = &event.frame.payload;
        match (event.frame.header.opcode, content) {
            (_, Some(Content { binary, compressed: true })) => match &event.message {
                Some(message) if binary => Shown::Bytes(&message.data),
                Some(message) => Shown::Text(&message.data),
                None => Shown::Bytes(payload),
            },
            (_, Some(Content { binary: false, .. })) => Shown::Text(payload),
            (_, Some(Content { binary: true, .. })) => Shown::Bytes(payload),
            (Opcode::CLOSE, _) => match payload.first_chunk() {
                Some(code) => Shown::Close(u16::from_be_bytes(*code), &payload[2..]),
                None => Shown::Bytes(payload),
            },
            (Opcode::PING | Opcode::PONG, _) if payload.is_empty() => Shown::Nothing,
            (Opcode::PING | Opcode::PONG, _) if std::str::from_utf8(payload).is_ok() => Shown::Quoted(payload),
            _ => Shown::Bytes(payload),
        }
    }

    /// Appends it to a line, in at most `room` columns.
    pub(super) fn words(self, line: &mut Line, meaning: Meaning, room: Option<usize>, options: &Options) {
        let limit = options.max_payload;
        match self {
            Shown::Text(bytes) => line.peer_within(meaning, bytes, room, limit),
            Shown::Bytes(bytes) => {
                line.within(room, |line| line.push(meaning, hexdump::line(&bytes[..bytes.len().min(17)])));
            }
            Shown::Quoted(bytes) => {
                line.push(meaning, "\"");
                line.peer_within(meaning, bytes, room.map(|room| room.saturating_sub(2)), limit);
                line.push(meaning, "\"");
            }
            Shown::Close(code, reason) => {
                let words = format!("{code} {}", close::code_name(code).unwrap_or("unregistered"));
                let room = room.map(|room| room.saturating_sub(words.len() + 2));
                line.push(meaning, words);
                if !reason.is_empty() {
                    line.gap(2);
                    Shown::Quoted(reason).words(line, meaning, room, options);
                }
            }
            Shown::Nothing => {}
        }
    }

    /// Whether it is JSON to be shown indented.
    pub(super) fn is_pretty(self, options: &Options) -> bool {
        options.json == JsonShown::Pretty
            && matches!(self, Shown::Text(bytes) if bytes.len() <= options.max_payload && json::is_container(bytes))
    }

    /// Appends it in lines, each after `indent`: JSON as chosen, text line by line, bytes as a hexdump.
    pub(super) fn lines(self, indent: &str, options: &Options, out: &mut String) {
        match self {
            Shown::Text(bytes) if self.is_pretty(options) => {
                json::pretty(&String::from_utf8_lossy(bytes), indent, options.palette, out);
            }
            Shown::Text(bytes) => text(bytes, indent, options, out),
            Shown::Bytes(bytes) => hexdump::dump(bytes, indent, options.max_payload, options.palette, out),
            Shown::Quoted(_) | Shown::Close(..) | Shown::Nothing => {}
        }
    }
}

/// Appends text line by line, each after `indent`. A line's end is shown too (`\n`), so that nothing is left to guess.
pub(super) fn text(bytes: &[u8], indent: &str, options: &Options, out: &mut String) {
    let shown = &bytes[..bytes.len().min(options.max_payload)];
    for line in shown.split_inclusive(|byte| *byte == b'\n') {
        out.push_str(indent);
        escape::paint(line, Meaning::Plain, options.palette, out);
        out.push('\n');
    }
    hexdump::more(bytes.len() - shown.len(), indent, options.palette, out);
}
