//! What happened, in one vocabulary for every sink: recording, screen and script are fed the same [`Event`].

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::handshake::{Fault, Negotiated};
use crate::protocol::Frame;
pub use crate::protocol::{Closed, Direction, Message, Role, Side, Violation};
use crate::transport::TlsInfo;

/// Something that happened on a connection.
#[derive(Clone, Debug)]
pub struct Event {
    /// Since the timeline began, monotonic.
    pub time: Duration,
    /// The connection's number on its timeline, from 1; 0 for what belongs to none.
    pub connection: u32,
    pub kind: Kind,
}

/// What it was.
#[derive(Clone, Debug)]
pub enum Kind {
    /// The transport is there: resolved, connected, with TLS if asked for. Again after a redirect.
    Open(Box<Open>),
    /// The opening handshake's request, as on the wire, blank line included.
    Request(Bytes),
    /// The answer to it.
    Response(Box<Response>),
    /// A rule that the opening handshake broke. In order, after the bytes that it is about.
    Fault(Box<Fault>),
    /// The connection is open in the sense of RFC 6455 section 4.1: frames may flow.
    Ready(Box<Ready>),
    /// A frame, sent or received, and the message that it completes.
    Frame(FrameEvent),
    /// A rule that a frame broke; `frame` is its number.
    Violation { frame: Option<u64>, violation: Box<Violation> },
    /// Bytes received after the connection failed: kept, but no longer decoded.
    Undecoded(Bytes),
    /// The connection is over.
    Close(Box<Closed>),
    /// It could not be opened, or broke: the error in one line, and the next step for the user if there is one.
    Error { text: String, hint: Option<String> },
    /// What the user wrote down, or the tool itself has to say (a redirect, a reconnect).
    Note(String),
}

/// How the transport came to be.
#[derive(Clone, Debug)]
pub struct Open {
    pub role: Role,
    /// As asked for; may hold secrets.
    pub url: String,
    /// `None` for a unix socket or a pipe.
    pub address: Option<SocketAddr>,
    /// What stands between: `http proxy 127.0.0.1:3128`, `unix /run/app.sock`.
    pub via: Option<String>,
    /// Time of name resolution; `None` if there was none.
    pub dns: Option<Duration>,
    /// Time to connect, a proxy's dialogue included.
    pub tcp: Option<Duration>,
    /// Time of the TLS handshake, and what it agreed on.
    pub tls: Option<(Duration, TlsInfo)>,
}

/// The answer to the opening handshake.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status line and headers as on the wire, blank line included.
    pub raw: Bytes,
    /// 0 if there was no status to read.
    pub status: u16,
    /// The body of a refusal, to 64 KiB.
    pub body: Bytes,
    /// Whether there was more body than was kept.
    pub body_cut: bool,
}

/// What was agreed on.
#[derive(Clone, Debug)]
pub struct Ready {
    pub negotiated: Negotiated,
    /// From the request's first byte to the response's last.
    pub upgrade: Duration,
}

/// A frame on the timeline.
#[derive(Clone, Debug)]
pub struct FrameEvent {
    /// On this timeline, from 1, both directions counted together.
    pub number: u64,
    pub direction: Direction,
    pub frame: Frame,
    /// Its place in a fragmented message.
    pub fragment: Option<Fragment>,
    /// The message that this frame completes.
    pub message: Option<Message>,
    /// Sent by the connection itself: a pong to a ping, the answer to a close frame, a keep-alive ping.
    pub automatic: bool,
    /// Since what it answers: for a pong its ping, for the first message after a sent message that one.
    pub after: Option<Duration>,
}

/// Which fragment of which message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The number of the message's first frame.
    pub message: u64,
    /// From 1.
    pub index: u32,
}

#[cfg(test)]
pub(crate) mod samples;
