//! Requests, byte for byte.

use super::*;
use crate::handshake::tests::pieces;
use proptest::prelude::*;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read(pieces: &[&[u8]]) -> Result<Option<(Request, Bytes)>, HeadError> {
    let mut reader = RequestReader::default();
    let mut pieces = pieces.iter();
    for piece in pieces.by_ref() {
        if let Some((request, tail)) = reader.receive(piece)? {
            let tail = pieces.fold(tail.to_vec(), |tail, piece| [&tail[..], piece].concat());
            return Ok(Some((request, tail.into())));
        }
    }
    Ok(None)
}

#[test]
fn the_least_request() {
    let target = Target::parse("ws://h?q=1").expect("a good URL");
    let request = Opening::new(&target, KEY).request().expect("good headers");
    assert_eq!(
        request.raw,
        "GET /?q=1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
}

#[test]
fn a_request_with_everything_in_order() {
    let target = Target::parse("wss://ann:pw@h:8443/chat").expect("a good URL");
    let deflate = DeflateOffer { client_max_window_bits: Some(None), ..DeflateOffer::default() };
    let request = Opening {
        origin: Some("https://site"),
        subprotocols: &["chat".to_owned(), "v2".to_owned()],
        deflate: Some(&deflate),
        cookies: &["a=1".to_owned(), "b=2".to_owned()],
        headers: &owned(&[("X-One", "1"), ("x-one", "2"), ("X-Empty", "")]),
        ..Opening::new(&target, KEY)
    };
    let request = request.request().expect("good headers");
    assert_eq!(
        request.raw,
        "GET /chat HTTP/1.1\r\nHost: h:8443\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: https://site\r\nSec-WebSocket-Protocol: chat, v2\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nAuthorization: Basic YW5uOnB3\r\n\
         Cookie: a=1; b=2\r\nX-One: 1\r\nx-one: 2\r\nX-Empty: \r\n\r\n"
    );
    let (read, tail) = read(&[&request.raw]).expect("HTTP").expect("whole");
    assert_eq!((read, tail), (request, Bytes::new()), "what is written is read back");
}

#[test]
fn a_users_header_takes_the_place_of_ours() {
    let target = Target::parse("ws://ann:pw@h/").expect("a good URL");
    let headers = owned(&[
        ("X", "y"),
        ("ORIGIN", "null"),
        ("host", "one"),
        ("Host", "two"),
        ("sec-websocket-key", "short"),
        ("Connection", "keep-alive, Upgrade"),
    ]);
    let opening = Opening { headers: &headers, authorization: Some("Bearer t"), ..Opening::new(&target, KEY) };
    assert_eq!(
        opening.request().expect("good headers").raw,
        "GET / HTTP/1.1\r\nhost: one\r\nHost: two\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nsec-websocket-key: short\r\nORIGIN: null\r\nAuthorization: Bearer t\r\nX: y\r\n\r\n"
    );
}

#[test]
fn no_header_can_smuggle_a_line() {
    let target = Target::parse("ws://h/").expect("a good URL");
    let headers = owned(&[("X", "a\r\nEvil: 1")]);
    assert!(Opening { headers: &headers, ..Opening::new(&target, KEY) }.request().is_err());
    assert!(Opening { origin: Some("a\nb"), ..Opening::new(&target, KEY) }.request().is_err());
    assert!(Opening { cookies: &["a=\0".to_owned()], ..Opening::new(&target, KEY) }.request().is_err());
    assert!(Opening { subprotocols: &["a\r".to_owned()], ..Opening::new(&target, KEY) }.request().is_err());
}

#[test]
fn a_request_is_read_with_its_places() {
    let raw = b"\r\nGET /x HTTP/1.1\r\nHost:  h \r\nX:\r\nx: a,b\n\r\ntail";
    let (request, tail) = read(&[raw]).expect("HTTP").expect("whole");
    assert_eq!((&request.raw[..], &tail[..]), (&raw[..raw.len() - 4], &b"tail"[..]));
    assert_eq!((request.method.as_str(), request.resource.as_str(), request.version), ("GET", "/x", 1));
    let lines: Vec<_> = request.headers.iter().map(|h| &request.raw[h.line.clone()]).collect();
    assert_eq!(lines, [&b"Host:  h "[..], b"X:", b"x: a,b"]);
    let values: Vec<_> = request.headers.iter().map(|h| &request.raw[h.value_at.clone()]).collect();
    assert_eq!(values, [&b"h"[..], b"", b"a,b"]);
    assert_eq!(request.headers.all("X").count(), 2);
}

#[test]
fn what_is_no_request_is_named() {
    let cases: [(&[u8], &str); 6] = [
        (b"\x16\x03\x01\x02\x00\x01", "not HTTP: the client sent a TLS handshake record: TLS on a plain port"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "not HTTP: the client sent HTTP/2"),
        (b"hello\r\n", "not HTTP: the client sent a line of text, \"hello\""),
        (b"\x81\x85abcd", "not HTTP: the client sent a WebSocket frame before the opening handshake was done"),
        (
            b"GET / HTTP/1.1\r\nBad Name: x\r\n\r\n",
            "malformed HTTP from the client: a bad header name in \"Bad Name: x\"",
        ),
        (
            b"GET / HTTP/3\r\n",
            "malformed HTTP from the client: a version that is not HTTP/1.0 or HTTP/1.1 in \"GET / HTTP/3\"",
        ),
    ];
    for (bytes, message) in cases {
        let error = read(&[bytes]).expect_err(message);
        assert_eq!((error.to_string().as_str(), error.received()), (message, bytes));
    }
}

proptest! {
    #[test]
    fn any_chunking_reads_the_same(
        bytes in prop_oneof![
            "(\r\n)?GET /[a-z?]{0,6} HTTP/1.1\r\n([A-Za-z ]{1,4}: ?[a-z, ]{0,6}\r?\n){0,4}\r\n[a-z\n]{0,6}",
            "[ -~\r\n\\x00\\x16\\x03]{0,40}",
        ],
        cuts in prop::collection::vec(0usize..9, 0..20),
    ) {
        let whole = read(&[bytes.as_bytes()]);
        let cut = read(&pieces(bytes.as_bytes(), &cuts));
        match (whole, cut) {
            (Ok(whole), Ok(cut)) => prop_assert_eq!(whole, cut),
            (Err(whole), Err(cut)) => {
                prop_assert_eq!(whole.to_string(), cut.to_string());
                prop_assert!(whole.received().starts_with(cut.received()));
            }
            (whole, cut) => prop_assert!(false, "{:?} but {:?}", whole, cut),
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(headers in prop::collection::vec(("[A-Za-z-]{1,4}|Host|cookie", "\\PC{0,6}|[ \t\r\n]?x"), 0..5)) {
        let target = Target::parse("ws://h/").expect("a good URL");
        if let Ok(request) = (Opening { headers: &headers, ..Opening::new(&target, KEY) }).request() {
            for (name, value) in &headers {
                let line = format!("\r\n{name}: {value}\r\n");
                prop_assert!(memchr::memmem::find(&request.raw, line.as_bytes()).is_some(), "{line:?} as the user wrote it");
            }
            prop_assert_eq!(read(&[&request.raw]), Ok(Some((request, Bytes::new()))));
        }
    }
}
