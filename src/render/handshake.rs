//! The opening handshake as it was on the wire, and what it led to: a connection or a refusal.

use std::ops::Range;
use std::time::SystemTime;

use crate::event::{Direction, Open, Ready, Response, Role};
use crate::transport::{Certificate, TlsInfo};

use super::line::Line;
use super::options::{Format, HeadersShown, JsonShown};
use super::payload::Shown;
use super::quantity::{date, duration, expiry};
use super::style::Meaning;
use super::{Options, escape};

/// What stands before the lines of a head: `> ` before what was sent, `< ` before what was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix(Direction);

impl Prefix {
    /// For a request (or a response) seen from a client (or a server).
    pub(super) fn new(role: Role, request: bool) -> Prefix {
        Prefix(if (role == Role::Client) == request { Direction::Sent } else { Direction::Received })
    }

    const fn look(self) -> (Meaning, &'static str) {
        match self.0 {
            Direction::Sent => (Meaning::Sent, ">"),
            Direction::Received => (Meaning::Received, "<"),
        }
    }
}

/// Appends a request's or response's head, line by line, as much as is asked for.
///
/// A line that does not end in CRLF shows how it ends.
pub(super) fn head(raw: &[u8], prefix: Prefix, shown: HeadersShown, options: &Options, out: &mut String) {
    for (i, line) in raw.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let wanted = match shown {
            HeadersShown::None => false,
            HeadersShown::Short => {
                const NAMES: &[u8] = b"sec-websocket-";
                i == 0 || line.get(..NAMES.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAMES))
            }
            HeadersShown::Full => true,
        };
        if wanted {
            let name = if i == 0 { 0 } else { memchr::memchr(b':', line).unwrap_or(0) };
            let meaning = if i == 0 { Meaning::Strong } else { Meaning::Name };
            head_line(line, &(0..if i == 0 { line.len() } else { name }), meaning, "", prefix, options, out);
        }
    }
}

/// Appends the lines of a head that `marked` touches, with these bytes marked.
pub(super) fn marked_lines(raw: &[u8], marked: &Range<usize>, prefix: Prefix, options: &Options, out: &mut String) {
    let mut start = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        let end = start + line.len();
        if marked.start < end && marked.end > start && !marked.is_empty() {
            let inside = marked.start.saturating_sub(start)..marked.end.min(end) - start;
            head_line(line, &inside, Meaning::Marked, "    ", prefix, options, out);
        }
        start = end;
    }
}

/// One line of a head, with the bytes of `range` in the look of `meaning`.
fn head_line(
    line: &[u8],
    range: &Range<usize>,
    meaning: Meaning,
    indent: &str,
    prefix: Prefix,
    options: &Options,
    out: &mut String,
) {
    let palette = options.palette;
    let (colour, sign) = prefix.look();
    out.push_str(indent);
    palette.paint(colour, sign, out);
    let (text, ending) = match line {
        [text @ .., b'\r', b'\n'] => (text, ""),
        [text @ .., b'\n'] => (text, "\\n"),
        text => (text, " (no line end)"),
    };
    let cut = |at: usize| at.min(text.len());
    let (start, end) = (cut(range.start), cut(range.end.max(range.start)));
    if !line.is_empty() && (!text.is_empty() || !ending.is_empty()) {
        out.push(' ');
    }
    escape::paint(&text[..start], Meaning::Plain, palette, out);
    if start < end {
        palette.paint(meaning, &escape::escape(&text[start..end]), out);
    }
    escape::paint(&text[end..], Meaning::Plain, palette, out);
    if !ending.is_empty() {
        palette.paint(Meaning::Escape, ending, out);
    }
    out.push('\n');
}

/// Appends the body of a refusal: JSON indented, text line by line, else a hexdump.
pub(super) fn body(response: &Response, options: &Options, out: &mut String) {
    let options = Options { json: JsonShown::Pretty, max_payload: response.body.len(), ..*options };
    let body = match std::str::from_utf8(&response.body) {
        // A body that was cut may end inside a character.
        Err(error) if !response.body_cut || response.body.len() - error.valid_up_to() > 3 => {
            Shown::Bytes(&response.body)
        }
        _ => Shown::Text(&response.body),
    };
    body.lines("  ", &options, out);
    if response.body_cut {
        options.palette.paint(Meaning::Dim, "  … the body goes on, the rest was not kept", out);
        out.push('\n');
    }
}

