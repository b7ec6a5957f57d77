//! How fast recordings come back from the formats of others, in MB of recording a second, and the most memory that takes: for a
//! recording and for one twice as large. HAR is held in memory as it is; captures take no more however large they are.
//!
//! `WSCOPE_BENCH_MB` is the size of the smaller one (default: 200), `WSCOPE_BENCH_DIR` the folder of the files (default: the
//! system's for temporary files). Run by scripts/bench.

#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark prints")]

mod peer;

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use peer::recording::{place, price, setting, watched, write};

/// Makes a file of one that was exported.
type Make = fn(&Path, &Path);

/// Our own HAR, one as a browser writes it, and captures of both kinds: what each is made of, and how.
const FORMATS: [(&str, &str, Option<Make>); 4] = [
    ("har", "har", None),
    ("browser", "har", Some(browser)),
    ("pcapng", "pcapng", None),
    ("pcap", "pcapng", Some(pcap)),
];

fn main() {
    let (recording, exported, made) = (place("import.wsrec"), place("import.exported"), place("import.made"));
    let size = setting("WSCOPE_BENCH_MB", 200) * 1_000_000;
    for connections in [1, 100] {
        for size in [size, 2 * size] {
            println!("importing {} MB of recording, {connections} connections at once", size / 1_000_000);
            write(&recording, size, connections, price);
            for (name, format, make) in FORMATS {
                export(&recording, format, &exported);
                let file = make.map_or(&exported, |make| {
                    make(&exported, &made);
                    &made
                });
                let (seconds, memory) = import(file);
                let (rate, whole) = (size as f64 / seconds / 1e6, file.metadata().map_or(0, |file| file.len()) >> 10);
                println!("  {name:8} {rate:8.0} MB/s {memory:>8} KiB at most, of {whole} KiB");
            }
        }
    }
    for file in [&recording, &exported, &made] {
        let _ = std::fs::remove_file(file);
    }
}

fn export(recording: &Path, format: &str, to: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    command.arg("export").arg(recording).args(["--to", format, "--force", "-o"]).arg(to).stderr(Stdio::null());
    assert!(command.status().expect("a program").success(), "{format}");
}

/// Seconds that it takes to bring a file to nowhere, and the most memory in KiB.
fn import(file: &Path) -> (f64, u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    command.arg("import").arg(file).args(["-o", "-"]).stdout(Stdio::null());
    watched(command.spawn().expect("a program"))
}

/// A HAR without what this program put into it.
fn browser(from: &Path, to: &Path) {
    let bytes = std::fs::read(from).expect("a HAR");
    let mut har: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let log = &mut har["log"];
    drop(log.as_object_mut().expect("a log").remove("_wscope"));
    for entry in log["entries"].as_array_mut().expect("entries") {
        entry.as_object_mut().expect("an entry").remove("_wscope");
        for message in entry["_webSocketMessages"].as_array_mut().expect("messages") {
            message.as_object_mut().expect("a message").remove("_wscope");
        }
    }
    serde_json::to_writer(BufWriter::new(File::create(to).expect("a file")), &har).expect("room");
}

/// The packets of a pcapng in classic pcap.
fn pcap(from: &Path, to: &Path) {
    const ENHANCED_PACKET: u32 = 6;
    const LINKTYPE_RAW: u32 = 101;
    let mut from = BufReader::new(File::open(from).expect("a capture"));
    let mut to = BufWriter::new(File::create(to).expect("a file"));
    let bytes = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    to.write_all(&bytes(&[0xA1B2_C3D4, 4 << 16 | 2, 0, 0, 1 << 18, LINKTYPE_RAW])).expect("room");
    let mut block = vec![0; 8];
    loop {
        match from.read_exact(&mut block[..8]) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            read => read.expect("a block"),
        }
        let word = |block: &[u8], at: usize| u32::from_le_bytes(block[at..at + 4].try_into().expect("four bytes"));
        let (kind, size) = (word(&block, 0), word(&block, 4) as usize);
        block.resize(size, 0);
        from.read_exact(&mut block[8..]).expect("a block");
        if kind == ENHANCED_PACKET {
            let micros = u64::from(word(&block, 12)) << 32 | u64::from(word(&block, 16));
            let length = word(&block, 20);
            let head = [(micros / 1_000_000) as u32, (micros % 1_000_000) as u32, length, length];
            to.write_all(&bytes(&head)).expect("room");
            to.write_all(&block[28..28 + length as usize]).expect("room");
        }
    }
    to.flush().expect("room");
}
