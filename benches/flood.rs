//! How fast received messages come through, as ratios against websocat in the same run, with the most memory each took.
//!
//! A bare server writes prepared frames to each program in turn; the programs write payloads to /dev/null. `WEBSOCAT` names
//! the other program (default: `websocat` in PATH, or target/tools/bin). Run by scripts/bench.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark reads the clock and prints"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;

fn main() {
    for (size, total) in [(100, 400 << 20), (1 << 20, 4 << 30)] {
        let block = block(size);
        println!("messages of {size} bytes, {} MiB each round", total >> 20);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(round(&block, total, wscope));
            theirs.extend(websocat_path().map(|path| round(&block, total, |url| websocat(&path, url))));
        }
        let ours = report("wscope", size, total, &mut ours);
        if theirs.is_empty() {
            println!("  websocat   skipped: not found");
        } else {
            let theirs = report("websocat", size, total, &mut theirs);
            println!("  ratio      {:.2}", ours / theirs);
        }
    }
}

fn wscope(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    command.args(["--format", "raw", "--no-compress", "--until-close", url]);
    command
}

fn websocat(path: &PathBuf, url: &str) -> Command {
    let mut command = Command::new(path);
    command.args(["-U", "-B", "4000000", url]);
    command
}

fn websocat_path() -> Option<PathBuf> {
    let named = std::env::var_os("WEBSOCAT").map(PathBuf::from);
    let built = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/bin/websocat"));
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|folder| folder.join("websocat")).find(|path| path.is_file());
    named.or(found).or(built.is_file().then_some(built))
}

/// At least 256 KiB of whole text frames with payloads of `size` bytes.
fn block(size: usize) -> Vec<u8> {
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
    frame.extend(std::iter::repeat_n(b'x', size));
    frame.repeat((256usize << 10).div_ceil(frame.len()))
}

/// Seconds from the first frame written until the program has read the close frame and gone, and its most memory in KiB.
fn round(block: &[u8], total: usize, program: impl Fn(&str) -> Command) -> (f64, u64) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}/", listener.local_addr().expect("bound"));
    let mut child =
        program(&url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().expect("a program");
    let (mut stream, _) = listener.accept().expect("a connection");
    shake_hands(&mut stream);
    let begun = Instant::now();
    for _ in 0..total / block.len() {
        stream.write_all(block).expect("a reader");
    }
    let memory = most_memory(&child);
    stream.write_all(b"\x88\x02\x03\xe8").expect("a reader");
    // Its close frame says that all before has been read; then the server ends the connection, as it should.
    let _ = stream.read(&mut [0; 64]);
    let elapsed = begun.elapsed().as_secs_f64();
    drop(stream);
    end(&mut child);
    (elapsed, memory)
}

fn shake_hands(stream: &mut TcpStream) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a request");
        request.push(byte[0]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let named = |line: &&str| line.to_ascii_lowercase().starts_with("sec-websocket-key:");
    let key = request.lines().find(named).and_then(|line| line.split_once(':')).expect("a key").1.trim();
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(response.as_bytes()).expect("a reader");
}

/// The peak of the resident memory so far, in KiB; 0 where the system does not say.
fn most_memory(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn end(child: &mut Child) {
    let patience = Instant::now() + Duration::from_secs(5);
    while Instant::now() < patience {
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Prints the median and gives its seconds inverted.
fn report(name: &str, size: usize, total: usize, rounds: &mut [(f64, u64)]) -> f64 {
    rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let seconds = rounds[rounds.len() / 2].0;
    let memory = rounds.iter().map(|round| round.1).max().unwrap_or_default();
    let (messages, bytes) = ((total / size) as f64 / seconds, total as f64 / seconds);
    println!("  {name:10} {:8.2} M messages/s {:8.2} GB/s   {memory} KiB at most", messages / 1e6, bytes / 1e9);
    1.0 / seconds
}
