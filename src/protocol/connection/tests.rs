//! Playbooks: bytes in, facts and bytes out.

mod properties;
mod relay;

use bytes::Bytes;

use super::*;
use crate::protocol::{Rule, close};

const KEY: MaskKey = [0x37, 0xfa, 0x21, 0x3d];

fn connection(config: Config) -> Connection {
    Connection::new(config, Box::new(|| KEY))
}

fn client() -> Connection {
    connection(Config::new(Role::Client))
}

fn server() -> Connection {
    connection(Config::new(Role::Server))
}

fn lenient(role: Role) -> Connection {
    connection(Config { on_violation: OnViolation::Continue, ..Config::new(role) })
}

fn compressed(role: Role) -> Config {
    Config { deflate: Some(DeflateParams::default()), ..Config::new(role) }
}

fn facts(connection: &mut Connection) -> Vec<Fact> {
    std::iter::from_fn(|| connection.next_fact()).collect()
}

/// Feeds the bytes and describes each fact in a line.
fn play(connection: &mut Connection, bytes: &[u8]) -> Vec<String> {
    connection.receive(bytes);
    facts(connection).iter().map(describe).collect()
}

fn describe(fact: &Fact) -> String {
    match fact {
        Fact::Frame(f) => {
            let arrow = if f.direction == Direction::Sent { '>' } else { '<' };
            let length = if f.frame.is_cut() { format!(" of {}", f.frame.header.length) } else { String::new() };
            let index = f.fragment.map(|index| format!(" #{index}")).unwrap_or_default();
            let message = f.message.as_ref().map(|message| format!(" = {:?}", message.data)).unwrap_or_default();
            format!("{arrow} {} {:?}{length}{index}{message}", f.frame.header.opcode, f.frame.payload)
        }
        Fact::Violation(v) => format!("! {} @{} {:02x?}", v.rule.name(), v.offset, &*v.bytes),
        Fact::Undecoded(bytes) => format!("? {bytes:?}"),
        Fact::Closed(c) => format!("closed by {:?} {:?} {:?} clean={} {:?}", c.by, c.code, c.reason, c.clean, c.detail),
    }
}

