//! `wscope stats` on a small recording whose numbers can be counted by hand, and on files that are none.
//!
//! `WSCOPE_BLESS=1 cargo test --test it stats` writes what it says now; reading the difference is the test then.

use std::fmt::Write as _;
use std::fs;

use unicode_width::UnicodeWidthStr as _;

use crate::support::command::wscope;

/// Two connections: one with a request and its answer, a ping, fragments, a compressed message and a broken rule, one that was
/// refused; then a torn line.
const EXCHANGE: &str = "tests/golden/stats/exchange.wsrec";

#[track_caller]
fn is_golden(name: &str, got: &str) {
    let path = format!("{}/tests/golden/stats/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("WSCOPE_BLESS").is_some() {
        fs::write(&path, got).unwrap();
    }
    assert_eq!(got, fs::read_to_string(&path).unwrap_or_default(), "{path}: WSCOPE_BLESS=1 writes it");
}

#[test]
fn an_exchange_in_numbers() {
    let ended = wscope(["stats", EXCHANGE]).run();
    ended.success(&ended.stdout);
    is_golden("exchange.txt", ended.text());
    let one = wscope(["stats", EXCHANGE, "--conn", "2"]).run();
    one.success(&one.stdout);
    is_golden("refused.txt", one.text());
}

#[test]
fn only_what_happened_between_two_places_is_counted() {
    let counted = |args: &[&str]| {
        let ended = wscope(["stats", EXCHANGE, "--format", "json"]).args(args).run();
        ended.success(&ended.stdout);
        let object: serde_json::Value = serde_json::from_str(ended.text()).unwrap();
        let frames = |way: &str| object["totals"][way]["frames"].as_u64().unwrap();
        (object["connections"].clone(), frames("sent"), frames("received"), object)
    };
    // As the viewer does: the ping and its pong, by their times and by their numbers.
    for args in [["--from", "1s", "--to", "1.5s"], ["--from", "#4", "--to", "#5"]] {
        let (connections, sent, received, object) = counted(&args);
        assert_eq!((connections, sent, received), (1.into(), 1, 1), "{args:?} {object}");
        assert_eq!(object["latency"]["ping"]["count"], 1, "{object}");
        assert_eq!(object["latency"]["request"]["count"], 0, "{object}");
    }
    let (connections, sent, received, object) = counted(&["--from", "4.5s"]);
    assert_eq!((connections, sent, received), (1.into(), 0, 0), "{object}");
    let (connections, sent, received, object) = counted(&["--to", "0.4s"]);
    assert_eq!((connections, sent, received), (1.into(), 0, 0), "{object}");
    assert_eq!(counted(&["--from", "1h"]).0, 0);
    let wrong = wscope(["stats", EXCHANGE, "--from", "soon"]).run();
    assert!(wrong.code == Some(2) && wrong.stderr.contains("\"soon\" for --from"), "{}", wrong.stderr);
}

#[test]
fn an_exchange_as_an_object() {
    let ended = wscope(["stats", EXCHANGE, "--format", "json", "--polling", "500ms"]).run();
    ended.success(&ended.stdout);
    assert_eq!(ended.text().matches('\n').count(), 1);
    let object: serde_json::Value = serde_json::from_str(ended.text()).unwrap();
    is_golden("exchange.json", &(serde_json::to_string_pretty(&object).unwrap() + "\n"));
}

#[test]
fn no_line_is_wider_than_80_columns_and_no_control_character_comes_through() {
    let file = tempfile::Builder::new().prefix(&"名".repeat(60)).tempfile().unwrap();
    let reason = "\\u001b[2J".to_owned() + "é".repeat(50).as_str();
    let mut recording = "{\"wscope\":1,\"by\":\"\\u001b[31mred\"}\n".to_owned();
    for t in 0..200u64 {
        let (text, way) = ("x".repeat(1 << (t % 17)), if t % 2 == 0 { "sent" } else { "received" });
        let (time, number) = (t * t * 1_000_000, u64::MAX - 999 + t);
        let frame = format!(r#""dir":"{way}","op":"text","after":{t}00,"text":"{text}""#);
        let _ = writeln!(recording, r#"{{"t":{time},"c":4294967295,"ev":"frame","n":{number},{frame}}}"#);
    }
    for rest in [
        format!(r#""ev":"violation","rule":"{reason}","section":"{reason}""#),
        format!(r#""ev":"close","by":"peer","code":4999,"reason":"{reason}""#),
    ] {
        let _ = writeln!(recording, r#"{{"t":99999999999,"c":1,{rest}}}"#);
    }
    recording += "no\n";
    fs::write(file.path(), recording).unwrap();
    let ended = wscope(["stats"]).arg(file.path()).run();
    ended.success(&ended.stdout);
    for line in ended.text().lines() {
        assert!(line.width() <= 80, "{} columns: {line}", line.width());
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    assert!(
        ended.text().contains("\nviolations\n") && ended.text().contains("  1 line damaged, 2 B"),
        "{}",
        ended.text()
    );
}

#[test]
fn what_is_no_recording_ends_with_11_and_a_connection_that_is_not_there_with_2() {
    let foreign = wscope(["stats", "Cargo.toml"]).run();
    let message = "wscope: error: \"Cargo.toml\" is no recording: a line that is no header at byte 0, where a recording \
                   begins with {\"wscope\":1,\nhint: wscope record URL -o FILE makes a recording\n";
    foreign.check(11, "", message);
    let missing = wscope(["stats", "no/such.wsrec"]).run();
    let message = "wscope: error: cannot read \"no/such.wsrec\": no such file or directory\nhint: is the path right, and the \
                   file yours?\n";
    missing.check(11, "", message);
    let empty = wscope(["stats", "/dev/null"]).run();
    let message = "wscope: error: \"/dev/null\" is empty: nothing was recorded\nhint: was the recorder stopped before it began?\n";
    empty.check(11, "", message);
    let third = wscope(["stats", EXCHANGE, "--conn", "3"]).run();
    let message = format!("wscope: error: no connection 3 in \"{EXCHANGE}\"\nhint: its connections are 1 to 2\n");
    third.check(2, "", &message);
}
