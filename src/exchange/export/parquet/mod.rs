//! Parquet: a row a frame, for `DuckDB`, Spark, `ClickHouse` and data frames of another kind.
//!
//! | column | type | what it is |
//! |--------|------|------------|
//! | `frame`, `connection` | `INT64` | numbers, as in the recording |
//! | `time` | `TIMESTAMP` (microseconds, UTC) or null | wall time, where the recording says when it began |
//! | `seconds` | `DOUBLE` | since the recording began |
//! | `direction`, `opcode` | `STRING` | `sent` or `received`; a name, or the number of a reserved opcode |
//! | `fin`, `rsv` | `BOOLEAN`, `INT32` | 4 is RSV1 |
//! | `masked`, `masking_key` | `BOOLEAN`, `STRING` or null | the key in hexadecimal |
//! | `length` | `UINT64` | bytes of payload, as the header claims |
//! | `payload` | `BYTE_ARRAY` | as on the wire, without its mask |
//! | `text` | `STRING` or null | the payload of a data frame, a ping or a pong that is UTF-8; of a compressed message all of it, inflated, on its last frame |
//! | `inflated` | `BYTE_ARRAY` or null | of a compressed message all of it, on its last frame |
//! | `message`, `fragment` | `INT64`, `INT32` or null | of a fragment: the number of its message's first frame, and its place from 1 |
//! | `message_size` | `INT64` or null | bytes of the message that the frame completes, inflated |
//! | `close_code`, `close_reason` | `INT32`, `STRING` or null | of a close frame |
//! | `automatic`, `altered` | `BOOLEAN` | sent unasked; something of the payload was masked |
//! | `after` | `DOUBLE` or null | seconds since what it answers |
//! | `violations` | `STRING` or null | the rules that the frame broke, with `; ` between |

mod table;
mod thrift;

use std::io::Write;

use super::rows::{self, Row};
use super::wall::Wall;
use super::{ExportError, Source};
use crate::protocol::{Opcode, close};
use table::{Column, Kind, Table, Values};

const COLUMNS: &[Column] = &[
    column("frame", Kind::Long),
    column("connection", Kind::Long),
    optional("time", Kind::Time),
    column("seconds", Kind::Double),
    column("direction", Kind::Text),
    column("opcode", Kind::Text),
    column("fin", Kind::Bool),
    column("rsv", Kind::Int),
    column("masked", Kind::Bool),
    optional("masking_key", Kind::Text),
    column("length", Kind::Unsigned),
    column("payload", Kind::Bytes),
    optional("text", Kind::Text),
    optional("inflated", Kind::Bytes),
    optional("message", Kind::Long),
    optional("fragment", Kind::Int),
    optional("message_size", Kind::Long),
    optional("close_code", Kind::Int),
    optional("close_reason", Kind::Text),
    column("automatic", Kind::Bool),
    column("altered", Kind::Bool),
    optional("after", Kind::Double),
    optional("violations", Kind::Text),
];

/// Writes all frames.
///
/// # Errors
/// One of the two can't be read or written.
pub(super) fn write(source: &Source, out: &mut dyn Write) -> Result<(), ExportError> {
    let wall = source.header().created.map(|created| Wall::new(Some(created)));
    let mut table = Table::begin(COLUMNS, out)?;
    rows::each(source, |row| {
        write_row(row, wall.as_ref(), table.row());
        table.end_row()
    })?;
    Ok(table.end()?)
}

fn write_row(row: &Row, wall: Option<&Wall>, out: &mut [Values]) {
    let mut out = out.iter_mut();
    let mut next = || out.next().expect("as many values as columns");
    let frame = &row.frame;
    let (header, payload) = (&frame.frame.header, &frame.frame.payload);
    let closes = header.opcode == Opcode::CLOSE;
    next().long(frame.number);
    next().long(row.connection.into());
    let time = wall.map(|wall| wall.since_epoch(row.time).as_micros() as u64);
    or_none(next(), time, Values::long);
    next().double(row.time.as_secs_f64());
    next().bytes(frame.direction.name().as_bytes());
    next().bytes(row.opcode().as_bytes());
    next().bool(header.fin);
    next().int(header.rsv.into());
    next().bool(header.mask.is_some());
    or_none(next(), row.key(), |values, key| values.bytes(key.as_bytes()));
    next().long(header.length);
    next().bytes(payload);
    let text = row.content().filter(|content| !closes && simdutf8::basic::from_utf8(content).is_ok());
    or_none(next(), text, |values, text| values.bytes(text));
    or_none(next(), row.inflated(), |values, data| values.bytes(data));
    or_none(next(), frame.fragment.map(|fragment| fragment.message), Values::long);
    or_none(next(), frame.fragment.map(|fragment| fragment.index), Values::int);
    or_none(next(), frame.message.as_ref().map(|message| message.data.len() as u64), Values::long);
    let (code, reason) = if closes { close::parse(payload) } else { Default::default() };
    or_none(next(), code.map(u32::from), Values::int);
    let reason = code.and_then(|_| simdutf8::basic::from_utf8(&reason).ok());
    or_none(next(), reason, |values, reason| values.bytes(reason.as_bytes()));
    next().bool(frame.automatic);
    next().bool(row.altered);
    or_none(next(), frame.after.map(|after| after.as_secs_f64()), Values::double);
    let violations = Some(&row.violations).filter(|text| !text.is_empty());
    or_none(next(), violations, |values, text| values.bytes(text.as_bytes()));
}

fn or_none<T>(values: &mut Values, value: Option<T>, add: impl FnOnce(&mut Values, T)) {
    match value {
        Some(value) => add(values, value),
        None => values.none(),
    }
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, optional: false }
}

const fn optional(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, optional: true }
}
