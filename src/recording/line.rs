//! An event as one line of the recording format, version 1. This is its schema.
//!
//! A recording begins with a header ([`header`]); each further line is an event with
//!
//! | member | type   | meaning |
//! |--------|--------|---------|
//! | `t`    | number | seconds since `created`, monotonic, six decimals |
//! | `c`    | number | the connection's number, from 1; absent: none |
//! | `ev`   | string | the kind, see below |
//!
//! A member that is absent has its default: false, 0, none, unless it says otherwise. Durations are seconds. Bytes are a
//! string where they are UTF-8, else base64 under a second name: `text`/`b64`, `raw`/`raw_b64`, `body`/`body_b64`,
//! `reason`/`reason_b64`.
//!
//! - `open`: `role` (`client`, `server`), `url`, `addr`, `via`, `dns`, `tcp`, `tls` (an object: `time`, `version`, `cipher`,
//!   `alpn`, `server_name`, `certificate`: `subject`, `issuer`, `names`, `not_before` and `not_after` in seconds since the
//!   Unix epoch, `sha256` in hexadecimal).
//! - `request`: `raw`, the head as on the wire.
//! - `response`: `raw`; `status`; of a refusal `body`, and `body_cut` if there was more of it.
//! - `ready`: `subprotocol`, `extensions`, `deflate` (an object: `server_no_context_takeover`,
//!   `client_no_context_takeover`, `server_max_window_bits` and `client_max_window_bits`, both 15 by default), `upgrade`.
//! - `frame`: `n`, its number, where it is not the one after the frame before (the first is 1); `dir` (`sent`, `received`);
//!   `op` (a name, or the number of a reserved opcode); `fin`, true by default; `rsv` (4 is RSV1); `mask`, the masking key
//!   in hexadecimal; `len`, the bits of the length where fewer would do (7, 16, 64); `length`, the length that the header
//!   claims where the payload has another; `fragment`, `[number of the message's first frame, index from 1]`; `auto`,
//!   true for what the connection sent by itself; `after`, since what it answers; and the payload without its mask: in
//!   `text`/`b64`, or, in a compressed message, as on the wire in `wire` (base64), with the inflated message in
//!   `text`/`b64` of its last frame.
//! - `violation` by a frame: `rule`, `rfc` (6455 by default), `section`, `frame` (its number), `detail`, `bytes` (the
//!   offending ones in hexadecimal), `offset` of the first in the frame, or in the inflated message.
//! - `violation` in the opening handshake: `rule`, `rfc`, `section`, `expected`, `got`, `at` (`[begin, end]` in the `raw`
//!   before it as it is in the recording, that is with its secrets masked).
//! - `undecoded`: `text`/`b64`, what came after the connection failed.
//! - `close`: `by` (`us`, `peer`), `code`, `reason`, `clean`, `detail`.
//! - `error`, `note`: `text`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::SystemTime;

use crate::event::{Closed, Direction, Event, FrameEvent, Kind, Open, Ready, Response, Role, Side, Violation};
use crate::handshake::Fault;
use crate::protocol::{LengthForm, Opcode};
use crate::transport::TlsInfo;

use super::json::Object;
use super::mask::{self, Secrets};

/// The version of the format that is written.
pub const VERSION: u64 = 1;

/// Appends the header line: `{"wscope":1,"created":"2026-11-23T04:20:00.123456Z","by":"wscope 0.1.0","secrets":"masked"}`.
///
/// `created` is the wall time in UTC that the timeline began at.
pub fn header(created: SystemTime, secrets: Secrets, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.number("wscope", VERSION);
    if let Ok(created) = jiff::Timestamp::try_from(created) {
        object.text("created", &format!("{created:.6}"));
    }
    object.text("by", concat!("wscope ", env!("CARGO_PKG_VERSION")));
    object.text("secrets", secrets.name());
    object.end();
    out.push(b'\n');
}

/// Writes the events of one timeline, in order.
#[derive(Clone, Debug)]
pub struct Lines {
    secrets: Secrets,
    /// The number that the next frame has if none is left out.
    next_frame: u64,
    /// The connections and directions with an unfinished compressed message.
    compressed: Vec<(u32, Direction)>,
    /// Where the last head of a connection's opening handshake has secrets.
    heads: BTreeMap<u32, Vec<Range<usize>>>,
}

