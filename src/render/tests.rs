//! What is shown, byte for byte, in every format and width.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::event::samples::{
    at, close_frame, compressed, fragments, on, open, ready, received, response, sent, violation,
};
use crate::event::{Closed, Direction, Kind, Open, Role, Side};
use crate::protocol::{Header, LengthForm, Opcode, Rule};

/// The events as text, on a wall clock that began at the epoch in UTC.
fn render(options: Options, events: &[Event]) -> String {
    let mut renderer = Renderer::new(options, WallClock { created: SystemTime::UNIX_EPOCH, zone: TimeZone::UTC });
    let mut out = String::new();
    for event in events {
        renderer.event(event, &mut out);
    }
    out
}

#[test]
fn quiet_shows_messages_and_what_went_wrong_alone() {
    let shown = render(Options { quiet: true, timestamps: Timestamps::None, ..Options::default() }, &tour());
    assert!(!shown.contains("GET /echo") && !shown.contains("ping") && !shown.contains("connected"), "{shown}");
    assert!(shown.contains("hello") && shown.contains("violation"), "{shown}");
}

fn tour() -> Vec<Event> {
    let mut echoed = received(2, Opcode::TEXT, b"hello");
    echoed.after = Some(Duration::from_micros(800));
    let mut pong = sent(4, Opcode::PONG, b"tick");
    pong.automatic = true;
    let mut events = vec![
        at(200, Kind::Open(Box::new(open()))),
        at(
            410,
            Kind::Request(Bytes::from_static(
                b"GET /echo HTTP/1.1\r\nHost: 127.0.0.1:7000\r\nSec-WebSocket-Key: k\r\n\r\n",
            )),
        ),
        at(
            900,
            Kind::Response(Box::new(response(
                101,
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nsec-websocket-accept: a\r\n\r\n",
                b"",
            ))),
        ),
        at(901, Kind::Ready(Box::new(ready(None, Some("permessage-deflate"))))),
        at(512_000, Kind::Frame(sent(1, Opcode::TEXT, b"hello"))),
        at(513_000, Kind::Frame(echoed)),
        at(2_000_000, Kind::Frame(received(3, Opcode::PING, b"tick"))),
        at(2_000_100, Kind::Frame(pong)),
    ];
    events.extend(fragments(5, &["hel", "lo"]).into_iter().map(|frame| at(2_104_000, Kind::Frame(frame))));
    events.extend([
        at(2_105_000, Kind::Frame(compressed(7, b"\xaa\x05", "aaaaaaaaaa"))),
        at(2_106_000, Kind::Frame(received(8, Opcode::BINARY, b"\xde\xad\xbe\xef!"))),
        at(2_107_000, violation(9, Rule::ReservedOpcode, "opcode 3", b"\x83\x02\xc3\x28", 0)),
        at(9_300_000, Kind::Frame(close_frame(1000, Direction::Received, 1000, b"bye"))),
        at(9_300_100, Kind::Frame(close_frame(1001, Direction::Sent, 1000, b""))),
        at(
            12_300_100,
            Kind::Close(Box::new(Closed {
                by: Side::Peer,
                code: Some(1000),
                reason: Bytes::from_static(b"bye"),
                clean: true,
                detail: None,
            })),
        ),
    ]);
    events
}

const TOUR: &str = r#"> GET /echo HTTP/1.1
> Sec-WebSocket-Key: k
< HTTP/1.1 101 Switching Protocols
< sec-websocket-accept: a
● connected  ws://127.0.0.1:7000/echo  tcp 0.2 ms  upgrade 0.5 ms  permessage-deflate
▲ 1    0.512  text         5 B  hello
▼ 2    0.513  text         5 B  hello                     +0.8 ms
▼ 3    2.000  ping         4 B  "tick"
▲ 4    2.000  pong         4 B  "tick"                    (automatic)
▼ 5    2.104  text    #5.1 FIN=0 3 B  hel
▼ 6    2.104  cont    #5.2 2 B  lo                        message 5 B
▼ 7    2.105  text    2 B → 10 B  aaaaaaaaaa
▼ 8    2.106  binary       5 B  de ad be ef 21  |....!|
✗      2.107  violation  reserved opcode: opcode 3 (RFC 6455 5.2)   [83] 02 c3 28  at byte 0 of frame 9
▼ 1000 9.300  close   1000 normal  "bye"
▲ 1001 9.300  close   1000 normal
○     12.300  closed  1000 normal  "bye"  by the peer
"#;

#[test]
fn a_tour_in_short_format() {
    assert_eq!(render(Options::default(), &tour()), TOUR);
}

