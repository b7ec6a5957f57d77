//! Counts are those of a naive pass over whole events; requests find their answers; silences and room stay bounded.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;
use crate::event::samples::{fragments, frame, open};
use crate::event::{Direction, Event, FrameEvent, Kind};
use crate::protocol::{LengthForm, Opcode};
use crate::recording::line::header;
use crate::recording::{Entry, Lines, Secrets};

fn recording(events: &[Event]) -> Vec<u8> {
    let mut out = Vec::new();
    header(SystemTime::UNIX_EPOCH, Secrets::Keep, &mut out);
    let mut lines = Lines::new(Secrets::Keep);
    for event in events {
        lines.event(event, &mut out);
    }
    out
}

fn reader(bytes: &[u8]) -> Reader<Cursor<&[u8]>> {
    Reader::new(Cursor::new(bytes), "r.wsrec").expect("a recording")
}

fn stats(bytes: &[u8], only: Option<u32>) -> Stats {
    Stats::new(only, Duration::from_secs(1)).all(&mut reader(bytes)).expect("memory is readable")
}

fn at(millis: u64, connection: u32, kind: Kind) -> Event {
    Event { time: Duration::from_millis(millis), connection, kind }
}

fn text(millis: u64, number: u64, direction: Direction, payload: &str) -> Event {
    at(millis, 1, Kind::Frame(frame(number, direction, Opcode::TEXT, payload.as_bytes())))
}

const SENT: Direction = Direction::Sent;
const RECEIVED: Direction = Direction::Received;

