//! CSV (RFC 4180): a row a frame, under a line of names. What a spreadsheet would take for a formula is left as it is: evidence.
//!
//! | column | what it is |
//! |--------|------------|
//! | `frame`, `connection` | numbers, as in the recording |
//! | `time`, `seconds` | wall time in UTC; since the recording began |
//! | `direction`, `opcode` | `sent` or `received`; a name, or the number of a reserved opcode |
//! | `fin`, `rsv`, `masking_key` | `true` or `false`; 4 is RSV1; in hexadecimal |
//! | `length`, `payload` | bytes of payload, as the header claims, and as there are |
//! | `message`, `fragment` | of a fragment: the number of its message's first frame, and its place from 1 |
//! | `automatic`, `altered` | `true` for what was sent unasked; `true` where something of the payload was masked |
//! | `after` | seconds since what it answers |
//! | `text`, `base64` | the payload, quoted, where it is UTF-8, else in base64; of a compressed message all of it, inflated, on its last frame |
//! | `wire` | of a compressed message: the payload as on the wire, in base64 |
//! | `violations` | the rules that the frame broke, with `; ` between |

use std::io::{self, Write};

use bytes::Bytes;

use super::wall::Wall;
use super::{ExportError, Pass, Source};
use crate::event::{Event, FrameEvent, Kind};
use crate::recording::Entry;
use crate::recording::json::{base64, digits, seconds};

const COLUMNS: &str = "frame,connection,time,seconds,direction,opcode,fin,rsv,masking_key,length,payload,message,fragment,\
                       automatic,altered,after,text,base64,wire,violations\r\n";

/// Writes all frames.
///
/// # Errors
/// One of the two can't be read or written.
pub(super) fn write(source: &Source, out: &mut dyn Write) -> Result<(), ExportError> {
    let mut pass = source.pass()?;
    let mut rows =
        Rows { wall: Wall::new(source.header().created), row: Vec::new(), frame: None, violations: String::new() };
    out.write_all(COLUMNS.as_bytes())?;
    while let Some(entry) = pass.entry()? {
        let Entry::Event(event) = entry else { continue };
        match &event.kind {
            Kind::Violation { frame, violation } if frame.is_some() && *frame == rows.frame => {
                rows.broken(violation.rule.name());
            }
            Kind::Frame(frame) => {
                rows.end(out)?;
                rows.begin(&event, frame, &pass);
            }
            _ => {}
        }
    }
    rows.end(out)?;
    Ok(())
}

/// The row of the frame before, which what follows may still be about.
struct Rows {
    wall: Wall,
    row: Vec<u8>,
    frame: Option<u64>,
    violations: String,
}

impl Rows {
    fn begin(&mut self, event: &Event, frame: &FrameEvent, pass: &Pass<'_>) {
        let (row, header) = (&mut self.row, &frame.frame.header);
        self.frame = Some(frame.number);
        number(Some(frame.number), row);
        number(Some(event.connection), row);
        self.wall.write(event.time, row);
        row.push(b',');
        seconds(event.time, row);
        row.push(b',');
        plain(frame.direction.name(), row);
        match header.opcode.name() {
            Some(name) => plain(name, row),
            None => number(Some(header.opcode.bits()), row),
        }
        plain(if header.fin { "true" } else { "false" }, row);
        number(Some(header.rsv), row);
        plain(&header.mask.map_or(String::new(), |key| format!("{:08x}", u32::from_be_bytes(key))), row);
        number(Some(header.length), row);
        number(Some(frame.frame.payload.len() as u64), row);
        number(frame.fragment.map(|fragment| fragment.message), row);
        number(frame.fragment.map(|fragment| fragment.index), row);
        plain(if frame.automatic { "true" } else { "false" }, row);
        plain(if pass.masked() { "true" } else { "false" }, row);
        if let Some(after) = frame.after {
            seconds(after, row);
        }
        row.push(b',');
        let payload = &frame.frame.payload;
        match &frame.message {
            _ if !pass.compressed() => content(Some(payload), row),
            message => content(message.as_ref().map(|message| &message.data), row),
        }
        if pass.compressed() {
            base64(payload, row);
        }
        row.push(b',');
    }

    fn broken(&mut self, rule: &str) {
        if !self.violations.is_empty() {
            self.violations.push_str("; ");
        }
        self.violations.push_str(rule);
    }

    /// Writes the row that has begun, if one has.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.frame.take().is_some() {
            self.row.extend_from_slice(self.violations.as_bytes());
            self.row.extend_from_slice(b"\r\n");
            out.write_all(&self.row)?;
        }
        self.row.clear();
        self.violations.clear();
        Ok(())
    }
}

/// A cell of what needs no quotes.
fn plain(text: &str, row: &mut Vec<u8>) {
    row.extend_from_slice(text.as_bytes());
    row.push(b',');
}

fn number(value: Option<impl Into<u64>>, row: &mut Vec<u8>) {
    if let Some(value) = value {
        digits(value.into(), row);
    }
    row.push(b',');
}

/// Two cells: text, or base64.
fn content(bytes: Option<&Bytes>, row: &mut Vec<u8>) {
    match bytes.map(|bytes| (bytes, simdutf8::basic::from_utf8(bytes))) {
        Some((_, Ok(text))) => {
            quoted(text.as_bytes(), row);
            row.push(b',');
        }
        Some((bytes, Err(_))) => {
            row.push(b',');
            base64(bytes, row);
        }
        None => row.push(b','),
    }
    row.push(b',');
}

/// Text in quotes, with each of its own doubled.
fn quoted(mut text: &[u8], row: &mut Vec<u8>) {
    row.push(b'"');
    while let Some(at) = memchr::memchr(b'"', text) {
        row.extend_from_slice(&text[..=at]);
        row.push(b'"');
        text = &text[at + 1..];
    }
    row.extend_from_slice(text);
    row.push(b'"');
}