impl Lines {
    #[must_use]
    pub const fn new(secrets: Secrets) -> Lines {
        Lines { secrets, next_frame: 1, compressed: Vec::new(), heads: BTreeMap::new() }
    }

    /// Appends an event's line, with `\n`.
    pub fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        let connection = event.connection;
        let mut object = Object::begin(out);
        object.seconds("t", event.time);
        if connection > 0 {
            object.number("c", u64::from(connection));
        }
        object.text("ev", name(&event.kind));
        match &event.kind {
            Kind::Open(open) => self.open(open, &mut object),
            Kind::Request(raw) => self.head(connection, raw, &mut object),
            Kind::Response(response) => self.response(connection, response, &mut object),
            Kind::Fault(fault) => self.fault(connection, fault, &mut object),
            Kind::Ready(made) => ready(made, &mut object),
            Kind::Frame(frame) => self.frame(connection, frame, &mut object),
            Kind::Violation { frame, violation } => broken(*frame, violation, &mut object),
            Kind::Undecoded(bytes) => object.bytes("text", "b64", bytes),
            Kind::Close(over) => {
                self.compressed.retain(|(number, _)| *number != connection);
                self.heads.remove(&connection);
                closed(over, &mut object);
            }
            Kind::Error { text, .. } | Kind::Note(text) => object.text("text", &self.secrets.text(text)),
        }
        object.end();
        out.push(b'\n');
    }

    fn open(&self, open: &Open, object: &mut Object<'_>) {
        object.text("role", if open.role == Role::Client { "client" } else { "server" });
        object.text("url", &self.secrets.text(&open.url));
        if let Some(address) = open.address {
            object.text("addr", &address.to_string());
        }
        object.optional("via", open.via.as_deref().map(|via| self.secrets.text(via)).as_deref());
        for (name, time) in [("dns", open.dns), ("tcp", open.tcp)] {
            if let Some(time) = time {
                object.seconds(name, time);
            }
        }
        if let Some((time, info)) = &open.tls {
            object.object("tls", |object| {
                object.seconds("time", *time);
                tls(info, object);
            });
        }
    }

    fn head(&mut self, connection: u32, raw: &[u8], object: &mut Object<'_>) {
        let secrets = self.secrets.in_head(raw);
        object.bytes("raw", "raw_b64", &mask::replaced(raw, &secrets));
        self.heads.insert(connection, secrets);
    }

    fn response(&mut self, connection: u32, response: &Response, object: &mut Object<'_>) {
        self.head(connection, &response.raw, object);
        object.number("status", u64::from(response.status));
        if !response.body.is_empty() {
            object.bytes("body", "body_b64", &response.body);
        }
        if response.body_cut {
            object.flag("body_cut", true);
        }
    }

    fn fault(&self, connection: u32, fault: &Fault, object: &mut Object<'_>) {
        rule(fault.rule, fault.section, object);
        object.text("expected", &self.secrets.text(&fault.expected));
        object.text("got", &self.secrets.text(&fault.got));
        if !fault.at.is_empty() {
            let secrets = self.heads.get(&connection).map(Vec::as_slice).unwrap_or_default();
            let place = |offset| mask::shifted(offset, secrets) as u64;
            object.pair("at", (place(fault.at.start), place(fault.at.end)));
        }
    }

    fn frame(&mut self, connection: u32, event: &FrameEvent, object: &mut Object<'_>) {
        let (header, payload) = (&event.frame.header, &event.frame.payload);
        if event.number != self.next_frame {
            object.number("n", event.number);
        }
        self.next_frame = event.number + 1;
        object.text("dir", event.direction.name());
        match header.opcode.name() {
            Some(name) => object.text("op", name),
            None => object.number("op", u64::from(header.opcode.bits())),
        }
        if !header.fin {
            object.flag("fin", false);
        }
        if header.rsv != 0 {
            object.number("rsv", u64::from(header.rsv));
        }
        if let Some(key) = header.mask {
            object.hex("mask", &key);
        }
        if header.form != LengthForm::minimal(header.length) {
            object.number("len", u64::from(header.form.bits()));
        }
        if header.length != payload.len() as u64 {
            object.number("length", header.length);
        }
        if let Some(fragment) = event.fragment {
            object.pair("fragment", (fragment.message, u64::from(fragment.index)));
        }
        if event.automatic {
            object.flag("auto", true);
        }
        if let Some(after) = event.after {
            object.seconds("after", after);
        }
        if !self.is_compressed(connection, event) {
            return object.bytes("text", "b64", payload);
        }
        object.base64("wire", payload);
        if let Some(message) = &event.message {
            object.bytes("text", "b64", &message.data);
        }
    }

    /// Whether the frame belongs to a compressed message: RSV1 says so on its first frame (RFC 7692 section 6).
    fn is_compressed(&mut self, connection: u32, event: &FrameEvent) -> bool {
        let header = &event.frame.header;
        if header.opcode.is_control() || header.opcode.is_reserved() {
            return false;
        }
        let key = (connection, event.direction);
        let begun = self.compressed.iter().position(|each| *each == key);
        let compressed = match &event.message {
            Some(message) => message.compressed,
            None if header.opcode == Opcode::CONTINUATION => begun.is_some(),
            None => header.rsv & 4 != 0,
        };
        match begun {
            Some(at) if header.fin || !compressed => {
                self.compressed.swap_remove(at);
            }
            None if compressed && !header.fin => self.compressed.push(key),
            _ => {}
        }
        compressed
    }
}

