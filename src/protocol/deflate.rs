//! permessage-deflate (RFC 7692): its parameters, and a message's compression both ways.
//!
//! `flate2` on zlib-rs. Three things it does not do for us: a window of 8 bits (9 stands in: zlib never looks back further
//! than 250 bytes with it), an empty message (one 0x00 byte), and a stream that ends with BFINAL (begin anew).

use bytes::Bytes;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// The negotiated parameters of permessage-deflate (RFC 7692 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeflateParams {
    /// The server starts each message with an empty window.
    pub server_no_context_takeover: bool,
    /// The client starts each message with an empty window.
    pub client_no_context_takeover: bool,
    /// The base-2 logarithm of the server's window, 8 to 15.
    pub server_max_window_bits: u8,
    /// The base-2 logarithm of the client's window, 8 to 15.
    pub client_max_window_bits: u8,
}

impl Default for DeflateParams {
    fn default() -> DeflateParams {
        DeflateParams {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: 15,
            client_max_window_bits: 15,
        }
    }
}

/// What a sync flush ends with, left out on the wire (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// Compresses messages.
#[derive(Debug)]
pub struct Deflater {
    stream: Compress,
    takeover: bool,
}

impl Deflater {
    /// A compressor with a window of `bits` (8 to 15) that keeps it from message to message if `takeover`.
    #[must_use]
    pub fn new(bits: u8, takeover: bool) -> Deflater {
        let stream = Compress::new_with_window_bits(Compression::default(), false, bits.clamp(9, 15));
        Deflater { stream, takeover }
    }

    /// A message's (or fragment's) payload for the wire. `last`: it ends its message.
    pub fn compress(&mut self, data: &[u8], last: bool) -> Bytes {
        let mut out = Vec::with_capacity(data.len() / 2 + 64);
        let mut rest = data;
        loop {
            // Spare room in the output is how a finished flush is told from one that ran out of space.
            out.reserve(rest.len() / 2 + 64);
            let before = self.stream.total_in();
            let flushed = self.stream.compress_vec(rest, &mut out, FlushCompress::Sync);
            rest = &rest[(self.stream.total_in() - before) as usize..];
            if flushed.is_err() || rest.is_empty() && out.len() < out.capacity() {
                break;
            }
        }
        if last {
            if out.ends_with(&TAIL) {
                out.truncate(out.len() - TAIL.len());
            }
            if out.is_empty() {
                out.push(0x00);
            }
            if !self.takeover {
                self.stream.reset();
            }
        }
        out.into()
    }
}

/// Why compressed data was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InflateError {
    /// It is not DEFLATE data.
    Corrupt,
    /// It inflates to more than the limit.
    TooLarge,
}

/// Inflates messages.
#[derive(Debug)]
pub struct Inflater {
    stream: Decompress,
    takeover: bool,
}

impl Inflater {
    /// A decompressor with a window of at least `bits` (8 to 15) that keeps it from message to message if `takeover`.
    #[must_use]
    pub fn new(bits: u8, takeover: bool) -> Inflater {
        Inflater { stream: Decompress::new_with_window_bits(false, bits.clamp(9, 15)), takeover }
    }

    /// Inflates a frame's payload onto the end of `out`. `last`: it ends its message.
    ///
    /// # Errors
    /// When it is not DEFLATE data, or `out` would grow over `limit` bytes; `out` then holds what could be had.
    pub fn inflate(&mut self, payload: &[u8], last: bool, limit: u64, out: &mut Vec<u8>) -> Result<(), InflateError> {
        let result = self.feed(payload, limit, out).and_then(|()| {
            // A stream that has ended with the payload (without the 0x00 of RFC 7692 section 7.2.3.4) has no flush to end.
            let ended = self.stream.total_in() == 0;
            if last && !ended { self.feed(&TAIL, limit, out) } else { Ok(()) }
        });
        if result.is_err() || last && !self.takeover {
            self.stream.reset(false);
        }
        result
    }

