//! Bytes to frames. The read buffer is the payloads' memory: a frame is a slice of it, not a copy.
//!
//! Our own reader, since a library's rejects reserved opcodes for good, forgets the form of a length, reserves whatever a
//! header claims, and reports an end of stream inside a frame as a clean one.

use bytes::{Buf, Bytes, BytesMut};

use super::frame::{Frame, Header};
use super::mask;
use super::violation::EXCERPT;

/// What a read is offered at least, in bytes.
const READ: usize = 64 << 10;

/// The most that is reserved because a header says so, in bytes; beyond it, only as much again as has arrived.
const TRUSTED: usize = 4 << 20;

/// Reads frames out of a stream of bytes.
#[derive(Debug, Default)]
pub struct Decoder {
    /// `buffer[..filled]` has arrived; the rest is room.
    buffer: BytesMut,
    filled: usize,
    /// The frame at the front of the buffer, once its header is complete.
    current: Option<Current>,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    header: Header,
    header_size: usize,
    /// Payload bytes already unmasked and looked at.
    seen: usize,
}

impl Current {
    /// Bytes of the payload that are among the first `filled` of the buffer.
    fn arrived(&self, filled: usize) -> usize {
        let arrived = filled - self.header_size;
        usize::try_from(self.header.length).map_or(arrived, |length| arrived.min(length))
    }
}

impl Decoder {
    /// Room to read into; say how much was read with [`Decoder::filled`].
    pub fn space(&mut self) -> &mut [u8] {
        let wanted = match &self.current {
            Some(frame) => {
                let length = usize::try_from(frame.header.length).unwrap_or(usize::MAX);
                let missing = length.saturating_sub(frame.arrived(self.filled));
                missing.min(TRUSTED.max(self.filled)).max(READ / 4)
            }
            None => READ / 4,
        };
        if self.buffer.len() - self.filled < wanted {
            self.grow(wanted.max(READ));
        }
        &mut self.buffer[self.filled..]
    }

    /// Makes room for `more` bytes behind what has arrived, in the same block if nobody holds slices of it.
    fn grow(&mut self, more: usize) {
        self.buffer.truncate(self.filled);
        self.buffer.reserve(more);
        self.buffer.resize(self.buffer.capacity(), 0);
    }

    /// The first `count` bytes of [`Decoder::space`] have been read.
    pub fn filled(&mut self, count: usize) {
        self.filled += count;
    }

    /// The header of the next frame, as soon as it is complete.
    pub fn header(&mut self) -> Option<Header> {
        if self.current.is_none() {
            let (header, header_size) = Header::read(&self.buffer[..self.filled])?;
            self.current = Some(Current { header, header_size, seen: 0 });
        }
        self.current.map(|frame| frame.header)
    }

    /// The payload bytes of the current frame that have arrived since the last call, without their mask.
    pub fn fresh(&mut self) -> &[u8] {
        let Some(frame) = &mut self.current else { return &[] };
        let (from, to) = (frame.seen, frame.arrived(self.filled));
        let fresh = &mut self.buffer[frame.header_size + from..frame.header_size + to];
        if let Some(key) = frame.header.mask {
            mask::apply(key, from, fresh);
        }
        frame.seen = to;
        fresh
    }

    /// Whether all of the current frame is there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.current.as_ref().is_some_and(|frame| frame.arrived(self.filled) as u64 == frame.header.length)
    }

    /// For byte `at` of the current payload: its offset in the frame on the wire, it and what follows, its value.
    #[must_use]
    pub fn locate(&self, at: u64) -> (u64, Bytes, u8) {
        let Some(frame) = &self.current else { return (at, Bytes::new(), 0) };
        let payload = &self.buffer[frame.header_size..frame.header_size + frame.seen];
        let rest = payload.get(at as usize..).unwrap_or_default();
        let excerpt = Bytes::copy_from_slice(&rest[..rest.len().min(EXCERPT)]);
        (frame.header_size as u64 + at, excerpt, rest.first().copied().unwrap_or_default())
    }

    /// The current frame, once all of it is there.
    pub fn take(&mut self) -> Option<Frame> {
        if self.is_complete() { self.take_cut() } else { None }
    }

    /// The current frame with as much of its payload as is there.
    pub fn take_cut(&mut self) -> Option<Frame> {
        self.fresh();
        let frame = self.current.take()?;
        let arrived = frame.arrived(self.filled);
        self.buffer.advance(frame.header_size);
        self.filled -= frame.header_size;
        Some(Frame { header: frame.header, payload: self.split(arrived) })
    }

    /// Everything that has arrived and is not part of a frame taken.
    pub fn take_rest(&mut self) -> Bytes {
        self.current = None;
        self.split(self.filled)
    }

    fn split(&mut self, size: usize) -> Bytes {
        self.filled -= size;
        self.buffer.split_to(size).freeze()
    }
}
