//! What bytes look like that should have been HTTP: the wrong port, the wrong protocol, the wrong scheme.

use std::fmt;

use super::head::shown;
use crate::protocol::Role;

/// The protocol that the first bytes belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looks {
    /// A TLS record of content type 21: the peer speaks TLS and did not understand us (RFC 8446 section 5.1).
    TlsAlert,
    /// A TLS record of content type 22: a handshake message.
    TlsHandshake,
    /// An HTTP/2 frame or connection preface (RFC 9113 section 3.4).
    Http2,
    /// An SSH identification string, the line (RFC 4253 section 4.2).
    Ssh(String),
    /// A WebSocket frame without an opening handshake before it.
    Frame,
    /// A line of text, cut to 80 bytes.
    Text(String),
    /// Something else, its first bytes in hexadecimal.
    Binary(String),
}

impl Looks {
    /// The verdict on all bytes that there are, when no more will come.
    pub(super) fn of(bytes: &[u8]) -> Looks {
        let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
        if line.starts_with(b"SSH-") {
            Looks::Ssh(shown(line))
        } else if line.starts_with(b"PRI * HTTP/2") {
            Looks::Http2
        } else if line.iter().copied().any(is_binary) {
            Looks::Binary(hex(bytes))
        } else {
            Looks::Text(shown(line))
        }
    }

    /// What a client should try next.
    pub(super) const fn hint(&self) -> &'static str {
        match self {
            Looks::TlsAlert | Looks::TlsHandshake => "the server speaks TLS on this port: try wss://",
            Looks::Http2 => "the server speaks HTTP/2 on this port; wscope speaks HTTP/1.1",
            Looks::Frame => "the server skipped the opening handshake",
            Looks::Ssh(_) | Looks::Text(_) | Looks::Binary(_) => "is this the right port?",
        }
    }
}

impl fmt::Display for Looks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Looks::TlsAlert => f.write_str("a TLS alert: TLS is spoken on this port"),
            Looks::TlsHandshake => f.write_str("a TLS handshake record: TLS on a plain port"),
            Looks::Http2 => f.write_str("HTTP/2"),
            Looks::Ssh(line) => write!(f, "an SSH greeting, {line:?}"),
            Looks::Frame => f.write_str("a WebSocket frame before the opening handshake was done"),
            Looks::Text(line) => write!(f, "a line of text, {line:?}"),
            Looks::Binary(hex) => write!(f, "binary data, {hex}"),
        }
    }
}

/// How long a line may be before it is called text, in bytes, when a status line should be there.
const PATIENCE: usize = 256;

/// Judges the first bytes of a start line. Called for each prefix in turn, it answers at the first that tells enough.
pub(super) fn look(from: Role, seen: &[u8]) -> Option<Looks> {
    match *seen {
        [0x15, 0x03] => Some(Looks::TlsAlert),
        [0x16, 0x03] => Some(Looks::TlsHandshake),
        // A frame's length (24 bits), type (SETTINGS or GOAWAY), flags and stream 0 (RFC 9113 section 4.1).
        [0x15 | 0x16 | 0x00] | [0x00, 0x00] | [0x00, 0x00, _] => None,
        [0x00, 0x00, _, 0x04 | 0x07, ..] if seen.len() < 9 => None,
        [0x00, 0x00, _, 0x04 | 0x07, _, 0, 0, 0, 0] => Some(Looks::Http2),
        // FIN and text, binary, close, ping or pong.
        [0x81 | 0x82 | 0x88..=0x8A] => Some(Looks::Frame),
        [first, ..] if is_binary(first) || seen.last().is_some_and(|b| is_binary(*b)) => Some(Looks::Binary(hex(seen))),
        _ if seen.starts_with(b"PRI * HTTP/2") && seen.ends_with(b"\n") => Some(Looks::Http2),
        _ if from == Role::Server && seen.len() == PATIENCE && !seen.starts_with(b"HTTP/") => Some(Looks::of(seen)),
        _ => None,
    }
}

const fn is_binary(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | b'\n')
}

fn hex(bytes: &[u8]) -> String {
    let shown: Vec<_> = bytes.iter().take(16).map(|b| format!("{b:02x}")).collect();
    shown.join(" ")
}
