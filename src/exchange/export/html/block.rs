//! The events of a recording in blocks of columns, so that a page reads the fixed fields of all at once, and payloads when
//! they are looked at.
//!
//! A block is two JSON values. The rows, an object of columns, an item an event in order:
//!
//! - `t`: microseconds since the event before (in the first block's first, since the timeline began); `c`: connection;
//! - `f`: -1 for what is no frame, else bits: 0 to 3 opcode, 4 FIN, 5 to 7 RSV (7 is RSV1), 8 MASK, 9 sent, 10 and 11 form of
//!   the length (0: 7 bits, 1: 16, 2: 64), 12 automatic, 13 completes a message, 14 compressed, 15 a secret was taken out;
//! - `n`: its number less that of the frame before; `l`: the payload's length as the header claims it; `k`: the masking key;
//!   `a`: microseconds since what it answers, or -1;
//! - `g`: `[index in the block, number of the message's first frame, fragment from 1]` of each fragment;
//! - `e`: `[index in the block, the event as a line of the recording format]` of each event that is no frame.
//!
//! And the payloads, an array with an item an event: 0 for what is no frame, a string for a payload that is UTF-8, else an
//! object with one of `s` (text) and `b` (base64), with `size` where the payload is longer than that, `length` where the
//! claimed length is no number of JavaScript's, and of the compressed message that the frame completes `m` or `mb`, and `msize`.

use std::io::{self, Write};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::embed;
use crate::event::{Direction, Event, FrameEvent, Kind};
use crate::protocol::LengthForm;
use crate::recording::{Lines, Secrets};

/// The most bytes of a payload, and of an inflated message, that a page holds.
pub(super) const LIMIT: usize = 64 << 10;

/// A block is written when it has so many events, or so many bytes of payloads.
const EVENTS: usize = 4096;
const PAYLOADS: usize = 512 << 10;

/// The largest length that JavaScript counts exactly.
const EXACT: u64 = 1 << 53;

/// What a line of the recording says of a frame beside its event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    /// The payload is as on the wire, compressed.
    pub(super) compressed: bool,
    /// Something of it was taken out.
    pub(super) masked: bool,
}

/// Gathers events and writes them.
#[derive(Debug)]
pub(super) struct Blocks {
    lines: Lines,
    count: usize,
    time: Duration,
    number: u64,
    columns: [Vec<u8>; 9],
    payloads: Vec<u8>,
    scratch: Vec<u8>,
}

/// Where a column is in [`Blocks::columns`], in the order of [`NAMES`].
#[derive(Clone, Copy)]
enum Column {
    Time,
    Connection,
    Flags,
    Number,
    Length,
    Key,
    After,
    Fragments,
    Events,
}

const NAMES: [&str; 9] = ["t", "c", "f", "n", "l", "k", "a", "g", "e"];

