//! The state of one connection, from either end: bytes in, facts out, commands in, bytes out.
//!
//! `receive` holds what happens to bytes that arrive, `send` what happens to what we want to say.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;

use super::decoder::Decoder;
use super::deflate::{DeflateParams, Deflater, Inflater};
use super::frame::{Frame, LengthForm, MaskKey};
use super::message::{Assembly, Direction, Message};
use super::opcode::Opcode;
use super::violation::Violation;

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Client,
    Server,
}

/// What to do when the peer breaks a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnViolation {
    /// Fail the connection: send the rule's close code, decode no further (RFC 6455 section 7.1.7).
    #[default]
    Fail,
    /// Say so and go on, as far as the bytes still make sense.
    Continue,
}

/// Who ended the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Us,
    Peer,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Who sent the first close frame, or, without one, who ended the transport.
    pub by: Side,
    /// The code of the first close frame; `None` if there was no close frame or it had none.
    pub code: Option<u16>,
    /// The first close frame's reason, as it came.
    pub reason: Bytes,
    /// Close frames went both ways (RFC 6455 section 7.1.4).
    pub clean: bool,
    /// Why, if it was not clean: `end of stream inside a frame: 3 of 10 payload bytes`, `connection reset`.
    pub detail: Option<String>,
}

/// What a connection is and allows.
#[derive(Clone, Debug)]
pub struct Config {
    pub role: Role,
    /// The negotiated permessage-deflate, if any.
    pub deflate: Option<DeflateParams>,
    pub on_violation: OnViolation,
    /// The largest payload of a frame and of a message (inflated), in bytes.
    pub max_message: u64,
    /// The most fragments of a message.
    pub max_fragments: u32,
    /// Answer pings and close frames.
    pub auto_answer: bool,
}

impl Config {
    /// The defaults for `role`: no compression, messages to 64 MiB in at most a million fragments.
    #[must_use]
    pub const fn new(role: Role) -> Config {
        Config {
            role,
            deflate: None,
            on_violation: OnViolation::Fail,
            max_message: 64 << 20,
            max_fragments: 1 << 20,
            auto_answer: true,
        }
    }
}

/// Why a command was not carried out. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error("text is not UTF-8: byte {0}")]
    NotUtf8(usize),
    #[error("a {opcode} frame holds at most {limit} bytes, this is {actual}")]
    ControlTooLong { opcode: Opcode, limit: usize, actual: usize },
    #[error("status code {0} is not allowed on the wire")]
    CodeNotAllowed(u16),
    #[error("a reason needs a status code")]
    ReasonWithoutCode,
    #[error("the connection is closing: a close frame was sent")]
    Closing,
}

/// Something that the connection saw or did.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    Frame(FrameFact),
    /// What the frame before it broke.
    Violation(Violation),
    /// Bytes received after the connection failed.
    Undecoded(Bytes),
    Closed(Closed),
}

/// A frame, sent or received.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameFact {
    pub direction: Direction,
    pub frame: Frame,
    /// Its place in a fragmented message, from 1.
    pub fragment: Option<u32>,
    /// The message that it completes.
    pub message: Option<Message>,
    /// Not asked for by a command: a pong to a ping, the answer to a close frame, the close frame of a failure.
    pub automatic: bool,
}

/// A frame to send that may break every rule.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameSpec {
    pub fin: bool,
    /// 0 to 7; 4 is RSV1.
    pub rsv: u8,
    pub opcode: Opcode,
    pub masking: Masking,
    /// `None`: the shortest.
    pub form: Option<LengthForm>,
    /// The length that the header claims; `None`: the payload's own.
    pub length: Option<u64>,
    pub payload: Bytes,
}

/// How a frame is masked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Masking {
    /// As the role demands: a client masks with a fresh key, a server does not.
    #[default]
    ByRole,
    None,
    Fresh,
    Key(MaskKey),
}

impl FrameSpec {
    /// An ordinary frame.
    #[must_use]
    pub fn new(opcode: Opcode, payload: impl Into<Bytes>) -> FrameSpec {
        let payload = payload.into();
        FrameSpec { fin: true, rsv: 0, opcode, masking: Masking::ByRole, form: None, length: None, payload }
    }
}

/// Where masking keys come from. They must be unpredictable (RFC 6455 section 10.3); a test gives its own.
pub type KeySource = Box<dyn FnMut() -> MaskKey + Send>;

/// Unwritten output beyond which of several pings only the last is answered (RFC 6455 section 5.5.3), in bytes.
const MANY_ANSWERS: usize = 1 << 20;

