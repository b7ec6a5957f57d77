//! Requests accepted and refused, byte for byte.

use super::*;
use crate::handshake::{Opening, RequestReader, Target, check};

const GOOD: &str = "GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                    Sec-WebSocket-Protocol: v9, chat\r\nSec-WebSocket-Protocol: v2\r\n\
                    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

fn request(raw: &str) -> Request {
    RequestReader::default().receive(raw.as_bytes()).expect("HTTP").expect("whole").0
}

#[test]
fn a_request_is_accepted() {
    let accepted = accept(&request(GOOD), &ServerOffer::default()).expect("accepted");
    let least = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    assert_eq!((&accepted.response.raw[..], accepted.negotiated), (least.as_bytes(), Negotiated::default()));

    let wants = DeflateOffer { server_max_window_bits: Some(12), ..DeflateOffer::default() };
    let offer = ServerOffer {
        subprotocols: vec!["v2".to_owned(), "chat".to_owned()],
        deflate: Some(wants),
        headers: vec![("Server".to_owned(), "demo".to_owned())],
    };
    let accepted = accept(&request(GOOD), &offer).expect("accepted");
    assert_eq!(
        accepted.response.raw,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12\r\nServer: demo\r\n\r\n"
    );
    assert_eq!(check(&request(GOOD), &accepted.response), (accepted.negotiated, vec![]), "both ends agree");
}

#[test]
fn a_server_can_be_wrong_on_purpose() {
    let headers = [("sec-websocket-accept", "nonsense"), ("Sec-WebSocket-Extensions", "x-a")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let accepted = accept(&request(GOOD), &ServerOffer { headers, ..ServerOffer::default() }).expect("accepted");
    assert_eq!(
        accepted.response.raw,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         sec-websocket-accept: nonsense\r\nSec-WebSocket-Extensions: x-a\r\n\r\n"
    );
    let rules: Vec<_> = check(&request(GOOD), &accepted.response).1.into_iter().map(|fault| fault.rule).collect();
    assert_eq!(rules, ["wrong Sec-WebSocket-Accept", "unsolicited extension"]);
}

#[test]
fn a_request_is_refused() {
    let cases = [
        ("GET /", "POST /", 405, "method \"POST\": an opening handshake is a GET"),
        ("HTTP/1.1", "HTTP/1.0", 400, "HTTP/1.0: an opening handshake needs HTTP/1.1"),
        ("Host: h\r\n", "", 400, "0 Host headers: there must be one"),
        ("Host: h\r\n", "Host: h\r\nhost: h\r\n", 400, "2 Host headers: there must be one"),
        ("Upgrade: websocket\r\n", "", 426, "no \"Upgrade: websocket\" header: this is a WebSocket endpoint"),
        ("keep-alive, Upgrade", "close", 400, "no \"Connection: Upgrade\" header"),
        ("Version: 13", "Version: 8", 426, "Sec-WebSocket-Version \"8\": this server speaks 13"),
        ("Sec-WebSocket-Version: 13\r\n", "", 426, "Sec-WebSocket-Version \"\": this server speaks 13"),
        (
            "dGhlIHNhbXBsZSBub25jZQ==",
            "c2hvcnQ=",
            400,
            "Sec-WebSocket-Key \"c2hvcnQ=\": there must be one, 16 bytes in base64",
        ),
        ("dGhlIHNhbXBsZSBub25jZQ==", "no", 400, "Sec-WebSocket-Key \"no\": there must be one, 16 bytes in base64"),
        (
            "; client",
            ";; client",
            400,
            "malformed Sec-WebSocket-Extensions \"permessage-deflate;; client_max_window_bits\": a parameter's name is a token",
        ),
    ];
    for (from, to, status, message) in cases {
        let refusal = accept(&request(&GOOD.replace(from, to)), &ServerOffer::default()).expect_err(message);
        assert_eq!((refusal.to_string().as_str(), refusal.status()), (message, status));
        let (response, body) = refusal.response();
        assert_eq!((response.status, &body[..]), (status, format!("{message}\n").as_bytes()));
    }
    let (response, body) = Refusal::Version("8".to_owned()).response();
    assert_eq!(
        response.raw,
        "HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: 49\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    assert_eq!(body, "Sec-WebSocket-Version \"8\": this server speaks 13\n");
    let headers = vec![("X".to_owned(), "a\nb".to_owned())];
    let refusal = accept(&request(GOOD), &ServerOffer { headers, ..ServerOffer::default() }).expect_err("a bad header");
    assert_eq!(refusal.status(), 500);
}

#[test]
fn our_own_request_is_accepted() {
    let target = Target::parse("wss://[::1]:9/x?y").expect("a good URL");
    let key = tungstenite::handshake::client::generate_key();
    let request = Opening::new(&target, &key).request().expect("good headers");
    let accepted = accept(&request, &ServerOffer::default()).expect("accepted");
    assert_eq!(check(&request, &accepted.response).1, []);
}
