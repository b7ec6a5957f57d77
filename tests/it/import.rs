//! What others recorded, as recordings: what this program exported comes back as it was, and files made by Playwright and by
//! mitmproxy (tests/har says how) bring in what they have.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::export::AWKWARD;
use crate::support::command::wscope;
use crate::support::golden::Golden;
use crate::support::peers::reader;

/// The lines behind the header that an import writes.
fn imported(har: &[u8]) -> Vec<String> {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("a.har"), har).unwrap();
    wscope(["import", "a.har"]).inside(place.path()).run().success("");
    lines(&fs::read_to_string(place.path().join("a.wsrec")).unwrap())
}

fn lines(recording: &str) -> Vec<String> {
    recording.lines().skip(1).map(str::to_owned).collect()
}

fn exported(recording: &str) -> Vec<u8> {
    let ended = wscope(["export", recording, "--to", "har", "-o", "-"]).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout
}

#[test]
fn what_was_exported_comes_back_as_it_was() {
    let (recorded, har) = (fs::read_to_string(AWKWARD).unwrap(), exported(AWKWARD));
    assert_eq!(imported(&har), lines(&recorded));
    let script = "import json, sys; json.dump(json.load(sys.stdin), sys.stdout, indent=2)";
    let Some(python) = reader("python3", &["-c", script], std::str::from_utf8(&har).unwrap()) else { return };
    assert_eq!(imported(&python.stdout), lines(&recorded), "written again by another program");
}

/// All but where somebody went on recording, and a line that is torn.
#[test]
fn the_kept_recording_comes_back() {
    let path = "tests/recordings/v1.wsrec";
    let parsed = |lines: Vec<String>| lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut recorded: Vec<Value> = parsed(lines(&fs::read_to_string(path).unwrap()));
    let mut back: Vec<Value> = parsed(imported(&exported(path)));
    assert_eq!(back.len(), recorded.len());
    for (back, recorded) in back.iter_mut().zip(&mut recorded) {
        // A number that can be counted is not written again.
        for each in [&mut *back, &mut *recorded] {
            each.as_object_mut().unwrap().remove("n");
        }
        if recorded["ev"] != "append" {
            assert_eq!(back, recorded);
        }
    }
}

/// Of a recording that begins later, no more is known than that there was a connection.
#[test]
fn a_connection_without_its_opening_handshake_comes_back() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("late.wsrec");
    let recorded = "{\"wscope\":1,\"created\":\"2026-11-23T04:20:00.000000Z\",\"by\":\"wscope 0.1.0\",\"secrets\":\"masked\"}\n\
        {\"t\":1.000000,\"c\":1,\"ev\":\"open\",\"role\":\"client\",\"url\":\"ws://127.0.0.1:7000/\"}\n\
        {\"t\":1.500000,\"c\":1,\"ev\":\"frame\",\"dir\":\"received\",\"op\":\"text\",\"text\":\"late\"}\n";
    fs::write(&path, recorded).unwrap();
    let har = exported(path.to_str().unwrap());
    let log: Value = serde_json::from_slice(&har).unwrap();
    assert_eq!(log["log"]["entries"][0]["request"]["headers"], serde_json::json!([]));
    assert_eq!(imported(&har), lines(recorded));
}

/// `[direction, type, payload]` of each message.
fn messages(har: &str) -> Value {
    let place = tempfile::tempdir().unwrap();
    let recording = place.path().join("a.wsrec");
    wscope(["import", har, "-o"]).arg(&recording).run().success("");
    let ended = wscope(["export", "--to", "jsonl", "-o", "-"]).arg(&recording).run();
    let message = |line: &str| {
        let message: Value = serde_json::from_str(line).unwrap();
        let payload = message.get("text").or(message.get("base64")).cloned();
        serde_json::json!([message["direction"], message["type"], payload])
    };
    ended.text().lines().map(message).collect()
}

const SAID: [&str; 4] = ["hello", "quotes \" and \\ and \n and \0 and \x1b[31m", "AP/+", "{\"price\":101.5}"];

