//! Frames of the past, with a recording of the session and without.

use std::fs;

use super::*;
use crate::event::{Direction, Fragment, FrameEvent, Kind, samples};
use crate::protocol::{Message, Opcode, Rule};
use crate::recording::{Existing, Masks, Writer};
use crate::shell::samples::brief;

/// More frames than are kept without a recording.
const MANY: u64 = 2500;

/// A shell whose session is recorded, in this folder as long as it is there.
fn recorded() -> (tempfile::TempDir, Bench) {
    let folder = tempfile::tempdir().expect("a directory");
    let masks = Masks::default();
    let path = folder.path().join("session.wsrec");
    let writer = Writer::open(&path, &Clock::start(), &masks, Existing::Refuse).expect("writable");
    let recorder = Recorder::default();
    assert!(recorder.session.replace(Some(writer)).is_none());
    (folder, Bench::with(true, recorder))
}

impl Bench {
    pub(super) fn emit(&self, kind: impl FnOnce(u64) -> Kind) {
        let timeline = &self.shell.timeline;
        timeline.emit_numbered(timeline.clock().elapsed(), 1, kind);
    }

    pub(super) fn frame(&self, direction: Direction, opcode: Opcode, text: &str) {
        self.emit(|number| Kind::Frame(samples::frame(number, direction, opcode, text.as_bytes())));
    }

    pub(super) fn received(&self, text: &str) {
        self.frame(Direction::Received, Opcode::TEXT, text);
    }

    /// Messages that say their numbers.
    pub(super) fn flood(&self) {
        for number in 1..=MANY {
            self.received(&format!("message={number}"));
        }
    }

    /// What the screen has shown of what happened.
    pub(super) fn live(&self) -> String {
        self.shell.timeline.flush().expect("room");
        self.shown()
    }
}

#[test]
fn frames_of_the_past_are_shown_again() {
    for recorded in [Some(recorded()), None] {
        let (_folder, mut bench) = recorded.map_or((None, Bench::new()), |(folder, bench)| (Some(folder), bench));
        assert!(bench.run("/show").starts_with("  error: no frames yet\n"));
        assert!(bench.run("/last").starts_with("  error: no frames yet\n"));
        assert!(bench.run("/find x").starts_with("  error: no frames yet\n"));
        for text in ["alpha", "beta", "alphabet"] {
            bench.received(text);
        }
        bench.frame(Direction::Sent, Opcode::PING, "p");
        bench.live();
        assert_eq!(brief(&bench.run("/last 2")), "3 alphabet\n4 \"p\"\n");
        assert_eq!(brief(&bench.run("/find ^alpha")), "1 alpha\n3 alphabet\n");
        assert!(bench.run("/show 2").starts_with("▼ frame 2  received at 0."));
        assert!(bench.run("/show -2").starts_with("▼ frame 3  "));
        assert_eq!(bench.run("/show 9"), "  error: there is no frame 9 yet\n  hint: the newest is 4\n");
        let shown = bench.run("/find gamma");
        assert!(shown.starts_with("  error: nothing matches gamma\n  hint: all 4 frames were searched"), "{shown}");
        let shown = bench.run("/stats");
        assert!(shown.lines().next().is_some_and(|line| line.contains("payload bytes")), "{shown}");
        bench.run("/set format raw");
        let shown = bench.run("/last 1");
        assert!(shown.starts_with("  error: nothing to show of the last 1\n"), "{shown}");
    }
}

#[test]
fn a_session_that_is_recorded_forgets_nothing_and_shows_it_as_it_was() {
    let (_folder, mut bench) = recorded();
    bench.run("/set timestamps relative");
    // No more of a flood than the screen has room for.
    let mut live = String::new();
    for number in 1..=MANY {
        bench.received(&format!("message={number}"));
        live += &bench.live();
    }
    assert_eq!(live.lines().count() as u64, MANY);
    assert_eq!(bench.run("/last 9999"), live);
    assert!(bench.run("/show 1").starts_with("▼ frame 1  "));
    // A plain word, an expression, and more matches than are shown.
    assert_eq!(bench.run("/find message=1").lines().count(), 101);
    assert!(bench.run("/find message=17$").ends_with("message=17\n"));
    let shown = bench.run("/find =24[0-9][0-9]$");
    assert_eq!(shown, live.split_inclusive('\n').skip(2399).take(100).collect::<String>());
    assert!(bench.run("/find =2[45]").starts_with("  the last 100 of 123 matches:\n"));
    bench.received("{\"id\":7}");
    bench.live();
    assert!(bench.run("/find \"id\":7").ends_with("  {\"id\":7}\n"));
}

