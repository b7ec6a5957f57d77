//! The paths under `/bad`: exactly the bytes that they promise, and what another implementation makes of them.

use std::io::Read;

use tungstenite::error::{CapacityError, Error, ProtocolError};
use wscope::app::demo::{PATHS, Server};

use super::{client, connect, expect, raw, send, server};

/// What each path sends once it is open, to the byte.
const VIOLATIONS: [(&str, &[u8]); 13] = [
    ("/bad/reserved-opcode", b"\x83\x02\xc3\x28"),
    ("/bad/rsv", b"\xa1\x05Hello"),
    ("/bad/masked", b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
    ("/bad/utf8", b"\x81\x09caf\xe9 noir"),
    ("/bad/long-control", &long_ping()),
    ("/bad/fragmented-control", b"\x09\x05Hello"),
    ("/bad/continuation", b"\x80\x05Hello"),
    ("/bad/interleaved", b"\x01\x05Hello\x81\x05Hello"),
    ("/bad/length", b"\x81\x7e\x00\x05Hello"),
    ("/bad/huge", b"\x81\x7f\x40\x00\x00\x00\x00\x00\x00\x00Hello"),
    ("/bad/deflate", b"\xc1\x02\x07\xff"),
    ("/bad/close-code", b"\x88\x02\x03\xee"),
    ("/bad/close-length", b"\x88\x01\x03"),
];

const fn long_ping() -> [u8; 130] {
    let mut frame = [b'p'; 130];
    [frame[0], frame[1], frame[2], frame[3]] = [0x89, 0x7E, 0x00, 0x7E];
    frame
}

#[test]
fn each_violation_is_exactly_its_bytes_and_then_an_echo() {
    let server = server();
    for (path, bytes) in VIOLATIONS {
        let (mut stream, head) = raw(&server, path, "");
        assert!(head.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{path}: {head}");
        assert!(!head.contains("Extensions"), "{path}: {head}");
        expect(&mut stream, bytes);
        if bytes[0] != 0x88 {
            send(&mut stream, 0x81, b"on we go");
            expect(&mut stream, b"\x81\x08on we go");
        }
        send(&mut stream, 0x88, b"\x03\xe8");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        let answer: &[u8] = if bytes[0] == 0x88 { b"" } else { b"\x88\x02\x03\xe8" };
        assert_eq!(rest, answer, "{path}");
    }
    let (mut stream, _) = raw(&server, "/bad/cut", "");
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    assert_eq!(all, b"\x81\x0acut");
}

#[test]
fn every_bad_path_is_tested() {
    let tested = VIOLATIONS.map(|(path, _)| path).into_iter();
    let mut tested: Vec<_> = tested.chain(["/bad/cut"]).chain(HANDSHAKES.map(|(path, _)| path)).collect();
    let mut bad: Vec<_> = PATHS.iter().map(|path| path.path).filter(|path| path.starts_with("/bad/")).collect();
    tested.sort_unstable();
    bad.sort_unstable();
    assert_eq!(tested, bad);
}

#[test]
fn another_implementation_finds_the_violations() {
    let server = server();
    let verdict = |path| loop {
        match client(&server, path).read() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    let protocol = |path| match verdict(path) {
        Error::Protocol(error) => error,
        other => panic!("{path}: {other}"),
    };
    assert!(matches!(protocol("/bad/reserved-opcode"), ProtocolError::InvalidOpcode(3)));
    assert!(matches!(protocol("/bad/rsv"), ProtocolError::NonZeroReservedBits));
    assert!(matches!(protocol("/bad/masked"), ProtocolError::MaskedFrameFromServer));
    assert!(matches!(protocol("/bad/long-control"), ProtocolError::ControlFrameTooBig));
    assert!(matches!(protocol("/bad/fragmented-control"), ProtocolError::FragmentedControlFrame));
    assert!(matches!(protocol("/bad/continuation"), ProtocolError::UnexpectedContinueFrame));
    assert!(matches!(verdict("/bad/utf8"), Error::Utf8(_)));
    assert!(matches!(verdict("/bad/huge"), Error::Capacity(CapacityError::MessageTooLong { .. })));
}

/// Opening handshakes that are wrong, and the line that is.
const HANDSHAKES: [(&str, &str); 3] = [
    ("/bad/accept-key", "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
    ("/bad/extension", "\r\nSec-WebSocket-Extensions: x-unasked\r\n"),
    ("/bad/subprotocol", "\r\nSec-WebSocket-Protocol: x-unasked\r\n"),
];

#[test]
fn each_wrong_handshake_is_wrong_in_one_line() {
    let server = server();
    for (path, line) in HANDSHAKES {
        let (mut stream, head) = raw(&server, path, "");
        assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{path}: {head}");
        assert!(head.contains(line), "{path}: {head}");
        assert_eq!(head.matches("Sec-WebSocket-").count(), if path == "/bad/accept-key" { 1 } else { 2 }, "{head}");
        send(&mut stream, 0x81, b"on we go");
        expect(&mut stream, b"\x81\x08on we go");
    }
    let error = refusal(&server, "/bad/accept-key");
    assert!(matches!(error, Error::Protocol(ProtocolError::SecWebSocketAcceptKeyMismatch)), "{error}");
    let error = refusal(&server, "/bad/subprotocol");
    assert!(matches!(error, Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(_))), "{error}");
}

/// The error that tungstenite finds in the opening handshake.
fn refusal(server: &Server, path: &str) -> Error {
    match tungstenite::client(server.url(path), connect(server)) {
        Err(tungstenite::HandshakeError::Failure(error)) => error,
        other => panic!("{path}: {:?}", other.map(drop)),
    }
}
