//! What happens to what we want to say: only what can't be encoded is refused, and every frame sent is told as a fact.

use bytes::Bytes;

use super::{Connection, Fact, FrameFact, FrameSpec, Masking, Role, SendError, Side};
use crate::protocol::frame::{Frame, Header, LengthForm, MAX_CONTROL_PAYLOAD};
use crate::protocol::message::{Direction, Message};
use crate::protocol::{Opcode, close, mask, utf8};

impl Connection {
    /// Sends a message in one frame, compressed if that was negotiated.
    ///
    /// # Errors
    /// When text is not UTF-8, or a close frame was sent.
    pub fn send_message(&mut self, binary: bool, data: Bytes) -> Result<(), SendError> {
        self.send_fragments(binary, vec![data])
    }

    /// Sends a message in as many frames as there are parts; none is an empty message.
    ///
    /// # Errors
    /// When the parts together are text and not UTF-8, or a close frame was sent.
    pub fn send_fragments(&mut self, binary: bool, parts: Vec<Bytes>) -> Result<(), SendError> {
        if self.is_closing() {
            return Err(SendError::Closing);
        }
        let data = match <[Bytes; 1]>::try_from(parts.clone()) {
            Ok([whole]) => whole,
            Err(parts) => parts.concat().into(),
        };
        if let Some(at) = utf8::first_error(&data).filter(|_| !binary) {
            return Err(SendError::NotUtf8(at));
        }
        let parts = if parts.is_empty() { vec![Bytes::new()] } else { parts };
        let (count, compressed) = (parts.len(), self.deflater.is_some());
        let mut wire = 0;
        for (i, part) in parts.into_iter().enumerate() {
            let (first, last) = (i == 0, i + 1 == count);
            let payload = match &mut self.deflater {
                Some(deflater) => deflater.compress(&part, last),
                None => part,
            };
            wire += payload.len() as u64;
            let opcode = match (first, binary) {
                (false, _) => Opcode::CONTINUATION,
                (true, false) => Opcode::TEXT,
                (true, true) => Opcode::BINARY,
            };
            let frames = count as u32;
            let message = last.then(|| Message { binary, data: data.clone(), frames, compressed, wire });
            let rsv = if compressed && first { 4 } else { 0 };
            let spec = FrameSpec { fin: last, rsv, ..FrameSpec::new(opcode, payload) };
            let fragment = (count > 1).then_some(i as u32 + 1);
            self.encode(spec, |fact| FrameFact { fragment, message, ..fact });
        }
        Ok(())
    }

    /// Sends a ping or pong.
    ///
    /// # Errors
    /// When the payload is over 125 bytes, or a close frame was sent.
    pub fn send_control(&mut self, opcode: Opcode, payload: Bytes) -> Result<(), SendError> {
        if self.is_closing() {
            return Err(SendError::Closing);
        }
        check_control(opcode, &payload)?;
        self.encode(FrameSpec::new(opcode, payload), |fact| fact);
        Ok(())
    }

    /// Sends a keep-alive ping that no command asked for. Payloads over 125 bytes are cut.
    pub fn send_keep_alive(&mut self, payload: &Bytes) {
        if !self.is_closing() {
            self.answer(Opcode::PING, &payload.slice(..payload.len().min(MAX_CONTROL_PAYLOAD)));
        }
    }

    /// Begins the closing handshake (RFC 6455 section 7.1.2).
    ///
    /// # Errors
    /// When the code may not be on the wire and `force` is not set, when the reason is too long, or there is one without a
    /// code, or a close frame was sent already.
    pub fn send_close(&mut self, code: Option<u16>, reason: &str, force: bool) -> Result<(), SendError> {
        if self.is_closing() {
            return Err(SendError::Closing);
        }
        if let Some(code) = code.filter(|code| !force && !close::allowed_on_wire(*code)) {
            return Err(SendError::CodeNotAllowed(code));
        }
        if code.is_none() && !reason.is_empty() {
            return Err(SendError::ReasonWithoutCode);
        }
        let payload = close::payload(code, reason.as_bytes());
        check_control(Opcode::CLOSE, &payload)?;
        self.send_frame(FrameSpec::new(Opcode::CLOSE, payload));
        Ok(())
    }

    /// Sends any frame, right or wrong. A close frame begins the closing handshake all the same.
    pub fn send_frame(&mut self, spec: FrameSpec) {
        self.note_close(&spec);
        self.encode(spec, |fact| fact);
    }

    /// Passes on a frame that another connection received: its bits and its payload as they came, the masking key a new one.
    /// It is told with its place in its message (from 1), and with the message that it completes.
    ///
    /// The payload of a compressed message can be read at the other end only if both connections agreed on the same
    /// permessage-deflate, and every compressed message before it has been passed on too.
    ///
    /// # Errors
    /// When a close frame was sent.
    pub fn relay(&mut self, frame: Frame, fragment: Option<u32>, message: Option<Message>) -> Result<(), SendError> {
        if self.is_closing() {
            return Err(SendError::Closing);
        }
        let Header { fin, rsv, opcode, form, .. } = frame.header;
        let spec = FrameSpec { fin, rsv, form: Some(form), ..FrameSpec::new(opcode, frame.payload) };
        self.note_close(&spec);
        self.encode(spec, |fact| FrameFact { fragment, message, ..fact });
        Ok(())
    }

    /// A close frame of ours begins the closing handshake, or ends it.
    fn note_close(&mut self, spec: &FrameSpec) {
        if spec.opcode == Opcode::CLOSE {
            let (code, reason) = close::parse(&spec.payload);
            self.closing.sent = true;
            self.closing.first.get_or_insert((Side::Us, code, reason));
        }
    }

    /// Sends a control frame of our own accord.
    pub(super) fn answer(&mut self, opcode: Opcode, payload: &Bytes) {
        self.encode(FrameSpec::new(opcode, payload.clone()), |fact| FrameFact { automatic: true, ..fact });
    }

    /// Puts the frame into the output and tells it, with what `complete` adds to the fact.
    fn encode(&mut self, spec: FrameSpec, complete: impl FnOnce(FrameFact) -> FrameFact) {
        let FrameSpec { fin, rsv, opcode, masking, form, length, payload } = spec;
        let mask = match (masking, self.config.role) {
            (Masking::ByRole, Role::Server) | (Masking::None, _) => None,
            (Masking::ByRole, Role::Client) | (Masking::Fresh, _) => Some((self.keys)()),
            (Masking::Key(key), _) => Some(key),
        };
        let length = length.unwrap_or(payload.len() as u64);
        let form = form.unwrap_or(LengthForm::minimal(length));
        let header = Header { fin, rsv: rsv & 7, opcode, mask, form, length };
        self.out.extend_from_slice(&header.bytes());
        let start = self.out.len();
        self.out.extend_from_slice(&payload);
        if let Some(key) = mask {
            mask::apply(key, 0, &mut self.out[start..]);
        }
        let frame = Frame { header, payload };
        let fact = FrameFact { direction: Direction::Sent, frame, fragment: None, message: None, automatic: false };
        self.facts.push_back(Fact::Frame(complete(fact)));
    }
}

fn check_control(opcode: Opcode, payload: &Bytes) -> Result<(), SendError> {
    let (limit, actual) = (MAX_CONTROL_PAYLOAD, payload.len());
    if actual > limit { Err(SendError::ControlTooLong { opcode, limit, actual }) } else { Ok(()) }
}
