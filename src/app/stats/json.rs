//! The statistics of a recording for programs: one JSON object on a line, whose keys stay.
//!
//! Bytes, messages and frames are whole numbers; times are seconds. What there is nothing of is 0, `[]`, `{}` or `null`.
//!
//! - `file`, `version`, `by`, `created` (of the recording, `null` if it does not say), `connections`, `first` and `last` (times
//!   of the first and the last event on the timeline), `seconds` between them.
//! - `damaged`: `lines`, `bytes` and `first` (in words) of lines that could not be read.
//! - `counts`: a list of `direction`, `opcode` (a name, or the number of a reserved one), `frames`, `messages` (that such a frame
//!   began), `payload` and `wire` in bytes.
//! - `totals`: `sent` and `received`, each with `frames`, `messages`, `payload`, `headers`, `masking_keys`, `wire` (those three
//!   together) and `handshake` (head of the opening handshake), in bytes.
//! - `compression`: `messages`, `wire` and `content` (inflated) in bytes, `saved` (negative if it was larger).
//! - `undecoded`: bytes received after a connection failed.
//! - `series`: `start` and `slot_seconds`; `sent` and `received`, each with lists of `messages` and `bytes` a slot.
//! - `sizes`: of messages, inflated: `sent` and `received`, each with `count`, `mean`, `p50`, `p90`, `p99`, `max` in bytes, and
//!   `ranges`, a list of `[lowest, highest, count]`.
//! - `latency`: `ping`, `request` (answers that match by `id`) and `reply` (the first message received after one sent), each
//!   with `count`, `mean`, `p50`, `p90`, `p99`, `max`; `request` also with `unanswered`.
//! - `silences`: at most five, the longest first: `seconds`, `connection`, `frame` (the one before) and `from` (its time).
//! - `closes`: a list of `by`, `code`, `clean`, `count`, `reason` (of the first).
//! - `violations`: a list of `rule`, `section`, `count`, `frame` (the first that did, `null` in the opening handshake).
//! - `polling`: `interval`, `requests`, `bytes`, `websocket_bytes`, `mean_wait`; `null` without an opening handshake. The
//!   formula is at [`crate::recording::stats::Polling`].
//!
//! Percentiles are by nearest rank, never too low and at most 1/64 too high; the rest is exact.

use std::time::Duration;

use serde_json::{Value, json};

use super::Shown;
use crate::event::Direction;
use crate::recording::stats::{Histogram, Stats};

/// The object, with `\n`.
#[must_use]
pub(super) fn report(Shown { name, header, stats }: &Shown<'_>) -> String {
    let created = header.created.and_then(|time| jiff::Timestamp::try_from(time).ok());
    let object = json!({
        "file": name,
        "version": header.version,
        "by": header.by,
        "created": created.map(|time| format!("{time:.6}")),
        "connections": stats.connections,
        "first": seconds(stats.first.unwrap_or_default()),
        "last": seconds(stats.last),
        "seconds": seconds(stats.lasted()),
        "damaged": {
            "lines": stats.damaged,
            "bytes": stats.damaged_bytes,
            "first": stats.damage.as_ref().map(ToString::to_string),
        },
        "counts": counts(stats),
        "totals": { "sent": total(stats, Direction::Sent), "received": total(stats, Direction::Received) },
        "compression": {
            "messages": stats.compressed.messages,
            "wire": stats.compressed.wire,
            "content": stats.compressed.content,
            "saved": stats.compressed.content.cast_signed() - stats.compressed.wire.cast_signed(),
        },
        "undecoded": stats.undecoded,
        "series": {
            "start": seconds(stats.series.start()),
            "slot_seconds": seconds(stats.series.width()),
            "sent": series(stats, 0),
            "received": series(stats, 1),
        },
        "sizes": { "sent": sizes(&stats.sizes[0]), "received": sizes(&stats.sizes[1]) },
        "latency": {
            "ping": latency(&stats.pings),
            "request": request(stats),
            "reply": latency(&stats.replies),
        },
        "silences": stats.silences.iter().map(|silence| json!({
            "seconds": seconds(silence.lasted),
            "connection": silence.connection,
            "frame": silence.frame,
            "from": seconds(silence.from),
        })).collect::<Value>(),
        "closes": stats.closes.iter().map(|(closing, closes)| json!({
            "by": closing.by,
            "code": closing.code,
            "clean": closing.clean,
            "count": closes.count,
            "reason": closes.reason,
        })).collect::<Value>(),
        "violations": stats.violations.iter().map(|(rule, broken)| json!({
            "rule": rule,
            "section": broken.section,
            "count": broken.count,
            "frame": broken.frame,
        })).collect::<Value>(),
        "polling": stats.polling().map(|polling| json!({
            "interval": seconds(polling.interval),
            "requests": polling.requests,
            "bytes": polling.bytes,
            "websocket_bytes": polling.websocket,
            "mean_wait": seconds(polling.wait()),
        })),
    });
    format!("{object}\n")
}

fn counts(stats: &Stats) -> Value {
    let row = |(direction, opcode, count): (Direction, crate::protocol::Opcode, &crate::recording::stats::Count)| {
        let opcode = opcode.name().map_or_else(|| json!(opcode.bits()), |name| json!(name));
        json!({
            "direction": direction.name(),
            "opcode": opcode,
            "frames": count.frames,
            "messages": count.messages,
            "payload": count.payload,
            "wire": count.wire,
        })
    };
    stats.tally.rows().map(row).collect()
}

fn total(stats: &Stats, direction: Direction) -> Value {
    let total = stats.tally.total(direction);
    json!({
        "frames": total.frames,
        "messages": total.messages,
        "payload": total.payload,
        "headers": total.headers(),
        "masking_keys": total.keys,
        "wire": total.wire,
        "handshake": stats.heads[direction as usize],
    })
}

fn series(stats: &Stats, way: usize) -> Value {
    let slots = stats.series.slots();
    json!({
        "messages": slots.iter().map(|slot| slot.messages[way]).collect::<Vec<_>>(),
        "bytes": slots.iter().map(|slot| slot.bytes[way]).collect::<Vec<_>>(),
    })
}

fn sizes(sizes: &Histogram) -> Value {
    let mut object = spread(sizes, |bytes| json!(bytes));
    object["ranges"] = json!(sizes.ranges());
    object
}

fn request(stats: &Stats) -> Value {
    let mut object = latency(stats.calls.latency());
    object["unanswered"] = json!(stats.calls.unanswered());
    object
}

fn latency(latency: &Histogram) -> Value {
    spread(latency, |micros| json!(seconds(Duration::from_micros(micros))))
}

fn spread(values: &Histogram, unit: impl Fn(u64) -> Value) -> Value {
    json!({
        "count": values.count(),
        "mean": unit(values.mean()),
        "p50": unit(values.percentile(50)),
        "p90": unit(values.percentile(90)),
        "p99": unit(values.percentile(99)),
        "max": unit(values.max()),
    })
}

/// To the microsecond, as the recording has it.
#[allow(clippy::cast_precision_loss, reason = "2^53 us are 285 years")]
fn seconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e6
}
