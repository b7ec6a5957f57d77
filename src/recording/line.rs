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
//! - `frame`: `n`, its number, where it is not the one after the frame before (the first is 1), and at least once in
//!   [`NUMBER_EVERY`] bytes, so that a frame is found by halving the file; `dir` (`sent`, `received`);
//!   `op` (a name, or the number of a reserved opcode); `fin`, true by default; `rsv` (4 is RSV1); `mask`, the masking key
//!   in hexadecimal; `len`, the bits of the length where fewer would do (7, 16, 64); `length`, the length that the header
//!   claims where the payload has another; `fragment`, `[number of the message's first frame, index from 1]`; `auto`,
//!   true for what the connection sent by itself; `after`, since what it answers; `message`, false for a data frame with FIN
//!   that completes no message; `masked`, true where something of the payload was taken out; and the payload without its
//!   mask: in `text`/`b64`, or, in a compressed message, as on the wire in `wire` (base64), with the inflated message in
//!   `text`/`b64` of its last frame.
//! - `violation` by a frame: `rule`, `rfc` (6455 by default), `section`, `frame` (its number), `detail`, `bytes` (the
//!   offending ones in hexadecimal), `offset` of the first in the frame, or in the inflated message.
//! - `violation` in the opening handshake: `rule`, `rfc`, `section`, `expected`, `got`, `at` (`[begin, end]` in the `raw`
//!   before it as it is in the recording, that is with its secrets masked).
//! - `undecoded`: `text`/`b64`, what came after the connection failed.
//! - `close`: `by` (`us`, `peer`), `code`, `reason`, `clean`, `detail`.
//! - `error`: `text`, `hint`, the next step. `note`: `text`.
//! - `append`: somebody goes on recording into the same file: `created`, `by`, `secrets` as in the header. From here on
//!   connections and frames are counted on from the highest numbers before, and `t` is still since the first `created`: by
//!   the wall clock at the append, but never less than before.
//!
//! What a user has masked in messages (`--mask-json`) keeps its size, so that lengths stay true: a value of at least five
//! bytes is `"***"`, a shorter one 0, filled up with blanks. Then a frame of a message in fragments, which can't be looked
//! into one by one, is all `*`, and `wire` of compressed messages is zeros, since a later one may refer to an earlier.
//!
//! An `ev` and members that a reader does not know are to be skipped: within a version both may be added. A line may be torn
//! (the last one, or one before an `append`) when a recorder was killed: it is to be skipped and told.

mod frame;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use crate::event::{Closed, Direction, Event, Kind, Open, Ready, Response, Role, Side, Violation};
use crate::handshake::Fault;
use crate::transport::TlsInfo;

use super::json::Object;
use super::mask::{self, Masks, Secrets};

/// The version of the format that is written.
pub const VERSION: u64 = 1;

/// After at most so many bytes of lines the next frame says its number.
pub const NUMBER_EVERY: usize = 64 << 10;

/// Appends the header line: `{"wscope":1,"created":"2026-11-23T04:20:00.123456Z","by":"wscope 0.1.0","secrets":"masked"}`.
///
/// `created` is the wall time in UTC that the timeline began at.
pub fn header(created: SystemTime, secrets: Secrets, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.number("wscope", VERSION);
    origin(created, secrets, &mut object);
    object.end();
    out.push(b'\n');
}

fn origin(created: SystemTime, secrets: Secrets, object: &mut Object<'_>) {
    if let Ok(created) = jiff::Timestamp::try_from(created) {
        object.text("created", &format!("{created:.6}"));
    }
    object.text("by", concat!("wscope ", env!("CARGO_PKG_VERSION")));
    object.text("secrets", secrets.name());
}

/// What is in a recording already: a timeline that goes on in it counts on from here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// Added to each event's time.
    pub time: Duration,
    /// The highest connection number.
    pub connection: u32,
    /// The highest frame number.
    pub frame: u64,
}

/// Writes the events of one timeline, in order.
#[derive(Clone, Debug)]
pub struct Lines {
    masks: Masks,
    base: Base,
    /// When the append began that this writes: an event that was read from a socket before is not older.
    begun: Duration,
    /// How much was written since a frame said its number, in bytes.
    unnumbered: usize,
    /// The number that the next frame has if none is left out.
    next_frame: u64,
    /// The connections and directions with an unfinished compressed message.
    compressed: Vec<(u32, Direction)>,
    /// Where the last head of a connection's opening handshake has secrets.
    heads: BTreeMap<u32, Vec<Range<usize>>>,
}

impl Lines {
    #[must_use]
    pub fn new(masks: impl Into<Masks>) -> Lines {
        Lines {
            masks: masks.into(),
            base: Base::default(),
            begun: Duration::ZERO,
            unnumbered: 0,
            next_frame: 1,
            compressed: Vec::new(),
            heads: BTreeMap::new(),
        }
    }