#[test]
fn an_answer_is_found_by_its_id() {
    let messages = [
        (0, SENT, r#"{"id":1,"method":"a"}"#),
        (1, SENT, r#"{"method":"b","id":"1"}"#),
        // The peer's own request with the same id is no answer.
        (2, RECEIVED, r#"{"id":1,"method":"c"}"#),
        (5, RECEIVED, r#" {"result":{"id":7},"id":1}"#),
        (9, RECEIVED, r#"{"id":"1","result":"\"id\""}"#),
        (20, SENT, r#"{"id":1,"result":null}"#),
        // None of these is a request.
        (30, SENT, r#"{"id":null,"method":"d"}"#),
        (31, SENT, r#"{"params":{"id":3}}"#),
        (32, SENT, r#"[{"id":4}]"#),
        (33, SENT, r#"{"id":5"#),
        // Nobody answers this.
        (34, SENT, r#"{"id":6}"#),
    ];
    let events: Vec<_> = messages.into_iter().zip(1..).map(|((ms, way, json), n)| text(ms, n, way, json)).collect();
    let calls = stats(&recording(&events), None).calls;
    assert_eq!((calls.latency().count(), calls.unanswered()), (3, 1));
    assert_eq!(calls.latency().max(), 18_000);
    assert_eq!(calls.latency().mean(), (5000 + 8000 + 18_000) / 3);
}

#[test]
fn an_id_is_found_however_it_is_escaped() {
    let lines = "{\"wscope\":1}\n\
        {\"t\":1,\"c\":1,\"ev\":\"frame\",\"dir\":\"sent\",\"op\":\"text\",\"text\":\"\\u007b\\u0022id\\u0022:1}\"}\n\
        {\"t\":1.5,\"c\":1,\"ev\":\"frame\",\"dir\":\"received\",\"op\":\"text\",\"text\":\"{\\u0022id\\u0022:1}\"}\n";
    assert_eq!(stats(lines.as_bytes(), None).calls.latency().max(), 500_000);
}

#[test]
fn requests_without_answers_are_forgotten_in_the_end() {
    let ask = |n: u64| text(n, n, SENT, &format!(r#"{{"id":{n}}}"#));
    let mut events: Vec<_> = (1..=5000).map(ask).collect();
    events.push(text(6000, 5001, RECEIVED, r#"{"id":1}"#));
    events.push(text(6000, 5002, RECEIVED, r#"{"id":5000}"#));
    let calls = stats(&recording(&events), None).calls;
    assert_eq!((calls.latency().count(), calls.latency().max()), (1, 1_000_000));
}

#[test]
fn the_longest_silences_are_told_with_their_place() {
    let times = [0, 10, 110, 120, 620, 625, 925, 926, 1126, 1129, 1179];
    let mut events: Vec<_> = times.into_iter().zip(1..).map(|(ms, n)| text(ms, n, RECEIVED, "x")).collect();
    // Another connection breaks no silence.
    let other = at(300, 2, Kind::Frame(frame(99, RECEIVED, Opcode::TEXT, b"x")));
    events.insert(4, other);
    let found: Vec<_> = stats(&recording(&events), None)
        .silences
        .into_iter()
        .map(|silence| (silence.lasted.as_millis(), silence.from.as_millis(), silence.frame))
        .collect();
    assert_eq!(found, [(500, 120, 4), (300, 625, 6), (200, 926, 8), (100, 10, 2), (50, 1129, 10)]);
}

#[test]
fn polling_is_computed_from_the_heads_without_what_upgrades() {
    let request =
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nconnection: Upgrade\r\nSec-WebSocket-Key: k\r\n\r\n";
    let response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: a\r\n\r\n";
    let line = |t: &str, rest: &str| format!("{{\"t\":{t},\"c\":1,\"ev\":{rest}}}\n");
    let head = |raw: &str| format!("\"raw\":{}", serde_json::to_string(raw).unwrap());
    let recorded = |role: &str, client: &str, server: &str| {
        let from = |way: &str| format!("\"frame\",\"dir\":\"{way}\",\"op\":\"text\",\"text\":\"hello\"");
        [
            "{\"wscope\":1}\n".to_owned(),
            line("0", &format!("\"open\",\"role\":\"{role}\",\"url\":\"ws://h/\"")),
            line("0", &format!("\"request\",{}", head(request))),
            line("0", &format!("\"response\",{},\"status\":101", head(response))),
            line("10", "\"ready\""),
            line("10.25", &from(server)),
            line("11.5", &from(client)),
            line("12", &from(server)),
            line("12.5", "\"close\",\"by\":\"peer\",\"clean\":true"),
        ]
        .concat()
    };
    // 27 + 36 bytes of plain heads, three polls and a message of the client's own; 0.75 s and 0 s to the next poll.
    let expected = Polling {
        interval: Duration::from_secs(1),
        requests: 4,
        bytes: 4 * (27 + 36) + 15,
        websocket: (request.len() + response.len()) as u64 + 3 * 7,
        messages: 2,
        waited: 750_000,
    };
    assert_eq!(stats(recorded("client", "sent", "received").as_bytes(), None).polling(), Some(expected));
    let server = stats(recorded("server", "received", "sent").as_bytes(), None);
    assert_eq!(server.polling(), Some(expected));
    assert_eq!(server.heads, [response.len() as u64, request.len() as u64]);
}

prop_compose! {
    /// A message whole or in fragments, compressed or not, or a control or reserved frame.
    fn frames()(
        bits in 0u8..16, sent: bool, masked: bool, form in 0usize..4, parts in proptest::collection::vec("\\PC{0,80}", 1..4),
        compressed: bool, inflated in "\\PC{0,200}", connection in 1u32..4,
    ) -> (u32, Vec<FrameEvent>) {
        let direction = if sent { SENT } else { RECEIVED };
        let texts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let mut all = match (texts.as_slice(), Opcode::from_bits(bits)) {
            (&[one], opcode) => vec![frame(1, direction, opcode, one.as_bytes())],
            (several, _) => fragments(1, several),
        };
        for frame in &mut all {
            frame.direction = direction;
            frame.frame.header.mask = masked.then_some([1, 2, 3, 4]);
            let minimal = LengthForm::minimal(frame.frame.header.length);
            frame.frame.header.form = [minimal, LengthForm::Bits7, LengthForm::Bits16, LengthForm::Bits64][form];
        }
        if compressed && let Some(message) = all.last_mut().and_then(|frame| frame.message.as_mut()) {
            (message.compressed, message.data) = (true, inflated.into());
            all[0].frame.header.rsv = 4;
        }
        (connection, all)
    }
}

/// Sums as somebody would take them who holds all events.
fn naive(bytes: &[u8], only: Option<u32>) -> (Tally, [Vec<u64>; 2], Compressed) {
    let (mut tally, mut sizes, mut compressed) = (Tally::default(), [vec![], vec![]], Compressed::default());
    let mut reader = reader(bytes);
    let mut first = BTreeMap::new();
    while let Some(entry) = reader.entry().unwrap() {
        let Entry::Event(Event { connection, kind: Kind::Frame(frame), .. }) = entry else { continue };
        if only.is_some_and(|only| only != connection) {
            continue;
        }
        let opcode = frame.frame.header.opcode;
        first.insert(frame.number, opcode);
        let masked = frame.frame.header.mask.is_some();
        tally.of(frame.direction, opcode).frame(frame.frame.payload.len() as u64, masked, frame.frame.wire_size());
        let Some(message) = frame.message else { continue };
        let begun = frame.fragment.map_or(frame.number, |fragment| fragment.message);
        tally.of(frame.direction, first[&begun]).messages += 1;
        sizes[frame.direction as usize].push(message.data.len() as u64);
        if message.compressed {
            compressed.messages += 1;
            compressed.wire += message.wire;
            compressed.content += message.data.len() as u64;
        }
    }
    (tally, sizes, compressed)
}

proptest! {
    #[test]
    fn counts_are_those_of_a_naive_pass(all in proptest::collection::vec(frames(), 0..30), only in proptest::option::of(1u32..4), torn in 0usize..60) {
        let mut events = vec![at(0, 1, Kind::Open(Box::new(open())))];
        let mut number = 0;
        for (connection, frames) in all {
            let begun = number + 1;
            for mut frame in frames {
                number += 1;
                frame.number = number;
                if let Some(fragment) = &mut frame.fragment {
                    fragment.message = begun;
                }
                events.push(at(number, connection, Kind::Frame(frame)));
            }
        }
        let mut bytes = recording(&events);
        bytes.truncate(bytes.len().saturating_sub(torn).max(100));
        let (tally, sizes, compressed) = naive(&bytes, only);
        let stats = stats(&bytes, only);
        prop_assert_eq!(&stats.tally, &tally);
        prop_assert_eq!(stats.compressed, compressed);
        for (histogram, sizes) in stats.sizes.iter().zip(sizes) {
            prop_assert_eq!(histogram.count(), sizes.len() as u64);
            prop_assert_eq!(histogram.max(), sizes.iter().copied().max().unwrap_or_default());
            prop_assert_eq!(histogram.ranges().iter().map(|range| range.2).sum::<u64>(), sizes.len() as u64);
        }
        let slots = stats.series.slots();
        for direction in [SENT, RECEIVED] {
            let total = tally.total(direction);
            prop_assert_eq!(slots.iter().map(|slot| slot.bytes[direction as usize]).sum::<u64>(), total.payload);
            prop_assert_eq!(slots.iter().map(|slot| slot.messages[direction as usize]).sum::<u64>(), total.messages);
        }
    }
}
