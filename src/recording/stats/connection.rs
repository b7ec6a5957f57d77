//! What must be remembered of an open connection: unfinished messages, the last frame, sizes of the opening handshake.

use std::time::Duration;

use crate::event::Direction;
use crate::protocol::{LengthForm, Opcode};
use crate::recording::parse::Line;
use crate::recording::scan::Value;
use crate::recording::{FrameGlance, Text};

use super::Silence;
use super::polling::{Exchange, plain_head};

/// A connection while it is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Connection {
    /// Whether it is among the connections that there were.
    pub(super) counted: bool,
    pub(super) server: bool,
    pub(super) exchange: Exchange,
    /// Number and time of the last frame.
    last: Option<(u64, Duration)>,
    unfinished: [Option<Message>; 2],
}

/// A message of data frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Of its first frame.
    pub(super) opcode: Opcode,
    /// Inflated, in bytes.
    pub(super) size: u64,
    /// On the wire, without headers, in bytes.
    pub(super) wire: u64,
}

/// What a frame adds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    /// In bytes.
    pub(super) payload: u64,
    /// With header and masking key, in bytes.
    pub(super) wire: u64,
    pub(super) message: Option<Message>,
    pub(super) silence: Option<Silence>,
}

impl Connection {
    pub(super) fn open(&mut self, line: Line<'_>) {
        self.server = line.text("role").ok().flatten().as_deref() == Some("server");
    }

    /// A head of the opening handshake: its size, in bytes.
    pub(super) fn head(&mut self, request: bool, line: Line<'_>) -> u64 {
        let Ok(Some(head)) = line.bytes("raw", "raw_b64") else { return 0 };
        let plain = Some(plain_head(&head));
        if request {
            self.exchange.request = plain;
        } else {
            self.exchange.response = plain;
        }
        self.exchange.wire += head.len() as u64;
        head.len() as u64
    }

    pub(super) fn frame(&mut self, number: u32, time: Duration, frame: &FrameGlance<'_>, poll: Duration) -> Counted {
        let payload = frame.payload_size();
        let header = match frame.form {
            LengthForm::Bits7 => 2,
            LengthForm::Bits16 => 4,
            LengthForm::Bits64 => 10,
        };
        let wire = payload + header + if frame.mask.is_some() { 4 } else { 0 };
        let message = self.message(frame, payload);
        self.exchange.wire += wire;
        if let Some(message) = &message {
            self.exchange.content += message.size;
            if (frame.direction == Direction::Sent) == self.server {
                self.exchange.received(time, poll);
            } else {
                self.exchange.from_client += 1;
            }
        }
        let before = self.last.replace((frame.number, time));
        let silence = before.map(|(before, from)| Silence {
            lasted: time.saturating_sub(from),
            connection: number,
            frame: before,
            from,
        });
        Counted { payload, wire, message, silence }
    }

    /// The message that a frame completes.
    fn message(&mut self, frame: &FrameGlance<'_>, payload: u64) -> Option<Message> {
        if frame.opcode.is_control() || frame.opcode.is_reserved() {
            return None;
        }
        let whole = Message { opcode: frame.opcode, size: payload, wire: payload };
        let mut message = match frame.fragment {
            None => whole,
            Some((_, index)) => {
                let unfinished = &mut self.unfinished[frame.direction as usize];
                let before = unfinished.take().filter(|_| index > 1);
                let message = before.map_or(whole, |before| Message {
                    opcode: before.opcode,
                    size: before.size + payload,
                    wire: before.wire + payload,
                });
                if !frame.fin {
                    *unfinished = Some(message);
                }
                message
            }
        };
        if frame.wire.is_some() {
            message.size = frame.content_size();
        }
        frame.ends_message.then_some(message)
    }
}

/// The size of bytes that are in one member or in another, in bytes.
pub(super) fn size(line: Line<'_>, text: &str, base64: &str) -> u64 {
    let of = |name| line.get(name).and_then(Value::text);
    of(text).map(Text::size).or_else(|| of(base64).map(Text::base64_size)).unwrap_or_default() as u64
}
