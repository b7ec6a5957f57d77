//! The player on a connection in memory, with a server at its other end that a test plays.

use std::thread::JoinHandle;

use bytes::Bytes;

use super::*;
use crate::event::samples::{close_frame, received, sent};
use crate::event::{Closed, FrameEvent, Role, Side};
use crate::protocol::{Config, Connection, DeflateParams, LengthForm, Opcode};
use crate::replay::{FrameKeys, NoHooks, Outgoing, Score, Step};
use crate::session::{Clock, Driver, Timeline};
use crate::transport::Transport;
use crate::transport::memory::{Memory, pair};

/// A recording of a client, a frame every 10 ms.
fn score(frames: Vec<FrameEvent>, end: Option<Closed>) -> Score {
    let at = |number: u64| Duration::from_millis(10 * number);
    let last = at(frames.len() as u64 + 1);
    Score {
        number: 1,
        role: Role::Client,
        url: "ws://h/".into(),
        opened: Duration::ZERO,
        began: Duration::ZERO,
        request: None,
        response: None,
        ready: None,
        steps: frames.into_iter().map(|frame| Step { time: at(frame.number), frame }).collect(),
        end: end.map(|closed| (last, closed)),
        hops: Vec::new(),
    }
}

fn closed(by: Side, code: Option<u16>) -> Closed {
    Closed { by, code, reason: Bytes::new(), clean: code.is_some(), detail: None }
}

fn text(number: u64, ours: bool, text: &str) -> FrameEvent {
    if ours { sent(number, Opcode::TEXT, text.as_bytes()) } else { received(number, Opcode::TEXT, text.as_bytes()) }
}

fn driver(transport: Memory, role: Role) -> Driver {
    let connection = Connection::new(Config::new(role), Box::new(|| [1, 2, 3, 4]));
    let timeline = Timeline::new(Clock::start(), Vec::new());
    Driver::new(Box::new(transport), connection, timeline, 1)
}

/// A server that answers each message with what `answer` makes of it: what it received, and how that ended.
fn server(other: Memory, answer: impl Fn(&mut Driver, &str) + Send + 'static) -> JoinHandle<(Vec<String>, Closed)> {
    std::thread::spawn(move || {
        let mut driver = driver(other, Role::Server);
        let (mut heard, mut end) = (Vec::new(), None);
        loop {
            match driver.wait(None) {
                Waited::Event(Event { kind: Kind::Frame(frame), .. }) if frame.direction == Direction::Received => {
                    let Some(message) = frame.message else { continue };
                    let text = String::from_utf8(message.data.to_vec()).expect("text");
                    answer(&mut driver, &text);
                    heard.push(text);
                }
                Waited::Event(Event { kind: Kind::Close(closed), .. }) => end = Some(*closed),
                Waited::Over => return (heard, end.expect("it was closed")),
                _ => {}
            }
        }
    })
}

fn echo(driver: &mut Driver, text: &str) {
    driver.send(Command::Text(format!("re: {text}").into())).expect("open");
}

fn plan(pace: Pace) -> Plan {
    Plan { pace, timeout: Duration::from_secs(10), changes: Changes::default() }
}

fn play(part: &Part, plan: Plan, hooks: &mut dyn Hooks, transport: Memory) -> (Played, Vec<String>) {
    let mut driver = driver(transport, Role::Client);
    let played = Player::new(&mut driver, part, plan, hooks, &mut ()).play();
    let line = |message: &Message| format!("{} {}", message.direction.name(), String::from_utf8_lossy(&message.data));
    let said = played.live.messages.iter().map(line).collect();
    (played, said)
}

/// Two questions, each answered before the next.
fn dialogue() -> Score {
    let frames = vec![
        text(1, true, "a"),
        text(2, false, "re: a"),
        sent(3, Opcode::PING, b"p"),
        received(4, Opcode::PONG, b"p"),
        text(5, true, "b"),
        text(6, false, "re: b"),
        close_frame(7, Direction::Sent, 4001, b"enough"),
    ];
    score(frames, Some(closed(Side::Us, Some(4001))))
}