/// The line that says that frames may flow: `● connected  ws://h/echo  tcp 0.2 ms  upgrade 0.5 ms  permessage-deflate`.
pub(super) fn connected(mut line: Line, open: Option<&Open>, ready: &Ready, options: &Options, out: &mut String) {
    let server = open.is_some_and(|open| open.role == Role::Server);
    line.push(Meaning::Strong, if server { "accepted" } else { "connected" });
    let mut words = Vec::new();
    if let Some(open) = open {
        words.push(open.url.clone());
        let address = open.address.map(|address| address.to_string());
        words.extend(address.filter(|address| !open.url.contains(address)));
        words.extend(open.via.as_ref().map(|via| format!("via {via}")));
    }
    words.push(timings(open, ready).join("  "));
    words.extend(ready.negotiated.subprotocol.as_ref().map(|name| format!("subprotocol {name}")));
    words.extend(ready.negotiated.extensions.clone());
    for word in words {
        line.put(Meaning::Plain, format_args!("  {}", escape::escape(word.as_bytes())));
    }
    line.write_folded(options.palette, options.width, out);
}

/// Appends what was agreed on, a fact a line: all of it in [`Format::Full`], else what the connected line does not tell of
/// TLS, as much as `options.headers` asks for. `now` is what the certificate's expiry is counted from.
pub fn details(open: Option<&Open>, ready: &Ready, now: SystemTime, options: &Options, out: &mut String) {
    let mut rows: Vec<(&str, String)> = Vec::new();
    let tls = open.and_then(|open| open.tls.as_ref()).map(|(_, info)| info);
    if options.format == Format::Full {
        rows.extend(agreed_rows(open, ready));
    }
    match (tls, options.headers) {
        (Some(info), headers) if options.format == Format::Full || headers == HeadersShown::Full => {
            rows.push(("TLS", tls_words(info)));
            rows.push(("server name", info.server_name.clone().unwrap_or_else(|| "not sent".into())));
            rows.extend(info.certificate.iter().flat_map(|certificate| certificate_rows(certificate, now)));
        }
        (Some(info), HeadersShown::Short) => {
            rows.push(("TLS", tls_words(info)));
            rows.extend(info.certificate.as_ref().map(|certificate| {
                ("certificate", format!("{}, until {}", certificate.subject, expiry(certificate.not_after, now)))
            }));
        }
        _ => {}
    }
    for (label, value) in rows {
        out.push_str("  ");
        options.palette.paint(Meaning::Dim, &format!("{label:<13}"), out);
        escape::paint(value.as_bytes(), Meaning::Plain, options.palette, out);
        out.push('\n');
    }
}

fn agreed_rows(open: Option<&Open>, ready: &Ready) -> Vec<(&'static str, String)> {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".into());
    let mut rows = Vec::new();
    if let Some(open) = open {
        rows.extend(open.address.map(|address| ("address", address.to_string())));
        rows.extend(open.via.clone().map(|via| ("via", via)));
    }
    rows.push(("subprotocol", or_none(&ready.negotiated.subprotocol)));
    rows.push(("extensions", or_none(&ready.negotiated.extensions)));
    rows.extend(ready.negotiated.deflate.map(|deflate| {
        let takeover = |none: bool| if none { "no context takeover" } else { "context takeover" };
        let words = format!(
            "server {} window bits, {}; client {} window bits, {}",
            deflate.server_max_window_bits,
            takeover(deflate.server_no_context_takeover),
            deflate.client_max_window_bits,
            takeover(deflate.client_no_context_takeover),
        );
        ("compression", words)
    }));
    rows.push(("timings", timings(open, ready).join(", ")));
    rows
}

fn timings(open: Option<&Open>, ready: &Ready) -> Vec<String> {
    let steps = [
        ("dns", open.and_then(|open| open.dns)),
        ("tcp", open.and_then(|open| open.tcp)),
        ("tls", open.and_then(|open| open.tls.as_ref()).map(|(time, _)| *time)),
        ("upgrade", Some(ready.upgrade)),
    ];
    steps.iter().filter_map(|(step, time)| time.map(|time| format!("{step} {}", duration(time)))).collect()
}

/// `TLS 1.3, TLS_AES_256_GCM_SHA384, ALPN http/1.1`.
fn tls_words(info: &TlsInfo) -> String {
    let version = info.version.clone().unwrap_or_else(|| "version unknown".into());
    let cipher = info.cipher.clone().unwrap_or_else(|| "cipher unknown".into());
    let alpn = info.alpn.as_ref().map_or_else(|| "no ALPN".into(), |name| format!("ALPN {name}"));
    [version, cipher, alpn].join(", ")
}

fn certificate_rows(certificate: &Certificate, now: SystemTime) -> [(&'static str, String); 5] {
    let sha256 = certificate.sha256.map(|byte| format!("{byte:02X}")).join(":");
    [
        ("certificate", certificate.subject.clone()),
        ("issuer", certificate.issuer.clone()),
        ("names", certificate.names.join(", ")),
        ("valid", format!("{} to {}", date(certificate.not_before), expiry(certificate.not_after, now))),
        ("SHA-256", sha256),
    ]
}

#[cfg(test)]
mod tests;
