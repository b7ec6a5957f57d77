//! Answers and what is wrong with them.

use super::*;
use crate::handshake::{Opening, ResponseReader, Target};
use crate::protocol::DeflateParams;

// Key and accept key are the example of RFC 6455 section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const GOOD: &str =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

fn request(headers: &[(&str, &str)]) -> Request {
    let target = Target::parse("ws://h/").expect("a good URL");
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Opening { headers: &headers, ..Opening::new(&target, KEY) }.request().expect("good headers")
}

fn response(head: &str) -> Response {
    ResponseReader::default().receive(format!("{head}\r\n").as_bytes()).expect("HTTP").expect("whole").0
}

/// Each fault as `rule | expected | got | the bytes that it points at`.
fn faults(request: &Request, head: &str) -> Vec<String> {
    let response = response(head);
    let (_, faults) = check(request, &response);
    let said = |f: &Fault| {
        let at = String::from_utf8_lossy(&response.raw[f.at.clone()]).into_owned();
        format!("{} | {} | {} | {at}", f.rule, f.expected, f.got)
    };
    faults.iter().map(said).collect()
}

#[test]
fn answers_without_a_fault() {
    let ok = "HTTP/1.1 101 Switching Protocols\r\n";
    for head in [
        format!("{ok}{GOOD}"),
        format!("HTTP/1.1 101\r\n{GOOD}"),
        format!("{ok}{GOOD}").replace("Connection: Upgrade", "connection: keep-alive, upgrade"),
        format!("{ok}{GOOD}").replace("Connection: Upgrade", "Connection: keep-alive\r\nConnection: UPGRADE"),
        format!("{ok}{GOOD}").replace("Upgrade: websocket", "UPGRADE: WebSocket"),
        format!("{ok}{GOOD}").replace("Accept: ", "Accept:   \t"),
    ] {
        assert_eq!(faults(&request(&[]), &head), Vec::<String>::new(), "{head}");
    }
}

#[test]
fn each_fault_points_at_its_bytes() {
    let ok = "HTTP/1.1 101 X\r\n";
    let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    let replaced = |from: &str, to: &str| format!("{ok}{GOOD}").replace(from, to);
    let cases = [
        (
            "HTTP/1.1 404 Not Found\r\n".to_owned(),
            "status is not 101 | 101 Switching Protocols | 404 Not Found | HTTP/1.1 404 Not Found".to_owned(),
        ),
        (
            format!("HTTP/1.0 101 X\r\n{GOOD}"),
            "status line is not HTTP/1.1 | HTTP/1.1 | HTTP/1.0 | HTTP/1.0 101 X".to_owned(),
        ),
        (
            replaced("Upgrade: websocket\r\n", ""),
            "wrong Upgrade | Upgrade: websocket | no Upgrade header | ".to_owned(),
        ),
        (replaced("websocket", "h2c"), "wrong Upgrade | Upgrade: websocket | h2c | h2c".to_owned()),
        (
            replaced("Connection: Upgrade", "Connection:"),
            "wrong Connection | Connection: Upgrade |  | Connection:".to_owned(),
        ),
        (
            replaced("Connection: Upgrade", "Connection: close, Upgraded"),
            "wrong Connection | Connection: Upgrade | close, Upgraded | close, Upgraded".to_owned(),
        ),
        (
            replaced(&format!("Sec-WebSocket-Accept: {accept}\r\n"), ""),
            format!("missing Sec-WebSocket-Accept | {accept} | no Sec-WebSocket-Accept header | "),
        ),
        (replaced(accept, "nonsense"), format!("wrong Sec-WebSocket-Accept | {accept} | nonsense | nonsense")),
        (
            replaced(accept, KEY),
            format!("wrong Sec-WebSocket-Accept | {accept} | {KEY} (the key sent back as it was) | {KEY}"),
        ),
        (
            replaced(accept, &format!("\"{accept}\"")),
            format!("wrong Sec-WebSocket-Accept | {accept} | \"{accept}\" (with something around it) | \"{accept}\""),
        ),
        (
            replaced(accept, &accept.to_lowercase()),
            format!("wrong Sec-WebSocket-Accept | {accept} | {0} (in another case) | {0}", accept.to_lowercase()),
        ),
        (
            format!("{ok}{GOOD}sec-websocket-accept: x\r\n"),
            "repeated Sec-WebSocket-Accept | one Sec-WebSocket-Accept header | x | sec-websocket-accept: x".to_owned(),
        ),
        (
            format!("{ok}{GOOD}Sec-WebSocket-Protocol: chat\r\n"),
            "unsolicited subprotocol | no subprotocol: none was asked for | chat | chat".to_owned(),
        ),
        (
            format!("{ok}{GOOD}Sec-WebSocket-Extensions: x-a; b=1\r\n"),
            "unsolicited extension | no extension: none was offered | x-a; b=1 | x-a; b=1".to_owned(),
        ),
        (
            format!("{ok}{GOOD}Sec-WebSocket-Extensions: a;;b\r\n"),
            "malformed Sec-WebSocket-Extensions | a parameter's name is a token | a;;b | a;;b".to_owned(),
        ),
    ];
    for (head, expected) in cases {
        assert_eq!(faults(&request(&[]), &head), [expected], "{head}");
    }
}

