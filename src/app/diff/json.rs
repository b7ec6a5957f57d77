//! The differences of two recordings for programs: one JSON object on a line.
//!
//! - `wscope_diff`: 1, the version; it is raised when a member changes its meaning. `same`: whether there are none.
//! - `a`, `b`: each recording's `file`, and `damaged`: how many of its lines could not be read.
//! - `connections`: a list, each with `a` and `b`: its numbers, or `null` for one that is in one recording alone; `same`;
//!   `handshake`: a list of what differs in the opening handshakes, with `part` (`request` or `response`), `header` (`null` for
//!   the start line), `a` and `b` (`null`: not there); and `verdict`, as [`crate::replay::compare::to_json`] says, with the
//!   first recording as `recorded` and the second as `live`; `null` for one that is in one recording alone.

use serde_json::{Value, json};

use super::{Compared, Connection};
use crate::replay::compare::to_json;

/// The object, with `\n`.
pub(super) fn object(compared: &Compared) -> String {
    let file = |side: usize| json!({ "file": compared.names[side], "damaged": compared.damaged[side] });
    let object = json!({
        "wscope_diff": 1,
        "same": compared.is_same(),
        "a": file(0),
        "b": file(1),
        "connections": compared.connections.iter().map(connection).collect::<Value>(),
    });
    format!("{object}\n")
}

fn connection(connection: &Connection) -> Value {
    match connection {
        Connection::Both(both) => json!({
            "a": both.a.number,
            "b": both.b.number,
            "same": both.is_same(),
            "handshake": both.handshake.iter().map(|difference| json!({
                "part": difference.part,
                "header": difference.header,
                "a": difference.values[0],
                "b": difference.values[1],
            })).collect::<Value>(),
            "verdict": to_json(&both.verdict),
        }),
        Connection::One(side, score) => {
            let number = |of: usize| (*side == of).then_some(score.number);
            json!({ "a": number(0), "b": number(1), "same": false, "handshake": [], "verdict": null })
        }
    }
}
