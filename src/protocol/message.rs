//! Frames put together to messages (RFC 6455 section 5.4).

use bytes::Bytes;

use super::utf8::Utf8;

/// Which way a frame went, seen from this endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    Sent,
    Received,
}

impl Direction {
    /// `sent` or `received`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Direction::Sent => "sent",
            Direction::Received => "received",
        }
    }
}

/// A whole message: its fragments joined, inflated if it was compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Text or binary, as its first frame says. Text is UTF-8 unless a violation says otherwise.
    pub binary: bool,
    pub data: Bytes,
    /// How many frames it came in.
    pub frames: u32,
    /// Whether it came compressed (RFC 7692).
    pub compressed: bool,
    /// Its payload bytes on the wire, all frames together.
    pub wire: u64,
}

impl Message {
    /// The data as text, if it is a text message and UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if self.binary { None } else { simdutf8::basic::from_utf8(&self.data).ok() }
    }
}

/// A message whose frames are still arriving.
#[derive(Debug)]
pub(super) struct Assembly {
    pub(super) binary: bool,
    pub(super) compressed: bool,
    pub(super) frames: u32,
    pub(super) wire: u64,
    /// The fragments so far, inflated.
    pub(super) data: Vec<u8>,
    /// The check of a text so far; `None` once it failed, and for binary.
    pub(super) utf8: Option<Utf8>,
}

impl Assembly {
    pub(super) fn new(binary: bool, compressed: bool) -> Assembly {
        let utf8 = if binary { None } else { Some(Utf8::default()) };
        Assembly { binary, compressed, frames: 0, wire: 0, data: Vec::new(), utf8 }
    }

    /// The message, all of its frames being there; `data` is the whole of it if that is known otherwise.
    pub(super) fn finish(self, data: Option<Bytes>) -> Message {
        Message {
            binary: self.binary,
            data: data.unwrap_or_else(|| self.data.into()),
            frames: self.frames,
            compressed: self.compressed,
            wire: self.wire,
        }
    }
}
