//! What a line does, on connections that only note what they are told.

mod lookback;
mod scripts;

use std::io;

use super::*;
use crate::command::FrameSpec;
use crate::event::{Kind, samples};
use crate::script::{Failure, Port};
use crate::session::{Clock, LinkError, OpenError};
use crate::shell::samples::plain;

/// A connection that keeps what it is told to send.
struct Fake {
    number: u32,
    sent: Arc<Mutex<Vec<(u32, Command)>>>,
    state: Mutex<State>,
    /// Closes as soon as it is asked to.
    polite: bool,
}

impl Port for Fake {
    fn number(&self) -> u32 {
        self.number
    }

    fn send(&self, command: Command, _: &dyn Fn() -> bool) -> Result<(), LinkError> {
        match self.state() {
            State::Closed => Err(LinkError::Closed),
            _ => self.give(command),
        }
    }

    fn offer(&self, command: Command) -> Result<(), LinkError> {
        self.give(command)
    }

    fn unwritten(&self) -> usize {
        0
    }

    fn is_over(&self) -> bool {
        self.state() == State::Closed
    }

    fn failure(&self) -> Option<OpenError> {
        None
    }
}

impl Link for Fake {
    fn give(&self, command: Command) -> Result<(), LinkError> {
        if matches!(command, Command::Drop) || self.polite && matches!(command, Command::Close { .. }) {
            *self.state.lock().expect("unpoisoned") = State::Closed;
        }
        self.sent.lock().expect("unpoisoned").push((self.number, command));
        Ok(())
    }

    fn set_on_violation(&self, _: OnViolation) -> Result<(), LinkError> {
        Ok(())
    }

    fn state(&self) -> State {
        *self.state.lock().expect("unpoisoned")
    }
}

/// A shell without a terminal, and what it did.
struct Bench {
    shell: Shell,
    sent: Arc<Mutex<Vec<(u32, Command)>>>,
    opened: Arc<Mutex<Vec<ConnectOptions>>>,
}

impl Bench {
    fn new() -> Bench {
        Bench::with(true, Recorder::default())
    }

    fn with(polite: bool, recorder: Recorder) -> Bench {
        let sent: Arc<Mutex<Vec<(u32, Command)>>> = Arc::default();
        let opened: Arc<Mutex<Vec<ConnectOptions>>> = Arc::default();
        let (memory, screen, audience) = (Memory::default(), Screen::new(plain()), Audience::default());
        let timeline = Timeline::new(
            Clock::start(),
            vec![
                Box::new(recorder.session.clone()),
                Box::new(memory.clone()),
                Box::new(screen.clone()),
                Box::new(audience.clone()),
            ],
        );
        let (log, all) = (Arc::clone(&sent), Arc::clone(&opened));
        let open = move |options: ConnectOptions, timeline: Timeline, number| -> io::Result<Arc<dyn Link>> {
            let state = Mutex::new(if options.url.contains("refused") { State::Closed } else { State::Open });
            if options.url.contains("ready") {
                timeline.emit(timeline.clock().elapsed(), number, Kind::Ready(Box::new(samples::ready(None, None))));
                timeline.flush()?;
            }
            all.lock().expect("unpoisoned").push(options);
            Ok(Arc::new(Fake { number, sent: Arc::clone(&log), state, polite }))
        };
        let options = |args: &[String]| match args.last().map(String::as_str).unwrap_or_default() {
            bad if bad.starts_with("bad") => Err(Failure::usage(format!("no URL: \"{bad}\""), "say ws://")),
            url => Ok(ConnectOptions::new(url)),
        };
        let setup = Setup {
            recorder,
            timeline,
            memory,
            screen,
            audience,
            options: Arc::new(options),
            flags: Vec::new(),
            gate: None,
            history: None,
            aliases: None,
            coloured: false,
        };
        let shell = Shell::with_links(setup, Arc::new(open));
        Bench { shell, sent, opened }
    }

    /// What a line puts on the screen.
    fn run(&mut self, line: &str) -> String {
        assert_eq!(self.shell.run_line(line), Flow::Continue, "{line}");
        self.shown()
    }

