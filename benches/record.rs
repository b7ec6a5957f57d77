//! How fast a connection is recorded to disk, as ratios against websocat copying payloads to a file, and against a bare socket
//! copied to a file, in the same run.
//!
//! A bare server writes prepared frames to each program in turn. `WEBSOCAT` names the other program (default: `websocat` in
//! PATH, or target/tools/bin), `WSCOPE_BENCH_DIR` the folder of the files (default: the system's for temporary files). Run by
//! scripts/bench.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark reads the clock and prints"
)]

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const ROUNDS: usize = 3;

fn main() {
    let folder = std::env::var_os("WSCOPE_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let file = folder.join(format!("wscope-bench-{}", std::process::id()));
    for (size, total) in [(100, 200 << 20), (1_000_000, 1 << 30)] {
        let block = block(size);
        println!("messages of {size} bytes, {} MiB each round, recorded to {}", total >> 20, folder.display());
        let (mut ours, mut theirs, mut bare) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(round(&block, total, |url| wscope(url, &file)));
            theirs.extend(websocat_path().map(|path| round(&block, total, |url| websocat(&path, url, &file))));
            bare.push(copied(&block, total, &file));
        }
        let ours = report("wscope", size, total, &mut ours);
        if !theirs.is_empty() {
            println!("  wscope to websocat {:.2}", ours / report("websocat", size, total, &mut theirs));
        }
        println!("  wscope to bare     {:.2}", ours / report("bare", size, total, &mut bare));
    }
    println!("reading {} MiB back", read_back(&file) >> 20);
    let _ = std::fs::remove_file(&file);
}

fn wscope(url: &str, file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    command.args(["record", "--no-compress", "--force", url, "-o"]).arg(file).stdout(Stdio::null());
    command
}

fn websocat(path: &PathBuf, url: &str, file: &Path) -> Command {
    let mut command = Command::new(path);
    command.args(["-U", "-B", "4000000", url]).stdout(File::create(file).expect("a file"));
    command
}

fn websocat_path() -> Option<PathBuf> {
    let named = std::env::var_os("WEBSOCAT").map(PathBuf::from);
    let built = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/bin/websocat"));
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|folder| folder.join("websocat")).find(|path| path.is_file());
    named.or(found).or(built.is_file().then_some(built))
}

/// At least 256 KiB of whole text frames with payloads of `size` bytes that look like JSON.
fn block(size: usize) -> Vec<u8> {
    let mut frame = vec![0x81];
    if size < 126 {
        frame.push(size as u8);
    } else {
        frame.push(127);
        frame.extend((size as u64).to_be_bytes());
    }
    frame.extend(br#"{"type":"price","symbol":"ACME","price":101.62,"seq":1}"#.iter().cycle().take(size));
    let count = (256 << 10) / frame.len() + 1;
    frame.repeat(count)
}

/// Seconds for `total` bytes of payload, more or less, from the first to the reader's close frame.
fn round(block: &[u8], total: usize, command: impl FnOnce(&str) -> Command) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}/", listener.local_addr().expect("bound"));
    let mut child = command(&url).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
    let (mut stream, _) = listener.accept().expect("it connects");
    shake_hands(&mut stream);
    let begun = Instant::now();
    for _ in 0..total / block.len() {
        stream.write_all(block).expect("a reader");
    }
    stream.write_all(b"\x88\x02\x03\xe8").expect("a reader");
    let _ = stream.read(&mut [0; 64]);
    let elapsed = begun.elapsed().as_secs_f64();
    drop(stream);
    end(&mut child);
    elapsed
}

/// The same bytes from a bare socket to a file.
fn copied(block: &[u8], total: usize, file: &Path) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut reader = TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
    let (mut stream, _) = listener.accept().expect("it connects");
    let mut file = File::create(file).expect("a file");
    let begun = Instant::now();
    let copying = std::thread::spawn(move || {
        let mut buffer = vec![0; 256 << 10];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            file.write_all(&buffer[..count]).expect("room");
        }
    });
    for _ in 0..total / block.len() {
        stream.write_all(block).expect("a reader");
    }
    drop(stream);
    copying.join().expect("it copies");
    begun.elapsed().as_secs_f64()
}

/// Reads a recording of small messages in both ways: how many bytes it had.
fn read_back(file: &Path) -> u64 {
    let block = block(100);
    round(&block, 400 << 20, |url| wscope(url, file));
    let size = std::fs::metadata(file).expect("it was recorded").len();
    let rate = |begun: Instant| size as f64 / begun.elapsed().as_secs_f64() / 1e6;
    let mut reader = wscope::recording::Reader::open(file).expect("a recording");
    let begun = Instant::now();
    let mut payload = 0;
    while let Some(line) = reader.glance().expect("readable") {
        payload += line.expect("whole").frame.map_or(0, |frame| frame.payload_size());
    }
    println!("  glances    {:8.0} MB/s ({payload} bytes of payload)", rate(begun));
    let mut reader = wscope::recording::Reader::open(file).expect("a recording");
    let begun = Instant::now();
    let mut events = 0;
    while reader.entry().expect("readable").is_some() {
        events += 1;
    }
    println!("  events     {:8.0} MB/s ({events} events)", rate(begun));
    let begun = Instant::now();
    reader.seek_frame(events / 2).expect("readable");
    println!("  a jump     {:8.3} ms", begun.elapsed().as_secs_f64() * 1e3);
    size
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

/// Lets it finish by itself: the socket is closed; kills it only if it does not.
fn end(child: &mut Child) {
    drop(child.stdin.take());
    for _ in 0..1000 {
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Prints the median and gives its seconds inverted.
fn report(name: &str, size: usize, total: usize, rounds: &mut [f64]) -> f64 {
    rounds.sort_by(f64::total_cmp);
    let seconds = rounds[rounds.len() / 2];
    let (messages, bytes) = ((total / size) as f64 / seconds, total as f64 / seconds);
    println!("  {name:10} {:8.2} M messages/s {:8.2} GB/s", messages / 1e6, bytes / 1e9);
    1.0 / seconds
}