#[test]
fn frames_are_cut_to_the_width_and_evidence_of_faults_is_not() {
    let narrow = Options { width: Some(48), headers: HeadersShown::None, ..Options::default() };
    assert_eq!(
        render(narrow, &tour()),
        r#"● connected  ws://127.0.0.1:7000/echo
  tcp 0.2 ms  upgrade 0.5 ms  permessage-deflate
▲ 1    0.512  text         5 B  hello
▼ 2    0.513  text         5 B  hello    +0.8 ms
▼ 3    2.000  ping         4 B  "tick"
▲ 4    2.000  pong         4 B  "tick"  (automa…
▼ 5    2.104  text    #5.1 FIN=0 3 B  hel
▼ 6    2.104  cont    #5.2 2 B  lo   message 5 B
▼ 7    2.105  text    2 B → 10 B  aaaaaaaaaa
▼ 8    2.106  binary       5 B  de ad be ef 21 …
✗      2.107  violation  reserved opcode: opcode
              3 (RFC 6455 5.2)   [83] 02 c3 28
              at byte 0 of frame 9
▼ 1000 9.300  close   1000 normal  "bye"
▲ 1001 9.300  close   1000 normal
○     12.300  closed  1000 normal  "bye"
              by the peer
"#
    );
}

#[test]
fn full_format_shows_masks_and_payloads_in_lines() {
    let full = Options { format: Format::Full, max_payload: 20, ..Options::default() };
    let events = [
        at(1, Kind::Frame(sent(1, Opcode::TEXT, b"one\r\ntwo \x1b"))),
        at(2, Kind::Frame(received(2, Opcode::BINARY, b"0123456789abcdefghijXYZ"))),
        at(3, Kind::Frame(received(3, Opcode::PING, b""))),
        at(4, Kind::Undecoded(Bytes::from_static(b"rest"))),
    ];
    assert_eq!(
        render(full, &events),
        r"▲ 1    0.000  text        10 B  mask 9f2c11aa
    one\r\n
    two \x1b
▼ 2    0.000  binary      23 B
    00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|
    00000010  67 68 69 6a                                       |ghij|
    … 3 B more
▼ 3    0.000  ping         0 B
▼      0.000  undecoded  4 B
    00000000  72 65 73 74                                       |rest|
"
    );
}

#[test]
fn what_is_unusual_in_a_header_is_said() {
    let mut unmasked = sent(1, Opcode::TEXT, b"x");
    unmasked.frame.header.mask = None;
    let mut zero = sent(2, Opcode::TEXT, b"x");
    zero.frame.header.mask = Some([0; 4]);
    let mut odd = received(3, Opcode::TEXT, b"hello");
    odd.frame.header =
        Header { mask: Some([1, 2, 3, 4]), form: LengthForm::Bits64, length: 10, rsv: 3, ..odd.frame.header };
    odd.message = None;
    let mut longer = sent(4, Opcode::BINARY, b"hello");
    longer.frame.header.length = 3;
    let mut events: Vec<Event> =
        [unmasked, zero, odd, longer].into_iter().map(|frame| at(1, Kind::Frame(frame))).collect();
    events.push(at(2, Kind::Frame(received(5, Opcode::from_bits(3), b"abc"))));
    events.push(at(2, Kind::Frame(received(6, Opcode::CLOSE, b"\x03"))));
    events.push(at(2, Kind::Frame(received(7, Opcode::CLOSE, b""))));
    assert_eq!(
        render(Options::default(), &events),
        "\
▲ 1    0.000  text         1 B  x                         unmasked
▲ 2    0.000  text         1 B  x                         mask 00000000
▼ 3    0.000  text    RSV2 RSV3 5 of 10 B  hello                     mask 01020304  64-bit length
▲ 4    0.000  binary  5 B of claimed 3 B  68 65 6c 6c 6f  |hello|
▼ 5    0.000  op 3         3 B  61 62 63  |abc|
▼ 6    0.000  close        1 B  03  |.|
▼ 7    0.000  close        0 B
"
    );
    // A server is on the other end of the same rules.
    let server = Kind::Open(Box::new(Open { role: Role::Server, ..open() }));
    let events = [at(0, server), at(1, Kind::Frame(received(1, Opcode::TEXT, b"x")))];
    assert!(render(Options::default(), &events).contains("unmasked"));
}

#[test]
fn compressed_fragments_are_bytes_until_the_message_is_whole() {
    let mut parts = fragments(1, &["\u{1}\u{2}", "\u{3}"]);
    parts[0].frame.header.rsv = 4;
    if let Some(message) = &mut parts[1].message {
        message.compressed = true;
        message.data = Bytes::from_static(b"inflated");
    }
    let events: Vec<_> = parts.into_iter().map(|part| at(1, Kind::Frame(part))).collect();
    assert_eq!(
        render(Options::default(), &events),
        "\
▼ 1    0.000  text    #1.1 FIN=0 RSV1 2 B  01 02  |..|
▼ 2    0.000  cont    #1.2 1 B  inflated                  message 3 B → 8 B
"
    );
}

#[test]
fn json_is_indented_on_request_when_whole() {
    let options = Options { json: JsonShown::Pretty, ..Options::default() };
    let mut events = vec![at(1, Kind::Frame(received(1, Opcode::TEXT, b"{\"b\":1.0,\"a\":[]}")))];
    events.extend(fragments(2, &["[1,", "2]"]).into_iter().map(|part| at(1, Kind::Frame(part))));
    events.push(at(1, Kind::Frame(received(4, Opcode::TEXT, b"{\"b\":"))));
    assert_eq!(
        render(options, &events),
        "\
▼ 1    0.000  text        16 B
    {
      \"b\": 1.0,
      \"a\": []
    }
▼ 2    0.000  text    #2.1 FIN=0 3 B  [1,
▼ 3    0.000  cont    #2.2 2 B  2]                        message 5 B
    [
      1,
      2
    ]
▼ 4    0.000  text         5 B  {\"b\":
"
    );
}

#[test]
fn connections_that_were_several_are_told_apart_to_their_end() {
    let mut renderer =
        Renderer::new(Options::default(), WallClock { created: SystemTime::UNIX_EPOCH, zone: TimeZone::UTC });
    let mut out = String::new();
    let hello = |connection| on(connection, 1, Kind::Frame(received(1, Opcode::TEXT, b"x")));
    let over = Closed { by: Side::Peer, code: None, reason: Bytes::new(), clean: false, detail: Some("reset".into()) };
    renderer.event(&hello(1), &mut out);
    renderer.name_connection(2, "bob");
    for event in [
        hello(2),
        hello(1),
        on(0, 2, Kind::Note("hm".into())),
        on(3, 2, Kind::Error { text: "refused".into(), hint: Some("try \x1b[1m later".into()) }),
        on(2, 3, Kind::Close(Box::new(over))),
        hello(1),
    ] {
        renderer.event(&event, &mut out);
    }
    assert_eq!(
        out,
        "\
▼ 1    0.000  text         1 B  x
bob ▼ 1    0.000  text         1 B  x
1   ▼ 1    0.000  text         1 B  x
    ·      0.000  note  hm
3   ✗      0.000  error  refused
                         hint: try \\x1b[1m later
bob ✗      0.000  closed abnormally  reset
1 ▼ 1    0.000  text         1 B  x
"
    );
}

#[test]
fn timestamps_are_relative_delta_clock_or_none() {
    let events = [500_000, 512_000].map(|time| at(time, Kind::Note("x".into())));
    let shown = |timestamps| render(Options { timestamps, ..Options::default() }, &events);
    assert_eq!(shown(Timestamps::Relative), "·      0.500  note  x\n·      0.512  note  x\n");
    assert_eq!(shown(Timestamps::Delta), "·      +0.500  note  x\n·      +0.012  note  x\n");
    assert_eq!(shown(Timestamps::Clock), "·     00:00:00.500  note  x\n·     00:00:00.512  note  x\n");
    assert_eq!(shown(Timestamps::None), "·      note  x\n·      note  x\n");
}

#[test]
fn raw_is_received_payloads_and_nothing_else() {
    let renderer =
        Renderer::new(Options { format: Format::Raw, ..Options::default() }, WallClock::local(SystemTime::UNIX_EPOCH));
    let mut out = Vec::new();
    let mut screen = Screen::new(renderer, &mut out);
    let mut events = tour();
    events.push(at(0, Kind::Frame(received(9, Opcode::TEXT, b"\x1b[31m"))));
    for event in &events {
        crate::session::Sink::event(&mut screen, event).expect("a Vec takes anything");
    }
    crate::session::Sink::flush(&mut screen).expect("a Vec takes anything");
    drop(screen);
    assert_eq!(out, b"hello\nhello\naaaaaaaaaa\n\xde\xad\xbe\xef!\x1b[31m\n");
    // On a terminal an escape of the peer stays harmless.
    assert!(render(Options { format: Format::Raw, ..Options::default() }, &events).ends_with("\\x1b[31m\n"));
}

proptest! {
    #[test]
    fn nothing_a_peer_sends_escapes_its_line(payload: Vec<u8>, bits in 0u8..16, fin: bool, rsv in 0u8..8, width in 20usize..120) {
        let mut frame = received(1, Opcode::from_bits(bits), &payload);
        (frame.frame.header.fin, frame.frame.header.rsv) = (fin, rsv);
        let out = render(Options { width: Some(width), ..Options::default() }, &[at(0, Kind::Frame(frame))]);
        let (line, rest) = out.split_once('\n').expect("a line");
        prop_assert!(rest.is_empty());
        prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        prop_assert!(line::columns(line) <= width, "{line:?}");
    }
}
