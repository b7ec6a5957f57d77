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

mod peer;

use std::path::Path;
use std::process::{Command, Stdio};

use peer::{feed, most_memory};

const ROUNDS: usize = 5;

fn main() {
    for (size, total) in [(100, 400 << 20), (1 << 20, 4 << 30)] {
        let block = peer::block(size, b"x");
        println!("messages of {size} bytes, {} MiB each round", total >> 20);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(feed(&block, total, wscope, most_memory));
            theirs
                .extend(peer::websocat_path().map(|path| feed(&block, total, |url| websocat(&path, url), most_memory)));
        }
        let ours = report("wscope", size, total, &ours);
        if theirs.is_empty() {
            println!("  websocat   skipped: not found");
        } else {
            let theirs = report("websocat", size, total, &theirs);
            println!("  ratio      {:.2}", ours / theirs);
        }
    }
}

fn wscope(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    command.args(["--format", "raw", "--no-compress", "--until-close", url]).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn websocat(path: &Path, url: &str) -> Command {
    let mut command = Command::new(path);
    command.args(["-U", "-B", "4000000", url]).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Prints the median, with the most memory of all rounds, and gives its seconds inverted.
fn report(name: &str, size: usize, total: usize, rounds: &[(f64, u64)]) -> f64 {
    let (seconds, memory): (Vec<f64>, Vec<u64>) = rounds.iter().copied().unzip();
    let memory = memory.into_iter().max().unwrap_or_default();
    peer::report(name, size, total, seconds, &format!("   {memory} KiB at most"))
}
