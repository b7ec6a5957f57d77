//! How fast recordings are exported, a format after the other, in MB of recording a second, and the most memory that takes: for
//! a recording and for one twice as large, which is to take no more.
//!
//! `WSCOPE_BENCH_MB` is the size of the smaller one (default: 200), `WSCOPE_BENCH_DIR` the folder of the files (default: the
//! system's for temporary files). Run by scripts/bench.

#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark reads the clock and prints")]

mod peer;

use std::path::Path;
use std::process::{Command, Stdio};

use peer::recording::{place, price, setting, watched, write};
use wscope::exchange::export::Format;

fn main() {
    let file = place("export.wsrec");
    let size = setting("WSCOPE_BENCH_MB", 200) * 1_000_000;
    for connections in [1, 100] {
        for size in [size, 2 * size] {
            println!("exporting {} MB, {connections} connections at once", size / 1_000_000);
            write(&file, size, connections, price);
            for format in Format::ALL {
                let (seconds, memory) = export(&file, format);
                let rate = size as f64 / seconds / 1e6;
                println!("  {:8} {rate:8.0} MB/s {memory:>8} KiB at most", format.name());
            }
        }
    }
    let _ = std::fs::remove_file(&file);
}

/// Seconds that it takes to write a format to nowhere, and its most memory in KiB.
fn export(file: &Path, format: Format) -> (f64, u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    command.arg("export").arg(file).args(["--to", format.name(), "-o", "-"]).stdout(Stdio::null());
    watched(command.spawn().expect("a program"))
}