impl Blocks {
    pub(super) fn new() -> Blocks {
        Blocks {
            // What is in the recording is masked already as its owner wanted.
            lines: Lines::new(Secrets::Keep),
            count: 0,
            time: Duration::ZERO,
            number: 0,
            columns: Default::default(),
            payloads: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Takes an event, and writes a block if that makes one.
    pub(super) fn event(&mut self, event: &Event, told: Told, out: &mut dyn Write) -> io::Result<()> {
        self.number(Column::Time, event.time.as_micros() as i128 - self.time.as_micros() as i128);
        self.time = event.time;
        self.number(Column::Connection, event.connection);
        if self.count > 0 {
            self.payloads.push(b',');
        }
        match &event.kind {
            Kind::Frame(frame) => self.frame(frame, told),
            _ => self.other(event),
        }
        self.count += 1;
        if self.count >= EVENTS || self.payloads.len() >= PAYLOADS { self.flush(out) } else { Ok(()) }
    }

    /// Writes what there is.
    pub(super) fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        self.count = 0;
        out.write_all(b"<script type=\"application/json\" class=\"rows\">")?;
        for (index, (name, column)) in NAMES.iter().zip(&mut self.columns).enumerate() {
            write!(out, "{}\"{name}\":[", if index == 0 { '{' } else { ',' })?;
            out.write_all(column)?;
            out.write_all(b"]")?;
            column.clear();
        }
        out.write_all(b"}</script>\n<script type=\"application/json\" class=\"payloads\">[")?;
        out.write_all(&self.payloads)?;
        self.payloads.clear();
        out.write_all(b"]</script>\n")
    }

    fn frame(&mut self, event: &FrameEvent, told: Told) {
        let header = &event.frame.header;
        let form = match header.form {
            LengthForm::Bits7 => 0,
            LengthForm::Bits16 => 1,
            LengthForm::Bits64 => 2,
        };
        let flags = u32::from(header.opcode.bits())
            | u32::from(header.fin) << 4
            | u32::from(header.rsv & 7) << 5
            | u32::from(header.mask.is_some()) << 8
            | u32::from(event.direction == Direction::Sent) << 9
            | form << 10
            | u32::from(event.automatic) << 12
            | u32::from(event.message.is_some()) << 13
            | u32::from(told.compressed) << 14
            | u32::from(told.masked) << 15;
        self.number(Column::Flags, flags);
        self.number(Column::Number, i128::from(event.number) - i128::from(self.number));
        self.number = event.number;
        self.number(Column::Length, header.length.min(EXACT));
        self.number(Column::Key, header.mask.map_or(0, u32::from_be_bytes));
        self.number(Column::After, event.after.map_or(-1, |after| after.as_micros() as i128));
        if let Some(fragment) = event.fragment {
            let triple = format!("[{},{},{}]", self.count, fragment.message, fragment.index);
            self.item(Column::Fragments).extend_from_slice(triple.as_bytes());
        }
        self.payload(event, told);
    }

    /// What is no frame, as a line of the recording format.
    fn other(&mut self, event: &Event) {
        for column in [Column::Number, Column::Length, Column::Key] {
            self.number(column, 0);
        }
        for column in [Column::Flags, Column::After] {
            self.number(column, -1);
        }
        self.payloads.push(b'0');
        let mut line = std::mem::take(&mut self.scratch);
        line.clear();
        self.lines.event(event, &mut line);
        let count = self.count;
        let column = self.item(Column::Events);
        column.extend_from_slice(format!("[{count},").as_bytes());
        embed::json(line.trim_ascii_end(), column);
        column.push(b']');
        self.scratch = line;
    }

    fn payload(&mut self, event: &FrameEvent, told: Told) {
        let (payload, claimed) = (&event.frame.payload[..], event.frame.header.length);
        let message = event.message.as_ref().filter(|message| message.compressed).map(|message| &message.data[..]);
        let is_whole = payload.len() as u64 == claimed && payload.len() <= LIMIT;
        if is_whole && message.is_none() && !told.compressed && simdutf8::basic::from_utf8(payload).is_ok() {
            return self.bytes(["", ""], payload, false);
        }
        self.payloads.push(b'{');
        self.bytes(["s", "b"], payload, told.compressed);
        self.member("size", payload.len() as u64, payload.len() as u64 != claimed || payload.len() > LIMIT);
        if claimed > EXACT {
            self.payloads.extend_from_slice(format!(",\"length\":\"{claimed}\"").as_bytes());
        }
        if let Some(message) = message {
            self.payloads.push(b',');
            self.bytes(["m", "mb"], message, false);
            self.member("msize", message.len() as u64, message.len() > LIMIT);
        }
        self.payloads.push(b'}');
    }

    /// The first [`LIMIT`] bytes as a member of the first name if they are text, else of the second; without a name, as text.
    fn bytes(&mut self, [text, base64]: [&str; 2], bytes: &[u8], binary: bool) {
        let shown = if binary { None } else { simdutf8::basic::from_utf8(bytes).ok() };
        let name = if shown.is_some() { text } else { base64 };
        if !name.is_empty() {
            self.payloads.extend_from_slice(format!("\"{name}\":").as_bytes());
        }
        match shown {
            Some(text) => embed::string(&text[..boundary(text)], &mut self.scratch, &mut self.payloads),
            None => {
                let encoded = STANDARD.encode(&bytes[..bytes.len().min(LIMIT)]);
                self.payloads.push(b'"');
                self.payloads.extend_from_slice(encoded.as_bytes());
                self.payloads.push(b'"');
            }
        }
    }

    fn member(&mut self, name: &str, value: u64, wanted: bool) {
        if wanted {
            self.payloads.extend_from_slice(format!(",\"{name}\":{value}").as_bytes());
        }
    }

    fn number(&mut self, column: Column, value: impl std::fmt::Display) {
        // Writing to a Vec does not fail.
        let _ = write!(self.item(column), "{value}");
    }

    /// The column, ready for a further item.
    fn item(&mut self, column: Column) -> &mut Vec<u8> {
        let column = &mut self.columns[column as usize];
        if !column.is_empty() {
            column.push(b',');
        }
        column
    }
}

/// At most [`LIMIT`], and not inside a character.
fn boundary(text: &str) -> usize {
    if text.len() <= LIMIT {
        return text.len();
    }
    (0..=LIMIT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
