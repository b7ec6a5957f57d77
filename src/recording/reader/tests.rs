//! Recordings written and read back, whole, damaged, foreign and from the middle.

use std::io::Cursor;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::event::samples::{KEY, at, fragments, on, open, open_tls, ready, received};
use crate::event::{Closed, Direction, FrameEvent, Kind, Message, Response, Side, Violation};
use crate::handshake::Fault;
use crate::protocol::{LengthForm, Opcode, Rule};
use crate::recording::line::header;
use crate::recording::{Base, Lines, Secrets};

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

fn entries(bytes: &[u8]) -> Vec<Entry> {
    let mut reader = reader(bytes);
    std::iter::from_fn(|| reader.entry().expect("memory is readable")).collect()
}

fn damages(bytes: &[u8]) -> Vec<String> {
    let damage = |entry| if let Entry::Damaged(damage) = entry { Some(damage.to_string()) } else { None };
    entries(bytes).into_iter().filter_map(damage).collect()
}

fn notes(count: u64) -> Vec<Event> {
    (0..count).map(|i| at(i, Kind::Note(format!("note {i}")))).collect()
}

fn micros() -> impl Strategy<Value = Duration> {
    (0u64..1 << 40).prop_map(Duration::from_micros)
}

fn payload() -> impl Strategy<Value = Bytes> {
    prop_oneof!["\\PC{0,40}".prop_map(String::into_bytes), proptest::collection::vec(any::<u8>(), 0..200)]
        .prop_map(Bytes::from)
}

prop_compose! {
    /// A frame alone: right or wrong, whole or cut, compressed or not.
    fn frame()(
        bits in 0u8..16, fin: bool, rsv in 0u8..8, masked: bool, form in 0usize..4, lie in proptest::option::of(any::<u64>()),
        payload in payload(), inflated in payload(), whole: bool, compressed: bool, automatic: bool,
        after in proptest::option::of(micros()), direction: bool,
    ) -> FrameEvent {
        let direction = if direction { Direction::Sent } else { Direction::Received };
        let opcode = Opcode::from_bits(bits);
        let mut frame = crate::event::samples::frame(1, direction, opcode, &payload);
        let header = &mut frame.frame.header;
        header.length = lie.unwrap_or(header.length);
        header.form = [LengthForm::minimal(header.length), LengthForm::Bits7, LengthForm::Bits16, LengthForm::Bits64][form];
        (header.fin, header.rsv, header.mask) = (fin, rsv, masked.then_some(KEY));
        let completes = fin && whole && matches!(opcode, Opcode::TEXT | Opcode::BINARY);
        frame.message = completes.then(|| Message {
            binary: opcode == Opcode::BINARY,
            data: if compressed { inflated } else { payload.clone() },
            frames: 1,
            compressed,
            wire: payload.len() as u64,
        });
        (frame.automatic, frame.after) = (automatic, after);
        frame
    }
}

prop_compose! {
    /// A message in fragments, with frames in between that are none of its.
    fn message()(parts in proptest::collection::vec(payload(), 2..5), inflated in payload(), binary: bool, compressed: bool) -> Vec<FrameEvent> {
        let mut frames = fragments(1, &vec![""; parts.len()]);
        let all: Vec<u8> = parts.concat();
        for (frame, part) in frames.iter_mut().zip(parts) {
            frame.frame.header.length = part.len() as u64;
            frame.frame.header.form = LengthForm::minimal(part.len() as u64);
            frame.frame.payload = part;
        }
        frames[0].frame.header.opcode = if binary { Opcode::BINARY } else { Opcode::TEXT };
        frames[0].frame.header.rsv = if compressed { 4 } else { 0 };
        if let Some(message) = frames.last_mut().and_then(|frame| frame.message.as_mut()) {
            (message.binary, message.compressed, message.wire) = (binary, compressed, all.len() as u64);
            message.data = if compressed { inflated } else { all.into() };
        }
        frames
    }
}

