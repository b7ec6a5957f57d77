//! How fast recordings are read, as ratios against `grep -c` on the same file in the same run, and the most memory that
//! recording and reading ten million frames take.
//!
//! `WSCOPE_BENCH_MB` is the size of the recordings to read (default: 1000), `WSCOPE_BENCH_FRAMES` how many frames are recorded
//! (default: 10,000,000), `WSCOPE_BENCH_DIR` the folder of the files (default: the system's for temporary files, which needs room
//! for 2 GB). Run by scripts/bench.

#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark reads the clock and prints")]

mod peer;

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use peer::recording::{place, price, setting, watched, write};

const ROUNDS: usize = 3;

/// A literal, alternatives, classes around a literal, case that does not matter, and nothing to look for but the whole.
const PATTERNS: [&str; 5] =
    ["seq.{1,3}1234567", "(ACME|EMCA).*77777,", "[0-9]+[.]99.*999999", "(?i)SEQ.{1,3}424242", "[56]{6,}"];

fn main() {
    let file = place("read.wsrec");
    let size = setting("WSCOPE_BENCH_MB", 1000) * 1_000_000;
    println!("reading recordings of {} MB, the fastest of {ROUNDS} rounds", size / 1_000_000);
    for (name, lines) in [("text", text as fn(u64) -> String), ("JSON", price), ("JSON-RPC", call)] {
        write(&file, size, 1, lines);
        let (seconds, memory) = best("wscope", &[OsStr::new("stats"), file.as_os_str()]);
        println!("  stats, {name:8} {:8.0} MB/s {memory:>8} KiB at most", size as f64 / seconds / 1e6);
    }
    write(&file, size, 1, price);
    for pattern in PATTERNS {
        // Where letters of any case match, grep has a flag.
        let (flags, plain) = pattern.strip_prefix("(?i)").map_or(("-cE", pattern), |plain| ("-ciE", plain));
        let (grep, _) = best("grep", &[OsStr::new(flags), OsStr::new(plain), file.as_os_str()]);
        let show = [OsStr::new("show"), file.as_os_str(), OsStr::new("--grep"), OsStr::new(pattern)];
        let (ours, memory) = best("wscope", &show);
        println!(
            "  --grep {pattern:24} {ours:6.2} s, grep {flags} {grep:6.2} s, ratio {:5.2} {memory:>8} KiB at most",
            ours / grep
        );
    }
    flat(&file);
    let _ = std::fs::remove_file(&file);
}

/// Records many frames, and reads them: what memory each took.
fn flat(file: &Path) {
    let frames = setting("WSCOPE_BENCH_FRAMES", 10_000_000);
    let block = peer::block(100, br#"{"type":"price","symbol":"ACME","price":101.62,"seq":1}"#);
    let program = |url: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
        command.args(["record", "--no-compress", "--force", url, "-o"]).arg(file);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let (seconds, memory) = peer::feed(&block, frames as usize * 102, program, peer::most_memory);
    let size = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    println!("{frames} frames of 100 bytes, {} MB", size / 1_000_000);
    println!("  record           {seconds:6.2} s {memory:>8} KiB at most");
    let show: &[&OsStr] = &[OsStr::new("show"), file.as_os_str(), OsStr::new("--grep"), OsStr::new("EMCA")];
    for (name, args) in [("stats", &[OsStr::new("stats"), file.as_os_str()][..]), ("show --grep", show)] {
        let (seconds, memory) = run("wscope", args);
        println!("  {name:16} {seconds:6.2} s {memory:>8} KiB at most");
    }
}

/// The fastest of some rounds: seconds, and the most memory of all in KiB.
fn best(program: &str, args: &[&OsStr]) -> (f64, u64) {
    let rounds = [(); ROUNDS].map(|()| run(program, args));
    rounds.into_iter().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or_default()
}

/// Seconds that a program takes, and its most memory in KiB. Its output is read: grep does no more than it must if that goes
/// nowhere.
fn run(program: &str, args: &[&OsStr]) -> (f64, u64) {
    let program = if program == "wscope" { env!("CARGO_BIN_EXE_wscope") } else { program };
    let mut child = Command::new(program).args(args).stdout(Stdio::piped()).spawn().expect("a program");
    let mut output = child.stdout.take().expect("piped");
    let reading = std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(1..) = output.read(&mut buffer) {}
    });
    let taken = watched(child);
    reading.join().expect("it reads");
    taken
}

/// A message of 100 bytes that is no JSON.
fn text(number: u64) -> String {
    let text = format!("message {number} of the feed, ");
    format!(r#""dir":"received","op":"text","text":"{text:x<100}""#)
}

/// A request and its answer.
fn call(number: u64) -> String {
    let head = format!(r#"{{\"jsonrpc\":\"2.0\",\"id\":{number},"#);
    let params = format!(r#"\"method\":\"getBalance\",\"params\":[\"0x{number:016x}\",\"latest\"]"#);
    let result = format!(r#"\"result\":{{\"value\":\"0x{number:016x}\",\"block\":{}}}"#, number / 7);
    format!(
        "\"dir\":\"sent\",\"op\":\"text\",\"mask\":\"9f2c11aa\",\"text\":\"{head}{params}}}\"\n\
         \"dir\":\"received\",\"op\":\"text\",\"after\":0.000150,\"text\":\"{head}{result}}}\""
    )
}