#[test]
fn each_message_waits_for_what_came_before_it_and_the_end_is_as_recorded() {
    for pace in [Pace::Wait, Pace::Original { speed: 1000.0 }, Pace::Asap] {
        let (ours, theirs) = pair();
        let server = server(theirs, echo);
        let (played, said) = play(&Part::messages(&dialogue(), None), plan(pace), &mut NoHooks, ours);
        assert!(played.stopped.is_none(), "{pace:?}: {:?}", played.stopped);
        assert_eq!((played.sent, played.heard), (2, 2), "{pace:?}");
        let (heard, end) = server.join().expect("no panic");
        assert_eq!(heard, ["a", "b"]);
        assert_eq!((end.code, &end.reason[..], end.clean), (Some(4001), &b"enough"[..], true));
        if pace == Pace::Wait {
            assert_eq!(said, ["sent a", "received re: a", "sent b", "received re: b"]);
        }
    }
}

#[test]
fn as_fast_as_possible_waits_for_no_answer_but_hears_all_of_them_before_the_end() {
    let (ours, theirs) = pair();
    // It says nothing until it has heard everything.
    let server = server(theirs, |driver, text| {
        if text == "b" {
            echo(driver, "a");
            echo(driver, "b");
        }
    });
    let (played, said) = play(&Part::messages(&dialogue(), None), plan(Pace::Asap), &mut NoHooks, ours);
    assert!(played.stopped.is_none(), "{:?}", played.stopped);
    assert_eq!(said, ["sent a", "sent b", "received re: a", "received re: b"]);
    assert_eq!(server.join().expect("no panic").0, ["a", "b"]);
}

#[test]
fn a_peer_that_does_not_answer_is_given_up_with_what_was_waited_for() {
    let (ours, mut theirs) = pair();
    // One answer is there already, and there is no other.
    theirs.write(b"\x81\x05re: a").expect("room");
    let server = server(theirs, |_, _| {});
    let plan = Plan { timeout: Duration::from_millis(30), ..plan(Pace::Wait) };
    let (played, _) = play(&Part::messages(&dialogue(), None), plan, &mut NoHooks, ours);
    let told = played.stopped.expect("it was given up").to_string();
    let expected = "waited 40ms for message 2 of the peer (frame 6 of the recording: re: b), before the connection ends: \
                    1 of 2 came";
    assert_eq!(told, expected);
    assert_eq!(server.join().expect("no panic").1.code, Some(1000));
}

#[test]
fn a_peer_that_leaves_early_is_told_with_what_is_left() {
    let (ours, theirs) = pair();
    let close = Command::Close { code: Some(1008), reason: "no".into(), force: false };
    let server = server(theirs, move |driver, _| driver.send(close.clone()).expect("open"));
    let (played, _) = play(&Part::messages(&dialogue(), None), plan(Pace::Wait), &mut NoHooks, ours);
    let told = played.stopped.expect("it ended early").to_string();
    assert_eq!(told, "the connection ended (1008 policy violation: \"no\") before frame 5 was sent: 1 left to send");
    server.join().expect("no panic");
}

#[test]
fn frames_go_on_after_a_close_frame_of_ours_but_not_after_the_peers() {
    for ours_first in [true, false] {
        let close = close_frame(2, Direction::Sent, 1000, b"");
        let second = if ours_first { close } else { text(2, true, "b") };
        let mut score = score(vec![text(1, true, "a"), second, text(3, true, "c")], None);
        // However long the peer's close frame takes, it comes before that.
        score.steps[1].time = Duration::from_secs(3600);
        let (ours, theirs) = pair();
        let server = server(theirs, move |driver, _| {
            let close = Command::Close { code: Some(1001), reason: String::new(), force: false };
            if !ours_first {
                driver.send(close).expect("open");
            }
        });
        let pace = if ours_first { Pace::Asap } else { Pace::Original { speed: 1.0 } };
        let (played, said) = play(&Part::frames(&score, None, FrameKeys::Fresh), plan(pace), &mut NoHooks, ours);
        let told = played.stopped.map(|stopped| stopped.to_string());
        let early = "the connection ended (1001 going away) before frame 2 was sent: 2 left to send";
        assert_eq!(told.as_deref(), (!ours_first).then_some(early));
        assert_eq!((played.sent, said.len()), (if ours_first { 3 } else { 1 }, 0));
        server.join().expect("no panic");
    }
}

