//! The page as bytes: what a browser would take for markup, what it may run, and the data that its script reads.

use std::path::Path;

use serde_json::{Value, json};

use super::super::{Format, Source, export};
use super::*;

/// The page of a recording with these events of connection 1.
fn page(events: &[Value]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("<b>&\u{1b}.wsrec");
    let mut lines = String::from("{\"wscope\":1,\"by\":\"<!--\",\"secrets\":\"masked\"}\n");
    for event in events {
        let mut event = event.clone();
        event["c"] = json!(1);
        lines.push_str(&event.to_string());
        lines.push('\n');
    }
    std::fs::write(&path, lines).expect("a recording");
    exported(&path)
}

fn exported(path: &Path) -> String {
    let mut out = Vec::new();
    let source = Source::open(path, Vec::new()).expect("a recording");
    export(Format::Html, &source, &mut out).expect("a page");
    String::from_utf8(out).expect("UTF-8")
}

/// The values of the scripts of this class, as a browser finds them.
fn data(page: &str, class: &str) -> Vec<Value> {
    let begin = format!("<script type=\"application/json\" class=\"{class}\">");
    let texts = page.split(&begin).skip(1).filter_map(|rest| rest.split_once("</script>"));
    texts.map(|(text, _)| serde_json::from_str(text).expect("JSON")).collect()
}

#[test]
fn nothing_of_a_peer_is_markup_or_control_in_the_page() {
    let nasty = "</script><script>alert(1)</script><!--<img onerror=x>\u{1b}[31m\u{9b}\u{2028}\0";
    let head = format!("GET / HTTP/1.1\r\nX: {nasty}\r\n\r\n");
    let page = page(&[
        json!({"t": 0, "ev": "open", "role": "client", "url": nasty}),
        json!({"t": 0, "ev": "request", "raw": head}),
        json!({"t": 0, "ev": "frame", "dir": "received", "op": "text", "text": nasty}),
        json!({"t": 0, "ev": "later", "text": nasty}),
    ]);
    assert_eq!(data(&page, "payloads"), [json!([0, 0, nasty, 0])]);
    let events = &data(&page, "rows")[0]["e"];
    assert_eq!((&events[0][1]["url"], &events[1][1]["raw"]), (&json!(nasty), &json!(head)));
    assert!(events[2][1]["text"].as_str().is_some_and(|text| text.contains("this version does not know")));
    for foreign in ["alert(1)</", "<img", "<!--", "<b>"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    // The doctype, the data and one script, each element of which ends where it should.
    assert_eq!(page.matches("</script>").count(), 4);
    assert!(!page.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{2028}'));
}

#[test]
fn the_policy_lets_run_just_what_is_in_the_page() {
    let page = page(&[]);
    let (_, rest) = page.split_once("<script type=\"module\">").expect("a script");
    let (script, _) = rest.split_once("</script>").expect("its end");
    let (_, rest) = page.split_once("<style>").expect("a style");
    let (style, _) = rest.split_once("</style>").expect("its end");
    let policy = format!(
        "content=\"default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'\"",
        digest(script),
        digest(style)
    );
    assert!(page.contains(&policy), "{policy}");
    assert!(!page.contains("{data}") && !page.contains("{script}") && !page.contains("{style}"));
    for outside in ["http://h", "https://", "@import", "url(", "innerHTML", "insertAdjacent", "document.write", "eval("]
    {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn payloads_are_kept_byte_for_byte_up_to_the_limit() {
    let long = "é".repeat(LIMIT);
    let frame = |rest: Value| {
        let mut event = json!({"t": 0.5, "ev": "frame", "dir": "received", "op": "text"});
        event.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
        event
    };
    let page = page(&[
        frame(json!({"text": "whole"})),
        frame(json!({"op": "binary", "b64": "AP/+"})),
        frame(json!({"rsv": 4, "wire": "ykjNyclXyEAnAQA=", "text": "hello"})),
        frame(json!({"text": format!("x{long}")})),
        frame(json!({"length": 9, "message": false, "text": "cut"})),
        frame(json!({"length": 9_223_372_036_854_775_809_u64, "len": 64, "message": false, "text": ""})),
    ]);
    let cut = format!("x{}", "é".repeat(LIMIT / 2 - 1));
    let expected = json!([
        "whole",
        {"b": "AP/+"},
        {"b": "ykjNyclXyEAnAQA=", "m": "hello"},
        {"s": cut, "size": 2 * LIMIT + 1},
        {"s": "cut", "size": 3},
        {"s": "", "size": 0, "length": "9223372036854775809"},
    ]);
    assert_eq!(data(&page, "payloads"), [expected]);
    let rows = &data(&page, "rows")[0];
    assert_eq!(rows["t"], json!([500_000, 0, 0, 0, 0, 0]));
    assert_eq!(rows["n"], json!([1, 1, 1, 1, 1, 1]));
    assert_eq!(rows["l"], json!([5, 3, 11, 2 * LIMIT + 1, 9, 1_u64 << 53]));
    // Text with FIN that completes its message; the third compressed, with RSV1; the last two complete none.
    let plain = 1 | 1 << 4 | 1 << 13;
    let flags = json!([plain, plain + 1, plain | 1 << 7 | 1 << 14, plain | 2 << 10, 1 | 1 << 4, 1 | 1 << 4 | 2 << 10]);
    assert_eq!(rows["f"], flags);
}

#[test]
fn a_long_recording_is_in_blocks_that_go_on_from_one_another() {
    let frames: Vec<Value> = (1..=5000)
        .map(|number| json!({"t": f64::from(number) / 1000.0, "ev": "frame", "dir": "sent", "op": "text", "mask": "00000001", "text": "a"}))
        .collect();
    let rows = data(&page(&frames), "rows");
    let sum = |name: &str| -> i64 {
        let columns = rows.iter().filter_map(|block| block[name].as_array());
        columns.flatten().filter_map(Value::as_i64).sum()
    };
    assert_eq!((rows.len(), sum("n"), sum("t"), sum("k")), (2, 5000, 5_000_000, 5000));
}
