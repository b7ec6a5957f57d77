//! A line of the recording format back to the event that it was written from.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::event::{
    Closed, Direction, Event, Fragment, FrameEvent, Kind, Message, Open, Ready, Response, Role, Side, Violation,
};
use crate::handshake::{Fault, Negotiated};
use crate::protocol::{DeflateParams, Frame, Header, Opcode, Rule};
use crate::transport::{Certificate, TlsInfo};

use super::glance::{FrameGlance, Glance, hex};
use super::scan::{Members, Value};
use super::text::Text;

/// What a line is, if it is in order.
#[derive(Debug)]
pub(super) enum Parsed {
    Event(Event),
    /// An `ev`, or a rule, that this version does not know.
    Unknown,
}

/// Puts messages together again, over the lines of one recording.
#[derive(Debug, Default)]
pub(super) struct Parser {
    unfinished: HashMap<(u32, Direction), Unfinished>,
}

/// A message of which more frames are to come.
#[derive(Debug)]
struct Unfinished {
    first: u64,
    binary: bool,
    wire: u64,
    data: Vec<u8>,
}

type Problem = &'static str;

impl Parser {
    /// The event of a line that has been looked at.
    pub(super) fn event(&mut self, glance: &Glance<'_>) -> Result<Parsed, Problem> {
        let line = Line(glance.line);
        let kind = match glance.name {
            b"frame" => match &glance.frame {
                Some(frame) => Kind::Frame(self.frame(glance.connection, frame)?),
                None => return Err("not a frame"),
            },
            b"open" => Kind::Open(Box::new(open(line)?)),
            b"request" => Kind::Request(line.required_bytes("raw", "raw_b64")?),
            b"response" => Kind::Response(Box::new(response(line)?)),
            b"ready" => Kind::Ready(Box::new(ready(line)?)),
            b"violation" if line.get("expected").is_some() => Kind::Fault(Box::new(fault(line)?)),
            b"violation" => match violation(line)? {
                Some(violation) => Kind::Violation { frame: line.number("frame")?, violation: Box::new(violation) },
                None => return Ok(Parsed::Unknown),
            },
            b"undecoded" => Kind::Undecoded(line.required_bytes("text", "b64")?),
            b"close" => {
                self.unfinished.retain(|(connection, _), _| *connection != glance.connection);
                Kind::Close(Box::new(closed(line)?))
            }
            b"error" => Kind::Error { text: line.required("text")?, hint: line.text("hint")? },
            b"note" => Kind::Note(line.required("text")?),
            _ => return Ok(Parsed::Unknown),
        };
        Ok(Parsed::Event(Event { time: glance.time, connection: glance.connection, kind }))
    }

    /// Forgets the messages that have begun: what follows is from elsewhere in the file.
    pub(super) fn reset(&mut self) {
        self.unfinished.clear();
    }

    fn frame(&mut self, connection: u32, glance: &FrameGlance<'_>) -> Result<FrameEvent, Problem> {
        let content = match (glance.text, glance.base64) {
            (Some(text), _) => Some(Bytes::from(text.decode().ok_or("text is not a string")?.into_owned())),
            (None, Some(text)) => Some(base64(text).ok_or("b64 is not base64")?),
            (None, None) => None,
        };
        let (payload, content) = match glance.wire {
            Some(wire) => (base64(wire).ok_or("wire is not base64")?, content),
            None => (content.unwrap_or_default(), None),
        };
        let header = Header {
            fin: glance.fin,
            rsv: glance.rsv,
            opcode: glance.opcode,
            mask: glance.mask,
            form: glance.form,
            length: glance.length,
        };
        let message = self.message(connection, glance, &payload, content);
        Ok(FrameEvent {
            number: glance.number,
            direction: glance.direction,
            frame: Frame { header, payload },
            fragment: glance.fragment.map(|(message, index)| Fragment { message, index }),
            message,
            automatic: glance.automatic,
            after: glance.after,
        })
    }