#[test]
fn where_the_server_closed_it_is_waited_for() {
    let frames = vec![text(1, true, "a"), close_frame(2, Direction::Received, 1001, b"")];
    let part = Part::messages(&score(frames, Some(closed(Side::Peer, Some(1001)))), None);
    for closes in [true, false] {
        let (ours, theirs) = pair();
        let server = server(theirs, move |driver, _| {
            if closes {
                driver.send(Command::Close { code: Some(1001), reason: String::new(), force: false }).expect("open");
            }
        });
        let timeout = if closes { Duration::from_secs(60) } else { Duration::from_millis(30) };
        let plan = Plan { timeout, ..plan(Pace::Wait) };
        let (played, _) = play(&part, plan, &mut NoHooks, ours);
        let told = played.stopped.map(|stopped| stopped.to_string());
        let late = "waited 40ms for the peer to close the connection, as it did in the recording";
        assert_eq!(told.as_deref(), (!closes).then_some(late));
        assert_eq!(server.join().expect("no panic").1.code, Some(if closes { 1001 } else { 1000 }));
    }
}

#[test]
fn frames_go_out_with_every_byte_as_it_was() {
    let mut odd = sent(1, Opcode::TEXT, b"one");
    odd.frame.header.form = LengthForm::Bits64;
    odd.frame.header.rsv = 2;
    let mut reserved = sent(2, Opcode::from_bits(0xB), b"");
    reserved.frame.header.mask = None;
    let mut automatic = sent(3, Opcode::PONG, b"not again");
    automatic.automatic = true;
    let mut lying = sent(4, Opcode::BINARY, b"xy");
    lying.frame.header.length = 100;
    let wire: Vec<u8> = [&odd, &reserved, &lying]
        .into_iter()
        .flat_map(|event| {
            let mut bytes = event.frame.payload.to_vec();
            crate::protocol::mask::apply(event.frame.header.mask.unwrap_or_default(), 0, &mut bytes);
            [event.frame.header.bytes().to_vec(), bytes].concat()
        })
        .collect();
    let score = score(vec![odd, reserved, automatic, lying], Some(closed(Side::Us, None)));
    let (ours, mut theirs) = pair();
    let (played, _) = play(&Part::frames(&score, None, FrameKeys::Recorded), plan(Pace::Asap), &mut NoHooks, ours);
    assert!(played.stopped.is_none(), "{:?}", played.stopped);
    let mut came = vec![0; 1000];
    let count = theirs.read(&mut came).expect("bytes");
    assert_eq!(&came[..count], wire);
    assert_eq!(theirs.read(&mut came).expect("its end"), 0);
}

#[test]
fn compressed_frames_want_the_same_compression() {
    let mut frame = sent(1, Opcode::TEXT, b"\x4a\x04\0");
    frame.frame.header.rsv = 4;
    let mut score = score(vec![frame], None);
    let deflate = Some(DeflateParams { server_max_window_bits: 10, ..DeflateParams::default() });
    let negotiated = crate::handshake::Negotiated { deflate, ..Default::default() };
    score.ready = Some(crate::event::Ready { negotiated, upgrade: Duration::ZERO });
    let (ours, theirs) = pair();
    let server = server(theirs, echo);
    let part = Part::frames(&score, None, FrameKeys::Fresh);
    let (played, said) = play(&part, plan(Pace::Wait), &mut NoHooks, ours);
    let expected = "the recorded frames are compressed with permessage-deflate; server_max_window_bits=10, and this \
                    connection agreed on no compression: they can't be sent as they were";
    assert_eq!(played.stopped.expect("it was refused").to_string(), expected);
    assert_eq!((said.len(), server.join().expect("no panic").0.len()), (0, 0));
}

#[test]
fn times_are_the_recorded_ones_with_long_gaps_cut() {
    let mut score = dialogue();
    score.began = Duration::from_millis(5);
    score.steps[4].time = Duration::from_secs(60);
    score.steps[5].time = Duration::from_secs(61);
    let times = |most: Option<u64>| {
        let part = Part::messages(&score, most.map(Duration::from_millis));
        part.cues.iter().map(|cue| cue.time.as_millis()).collect::<Vec<_>>()
    };
    assert_eq!(times(None), [5, 59_995, 60_995]);
    assert_eq!(times(Some(100)), [5, 135, 235]);
}

