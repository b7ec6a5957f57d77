//! Events for tests, each as the session would stamp it, with one detail changed at a time.

use std::time::Duration;

use bytes::Bytes;

use super::{Direction, Event, Fragment, FrameEvent, Kind, Message, Open, Ready, Response, Role};
use crate::handshake::Negotiated;
use crate::protocol::{Frame, Header, Opcode, Rule, Violation, close};
use crate::transport::{Certificate, TlsInfo};

/// The masking key of every frame sent.
pub(crate) const KEY: [u8; 4] = [0x9F, 0x2C, 0x11, 0xAA];

/// An event on connection 1, `micros` after the timeline began.
pub(crate) fn at(micros: u64, kind: Kind) -> Event {
    on(1, micros, kind)
}

pub(crate) fn on(connection: u32, micros: u64, kind: Kind) -> Event {
    Event { time: Duration::from_micros(micros), connection, kind }
}

/// A frame as a well-behaved client sends or receives it; data frames complete their message.
pub(crate) fn frame(number: u64, direction: Direction, opcode: Opcode, payload: &[u8]) -> FrameEvent {
    let payload = Bytes::copy_from_slice(payload);
    let mut header = Header::new(opcode, payload.len() as u64);
    header.mask = (direction == Direction::Sent).then_some(KEY);
    let message = matches!(opcode, Opcode::TEXT | Opcode::BINARY).then(|| Message {
        binary: opcode == Opcode::BINARY,
        data: payload.clone(),
        frames: 1,
        compressed: false,
        wire: payload.len() as u64,
    });
    let frame = Frame { header, payload };
    FrameEvent { number, direction, frame, fragment: None, message, automatic: false, after: None }
}

pub(crate) fn sent(number: u64, opcode: Opcode, payload: &[u8]) -> FrameEvent {
    frame(number, Direction::Sent, opcode, payload)
}

pub(crate) fn received(number: u64, opcode: Opcode, payload: &[u8]) -> FrameEvent {
    frame(number, Direction::Received, opcode, payload)
}

/// A received message in one compressed frame.
pub(crate) fn compressed(number: u64, wire: &[u8], text: &str) -> FrameEvent {
    let mut frame = received(number, Opcode::TEXT, wire);
    frame.frame.header.rsv = 4;
    let data = Bytes::copy_from_slice(text.as_bytes());
    frame.message = Some(Message { binary: false, data, frames: 1, compressed: true, wire: wire.len() as u64 });
    frame
}

/// A received text message in as many frames as there are parts, the first with number `first`.
pub(crate) fn fragments(first: u64, parts: &[&str]) -> Vec<FrameEvent> {
    let whole = parts.concat();
    let count = parts.len();
    let fragment = |(i, part): (usize, &&str)| {
        let opcode = if i == 0 { Opcode::TEXT } else { Opcode::CONTINUATION };
        let mut frame = received(first + i as u64, opcode, part.as_bytes());
        frame.frame.header.fin = i + 1 == count;
        frame.fragment = Some(Fragment { message: first, index: i as u32 + 1 });
        frame.message = (i + 1 == count).then(|| Message {
            binary: false,
            data: Bytes::copy_from_slice(whole.as_bytes()),
            frames: count as u32,
            compressed: false,
            wire: whole.len() as u64,
        });
        frame
    };
    parts.iter().enumerate().map(fragment).collect()
}

pub(crate) fn close_frame(number: u64, direction: Direction, code: u16, reason: &[u8]) -> FrameEvent {
    frame(number, direction, Opcode::CLOSE, &close::payload(Some(code), reason))
}

pub(crate) fn violation(frame: u64, rule: Rule, detail: &str, bytes: &'static [u8], offset: u64) -> Kind {
    let violation = Violation { rule, detail: detail.into(), bytes: Bytes::from_static(bytes), offset };
    Kind::Violation { frame: Some(frame), violation: Box::new(violation) }
}

pub(crate) fn open() -> Open {
    Open {
        role: Role::Client,
        url: "ws://127.0.0.1:7000/echo".into(),
        address: Some("127.0.0.1:7000".parse().expect("an address")),
        via: None,
        dns: None,
        tcp: Some(Duration::from_micros(200)),
        tls: None,
    }
}

pub(crate) fn open_tls() -> Open {
    let certificate = Certificate {
        subject: "CN=example.org".into(),
        issuer: "CN=Test CA".into(),
        names: vec!["example.org".into(), "127.0.0.1".into()],
        not_before: 0,
        not_after: 86_400 * 30,
        sha256: [0xAB; 32],
    };
    let info = TlsInfo {
        version: Some("TLS 1.3".into()),
        cipher: Some("TLS_AES_256_GCM_SHA384".into()),
        alpn: Some("http/1.1".into()),
        server_name: Some("example.org".into()),
        certificate: Some(certificate),
    };
    let url = "wss://example.org/echo".into();
    Open { url, dns: Some(Duration::from_micros(100)), tls: Some((Duration::from_millis(3), info)), ..open() }
}

pub(crate) fn response(status: u16, head: &'static str, body: &'static [u8]) -> Response {
    Response { raw: Bytes::from_static(head.as_bytes()), status, body: Bytes::from_static(body), body_cut: false }
}

pub(crate) fn ready(subprotocol: Option<&str>, extensions: Option<&str>) -> Ready {
    let negotiated = Negotiated {
        subprotocol: subprotocol.map(Into::into),
        extensions: extensions.map(Into::into),
        deflate: extensions.map(|_| crate::protocol::DeflateParams::default()),
    };
    Ready { negotiated, upgrade: Duration::from_micros(500) }
}