#[test]
fn mitmproxy_told_of_each_message_and_its_answer() {
    let said = [SAID[0], "", SAID[1], SAID[2], SAID[3]];
    let kind = |text: &str| if text == SAID[2] { "binary" } else { "text" };
    let pair = |text| ["sent", "received"].map(|direction| serde_json::json!([direction, kind(text), text]));
    let expected: Value = said.into_iter().flat_map(pair).collect();
    assert_eq!(messages("tests/har/mitmproxy.har"), expected);
    let shown = wscope(["import", "tests/har/mitmproxy.har", "-o", "-"]).run();
    let text = shown.text();
    assert!(text.starts_with("{\"wscope\":1,\"created\":\"2026-11-23T13:34:12.502670Z\""), "{text}");
    // startedDateTime is 13:34:12.502368, connecting took 0.3016 ms, and the message is of 1795440852.5649402.
    assert!(text.contains("{\"t\":0.062270,\"c\":1,\"ev\":\"frame\",\"dir\":\"sent\""), "{text}");
    for part in [
        "\"url\":\"ws://127.0.0.1:37157/chat?room=1\"",
        "\"addr\":\"127.0.0.1:37157\"",
        "by mitmproxy 11.0.2: not known",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// Playwright has no empty messages; its times are milliseconds, and its messages may be in a file of their own.
#[test]
fn playwright_told_of_messages_here_or_in_a_file_beside() {
    let kind = |text: &str| if text == SAID[2] { "binary" } else { "text" };
    let all = |direction| SAID.map(|text| serde_json::json!([direction, kind(text), text]));
    let expected: Value = all("sent").into_iter().chain(all("received")).collect();
    assert_eq!(messages("tests/har/playwright.har"), expected);
    assert_eq!(messages("tests/har/playwright-attach.har"), expected);
    let shown = wscope(["import", "tests/har/playwright.har", "-o", "-"]).run();
    // startedDateTime is 13:34:37.113, the message of 1795440877235.761.
    assert!(shown.text().contains("{\"t\":0.122761,\"c\":1,\"ev\":\"frame\",\"dir\":\"sent\""), "{}", shown.text());
}

fn har(messages: &str) -> String {
    let headers = "\"headers\":[{\"name\":\"Cookie\",\"value\":\"id=1\"}]";
    let request = format!("{{\"method\":\"GET\",\"url\":\"wss://example.org/chat?token=t0p\",{headers}}}");
    let times = "\"startedDateTime\":\"2026-11-23T05:20:00.500+01:00\"";
    let entry = format!(
        "{{{times},\"request\":{request},\"response\":{{\"status\":101}},\"_webSocketMessages\":[{messages}]}}"
    );
    format!(
        "\u{feff}{{\"log\":{{\"creator\":{{\"name\":\"WebInspector\",\"version\":\"537.36\"}},\"entries\":[{entry}]}}}}"
    )
}

#[test]
fn chrome_has_seconds_and_errors_and_secrets_are_masked() {
    let sent = "{\"type\":\"send\",\"time\":1795407600.75,\"opcode\":1,\"data\":\"hi\"}";
    let error = "{\"type\":\"error\",\"time\":1795407600.8,\"opcode\":-1,\"data\":\"Invalid frame header\"}";
    let lines = imported(har(&[sent, error].join(",")).as_bytes());
    assert!(lines[1].contains("\"url\":\"wss://example.org/chat?token=***\""), "{lines:?}");
    assert!(lines[2].contains("Cookie: ***"), "{lines:?}");
    assert_eq!(
        &lines[5..],
        [
            "{\"t\":0.250000,\"c\":1,\"ev\":\"frame\",\"dir\":\"sent\",\"op\":\"text\",\"mask\":\"00000000\",\"text\":\"hi\"}",
            "{\"t\":0.300000,\"c\":1,\"ev\":\"error\",\"text\":\"Invalid frame header\"}",
        ]
    );
}

#[test]
fn what_is_not_brought_in_is_told_with_its_place() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| fs::write(place.path().join(name), text).unwrap();
    let message = |members: &str| har(&format!("{{\"type\":\"send\",\"time\":1,{members}}}"));
    let attached = fs::read_to_string("tests/har/playwright-attach.har").unwrap();
    let beside = attached.split("\"_file\":\"").nth(1).unwrap().split('"').next().unwrap();
    write("empty.har", b"");
    write("text.har", b"hello");
    write("archive.har", b"PK\x03\x04rest");
    write("recording.har", &fs::read(AWKWARD).unwrap());
    write("json.har", b"{\n  \"a\": 1\n}\n");
    write("cut.har", &exported(AWKWARD)[..4000]);
    write("pages.har", b"{\"log\":{\"entries\":[{\"startedDateTime\":\"\",\"request\":{\"method\":\"GET\",\"url\":\"http://a/\"},\"response\":{\"status\":200}}]}}");
    write("opcode.har", message("\"opcode\":16,\"data\":\"\"").as_bytes());
    write("base64.har", message("\"opcode\":2,\"data\":\"AP/\"").as_bytes());
    write("date.har", har("").replace("2026-11-23T05", "yesterday").as_bytes());
    write("alone.har", attached.as_bytes());
    write("there.wsrec", b"mine");
    let mut golden = Golden::of("import/errors");
    for name in [
        "empty",
        "text",
        "archive",
        "recording",
        "json",
        "cut",
        "pages",
        "opcode",
        "base64",
        "date",
        "alone",
        "missing",
    ] {
        let ended = wscope(["import", &format!("{name}.har"), "-o", "b.wsrec"]).inside(place.path()).run();
        golden.case(&format!("import {name}.har"), &ended, &[(beside, "FILE.jsonl")]);
    }
    fs::copy("tests/har/mitmproxy.har", place.path().join("there.har")).unwrap();
    golden.case("import there.har", &wscope(["import", "there.har"]).inside(place.path()).run(), &[]);
    golden.check();
    assert!(!Path::new(&place.path().join("b.wsrec")).exists());
}
