//! The state of one connection, from either end: bytes in, facts out, commands in, bytes out.

use bytes::Bytes;

use super::deflate::DeflateParams;
use super::frame::{Frame, LengthForm, MaskKey};
use super::message::{Direction, Message};
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
