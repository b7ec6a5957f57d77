//! A frame's line: number, time, direction, opcode, what is unusual in its header, size, payload, and what it belongs to.
//!
//! An automatic pong is an event of its own and follows its ping at once, so a ping's line does not claim that it was
//! answered: the pong's line, marked `(automatic)`, shows it.

use std::borrow::Cow;

use crate::event::{Direction, FrameEvent};
use crate::protocol::{LengthForm, Opcode};

use super::line::Line;
use super::memory::{Content, mask_words};
use super::options::Format;
use super::payload::Shown;
use super::quantity::{duration, part, size};
use super::style::Meaning;
use super::{Options, escape, hexdump};

/// Columns of the opcode: `binary`.
const OPCODE: usize = 6;
/// Columns of the size: `999.9 B`, so that sizes end in one column.
const SIZE: usize = 8;
/// Columns that a payload gets at least before what follows it.
const PAYLOAD: usize = 26;
/// Columns that notes leave to a payload on a narrow terminal.
const NARROW: usize = 16;
/// Before each line of a payload shown in lines.
const INDENT: &str = "    ";

/// Appends a frame's line to what `line` begins with, and in the full format its payload in lines.
pub(super) fn frame(
    mut line: Line,
    event: &FrameEvent,
    content: Option<Content>,
    unusual_mask: Option<String>,
    options: &Options,
    out: &mut String,
) {
    let header = &event.frame.header;
    let shown = Shown::of(event, content);
    let colour = meaning(event);
    let quiet = if event.automatic { Meaning::Dim } else { Meaning::Plain };
    let opcode = opcode_words(header.opcode);
    line.field(colour, &opcode, OPCODE.saturating_sub(opcode.len()));
    line.gap(2);
    if matches!(shown, Shown::Close(..)) && !event.frame.is_cut() {
        line.push(Meaning::Violation, flags(event, content));
    } else {
        let (flags, size) = (flags(event, content), size_words(event, content));
        line.push(Meaning::Control, &flags);
        line.gap(SIZE.saturating_sub(flags.len() + size.len()));
        line.push(Meaning::Plain, size);
        line.gap(2);
    }

    let notes = notes(event, unusual_mask, options);
    let notes_columns = notes.columns();
    // A whole message in lines of its own is not repeated on the frame's.
    let in_lines = matches!(shown, Shown::Text(_) | Shown::Bytes(_))
        && !event.frame.payload.is_empty()
        && (options.format == Format::Full || shown.is_pretty(options));
    let start = line.columns();
    if !in_lines {
        let taken = if notes_columns > 0 { notes_columns + 2 } else { 0 };
        // On a narrow terminal the payload is worth more than the notes.
        let room = |width: usize| width.saturating_sub(start + taken).max(NARROW.min(width.saturating_sub(start)));
        shown.words(&mut line, quiet, options.width.map(room), options);
    }
    if notes_columns > 0 {
        let column = if in_lines { 0 } else { start + PAYLOAD };
        let widest = options.width.map_or(usize::MAX, |width| width.saturating_sub(notes_columns));
        line.pad(column.min(widest), if in_lines { 0 } else { 2 });
        line.append(&notes);
    }
    if let Some(width) = options.width {
        line.cut(width);
    }
    line.write(options.palette, out);
    let joined = event.message.as_ref().filter(|message| message.frames > 1 && !message.binary && !message.compressed);
    match joined.map(|message| Shown::Text(&message.data)).filter(|joined| joined.is_pretty(options)) {
        // JSON that came in fragments can be indented only once it is whole.
        Some(joined) => joined.lines(INDENT, options, out),
        None if in_lines => shown.lines(INDENT, options, out),
        None => {}
    }
}

/// The colour of a frame's arrow and opcode.
pub(super) fn meaning(event: &FrameEvent) -> Meaning {
    match event.direction {
        _ if event.automatic => Meaning::Dim,
        _ if event.frame.header.opcode.is_control() => Meaning::Control,
        Direction::Sent => Meaning::Sent,
        Direction::Received => Meaning::Received,
    }
}

/// `▲` for sent, `▼` for received.
pub(super) const fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "▲",
        Direction::Received => "▼",
    }
}

/// The opcode in at most six columns: a continuation is `cont`, a reserved opcode `op 3`.
pub(super) fn opcode_words(opcode: Opcode) -> Cow<'static, str> {
    match opcode.name() {
        Some("continuation") => "cont".into(),
        Some(name) => name.into(),
        None => format!("op {}", opcode.bits()).into(),
    }
}

