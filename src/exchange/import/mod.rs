//! What others recorded, as events: one reader a format, chosen by what a file begins with, whatever it is called.

mod har;
mod pcap;

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::time::SystemTime;

use crate::event::Event;
use crate::transport::in_words;

/// A format that is brought in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Har,
    /// A capture of packets: pcapng, or classic pcap.
    Pcap,
}

/// How much of a capture is read at once, in bytes.
const READ: usize = 256 << 10;

/// What a file has, in order of time.
pub struct Import {
    pub format: Format,
    /// The wall time that the timeline begins at.
    pub created: SystemTime,
    events: Events,
}

type Events = Box<dyn Iterator<Item = Result<Imported, ImportError>>>;

/// An event of it.
#[derive(Clone, Debug)]
pub struct Imported {
    pub event: Event,
    /// Whether something of its payload was masked before.
    pub masked: bool,
}

/// Why a file is not brought in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("cannot read \"{name}\": {}", in_words(error))]
    Io { name: String, error: io::Error },
    #[error("cannot import \"{name}\": {problem}")]
    Foreign { name: String, problem: &'static str, hint: &'static str },
    /// `place`: a line and a column, or an entry and a message, from 1.
    #[error("cannot import \"{name}\": {place}: {reason}")]
    Malformed { name: String, place: String, reason: String },
    #[error("\"{name}\" has no WebSocket connection: none of its entries ({entries}) has _webSocketMessages")]
    Nothing { name: String, entries: usize },
    /// `cut`: packets that are cut short; `midway`: streams whose beginning is not there; `unknown`: a link type.
    #[error(
        "\"{name}\" has no WebSocket connection: {packets} packets{}, {streams} TCP streams{}{}",
        of_them(*cut, "cut short"),
        of_them(*midway, "without their beginning"),
        unknown_link(*unknown)
    )]
    NoConnection { name: String, packets: u64, cut: u64, streams: u64, midway: u64, unknown: Option<u32> },
    #[error("\"{name}\" has no WebSocket connection that can be read: stream {client} -> {server} is TLS{}",
        if *has_secrets { ", and its keys in the file are not used" } else { "" })]
    Tls { name: String, client: SocketAddr, server: SocketAddr, has_secrets: bool },
}

impl ImportError {
    /// The next step.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            ImportError::Io { .. } => "is the path right, and the file yours?",
            ImportError::Foreign { hint, .. } => hint,
            ImportError::Malformed { .. } => "was it saved whole, and not edited since?",
            ImportError::Nothing { .. } => {
                "DevTools have the messages of connections that began while they were open: reload, and export again"
            }
            ImportError::NoConnection { cut: 1.., .. } => {
                "the opening handshake has to be in the capture, unencrypted, and packets whole (tcpdump -s 0)"
            }
            ImportError::NoConnection { streams: 0, unknown: Some(_), .. } => {
                "known are Ethernet, raw IP, loopback and Linux' cooked captures (tcpdump -i any)"
            }
            ImportError::NoConnection { .. } => "the opening handshake has to be in the capture, unencrypted",
            ImportError::Tls { .. } => {
                "captures are not decrypted: wscope proxy URL, between client and server, or wscope record URL record what \
                 is inside of TLS"
            }
        }
    }
}

impl Iterator for Import {
    type Item = Result<Imported, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.events.next()
    }
}

/// Reads a file in whatever format it is.
///
/// # Errors
/// It can't be read, is of no known format, malformed, or has nothing in it that belongs into a recording.
pub fn import(path: &Path) -> Result<Import, ImportError> {
    let name = path.display().to_string();
    let failed = |error| ImportError::Io { name: name.clone(), error };
    let mut file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.by_ref().take(4).read_to_end(&mut bytes).map_err(failed)?;
    if pcap::is_capture(&bytes) {
        return pcap::read(BufReader::with_capacity(READ, Cursor::new(bytes).chain(file)), &name);
    }
    file.read_to_end(&mut bytes).map_err(failed)?;
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes).trim_ascii_start();
    let foreign = |problem, hint| Err(ImportError::Foreign { name: name.clone(), problem, hint });
    match text {
        [] => foreign("it is empty", "was it saved?"),
        [b'P', b'K', 3, 4, ..] => foreign("it is a zip archive", "unpack it, and import what is in it"),
        [0x1F, 0x8B, ..] => foreign("it is compressed with gzip", "unpack it: gunzip FILE"),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => foreign("it is compressed with zstd", "unpack it: zstd -d FILE"),
        _ if text.starts_with(b"{\"wscope\"") => foreign(
            "it is a recording already",
            "wscope show FILE looks into it, wscope export FILE takes it elsewhere",
        ),
        [b'{', ..] => har::read(path, bytes),
        _ => foreign(
            "neither HAR (which is JSON and begins with {) nor pcapng or pcap begins like this",
            "editcap -F pcapng IN OUT makes one of captures in other formats",
        ),
    }
}

fn of_them(count: u64, what: &str) -> String {
    if count > 0 { format!(" ({count} of them {what})") } else { String::new() }
}

fn unknown_link(link: Option<u32>) -> String {
    link.map(|link| format!(", and packets of link type {link}, which is not known here")).unwrap_or_default()
}
