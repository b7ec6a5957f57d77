//! Who is let in, and who gets which connection: what was recorded, and no other.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::{Mock, Recording, ask, close, hear};
use crate::support::command::wscope;
use crate::support::peers::{websockets_client, ws_client};

/// The response to a request for this path with further headers, to the end of the stream.
fn response(mock: &Mock, path: &str, headers: &str) -> String {
    response_from(mock, "h", path, headers)
}

/// The same, of who calls it by this name.
pub(super) fn response_from(mock: &Mock, host: &str, path: &str, headers: &str) -> String {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    raw(mock, &request)
}

/// The response to this request, to the end of the stream.
pub(super) fn raw(mock: &Mock, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", mock.server.port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn refusals_and_redirects_are_given_again_with_headers_and_body() {
    let unauthorized = "401 Unauthorized\nWWW-Authenticate: Bearer realm=\"a\"\nSet-Cookie: ***\n\
                        Transfer-Encoding: chunked\nDate: Mon, 23 Nov 2026 04:20:00 GMT";
    let recording = Recording::new()
        .open(1, "/in?token=***&v=1", unauthorized, "who are you?\n")
        .open(2, "/in?token=***&v=1", "429 Slow Down\nRetry-After: 7", "{\"error\":\"slow\"}")
        .open(3, "/in?token=***&v=1", "307 Temporary Redirect\nLocation: /out", "");
    let mock = Mock::start(&recording.path(), &[]);
    let first = response(&mock, "/in?token=abc&v=1", "");
    let expected = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"a\"\r\n\
        Date: Mon, 23 Nov 2026 04:20:00 GMT\r\nConnection: close\r\nContent-Length: 13\r\n\r\nwho are you?\n";
    assert_eq!(first, expected);
    let url = mock.url("/in?token=x&v=1");
    match ws_client(&[&url]) {
        Some(client) => assert_eq!(client.line(), "refused 429 {\"error\":\"slow\"}"),
        None => drop(response(&mock, "/in?token=x&v=1", "")),
    }
    let redirect =
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /out\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(response(&mock, "/in?token=&v=1", ""), redirect);
    let (code, _, said) = mock.end();
    let expected = "wscope: client ADDRESS was answered with 401, as connection 1\n\
                    wscope: client ADDRESS was answered with 429, as connection 2\n\
                    wscope: client ADDRESS was answered with 307, as connection 3\n";
    assert_eq!((code, said.as_str()), (Some(0), expected));
}

#[test]
fn a_refusal_with_a_folded_upgrade_ended_the_thread_of_its_client() {
    let refusal = "426 Upgrade Required\nServer: old/1\nUpgrade: websocket,\n\tother/1";
    let mock = Mock::start(&Recording::new().open(1, "/", refusal, "").path(), &["-q"]);
    let expected = "HTTP/1.1 426 Upgrade Required\r\nServer: old/1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(response(&mock, "/", ""), expected);
    assert_eq!(mock.end().0, Some(0));
}

#[test]
fn who_asks_for_something_else_is_told_what_was_recorded() {
    let spoken = "101 Switching Protocols\nSec-WebSocket-Protocol: chat.v2";
    let ready = |c| serde_json::json!({"t": 0.3, "c": c, "ev": "ready", "upgrade": 0.1, "subprotocol": "chat.v2"});
    let recording = Recording::new().open(1, "/chat?v=2", spoken, "").event(ready(1)).sent(1, "a").received(1, "b");
    let path = recording.path();
    let mock = Mock::start(&path, &["-q"]);
    for other in ["/", "/chat", "/chat?v=3", "/chat?v=2&w=1"] {
        let refused = response(&mock, other, "");
        let (head, body) = refused.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n") && head.contains("text/plain"), "{head}");
        assert_eq!(body, format!("it asks for {other:?}, and the recording has \"/chat?v=2\"\n"));
    }
    let url = mock.url("/chat?v=2");
    for client in [ws_client, websockets_client] {
        let Some(client) = client(&[&url, "--subprotocol", "chat.v1"]) else { continue };
        let why = "it offers \"chat.v1\"";
        assert_eq!(client.line(), format!("refused 400 the recording has subprotocol \"chat.v2\", and {why}"));
    }
    if let Some(client) = ws_client(&[&url, "--subprotocol", "chat.v1", "--subprotocol", "chat.v2", "a"]) {
        assert_eq!([client.line().as_str(), client.line().as_str()], ["open chat.v2 ", "message b"]);
        assert_eq!(client.line().trim_end(), "close 1000");
        let (code, _, said) = mock.end();
        let lenient = "wscope: --lenient takes it all the same\n";
        let mut expected = ["/", "/chat", "/chat?v=3", "/chat?v=2&w=1"].map(|other| {
            format!(
                "wscope: client ADDRESS is refused with 404: it asks for {other:?}, and the recording has \"/chat?v=2\"\n{lenient}"
            )
        })
        .concat();
        let subprotocol = "wscope: client ADDRESS is refused with 400: the recording has subprotocol \"chat.v2\", and it offers \
                           \"chat.v1\"\n";
        let refused = said.matches(subprotocol).count();
        expected += &format!("{subprotocol}{lenient}").repeat(refused);
        assert_eq!((code, said.as_str(), refused > 0), (Some(0), expected.as_str(), true));
    }

    let mock = Mock::start(&path, &["--lenient"]);
    let mut client = mock.client("/other");
    assert_eq!(ask(&mut client, "a"), "b");
    close(client);
    let (code, _, said) = mock.end();
    let first = "wscope: client ADDRESS is taken although it asks for \"/other\", and the recording has \"/chat?v=2\"\n\
                 wscope: client ADDRESS is taken although the recording has subprotocol \"chat.v2\", and it offers none\n";
    assert!(code == Some(0) && said.starts_with(first), "{said}");
}

#[test]
fn each_client_gets_the_next_connection_and_one_too_many_none() {
    let two = Recording::new()
        .opened(1, "/")
        .received(1, "one")
        .opened(2, "/")
        .received(2, "two")
        .opened(5, "/b")
        .received(5, "five");
    let path = two.path();
    let mock = Mock::start(&path, &[]);
    let [mut first, mut second] = [mock.client("/"), mock.client("/")];
    assert_eq!([hear(&mut first), hear(&mut second)], ["one", "two"]);
    let refused = response(&mock, "/", "");
    assert!(refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{refused}");
    assert!(refused.ends_with("\r\n\r\nevery connection of the recording has been played\n"), "{refused}");
    let mut third = mock.client("/b");
    assert_eq!(hear(&mut third), "five");
    [first, second, third].into_iter().for_each(close);
    let (code, _, said) = mock.end();
    assert_eq!(code, Some(0));
    let line = "wscope: client ADDRESS is refused with 503: every connection of the recording has been played\n";
    assert!(said.contains(line) && !said.contains("--lenient"), "{said}");

    let mock = Mock::start(&path, &["--conn", "2", "--loop", "-q"]);
    for _ in 0..3 {
        let mut client = mock.client("/");
        assert_eq!(hear(&mut client), "two");
        close(client);
    }
    assert_eq!(mock.interrupt().0, Some(130));
    let ended = wscope(["replay", path.to_str().unwrap(), "--listen", "0", "--conn", "3"]).run();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("has no connection 3, only 1, 2, 5"), "{}", ended.stderr);
}
