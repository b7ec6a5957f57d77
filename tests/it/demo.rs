//! The demo server as others see it: tungstenite, which shares no code with it, and bare sockets where the bytes matter. And
//! `wscope demo` as whoever runs it sees it.

mod program;
mod violations;

use std::io::{Read, Write};
use std::net::TcpStream;

use tungstenite::client::IntoClientRequest;
use tungstenite::error::Error;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};
use wscope::app::demo::{PATHS, Server};

use crate::support::command::PATIENCE;

/// The masking key of all frames that these tests write by hand: they go as they are.
const KEY: [u8; 4] = [0; 4];

fn server() -> Server {
    Server::start(0).unwrap()
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A connection by tungstenite.
fn client(server: &Server, path: &str) -> WebSocket<TcpStream> {
    tungstenite::client(server.url(path), connect(server)).unwrap().0
}

/// A connection by hand: the stream after the response, and the response's head. The key is that of RFC 6455 section 1.3.
fn raw(server: &Server, path: &str, headers: &str) -> (TcpStream, String) {
    let mut stream = connect(server);
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: demo\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let head = read_head(&mut stream);
    (stream, head)
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

/// A whole exchange by hand: everything that is answered to `request`, to the end of the stream.
fn exchange(server: &Server, request: &[u8]) -> String {
    let mut stream = connect(server);
    stream.write_all(request).unwrap();
    read_to_end(stream)
}

fn read_to_end(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    String::from_utf8(all).unwrap()
}

/// What comes is exactly this.
#[track_caller]
fn expect(stream: &mut TcpStream, bytes: &[u8]) {
    let mut got = vec![0; bytes.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(got, bytes);
}

/// Sends a frame as a client must, masked.
fn send(stream: &mut TcpStream, first: u8, payload: &[u8]) {
    let length = u8::try_from(payload.len()).unwrap();
    stream.write_all(&[&[first, 0x80 | length], &KEY[..], payload].concat()).unwrap();
}

fn read_text(client: &mut WebSocket<TcpStream>) -> String {
    client.read().unwrap().into_text().unwrap().to_string()
}

/// Waits until the server's thread has begun to deal with this client.
fn settle(client: &mut WebSocket<TcpStream>) {
    client.send(Message::Ping("there?".into())).unwrap();
    assert_eq!(client.read().unwrap(), Message::Pong("there?".into()));
}

#[test]
fn echo_sends_back_text_and_binary_and_answers_pings_and_close() {
    let server = server();
    for path in ["/", "/echo", "/echo?any=query"] {
        let mut client = client(&server, path);
        for message in [Message::text("Grüße"), Message::binary(vec![0, 255]), Message::text("")] {
            client.send(message.clone()).unwrap();
            assert_eq!(client.read().unwrap(), message, "{path}");
        }
        settle(&mut client);
        client.close(None).unwrap();
        assert!(matches!(client.read(), Ok(Message::Close(_))));
        assert!(matches!(client.read(), Err(Error::ConnectionClosed)));
    }
}

#[test]
fn echo_compresses_if_asked_to() {
    let (mut stream, head) = raw(&server(), "/echo", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    assert_eq!(
        head,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    );
    // "Hello" twice, as in RFC 7692 sections 7.2.3.1 and 7.2.3.2: the second refers to the first.
    for compressed in [&[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00][..], &[0xF2, 0x00, 0x11, 0x00, 0x00]] {
        send(&mut stream, 0xC1, compressed);
        expect(&mut stream, &[&[0xC1, compressed.len() as u8], compressed].concat());
    }
}

#[test]
fn chat_tells_everyone_else() {
    let server = server();
    let [mut ann, mut bob, mut cay] = [(); 3].map(|()| client(&server, "/chat"));
    [&mut ann, &mut bob, &mut cay].into_iter().for_each(settle);
    ann.send(Message::text("hi all")).unwrap();
    assert_eq!(bob.read().unwrap(), Message::text("hi all"));
    assert_eq!(cay.read().unwrap(), Message::text("hi all"));
    cay.close(None).unwrap();
    while cay.read().is_ok() {}
    bob.send(Message::binary(vec![1, 2])).unwrap();
    // Ann never hears herself: this is the first that she hears.
    assert_eq!(ann.read().unwrap(), Message::binary(vec![1, 2]));
    settle(&mut bob);
}

#[test]
fn ticker_ticks() {
    let mut client = client(&server(), "/ticker");
    assert_eq!(read_text(&mut client), r#"{"type":"price","symbol":"ACME","price":101.62,"seq":1}"#);
    assert_eq!(read_text(&mut client), r#"{"type":"price","symbol":"GLOBEX","price":43.54,"seq":2}"#);
    client.send(Message::text("ignored")).unwrap();
    assert_eq!(read_text(&mut client), r#"{"type":"price","symbol":"INITECH","price":20.09,"seq":3}"#);
}

#[test]
fn rpc_answers_and_notifies() {
    let mut client = client(&server(), "/rpc");
    client.send(Message::text(r#"{"jsonrpc":"2.0","id":1,"method":"add","params":[1,2]}"#)).unwrap();
    assert_eq!(read_text(&mut client), r#"{"jsonrpc":"2.0","id":1,"result":3}"#);
    client.send(Message::text("{")).unwrap();
    assert_eq!(
        read_text(&mut client),
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#
    );
    client.send(Message::text(r#"{"jsonrpc":"2.0","id":"s","method":"subscribe"}"#)).unwrap();
    assert_eq!(read_text(&mut client), r#"{"jsonrpc":"2.0","id":"s","result":1}"#);
    for seq in 1..3 {
        let tick = format!(r#"{{"jsonrpc":"2.0","method":"tick","params":{{"subscription":1,"seq":{seq}}}}}"#);
        assert_eq!(read_text(&mut client), tick);
    }
    client.send(Message::text(r#"{"jsonrpc":"2.0","id":"u","method":"unsubscribe","params":[1]}"#)).unwrap();
    let unsubscribed = r#"{"jsonrpc":"2.0","id":"u","result":true}"#;
    while read_text(&mut client) != unsubscribed {}
    client.send(Message::text(r#"{"jsonrpc":"2.0","id":9,"method":"echo","params":["last"]}"#)).unwrap();
    assert_eq!(read_text(&mut client), r#"{"jsonrpc":"2.0","id":9,"result":["last"]}"#);
}

#[test]
fn binary_sends_every_form_of_length() {
    let mut client = client(&server(), "/binary");
    let messages = [(); 5].map(|()| client.read().unwrap().into_data());
    assert_eq!(messages.each_ref().map(tungstenite::Bytes::len), [0, 13, 68, 256, 65536]);
    assert!(messages[2].starts_with(b"\x89PNG\r\n\x1a\n"));
    client.send(Message::text("and an echo")).unwrap();
    assert_eq!(read_text(&mut client), "and an echo");
}

#[test]
fn fragments_are_three_with_a_ping_inside() {
    let (mut stream, _) = raw(&server(), "/fragments", "");
    expect(&mut stream, b"\x01\x02f\xc3\x00\x01\xbc\x89\x0bstill here?\x80\x01r");
    send(&mut stream, 0x82, b"abcdefg");
    expect(&mut stream, b"\x02\x03abc\x00\x02de\x89\x0bstill here?\x80\x02fg");
    send(&mut stream, 0x81, b"");
    expect(&mut stream, b"\x01\x00\x00\x00\x89\x0bstill here?\x80\x00");
}

#[test]
fn close_says_what_it_was_asked_to_say() {
    let server = server();
    for (query, frame) in [
        ("?code=4001&reason=good+bye%21", &b"\x88\x0b\x0f\xa1good bye!"[..]),
        ("?code=1006", b"\x88\x02\x03\xee"),
        ("", b"\x88\x02\x03\xe8"),
    ] {
        let (mut stream, _) = raw(&server, &format!("/close{query}"), "");
        expect(&mut stream, frame);
        send(&mut stream, 0x88, b"");
        assert_eq!(read_to_end(stream), "", "{query}: nothing after the close frame");
    }
    let mut client = client(&server, "/close?code=4001&reason=bye");
    let Ok(Message::Close(Some(close))) = client.read() else { panic!("no close frame") };
    assert_eq!((close.code, close.reason.as_str()), (CloseCode::Library(4001), "bye"));
    let (stream, head) = raw(&server, "/close?code=many", "");
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert_eq!(read_to_end(stream), "code \"many\" is no number from 0 to 65535\n");
}

#[test]
fn slow_keeps_the_order() {
    let mut client = client(&server(), "/slow");
    for text in ["one", "two"] {
        client.send(Message::text(text)).unwrap();
    }
    assert_eq!(read_text(&mut client), "one");
    assert_eq!(read_text(&mut client), "two");
}

#[test]
fn auth_wants_the_token() {
    let server = server();
    for header in ["", "Authorization: Bearer wrong\r\n", "Authorization: Basic demo\r\n"] {
        let (stream, head) = raw(&server, "/auth", header);
        assert_eq!(
            head,
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"demo\"\r\nContent-Type: application/json\r\n\
             Connection: close\r\nContent-Length: 52\r\n\r\n"
        );
        assert_eq!(read_to_end(stream), "{\"error\":\"unauthorized\",\"hint\":\"the token is demo\"}\n");
    }
    let mut request = server.url("/auth").into_client_request().unwrap();
    request.headers_mut().insert("Authorization", "bearer demo".parse().unwrap());
    let (mut client, _) = tungstenite::client(request, connect(&server)).unwrap();
    client.send(Message::text("in")).unwrap();
    assert_eq!(read_text(&mut client), "in");
}

#[test]
fn redirect_leads_to_echo_by_a_relative_location() {
    let (_, head) = raw(&server(), "/redirect", "");
    assert!(head.starts_with("HTTP/1.1 302 Found\r\nLocation: /echo\r\n"), "{head}");
}

#[test]
fn an_ordinary_request_gets_the_index() {
    let server = server();
    for (path, status) in
        [("/", "426 Upgrade Required"), ("/rpc", "426 Upgrade Required"), ("/nothing", "404 Not Found")]
    {
        let answer = exchange(&server, format!("GET {path} HTTP/1.1\r\nHost: demo\r\n\r\n").as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        for path in PATHS {
            assert!(answer.contains(&format!("\n{}", path.path)) && answer.contains(path.about), "{}", path.path);
        }
    }
    let (stream, head) = raw(&server, "/nothing", "");
    assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n"), "{head}");
    assert!(read_to_end(stream).contains("/echo"));
}

#[test]
fn a_misbehaving_client_costs_nobody_else() {
    let server = server();
    let mut bystander = client(&server, "/echo");
    let key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: !\r\n";
    let upgrade = "Host: demo\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    for (request, status) in [
        ("\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), ""),
        (format!("POST /echo HTTP/1.1\r\n{upgrade}\r\n"), "HTTP/1.1 405"),
        (format!("GET /echo HTTP/1.1\r\n{upgrade}{key}\r\n"), "HTTP/1.1 400"),
        (format!("GET /echo HTTP/1.0\r\n{upgrade}\r\n"), "HTTP/1.1 400"),
    ] {
        let answer = exchange(&server, request.as_bytes());
        assert!(answer.starts_with(status) && answer.is_empty() == status.is_empty(), "{request}: {answer}");
    }
    // Unmasked, reserved, longer than there is memory: failed with the code for it.
    for (frame, code) in [
        (&b"\x81\x01x"[..], 1002u16),
        (b"\x83\x80\0\0\0\0", 1002),
        (b"\x81\x81\0\0\0\0\xff", 1007),
        (b"\x82\xff\x40\0\0\0\0\0\0\0\0\0\0\0", 1009),
    ] {
        let (mut stream, _) = raw(&server, "/chat", "");
        stream.write_all(frame).unwrap();
        let mut head = [0; 4];
        stream.read_exact(&mut head).unwrap();
        assert_eq!((head[0], &head[2..]), (0x88, &code.to_be_bytes()[..]), "{frame:x?}");
    }
    drop(raw(&server, "/ticker", ""));
    bystander.send(Message::text("still there")).unwrap();
    assert_eq!(read_text(&mut bystander), "still there");
}

#[test]
fn a_connection_too_many_is_told_so() {
    let server = Server::start_for(0, 2).unwrap();
    let (mut one, two) = (client(&server, "/echo"), client(&server, "/echo"));
    let answer = exchange(&server, b"GET /echo HTTP/1.1\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n2 connections are open already, which is the limit\n"), "{answer}");
    drop(two);
    // The server sees the end at some time.
    let mut attempts = 0..10_000;
    while raw(&server, "/echo", "").1.contains("503") {
        attempts.next().expect("the seat of a client that left is free again");
    }
    settle(&mut one);
}