    fn shown(&self) -> String {
        self.shell.screen.take(usize::MAX)
    }

    fn sent(&self) -> Vec<(u32, Command)> {
        std::mem::take(&mut *self.sent.lock().expect("unpoisoned"))
    }
}

fn text(number: u32, text: &'static str) -> (u32, Command) {
    (number, Command::Text(text.into()))
}

#[test]
fn without_a_connection_the_next_step_is_said() {
    let mut bench = Bench::new();
    for line in ["hello", "/ping", "/close", "/info", "/reconnect"] {
        let shown = bench.run(line);
        assert!(
            shown.starts_with("  error: not connected\n  hint: /connect URL opens a connection"),
            "{line}: {shown}"
        );
    }
    assert_eq!(bench.run("/connections"), "  no connections; /connect URL opens one\n");
    assert_eq!(bench.run("/connect bad"), "  error: no URL: \"bad\"\n  hint: say ws://\n");
    assert_eq!(bench.run(""), "");
}

#[test]
fn lines_go_to_the_connection_in_use_or_the_one_named() {
    let mut bench = Bench::new();
    bench.run("/connect ws://a/x");
    bench.run("/connect ws://b/y as bob");
    bench.run("one");
    bench.run("@1 two");
    bench.run("/use 1");
    bench.run("three");
    bench.run("@bob four");
    assert_eq!(bench.sent(), [text(2, "one"), text(1, "two"), text(1, "three"), text(2, "four")]);
    let shown = bench.run("/connections");
    assert_eq!(shown, "> 1            #1    open        a/x\n  bob          #2    open        b/y\n");
    let shown = bench.run("@eve hi");
    assert!(shown.starts_with("  error: no connection named \"eve\"\n  hint: the connections are 1, bob;"), "{shown}");
    let shown = bench.run("/connect ws://c as bob");
    assert!(shown.starts_with("  error: \"bob\" is open to b/y\n"), "{shown}");
    assert_eq!(bench.sent(), []);
}

#[test]
fn every_way_of_sending_becomes_its_command() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("payload");
    std::fs::write(&path, b"\xff\x00").expect("writable");
    let file = path.to_str().expect("UTF-8");
    let mut bench = Bench::new();
    bench.run("/connect ws://a");
    for line in
        ["/send hi", &format!("/send @{file}"), "/binary 00", "/ping p", "/fragment 2 abcd", "/frame op=3 hex:01"]
    {
        assert_eq!(bench.run(line), "", "{line}");
    }
    let sent: Vec<Command> = bench.sent().into_iter().map(|(_, command)| command).collect();
    let [Command::Text(hi), Command::Binary(file), Command::Binary(zero), Command::Ping(p), fragments, spec] = &*sent
    else {
        panic!("{sent:?}")
    };
    assert_eq!((&hi[..], &file[..], &zero[..], &p[..]), (&b"hi"[..], &b"\xff\x00"[..], &b"\x00"[..], &b"p"[..]));
    assert_eq!(*fragments, Command::Fragments { binary: false, parts: vec!["ab".into(), "cd".into()] });
    assert!(
        matches!(spec, Command::Frame(FrameSpec { opcode, payload, .. }) if opcode.bits() == 3 && payload[..] == [1])
    );
    let shown = bench.run("/send @/no/such");
    assert!(shown.starts_with("  error: cannot read \"/no/such\": "), "{shown}");
}

#[test]
fn a_closed_connection_is_opened_again_as_it_was() {
    let mut bench = Bench::new();
    bench.run("/connect ws://refused/x as bob");
    let shown = bench.run("hello");
    assert_eq!(shown, "  error: the connection to refused/x is closed\n  hint: /reconnect opens it again\n");
    bench.run("/reconnect");
    let urls: Vec<String> =
        bench.opened.lock().expect("unpoisoned").iter().map(|options| options.url.clone()).collect();
    assert_eq!(urls, ["ws://refused/x", "ws://refused/x"]);
    assert_eq!(bench.run("/connections"), "> bob          #2    closed      refused/x\n");
}

