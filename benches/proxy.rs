//! What a proxy costs: the time that it adds to a round trip, and how many messages a second go through it, in the same run as
//! the same without it; with a recording, and without.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark reads the clock and prints"
)]

mod peer;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wscope::proxy::Proxy;
use wscope::recording::{Existing, Masks, WriteError, Writer};
use wscope::session::{Clock, ConnectOptions, Incoming, Sink, Timeline};
use wscope::transport::Tcp;

const SIZE: usize = 100;
const TRIPS: usize = 20_000;
const MESSAGES: usize = 2_000_000;
const ROUNDS: usize = 3;

/// A frame as the client sends it, and as the server does.
const MASKED: usize = 6 + SIZE;
const PLAIN: usize = 2 + SIZE;

fn main() {
    let folder = std::env::temp_dir().join(format!("wscope-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    println!("messages of {SIZE} bytes; round trips: median of {TRIPS}; rates: best of {ROUNDS} rounds of {MESSAGES}");
    let recording = |clock: &Clock| -> Vec<Box<dyn Sink>> {
        let file = folder.join("proxy.wsrec");
        loop {
            match Writer::open(&file, clock, &Masks::default(), Existing::Overwrite) {
                Ok(writer) => return vec![Box::new(writer)],
                // The proxy before this one is still about its end.
                Err(WriteError::Busy { .. }) => std::thread::sleep(Duration::from_millis(10)),
                Err(error) => panic!("no recording: {error}"),
            }
        }
    };
    let mut direct = 0.0;
    for (name, way) in [
        ("direct", &(|port| port) as &dyn Fn(u16) -> u16),
        ("proxy", &|port| proxy(port, |_| Vec::new())),
        ("proxy, recording", &|port| proxy(port, recording)),
    ] {
        let trip = round_trip(way);
        let rate = (0..ROUNDS).map(|_| rate(way)).fold(0.0, f64::max);
        direct = if name == "direct" { trip } else { direct };
        println!("  {name:<18} {trip:6.1} us  (+{:5.1} us)  {:9.0} messages/s", trip - direct, rate);
    }
    let _ = std::fs::remove_dir_all(&folder);
}

/// A proxy for one client to a server on this port: its own port.
fn proxy(server: u16, sinks: impl FnOnce(&Clock) -> Vec<Box<dyn Sink>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let clock = Clock::start();
    let timeline = Timeline::new(clock, sinks(&clock));
    let options = ConnectOptions::new(format!("ws://127.0.0.1:{server}/"));
    let proxy = Proxy::new(options, timeline, Box::new(|error| panic!("{error}"))).expect("a URL");
    std::thread::spawn(move || {
        let (stream, peer) = listener.accept().expect("a client");
        let transport = Box::new(Tcp::new(stream).expect("a socket"));
        proxy.serve(Incoming { transport, peer: Some(peer), tls: None }).expect("a server");
    });
    port
}

/// A server for one client.
fn server<T: Send + 'static>(serve: impl FnOnce(TcpStream) -> T + Send + 'static) -> (u16, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        stream.set_nodelay(true).expect("a socket");
        peer::shake_hands(&mut stream);
        serve(stream)
    });
    (port, served)
}

fn client(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    stream.set_nodelay(true).expect("a socket");
    let request = "GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("a server");
    peer::head(&mut stream);
    stream
}

/// Microseconds of the median.
fn round_trip(way: &dyn Fn(u16) -> u16) -> f64 {
    let (port, served) = server(|mut stream| {
        let mut frame = [0; MASKED];
        let mut answer = [7; PLAIN];
        answer[..2].copy_from_slice(&[0x82, SIZE as u8]);
        while stream.read_exact(&mut frame).is_ok() && frame[0] == 0x82 {
            stream.write_all(&answer).expect("a reader");
        }
    });
    let mut stream = client(way(port));
    let (frame, mut answer) = (peer::masked(SIZE), [0; PLAIN]);
    let mut trips: Vec<Duration> = (0..TRIPS)
        .map(|_| {
            let begun = Instant::now();
            stream.write_all(&frame).expect("a server");
            stream.read_exact(&mut answer).expect("an answer");
            begun.elapsed()
        })
        .collect();
    drop(stream);
    served.join().expect("a server that ends");
    trips.sort_unstable();
    trips[TRIPS / 2].as_secs_f64() * 1e6
}

/// Messages a second, from the first that is sent to the last that has come.
fn rate(way: &dyn Fn(u16) -> u16) -> f64 {
    let (port, served) = server(|stream| {
        let mut whole = stream.take((MESSAGES * MASKED) as u64);
        std::io::copy(&mut whole, &mut std::io::sink()).expect("all of it");
        Instant::now()
    });
    let mut stream = client(way(port));
    let block = peer::masked(SIZE).repeat(1000);
    let begun = Instant::now();
    for _ in 0..MESSAGES / 1000 {
        stream.write_all(&block).expect("a reader");
    }
    let done = served.join().expect("a server that ends");
    MESSAGES as f64 / (done - begun).as_secs_f64()
}