    fn feed(&mut self, mut input: &[u8], limit: u64, out: &mut Vec<u8>) -> Result<(), InflateError> {
        loop {
            if out.len() as u64 > limit {
                return Err(InflateError::TooLarge);
            }
            if out.len() == out.capacity() {
                let room = out.capacity().max(input.len() * 3).max(256);
                out.reserve_exact(room.min(usize::try_from(limit).map_or(room, |limit| limit + 1 - out.len())).max(1));
            }
            let before = self.stream.total_in();
            let status = self.stream.decompress_vec(input, out, FlushDecompress::Sync);
            input = &input[(self.stream.total_in() - before) as usize..];
            match status {
                Err(_) => return Err(InflateError::Corrupt),
                Ok(Status::StreamEnd) => {
                    self.stream.reset(false);
                    if input == TAIL || input.is_empty() {
                        return Ok(());
                    }
                }
                // Room left over: everything that this input gives is out.
                Ok(_) if out.len() < out.capacity() => {
                    return if input.is_empty() { Ok(()) } else { Err(InflateError::Corrupt) };
                }
                Ok(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inflate(inflater: &mut Inflater, payload: &[u8], limit: u64) -> Result<Vec<u8>, InflateError> {
        let mut out = Vec::new();
        inflater.inflate(payload, true, limit, &mut out).map(|()| out)
    }

    /// The examples of RFC 7692 section 7.2.3.
    #[test]
    fn the_rfcs_examples_inflate_to_hello() {
        let hello: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let takeover: &[u8] = &[0xf2, 0x00, 0x11, 0x00, 0x00];
        let stored: &[u8] = &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
        let bfinal: &[u8] = &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        let two_blocks: &[u8] = &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
        let mut inflater = Inflater::new(15, true);
        for payload in [hello, takeover, stored, bfinal, hello, two_blocks] {
            assert_eq!(inflate(&mut inflater, payload, 100).as_deref(), Ok(&b"Hello"[..]), "{payload:02x?}");
        }
    }

    #[test]
    fn a_final_block_without_its_padding_and_garbage_spoil_no_message_behind_them() {
        let mut inflater = Inflater::new(15, true);
        let hello: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(
            inflate(&mut inflater, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 100).as_deref(),
            Ok(&b"Hello"[..])
        );
        assert_eq!(inflate(&mut inflater, hello, 100).as_deref(), Ok(&b"Hello"[..]));
        assert_eq!(inflate(&mut inflater, &[0xff; 9], 100), Err(InflateError::Corrupt));
        assert_eq!(inflate(&mut inflater, hello, 100).as_deref(), Ok(&b"Hello"[..]));
    }

    #[test]
    fn an_empty_message_is_one_zero_byte_each_time() {
        let mut deflater = Deflater::new(15, true);
        let mut inflater = Inflater::new(15, true);
        for text in ["", "", "a", "", "b"] {
            let wire = deflater.compress(text.as_bytes(), true);
            assert_eq!(text.is_empty(), *wire == [0x00]);
            assert_eq!(inflate(&mut inflater, &wire, 100).as_deref(), Ok(text.as_bytes()));
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit_and_garbage_is_corrupt() {
        let zeros = Deflater::new(15, true).compress(&vec![0; 10 << 20], true);
        let mut out = Vec::new();
        let limit = 1 << 20;
        let result = Inflater::new(15, true).inflate(&zeros, true, limit, &mut out);
        assert_eq!(result, Err(InflateError::TooLarge));
        assert!(out.capacity() as u64 <= 2 * limit);
        assert_eq!(inflate(&mut Inflater::new(15, true), &[0xff; 9], 100), Err(InflateError::Corrupt));
    }

    #[test]
    fn exactly_the_limit_is_allowed() {
        let wire = Deflater::new(15, true).compress(&[7; 4096], true);
        assert_eq!(inflate(&mut Inflater::new(15, true), &wire, 4096).map(|out| out.len()), Ok(4096));
        assert_eq!(inflate(&mut Inflater::new(15, true), &wire, 4095), Err(InflateError::TooLarge));
    }

    proptest! {
        #[test]
        fn messages_survive_every_window_takeover_and_fragmentation(
            messages in prop::collection::vec(prop::collection::vec(0u8..4, 0..2000), 1..6),
            bits in 8u8..=15, takeover: bool, cut in 1usize..300,
        ) {
            let mut deflater = Deflater::new(bits, takeover);
            let mut inflater = Inflater::new(bits, takeover);
            for message in messages {
                let wire = deflater.compress(&message, true);
                let mut out = Vec::new();
                let pieces = wire.chunks(cut).count();
                for (i, piece) in wire.chunks(cut).enumerate() {
                    prop_assert_eq!(inflater.inflate(piece, i + 1 == pieces, 2000, &mut out), Ok(()));
                }
                prop_assert_eq!(out, message);
            }
        }
    }
}