#[test]
fn a_subprotocol_is_one_of_those_asked_for() {
    let asked = request(&[("Sec-WebSocket-Protocol", "chat, v2")]);
    let answer = |lines: &str| response(&format!("HTTP/1.1 101 X\r\n{GOOD}{lines}"));
    let protocol = |lines: &str| check(&asked, &answer(lines)).0.subprotocol;
    assert_eq!(protocol("Sec-WebSocket-Protocol: v2\r\n").as_deref(), Some("v2"));
    assert_eq!(protocol("Sec-WebSocket-Protocol: V2\r\n"), None);
    assert_eq!(protocol(""), None);
    for (lines, expected) in [
        ("Sec-WebSocket-Protocol: V2\r\n", "unsolicited subprotocol | one of chat, v2 | V2 | V2"),
        ("Sec-WebSocket-Protocol: v2, chat\r\n", "more than one subprotocol | one subprotocol | v2, chat | v2, chat"),
        (
            "Sec-WebSocket-Protocol: v2\r\nSec-WebSocket-Protocol: chat\r\n",
            "more than one subprotocol | one subprotocol | v2, chat | chat",
        ),
    ] {
        assert_eq!(faults(&asked, &format!("HTTP/1.1 101 X\r\n{GOOD}{lines}")), [expected]);
    }
}

#[test]
fn extensions_are_checked_against_what_was_really_offered() {
    let offering = request(&[("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits, x-a")]);
    let head = |value: &str| format!("HTTP/1.1 101 X\r\n{GOOD}Sec-WebSocket-Extensions: {value}\r\n");
    let (negotiated, found) = check(
        &offering,
        &response(&head("x-a\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9")),
    );
    assert_eq!(found, []);
    assert_eq!(negotiated.extensions.as_deref(), Some("x-a, permessage-deflate; client_max_window_bits=9"));
    assert_eq!(negotiated.deflate, Some(DeflateParams { client_max_window_bits: 9, ..DeflateParams::default() }));
    assert_eq!(
        faults(&offering, &head("permessage-deflate, permessage-deflate")),
        ["permessage-deflate twice | permessage-deflate once | permessage-deflate | permessage-deflate"]
    );
    assert_eq!(
        faults(&offering, &head("permessage-deflate; server_max_window_bits=99")),
        [
            "invalid extension parameter | server_max_window_bits=8 to server_max_window_bits=15 | server_max_window_bits=99 \
             | server_max_window_bits=99"
        ]
    );
    let (negotiated, _) = check(&request(&[]), &response(&head("permessage-deflate")));
    assert_eq!(negotiated.deflate, None, "nothing was agreed on");
}

#[test]
fn the_accept_key_belongs_to_the_key_that_the_user_sent() {
    let request = request(&[("Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw==")]);
    let head =
        format!("HTTP/1.1 101 X\r\n{GOOD}").replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
    assert_eq!(faults(&request, &head), Vec::<String>::new());
}
