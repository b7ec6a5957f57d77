//! Opening handshakes and what came of them, as they are shown.

use std::time::SystemTime;

use bytes::Bytes;
use jiff::tz::TimeZone;

use crate::event::samples::{at, open, open_tls, ready, response};
use crate::event::{Event, Kind, Open, Role};
use crate::handshake::Fault;
use crate::render::{Format, HeadersShown, Options, Palette, Renderer, WallClock};

fn render(headers: HeadersShown, events: &[Event]) -> String {
    render_with(Options { headers, ..Options::default() }, events)
}

fn render_with(options: Options, events: &[Event]) -> String {
    let mut renderer = Renderer::new(options, WallClock { created: SystemTime::UNIX_EPOCH, zone: TimeZone::UTC });
    let mut out = String::new();
    for event in events {
        renderer.event(event, &mut out);
    }
    out
}

const HEAD: &str = "HTTP/1.1 101 \x1b[31m\r\nupgrade:  WebSocket\r\nB: \rx\nSec-WebSocket-Accept: abc\r\n\r\n";

#[test]
fn a_head_is_shown_line_by_line_with_odd_line_ends_visible() {
    let events = [at(1, Kind::Response(Box::new(response(101, HEAD, b""))))];
    assert_eq!(
        render(HeadersShown::Full, &events),
        "\
< HTTP/1.1 101 \\x1b[31m
< upgrade:  WebSocket
< B: \\rx\\n
< Sec-WebSocket-Accept: abc
<
"
    );
    assert_eq!(render(HeadersShown::Short, &events), "< HTTP/1.1 101 \\x1b[31m\n< Sec-WebSocket-Accept: abc\n");
    assert_eq!(render(HeadersShown::None, &events), "");
    let cut = [at(1, Kind::Response(Box::new(response(0, "HTTP/1.1", b""))))];
    assert_eq!(render(HeadersShown::None, &cut), "< HTTP/1.1 (no line end)\n");
}

#[test]
fn a_fault_stands_under_the_line_it_is_about() {
    let begin = HEAD.find("abc").expect("it is there");
    let wrong = Fault {
        rule: "wrong Sec-WebSocket-Accept".into(),
        section: "RFC 6455 4.1".into(),
        expected: "s3pP".into(),
        got: "abc".into(),
        at: begin..begin + 3,
    };
    let missing = Fault {
        rule: "no Connection header".into(),
        section: "RFC 6455 4.1".into(),
        expected: "Connection: Upgrade".into(),
        got: "nothing".into(),
        at: 0..0,
    };
    let events = [
        at(1, Kind::Response(Box::new(response(101, HEAD, b"")))),
        at(2, Kind::Fault(Box::new(wrong))),
        at(3, Kind::Fault(Box::new(missing))),
    ];
    assert_eq!(
        render(HeadersShown::None, &events),
        "\
✗      0.000  handshake  wrong Sec-WebSocket-Accept (RFC 6455 4.1)
    < Sec-WebSocket-Accept: [abc]
      expected  s3pP
      got       abc
✗      0.000  handshake  no Connection header (RFC 6455 4.1)
      expected  Connection: Upgrade
      got       nothing
"
    );
}

#[test]
fn a_fault_of_a_request_is_marked_in_the_request() {
    let raw = b"GET / HTTP/1.0\r\n\r\n";
    let fault = Fault {
        rule: "old HTTP".into(),
        section: "RFC 6455 4.1".into(),
        expected: "1.1".into(),
        got: "1.0".into(),
        at: 11..14,
    };
    let events = [
        at(0, Kind::Open(Box::new(Open { role: Role::Server, ..open() }))),
        at(1, Kind::Request(Bytes::from_static(raw))),
        at(2, Kind::Fault(Box::new(fault))),
    ];
    assert!(render(HeadersShown::None, &events).contains("\n    < GET / HTTP/[1.0]\n"));
}

#[test]
fn a_refusal_is_shown_whole() {
    let mut refusal = response(401, "HTTP/1.1 401 Unauthorized\r\nA: b\r\n\r\n", b"{\"error\":\"no\",\"n\":1.0}");
    refusal.body_cut = true;
    let text = response(502, "HTTP/1.1 502 Bad Gateway\r\n\r\n", b"<html>\n\x1b[2J");
    let binary = response(500, "HTTP/1.1 500 x\r\n\r\n", b"\xff\xfe");
    let events = [refusal, text, binary].map(|refusal| at(0, Kind::Response(Box::new(refusal))));
    assert_eq!(
        render(HeadersShown::None, &events),
        "\
< HTTP/1.1 401 Unauthorized
< A: b
<
  {
    \"error\": \"no\",
    \"n\": 1.0
  }
  … the body goes on, the rest was not kept
< HTTP/1.1 502 Bad Gateway
<
  <html>\\n
  \\x1b[2J
< HTTP/1.1 500 x
<
  00000000  ff fe                                             |..|
"
    );
}

#[test]
fn what_was_agreed_on_is_listed() {
    let extensions = Some("permessage-deflate; server_no_context_takeover");
    let events =
        [at(0, Kind::Open(Box::new(open_tls()))), at(1, Kind::Ready(Box::new(ready(Some("chat"), extensions))))];
    let connected = "● connected  wss://example.org/echo  127.0.0.1:7000  dns 0.1 ms  tcp 0.2 ms  tls 3.0 ms  upgrade 0.5 ms  \
                     subprotocol chat  permessage-deflate; server_no_context_takeover\n";
    assert_eq!(render(HeadersShown::None, &events), connected);
    assert_eq!(
        render(HeadersShown::Short, &events),
        connected.to_owned()
            + "  TLS          TLS 1.3, TLS_AES_256_GCM_SHA384, ALPN http/1.1\n  \
               certificate  CN=example.org, until 1970-01-31 (in 30 days)\n"
    );
    let certificate = "  TLS          TLS 1.3, TLS_AES_256_GCM_SHA384, ALPN http/1.1
  server name  example.org
  certificate  CN=example.org
  issuer       CN=Test CA
  names        example.org, 127.0.0.1
  valid        1970-01-01 to 1970-01-31 (in 30 days)
  SHA-256      "
        .to_owned()
        + ["AB"; 32].join(":").as_str()
        + "\n";
    assert_eq!(render(HeadersShown::Full, &events), connected.to_owned() + certificate.as_str());
    let options = Options { headers: HeadersShown::None, format: Format::Full, ..Options::default() };
    assert_eq!(
        render_with(options, &events),
        connected.to_owned()
            + "  address      127.0.0.1:7000
  subprotocol  chat
  extensions   permessage-deflate; server_no_context_takeover
  compression  server 15 window bits, context takeover; client 15 window bits, context takeover
  timings      dns 0.1 ms, tcp 0.2 ms, tls 3.0 ms, upgrade 0.5 ms
" + certificate.as_str()
    );
}

#[test]
fn colour_reaches_the_terminal_from_us_alone() {
    let options = Options { palette: Palette::COLOURED, headers: HeadersShown::Full, ..Options::default() };
    let mut renderer = Renderer::new(options, WallClock { created: SystemTime::UNIX_EPOCH, zone: TimeZone::UTC });
    let mut out = String::new();
    renderer.event(&at(1, Kind::Response(Box::new(response(101, HEAD, b"")))), &mut out);
    assert!(out.starts_with("\x1b[32m<\x1b[0m \x1b[1mHTTP/1.1 101 \\x1b[31m\x1b[0m\n"), "{out:?}");
}