/// The examples of RFC 6455 section 5.7, both ways.
#[test]
fn the_rfcs_examples() {
    let mut ours = client();
    assert_eq!(play(&mut ours, b"\x81\x05Hello"), [r#"< text b"Hello" = b"Hello""#]);
    assert_eq!(
        play(&mut ours, b"\x01\x03Hel\x80\x02lo"),
        [r#"< text b"Hel" #1"#, r#"< continuation b"lo" #2 = b"Hello""#]
    );
    assert_eq!(play(&mut ours, b"\x89\x05Hello"), [r#"< ping b"Hello""#, r#"> pong b"Hello""#]);
    assert_eq!(ours.output(), b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "the RFC's masked pong");

    let mut theirs = server();
    let masked = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(play(&mut theirs, masked), [r#"< text b"Hello" = b"Hello""#]);
    let mut big = vec![0x82, 0x7e, 0x01, 0x00];
    big.extend([7; 256]);
    theirs.send_message(true, vec![7; 256].into()).expect("open");
    assert_eq!(theirs.output(), big);
}

#[test]
fn a_control_frame_may_stand_inside_a_fragmented_message() {
    let lines = play(&mut client(), b"\x01\x01a\x89\x00\x00\x01b\x80\x00");
    assert_eq!(
        lines,
        [
            r#"< text b"a" #1"#,
            r#"< ping b"""#,
            r#"> pong b"""#,
            r#"< continuation b"b" #2"#,
            r#"< continuation b"" #3 = b"ab""#
        ]
    );
}

/// Each: the bytes a server sends, and the rule, offset and offending bytes that the client names.
#[test]
fn each_rule_is_named_with_its_bytes_and_fails_the_connection_with_its_code() {
    let long_ping = [&[0x89, 126, 0, 126][..], &[0; 126]].concat();
    let cases: &[(&[u8], Rule, u64, &[u8])] = &[
        (b"\x83\x02\xc3\x28", Rule::ReservedOpcode, 0, b"\x83\x02"),
        (b"\x8b\x00", Rule::ReservedOpcode, 0, b"\x8b\x00"),
        (b"\xc1\x00", Rule::ReservedBits, 0, b"\xc1\x00"),
        (b"\x91\x00", Rule::ReservedBits, 0, b"\x91\x00"),
        (b"\x81\x81\x01\x02\x03\x04\x60", Rule::MaskedByServer, 1, b"\x81\x81\x01\x02\x03\x04"),
        (b"\x81\x7e\x00\x05hello", Rule::LengthNotMinimal, 1, b"\x81\x7e\x00\x05"),
        (b"\x82\x7f\x80\0\0\0\0\0\0\0", Rule::LengthTopBit, 2, b"\x82\x7f\x80\0\0\0\0\0\0\0"),
        (b"\x82\x7f\x40\0\0\0\0\0\0\0", Rule::FrameTooLarge, 1, b"\x82\x7f\x40\0\0\0\0\0\0\0"),
        (&long_ping, Rule::ControlTooLong, 1, b"\x89\x7e\x00\x7e"),
        (b"\x09\x00", Rule::ControlFragmented, 0, b"\x09\x00"),
        (b"\x80\x00", Rule::OrphanContinuation, 0, b"\x80\x00"),
        (b"\x01\x00\x81\x00", Rule::InterleavedMessage, 0, b"\x81\x00"),
        (b"\x81\x04ab\xc3\x28", Rule::InvalidUtf8, 4, b"\xc3\x28"),
        (b"\x01\x01a\x80\x01\xff", Rule::InvalidUtf8, 2, b"\xff"),
        (b"\x88\x01\x03", Rule::CloseTooShort, 2, b"\x03"),
        (b"\x88\x02\x03\xee", Rule::CloseCodeNotAllowed, 2, b"\x03\xee"),
        (b"\x88\x04\x03\xe8a\xff", Rule::CloseReasonUtf8, 5, b"\xff"),
        (b"\x88\x02\x03\xe8\x89\x00", Rule::FrameAfterClose, 0, b"\x89\x00"),
    ];
    for (bytes, rule, offset, offending) in cases {
        let mut conn = client();
        conn.receive(bytes);
        let facts = facts(&mut conn);
        let violations: Vec<&Violation> =
            facts.iter().filter_map(|f| if let Fact::Violation(v) = f { Some(v) } else { None }).collect();
        let [violation] = violations[..] else { panic!("{rule:?}: {violations:?}") };
        assert_eq!((violation.rule, violation.offset, &*violation.bytes), (*rule, *offset, *offending));
        assert!(conn.is_done(), "{rule:?}");
        if *rule == Rule::FrameAfterClose {
            continue;
        }
        let Some(Fact::Frame(last)) = facts.last() else { panic!("{facts:?}") };
        assert_eq!(last.frame.header.opcode, Opcode::CLOSE);
        assert_eq!(close::parse(&last.frame.payload).0, Some(rule.close_code()), "{rule:?}");
    }
}

#[test]
fn the_frame_that_broke_a_rule_is_told_before_the_verdict_and_the_rest_is_kept() {
    let lines = play(&mut client(), b"\x83\x02\xc3\x28\x81\x00");
    assert_eq!(lines[0], r#"< 3 b"\xc3(""#);
    assert!(lines[1].starts_with("! reserved opcode @0"));
    assert!(lines[2].starts_with(r#"> close b"\x03\xeareserved opcode: opcode 3"#));
    assert_eq!(lines[3], r#"? b"\x81\0""#);
}

#[test]
fn when_asked_to_continue_everything_is_told_and_decoding_goes_on() {
    let mut conn = lenient(Role::Client);
    let lines = play(&mut conn, b"\xb3\x02\xc3\x28\x80\x00\x81\x02\xff\xff\x81\x02ok");
    assert_eq!(
        lines,
        [
            r#"< 3 b"\xc3(""#,
            "! reserved opcode @0 [b3, 02]",
            "! reserved bits without an extension @0 [b3, 02]",
            r#"< continuation b"""#,
            "! continuation without a message @0 [80, 00]",
            r#"< text b"\xff\xff" = b"\xff\xff""#,
            "! text that is not UTF-8 @2 [ff, ff]",
            r#"< text b"ok" = b"ok""#,
        ]
    );
    assert!(!conn.is_closing());
}

#[test]
fn a_bad_byte_in_an_unfinished_frame_fails_before_the_frame_is_complete() {
    let mut conn = client();
    assert_eq!(play(&mut conn, b"\x81\x7e\x10\x00ab"), [""; 0]);
    let lines = play(&mut conn, b"\xff");
    assert_eq!(lines[0], r#"< text b"ab\xff" of 4096"#);
    assert_eq!(lines[1], "! text that is not UTF-8 @6 [ff]");
}

#[test]
fn the_payload_of_a_frame_that_failed_by_its_header_is_not_blamed_on_the_message_before() {
    let mut conn = lenient(Role::Client);
    let lines = play(&mut conn, b"\x01\x01a\x81\xff\x81\x81\x81\x81\x81\x81\x81\x81KEYS\xff");
    assert!(lines.iter().any(|line| line.starts_with("! 64-bit length")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("UTF-8")), "{lines:?}");
}

#[test]
fn a_masked_text_is_checked_unmasked_and_a_character_may_span_fragments() {
    let mut conn = server();
    let mut first = "é".as_bytes()[..1].to_vec();
    let mut second = "é".as_bytes()[1..].to_vec();
    crate::protocol::mask::apply(KEY, 0, &mut first);
    crate::protocol::mask::apply(KEY, 0, &mut second);
    let bytes = [b"\x01\x81", &KEY[..], &first, b"\x80\x81", &KEY[..], &second].concat();
    assert_eq!(play(&mut conn, &bytes).last().map(String::as_str), Some(r#"< continuation b"\xa9" #2 = b"\xc3\xa9""#));
}

#[test]
fn the_closing_handshake_echoes_the_code_and_ends_clean() {
    let mut conn = client();
    let lines = play(&mut conn, b"\x88\x05\x03\xe8bye");
    assert_eq!(lines, [r#"< close b"\x03\xe8bye""#, r#"> close b"\x03\xe8""#]);
    assert!(conn.is_done());
    assert_eq!(conn.send_message(false, Bytes::new()), Err(SendError::Closing));
    conn.end(Side::Peer, None);
    let closed = facts(&mut conn);
    assert_eq!(describe(&closed[0]), r#"closed by Peer Some(1000) b"bye" clean=true None"#);
}

#[test]
fn our_close_is_first_even_if_theirs_has_another_code() {
    let mut conn = client();
    conn.send_close(Some(4001), "mine", false).expect("4001 is allowed");
    play(&mut conn, b"\x88\x02\x03\xe9");
    conn.end(Side::Peer, None);
    let last = facts(&mut conn).pop().map(|f| describe(&f));
    assert_eq!(last.as_deref(), Some(r#"closed by Us Some(4001) b"mine" clean=true None"#));
}

#[test]
fn a_close_that_may_not_be_sent_is_refused_unless_forced() {
    let mut conn = client();
    assert_eq!(conn.send_close(Some(1006), "", false), Err(SendError::CodeNotAllowed(1006)));
    assert_eq!(conn.send_close(None, "why", false), Err(SendError::ReasonWithoutCode));
    let long = "x".repeat(124);
    assert!(matches!(conn.send_close(Some(1000), &long, false), Err(SendError::ControlTooLong { actual: 126, .. })));
    assert_eq!(conn.output(), b"");
    conn.send_close(Some(1006), "", true).expect("forced");
    assert_eq!(conn.output()[0], 0x88);
}

#[test]
fn an_end_inside_a_frame_or_header_shows_what_there_was() {
    let mut conn = client();
    conn.receive(b"\x82\x0aabc");
    conn.end(Side::Peer, None);
    let lines: Vec<String> = facts(&mut conn).iter().map(describe).collect();
    assert_eq!(lines[0], r#"< binary b"abc" of 10"#);
    assert!(lines[1].contains("end of stream inside a frame: 3 of 10 payload bytes"), "{lines:?}");
    let mut conn = client();
    conn.receive(b"\x82");
    conn.end(Side::Peer, None);
    let lines: Vec<String> = facts(&mut conn).iter().map(describe).collect();
    assert_eq!(lines[0], r#"? b"\x82""#);
    assert!(lines[1].contains("inside a frame header"), "{lines:?}");
}

#[test]
fn a_length_of_all_ones_in_a_continuation_breaks_rules_and_no_sum() {
    let lines = play(&mut client(), b"\x02\x01a\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff");
    assert!(lines.iter().any(|line| line.starts_with("! 64-bit length with its top bit set @2")), "{lines:?}");
}

#[test]
fn a_frame_that_fails_by_its_header_has_its_place_in_its_own_message() {
    let lines = play(&mut client(), b"\x01\x01a\x80\x81\0\0\0\0b");
    assert_eq!(lines[1], r#"< continuation b"b" #2"#);
    let lines = play(&mut client(), b"\x01\x01a\x00\x01b\x02\x01c");
    assert_eq!(lines[2], r#"< binary b"c" #1"#);
}

#[test]
fn pings_of_a_peer_that_does_not_read_pile_up_no_answers() {
    let mut conn = client();
    for n in 0..100_000 {
        conn.receive(&[b"\x89\x06", format!("{n:06}").as_bytes()].concat());
        facts(&mut conn);
    }
    assert!(conn.output().len() <= (1 << 20) + 16, "{}", conn.output().len());
    let all = conn.output().len();
    conn.wrote(all);
    assert_eq!(facts(&mut conn).iter().map(describe).collect::<Vec<_>>(), [r#"> pong b"099999""#]);
}

#[test]
fn a_ping_that_is_too_long_is_not_answered_with_a_pong_that_is_too_long() {
    let lines = play(&mut lenient(Role::Client), &[&[0x89, 126, 0, 126][..], &[b'p'; 126]].concat());
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn output_that_never_empties_does_not_keep_what_was_written() {
    let mut conn = client();
    for _ in 0..1000 {
        conn.send_message(true, vec![0; 10_000].into()).expect("open");
        let waiting = conn.output().len();
        conn.wrote(waiting.saturating_sub(1));
        facts(&mut conn);
    }
    assert_eq!(conn.output().len(), 1);
    assert!(conn.out.capacity() <= 2 << 20, "{}", conn.out.capacity());
}

#[test]
fn a_huge_claim_reserves_nothing_much() {
    let mut conn = connection(Config { max_message: u64::MAX >> 1, ..Config::new(Role::Client) });
    assert_eq!(play(&mut conn, b"\x82\x7f\x40\0\0\0\0\0\0\0abc"), [""; 0]);
    assert!(conn.space().len() <= 8 << 20, "{}", conn.space().len());
}

#[test]
fn compression_with_context_takeover_goes_both_ways() {
    let (mut ours, mut theirs) = (connection(compressed(Role::Client)), connection(compressed(Role::Server)));
    for text in ["hello hello hello", "", "hello hello hello"] {
        ours.send_message(false, Bytes::from(text)).expect("open");
        let wire = ours.output().to_vec();
        ours.wrote(wire.len());
        theirs.receive(&wire);
        let Some(Fact::Frame(fact)) = theirs.next_fact() else { panic!() };
        let message = fact.message.expect("one frame");
        assert_eq!(fact.frame.header.rsv, 4);
        assert_eq!((message.text(), message.compressed), (Some(text), true));
        assert_eq!(message.wire, fact.frame.payload.len() as u64);
    }
}

#[test]
fn rsv1_is_wrong_on_control_and_continuation_frames_even_with_compression() {
    for (bytes, rule) in [
        (&b"\xc9\x00"[..], Rule::CompressedControl),
        (b"\x41\x01\x00\xc0\x00", Rule::CompressedContinuation),
        (b"\xc1\x02\xff\xff", Rule::BadDeflate),
    ] {
        let mut conn = connection(compressed(Role::Client));
        conn.receive(bytes);
        let found =
            facts(&mut conn).into_iter().find_map(|f| if let Fact::Violation(v) = f { Some(v.rule) } else { None });
        assert_eq!(found, Some(rule));
    }
}

#[test]
fn a_message_over_the_limit_fails_before_its_bytes_arrive_and_a_bomb_while_inflating() {
    let limited = |config: Config| connection(Config { max_message: 1000, ..config });
    let mut conn = limited(Config::new(Role::Client));
    conn.receive(&[&b"\x02\x7e\x02\x58"[..], &[0; 600], b"\x80\x7e\x02\x58"].concat());
    assert!(facts(&mut conn).iter().any(|f| matches!(f, Fact::Violation(v) if v.rule == Rule::MessageTooLarge)));
    let mut bomb = connection(compressed(Role::Server));
    bomb.send_message(true, vec![0; 100_000].into()).expect("open");
    let mut conn = limited(compressed(Role::Client));
    conn.receive(bomb.output());
    assert!(facts(&mut conn).iter().any(|f| matches!(f, Fact::Violation(v) if v.rule == Rule::MessageTooLarge)));
}
