//! Lines and what they mean, in tables, wrong ones with what is said of them.

use bytes::Bytes;

use super::*;
use crate::command::{FrameSpec, Masking};
use crate::protocol::{LengthForm, Opcode};
use crate::shell::content::Content;
use crate::shell::request::Which;

fn action(line: &str) -> Action {
    let request = super::parse(line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
    assert_eq!(request.to, None, "{line:?}");
    request.action
}

fn sent(line: &str) -> Outgoing {
    match action(line) {
        Action::Send(outgoing) => outgoing,
        other => panic!("{line:?} is {other:?}"),
    }
}

fn problem(line: &str) -> String {
    super::parse(line).map(|request| request.action).expect_err(line).to_string()
}

#[test]
fn a_line_is_a_text_message_exactly_as_typed() {
    for (line, text) in [
        ("hello", "hello"),
        ("  two  blanks ", "  two  blanks "),
        ("a\nb\n", "a\nb\n"),
        ("//etc/passwd", "/etc/passwd"),
        ("// ", "/ "),
        ("@@all listen", "@all listen"),
        ("@bob", "@bob"),
        ("a@b c", "a@b c"),
        (" /ping", " /ping"),
        ("/text  @x ", " @x "),
        ("/text", ""),
        ("/t\n/quit", "/quit"),
        ("/json { \"a\" : 1.50 }", "{\"a\":1.50}"),
        ("/json\n[1,\n 2]", "[1,2]"),
    ] {
        assert_eq!(sent(line), Outgoing::Text(text.into()), "{line:?}");
    }
    assert!(matches!(action(""), Action::Nothing));
}

#[test]
fn a_name_before_the_line_says_where_to() {
    for (line, name) in [("@bob hello", "bob"), ("@2 /ping", "2"), ("@a-b_c.d //x", "a-b_c.d")] {
        assert_eq!(super::parse(line).expect(line).to.as_deref(), Some(name));
    }
    let request = super::parse("@bob @@x").expect("text");
    assert!(matches!(request.action, Action::Send(Outgoing::Text(text)) if text == "@@x"));
}

#[test]
fn payloads_are_text_digits_or_files() {
    let bytes = |bytes: &'static [u8]| Content::Bytes(Bytes::from_static(bytes));
    assert_eq!(sent("/binary de ad"), Outgoing::Binary(bytes(&[0xde, 0xad])));
    assert_eq!(sent("/b base64:AAE="), Outgoing::Binary(bytes(&[0, 1])));
    assert_eq!(sent("/binary @a b.bin"), Outgoing::Binary(Content::File("a b.bin".into())));
    assert_eq!(sent("/send hi"), Outgoing::Either(Content::Text("hi".into())));
    assert_eq!(sent("/ping"), Outgoing::Ping(Content::Text(String::new())));
    assert_eq!(sent("/pong hex:00"), Outgoing::Pong(bytes(&[0])));
    let content = Content::Text("hel lo".into());
    assert_eq!(sent("/fragment 3 hel lo"), Outgoing::Fragments { count: 3, content });
}

#[test]
fn a_frame_says_every_bit_of_its_header() {
    let plain = FrameSpec {
        fin: true,
        rsv: 0,
        opcode: Opcode::TEXT,
        masking: Masking::ByRole,
        form: None,
        length: None,
        payload: Bytes::new(),
    };
    let text = |text: &str| Content::Text(text.into());
    for (line, spec, content) in [
        ("/frame", plain.clone(), text("")),
        ("/frame hello  there", plain.clone(), text("hello  there")),
        ("/frame -- op=3", plain.clone(), text("op=3")),
        ("/frame {\"a\"=1}", plain.clone(), text("{\"a\"=1}")),
        (
            "/frame op=3 fin=0 rsv=4 mask=01020304 len=64 length=9999 hex:ff",
            FrameSpec {
                fin: false,
                rsv: 4,
                opcode: Opcode::from_bits(3),
                masking: Masking::Key([1, 2, 3, 4]),
                form: Some(LengthForm::Bits64),
                length: Some(9999),
                ..plain.clone()
            },
            Content::Bytes(Bytes::from_static(&[0xff])),
        ),
        (
            "/frame mask=none op=0xb",
            FrameSpec { masking: Masking::None, opcode: Opcode::from_bits(11), ..plain.clone() },
            text(""),
        ),
        ("/frame mask=random x", FrameSpec { masking: Masking::Fresh, ..plain.clone() }, text("x")),
    ] {
        assert_eq!(sent(line), Outgoing::Frame(spec, content), "{line:?}");
    }
}

#[test]
fn closing_codes_and_reasons() {
    let close = |line: &str| match action(line) {
        Action::Close { code, reason, force } => (code, reason, force),
        other => panic!("{line:?} is {other:?}"),
    };
    assert_eq!(close("/close"), (None, String::new(), false));
    assert_eq!(close("/close 4001 session  expired"), (Some(4001), "session  expired".into(), false));
    assert_eq!(close("/close --force 1006"), (Some(1006), String::new(), true));
    assert_eq!(close("/close 1006 gone --force"), (Some(1006), "gone".into(), true));
    assert_eq!(close("/close 1005 --force"), (Some(1005), String::new(), true));
}

#[test]
fn connecting_splits_words_like_a_shell() {
    let connect = |line: &str| match action(line) {
        Action::Connect { args, name } => (args, name),
        other => panic!("{line:?} is {other:?}"),
    };
    let (args, name) = connect("/connect ws://h/p -H 'X-A: \"1\"' -H \"B: \\\"2\\\" \\x\" c\\ d as bob");
    assert_eq!(args, ["ws://h/p", "-H", "X-A: \"1\"", "-H", "B: \"2\" \\x", "c d"]);
    assert_eq!(name.as_deref(), Some("bob"));
    assert_eq!(connect("/connect :8080/as").0, [":8080/as"]);
}

#[test]
fn frames_are_named_by_number_or_from_the_end() {
    for (line, which) in [
        ("/show 17", Which::Number(17)),
        ("/show #17", Which::Number(17)),
        ("/show", Which::FromEnd(1)),
        ("/s -2", Which::FromEnd(2)),
    ] {
        assert!(matches!(action(line), Action::Show(found) if found == which), "{line}");
    }
    assert!(matches!(action("/last"), Action::Last(10)));
    assert!(matches!(action("/set format full"), Action::Set(Some((s, Some(v)))) if s == "format" && v == "full"));
    assert!(
        matches!(action("/set timestamps=clock"), Action::Set(Some((s, Some(v)))) if s == "timestamps" && v == "clock")
    );
    assert!(matches!(action("/filter sent op=ping a b"), Action::Filter(Some(f))
        if f.opcode == Some(Opcode::PING) && f.pattern.as_ref().is_some_and(|p| p.as_str() == "a b")));
}

#[test]
fn what_is_wrong_is_said_with_what_was_typed() {
    for (line, expected) in [
        ("/conect x", "unknown command \"/conect\""),
        ("/quit now", "/quit: takes no arguments, not \"now\""),
        ("/connect", "/connect: needs a URL"),
        ("/connect 'ws://h", "/connect: a quote ' is not closed"),
        ("/connect ws://h as 1", "/connect: a name is of letters, digits, -, _ and ., and not just a number"),
        ("/binary xyz", "/binary: 'x' in \"xyz\" is not a hexadecimal digit"),
        ("/close bye", "/close: \"bye\" is not a status code (1000 to 4999); a reason comes after one"),
        ("/close 1006", "/close: 1006 (abnormal closure) may not be on the wire (RFC 6455 7.4); --force sends it"),
        ("/close 99999", "/close: \"99999\" is not a status code (1000 to 4999); a reason comes after one"),
        ("/fragment x hi", "/fragment: \"x\" is not a number of frames (1 to 100000)"),
        ("/fragment 0 hi", "/fragment: \"0\" is not a number of frames (1 to 100000)"),
        ("/frame a=b", "/frame: unknown field \"a\"; -- before a payload that begins with \"a=\""),
        ("/frame rsv=8", "/frame: rsv=\"8\" is not 0 to 7 (4 is RSV1)"),
        (
            "/frame op=txt",
            "/frame: unknown opcode \"txt\": one of continuation, text, binary, close, ping, pong, or 0 to 15",
        ),
        ("/frame len=8", "/frame: len=\"8\" is not 7, 16 or 64 (bits); length=N is what the header claims"),
        ("/frame mask=0102", "/frame: mask=\"0102\" is not none, random or a key of 8 hexadecimal digits"),
        ("/show 0", "/show: \"0\" is not a frame's number"),
        ("/last x", "/last: \"x\" is not a number from 1"),
        ("/find (", "/find: \"(\" is not a regular expression: unclosed group"),
        ("/use", "/use: needs a connection's name; /connections lists them"),
        ("/help conect", "/help: no command \"conect\"; did you mean connect?"),
        ("/json {\"a\":}", "/json: not JSON: expected value at line 1 column 6\n    {\"a\":}\n         ^"),
    ] {
        assert_eq!(problem(line), expected);
        assert!(!super::parse(line).expect_err(line).hint().is_empty());
    }
    let long = format!("/ping {}", "x".repeat(126));
    assert_eq!(problem(&long), "/ping: a control frame holds at most 125 bytes, this is 126; /frame sends it");
    let long = format!("/close 1000 {}", "x".repeat(124));
    assert_eq!(problem(&long), "/close: a reason holds at most 123 bytes, this is 124");
}
