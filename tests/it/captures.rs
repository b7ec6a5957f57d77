//! Recordings as packets: what tshark sees in them, what comes back of them, and captures in the shapes that other tools write.

use std::fs;
use std::path::Path;

use serde_json::Value;

mod chromium;
mod forms;
mod packets;
mod refused;
mod streams;

use super::export::AWKWARD;
use crate::support::command::wscope;
use crate::support::peers::reader;

/// A recording with everything: the one that other formats are tested with, in which permessage-deflate is asked for, and one
/// over IPv6 and TLS with frames of several segments.
fn recording(place: &Path) -> String {
    let awkward = fs::read_to_string(AWKWARD).unwrap();
    let offer = "Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Extensions: permessage-deflate\\r\\n";
    let mut text = awkward.replacen("Sec-WebSocket-Version: 13\\r\\n", offer, 1);
    let line = |t: &str, more: &str| format!("{{\"t\":0.{t},\"c\":9,{more}}}\n");
    let open = "\"ev\":\"open\",\"role\":\"client\",\"url\":\"wss://localhost/\",\"addr\":\"[::1]:443\",\"tcp\":0.000100,\
                \"tls\":{\"time\":0.000200,\"version\":\"TLS 1.3\"}";
    let request = "GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\
                   Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n";
    let response = "HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\\r\\n\\r\\n";
    text += &line("020000", open);
    text += &line("020010", &format!("\"ev\":\"request\",\"raw\":\"{request}\""));
    text += &line("021000", &format!("\"ev\":\"response\",\"raw\":\"{response}\",\"status\":101"));
    for (t, frame) in [
        (
            "022000",
            format!("\"dir\":\"sent\",\"op\":\"text\",\"mask\":\"01020304\",\"text\":\"{}\"", "x".repeat(1 << 20)),
        ),
        ("023000", format!("\"dir\":\"received\",\"op\":\"binary\",\"text\":\"{}\"", "y".repeat(65_536))),
        ("024000", "\"dir\":\"received\",\"op\":\"close\",\"b64\":\"A+hieWU=\"".into()),
        ("025000", "\"dir\":\"sent\",\"op\":\"close\",\"mask\":\"01020304\",\"b64\":\"A+g=\"".into()),
    ] {
        text += &line(t, &format!("\"ev\":\"frame\",{frame}"));
    }
    text += &line("026000", "\"ev\":\"close\",\"by\":\"peer\",\"code\":1000,\"reason\":\"bye\",\"clean\":true");
    fs::write(place.join("a.wsrec"), &text).unwrap();
    wscope(["export", "a.wsrec", "-o", "a.pcapng"]).inside(place).run().success("");
    text
}

fn imported(place: &Path, capture: &str) -> String {
    wscope(["import", capture, "-o", "again.wsrec", "--force"]).inside(place).run().success("");
    fs::read_to_string(place.join("again.wsrec")).unwrap()
}

