//! A round trip through the driver, as a ratio to a bare blocking socket that speaks the same bytes, in the same run.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark reads the clock and prints"
)]

mod peer;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use bytes::Bytes;
use wscope::command::Command;
use wscope::event::{Direction, Kind};
use wscope::protocol::{Config, Connection, Role};
use wscope::session::{Clock, Driver, Timeline, Waited, os_keys};
use wscope::transport::Tcp;

const ROUNDS: usize = 7;
const TRIPS: u32 = 20_000;
const SIZE: usize = 100;

fn main() {
    let (mut bare, mut driven) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(with_echo(|stream| peer::bare_socket(stream, SIZE, TRIPS as usize)));
        driven.push(with_echo(driver));
    }
    let (bare, driven) = (peer::median(bare), peer::median(driven));
    println!("round trips of {SIZE} bytes, median of {ROUNDS} rounds of {TRIPS}");
    println!("  bare blocking socket {:7.2} us", bare * 1e6);
    println!("  driver               {:7.2} us", driven * 1e6);
    println!("  ratio                {:7.2}", driven / bare);
}

/// Seconds a round trip against a server that answers each masked frame with the same payload, unmasked.
fn with_echo(client: fn(TcpStream) -> Duration) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let mut frame = [0; 6 + SIZE];
        let mut answer = [0; 2 + SIZE];
        answer[..2].copy_from_slice(&[0x82, SIZE as u8]);
        while stream.read_exact(&mut frame).is_ok() {
            for (i, byte) in answer[2..].iter_mut().enumerate() {
                *byte = frame[6 + i] ^ frame[2 + i % 4];
            }
            stream.write_all(&answer).expect("a reader");
        }
    });
    let stream = TcpStream::connect(address).expect("a server");
    stream.set_nodelay(true).expect("a socket");
    let elapsed = client(stream);
    server.join().expect("a server that ends");
    elapsed.as_secs_f64() / f64::from(TRIPS)
}

fn driver(stream: TcpStream) -> Duration {
    let transport = Box::new(Tcp::new(stream).expect("a socket"));
    let connection = Connection::new(Config::new(Role::Client), os_keys());
    let timeline = Timeline::new(Clock::start(), Vec::new());
    let number = timeline.open_connection();
    let mut driver = Driver::new(transport, connection, timeline, number);
    let payload = Bytes::from_static(&[7; SIZE]);
    let begun = Instant::now();
    for _ in 0..TRIPS {
        driver.send(Command::Binary(payload.clone())).expect("an open connection");
        loop {
            if let Waited::Event(event) = driver.wait(None)
                && let Kind::Frame(frame) = event.kind
                && frame.direction == Direction::Received
            {
                break;
            }
        }
    }
    begun.elapsed()
}