fn other() -> impl Strategy<Value = Kind> {
    let text = "\\PC*";
    prop_oneof![
        any::<bool>().prop_map(|tls| Kind::Open(Box::new(if tls { open_tls() } else { open() }))),
        payload().prop_map(Kind::Request),
        (payload(), any::<u16>(), payload(), any::<bool>()).prop_map(|(raw, status, body, body_cut)| Kind::Response(
            Box::new(Response { raw, status, body, body_cut })
        )),
        (text, text, text, 0usize..99).prop_map(|(rule, expected, got, at)| Kind::Fault(Box::new(Fault {
            rule: rule.into(),
            section: "RFC 7692 7.1".into(),
            expected,
            got,
            at: at..2 * at
        }))),
        any::<bool>()
            .prop_map(|deflate| Kind::Ready(Box::new(ready(deflate.then_some("chat"), deflate.then_some("x; y=9"))))),
        (0..Rule::ALL.len(), text, payload(), any::<u64>(), proptest::option::of(any::<u64>())).prop_map(
            |(rule, detail, bytes, offset, frame)| Kind::Violation {
                frame,
                violation: Box::new(Violation { rule: Rule::ALL[rule], detail, bytes, offset })
            }
        ),
        payload().prop_map(Kind::Undecoded),
        (any::<bool>(), proptest::option::of(any::<u16>()), payload(), any::<bool>(), proptest::option::of(text))
            .prop_map(|(us, code, reason, clean, detail)| {
                let by = if us { Side::Us } else { Side::Peer };
                Kind::Close(Box::new(Closed { by, code, reason, clean, detail }))
            }),
        (text, proptest::option::of(text)).prop_map(|(text, hint)| Kind::Error { text, hint }),
        text.prop_map(Kind::Note),
    ]
}

fn kinds() -> impl Strategy<Value = Vec<Kind>> {
    let one = prop_oneof![
        frame().prop_map(|frame| vec![Kind::Frame(frame)]),
        message().prop_map(|frames| frames.into_iter().map(Kind::Frame).collect()),
        other().prop_map(|kind| vec![kind]),
    ];
    proptest::collection::vec(one, 0..12).prop_map(|all| all.concat())
}

/// Numbers frames as a timeline does, with gaps.
fn numbered(kinds: Vec<Kind>, gaps: &[u64]) -> Vec<Event> {
    let (mut number, mut first, mut time) = (0, 0, 0);
    let event = |(i, mut kind): (usize, Kind)| {
        let gap = gaps[i % gaps.len()];
        time += gap * 1000;
        if let Kind::Frame(frame) = &mut kind {
            number += gap;
            frame.number = number;
            if let Some(fragment) = &mut frame.fragment {
                first = if fragment.index == 1 { number } else { first };
                fragment.message = first;
            }
        }
        on(gap as u32 % 2, time, kind)
    };
    let mut events: Vec<Event> = kinds.into_iter().enumerate().map(event).collect();
    // The fragments of a message are on one connection.
    for event in &mut events {
        event.connection = if matches!(event.kind, Kind::Frame(_)) { 3 } else { event.connection };
    }
    events
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(kinds in kinds(), gaps in proptest::collection::vec(1u64..4, 1..5)) {
        let events = numbered(kinds, &gaps);
        let read = entries(&recording(&events));
        prop_assert_eq!(read.len(), events.len());
        for (entry, event) in read.iter().zip(&events) {
            let Entry::Event(read) = entry else { return Err(TestCaseError::fail(format!("{entry:?} for {event:?}"))) };
            prop_assert_eq!(format!("{read:?}"), format!("{event:?}"));
        }
    }

    #[test]
    fn a_glance_sees_what_a_whole_look_sees(kinds in kinds()) {
        let bytes = recording(&numbered(kinds, &[1]));
        let (mut whole, mut quick) = (reader(&bytes), reader(&bytes));
        while let Some(entry) = whole.entry().unwrap() {
            let (Entry::Event(event), Some(Ok(glance))) = (entry, quick.glance().unwrap()) else { panic!("an event") };
            prop_assert_eq!((glance.time, glance.connection), (event.time, event.connection));
            prop_assert_eq!(glance.frame.is_some(), matches!(event.kind, Kind::Frame(_)));
            if let (Kind::Frame(frame), Some(glance)) = (&event.kind, &glance.frame) {
                prop_assert_eq!(glance.payload_size(), frame.frame.payload.len() as u64);
                prop_assert_eq!((glance.number, glance.length), (frame.number, frame.frame.header.length));
                prop_assert!(frame.message.is_none() || glance.ends_message);
            }
        }
        prop_assert!(quick.glance().unwrap().is_none());
    }

    #[test]
    fn no_file_is_too_broken(kinds in kinds(), cut in 0usize..2000, noise: Vec<u8>) {
        let mut bytes = recording(&numbered(kinds, &[1]));
        let body = memchr::memchr(b'\n', &bytes).unwrap() + 1;
        let cut = body + cut % (bytes.len() - body + 1);
        let lines = bytecount(&bytes[body..cut]);
        bytes.truncate(cut);
        let whole = entries(&bytes).iter().filter(|entry| matches!(entry, Entry::Event(_))).count();
        // A last line that lacks its end alone is whole.
        prop_assert!(whole == lines || whole == lines + 1);
        bytes.extend(noise);
        entries(&bytes);
    }
}

