//! A frame whole: its header bit by bit, its payload byte by byte, the message it belongs to and the rules it broke.

use std::fmt::Write;
use std::time::Duration;

use crate::event::{FrameEvent, Violation};
use crate::protocol::{LengthForm, MaskKey, close};

use super::line::Line;
use super::payload::{self, Shown};
use super::quantity::{duration, seconds, size};
use super::style::{Meaning, Palette};
use super::{JsonShown, Options, escape, frame, hexdump, outcome};

/// A frame to look at, with what else is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub event: &'a FrameEvent,
    /// Since the timeline began.
    pub time: Duration,
    /// The rules it broke.
    pub violations: &'a [&'a Violation],
    /// All frames of its message in order, itself included; empty if it is not fragmented.
    pub fragments: &'a [&'a FrameEvent],
}

/// Appends everything there is to see of a frame.
pub fn inspect(subject: &Subject<'_>, options: &Options, out: &mut String) {
    let (event, palette) = (subject.event, options.palette);
    let (header, bytes) = (&event.frame.header, &event.frame.payload);
    palette.paint(frame::meaning(event), frame::arrow(event.direction), out);
    palette.paint(Meaning::Strong, &format!(" frame {}", event.number), out);
    let automatic = if event.automatic { ", automatic" } else { "" };
    let after = event.after.map(|after| format!(", +{}", duration(after))).unwrap_or_default();
    let (direction, time) = (event.direction.name(), seconds(subject.time));
    let wire = size(event.frame.wire_size());
    let opcode = header.opcode;
    // Writing to a String does not fail.
    let _ = writeln!(out, "  {direction} at {time} s{automatic}{after}  {opcode}  {wire} on the wire");

    title("header", &hexdump::hex(&header.bytes()), palette, out);
    header_table(event, palette, out);

    let masked = if header.mask.is_some() { ", its mask taken off" } else { "" };
    title("payload", &format!("{}{masked}", frame::size_words(event, None)), palette, out);
    hexdump::dump(bytes, "  ", options.max_payload, palette, out);
    if let Shown::Close(code, reason) = Shown::of(event, None) {
        title("close", &format!("{code} {}", close::code_name(code).unwrap_or("unregistered")), palette, out);
        payload::text(reason, "  ", options, out);
    }
    if !subject.fragments.is_empty() {
        title("fragments", &subject.fragments.len().to_string(), palette, out);
        for each in subject.fragments {
            fragment_row(each, each.number == event.number, palette, out);
        }
    }
    message(event, options, out);
    for violation in subject.violations {
        title("violation", &violation.to_string(), palette, out);
        let mut line = Line::default();
        line.push(Meaning::Plain, "  ");
        line.append(&outcome::marked_bytes(violation));
        line.put(Meaning::Dim, format_args!("  at byte {}", violation.offset));
        line.write(palette, out);
    }
}

/// The message that the frame completes: inflated, as text, JSON indented.
fn message(event: &FrameEvent, options: &Options, out: &mut String) {
    let palette = options.palette;
    let Some(message) = &event.message else { return };
    let data = &message.data;
    let frames = if message.frames == 1 { String::new() } else { format!(", {} frames", message.frames) };
    let inflated = if message.compressed { format!(", inflated from {}", size(message.wire)) } else { String::new() };
    let kind = if message.binary { "binary" } else { "text" };
    title("message", &format!("{kind}, {}{inflated}{frames}", size(data.len() as u64)), palette, out);
    // A binary message in one frame was shown with the payload.
    if !message.binary {
        let options = Options { json: JsonShown::Pretty, ..*options };
        Shown::Text(data).lines("  ", &options, out);
    } else if *data != event.frame.payload {
        Shown::Bytes(data).lines("  ", options, out);
    }
}

