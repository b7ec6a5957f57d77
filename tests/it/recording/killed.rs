//! `kill -9` at moments that nobody chose: whatever anybody has seen of a connection is in its recording.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, UNIX_EPOCH};

use super::{entries, place};
use crate::support::command::{PATIENCE, wscope};
use crate::support::frames::{frame, text};
use crate::support::server::Peer;
use wscope::event::{Direction, Event, Kind};
use wscope::recording::Entry;
use wscope::session::Clock;

/// How often a recorder is killed.
const TIMES: u64 = 200;

/// The longest that one lives after its first messages, in microseconds.
const LONGEST: u64 = 15_000;

/// More than any format shows before the first message, in bytes.
const HANDSHAKE: usize = 2048;

/// A pong to one of the pings, as a client writes it: two bytes, a masking key, a number of five digits.
const PONG: usize = 2 + 4 + 5;

/// The next number of the sequence that `SplitMix64` makes.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A message of the flood: so long that the batches of the screen and of the recording have about the same number of them.
fn message(number: u32) -> String {
    format!("{number:0>200}")
}

/// A server that floods whoever connects with numbered messages, and pings in between, until it goes away: its port, and how
/// many pongs came back over each connection.
fn flood() -> (u16, Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let ping = |i: u32| if i.is_multiple_of(10) { frame(0x89, format!("{i:05}").as_bytes()) } else { Vec::new() };
    let block: Vec<u8> = (0..20_000).flat_map(|i| [ping(i), text(message(i))].concat()).collect();
    let (answered, answers) = channel();
    std::thread::spawn(move || {
        loop {
            let mut peer = Peer::accept(&listener);
            peer.upgrade();
            let (mut stream, answered) = (peer.stream.try_clone().unwrap(), answered.clone());
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let _ = stream.read_to_end(&mut bytes);
                answered.send(bytes.len() / PONG)
            });
            // A peer that was killed takes no more.
            let _ = peer.stream.write_all(&block);
        }
    });
    (port, answers)
}

/// What a recording holds, in order and whole but for its last line: messages received, pongs sent, torn lines.
fn recorded(path: &Path) -> (u32, usize, usize) {
    let (mut messages, mut pongs, mut torn) = (0, 0, 0);
    for entry in entries(path) {
        match entry {
            Entry::Damaged(_) => torn += 1,
            _ if torn > 0 => panic!("a torn line that is not the last"),
            Entry::Event(Event { kind: Kind::Frame(frame), .. }) if frame.message.is_some() => {
                assert_eq!(frame.frame.payload, message(messages));
                messages += 1;
            }
            Entry::Event(Event { kind: Kind::Frame(frame), .. }) => {
                pongs += usize::from(frame.direction == Direction::Sent);
            }
            _ => {}
        }
    }
    assert!(torn <= 1, "{torn} torn lines");
    (messages, pongs, torn)
}

#[test]
fn whatever_was_shown_or_sent_before_a_kill_is_recorded() {
    let seed = Clock::start().created().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64;
    let _ = writeln!(std::io::stderr(), "seed {seed}");
    let (port, answers) = flood();
    let url = format!("ws://127.0.0.1:{port}");
    let mut state = seed;
    let (mut all_torn, mut most_shown, mut most_answered) = (0, 0, 0);
    for time in 0..TIMES {
        let (_folder, path) = place();
        let format = ["raw", "json"][time as usize % 2];
        let args = [&*url, "--no-compress", "--until-close", "--format", format, "-o", path.to_str().unwrap()];
        let mut running = wscope(args).stdin_open().start_seen(HANDSHAKE);
        std::thread::sleep(Duration::from_micros(random(&mut state) % LONGEST));
        running.kill();
        let shown = running.end().stdout;
        let answered = answers.recv_timeout(PATIENCE).unwrap();
        let (messages, pongs, torn) = recorded(&path);
        let place = format!("time {time} of seed {seed}");
        if format == "raw" {
            let all: String = (0..messages).map(|i| message(i) + "\n").collect();
            assert!(all.as_bytes().starts_with(&shown), "{place}: {} bytes shown of {}", shown.len(), all.len());
        } else {
            // The same lines as in the file.
            assert!(fs::read(&path).unwrap().starts_with(&shown), "{place}: what was shown is not recorded");
        }
        assert!(answered <= pongs, "{place}: {answered} pongs came, {pongs} are recorded");
        all_torn += torn;
        most_shown = most_shown.max(shown.len());
        most_answered = most_answered.max(answered);
    }
    let _ = writeln!(
        std::io::stderr(),
        "{all_torn} torn lines, {most_shown} bytes shown and {most_answered} pongs at most"
    );
    assert!(most_shown > 0 && most_answered > 0, "none got anywhere");
}
