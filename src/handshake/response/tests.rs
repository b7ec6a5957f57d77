//! Responses and what comes instead of them.

use super::*;
use crate::handshake::tests::pieces;
use crate::handshake::{Looks, MAX_HEAD};
use proptest::prelude::*;

/// The response and its tail, or the error; at the end of `pieces` the stream ends.
fn read(pieces: &[&[u8]]) -> Result<(Response, Vec<u8>), HeadError> {
    let mut reader = ResponseReader::default();
    let mut pieces = pieces.iter();
    for piece in pieces.by_ref() {
        if let Some((response, tail)) = reader.receive(piece)? {
            return Ok((response, pieces.fold(tail.to_vec(), |tail, piece| [&tail[..], piece].concat())));
        }
    }
    Err(reader.end())
}

#[test]
fn order_case_duplicates_and_the_tail_are_kept() {
    let raw = b"HTTP/1.1 101 Switching Protocols\r\nuPGRADE: websocket\r\nX: 1\r\nB: \xff\r\nx: 2\r\nFold: a\r\n b\r\n\r\n\x81\x02hi";
    let bytes: Vec<_> = raw.chunks(1).collect();
    let (response, tail) = read(&bytes).expect("a response");
    assert_eq!((&response.raw[..], &tail[..]), raw.split_at(raw.len() - 4));
    assert_eq!((response.status, response.reason.as_str(), response.version), (101, "Switching Protocols", 1));
    let names: Vec<_> = response.headers.iter().map(|h| h.name.as_str()).collect();
    assert_eq!(names, ["uPGRADE", "X", "B", "x", "Fold"]);
    assert_eq!(response.headers.joined("X").as_deref(), Some("1, 2"));
    assert_eq!(&response.headers.0[2].value[..], b"\xff");
    assert_eq!(&response.raw[response.headers.0[4].line.clone()], b"Fold: a\r\n b");
    assert_eq!(&response.raw[response.status_line()], b"HTTP/1.1 101 Switching Protocols");
}

#[test]
fn a_response_without_a_reason_and_with_bare_line_feeds() {
    let (response, tail) = read(&[b"HTTP/1.0 403\nA: b\n\nno"]).expect("a response");
    assert_eq!((response.status, response.reason.as_str(), response.version, &tail[..]), (403, "", 0, &b"no"[..]));
    assert!(!response.is_interim());
    assert!(read(&[b"HTTP/1.1 103 Early Hints\r\n\r\n"]).expect("a response").0.is_interim());
}

#[test]
fn a_response_is_written_byte_for_byte() {
    let response = Response::new(302, &[("Location", "/echo"), ("content-length", "0")]).expect("good headers");
    assert_eq!(response.raw, "HTTP/1.1 302 Found\r\nLocation: /echo\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(read(&[&response.raw]), Ok((response, Vec::new())));
    assert_eq!(Response::new(299, &[]).expect("no headers").raw, "HTTP/1.1 299 \r\n\r\n");
    assert!(Response::new(302, &[("Location", "/a\r\nSet-Cookie: b=c")]).is_err());
}

#[test]
fn what_is_no_response_is_named() {
    let cases: [(&[u8], &str); 14] = [
        (b"", "the server closed the connection without sending a byte"),
        (b"HTT", "the server closed the connection inside its headers, after 3 bytes"),
        (b"HTTP/1.1 101 X\r\nA: b\r\n", "the server closed the connection inside its headers, after 22 bytes"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "not HTTP: the server sent a TLS alert: TLS is spoken on this port"),
        (b"\x16\x03\x03\x00", "not HTTP: the server sent a TLS handshake record: TLS on a plain port"),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00", "not HTTP: the server sent HTTP/2"),
        (b"\x00\x00\x12\x05\x00", "not HTTP: the server sent binary data, 00 00 12 05"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "not HTTP: the server sent an SSH greeting, \"SSH-2.0-OpenSSH_9.2p1\""),
        (b"220 mail ready\r\n", "not HTTP: the server sent a line of text, \"220 mail ready\""),
        (b"J\x00\x00\x00\x0a8.0.3", "not HTTP: the server sent binary data, 4a 00"),
        (b"\x1b[31mred", "not HTTP: the server sent binary data, 1b"),
        (b"\x81\x02hi", "not HTTP: the server sent a WebSocket frame before the opening handshake was done"),
        (
            b"HTTP/2 200\r\n",
            "malformed HTTP from the server: a version that is not HTTP/1.0 or HTTP/1.1 in \"HTTP/2 200\"",
        ),
        (
            b"HTTP/1.1 101 X\r\nA: b\r\nno colon here\r\n\r\n",
            "malformed HTTP from the server: a bad header name in \"no colon here\"",
        ),
    ];
    for (bytes, message) in cases {
        let error = read(&[bytes]).expect_err(message);
        assert_eq!((error.to_string().as_str(), error.received()), (message, bytes));
        let single: Vec<_> = bytes.chunks(1).collect();
        assert_eq!(read(&single).expect_err(message).to_string(), message, "byte by byte");
    }
    let alert = read(&[b"\x15\x03"]).expect_err("an alert");
    assert_eq!(alert.hint(), Some("the server speaks TLS on this port: try wss://"));
}

#[test]
fn a_long_line_of_text_does_not_have_to_end() {
    let mut reader = ResponseReader::default();
    assert_eq!(reader.receive(&[b'x'; 255]), Ok(None));
    let error = reader.receive(b"x").expect_err("256 bytes that are no status line");
    assert!(
        matches!(&error, HeadError::NotHttp { looks: Looks::Text(line), .. } if *line == format!("{}...", "x".repeat(80)))
    );
}

#[test]
fn a_head_is_read_to_its_limit() {
    let start = "HTTP/1.1 101 X\r\nA: ";
    let exact = format!("{start}{}\r\n\r\n", "x".repeat(MAX_HEAD - start.len() - 4));
    assert!(read(&[exact.as_bytes()]).is_ok());
    let over = format!("{start}{}\r\n\r\n", "x".repeat(MAX_HEAD - start.len() - 3));
    let message = "the headers of the server are longer than 65536 bytes";
    assert_eq!(read(&[over.as_bytes()]).expect_err(message).to_string(), message);
    let single: Vec<_> = over.as_bytes().chunks(1).collect();
    assert_eq!(read(&single).expect_err(message).to_string(), message);
}

proptest! {
    #[test]
    fn any_chunking_reads_the_same(
        bytes in prop_oneof![
            "(\r\n)?HTTP/1.[012] [0-9]{3} ?[a-z]{0,4}\r?\n([A-Za-z ]{1,4}: ?[a-z, ]{0,6}\r?\n){0,4}\r\n[a-z\n]{0,6}",
            "[ -~\r\n\\x00\\x15\\x16\\x03\\x04\\x7f]{0,40}",
        ],
        cuts in prop::collection::vec(0usize..9, 0..20),
    ) {
        match (read(&[bytes.as_bytes()]), read(&pieces(bytes.as_bytes(), &cuts))) {
            (Err(whole), Err(cut)) => {
                prop_assert_eq!(whole.to_string(), cut.to_string());
                prop_assert!(whole.received().starts_with(cut.received()));
            }
            (whole, cut) => prop_assert_eq!(whole, cut),
        }
    }
}