#[test]
fn a_frame_is_shown_with_its_message_and_what_it_broke() {
    for recorded in [Some(recorded()), None] {
        let (_folder, mut bench) = recorded.map_or((None, Bench::new()), |(folder, bench)| (Some(folder), bench));
        let fragment = |frame: FrameEvent, index| {
            let fragment = Some(Fragment { message: 2, index });
            let whole = || Message { binary: false, data: "in two".into(), frames: 2, compressed: false, wire: 6 };
            let mut frame = FrameEvent { fragment, message: (index == 2).then(whole), ..frame };
            frame.frame.header.fin = index == 2;
            Kind::Frame(frame)
        };
        bench.received("before");
        bench.emit(|n| fragment(samples::frame(n, Direction::Received, Opcode::TEXT, b"in "), 1));
        bench.frame(Direction::Received, Opcode::PING, "between");
        bench.emit(|n| fragment(samples::frame(n, Direction::Received, Opcode::CONTINUATION, b"two"), 2));
        bench.emit(|_| samples::violation(4, Rule::InvalidUtf8, "byte 0xff", b"\xff", 2));
        bench.received("behind");
        bench.live();
        for number in [2, 4] {
            let shown = bench.run(&format!("/show {number}"));
            let lines: Vec<&str> = shown.lines().map(str::trim).collect();
            assert!(lines.iter().any(|line| line.starts_with("fragments  2") || *line == "fragments"), "{shown}");
            assert_eq!(shown.contains("0xff"), number == 4, "{shown}");
        }
        let shown = bench.run("/find ^in.two$");
        assert!(shown.contains("message 6 B") && shown.contains("violation"), "{shown}");
        assert!(!bench.run("/show 3").contains("fragments"));
    }
}

#[test]
fn without_a_recording_it_says_what_is_missing() {
    let missing = "only the last 1000 of 2500 frames are kept: the session is not being recorded";
    let (folder, stopped) = recorded();
    stopped.flood();
    drop(stopped.shell.recorder.session.replace(None));
    drop(folder);
    let never = Bench::new();
    never.flood();
    for mut bench in [stopped, never] {
        bench.live();
        assert_eq!(bench.run("/show 17"), format!("  error: frame 17 is no longer held\n  hint: {missing}\n"));
        assert!(bench.run("/show 1501").starts_with("▼ frame 1501  "));
        assert_eq!(bench.run("/last 2").lines().count(), 2);
        let shown = bench.run("/last 1001");
        assert!(shown.ends_with(&format!("\n  note: {missing}\n")), "{shown}");
        assert_eq!(shown.lines().count(), 1001);
        let shown = bench.run("/find =2000$");
        assert!(shown.ends_with(&format!(" message=2000\n  note: {missing}\n")), "{shown}");
        let shown = bench.run("/find =17$");
        assert_eq!(shown, format!("  error: nothing matches =17$\n  hint: {missing}; (?i) ignores case\n"));
    }
}

#[test]
fn a_recording_that_is_gone_is_told() {
    let (folder, mut bench) = recorded();
    bench.received("hello");
    bench.live();
    fs::remove_file(folder.path().join("session.wsrec")).expect("it is there");
    let shown = bench.run("/last");
    let (told, last) = shown.split_once("yours?\n").expect("an error and its hint");
    assert!(told.starts_with("  error: cannot read \"") && told.contains("no such file"), "{shown}");
    assert_eq!(brief(last), "1 hello\n");
}

#[test]
fn ctrl_c_stops_looking_back() {
    let (_folder, mut bench) = recorded();
    bench.flood();
    bench.live();
    bench.shell.interrupted.store(true, Ordering::Relaxed);
    for line in ["/find =1$", "/show 1", "/last 2"] {
        assert!(bench.run(line).starts_with("  error: stopped by Ctrl-C\n"), "{line}");
    }
    bench.shell.interrupted.store(false, Ordering::Relaxed);
    assert!(bench.run("/show 1").starts_with("▼ frame 1  "));
}
