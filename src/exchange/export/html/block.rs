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

use super::embed;
use crate::event::{Direction, Event, FrameEvent, Kind};
use crate::exchange::export::Pass;
use crate::protocol::LengthForm;
use crate::recording::json::{base64, digits};
use crate::recording::{Lines, Secrets};

/// The most bytes of a payload, and of an inflated message, that a page holds.
pub(super) const LIMIT: usize = 64 << 10;

/// A block is written when it has so many events, or so many bytes of what they say.
const EVENTS: usize = 4096;
const SIZE: usize = 512 << 10;

/// The largest length that JavaScript counts exactly.
const EXACT: u64 = 1 << 53;

/// Gathers events and writes them.
#[derive(Debug)]
pub(super) struct Blocks {
    lines: Lines,
    count: usize,
    /// Microseconds since the timeline began.
    time: i64,
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
            time: 0,
            number: 0,
            columns: Default::default(),
            payloads: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Takes an event, and writes a block if that makes one.
    pub(super) fn event(&mut self, event: &Event, pass: &Pass<'_>, out: &mut dyn Write) -> io::Result<()> {
        let time = micros(event.time);
        self.number(Column::Time, time - self.time);
        self.time = time;
        self.number(Column::Connection, event.connection.into());
        if self.count > 0 {
            self.payloads.push(b',');
        }
        match &event.kind {
            Kind::Frame(frame) => self.frame(frame, pass),
            _ => self.other(event),
        }
        self.count += 1;
        let size = self.payloads.len() + self.columns[Column::Events as usize].len();
        if self.count >= EVENTS || size >= SIZE { self.flush(out) } else { Ok(()) }
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

    fn frame(&mut self, event: &FrameEvent, pass: &Pass<'_>) {
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
            | u32::from(pass.compressed()) << 14
            | u32::from(pass.masked()) << 15;
        self.number(Column::Flags, flags.into());
        self.number(Column::Number, event.number.wrapping_sub(self.number).cast_signed());
        self.number = event.number;
        self.number(Column::Length, header.length.min(EXACT).cast_signed());
        self.number(Column::Key, header.mask.map_or(0, u32::from_be_bytes).into());
        self.number(Column::After, event.after.map_or(-1, micros));
        if let Some(fragment) = event.fragment {
            let triple = format!("[{},{},{}]", self.count, fragment.message, fragment.index);
            self.item(Column::Fragments).extend_from_slice(triple.as_bytes());
        }
        self.payload(event, pass);
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
        embed::fit(line.trim_ascii_end(), column);
        column.push(b']');
        self.scratch = line;
    }

    fn payload(&mut self, event: &FrameEvent, pass: &Pass<'_>) {
        let (payload, claimed) = (&event.frame.payload[..], event.frame.header.length);
        let message = event.message.as_ref().filter(|message| message.compressed).map(|message| &message.data[..]);
        let is_whole = payload.len() as u64 == claimed && payload.len() <= LIMIT;
        if is_whole
            && message.is_none()
            && !pass.compressed()
            && let Ok(text) = simdutf8::basic::from_utf8(payload)
        {
            return embed::string(text, &mut self.scratch, &mut self.payloads);
        }
        self.payloads.push(b'{');
        self.bytes(["s", "b"], payload, pass.compressed());
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

    /// The first [`LIMIT`] bytes as a member of the first name if they are text, else of the second.
    fn bytes(&mut self, [text, binary]: [&str; 2], bytes: &[u8], is_binary: bool) {
        let shown = if is_binary { None } else { simdutf8::basic::from_utf8(bytes).ok() };
        let name = if shown.is_some() { text } else { binary };
        self.payloads.extend_from_slice(format!("\"{name}\":").as_bytes());
        if let Some(text) = shown {
            return embed::string(&text[..boundary(text)], &mut self.scratch, &mut self.payloads);
        }
        self.payloads.push(b'"');
        base64(&bytes[..bytes.len().min(LIMIT)], &mut self.payloads);
        self.payloads.push(b'"');
    }

    fn member(&mut self, name: &str, value: u64, wanted: bool) {
        if wanted {
            self.payloads.extend_from_slice(format!(",\"{name}\":{value}").as_bytes());
        }
    }

    fn number(&mut self, column: Column, value: i64) {
        let column = self.item(column);
        if value < 0 {
            column.push(b'-');
        }
        digits(value.unsigned_abs(), column);
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

/// 292,000 years at most.
fn micros(time: Duration) -> i64 {
    time.as_micros().try_into().unwrap_or(i64::MAX)
}

/// At most [`LIMIT`], and not inside a character.
fn boundary(text: &str) -> usize {
    if text.len() <= LIMIT {
        return text.len();
    }
    (0..=LIMIT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
