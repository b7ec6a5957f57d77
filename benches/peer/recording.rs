//! Recordings that benchmarks read, and what the reading took.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant, UNIX_EPOCH};

use wscope::recording::{Secrets, line};

/// A file of this benchmark in the folder `WSCOPE_BENCH_DIR`, or the system's for temporary files.
pub fn place(name: &str) -> PathBuf {
    let folder = std::env::var_os("WSCOPE_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    folder.join(format!("wscope-bench-{}-{name}", std::process::id()))
}

/// A number that the environment may set.
pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Writes a recording of this size in bytes; `lines` gives what follows `ev` in the lines of the nth message, which are on each
/// of the connections in turn.
pub fn write(file: &Path, size: u64, connections: u64, lines: fn(u64) -> String) {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(file).expect("a file"));
    let mut first = Vec::new();
    line::header(UNIX_EPOCH, Secrets::Mask, &mut first);
    out.write_all(&first).expect("room");
    for connection in 1..=connections {
        for event in OPENING {
            writeln!(out, "{{\"t\":0.000000,\"c\":{connection},\"ev\":{event}}}").expect("room");
        }
    }
    let (mut written, mut number) = (0, 1);
    while written < size {
        let (seconds, micros, connection) = (number / 50_000, number % 50_000 * 20, number % connections + 1);
        for frame in lines(number).lines() {
            let line = format!("{{\"t\":{seconds}.{micros:06},\"c\":{connection},\"ev\":\"frame\",{frame}}}\n");
            out.write_all(line.as_bytes()).expect("room");
            written += line.len() as u64;
        }
        number += 1;
    }
    out.flush().expect("room");
}

/// What a connection begins with.
const OPENING: [&str; 4] = [
    r#""open","role":"client","url":"ws://127.0.0.1:7000/","addr":"127.0.0.1:7000""#,
    r#""request","raw":"GET / HTTP/1.1\r\nHost: 127.0.0.1:7000\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n""#,
    r#""response","raw":"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n","status":101"#,
    r#""ready","upgrade":0.000100"#,
];

/// A message of about 100 bytes of JSON.
pub fn price(number: u64) -> String {
    let (whole, part) = (number % 90 + 10, number * 7 % 100);
    let json = r#"{\"type\":\"price\",\"symbol\":\"ACME\",\"price\":"#;
    format!(
        r#""dir":"received","op":"text","text":"{json}{whole}.{part:02},\"seq\":{number},\"note\":\"{:x<34}\"}}""#,
        ""
    )
}

/// Seconds until a program ends, and the most memory that it took in KiB.
pub fn watched(mut child: Child) -> (f64, u64) {
    let begun = Instant::now();
    let mut memory = 0;
    let status = loop {
        match child.try_wait().expect("it runs") {
            Some(status) => break status,
            None => memory = memory.max(super::most_memory(&child)),
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(status.success(), "{status}");
    (begun.elapsed().as_secs_f64(), memory)
}
