//! `kill -9` at moments that nobody chose.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, UNIX_EPOCH};

use super::{entries, place};
use crate::support::command::wscope;
use crate::support::frames::text;
use crate::support::server::Peer;
use wscope::event::{Event, Kind};
use wscope::recording::Entry;
use wscope::session::Clock;

/// How often a recorder is killed.
const TIMES: u64 = 200;

/// The longest that one lives after its first message, in microseconds.
const LONGEST: u64 = 15_000;

/// What may have been shown but not recorded: what is read from a socket at once, in bytes.
const READ: usize = 512 << 10;

/// The next number of the sequence that `SplitMix64` makes.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A server that floods whoever connects with numbered messages, until it goes away.
fn flood() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let block: Vec<u8> = (0..20_000).flat_map(|i| text(format!("{i} and so on"))).collect();
    std::thread::spawn(move || {
        loop {
            let mut peer = Peer::accept(&listener);
            peer.upgrade();
            // A peer that was killed takes no more.
            let _ = peer.stream.write_all(&block);
        }
    });
    port
}

#[test]
fn a_recorder_killed_at_any_moment_leaves_all_that_it_had_dealt_with() {
    let seed = Clock::start().created().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64;
    let _ = writeln!(std::io::stderr(), "seed {seed}");
    let url = format!("ws://127.0.0.1:{}", flood());
    let mut state = seed;
    let (mut torn, mut most) = (0, 0);
    for time in 0..TIMES {
        let (_folder, path) = place();
        let args = [url.as_str(), "--no-compress", "--until-close", "-o", path.to_str().unwrap()];
        let mut running = wscope(args).stdin_open().start_seen(1);
        std::thread::sleep(Duration::from_micros(random(&mut state) % LONGEST));
        running.kill();
        let ended = running.end();
        let (mut next, mut damaged) = (0, 0);
        for entry in entries(&path) {
            match entry {
                Entry::Event(Event { kind: Kind::Frame(frame), .. }) if frame.message.is_some() => {
                    assert_eq!(damaged, 0, "time {time} of seed {seed}: a torn line that is not the last");
                    assert_eq!(frame.frame.payload, format!("{next} and so on"), "time {time} of seed {seed}");
                    next += 1;
                }
                Entry::Damaged(_) => damaged += 1,
                _ => {}
            }
        }
        let shown = memchr::memchr_iter(b'\n', &ended.stdout).count();
        let lost = shown.saturating_sub(next) * "19999 and so on".len();
        assert!(damaged <= 1 && lost <= READ, "time {time} of seed {seed}: {damaged} torn, {next} of {shown}");
        torn += damaged;
        most = most.max(next);
    }
    let _ = writeln!(std::io::stderr(), "{torn} torn lines, {most} messages at most");
    assert!(most > 0, "none recorded anything");
}