/// One connection after its opening handshake.
///
/// Give it what was read ([`Connection::space`] and [`Connection::filled`], or [`Connection::receive`]), then take its facts
/// ([`Connection::next_fact`]) and write its [`Connection::output`].
pub struct Connection {
    config: Config,
    keys: KeySource,
    decoder: Decoder,
    inflater: Option<Inflater>,
    deflater: Option<Deflater>,
    /// The message whose frames are arriving.
    assembly: Option<Assembly>,
    /// What the current frame's header and payload have broken so far.
    found: Vec<Violation>,
    /// Whether the current frame's header has been checked.
    checked: bool,
    facts: VecDeque<Fact>,
    out: Vec<u8>,
    /// How much of `out` has been written.
    written: usize,
    /// The last ping that found the output too full for its answer.
    owed: Option<Bytes>,
    closing: Closing,
    /// No more is decoded.
    failed: bool,
    ended: bool,
}

/// How far the closing handshake is.
#[derive(Debug, Default)]
struct Closing {
    sent: bool,
    received: bool,
    /// Who began, with which code and reason.
    first: Option<(Side, Option<u16>, Bytes)>,
}

impl Connection {
    /// A connection whose opening handshake has just succeeded.
    #[must_use]
    pub fn new(config: Config, keys: KeySource) -> Connection {
        let (mut inflater, mut deflater) = (None, None);
        if let Some(params) = config.deflate {
            let server = (params.server_max_window_bits, !params.server_no_context_takeover);
            let client = (params.client_max_window_bits, !params.client_no_context_takeover);
            let (ours, theirs) = if config.role == Role::Client { (client, server) } else { (server, client) };
            deflater = Some(Deflater::new(ours.0, ours.1));
            inflater = Some(Inflater::new(theirs.0, theirs.1));
        }
        Connection {
            config,
            keys,
            decoder: Decoder::default(),
            inflater,
            deflater,
            assembly: None,
            found: Vec::new(),
            checked: false,
            facts: VecDeque::new(),
            out: Vec::new(),
            written: 0,
            owed: None,
            closing: Closing::default(),
            failed: false,
            ended: false,
        }
    }

    /// What it was made with.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Changes what happens when the peer breaks a rule, from the next frame on.
    pub fn set_on_violation(&mut self, on_violation: OnViolation) {
        self.config.on_violation = on_violation;
    }

    /// Changes whether pings and close frames are answered without a command. Who passes them on has the other end answer.
    pub fn set_auto_answer(&mut self, auto_answer: bool) {
        self.config.auto_answer = auto_answer;
    }

    /// Changes the largest payload of a frame and of a message, in bytes, from the next frame on.
    pub fn set_max_message(&mut self, max_message: u64) {
        self.config.max_message = max_message;
    }

    /// The connection failed over a violation: what comes is no longer decoded.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failed
    }

    /// Whether the frame told last broke a rule: its violation is told next.
    #[must_use]
    pub fn blames_last(&self) -> bool {
        matches!(self.facts.front(), Some(Fact::Violation(_)))
    }

    /// The peer's close frame has come and waits for its answer.
    #[must_use]
    pub const fn owes_close(&self) -> bool {
        self.closing.received && !self.closing.sent
    }

    /// A close frame was sent, or the connection failed: nothing more should be sent.
    #[must_use]
    pub const fn is_closing(&self) -> bool {
        self.closing.sent || self.failed
    }

    /// Nothing more will be decoded: both close frames have been seen, or the connection failed. A server ends the
    /// transport now, a client waits for the server to do so (RFC 6455 section 7.1.1).
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.failed || self.closing.sent && self.closing.received
    }

    /// What waits to be written.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.out[self.written..]
    }

    /// The first `count` bytes of the output have been written.
    pub fn wrote(&mut self, count: usize) {
        self.written += count;
        // What a peer has taken must not pile up before what it has not: a slow one may never take all of it.
        if self.written > self.out.len() / 2 {
            self.out.drain(..self.written);
            self.written = 0;
            // A burst of large messages must not hold its memory for ever.
            self.out.shrink_to(self.out.len().max(1 << 20));
        }
        if self.output().len() < MANY_ANSWERS
            && let Some(payload) = self.owed.take()
        {
            self.answer_ping(&payload);
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("config", &self.config)
            .field("closing", &self.closing)
            .field("failed", &self.failed)
            .field("output", &self.output().len())
            .finish_non_exhaustive()
    }
}
