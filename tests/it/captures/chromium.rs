//! A session of Chromium with a server made with `ws` of npm, as four saw it: its DevTools, which exported HAR (tests/har),
//! dumpcap on the wire (tests/captures), the server, and the page. What the first two give is held against the others.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{all, dissected, events, opcode};
use crate::support::command::wscope;

const HAR: &str = "tests/har/chrome.har";
const CAPTURE: &str = "tests/captures/chromium.pcap";

fn import(path: &str) -> String {
    let ended = wscope(["import", path, "-o", "-"]).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.text().to_owned()
}

/// The messages that the server or the page heard on the first connection, and when, in microseconds since the Unix epoch.
fn heard(by: &str) -> Vec<(i64, Value)> {
    let seen: Value = serde_json::from_slice(&fs::read("tests/har/chrome.seen.json").unwrap()).unwrap();
    let message = |line: &Value| {
        let is_message = line["path"] != "/broken" && (line["text"].is_string() || line["binary"].is_string());
        is_message.then(|| ((line["ms"].as_f64().unwrap() * 1e3).round() as i64, json!([line["text"], line["binary"]])))
    };
    seen[by].as_array().unwrap().iter().filter_map(message).collect()
}

/// The same of a recording, as they were sent or received.
fn messages(recording: &str, direction: &str) -> Vec<(i64, Value)> {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.wsrec");
    fs::write(&path, recording).unwrap();
    let ended = wscope(["export", "--conn", "1", "--to", "jsonl", "-o", "-"]).arg(&path).run();
    let message = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let time: jiff::Timestamp = line["time"].as_str().unwrap().parse().unwrap();
        // An empty one is text, too.
        let payload = line.get("base64").unwrap_or(&line["text"]);
        let message = if line["type"] == "text" { json!([payload, null]) } else { json!([null, payload]) };
        (line["direction"] == direction).then(|| (time.as_microsecond(), message))
    };
    ended.text().lines().filter_map(message).collect()
}

/// What was sent is what the server heard, at that time or just before; what was received is what the page heard. The server
/// wrote whole milliseconds down, the page tenths of them.
#[test]
fn messages_and_their_times_are_those_of_server_and_page() {
    let (server, page) = (heard("server"), heard("page"));
    assert_eq!((server.len(), page.len()), (8, 8));
    let content = |messages: &[(i64, Value)]| messages.iter().map(|(_, message)| message.clone()).collect::<Vec<_>>();
    for path in [HAR, CAPTURE] {
        let recording = import(path);
        let (sent, received) = (messages(&recording, "sent"), messages(&recording, "received"));
        assert_eq!(content(&sent), content(&server), "{path}");
        assert_eq!(content(&received), content(&page), "{path}");
        for index in 0..8 {
            let [sent, server, received, page] = [&sent, &server, &received, &page].map(|list| list[index].0);
            let in_order = sent < server + 1_000 && server <= received && received < page + 100;
            assert!(in_order, "{path}, message {index}: {sent} {server} {received} {page}");
            assert!(page - received < 4_000, "{path}, message {index}: {received} {page}");
        }
    }
}

#[test]
fn devtools_tell_of_errors_and_secrets_are_masked() {
    let recording = import(HAR);
    let errors: Vec<_> = all(&recording, "error").into_iter().map(|error| error["text"].clone()).collect();
    let refused = "Error during WebSocket handshake: Unexpected response code: 403";
    assert_eq!(errors, ["Unrecognized frame opcode: 3", refused]);
    assert!(!recording.contains("t0p-secret"), "{recording}");
    let ready = &all(&recording, "ready")[0];
    assert_eq!(ready["extensions"], "permessage-deflate");
    let upgrade = ready["upgrade"].as_f64().unwrap();
    assert!(upgrade > 0.0 && upgrade < 0.01, "done before the first message: {upgrade}");
}

#[test]
fn the_wire_has_all_that_the_server_saw() {
    let recording = import(CAPTURE);
    let frames = all(&recording, "frame");
    let first: Vec<_> = frames.iter().filter(|frame| frame["op"] == "text" || frame["op"] == "binary").collect();
    assert!(first.len() == 17 && first.iter().all(|frame| frame["rsv"] == 4), "each message is compressed");
    let of = |op: &str| {
        frames.iter().filter(|frame| frame["op"] == op).map(|frame| frame["text"].clone()).collect::<Value>()
    };
    assert_eq!([of("ping"), of("pong")], [json!(["now"]), json!(["now"])]);
    assert_eq!(of("continuation"), json!([null, "hello there"]), "with the first frame there are three");
    let again = frames.iter().find(|frame| frame["text"].as_str().is_some_and(|text| text.len() == 119)).unwrap();
    assert_eq!(again["wire"], "ygAZo0B3EgA=", "a context that was taken over");
    let close =
        |code: u16, reason: &str| json!({"ev": "close", "by": "us", "code": code, "reason": reason, "clean": true});
    assert_eq!(all(&recording, "close"), [close(1000, "bye"), close(1002, "Unknown opcode")]);
    let broken = &all(&recording, "violation")[0];
    assert_eq!([&broken["rule"], &broken["detail"]], ["reserved opcode", "opcode 3"]);
    let refusal = &all(&recording, "response")[2];
    assert_eq!([&refusal["status"], &refusal["body"]], [&json!(403), &json!("no")]);
    assert!(all(&recording, "note").is_empty());
}

#[test]
fn tshark_sees_the_same_frames_at_the_same_times() {
    let fields = ["frame.time_epoch", "websocket.opcode", "websocket.fin", "websocket.masking_key"];
    let Some(mut rows) = dissected(Path::new(CAPTURE), &fields) else { return };
    // Times have nine decimals; versions differ in how they write a bit.
    for row in &mut rows {
        row[0] = row[0].replace('.', "")[..16].to_owned();
        row[2] = row[2].replace("True", "1").replace("False", "0");
    }
    let recording = import(CAPTURE);
    let expected: Vec<Vec<String>> = events(&recording, &["frame"])
        .iter()
        .map(|(time, frame)| {
            let fin = u8::from(frame["fin"] != Value::Bool(false)).to_string();
            let key = frame["mask"].as_str().unwrap_or_default().to_owned();
            vec![time.to_string(), opcode(&frame["op"]).to_string(), fin, key]
        })
        .collect();
    assert_eq!(rows, expected);
}