fn bytecount(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

#[test]
fn a_torn_line_is_told_with_its_number_and_those_around_it_are_read() {
    let mut bytes = recording(&notes(2));
    let torn = bytes.len();
    bytes.extend_from_slice(b"{\"t\":0.5,\"ev\":\"no\n");
    let base = Base { time: Duration::from_secs(1), connection: 2, frame: 7 };
    let mut lines = Lines::new(Secrets::Mask).append(base, Duration::ZERO, SystemTime::UNIX_EPOCH, &mut bytes);
    let after = bytes.len();
    lines.event(&at(5, Kind::Frame(received(1, Opcode::TEXT, b"x"))), &mut bytes);
    let read = entries(&bytes);
    assert_eq!(damages(&bytes), [format!("line 4 (byte {torn}, 17 bytes) skipped: torn")]);
    assert!(matches!(&read[3], Entry::Append(header) if header.secrets == "masked"), "{:?}", read[3]);
    let Entry::Event(Event { time, connection: 3, kind: Kind::Frame(frame) }) = &read[4] else {
        panic!("{:?}", read[4])
    };
    assert_eq!((*time, frame.number), (Duration::from_micros(1_000_005), 8));
    bytes.truncate(after + 20);
    assert_eq!(damages(&bytes)[1], format!("line 6 (byte {after}, 20 bytes) skipped: torn"));
}

#[test]
fn a_last_line_that_lacks_its_end_alone_is_whole_and_one_that_is_followed_is_waited_for() {
    let bytes = recording(&notes(2));
    assert_eq!(entries(&bytes[..bytes.len() - 1]).len(), 2);

    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let begun = bytes.len() - 9;
    std::fs::write(file.path(), &bytes[..begun]).expect("room");
    let mut reader = Reader::open(file.path()).expect("a recording").following();
    assert!(matches!(reader.entry(), Ok(Some(Entry::Event(_)))));
    assert!(matches!(reader.entry(), Ok(None)));
    std::fs::write(file.path(), &bytes).expect("room");
    assert!(matches!(reader.entry(), Ok(Some(Entry::Event(_)))));
    assert!(matches!(reader.entry(), Ok(None)));
}

#[test]
fn another_file_is_told_from_a_recording() {
    let error = |bytes: &[u8]| Reader::new(bytes, "a.txt").expect_err("no recording").to_string();
    let begins = "where a recording begins with {\"wscope\":1,";
    assert_eq!(error(b""), "\"a.txt\" is empty: nothing was recorded");
    assert_eq!(error(b"hello\n"), format!("\"a.txt\" is no recording: a line that is no header at byte 0, {begins}"));
    assert_eq!(
        error(b"{\"a\":1}\n"),
        format!("\"a.txt\" is no recording: a line that is no header at byte 0, {begins}")
    );
    assert_eq!(
        error(b"{\"wscope\":1,\"cre"),
        format!("\"a.txt\" is no recording: a header line that is torn at byte 0, {begins}")
    );
    assert_eq!(
        error(&vec![0; 1 << 20]),
        format!("\"a.txt\" is no recording: no end of a line in the first 64 KiB at byte 0, {begins}")
    );
    assert_eq!(error(b"{\"wscope\":2}\n"), "\"a.txt\" is a recording of version 2, this wscope reads up to version 1");
}

#[test]
fn what_a_later_minor_version_adds_is_skipped() {
    let mut bytes = recording(&[]);
    bytes.extend_from_slice(b"{\"t\":0.1,\"ev\":\"heartbeat\",\"x\":{}}\n");
    bytes.extend_from_slice(b"{\"ev\":\"note\",\"colour\":[1,{\"a\":\"}\"}],\"text\":\"hi\",\"t\":1}\n");
    bytes.extend_from_slice(b"{\"t\":2,\"ev\":\"violation\",\"rule\":\"new rule\",\"section\":\"1\",\"bytes\":\"\"}\n");
    let read = entries(&bytes);
    assert!(matches!(&read[0], Entry::Unknown(line) if line.ends_with(b"}}")), "{:?}", read[0]);
    assert!(matches!(&read[1], Entry::Event(Event { kind: Kind::Note(text), .. }) if text == "hi"), "{:?}", read[1]);
    assert!(matches!(&read[2], Entry::Unknown(_)), "{:?}", read[2]);
}

#[test]
fn a_line_longer_than_may_be_is_stepped_over() {
    let mut blocks = Blocks::new(3 << 20);
    let mut file = vec![b'x'; 9 << 20];
    file.extend_from_slice(b"\nnext\nlast");
    let mut source = Cursor::new(file);
    let long = blocks.line(&mut source, false).expect("memory").expect("a line");
    assert_eq!((long.offset, long.size, long.bytes), (0, 9 << 20, None));
    let next = blocks.line(&mut source, false).expect("memory").expect("a line");
    assert_eq!((next.offset, &blocks.buffer[next.bytes.expect("held")]), ((9 << 20) + 1, &b"next"[..]));
    assert_eq!(blocks.offset(), (9 << 20) + 6);
}

/// 20,000 frames at 1 ms each, of very different sizes, with notes and damage between.
fn long_recording() -> Vec<u8> {
    let mut out = recording(&[]);
    let mut lines = Lines::new(Secrets::Keep);
    for number in 1..=20_000u64 {
        let size = if number % 1000 == 7 { 300_000 } else { number as usize % 90 };
        let frame = received(number, Opcode::TEXT, &vec![b'a'; size]);
        lines.event(&at(number * 1000, Kind::Frame(frame)), &mut out);
        if number % 5 == 0 {
            lines.event(&at(number * 1000, Kind::Note("between".into())), &mut out);
        }
        if number % 77 == 0 {
            out.extend_from_slice(b"{\"t\":torn\n");
        }
    }
    out
}

#[test]
fn a_frame_and_a_time_are_found_with_a_fraction_of_the_file_read() {
    struct Counting<'a>(Cursor<&'a [u8]>, &'a std::cell::Cell<usize>);
    impl Read for Counting<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let small = buffer.len().min(16 << 10);
            let count = self.0.read(&mut buffer[..small])?;
            self.1.set(self.1.get() + count);
            Ok(count)
        }
    }
    impl io::Seek for Counting<'_> {
        fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }
    let bytes = long_recording();
    let read = std::cell::Cell::new(0);
    let mut reader = Reader::new(Counting(Cursor::new(&bytes), &read), "r").expect("a recording");
    let number = |reader: &mut Reader<Counting<'_>>| loop {
        match reader.entry().expect("memory is readable") {
            Some(Entry::Event(Event { kind: Kind::Frame(frame), time, .. })) => return Some((frame.number, time)),
            Some(_) => {}
            None => return None,
        }
    };
    let of = |number: u64| Some((number, Duration::from_millis(number)));
    for wanted in [1, 2, 7, 1006, 1007, 1008, 9_999, 10_000, 19_999, 20_000] {
        read.set(0);
        reader.seek_frame(wanted).expect("memory is readable");
        assert_eq!(number(&mut reader), of(wanted));
        reader.seek_time(Duration::from_millis(wanted)).expect("memory is readable");
        assert_eq!(number(&mut reader), of(wanted));
        reader.seek_time(Duration::from_micros(wanted * 1000 - 500)).expect("memory is readable");
        assert_eq!(number(&mut reader), of(wanted));
        assert!(read.get() < 2 * bytes.len(), "{} of {} bytes for three jumps", read.get(), bytes.len());
    }
    reader.seek_frame(20_001).expect("memory is readable");
    assert_eq!(number(&mut reader), None);
    reader.seek_time(Duration::from_secs(21)).expect("memory is readable");
    assert_eq!(number(&mut reader), None);
    reader.seek_frame(0).expect("memory is readable");
    assert_eq!(number(&mut reader), of(1));
}
