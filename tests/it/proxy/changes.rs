//! Messages that faults or a script change on their way: what the other end gets, and what the recording says about it.

use crate::support::between::Between;
use crate::support::command::wscope;
use crate::support::peers::ws;

use super::{close, frame, server};

/// What a server gets of twenty messages, `a` to `t`, and the notes about them.
fn through(args: &[&str]) -> (String, Vec<String>) {
    let upstream = server(Vec::new());
    let between = Between::start(&upstream.url(), args);
    let mut client = between.client();
    client.open("/");
    for letter in b'a'..=b't' {
        client.send(0x81, &[letter]);
    }
    client.send(0x88, b"");
    client.rest();
    let got = upstream.saw().into_iter().filter(|(first, _)| *first == 0x81).flat_map(|(_, payload)| payload).collect();
    let notes = between.end().notes().iter().skip(1).map(|note| (*note).to_owned()).collect();
    (String::from_utf8(got).unwrap(), notes)
}

#[test]
fn the_same_seed_does_the_same_and_every_fault_is_in_the_recording() {
    let fault = ["--fault", "drop=20%,duplicate=20%,corrupt=10%", "--seed", "7"];
    let (got, notes) = through(&fault);
    assert_eq!(got, SEED_7);
    assert_eq!(through(&fault), (got, notes.clone()));
    let of = |what: &str| notes.iter().filter(|note| note.starts_with(&format!("fault: {what} "))).count();
    assert_eq!((of("dropped"), of("said twice"), of("changed byte 0 of")), NOTES_7);
    assert_eq!(notes[0], FIRST_7);
}

/// Worked out apart from the program, in Python.
const SEED_7: &str = "acneffhijkkmnoppqsst";
const NOTES_7: (usize, usize, usize) = (4, 4, 1);
const FIRST_7: &str = "fault: dropped the text of 1 bytes to the server (frame 3)";

#[test]
fn a_seed_of_no_choice_is_told() {
    let upstream = server(Vec::new());
    let between = Between::start(&upstream.url(), &["--fault", "drop=100%"]);
    let told = between.told();
    let seed = told.strip_prefix("faults: --seed ").and_then(|rest| rest.strip_suffix(" does the same again"));
    assert!(seed.is_some_and(|seed| seed.parse::<u64>().is_ok()), "{told}");
    let ended = wscope(["proxy", &upstream.url(), "--fault", "dorp=1%"]).run();
    let error = "invalid value \"dorp=1%\" for --fault: unknown fault \"dorp\": did you mean drop?";
    ended.check(2, "", &format!("wscope: error: {error}\n"));
    let mut client = between.client();
    client.open("/");
    client.send(0x88, b"");
    client.rest();
    upstream.saw();
}

#[test]
fn what_is_late_keeps_its_order_and_a_close_frame_waits_for_it() {
    let (got, notes) = through(&["--fault", "delay=1ms..20ms", "--seed", "1"]);
    assert_eq!(got, "abcdefghijklmnopqrst");
    assert_eq!(notes.len(), 20);
    assert!(notes.iter().all(|note| note.starts_with("fault: held back for ")), "{notes:?}");
}

#[test]
fn after_so_many_messages_both_legs_are_closed() {
    let upstream = server(Vec::new());
    let between = Between::start(&upstream.url(), &["--fault", "close-after=2", "--seed", "1"]);
    let mut client = between.client();
    client.open("/");
    client.send(0x81, b"one");
    client.send(0x81, b"two");
    assert_eq!(client.rest(), [close(1001, "close-after of the proxy")]);
    let end = close(1001, "close-after of the proxy");
    assert_eq!(upstream.saw(), [frame(0x81, "one"), frame(0x81, "two"), end]);
}