/// Says nothing of one message, another one instead of the next, and has enough of an answer.
struct Picky;

impl Hooks for Picky {
    fn on_send(&mut self, message: &Message) -> Result<Outgoing, Stop> {
        Ok(match &message.data[..] {
            b"a" => Outgoing::Skip,
            b"b" => Outgoing::Replace(Bytes::from("c")),
            _ => Outgoing::Send,
        })
    }

    fn on_receive(&mut self, message: &Message) -> Result<(), Stop> {
        if &message.data[..] == b"re: d" { Err(Stop) } else { Ok(()) }
    }
}

#[test]
fn hooks_leave_out_replace_and_stop() {
    let frames = ["a", "b", "d", "e"].into_iter().zip(1..).map(|(data, number)| text(number, true, data)).collect();
    let mut score = score(frames, None);
    let answer = text(5, false, "re: d");
    score.steps.push(Step { time: Duration::from_secs(1), frame: answer });
    let (ours, theirs) = pair();
    let server = server(theirs, echo);
    let (played, _) = play(&Part::messages(&score, None), plan(Pace::Asap), &mut Picky, ours);
    assert!(matches!(played.stopped, Some(Stopped::Hook)), "{:?}", played.stopped);
    assert_eq!(server.join().expect("no panic").0, ["c", "d", "e"]);
}

#[test]
fn a_part_without_its_end_leaves_the_connection_open() {
    let (ours, theirs) = pair();
    let server = server(theirs, echo);
    let mut driver = driver(ours, Role::Client);
    let part = Part::messages(&dialogue(), None).without_end();
    let played = Player::new(&mut driver, &part, plan(Pace::Asap), &mut NoHooks, &mut ()).play();
    assert!(played.stopped.is_none(), "{:?}", played.stopped);
    assert_eq!((played.sent, played.heard), (2, 2), "all is heard before it is left");
    driver.send(Command::Text("more".into())).expect("it is open");
    driver.send(Command::Close { code: Some(1000), reason: String::new(), force: false }).expect("it is open");
    while !matches!(driver.wait(None), Waited::Over) {}
    assert_eq!(server.join().expect("no panic").0, ["a", "b", "more"]);
}

#[test]
fn a_speed_and_a_longest_gap_are_about_recorded_times() {
    let (twice, second) = (Some(2.0), Some(Duration::from_secs(1)));
    let original = |speed| Some(Pace::Original { speed });
    for (asked, speed, max_gap, expected) in [
        (None, None, None, Some(Pace::Wait)),
        (None, twice, None, original(2.0)),
        (None, None, second, original(1.0)),
        (original(1.0), twice, second, original(2.0)),
        (Some(Pace::Asap), None, None, Some(Pace::Asap)),
        (Some(Pace::Asap), twice, None, None),
        (Some(Pace::Wait), None, second, None),
    ] {
        assert_eq!(Pace::chosen(asked, speed, max_gap), expected, "{asked:?} {speed:?} {max_gap:?}");
    }
}

#[test]
fn what_a_server_recorded_is_what_its_client_plays() {
    let frames = vec![
        sent(1, Opcode::PING, b"x"),
        received(2, Opcode::PONG, b"x"),
        received(3, Opcode::PONG, b"unasked"),
        received(4, Opcode::TEXT, b"a"),
        close_frame(5, Direction::Received, 1000, b""),
        close_frame(6, Direction::Sent, 1000, b""),
    ];
    let mut recorded = score(frames, Some(closed(Side::Peer, Some(1000))));
    recorded.role = Role::Server;
    let seen = recorded.seen_by(Role::Client);
    let automatic: Vec<u64> =
        seen.steps.iter().filter(|step| step.frame.automatic).map(|step| step.frame.number).collect();
    assert_eq!(automatic, [2]);
    assert_eq!(seen.end.as_ref().map(|(_, closed)| closed.by), Some(Side::Us));
    let sent: Vec<u64> = Part::frames(&seen, None, FrameKeys::Fresh).cues.iter().map(|cue| cue.number).collect();
    assert_eq!(sent, [3, 4, 5, 5]);
    assert_eq!(Part::messages(&seen, None).cues.len(), 2);
}
