//! How fast recordings are exported, a format after the other, in MB of recording a second, and the most memory that takes: for
//! a recording and for one twice as large, which is to take no more.
//!
//! `WSCOPE_BENCH_MB` is the size of the smaller one (default: 200), `WSCOPE_BENCH_DIR` the folder of the files (default: the
//! system's for temporary files). Run by scripts/bench.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark reads the clock and prints"
)]

mod peer;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, UNIX_EPOCH};

use wscope::exchange::export::Format;
use wscope::recording::{Secrets, line};

fn main() {
    let folder = std::env::var_os("WSCOPE_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let file = folder.join(format!("wscope-bench-export-{}.wsrec", std::process::id()));
    let size = std::env::var("WSCOPE_BENCH_MB").ok().and_then(|value| value.parse().ok()).unwrap_or(200u64) * 1_000_000;
    for connections in [1, 100] {
        for size in [size, 2 * size] {
            println!("exporting {} MB, {connections} connections at once", size / 1_000_000);
            write(&file, size, connections);
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
    let begun = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    command.arg("export").arg(file).args(["--to", format.name(), "-o", "-"]).stdout(Stdio::null());
    let mut child = command.spawn().expect("a program");
    let mut memory = 0;
    let status = loop {
        match child.try_wait().expect("it runs") {
            Some(status) => break status,
            None => memory = memory.max(peer::most_memory(&child)),
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(status.success(), "{format}");
    (begun.elapsed().as_secs_f64(), memory)
}

/// Writes a recording of this size in bytes: prices as JSON of about 100 bytes, on each connection in turn.
fn write(file: &Path, size: u64, connections: u64) {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(file).expect("a file"));
    let mut first = Vec::new();
    line::header(UNIX_EPOCH, Secrets::Mask, &mut first);
    out.write_all(&first).expect("room");
    for connection in 1..=connections {
        let open = "\"ev\":\"open\",\"role\":\"client\",\"url\":\"ws://127.0.0.1:7000/\"";
        writeln!(out, "{{\"t\":0.000000,\"c\":{connection},{open}}}").expect("room");
    }
    let (mut written, mut number) = (0, 50_000);
    while written < size {
        let (seconds, micros) = (number / 50_000, number % 50_000 * 20);
        let price =
            format!(r#"{{\"type\":\"price\",\"price\":{}.5,\"seq\":{number},\"note\":\"{:x<50}\"}}"#, number % 90, "");
        let connection = number % connections + 1;
        let head = format!("\"t\":{seconds}.{micros:06},\"c\":{connection},\"ev\":\"frame\",\"dir\":\"received\"");
        let line = format!("{{{head},\"op\":\"text\",\"text\":\"{price}\"}}\n");
        out.write_all(line.as_bytes()).expect("room");
        written += line.len() as u64;
        number += 1;
    }
    out.flush().expect("room");
}