/// The frame's size: `5 B`, `3 of 10 B` when it is cut, `21 B → 5 B` when it is a compressed message.
pub(super) fn size_words(event: &FrameEvent, content: Option<Content>) -> String {
    let (there, claimed) = (event.frame.payload.len() as u64, event.frame.header.length);
    match &event.message {
        _ if there < claimed => part(there, claimed),
        _ if there > claimed => format!("{} of claimed {}", size(there), size(claimed)),
        Some(message) if message.frames == 1 && content.is_some_and(|content| content.compressed) => {
            format!("{} → {}", size(there), size(message.data.len() as u64))
        }
        _ => size(there),
    }
}

/// `#4.1 FIN=0 RSV1 `: the place in a fragmented message and the bits that are not as in most frames.
///
/// RSV1 of a compressed message that is complete goes without saying, the two sizes tell it (RFC 7692 section 6).
fn flags(event: &FrameEvent, content: Option<Content>) -> String {
    let header = &event.frame.header;
    let told = event.message.is_some() && content.is_some_and(|content| content.compressed);
    let mut flags = match event.fragment {
        Some(fragment) => format!("#{}.{} ", fragment.message, fragment.index),
        None => String::new(),
    };
    if !header.fin {
        flags += "FIN=0 ";
    }
    for (bit, name) in [(4, "RSV1 "), (2, "RSV2 "), (1, "RSV3 ")] {
        if header.rsv & bit != 0 && !(bit == 4 && told) {
            flags += name;
        }
    }
    flags
}

/// What stands behind the payload.
fn notes(event: &FrameEvent, unusual_mask: Option<String>, options: &Options) -> Line {
    let header = &event.frame.header;
    let mut notes: Vec<(Meaning, String)> = Vec::new();
    if let Some(mask) = unusual_mask {
        notes.push((Meaning::Violation, mask));
    } else if let Some(key) = header.mask.filter(|_| options.format == Format::Full) {
        notes.push((Meaning::Dim, mask_words(key)));
    }
    if header.form != LengthForm::minimal(header.length) {
        notes.push((Meaning::Violation, format!("{}-bit length", header.form.bits())));
    }
    if let Some(message) = event.message.as_ref().filter(|message| message.frames > 1) {
        let whole = size(message.data.len() as u64);
        let words = if message.compressed { format!("{} → {whole}", size(message.wire)) } else { whole };
        notes.push((Meaning::Dim, format!("message {words}")));
    }
    if let Some(after) = event.after {
        notes.push((Meaning::Dim, format!("+{}", duration(after))));
    }
    if event.automatic {
        notes.push((Meaning::Dim, "(automatic)".into()));
    }
    let mut line = Line::default();
    for (i, (meaning, note)) in notes.into_iter().enumerate() {
        line.gap(if i == 0 { 0 } else { 2 });
        line.push(meaning, note);
    }
    line
}

/// Bytes that were not decoded: their number, and the first of them (short) or all (full).
pub(super) fn undecoded(mut line: Line, bytes: &[u8], options: &Options, out: &mut String) {
    line.push(Meaning::Violation, "undecoded");
    line.put(Meaning::Plain, format_args!("  {}", size(bytes.len() as u64)));
    if options.format == Format::Full {
        line.write(options.palette, out);
        hexdump::dump(bytes, INDENT, options.max_payload, options.palette, out);
    } else {
        line.gap(2);
        line.push(Meaning::Plain, hexdump::line(&bytes[..bytes.len().min(17)]));
        if let Some(width) = options.width {
            line.cut(width);
        }
        line.write(options.palette, out);
    }
}

/// A received message's payload as it came and nothing else, for `--format raw`: text a line, binary verbatim.
///
/// No formatting and no escaping: this is for pipes.
pub(super) fn raw(event: &FrameEvent, out: &mut Vec<u8>) {
    if let (Direction::Received, Some(message)) = (event.direction, &event.message) {
        out.extend_from_slice(&message.data);
        if !message.binary {
            out.push(b'\n');
        }
    }
}

/// The same for a terminal: escaped.
pub(super) fn raw_escaped(event: &FrameEvent, options: &Options, out: &mut String) {
    if let (Direction::Received, Some(message)) = (event.direction, &event.message) {
        escape::paint(&message.data, Meaning::Plain, options.palette, out);
        out.push('\n');
    }
}
