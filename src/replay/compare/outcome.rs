//! A verdict for programs: one JSON object.
//!
//! - `wscope_verdict`: 1, the version; it is raised when a member changes its meaning. `same`: whether all is as recorded.
//! - `counts`: `messages` (one that was recorded and came counts once), `matched` (of which `moved` in another place), `changed`, `missing`, `unexpected`.
//! - `timing`: how far off the gaps before messages are, in seconds: `gaps` (how many), `p50`, `p99`, `max`, and how many are
//!   `beyond` what is tolerated.
//! - `close`: `same`, and `recorded` and `live`, each with `code`, `reason`, `clean`; `null` if nobody saw the end.
//! - `differences`: a list of what is not as recorded, in order. Each has `what`: `changed`, `missing`, `unexpected`, `moved` or
//!   `late`; `recorded` and `live`: the message there, with `frame` (its number), `time` (seconds), `direction`, and `text` or
//!   `base64`, or `null`; if it changed `fields`, a list of what differs, and if it is late `gap`, with `recorded` and `live` in
//!   seconds. A field has `path` with `recorded` and `live` as JSON text (`null`: not there), with the recorded message's
//!   indices, the last of an element that was not recorded excepted; or `text`, a list of pieces with
//!   one of `same`, `recorded`, `live`; or `offset` (the first byte that differs) with both sizes; or `binary`, if one is text
//!   and the other binary: whether the live one is.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Difference, Drift, Item, Piece, Verdict};
use crate::event::Closed;
use crate::replay::conversation::Message;

/// The object.
#[must_use]
pub fn to_json(verdict: &Verdict) -> Value {
    let (counts, timing, end) = (verdict.counts(), verdict.timing, &verdict.end);
    json!({
        "wscope_verdict": 1,
        "same": verdict.is_same(),
        "counts": {
            "messages": counts.total(),
            "matched": counts.matched,
            "moved": counts.moved,
            "changed": counts.changed,
            "missing": counts.missing,
            "unexpected": counts.unexpected,
        },
        "timing": {
            "gaps": timing.gaps,
            "p50": seconds(timing.p50),
            "p99": seconds(timing.p99),
            "max": seconds(timing.max),
            "beyond": timing.beyond,
        },
        "close": {
            "same": end.is_same(),
            "recorded": end.recorded.as_ref().map(closed),
            "live": end.live.as_ref().map(closed),
        },
        "differences": verdict.items.iter().filter(|item| !item.is_same()).map(difference).collect::<Value>(),
    })
}

fn closed(closed: &Closed) -> Value {
    json!({
        "code": closed.code,
        "reason": String::from_utf8_lossy(&closed.reason),
        "clean": closed.clean,
    })
}

fn difference(item: &Item) -> Value {
    let mut object = json!({
        "what": item.name(),
        "recorded": item.recorded().map(message),
        "live": item.live().map(message),
    });
    match item {
        Item::Changed(_, fields) => object["fields"] = fields.iter().map(field).collect(),
        Item::Matched(pair) => {
            if let Some(Drift { recorded, live, .. }) = pair.drift {
                object["gap"] = json!({ "recorded": seconds(recorded), "live": seconds(live) });
            }
        }
        _ => {}
    }
    object
}

fn message(message: &Message) -> Value {
    let mut object = json!({
        "frame": message.number,
        "time": seconds(message.time),
        "direction": message.direction.name(),
    });
    match std::str::from_utf8(&message.data) {
        Ok(text) if !message.binary => object["text"] = text.into(),
        _ => object["base64"] = STANDARD.encode(&message.data).into(),
    }
    object
}

fn field(difference: &Difference) -> Value {
    match difference {
        Difference::Value { path, recorded, live } => json!({ "path": path, "recorded": recorded, "live": live }),
        Difference::Text(pieces) => {
            let piece = |piece: &Piece| match piece {
                Piece::Same(text) => json!({ "same": text }),
                Piece::Recorded(text) => json!({ "recorded": text }),
                Piece::Live(text) => json!({ "live": text }),
            };
            json!({ "text": pieces.iter().map(piece).collect::<Value>() })
        }
        Difference::Bytes { offset, recorded, live } => json!({ "offset": offset, "recorded": recorded, "live": live }),
        Difference::Kind { binary } => json!({ "binary": binary }),
    }
}

/// To the microsecond, as recordings have it.
#[allow(clippy::cast_precision_loss, reason = "2^53 us are 285 years")]
fn seconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e6
}
