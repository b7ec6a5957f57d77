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

mod peer;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What the messages look like.
const MESSAGE: &[u8] = br#"{"type":"price","symbol":"ACME","price":101.62,"seq":1}"#;

const ROUNDS: usize = 3;

fn main() {
    let folder = std::env::var_os("WSCOPE_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let file = folder.join(format!("wscope-bench-{}", std::process::id()));
    for (size, total) in [(100, 200 << 20), (1_000_000, 1 << 30)] {
        let block = peer::block(size, MESSAGE);
        println!("messages of {size} bytes, {} MiB each round, recorded to {}", total >> 20, folder.display());
        let (mut ours, mut theirs, mut bare) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(round(&block, total, |url| wscope(url, &file)));
            theirs.extend(peer::websocat_path().map(|path| round(&block, total, |url| websocat(&path, url, &file))));
            bare.push(copied(&block, total, &file));
        }
        let ours = peer::report("wscope", size, total, ours, "");
        if !theirs.is_empty() {
            println!("  wscope to websocat {:.2}", ours / peer::report("websocat", size, total, theirs, ""));
        }
        println!("  wscope to bare     {:.2}", ours / peer::report("bare", size, total, bare, ""));
    }
    println!("reading {} MiB back", read_back(&file) >> 20);
    let _ = std::fs::remove_file(&file);
}

fn wscope(url: &str, file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    command
        .args(["record", "--no-compress", "--force", url, "-o"])
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn websocat(path: &Path, url: &str, file: &Path) -> Command {
    let mut command = Command::new(path);
    command
        .args(["-U", "-B", "4000000", url])
        .stdin(Stdio::piped())
        .stdout(File::create(file).expect("a file"))
        .stderr(Stdio::null());
    command
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
    let block = peer::block(100, MESSAGE);
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

/// Seconds of one round.
fn round(block: &[u8], total: usize, program: impl FnOnce(&str) -> Command) -> f64 {
    peer::feed(block, total, program, |_| ()).0
}