/// The value of `ev`.
const fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Open(_) => "open",
        Kind::Request(_) => "request",
        Kind::Response(_) => "response",
        Kind::Fault(_) | Kind::Violation { .. } => "violation",
        Kind::Ready(_) => "ready",
        Kind::Frame(_) => "frame",
        Kind::Undecoded(_) => "undecoded",
        Kind::Close(_) => "close",
        Kind::Error { .. } => "error",
        Kind::Note(_) => "note",
    }
}

fn tls(info: &TlsInfo, object: &mut Object<'_>) {
    object.optional("version", info.version.as_deref());
    object.optional("cipher", info.cipher.as_deref());
    object.optional("alpn", info.alpn.as_deref());
    object.optional("server_name", info.server_name.as_deref());
    if let Some(certificate) = &info.certificate {
        object.object("certificate", |object| {
            object.text("subject", &certificate.subject);
            object.text("issuer", &certificate.issuer);
            object.strings("names", &certificate.names);
            object.signed("not_before", certificate.not_before);
            object.signed("not_after", certificate.not_after);
            object.hex("sha256", &certificate.sha256);
        });
    }
}

fn ready(ready: &Ready, object: &mut Object<'_>) {
    object.optional("subprotocol", ready.negotiated.subprotocol.as_deref());
    object.optional("extensions", ready.negotiated.extensions.as_deref());
    if let Some(deflate) = ready.negotiated.deflate {
        object.object("deflate", |object| {
            for (name, value) in [
                ("server_no_context_takeover", deflate.server_no_context_takeover),
                ("client_no_context_takeover", deflate.client_no_context_takeover),
            ] {
                if value {
                    object.flag(name, true);
                }
            }
            for (name, bits) in [
                ("server_max_window_bits", deflate.server_max_window_bits),
                ("client_max_window_bits", deflate.client_max_window_bits),
            ] {
                if bits != 15 {
                    object.number(name, u64::from(bits));
                }
            }
        });
    }
    object.seconds("upgrade", ready.upgrade);
}

fn broken(frame: Option<u64>, violation: &Violation, object: &mut Object<'_>) {
    rule(violation.rule.name(), violation.rule.section(), object);
    if let Some(frame) = frame {
        object.number("frame", frame);
    }
    object.text("detail", &violation.detail);
    object.hex("bytes", &violation.bytes);
    object.number("offset", violation.offset);
}

/// `RFC 7692 6.1` as `"rfc":7692,"section":"6.1"`; the RFC is named only where it is not 6455.
fn rule(rule: &str, place: &str, object: &mut Object<'_>) {
    object.text("rule", rule);
    let mut words = place.split_whitespace().rev();
    let (section, rfc) = (words.next().unwrap_or_default(), words.next().and_then(|rfc| rfc.parse().ok()));
    if let Some(rfc) = rfc.filter(|rfc| *rfc != 6455) {
        object.number("rfc", rfc);
    }
    object.text("section", section);
}

fn closed(closed: &Closed, object: &mut Object<'_>) {
    object.text("by", if closed.by == Side::Us { "us" } else { "peer" });
    if let Some(code) = closed.code {
        object.number("code", u64::from(code));
    }
    if !closed.reason.is_empty() {
        object.bytes("reason", "reason_b64", &closed.reason);
    }
    object.flag("clean", closed.clean);
    object.optional("detail", closed.detail.as_deref());
}

#[cfg(test)]
mod tests;
