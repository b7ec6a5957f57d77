//! Lines byte for byte, and what can be read back from them.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::event::Direction;
use crate::event::samples::{
    at, close_frame, compressed, fragments, on, open, open_tls, ready, received, response, sent, violation,
};
use crate::protocol::{Header, LengthForm, Opcode, Rule};
use crate::recording::JsonLines;
use crate::session::Sink;

fn lines(secrets: Secrets, events: &[Event]) -> String {
    let (mut lines, mut out) = (Lines::new(secrets), Vec::new());
    for event in events {
        lines.event(event, &mut out);
    }
    String::from_utf8(out).expect("lines are UTF-8")
}

fn masked(events: &[Event]) -> String {
    lines(Secrets::Mask, events)
}

#[test]
fn a_connection_reads_as_the_format_says() {
    let mut pong = sent(4, Opcode::PONG, b"tick");
    pong.automatic = true;
    pong.after = Some(Duration::from_micros(80));
    let events = [
        at(0, Kind::Open(Box::new(open()))),
        at(410, Kind::Request(Bytes::from_static(b"GET /echo HTTP/1.1\r\nHost: h\r\n\r\n"))),
        at(900, Kind::Response(Box::new(response(101, "HTTP/1.1 101 Switching Protocols\r\n\r\n", b"")))),
        at(901, Kind::Ready(Box::new(ready(Some("chat"), None)))),
        at(1_204_113, Kind::Frame(sent(1, Opcode::TEXT, b"hello"))),
        at(1_204_698, Kind::Frame(received(2, Opcode::TEXT, b"hello"))),
        at(2_000_000, Kind::Frame(received(3, Opcode::PING, b"tick"))),
        at(2_000_080, Kind::Frame(pong)),
        at(3_000_000, Kind::Frame(received(5, Opcode::BINARY, b"\xff\x00"))),
        at(9_300_000, Kind::Frame(close_frame(9, Direction::Received, 1000, b"bye"))),
        at(
            9_300_001,
            Kind::Close(Box::new(Closed {
                by: Side::Peer,
                code: Some(1000),
                reason: Bytes::from_static(b"bye"),
                clean: true,
                detail: None,
            })),
        ),
        on(0, 9_300_002, Kind::Note("what the user \"wrote\"\n".into())),
        on(2, 9_300_003, Kind::Error { text: "cannot connect to ws://u:p@h: refused".into(), hint: None }),
    ];
    assert_eq!(
        masked(&events),
        r#"{"t":0.000000,"c":1,"ev":"open","role":"client","url":"ws://127.0.0.1:7000/echo","addr":"127.0.0.1:7000","tcp":0.000200}
{"t":0.000410,"c":1,"ev":"request","raw":"GET /echo HTTP/1.1\r\nHost: h\r\n\r\n"}
{"t":0.000900,"c":1,"ev":"response","raw":"HTTP/1.1 101 Switching Protocols\r\n\r\n","status":101}
{"t":0.000901,"c":1,"ev":"ready","subprotocol":"chat","upgrade":0.000500}
{"t":1.204113,"c":1,"ev":"frame","dir":"sent","op":"text","mask":"9f2c11aa","text":"hello"}
{"t":1.204698,"c":1,"ev":"frame","dir":"received","op":"text","text":"hello"}
{"t":2.000000,"c":1,"ev":"frame","dir":"received","op":"ping","text":"tick"}
{"t":2.000080,"c":1,"ev":"frame","dir":"sent","op":"pong","mask":"9f2c11aa","auto":true,"after":0.000080,"text":"tick"}
{"t":3.000000,"c":1,"ev":"frame","dir":"received","op":"binary","b64":"/wA="}
{"t":9.300000,"c":1,"ev":"frame","n":9,"dir":"received","op":"close","b64":"A+hieWU="}
{"t":9.300001,"c":1,"ev":"close","by":"peer","code":1000,"reason":"bye","clean":true}
{"t":9.300002,"ev":"note","text":"what the user \"wrote\"\n"}
{"t":9.300003,"c":2,"ev":"error","text":"cannot connect to ws://***@h: refused"}
"#
    );
}

#[test]
fn what_breaks_the_rules_is_kept_with_the_rule() {
    let mut odd = received(1, Opcode::from_bits(3), b"ab");
    odd.frame.header = Header { fin: false, rsv: 3, form: LengthForm::Bits64, length: 10, ..odd.frame.header };
    let events = [
        at(1, Kind::Frame(odd)),
        at(2, violation(1, Rule::ReservedOpcode, "opcode 3", b"\x33\x7f", 0)),
        at(3, violation(1, Rule::CompressedControl, "RSV1 on a ping", b"\xc9", 0)),
        at(4, Kind::Undecoded(Bytes::from_static(b"rest"))),
    ];
    assert_eq!(
        masked(&events),
        r#"{"t":0.000001,"c":1,"ev":"frame","dir":"received","op":3,"fin":false,"rsv":3,"len":64,"length":10,"text":"ab"}
{"t":0.000002,"c":1,"ev":"violation","rule":"reserved opcode","section":"5.2","frame":1,"detail":"opcode 3","bytes":"337f","offset":0}
{"t":0.000003,"c":1,"ev":"violation","rule":"compressed control frame","rfc":7692,"section":"6.1","frame":1,"detail":"RSV1 on a ping","bytes":"c9","offset":0}
{"t":0.000004,"c":1,"ev":"undecoded","text":"rest"}
"#
    );
}

