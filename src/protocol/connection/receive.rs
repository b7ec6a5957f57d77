//! What happens to bytes that arrive: frames are checked as early as their bytes allow, then told, then answered.

use bytes::Bytes;

use super::{Closed, Connection, Fact, FrameFact, MANY_ANSWERS, OnViolation, Role, Side};
use crate::protocol::Opcode;
use crate::protocol::close;
use crate::protocol::deflate::InflateError;
use crate::protocol::frame::{Frame, Header, LengthForm, MAX_CONTROL_PAYLOAD};
use crate::protocol::message::{Assembly, Direction, Message};
use crate::protocol::violation::{EXCERPT, Rule, Violation};

impl Connection {
    /// Room to read into; say how much was read with [`Connection::filled`].
    pub fn space(&mut self) -> &mut [u8] {
        self.decoder.space()
    }

    /// The first `count` bytes of [`Connection::space`] have been read.
    pub fn filled(&mut self, count: usize) {
        self.decoder.filled(count);
    }

    /// Takes bytes that were read elsewhere: the tail of the opening handshake, or a test's.
    pub fn receive(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = self.space();
            let (now, later) = bytes.split_at(bytes.len().min(space.len()));
            space[..now.len()].copy_from_slice(now);
            self.filled(now.len());
            bytes = later;
        }
    }

    /// Says that the stream has ended: by the peer, or for the reason given. What there is of a frame is told, then
    /// [`Fact::Closed`].
    pub fn end(&mut self, by: Side, why: Option<String>) {
        loop {
            // What follows from a fact is queued before the fact itself is returned.
            let place = self.facts.len();
            let Some(fact) = self.decode() else { break };
            self.facts.insert(place, fact);
        }
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let mut detail = why;
        if let Some(frame) = self.decoder.take_cut() {
            let (got, length) = (frame.payload.len(), frame.header.length);
            detail.get_or_insert(format!("end of stream inside a frame: {got} of {length} payload bytes"));
            let fact = self.frame_fact(frame, None, false);
            self.facts.push_back(Fact::Frame(fact));
        }
        let rest = self.decoder.take_rest();
        if !rest.is_empty() {
            detail.get_or_insert(format!("end of stream inside a frame header, after {} of its bytes", rest.len()));
            self.facts.push_back(Fact::Undecoded(rest));
        }
        let clean = self.closing.sent && self.closing.received && !self.failed;
        let (by, code, reason) = self.closing.first.clone().unwrap_or((by, None, Bytes::new()));
        if !clean {
            detail.get_or_insert_with(|| {
                if self.failed { "failed by a violation" } else { "the peer sent no close frame" }.into()
            });
        }
        self.facts.push_back(Fact::Closed(Closed { by, code, reason, clean, detail }));
    }

    /// The next thing that the connection saw or did; `None` until there are more bytes.
    pub fn next_fact(&mut self) -> Option<Fact> {
        if let Some(fact) = self.facts.pop_front() {
            return Some(fact);
        }
        if self.ended { None } else { self.decode() }
    }

    /// The next thing that it has already told itself, without decoding further.
    pub fn next_queued(&mut self) -> Option<Fact> {
        self.facts.pop_front()
    }

    fn decode(&mut self) -> Option<Fact> {
        if self.failed {
            let rest = self.decoder.take_rest();
            return (!rest.is_empty()).then_some(Fact::Undecoded(rest));
        }
        let header = self.decoder.header()?;
        if !self.checked {
            self.checked = true;
            self.check_header(&header);
            self.begin_message(&header);
        }
        if !self.must_fail() {
            self.check_fresh_text(&header);
        }
        if self.must_fail() {
            let frame = self.decoder.take_cut()?;
            return Some(self.tell(frame, None, false));
        }
        let frame = self.decoder.take()?;
        let message = if header.opcode.is_control() { None } else { self.add_to_message(&frame) };
        if header.opcode == Opcode::CLOSE {
            let fault = close::fault(&frame.payload);
            self.found.extend(fault.map(|(rule, detail, at)| violation(rule, detail, &frame, at)));
        }
        Some(self.tell(frame, message, true))
    }

    /// Whether what was found ends the connection before its frame is complete.
    fn must_fail(&self) -> bool {
        let beyond_mending = |v: &Violation| {
            matches!(v.rule, Rule::FrameTooLarge | Rule::LengthTopBit | Rule::MessageTooLarge | Rule::TooManyFragments)
        };
        match self.config.on_violation {
            OnViolation::Fail => !self.found.is_empty(),
            OnViolation::Continue => self.found.iter().any(beyond_mending),
        }
    }

    /// The rules that a header alone can break.
    fn check_header(&mut self, header: &Header) {
        let mut found = std::mem::take(&mut self.found);
        let mut broken = |rule: Rule, offset: u64, detail: String| {
            found.push(Violation { rule, detail, bytes: Bytes::copy_from_slice(&header.bytes()), offset });
        };
        let Header { fin, rsv, opcode, length, form, .. } = *header;
        let limit = self.config.max_message;
        if opcode.is_reserved() {
            broken(Rule::ReservedOpcode, 0, format!("opcode {opcode}"));
        }
        if rsv & 4 != 0 && self.inflater.is_some() {
            if opcode.is_control() {
                broken(Rule::CompressedControl, 0, format!("RSV1 on a {opcode} frame"));
            } else if opcode == Opcode::CONTINUATION {
                broken(Rule::CompressedContinuation, 0, "only a message's first frame may have it".into());
            }
        }
        let unexplained = if self.inflater.is_some() { rsv & 3 } else { rsv };
        if unexplained != 0 {
            let names = ["RSV3", "RSV2", "RSV1"].into_iter().enumerate().rev();
            let set = names.filter(|(bit, _)| unexplained >> bit & 1 != 0).map(|(_, name)| name).collect::<Vec<_>>();
            broken(Rule::ReservedBits, 0, format!("{} set", set.join(" and ")));
        }
        if opcode.is_control() && !fin {
            broken(Rule::ControlFragmented, 0, format!("a {opcode} frame without FIN"));
        }
        if opcode.is_control() && length > MAX_CONTROL_PAYLOAD as u64 {
            broken(Rule::ControlTooLong, 1, format!("a {opcode} frame of {length} bytes"));
        }
        match (self.config.role, header.mask.is_some()) {
            (Role::Client, true) => broken(Rule::MaskedByServer, 1, "MASK set".into()),
            (Role::Server, false) => broken(Rule::UnmaskedByClient, 1, "MASK not set".into()),
            _ => {}
        }
        if form != LengthForm::minimal(length) {
            broken(Rule::LengthNotMinimal, 1, format!("length {length} in {} bits", form.bits()));
        }
        if length >> 63 != 0 {
            broken(Rule::LengthTopBit, 2, format!("length {length}"));
        } else if length > limit {
            broken(Rule::FrameTooLarge, 1, format!("{length} bytes, limit {limit} bytes"));
        }
        match (&self.assembly, opcode) {
            (None, Opcode::CONTINUATION) => {
                broken(Rule::OrphanContinuation, 0, "no fragmented message is open".into());
            }
            (Some(open), Opcode::TEXT | Opcode::BINARY) => {
                let frames = open.frames;
                broken(Rule::InterleavedMessage, 0, format!("a {opcode} frame after {frames} fragments without FIN"));
            }
            (Some(open), Opcode::CONTINUATION) if open.frames >= self.config.max_fragments => {
                broken(Rule::TooManyFragments, 0, format!("limit {}", self.config.max_fragments));
            }
            (Some(open), Opcode::CONTINUATION) if !open.compressed && open.wire.saturating_add(length) > limit => {
                broken(
                    Rule::MessageTooLarge,
                    1,
                    format!("{} bytes, limit {limit} bytes", open.wire.saturating_add(length)),
                );
            }
            _ => {}
        }
        if self.closing.received {
            broken(Rule::FrameAfterClose, 0, format!("a {opcode} frame"));
        }
        self.found = found;
    }

    /// A text or binary frame begins a message, even inside one that is not finished.
    fn begin_message(&mut self, header: &Header) {
        if matches!(header.opcode, Opcode::TEXT | Opcode::BINARY) && !self.must_fail() {
            let compressed = header.rsv & 4 != 0 && self.inflater.is_some();
            self.assembly = Some(Assembly::new(header.opcode == Opcode::BINARY, compressed));
        }
    }

    /// Checks uncompressed text as it arrives, so that a bad byte in an unfinished frame fails at once.
    fn check_fresh_text(&mut self, header: &Header) {
        let Some(assembly) = self.assembly.as_mut().filter(|a| !a.compressed && is_data(header)) else { return };
        let Some(utf8) = &mut assembly.utf8 else { return };
        let before = assembly.wire;
        let mut result = utf8.push(self.decoder.fresh());
        if result.is_ok() && header.fin && self.decoder.is_complete() {
            result = utf8.finish();
        }
        if let Err(at) = result {
            assembly.utf8 = None;
            let (offset, excerpt, byte) = self.decoder.locate(at.saturating_sub(before));
            let place = if at < before { " (begun in an earlier fragment)" } else { "" };
            let detail = format!("byte {byte:#04x} at byte {at} of the message{place}");
            self.found.push(Violation { rule: Rule::InvalidUtf8, detail, bytes: excerpt, offset });
        }
    }

    /// Adds a data frame to its message, and gives the message if that completes it.
    fn add_to_message(&mut self, frame: &Frame) -> Option<Message> {
        let assembly = self.assembly.as_mut().filter(|_| is_data(&frame.header))?;
        let fin = frame.header.fin;
        assembly.frames += 1;
        assembly.wire += frame.payload.len() as u64;
        let mut whole = None;
        if assembly.compressed {
            let before = assembly.data.len();
            let limit = self.config.max_message;
            let inflater = self.inflater.as_mut()?;
            match inflater.inflate(&frame.payload, fin, limit, &mut assembly.data) {
                Ok(()) => {}
                Err(InflateError::TooLarge) => {
                    let detail = format!("{} bytes inflate to over {limit} bytes", assembly.wire);
                    self.found.push(violation(Rule::MessageTooLarge, detail, frame, 0));
                }
                Err(InflateError::Corrupt) => {
                    let detail = format!("not DEFLATE data after {} inflated bytes", assembly.data.len());
                    self.found.push(violation(Rule::BadDeflate, detail, frame, 0));
                }
            }
            if let Some(utf8) = &mut assembly.utf8 {
                let pushed = utf8.push(&assembly.data[before..]);
                let result = if fin { pushed.and_then(|()| utf8.finish()) } else { pushed };
                if let Err(at) = result {
                    assembly.utf8 = None;
                    let start = at as usize;
                    let byte = assembly.data[start];
                    let detail = format!("byte {byte:#04x} at byte {at} of the inflated message");
                    let bytes = Bytes::copy_from_slice(&assembly.data[start..assembly.data.len().min(start + EXCERPT)]);
                    self.found.push(Violation { rule: Rule::InvalidUtf8, detail, bytes, offset: at });
                }
            }
        } else if fin && assembly.frames == 1 {
            whole = Some(frame.payload.clone());
        } else {
            assembly.data.extend_from_slice(&frame.payload);
        }
        let broken = self.found.iter().any(|v| matches!(v.rule, Rule::BadDeflate | Rule::MessageTooLarge));
        if !fin || broken && self.config.on_violation == OnViolation::Fail {
            return None;
        }
        self.assembly.take().map(|assembly| assembly.finish(whole))
    }

    /// Gives the frame as a fact, with what follows from it behind. `counted`: its message has it already.
    fn tell(&mut self, frame: Frame, message: Option<Message>, counted: bool) -> Fact {
        self.checked = false;
        let opcode = frame.header.opcode;
        let payload = frame.payload.clone();
        let told = Fact::Frame(self.frame_fact(frame, message, counted));
        if !self.found.is_empty() {
            let fails = self.config.on_violation == OnViolation::Fail || self.must_fail();
            let found = std::mem::take(&mut self.found);
            let first = fails.then(|| (found[0].rule.close_code(), found[0].to_string()));
            self.facts.extend(found.into_iter().map(Fact::Violation));
            if let Some((code, reason)) = first {
                self.fail(code, &reason);
                return told;
            }
        }
        match opcode {
            Opcode::CLOSE => self.receive_close(&payload),
            Opcode::PING if self.config.auto_answer => self.answer_ping(&payload),
            _ => {}
        }
        told
    }

    fn frame_fact(&self, frame: Frame, message: Option<Message>, counted: bool) -> FrameFact {
        let header = &frame.header;
        let fragment = match (&message, header.opcode) {
            _ if !is_data(header) || header.fin && header.opcode != Opcode::CONTINUATION => None,
            (Some(message), _) => Some(message.frames),
            (None, Opcode::CONTINUATION) => self.assembly.as_ref().map(|open| open.frames + u32::from(!counted)),
            (None, _) => Some(1),
        };
        FrameFact { direction: Direction::Received, frame, fragment, message, automatic: false }
    }

    /// A pong, at once or when a peer that does not read has made room for it. To a ping that is too long there is none:
    /// it would break the same rule.
    pub(super) fn answer_ping(&mut self, payload: &Bytes) {
        match self.output().len() {
            _ if self.is_closing() || payload.len() > MAX_CONTROL_PAYLOAD => {}
            0..MANY_ANSWERS => self.answer(Opcode::PONG, payload),
            _ => self.owed = Some(payload.clone()),
        }
    }

    /// The peer's close frame: remembered if it is the first, answered if ours has not gone out (RFC 6455 section 5.5.1).
    fn receive_close(&mut self, payload: &Bytes) {
        let (code, reason) = close::parse(payload);
        self.closing.received = true;
        self.closing.first.get_or_insert((Side::Peer, code, reason));
        if self.config.auto_answer {
            self.answer_close();
        }
    }

    /// Answers the peer's close frame with its code, if that is still to be done.
    pub fn answer_close(&mut self) {
        if self.owes_close() {
            let code = self.closing.first.as_ref().and_then(|(_, code, _)| *code);
            let answer = close::payload(code.filter(|code| close::allowed_on_wire(*code)), b"");
            self.closing.sent = true;
            self.answer(Opcode::CLOSE, &answer);
        }
    }

    /// Fails the connection (RFC 6455 section 7.1.7): our close frame goes out if none has, nothing more is decoded.
    fn fail(&mut self, code: u16, reason: &str) {
        self.failed = true;
        if !self.closing.sent {
            let reason = close::fitting(reason).as_bytes();
            self.closing.sent = true;
            self.closing.first.get_or_insert((Side::Us, Some(code), Bytes::copy_from_slice(reason)));
            self.answer(Opcode::CLOSE, &close::payload(Some(code), reason));
        }
    }
}

/// Text, binary and continuation: what messages are made of.
fn is_data(header: &Header) -> bool {
    matches!(header.opcode, Opcode::TEXT | Opcode::BINARY | Opcode::CONTINUATION)
}

/// A violation at byte `at` of a frame's payload.
fn violation(rule: Rule, detail: String, frame: &Frame, at: usize) -> Violation {
    let bytes = frame.payload.slice(at.min(frame.payload.len())..frame.payload.len().min(at + EXCERPT));
    Violation { rule, detail, bytes, offset: (frame.header.bytes().len() + at) as u64 }
}
