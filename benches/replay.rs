//! A recording played again by the client's part: messages a second as fast as they are read, round trips as a ratio to a bare
//! blocking socket in the same run, and how far off the recorded times messages are.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark reads the clock and prints"
)]

mod peer;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use peer::{bare_socket, median};
use wscope::event::{Direction, FrameEvent, Message, Role};
use wscope::protocol::{Config, Connection, Frame, Header, Opcode};
use wscope::replay::{Changes, NoHooks, Pace, Part, Plan, Player, Score, Step};
use wscope::session::{Clock, Driver, Timeline, os_keys};
use wscope::transport::{Blocking, Tcp, Transport};

const ROUNDS: usize = 5;
const MESSAGES: u64 = 1_000_000;
const TRIPS: u64 = 20_000;
const TICKS: u64 = 2_000;
const SIZE: usize = 100;
/// A frame of a client, and the answer to it.
const FRAME: usize = 6 + SIZE;
const ANSWER: usize = 2 + SIZE;

fn main() {
    let score = score(MESSAGES, false, Duration::ZERO);
    let asap = (0..ROUNDS).map(|_| MESSAGES as f64 / played(&score, Pace::Asap, drain(MESSAGES)).0.as_secs_f64());
    let asap = median(asap.collect());
    let dialogue = self::score(TRIPS, true, Duration::ZERO);
    let (mut bare, mut waited) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(bare_socket(connected(echo()), SIZE, TRIPS as usize).as_secs_f64() / TRIPS as f64);
        waited.push(played(&dialogue, Pace::Wait, echo()).0.as_secs_f64() / TRIPS as f64);
    }
    let (bare, waited) = (median(bare), median(waited));
    let gap = Duration::from_millis(1);
    let (_, times) = played(&self::score(TICKS, false, gap), Pace::Original { speed: 1.0 }, drain(TICKS));
    let mut errors: Vec<f64> =
        times.windows(2).map(|pair| (pair[1].saturating_sub(pair[0])).abs_diff(gap).as_secs_f64()).collect();
    errors.sort_by(f64::total_cmp);
    println!("replay, messages of {SIZE} bytes, median of {ROUNDS} rounds");
    println!("  as fast as they are read  {asap:9.0} messages/s");
    println!("  round trip, bare socket   {:9.2} us", bare * 1e6);
    println!("  round trip, waited for    {:9.2} us, ratio {:.2}", waited * 1e6, waited / bare);
    println!("  gaps of 1 ms, off by p99  {:9.0} us", errors[errors.len() * 99 / 100] * 1e6);
}

/// A recording of so many messages sent, each answered or not, with these gaps.
fn score(messages: u64, answered: bool, gap: Duration) -> Score {
    let data = Bytes::from(vec![b'x'; SIZE]);
    let frame = |number: u64, direction: Direction| FrameEvent {
        number,
        direction,
        frame: Frame { header: Header::new(Opcode::BINARY, SIZE as u64), payload: data.clone() },
        fragment: None,
        message: Some(Message { binary: true, data: data.clone(), frames: 1, compressed: false, wire: SIZE as u64 }),
        automatic: false,
        after: None,
    };
    let mut steps = Vec::new();
    for index in 0..messages {
        let time = gap * index as u32;
        let number = steps.len() as u64 + 1;
        steps.push(Step { time, frame: frame(number, Direction::Sent) });
        if answered {
            steps.push(Step { time, frame: frame(number + 1, Direction::Received) });
        }
    }
    Score {
        number: 1,
        role: Role::Client,
        url: String::new(),
        opened: Duration::ZERO,
        began: Duration::ZERO,
        request: None,
        response: None,
        ready: None,
        steps,
        end: None,
        hops: Vec::new(),
    }
}

/// How long it took to play this to a server, and when each message was sent.
fn played(score: &Score, pace: Pace, server: impl FnOnce(TcpStream) + Send + 'static) -> (Duration, Vec<Duration>) {
    let stream = connected(server);
    let mut tcp = Tcp::new(stream).expect("a socket");
    tcp.set_blocking(Blocking::Never).expect("a socket");
    let timeline = Timeline::new(Clock::start(), Vec::new());
    let connection = Connection::new(Config::new(Role::Client), os_keys());
    let mut driver = Driver::new(Box::new(tcp), connection, timeline, 1);
    let part = Part::messages(score, None);
    let plan = Plan { pace, timeout: Duration::from_secs(10), changes: Changes::default() };
    let played = Player::new(&mut driver, &part, plan, &mut NoHooks, &mut ()).play();
    assert!(played.stopped.is_none(), "{:?}", played.stopped);
    let said = played.live.messages;
    let sent: Vec<Duration> = said.iter().filter(|m| m.direction == Direction::Sent).map(|m| m.time).collect();
    let last = said.last().map_or(Duration::ZERO, |message| message.time);
    (last.saturating_sub(sent[0]), sent)
}

fn connected(server: impl FnOnce(TcpStream) + Send + 'static) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let stream = TcpStream::connect(listener.local_addr().expect("bound")).expect("a server");
    let (other, _) = listener.accept().expect("a connection");
    for end in [&stream, &other] {
        end.set_nodelay(true).expect("a socket");
    }
    std::thread::spawn(move || server(other));
    stream
}

/// Takes so many messages, and then closes as a server does.
fn drain(messages: u64) -> impl FnOnce(TcpStream) + Send + 'static {
    move |mut stream| {
        let mut left = messages as usize * FRAME;
        let mut buffer = vec![0; 256 << 10];
        while left > 0 {
            let room = left.min(buffer.len());
            left -= stream.read(&mut buffer[..room]).expect("a writer");
        }
        close(stream);
    }
}

/// Answers each message with as many bytes, to the close frame.
fn echo() -> impl FnOnce(TcpStream) + Send + 'static {
    |mut stream| {
        let mut frame = [0; FRAME];
        let mut answer = [b'x'; ANSWER];
        answer[..2].copy_from_slice(&[0x82, SIZE as u8]);
        for _ in 0..TRIPS {
            stream.read_exact(&mut frame).expect("a writer");
            stream.write_all(&answer).expect("a reader");
        }
        close(stream);
    }
}

fn close(mut stream: TcpStream) {
    let mut frame = [0; 8];
    // A bare client just goes.
    if stream.read_exact(&mut frame).is_ok() {
        stream.write_all(&[0x88, 2, 0x03, 0xe8]).expect("a reader");
    }
}