#[test]
fn a_compressed_message_is_kept_as_on_the_wire_and_inflated_on_its_last_frame() {
    let mut parts = fragments(2, &["hel", "lo"]);
    parts[0].frame.header.rsv = 4;
    if let Some(message) = &mut parts[1].message {
        message.compressed = true;
        message.data = Bytes::from_static(b"inflated");
    }
    let mut events = vec![at(1, Kind::Frame(compressed(1, b"\xaa\x05", "aaaa")))];
    events.extend(parts.into_iter().map(|part| at(2, Kind::Frame(part))));
    events.extend(fragments(4, &["pl", "ain"]).into_iter().map(|part| at(3, Kind::Frame(part))));
    assert_eq!(
        masked(&events),
        r#"{"t":0.000001,"c":1,"ev":"frame","dir":"received","op":"text","rsv":4,"wire":"qgU=","text":"aaaa"}
{"t":0.000002,"c":1,"ev":"frame","dir":"received","op":"text","fin":false,"rsv":4,"fragment":[2,1],"wire":"aGVs"}
{"t":0.000002,"c":1,"ev":"frame","dir":"received","op":"continuation","fragment":[2,2],"wire":"bG8=","text":"inflated"}
{"t":0.000003,"c":1,"ev":"frame","dir":"received","op":"text","fin":false,"fragment":[4,1],"text":"pl"}
{"t":0.000003,"c":1,"ev":"frame","dir":"received","op":"continuation","fragment":[4,2],"text":"ain"}
"#
    );
}

#[test]
fn secrets_are_masked_unless_kept_and_a_fault_points_into_what_is_written() {
    let raw = "HTTP/1.1 101 x\r\nSet-Cookie: sid=12345\r\nUpgrade: nope\r\n\r\n";
    let begin = raw.find("nope").expect("it is there");
    let fault = Fault {
        rule: "wrong Upgrade".into(),
        section: "RFC 6455 4.1".into(),
        expected: "websocket".into(),
        got: "nope".into(),
        at: begin..begin + 4,
    };
    let events = [
        at(0, Kind::Open(Box::new(Open { url: "wss://u:p@h/?token=x".into(), ..open() }))),
        at(1, Kind::Response(Box::new(response(101, raw, b"")))),
        at(2, Kind::Fault(Box::new(fault))),
    ];
    let written: Vec<Value> =
        masked(&events).lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    assert_eq!(written[0]["url"], "wss://***@h/?token=***");
    let recorded = written[1]["raw"].as_str().expect("text");
    assert_eq!(recorded, raw.replace("sid=12345", "***"));
    let place = |i: usize| written[2]["at"][i].as_u64().expect("a place") as usize;
    assert_eq!(&recorded[place(0)..place(1)], "nope");
    assert_eq!(written[2]["ev"], "violation");
    assert_eq!(written[2]["section"], "4.1");

    let kept = lines(Secrets::Keep, &events);
    assert!(kept.contains("wss://u:p@h/?token=x") && kept.contains("sid=12345"), "{kept}");
}

#[test]
fn tls_and_compression_are_described() {
    let mut made = ready(None, Some("permessage-deflate; client_max_window_bits=10"));
    if let Some(deflate) = &mut made.negotiated.deflate {
        deflate.client_max_window_bits = 10;
        deflate.server_no_context_takeover = true;
    }
    let out = masked(&[at(0, Kind::Open(Box::new(open_tls()))), at(1, Kind::Ready(Box::new(made)))]);
    let read: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    assert_eq!(read[0]["tls"]["version"], "TLS 1.3");
    assert_eq!(read[0]["tls"]["certificate"]["names"][1], "127.0.0.1");
    assert_eq!(read[0]["tls"]["certificate"]["sha256"], "ab".repeat(32));
    assert_eq!(read[1]["deflate"].to_string(), r#"{"server_no_context_takeover":true,"client_max_window_bits":10}"#);
}

#[test]
fn a_sink_begins_with_the_header_and_writes_all_by_the_next_flush() {
    let mut out = Vec::new();
    let created = SystemTime::UNIX_EPOCH + Duration::from_micros(1_763_871_600_123_456);
    let mut sink = JsonLines::new(&mut out, created, Secrets::Mask);
    sink.event(&at(0, Kind::Note("hi".into()))).expect("a Vec takes anything");
    sink.flush().expect("a Vec takes anything");
    drop(sink);
    let expected = format!(
        "{{\"wscope\":1,\"created\":\"2025-11-23T04:20:00.123456Z\",\"by\":\"wscope {}\",\"secrets\":\"masked\"}}\n\
         {{\"t\":0.000000,\"c\":1,\"ev\":\"note\",\"text\":\"hi\"}}\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
}

proptest! {
    #[test]
    fn any_payload_reads_back(payload: Vec<u8>, bits in 0u8..16) {
        use base64::Engine;
        let line = masked(&[at(0, Kind::Frame(received(1, Opcode::from_bits(bits), &payload)))]);
        let read: Value = serde_json::from_str(&line).unwrap();
        let back = match read["text"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => base64::engine::general_purpose::STANDARD.decode(read["b64"].as_str().unwrap()).unwrap(),
        };
        prop_assert_eq!(back, payload);
        prop_assert_eq!(line.matches('\n').count(), 1);
    }
}