    /// The message that a frame completes; `content` is that of a compressed one.
    fn message(
        &mut self,
        connection: u32,
        frame: &FrameGlance<'_>,
        payload: &Bytes,
        content: Option<Bytes>,
    ) -> Option<Message> {
        let compressed = frame.wire.is_some();
        let key = (connection, frame.direction);
        let Some((first, index)) = frame.fragment else {
            let data = if compressed { content? } else { payload.clone() };
            let wire = payload.len() as u64;
            let whole = || Message { binary: frame.opcode == Opcode::BINARY, data, frames: 1, compressed, wire };
            return (frame.ends_message && frame.opcode != Opcode::CONTINUATION).then(whole);
        };
        if index == 1 {
            let binary = frame.opcode == Opcode::BINARY;
            self.unfinished.insert(key, Unfinished { first, binary, wire: 0, data: Vec::new() });
        }
        // Without its beginning, which a seek may have left out, a message is not known.
        let unfinished = self.unfinished.get_mut(&key).filter(|unfinished| unfinished.first == first)?;
        unfinished.wire += payload.len() as u64;
        if !compressed {
            unfinished.data.extend_from_slice(payload);
        }
        if !frame.fin {
            return None;
        }
        let Unfinished { binary, wire, data, .. } = self.unfinished.remove(&key)?;
        let data = if compressed { content? } else { data.into() };
        frame.ends_message.then_some(Message { binary, data, frames: index, compressed, wire })
    }
}

/// A line, or an object in one, whose members are asked for one by one: for the kinds of events that are few.
#[derive(Clone, Copy)]
pub(super) struct Line<'a>(pub(super) &'a [u8]);

impl<'a> Line<'a> {
    pub(super) fn get(self, name: &str) -> Option<Value<'a>> {
        Members::get(self.0, name)
    }

    /// A string that may be absent.
    pub(super) fn text(self, name: &str) -> Result<Option<String>, Problem> {
        let decoded = |value: Value<'a>| Some(value.text()?.decode()?.into_owned());
        self.get(name).map(|value| decoded(value).ok_or("a member that should be a string is none")).transpose()
    }

    fn required(self, name: &str) -> Result<String, Problem> {
        self.text(name)?.ok_or("a member is missing")
    }

    /// A number that may be absent.
    pub(super) fn number<N: TryFrom<u64>>(self, name: &str) -> Result<Option<N>, Problem> {
        let read = |value: Value<'_>| N::try_from(value.number()?).ok();
        self.get(name)
            .map(|value| read(value).ok_or("a member that should be a number is none, or too large"))
            .transpose()
    }

    fn seconds(self, name: &str) -> Result<Option<Duration>, Problem> {
        self.get(name).map(|value| value.seconds().ok_or("a member that should be seconds is not")).transpose()
    }

    pub(super) fn flag(self, name: &str) -> bool {
        self.get(name).and_then(Value::flag).unwrap_or_default()
    }

    pub(super) fn bytes(self, text: &str, base: &str) -> Result<Option<Bytes>, Problem> {
        if let Some(text) = self.text(text)? {
            return Ok(Some(text.into()));
        }
        let Some(value) = self.get(base) else { return Ok(None) };
        value.text().and_then(base64).map(Some).ok_or("a member that should be base64 is not")
    }

    fn required_bytes(self, text: &str, base: &str) -> Result<Bytes, Problem> {
        self.bytes(text, base)?.ok_or("a member is missing")
    }

    fn object(self, name: &str) -> Option<Line<'a>> {
        self.get(name)?.nested().map(Line)
    }
}

fn base64(text: Text<'_>) -> Option<Bytes> {
    STANDARD.decode(text.decode()?.as_bytes()).ok().map(Bytes::from)
}

fn open(line: Line<'_>) -> Result<Open, Problem> {
    let address = line.text("addr")?.map(|text| text.parse().map_err(|_| "addr is not an address")).transpose()?;
    let tls = match line.object("tls") {
        Some(object) => Some((object.seconds("time")?.unwrap_or_default(), tls(object)?)),
        None => None,
    };
    Ok(Open {
        role: if line.text("role")?.as_deref() == Some("server") { Role::Server } else { Role::Client },
        url: line.required("url")?,
        address,
        via: line.text("via")?,
        dns: line.seconds("dns")?,
        tcp: line.seconds("tcp")?,
        tls,
    })
}

