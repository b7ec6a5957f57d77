//! How legs end, and what the other leg is told of it; and what happens when one end does not take what the other says.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

use super::{close, frame};
use crate::support::between::{Between, masked};
use crate::support::frames;
use crate::support::server::{self, serve};

#[test]
fn a_server_that_is_gone_is_told_to_the_client() {
    let upstream = serve(|mut peer| {
        peer.upgrade();
        peer.say(&frames::text("last"));
    });
    let between = Between::start(&upstream.url(), &[]);
    let mut client = between.client();
    client.open("/");
    let reason = "the server is gone: the peer sent no close frame";
    assert_eq!(client.rest(), [frame(0x81, "last"), close(1011, reason)]);
}

#[test]
fn a_client_that_is_gone_is_told_to_the_server() {
    let upstream = server::says(frames::text("hello"));
    let between = Between::start(&upstream.url(), &[]);
    let mut client = between.client();
    client.open("/");
    assert_eq!(client.frame(), Some(frame(0x81, "hello")));
    drop(client);
    assert_eq!(upstream.saw(), [close(1001, "the client is gone: the peer sent no close frame")]);
}

#[test]
fn a_frame_that_the_end_of_the_stream_had_cut_went_through_as_a_whole_one() {
    for cut in [&frames::text("only the beginning")[..9], &frames::close(1000, "almost")[..5]] {
        let upstream = serve({
            let cut = cut.to_vec();
            move |mut peer| {
                peer.upgrade();
                peer.say(&[frames::text("whole"), cut].concat());
            }
        });
        let between = Between::start(&upstream.url(), &[]);
        let mut client = between.client();
        client.open("/");
        let inside = format!("end of stream inside a frame: {} of {} payload bytes", cut.len() - 2, cut[1]);
        assert_eq!(client.rest(), [frame(0x81, "whole"), close(1011, &format!("the server is gone: {inside}"))]);
    }
}

#[test]
fn a_close_frame_of_the_server_goes_through_with_code_and_reason_and_so_does_its_answer() {
    let upstream = server::says_last(frames::close(4001, "enough"));
    let between = Between::start(&upstream.url(), &[]);
    let mut client = between.client();
    client.open("/");
    assert_eq!(client.frame(), Some(close(4001, "enough")));
    client.send(0x88, &close(4002, "well").1);
    assert_eq!(upstream.saw(), [close(4002, "well")]);
    assert_eq!(client.frame(), None);
}

#[test]
fn a_violation_is_recorded_and_ends_both_legs() {
    let bad = [frames::text("good"), frames::frame(0x83, b"bad"), frames::text("more")].concat();
    let upstream = server::says(bad);
    let between = Between::start(&upstream.url(), &[]);
    let mut client = between.client();
    client.open("/");
    let told = close(1002, "the server broke the protocol: reserved opcode");
    assert_eq!(client.rest(), [frame(0x81, "good"), told]);
    assert_eq!(upstream.saw(), [close(1002, "reserved opcode: opcode 3 (RFC 6455 5.2)")]);
    let ended = between.end();
    assert!(ended.notes().contains(&"reserved opcode"), "{:?}", ended.notes());
    assert_eq!(ended.frames(2, "received").len(), 2, "the frame that broke it is there");
    assert!(ended.shown.contains("reserved opcode"), "{}", ended.shown);
}

#[test]
fn a_violation_goes_through_if_that_is_asked_for() {
    let bad = [frames::frame(0x83, b"bad"), frames::frame(0xa1, b"rsv2"), frames::frame(0x80, b"orphan")].concat();
    let upstream = server::says(bad);
    let between = Between::start(&upstream.url(), &["--on-violation", "continue"]);
    let mut client = between.client();
    client.open("/");
    let heard = [(); 3].map(|()| client.frame().unwrap());
    assert_eq!(heard, [frame(0x83, "bad"), frame(0xa1, "rsv2"), frame(0x80, "orphan")]);
    client.send(0xc1, b"odd");
    client.send(0x88, b"");
    client.rest();
    assert_eq!(upstream.saw(), [frame(0xc1, "odd"), frame(0x88, "")]);
}

/// Bytes of a message, and how many of them.
const SIZE: usize = 64 << 10;
const COUNT: usize = 600;
/// On the wire, with their headers and masking keys.
const ALL: usize = COUNT * (SIZE + 14);

#[test]
fn a_server_that_does_not_read_stops_the_client_and_costs_no_memory() {
    let (go, gone) = channel::<()>();
    let upstream = serve(move |mut peer| {
        peer.upgrade();
        gone.recv().unwrap();
        io::copy(&mut peer.stream.take(ALL as u64), &mut io::sink()).unwrap()
    });
    let between = Between::start(&upstream.url(), &["--format", "raw"]);
    let mut client = between.client();
    client.open("/");
    client.stream.set_write_timeout(Some(Duration::from_millis(400))).unwrap();
    let message = masked(0x82, &vec![7; SIZE]);
    let all = message.repeat(COUNT);
    let mut written = 0;
    let stopped = loop {
        match client.stream.write(&all[written..]) {
            Ok(count) => written += count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break true,
            Err(error) => panic!("{error}"),
        }
        if written == all.len() {
            break false;
        }
    };
    assert!(stopped, "{} MiB were taken from a client whose server reads nothing", all.len() >> 20);
    go.send(()).unwrap();
    client.stream.set_write_timeout(None).unwrap();
    client.stream.write_all(&all[written..]).unwrap();
    assert_eq!(upstream.saw(), ALL as u64);
    let most = between.most_memory();
    assert!(most.is_none_or(|mib| mib < 30), "{most:?} MiB");
}