#[test]
fn disconnecting_and_leaving_close_with_1000() {
    let normal = |number| (number, Command::Close { code: Some(1000), reason: String::new(), force: false });
    let mut bench = Bench::new();
    bench.run("/connect ws://a");
    bench.run("/disconnect");
    assert_eq!(bench.sent(), [normal(1)]);
    bench.run("/connect ws://b as b");
    bench.run("/connect ws://c as c");
    assert_eq!(bench.shell.run_line("/quit"), Flow::Quit);
    bench.shell.close_all();
    assert_eq!(bench.sent(), [normal(2), normal(3)]);
    assert_eq!(bench.shown(), "");
}

#[test]
fn a_peer_that_does_not_close_is_dropped_when_told_to_leave_at_once() {
    let mut bench = Bench::with(false, Recorder::default());
    bench.run("/connect ws://a");
    bench.shell.interrupted.store(true, Ordering::Relaxed);
    bench.shell.close_all();
    assert!(matches!(&bench.sent()[..], [(1, Command::Close { .. }), (1, Command::Drop)]));
    assert_eq!(bench.shown(), "  closing… (Ctrl-C leaves at once)\n  connection 1 dropped: at once\n");
}

#[test]
fn a_file_runs_line_by_line_and_errors_name_their_place() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).to_str().expect("UTF-8").to_owned();
    std::fs::write(path("inner"), "/bad\ninner\n").expect("writable");
    std::fs::write(path("outer"), format!("one\n\n/json {{\n/source {}\ntwo\n/quit\nthree\n", path("inner")))
        .expect("writable");
    std::fs::write(path("self"), format!("/source {}\n", path("self"))).expect("writable");
    let mut bench = Bench::new();
    bench.run("/connect ws://a");
    assert_eq!(bench.shell.run_line(&format!("/source {}", path("outer"))), Flow::Quit);
    let shown = bench.shown();
    let errors: Vec<&str> = shown.lines().filter(|line| line.contains("error:")).collect();
    assert_eq!(
        errors,
        [
            &*format!("  error: {}:3: /json: not JSON: EOF while parsing an object at line 1 column 1", path("outer")),
            &*format!("  error: {}:1: unknown command \"/bad\"", path("inner")),
        ]
    );
    assert_eq!(bench.sent(), [text(1, "one"), text(1, "inner"), text(1, "two")]);
    let shown = bench.run(&format!("/source {}", path("self")));
    assert!(shown.contains("/source goes 8 files deep"), "{shown}");
    let shown = bench.run("/source /no/such");
    assert!(shown.starts_with("  error: cannot read \"/no/such\": "), "{shown}");
}

#[test]
fn settings_and_filters_say_what_they_are() {
    let mut bench = Bench::new();
    assert_eq!(bench.run("/set format full"), "  format full\n");
    assert_eq!(
        bench.run("/set format wide"),
        "  error: format can't be \"wide\"\n  hint: one of short, full, raw, json\n"
    );
    assert_eq!(
        bench.run("/set colour on"),
        "  error: unknown setting \"colour\"\n  hint: one of format, timestamps, headers, json, on-violation\n"
    );
    for line in ["/set timestamps clock", "/set headers none", "/set json pretty", "/set format json"] {
        assert_eq!(bench.run(line), line.replace("/set", " ") + "\n");
    }
    let shown = bench.run("/note \u{9b}31m");
    assert!(shown.ends_with("\"ev\":\"note\",\"text\":\"\\u009b31m\"}\n"), "{shown}");
    assert_eq!(bench.run("/set on-violation continue"), "  on-violation continue\n");
    bench.run("/connect ws://a");
    assert_eq!(bench.opened.lock().expect("unpoisoned")[0].on_violation, OnViolation::Continue);
    assert_eq!(bench.run("/filter"), "  all frames are shown\n");
    assert_eq!(bench.run("/filter sent op=ping a.b"), "  shown: sent op=ping a.b\n");
    assert_eq!(bench.run("/filter off"), "  all frames are shown\n");
}

#[test]
fn a_note_goes_on_the_timeline() {
    let mut bench = Bench::new();
    assert_eq!(bench.run("/note new server"), "·      note  new server\n");
}