/// What a recording has of these kinds, with the wall time in microseconds, without what packets can't say.
fn events(recording: &str, kinds: &[&str]) -> Vec<(i64, Value)> {
    let mut lines = recording.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let created = lines.next().unwrap()["created"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let wanted = lines.filter(|line| kinds.iter().any(|kind| line["ev"] == *kind));
    let event = |mut line: Value| {
        let members = line.as_object_mut().unwrap();
        let seconds = members.remove("t").unwrap().as_f64().unwrap();
        for name in ["n", "c", "auto", "after", "hint"] {
            members.remove(name);
        }
        (created.as_microsecond() + (seconds * 1e6).round() as i64, line)
    };
    wanted.map(event).collect()
}

/// The same of one kind, without times.
fn all(recording: &str, kind: &str) -> Vec<Value> {
    events(recording, &[kind]).into_iter().map(|(_, event)| event).collect()
}

#[test]
fn frames_and_heads_come_back_as_they_were_and_when() {
    let place = tempfile::tempdir().unwrap();
    let recorded = recording(place.path());
    let again = imported(place.path(), "a.pcapng");
    for kind in ["request", "response", "frame"] {
        let (before, after) = (events(&recorded, &[kind]), events(&again, &[kind]));
        assert_eq!(before.len(), after.len(), "{kind}");
        for (before, after) in before.iter().zip(&after) {
            assert!(before == after, "{kind}: {:.300} is not {:.300}", format!("{after:?}"), format!("{before:?}"));
        }
    }
    let close = serde_json::json!({"ev": "close", "by": "peer", "code": 1000, "reason": "bye", "clean": true});
    assert_eq!(events(&again, &["close"]).last().unwrap().1, close);
}

/// The fields of each frame, in order.
fn dissected(capture: &Path, fields: &[&str]) -> Option<Vec<Vec<String>>> {
    let mut args = vec!["-r", capture.to_str().unwrap(), "-Y", "websocket", "-T", "fields", "-E", "separator=|"];
    args.extend(fields.iter().flat_map(|field| ["-e", field]));
    let tshark = reader("tshark", &args, "")?;
    assert!(tshark.status.success(), "{}", String::from_utf8_lossy(&tshark.stderr));
    let text = String::from_utf8(tshark.stdout).unwrap();
    Some(text.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect())
}

/// The number of an opcode of a recording.
fn opcode(op: &Value) -> u64 {
    let names = [(0, "continuation"), (1, "text"), (2, "binary"), (8, "close"), (9, "ping"), (10, "pong")];
    let known = names.iter().find(|(_, name)| op == name);
    known.map(|(number, _)| *number).or(op.as_u64()).unwrap()
}

#[test]
fn tshark_dissects_every_frame_with_nothing_to_set() {
    let place = tempfile::tempdir().unwrap();
    let recorded = recording(place.path());
    let fields =
        ["fin", "rsv", "opcode", "masking_key", "payload.close.status_code"].map(|name| format!("websocket.{name}"));
    let path = place.path().join("a.pcapng");
    let Some(rows) = dissected(&path, &fields.each_ref().map(String::as_str)) else { return };
    let expected: Vec<Vec<String>> = events(&recorded, &["frame"])
        .iter()
        .map(|(_, frame)| {
            let code = match (frame["op"].as_str(), frame["b64"].as_str()) {
                (Some("close"), Some("A+o=")) => "1002",
                (Some("close"), Some("A+/DvCwiCg==")) => "1007",
                (Some("close"), _) => "1000",
                _ => "",
            };
            let fin = u8::from(frame["fin"] != Value::Bool(false));
            let rsv = frame["rsv"].as_u64().unwrap_or_default();
            let key = frame["mask"].as_str().unwrap_or_default();
            [format!("{fin}"), format!("0x{rsv:02x}"), opcode(&frame["op"]).to_string(), key.into(), code.into()].into()
        })
        .collect();
    assert_eq!(rows, expected);
    let payloads = ["payload_length_ext_64", "payload.text"].map(|name| format!("websocket.{name}"));
    let rows = dissected(&path, &payloads.each_ref().map(String::as_str)).unwrap();
    assert_eq!(rows[0][1], "say \"hi\", she said");
    assert_eq!(rows[7][1], "hello hello hello hello", "inflated");
    assert_eq!(rows[11][1], "üü", "from two fragments");
    assert_eq!((rows[16][0].as_str(), rows[17][0].as_str()), ("1048576", "65536"));
}

#[test]
fn tshark_finds_no_fault_with_the_packets() {
    let place = tempfile::tempdir().unwrap();
    recording(place.path());
    let path = place.path().join("a.pcapng");
    let checks = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
    let faults = "tcp.checksum.status==0 || ip.checksum.status==0 || tcp.analysis.flags && !tcp.analysis.reused_ports";
    let args = [&["-r", path.to_str().unwrap(), "-Y", faults], &checks[..]].concat();
    let Some(tshark) = reader("tshark", &args, "") else { return };
    assert!(tshark.status.success(), "{}", String::from_utf8_lossy(&tshark.stderr));
    assert_eq!(String::from_utf8(tshark.stdout).unwrap(), "");
    let comments = ["-r", path.to_str().unwrap(), "-T", "fields", "-e", "frame.comment", "-Y", "frame.comment"];
    let comments = String::from_utf8(reader("tshark", &comments, "").unwrap().stdout).unwrap();
    for said in
        ["really to [::1]:443, here [::1]:80", "decrypted: TLS 1.3", "reserved opcode: opcode 3", "both are open"]
    {
        assert!(comments.contains(said), "{said} is not in {comments}");
    }
}

#[test]
fn a_capture_that_is_cut_off_keeps_what_was_read() {
    let place = tempfile::tempdir().unwrap();
    recording(place.path());
    let whole = fs::read(place.path().join("a.pcapng")).unwrap();
    fs::write(place.path().join("cut.pcapng"), &whole[..2_500]).unwrap();
    let again = imported(place.path(), "cut.pcapng");
    let notes = events(&again, &["note"]);
    let last = notes.last().unwrap().1["text"].as_str().unwrap();
    assert_eq!(last, "the capture can't be read from byte 2500 on: the file ends inside a block");
    assert!(!events(&again, &["frame"]).is_empty());
}

/// Ethernet on the loopback interface, messages compressed with context takeover: tests/captures says how it was made.
#[test]
fn a_capture_of_other_peers_is_decoded() {
    let place = tempfile::tempdir().unwrap();
    fs::copy("tests/captures/ws.pcap", place.path().join("ws.pcap")).unwrap();
    let again = imported(place.path(), "ws.pcap");
    let frames = events(&again, &["frame"]);
    let said: Vec<_> =
        frames.iter().map(|(_, frame)| (frame["dir"].as_str().unwrap(), frame["text"].as_str())).collect();
    let seven = "\u{7}".repeat(300_000);
    let both = |text| [("sent", text), ("received", text)];
    let messages = [Some("hello hello hello"), Some("hello hello again"), Some(seven.as_str())];
    assert_eq!(said[..6], messages.map(both).concat());
    let close = serde_json::json!({"ev": "close", "by": "us", "code": 1000, "reason": "bye", "clean": true});
    assert_eq!(events(&again, &["close"])[0].1, close);
    assert!(events(&again, &["violation", "note", "error"]).is_empty());
}
