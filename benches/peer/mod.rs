//! The bare server that feeds prepared frames to a program, the bare client, and the other program to compare with: what the
//! benchmarks share.

#![allow(dead_code, clippy::disallowed_methods, reason = "each uses some of it; a benchmark reads the clock")]

pub mod recording;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Where websocat is, if it is anywhere.
pub fn websocat_path() -> Option<PathBuf> {
    let named = std::env::var_os("WEBSOCAT").map(PathBuf::from);
    let built = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/bin/websocat"));
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|folder| folder.join("websocat")).find(|path| path.is_file());
    named.or(found).or(built.is_file().then_some(built))
}

/// At least 256 KiB of whole text frames with payloads of `size` bytes, `pattern` over and over.
pub fn block(size: usize, pattern: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match size {
        0..126 => frame.push(size as u8),
        126..0x1_0000 => {
            frame.push(126);
            frame.extend((size as u16).to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend((size as u64).to_be_bytes());
        }
    }
    frame.extend(pattern.iter().cycle().take(size));
    frame.repeat((256usize << 10).div_ceil(frame.len()))
}

/// Feeds `total` bytes, more or less, to a program: seconds from the first frame written until its close frame says that all
/// has been read, and what `before_close` saw of it.
pub fn feed<T>(
    block: &[u8],
    total: usize,
    program: impl FnOnce(&str) -> Command,
    before_close: impl FnOnce(&Child) -> T,
) -> (f64, T) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}/", listener.local_addr().expect("bound"));
    let mut child = program(&url).spawn().expect("a program");
    let (mut stream, _) = listener.accept().expect("a connection");
    shake_hands(&mut stream);
    let begun = Instant::now();
    for _ in 0..total / block.len() {
        stream.write_all(block).expect("a reader");
    }
    let seen = before_close(&child);
    stream.write_all(b"\x88\x02\x03\xe8").expect("a reader");
    // The server ends the connection then, as it should.
    let _ = stream.read(&mut [0; 64]);
    let elapsed = begun.elapsed().as_secs_f64();
    drop(stream);
    end(&mut child);
    (elapsed, seen)
}

/// A binary frame as a client sends it, with a payload of `size` bytes, fewer than 126.
pub fn masked(size: usize) -> Vec<u8> {
    let mut frame = vec![0x82, 0x80 | size as u8, 1, 2, 3, 4];
    frame.resize(6 + size, 7);
    frame
}

/// So many round trips over a bare blocking socket, to a server that answers each frame of [`masked`] with one of its size.
pub fn bare_socket(mut stream: TcpStream, size: usize, trips: usize) -> Duration {
    let (frame, mut answer) = (masked(size), vec![0; 2 + size]);
    let begun = Instant::now();
    for _ in 0..trips {
        stream.write_all(&frame).expect("a server");
        stream.read_exact(&mut answer).expect("an answer");
    }
    begun.elapsed()
}

pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Prints the rates of the median of the rounds, and gives its seconds inverted.
pub fn report(name: &str, size: usize, total: usize, seconds: Vec<f64>, remark: &str) -> f64 {
    let seconds = median(seconds);
    let (messages, bytes) = ((total / size) as f64 / seconds, total as f64 / seconds);
    println!("  {name:10} {:8.2} M messages/s {:8.2} GB/s{remark}", messages / 1e6, bytes / 1e9);
    1.0 / seconds
}

/// The peak of the resident memory so far, in KiB; 0 where the system does not say.
pub fn most_memory(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The head of a request or of an answer.
pub fn head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a head");
        head.push(byte[0]);
    }
    head
}

pub fn shake_hands(stream: &mut TcpStream) {
    let request = String::from_utf8_lossy(&head(stream)).into_owned();
    let named = |line: &&str| line.to_ascii_lowercase().starts_with("sec-websocket-key:");
    let key = request.lines().find(named).and_then(|line| line.split_once(':')).expect("a key").1.trim();
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(response.as_bytes()).expect("a reader");
}

/// Lets the program finish by itself: its connection is closed; kills it only if it does not.
fn end(child: &mut Child) {
    drop(child.stdin.take());
    let patience = Instant::now() + Duration::from_secs(10);
    while Instant::now() < patience {
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}
