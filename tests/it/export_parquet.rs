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

#[test]
fn each_value_is_that_of_the_recording() {
    let query =
        "SELECT frame, connection, epoch_us(time), seconds, fin, rsv, masked, masking_key, length, hex(payload), text,
        hex(inflated), message, fragment, message_size, close_code, close_reason, automatic, altered, after, violations
        FROM FRAMES ORDER BY frame";
    let Some(seen) = asked(AWKWARD.as_ref(), query) else { return };
    let hello = "hello hello hello hello";
    let inflated: String = hello.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02X}"));
    let none = Value::Null;
    let row = |number: usize| seen[number - 1].clone();
    let start = row(1)[2].as_u64().unwrap() - 5000;
    assert_eq!(start, 1_795_407_600_999_990, "2026-11-23T04:20:00.99999Z");
    let text = "two\r\nlines\tand \0 and \x1b[31mred\x1b[0m, \\ and \u{2603}";
    let payload = text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02X}"));
    for (number, expected) in [
        (
            2,
            json!([
                2,
                2,
                start + 5000,
                0.005,
                true,
                0,
                true,
                "00000001",
                0,
                "",
                "",
                none,
                none,
                none,
                0,
                none,
                none,
                false,
                false,
                none,
                none
            ]),
        ),
        (
            3,
            json!([
                3,
                1,
                start + 5200,
                0.0052,
                true,
                0,
                false,
                none,
                text.len(),
                payload,
                text,
                none,
                none,
                none,
                text.len(),
                none,
                none,
                false,
                false,
                0.0002,
                none
            ]),
        ),
        (
            5,
            json!([
                5,
                1,
                start + 6000,
                0.006,
                true,
                0,
                false,
                none,
                3,
                "00FFFE",
                none,
                none,
                none,
                none,
                3,
                none,
                none,
                false,
                false,
                none,
                none
            ]),
        ),
        (
            8,
            json!([
                8,
                1,
                start + 7000,
                0.007,
                true,
                4,
                false,
                none,
                11,
                "CA48CDC9C957C840270100",
                hello,
                inflated,
                none,
                none,
                23,
                none,
                none,
                false,
                false,
                none,
                none
            ]),
        ),
        (
            9,
            json!([
                9,
                1,
                start + 8000,
                0.008,
                false,
                0,
                false,
                none,
                3,
                "C3BCC3",
                none,
                none,
                9,
                1,
                none,
                none,
                none,
                false,
                false,
                none,
                none
            ]),
        ),
        (
            11,
            json!([
                11,
                1,
                start + 8100,
                0.0081,
                true,
                0,
                true,
                "9f2c11aa",
                11,
                "7374696C6C20686572653F",
                "still here?",
                none,
                none,
                none,
                none,
                none,
                none,
                true,
                false,
                none,
                none
            ]),
        ),
        (
            13,
            json!([
                13,
                2,
                start + 9000,
                0.009,
                true,
                0,
                false,
                none,
                2,
                "C328",
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                false,
                false,
                none,
                "reserved opcode"
            ]),
        ),
        (
            16,
            json!([
                16,
                1,
                start + 9200,
                0.0092,
                true,
                0,
                true,
                "9f2c11aa",
                7,
                "03EFC3BC2C220A",
                none,
                none,
                none,
                none,
                none,
                1007,
                "\u{fc},\"\n",
                false,
                false,
                none,
                none
            ]),
        ),
    ] {
        assert_eq!(row(number), expected, "frame {number}");
    }
    assert_eq!(seen.as_array().unwrap().len(), 16);
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
