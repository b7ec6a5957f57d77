//! `wscope proxy` between clients and servers: what goes through it, and what of that is seen and recorded.

mod changes;
mod ends;
mod peers;

use serde_json::json;

use crate::support::between::Between;
use crate::support::frames;
use crate::support::server::{self, serve};

/// The frames that a server sees, to the close frame that it answers; before that it says `bytes`.
fn server(bytes: Vec<u8>) -> server::Server<Vec<server::Frame>> {
    server::says(bytes)
}

fn frame(first: u8, payload: impl AsRef<[u8]>) -> (u8, Vec<u8>) {
    (first, payload.as_ref().to_vec())
}

fn close(code: u16, reason: &str) -> (u8, Vec<u8>) {
    (0x88, [&code.to_be_bytes(), reason.as_bytes()].concat())
}

#[test]
fn frames_go_through_as_they_are_and_both_legs_are_recorded() {
    let from_server = [frame(0x02, [0, 255]), frame(0x8a, "p"), frame(0x00, ""), frame(0x80, "end")];
    let bytes = from_server.iter().flat_map(|(first, payload)| frames::frame(*first, payload)).collect();
    let upstream = server(bytes);
    let between = Between::start(&upstream.url(), &["--headers", "none", "--timestamps", "none"]);
    let mut client = between.client();
    client.open("/chat?x=1");
    let from_client =
        [frame(0x01, "hel"), frame(0x89, "p"), frame(0x80, "lo"), frame(0x82, [7; 125]), close(1000, "bye")];
    for (first, payload) in &from_client {
        client.send(*first, payload);
    }
    let heard: Vec<_> = std::iter::from_fn(|| client.frame()).collect();
    assert_eq!(heard, [&from_server[..], &[close(1000, "bye")]].concat());
    assert_eq!(upstream.saw(), from_client, "no pong and no close frame of the proxy's own");
    drop(client);
    let ended = between.end();
    assert_eq!(ended.code, Some(130));
    for (from, to) in [(1, 2), (2, 1)] {
        let (came, went) = (ended.frames(from, "received"), ended.frames(to, "sent"));
        assert_eq!(came, went);
        assert!(came.len() >= 5, "{came:?}");
    }
    let masks = |connection: u64| -> Vec<_> {
        let masked = |line: &&serde_json::Value| line["c"] == connection && !line["mask"].is_null();
        ended.recording.iter().filter(masked).map(|line| line["mask"].as_str().unwrap()).collect()
    };
    assert_eq!(masks(1), ["01020304"; 5]);
    assert!(masks(2).len() == 5 && masks(2).iter().all(|mask| *mask != "01020304"), "a key of the leg's own");
    assert_eq!(ended.notes(), ["the leg to the server is connection 2"]);
    // Nothing is shown twice.
    let shown: Vec<&str> = ended.shown.lines().filter(|line| line.contains("\"bye\"")).collect();
    assert_eq!(shown.iter().filter(|line| line.contains('▼') || line.contains('▲')).count(), 2, "{}", ended.shown);
}