/// The header's bits with their names (RFC 6455 section 5.2), a field a row.
fn header_table(event: &FrameEvent, palette: Palette, out: &mut String) {
    let header = &event.frame.header;
    let bytes = header.bytes();
    let bit = |n: bool| u8::from(n);
    let reserved = |mask: u8| bit(header.rsv & mask != 0);
    let fin = if header.fin { "last of its message" } else { "more frames follow" };
    row(Some((0, &bytes[..1])), &bits(bytes[0], 0x80), "FIN", &format!("{}  {fin}", bit(header.fin)), palette, out);
    for (mask, name, meaning) in [(4, "RSV1", "  compressed, if agreed"), (2, "RSV2", ""), (1, "RSV3", "")] {
        let value = reserved(mask);
        let meaning = if value == 1 { meaning } else { "" };
        row(None, &bits(bytes[0], mask << 4), name, &format!("{value}{meaning}"), palette, out);
    }
    let opcode = header.opcode.name().unwrap_or("reserved");
    row(None, &bits(bytes[0], 0x0F), "opcode", &format!("{}  {opcode}", header.opcode.bits()), palette, out);
    let mask = if header.mask.is_some() { "1  masked" } else { "0  not masked" };
    row(Some((1, &bytes[1..2])), &bits(bytes[1], 0x80), "MASK", mask, palette, out);
    let low = bytes[1] & 0x7F;
    let extended = match header.form {
        LengthForm::Bits7 => String::new(),
        form => format!("  {} further bits follow", form.bits()),
    };
    row(None, &bits(bytes[1], 0x7F), "length", &format!("{low}{extended}"), palette, out);
    let key_at = bytes.len() - header.mask.map_or(0, |_| size_of::<MaskKey>());
    if key_at > 2 {
        let length = format!("{}{}", header.length, not_minimal(event));
        row(Some((2, &bytes[2..key_at])), "", "ext. length", &length, palette, out);
    }
    if let Some(key) = header.mask {
        let weak = if key == [0; 4] { "all zero: it hides nothing" } else { "" };
        row(Some((key_at, &bytes[key_at..])), "", "masking key", weak, palette, out);
    }
}

fn not_minimal(event: &FrameEvent) -> String {
    let minimal = LengthForm::minimal(event.frame.header.length);
    if event.frame.header.form == minimal { String::new() } else { format!("  {} bits would do", minimal.bits()) }
}

/// `  0    81                       1... ....  FIN          1  last of its message`
fn row(bytes: Option<(usize, &[u8])>, bits: &str, name: &str, value: &str, palette: Palette, out: &mut String) {
    let (offset, hex) = bytes.map(|(at, bytes)| (at.to_string(), hexdump::hex(bytes))).unwrap_or_default();
    let mut line = Line::default();
    for (column, meaning, text) in [
        (2, Meaning::Dim, &*offset),
        (5, Meaning::Strong, &*hex),
        (30, Meaning::Plain, bits),
        (41, Meaning::Name, name),
        (54, Meaning::Plain, value),
    ] {
        line.pad(column, 0);
        line.push(meaning, text);
    }
    line.write(palette, out);
}

/// A byte's bits under `mask`, the others as dots: `1... ....`.
fn bits(byte: u8, mask: u8) -> String {
    (0..8)
        .rev()
        .flat_map(|n| {
            let shown = match (mask >> n & 1, byte >> n & 1) {
                (0, _) => '.',
                (_, 0) => '0',
                _ => '1',
            };
            [Some(shown), (n == 4).then_some(' ')]
        })
        .flatten()
        .collect()
}

fn fragment_row(event: &FrameEvent, current: bool, palette: Palette, out: &mut String) {
    let place = event.fragment.map(|fragment| format!("#{}.{}", fragment.message, fragment.index)).unwrap_or_default();
    let fin = u8::from(event.frame.header.fin);
    let (opcode, size) = (frame::opcode_words(event.frame.header.opcode), frame::size_words(event, None));
    let text = format!("  {place:<7} frame {:<5} {opcode:<6}  FIN={fin}  {size}", event.number);
    palette.paint(if current { Meaning::Strong } else { Meaning::Plain }, &text, out);
    out.push_str(if current { "  (this one)\n" } else { "\n" });
}

fn title(name: &str, value: &str, palette: Palette, out: &mut String) {
    palette.paint(Meaning::Strong, name, out);
    out.push_str("  ");
    escape::paint(value.as_bytes(), Meaning::Plain, palette, out);
    out.push('\n');
}

#[cfg(test)]
mod tests;