    /// Goes on from what is there, with a line that says so; `now` and `created` are those of the timeline's clock. The first
    /// frame says its number.
    #[must_use]
    pub fn append(self, base: Base, now: Duration, created: SystemTime, out: &mut Vec<u8>) -> Lines {
        let begun = base.time + now;
        let mut object = Object::begin(out);
        object.seconds("t", begun);
        object.text("ev", "append");
        origin(created, self.masks.secrets(), &mut object);
        object.end();
        out.push(b'\n');
        Lines { base, begun, next_frame: base.frame + 1, unnumbered: NUMBER_EVERY, ..self }
    }

    /// Appends an event's line, with `\n`.
    pub fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        self.again(event, false, out);
    }

    /// The same for an event that was written before; `masked`: something of its payload was taken out then.
    pub fn again(&mut self, event: &Event, masked: bool, out: &mut Vec<u8>) {
        let connection = event.connection;
        let start = out.len();
        let mut object = Object::begin(out);
        object.seconds("t", (event.time + self.base.time).max(self.begun));
        if connection > 0 {
            object.number("c", u64::from(connection) + u64::from(self.base.connection));
        }
        object.text("ev", name(&event.kind));
        match &event.kind {
            Kind::Open(open) => self.open(open, &mut object),
            Kind::Request(raw) => self.head(connection, raw, &mut object),
            Kind::Response(response) => self.response(connection, response, &mut object),
            Kind::Fault(fault) => self.fault(connection, fault, &mut object),
            Kind::Ready(made) => self.ready(made, &mut object),
            Kind::Frame(frame) => self.frame(connection, frame, masked, &mut object),
            Kind::Violation { frame, violation } => {
                broken(frame.map(|frame| frame + self.base.frame), violation, &mut object);
            }
            Kind::Undecoded(bytes) => object.bytes("text", "b64", &self.masks.bytes(bytes)),
            Kind::Close(over) => {
                self.compressed.retain(|(number, _)| *number != connection);
                self.heads.remove(&connection);
                closed(over, &self.masks, &mut object);
            }
            Kind::Error { text, hint } => {
                object.text("text", &self.masks.text(text));
                object.optional("hint", hint.as_deref().map(|hint| self.masks.text(hint)).as_deref());
            }
            Kind::Note(text) => object.text("text", &self.masks.text(text)),
        }
        object.end();
        out.push(b'\n');
        self.unnumbered += out.len() - start;
    }

    fn open(&self, open: &Open, object: &mut Object<'_>) {
        object.text("role", if open.role == Role::Client { "client" } else { "server" });
        object.text("url", &self.masks.text(&open.url));
        if let Some(address) = open.address {
            object.text("addr", &address.to_string());
        }
        object.optional("via", open.via.as_deref().map(|via| self.masks.text(via)).as_deref());
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
        let secrets = self.masks.in_head(raw);
        object.bytes("raw", "raw_b64", &mask::replaced(raw, &secrets));
        self.heads.insert(connection, secrets);
    }

    fn response(&mut self, connection: u32, response: &Response, object: &mut Object<'_>) {
        self.head(connection, &response.raw, object);
        object.number("status", u64::from(response.status));
        if !response.body.is_empty() {
            object.bytes("body", "body_b64", &self.masks.bytes(&response.body));
        }
        if response.body_cut {
            object.flag("body_cut", true);
        }
    }

    fn fault(&self, connection: u32, fault: &Fault, object: &mut Object<'_>) {
        rule(&fault.rule, &fault.section, object);
        object.text("expected", &self.masks.text(&fault.expected));
        object.text("got", &self.masks.text(&fault.got));
        if !fault.at.is_empty() {
            let secrets = self.heads.get(&connection).map(Vec::as_slice).unwrap_or_default();
            let place = |offset| mask::shifted(offset, secrets) as u64;
            object.pair("at", (place(fault.at.start), place(fault.at.end)));
        }
    }

    fn ready(&self, made: &Ready, object: &mut Object<'_>) {
        let hidden = self.masks.hides_header(b"Sec-WebSocket-Protocol");
        let subprotocol = made.negotiated.subprotocol.as_deref();
        object.optional("subprotocol", if hidden { subprotocol.map(|_| mask::MASK) } else { subprotocol });
        ready(made, object);
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

fn closed(closed: &Closed, masks: &Masks, object: &mut Object<'_>) {
    object.text("by", if closed.by == Side::Us { "us" } else { "peer" });
    if let Some(code) = closed.code {
        object.number("code", u64::from(code));
    }
    if !closed.reason.is_empty() {
        object.bytes("reason", "reason_b64", &masks.bytes(&closed.reason));
    }
    object.flag("clean", closed.clean);
    object.optional("detail", closed.detail.as_deref());
}

#[cfg(test)]
mod tests;
