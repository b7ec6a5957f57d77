//! `wscope export -o session.parquet` as `DuckDB` reads it, which knows nothing of wscope.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::export::AWKWARD;
use crate::support::command::wscope;
use crate::support::peers::{missing, peers, reader};

/// What `DuckDB` answers to a query about the frames of a recording, as lists of values; `None` without it.
fn asked(recording: &Path, query: &str) -> Option<Value> {
    let python = peers().join("duckdb/bin/python");
    if !python.exists() {
        missing("duckdb");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.parquet");
    wscope(["export".as_ref(), recording, "-o".as_ref(), &file]).run().success("");
    let query = query.replace("FRAMES", &format!("'{}'", file.display()));
    let script = "import duckdb, json, sys; print(json.dumps(duckdb.sql(sys.stdin.read()).fetchall()))";
    let answer = reader(python.to_str().unwrap(), &["-c", script], &query)?;
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    Some(serde_json::from_slice(&answer.stdout).unwrap())
}

#[test]
fn the_numbers_are_those_of_stats() {
    let query =
        "SELECT direction, opcode, count(*), sum(octet_length(payload))::BIGINT FROM FRAMES GROUP BY ALL ORDER BY ALL";
    let Some(seen) = asked(AWKWARD.as_ref(), query) else { return };
    let stats = wscope(["stats", AWKWARD, "--format", "json"]).run();
    let stats: Value = serde_json::from_slice(&stats.stdout).unwrap();
    let opcode = |count: &Value| count["opcode"].as_str().map_or_else(|| count["opcode"].to_string(), str::to_owned);
    let counts = stats["counts"].as_array().unwrap().iter();
    let mut counts: Vec<Value> =
        counts.map(|count| json!([count["direction"], opcode(count), count["frames"], count["payload"]])).collect();
    counts.sort_by_key(ToString::to_string);
    assert_eq!(seen, json!(counts));
}

/// What is asked of each frame: a name, and the expression that has its value in JSON.
const COLUMNS: [(&str, &str); 21] = [
    ("frame", "frame"),
    ("connection", "connection"),
    ("time", "epoch_us(time)"),
    ("seconds", "seconds"),
    ("fin", "fin"),
    ("rsv", "rsv"),
    ("masked", "masked"),
    ("masking_key", "masking_key"),
    ("length", "length"),
    ("payload", "hex(payload)"),
    ("text", "text"),
    ("inflated", "hex(inflated)"),
    ("message", "message"),
    ("fragment", "fragment"),
    ("message_size", "message_size"),
    ("close_code", "close_code"),
    ("close_reason", "close_reason"),
    ("automatic", "automatic"),
    ("altered", "altered"),
    ("after", "after"),
    ("violations", "violations"),
];

/// The row of a frame, by name: this, and in all else an unmasked, unfragmented frame of connection 1 that is no message.
fn row(own: Value) -> Value {
    let mut row = json!({
        "connection": 1, "fin": true, "rsv": 0, "masked": false, "masking_key": null, "text": null, "inflated": null,
        "message": null, "fragment": null, "message_size": null, "close_code": null, "close_reason": null,
        "automatic": false, "altered": false, "after": null, "violations": null,
    });
    if let Value::Object(own) = own {
        row.as_object_mut().unwrap().extend(own);
    }
    row
}

#[test]
fn each_value_is_that_of_the_recording() {
    let columns = COLUMNS.map(|(_, expression)| expression).join(", ");
    let query = format!("SELECT {columns} FROM FRAMES ORDER BY frame");
    let Some(seen) = asked(AWKWARD.as_ref(), &query) else { return };
    let named = |values: &Value| -> Value {
        let values = values.as_array().unwrap();
        assert_eq!(values.len(), COLUMNS.len());
        COLUMNS.iter().zip(values).map(|((name, _), value)| ((*name).to_owned(), value.clone())).collect()
    };
    let seen: Vec<Value> = seen.as_array().unwrap().iter().map(named).collect();
    let hello = "hello hello hello hello";
    let text = "two\r\nlines\tand \0 and \x1b[31mred\x1b[0m, \\ and \u{2603}";
    let hex = |text: &str| text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02X}"));
    let start = seen[0]["time"].as_u64().unwrap() - 5000;
    assert_eq!(start, 1_795_407_600_999_990, "2026-11-23T04:20:00.99999Z");
    for expected in [
        json!({"frame": 2, "connection": 2, "time": start + 5000, "seconds": 0.005, "masked": true,
            "masking_key": "00000001", "length": 0, "payload": "", "text": "", "message_size": 0}),
        json!({"frame": 3, "time": start + 5200, "seconds": 0.0052, "length": text.len(), "payload": hex(text),
            "text": text, "message_size": text.len(), "after": 0.0002}),
        json!({"frame": 5, "time": start + 6000, "seconds": 0.006, "length": 3, "payload": "00FFFE",
            "message_size": 3}),
        json!({"frame": 8, "time": start + 7000, "seconds": 0.007, "rsv": 4, "length": 11,
            "payload": "CA48CDC9C957C840270100", "text": hello, "inflated": hex(hello), "message_size": 23}),
        json!({"frame": 9, "time": start + 8000, "seconds": 0.008, "fin": false, "length": 3, "payload": "C3BCC3",
            "message": 9, "fragment": 1}),
        json!({"frame": 11, "time": start + 8100, "seconds": 0.0081, "masked": true, "masking_key": "9f2c11aa",
            "length": 11, "payload": "7374696C6C20686572653F", "text": "still here?", "automatic": true}),
        json!({"frame": 13, "connection": 2, "time": start + 9000, "seconds": 0.009, "length": 2, "payload": "C328",
            "violations": "reserved opcode"}),
        json!({"frame": 16, "time": start + 9200, "seconds": 0.0092, "masked": true, "masking_key": "9f2c11aa",
            "length": 7, "payload": "03EFC3BC2C220A", "close_code": 1007, "close_reason": "\u{fc},\"\n"}),
    ] {
        let number = usize::try_from(expected["frame"].as_u64().unwrap()).unwrap();
        assert_eq!(seen[number - 1], row(expected), "frame {number}");
    }
    assert_eq!(seen.len(), 16);
}

#[test]
fn a_long_recording_has_several_row_groups() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("long.wsrec");
    let mut lines = String::from("{\"wscope\":1}\n");
    for number in 1..=7 {
        let text = number.to_string().repeat(3 << 20);
        writeln!(lines, r#"{{"t":0,"c":1,"ev":"frame","dir":"received","op":"text","text":"{text}"}}"#).unwrap();
    }
    std::fs::write(&recording, lines).unwrap();
    let query = "SELECT frame, md5(text) = md5(repeat(frame::VARCHAR, 3145728)), time, (SELECT num_row_groups FROM
        parquet_file_metadata(FRAMES)) FROM FRAMES ORDER BY frame";
    let Some(seen) = asked(&recording, query) else { return };
    let row = |number| json!([number, true, null, 4]);
    assert_eq!(seen, (1..=7).map(row).collect::<Value>());
    let empty = folder.path().join("empty.wsrec");
    std::fs::write(&empty, "{\"wscope\":1}\n").unwrap();
    assert_eq!(asked(&empty, "SELECT count(*), count(text) FROM FRAMES"), Some(json!([[0, 0]])));
}