fn tls(object: Line<'_>) -> Result<TlsInfo, Problem> {
    let certificate = object.object("certificate").map(certificate).transpose()?;
    Ok(TlsInfo {
        version: object.text("version")?,
        cipher: object.text("cipher")?,
        alpn: object.text("alpn")?,
        server_name: object.text("server_name")?,
        certificate,
    })
}

fn certificate(object: Line<'_>) -> Result<Certificate, Problem> {
    let names = object.get("names").and_then(Value::nested).unwrap_or(b"[]");
    let seconds = |name| object.get(name).and_then(Value::signed).unwrap_or_default();
    let hash = object.get("sha256").and_then(Value::text).and_then(|text| hex(text.raw())?.try_into().ok());
    Ok(Certificate {
        subject: object.required("subject")?,
        issuer: object.required("issuer")?,
        names: serde_json::from_slice(names).map_err(|_| "names are not a list of strings")?,
        not_before: seconds("not_before"),
        not_after: seconds("not_after"),
        sha256: hash.ok_or("sha256 is not 64 hexadecimal digits")?,
    })
}

fn response(line: Line<'_>) -> Result<Response, Problem> {
    Ok(Response {
        raw: line.required_bytes("raw", "raw_b64")?,
        status: line.number("status")?.unwrap_or_default(),
        body: line.bytes("body", "body_b64")?.unwrap_or_default(),
        body_cut: line.flag("body_cut"),
    })
}

fn ready(line: Line<'_>) -> Result<Ready, Problem> {
    let bits = |object: Line<'_>, name| Ok::<u8, Problem>(object.number(name)?.unwrap_or(15));
    let deflate = match line.object("deflate") {
        Some(object) => Some(DeflateParams {
            server_no_context_takeover: object.flag("server_no_context_takeover"),
            client_no_context_takeover: object.flag("client_no_context_takeover"),
            server_max_window_bits: bits(object, "server_max_window_bits")?,
            client_max_window_bits: bits(object, "client_max_window_bits")?,
        }),
        None => None,
    };
    let negotiated =
        Negotiated { subprotocol: line.text("subprotocol")?, extensions: line.text("extensions")?, deflate };
    Ok(Ready { negotiated, upgrade: line.seconds("upgrade")?.unwrap_or_default() })
}

fn fault(line: Line<'_>) -> Result<Fault, Problem> {
    let rfc: u64 = line.number("rfc")?.unwrap_or(6455);
    let at = line.get("at").and_then(Value::pair).unwrap_or_default();
    Ok(Fault {
        rule: line.required("rule")?.into(),
        section: format!("RFC {rfc} {}", line.required("section")?).into(),
        expected: line.required("expected")?,
        got: line.required("got")?,
        at: Range { start: at.0 as usize, end: at.1 as usize },
    })
}

/// `None`: a rule that is not known here.
fn violation(line: Line<'_>) -> Result<Option<Violation>, Problem> {
    let Some(rule) = Rule::from_name(&line.required("rule")?) else { return Ok(None) };
    let bytes = line.required("bytes")?;
    Ok(Some(Violation {
        rule,
        detail: line.text("detail")?.unwrap_or_default(),
        bytes: hex(bytes.as_bytes()).ok_or("bytes are not hexadecimal")?.into(),
        offset: line.number("offset")?.unwrap_or_default(),
    }))
}

fn closed(line: Line<'_>) -> Result<Closed, Problem> {
    Ok(Closed {
        by: if line.text("by")?.as_deref() == Some("us") { Side::Us } else { Side::Peer },
        code: line.number("code")?,
        reason: line.bytes("reason", "reason_b64")?.unwrap_or_default(),
        clean: line.flag("clean"),
        detail: line.text("detail")?,
    })
}