fn script(folder: &tempfile::TempDir, text: &str) -> String {
    let path = folder.path().join("between.rhai");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_script_says_what_becomes_of_messages() {
    let folder = tempfile::tempdir().unwrap();
    let file = script(
        &folder,
        r#"
        const GREETING = "hello from the middle";
        fn on_open(conn) { this.count = 0; client(global::GREETING + " of " + conn.resource) }
        fn to_server(m) {
            this.count += 1;
            switch m.text {
                "drop" => drop(),
                "late" => delay("5ms", m),
                "both" => all([m, server("and this"), client("to you")]),
                "json" => #{ count: this.count },
                "bytes" => blob(2, 7),
                "end" => all([m, close(4000, "the script's end")]),
            }
        }
        "#,
    );
    let upstream = server(Vec::new());
    let between = Between::start(&upstream.url(), &["--script", &file]);
    let mut client = between.client();
    client.open("/chat");
    for text in ["as it is", "drop", "late", "both", "json", "bytes", "end"] {
        client.send(0x81, text.as_bytes());
    }
    let end = close(4000, "the script's end");
    assert_eq!(client.rest(), [frame(0x81, "hello from the middle of /chat"), frame(0x81, "to you"), end.clone()]);
    let texts = ["as it is", "late", "both", "and this", "{\"count\":5}"].map(|text| frame(0x81, text));
    assert_eq!(upstream.saw(), [&texts[..], &[frame(0x82, [7, 7]), frame(0x81, "end"), end]].concat());
    let ended = between.end();
    // Which numbers the frames behind the late one get, is a matter of time.
    let number = regex::Regex::new(r" \(frame \d+\)").unwrap();
    let notes: Vec<_> = ended.notes().into_iter().map(|note| number.replace(note, "").into_owned()).collect();
    assert_eq!(
        notes[1..],
        [
            "script: says the text of 30 bytes to the client",
            "script: dropped the text of 4 bytes to the server",
            "script: held back for 5ms the text of 4 bytes to the server",
            "script: changed the text of 4 bytes to the server into it, then the text of 8 bytes to the server, then the \
             text of 6 bytes to the client",
            "script: changed the text of 4 bytes to the server into the text of 11 bytes to the server",
            "script: changed the text of 5 bytes to the server into the binary of 2 bytes to the server",
        ]
    );
}

#[test]
fn after_a_change_what_is_compressed_is_compressed_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = script(&folder, "fn to_server(m) { this.n = (this.n ?? 0) + 1; if this.n == 2 { drop() } }");
    let Some(echo) = ws(&["--deflate"]) else { return };
    let between = Between::start(&echo.url(""), &["--script", &file]);
    let lines: Vec<String> = (0..5).map(|n| format!("the same long text once more, number {n}")).collect();
    let said = wscope([&between.url("/"), "--count", "4"]).stdin(lines.join("\n")).run();
    said.success(format!("{}\n", [&lines[..1], &lines[2..]].concat().join("\n")));
    let ended = between.end();
    let rsv: Vec<_> = ended.frames(2, "sent").iter().take(4).map(|frame| frame[2].clone()).collect();
    assert_eq!(rsv, [4, 4, 4, 4], "all of them are compressed");
}

#[test]
fn a_function_that_fails_is_told_and_messages_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = script(&folder, "fn to_server(m) {\n  m.nothing()\n}");
    let upstream = server(Vec::new());
    let between = Between::start(&upstream.url(), &["--script", &file]);
    let mut client = between.client();
    client.open("/");
    client.send(0x81, b"one");
    client.send(0x81, b"two");
    client.send(0x88, b"");
    client.rest();
    assert_eq!(upstream.saw(), [frame(0x81, "one"), frame(0x81, "two"), frame(0x88, "")]);
    let told = between.told();
    assert!(told.starts_with(&format!("wscope: error: {file}:2:5: function not found: nothing")), "{told}");
    assert!(told.ends_with("(to_server, connection 1)"), "{told}");
    let wrong = script(&folder, "fn to_sever(m) {}");
    let ended = wscope(["proxy", "ws://127.0.0.1:1", "--script", &wrong]).run();
    let error = format!("wscope: error: {wrong}:1: nothing calls a function named to_sever");
    assert_eq!((ended.code, ended.stderr.lines().next()), (Some(10), Some(error.as_str())));
    assert!(ended.stderr.ends_with("hint: did you mean to_server?\n"), "{}", ended.stderr);
}
