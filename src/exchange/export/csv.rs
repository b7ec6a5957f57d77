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

use std::io::Write;

use bytes::Bytes;

use super::rows::{self, Row};
use super::wall::Wall;
use super::{ExportError, Source};
use crate::recording::json::{base64, digits, seconds};

const COLUMNS: &str = "frame,connection,time,seconds,direction,opcode,fin,rsv,masking_key,length,payload,message,fragment,\
                       automatic,altered,after,text,base64,wire,violations\r\n";

/// Writes all frames.
///
/// # Errors
/// One of the two can't be read or written.
pub(super) fn write(source: &Source, out: &mut dyn Write) -> Result<(), ExportError> {
    let mut wall = Wall::new(source.header().created);
    let mut line = Vec::new();
    out.write_all(COLUMNS.as_bytes())?;
    rows::each(source, |row| {
        line.clear();
        write_row(row, &mut wall, &mut line);
        out.write_all(&line)
    })
}

fn write_row(row: &Row, wall: &mut Wall, out: &mut Vec<u8>) {
    let frame = &row.frame;
    let (header, payload) = (&frame.frame.header, &frame.frame.payload);
    number(Some(frame.number), out);
    number(Some(row.connection), out);
    wall.write(row.time, out);
    out.push(b',');
    seconds(row.time, out);
    out.push(b',');
    plain(frame.direction.name(), out);
    plain(&row.opcode(), out);
    flag(header.fin, out);
    number(Some(header.rsv), out);
    plain(&row.key().unwrap_or_default(), out);
    number(Some(header.length), out);
    number(Some(payload.len() as u64), out);
    number(frame.fragment.map(|fragment| fragment.message), out);
    number(frame.fragment.map(|fragment| fragment.index), out);
    flag(frame.automatic, out);
    flag(row.altered, out);
    if let Some(after) = frame.after {
        seconds(after, out);
    }
    out.push(b',');
    content(row.content(), out);
    if row.compressed {
        base64(payload, out);
    }
    out.push(b',');
    out.extend_from_slice(row.violations.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// A cell of what needs no quotes.
fn plain(text: &str, row: &mut Vec<u8>) {
    row.extend_from_slice(text.as_bytes());
    row.push(b',');
}

fn flag(value: bool, row: &mut Vec<u8>) {
    plain(if value { "true" } else { "false" }, row);
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