#[test]
fn both_legs_are_shown_if_that_is_asked_for() {
    let upstream = server(Vec::new());
    let between = Between::start(&upstream.url(), &["--both-legs", "--headers", "none", "--timestamps", "none"]);
    let mut client = between.client();
    client.open("/");
    client.send(0x81, b"twice");
    client.send(0x88, b"");
    client.rest();
    let shown = between.end().shown;
    let lines: Vec<_> = shown
        .lines()
        .filter(|line| line.contains("twice"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(lines, ["1 ▼ 1 text 5 B twice", "2 ▲ 2 text 5 B twice"], "{shown}");
}

/// A message that no deflater would make: a stored block (RFC 7692 section 7.2.3.3).
const STORED: [u8; 11] = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
/// The same made by one (RFC 7692 section 7.2.3.1).
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

#[test]
fn compressed_messages_go_through_as_they_are_where_both_legs_agreed_on_the_same_and_anew_elsewhere() {
    let offer = "Sec-WebSocket-Extensions: x-other, permessage-deflate; client_max_window_bits\r\n";
    let as_offered = "permessage-deflate; client_max_window_bits";
    let own = "permessage-deflate; client_max_window_bits=10";
    let answer = "permessage-deflate; server_no_context_takeover; client_max_window_bits=10";
    for (args, asked, to_client, message) in [
        (&[][..], as_offered, Some(answer), &STORED[..]),
        (&["--compress=client_max_window_bits=10"], own, Some(answer), &STORED),
        (&["--compress=client_max_window_bits=10", "-H", "X: 1"], "", Some("permessage-deflate"), &HELLO),
        (&["--no-compress"], "", None, &HELLO),
    ] {
        // The third server speaks no compression, so that what comes compressed goes on as text.
        let agrees = !asked.is_empty();
        let upstream = serve(move |mut peer| {
            let headers = if agrees { format!("Sec-WebSocket-Extensions: {answer}\r\n") } else { String::new() };
            (peer.upgrade_with(&headers), peer.finish())
        });
        let between = Between::start(&upstream.url(), args);
        let mut client = between.client();
        let head = client.ask("/", offer);
        let answered = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
        assert_eq!(answered, to_client, "{args:?}");
        if to_client.is_some() {
            client.send(0xc1, &STORED);
        }
        client.send(0x88, b"");
        client.rest();
        let (request, frames) = upstream.saw();
        if agrees {
            let line = format!("Sec-WebSocket-Extensions: {asked}\r\n");
            assert!(request.contains(&line), "{request}");
            assert_eq!(frames[0], frame(0xc1, message), "{args:?}");
        } else if to_client.is_some() {
            assert_eq!(frames[0], frame(0x81, "Hello"), "{args:?}");
        }
    }
}

#[test]
fn the_opening_handshake_goes_through_with_changes_that_are_asked_for() {
    let upstream = serve(|mut peer| {
        let head =
            peer.upgrade_with("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nServer: theirs\r\nSec-WebSocket-Protocol: v2\r\n");
        peer.finish();
        head
    });
    let url = format!("{}/base?key=k", upstream.url());
    let more = [
        "-H",
        "X-Debug: 1",
        "-H",
        "Accept-Language:",
        "--response-header",
        "Server:",
        "--response-header",
        "X-Via: wscope",
    ];
    let between = Between::start(&url, &more);
    let mut client = between.client();
    let head = client.ask(
        "/chat?x=1",
        "Origin: http://page\r\nCookie: s=1\r\nUser-Agent: a browser\r\nAccept-Language: de\r\nX-Debug: 0\r\n\
         Authorization: Bearer t\r\nSec-WebSocket-Protocol: v1, v2\r\n",
    );
    client.send(0x88, b"");
    client.rest();
    assert_eq!(
        head,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: v2\r\n\
         Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Via: wscope\r\n\r\n"
    );
    let port = upstream.port;
    let request = upstream.saw();
    let key = request.lines().find(|line| line.starts_with("Sec-WebSocket-Key: ")).unwrap();
    assert_ne!(key, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(
        request,
        format!(
            "GET /base/chat?x=1&key=k HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\n{key}\r\nOrigin: http://page\r\nSec-WebSocket-Protocol: v1, v2\r\n\
             Authorization: Bearer t\r\nCookie: s=1\r\nUser-Agent: a browser\r\nX-Debug: 1\r\n\r\n"
        )
    );
}

#[test]
fn refusals_and_redirects_come_through_as_the_server_gave_them() {
    for (response, expected) in [
        (
            "HTTP/1.1 401 Who Are You\r\nWWW-Authenticate: Basic\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno!\r\n0\r\n\r\n",
            "HTTP/1.1 401 Who Are You\r\nWWW-Authenticate: Basic\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno!",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 302 Found\r\nLocation: /login\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        ),
    ] {
        let upstream = server::answers(response);
        let between = Between::start(&upstream.url(), &[]);
        let mut client = between.client();
        let mut answer = client.ask("/", "");
        std::io::Read::read_to_string(&mut client.stream, &mut answer).unwrap();
        assert_eq!(answer, expected);
    }
}

#[test]
fn a_server_that_can_not_be_reached_is_a_502_and_told() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let between = Between::start(&format!("ws://{nobody}"), &[]);
    let mut client = between.client();
    let mut answer = client.ask("/x", "");
    std::io::Read::read_to_string(&mut client.stream, &mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{head}");
    assert_eq!(body, format!("cannot connect to ws://{nobody}/x: connection refused ({nobody})\n"));
    assert_eq!(between.told(), format!("wscope: error: {}", body.trim_end()));
    assert_eq!(between.told(), "hint: is the server listening? try wscope demo");
}

#[test]
fn a_request_that_is_wrong_is_refused_before_the_server_is_asked() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let between = Between::start(&format!("ws://{}", nobody.local_addr().unwrap()), &[]);
    let mut client = between.client();
    let head = client.ask("/", "Sec-WebSocket-Version: 8\r\n");
    assert!(head.starts_with("HTTP/1.1 426 "), "{head}");
    let recording = between.end().recording;
    assert!(recording.iter().all(|line| line["c"] == json!(1)), "{recording:?}");
}
