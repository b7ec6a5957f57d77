//! Frames, messages and bytes by direction and opcode: what the statistics of a recording and those of the shell both count.

use crate::event::Direction;
use crate::protocol::Opcode;

/// Totals of some frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub frames: u64,
    /// Messages that such a frame began, and that were completed.
    pub messages: u64,
    /// Payloads as on the wire, in bytes.
    pub payload: u64,
    /// Masking keys, in bytes.
    pub keys: u64,
    /// Payloads, headers and masking keys, in bytes.
    pub wire: u64,
}

impl Count {
    /// Counts a frame.
    pub const fn frame(&mut self, payload: u64, masked: bool, wire: u64) {
        self.frames += 1;
        self.payload += payload;
        self.keys += if masked { 4 } else { 0 };
        self.wire += wire;
    }

    /// Headers without masking keys, in bytes.
    #[must_use]
    pub const fn headers(&self) -> u64 {
        self.wire - self.payload - self.keys
    }

    const fn add(&mut self, other: &Count) {
        self.frames += other.frames;
        self.messages += other.messages;
        self.payload += other.payload;
        self.keys += other.keys;
        self.wire += other.wire;
    }
}

/// A [`Count`] for each direction and opcode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    counts: [[Count; 16]; 2],
}

impl Tally {
    /// Where frames of this direction and opcode are counted.
    pub const fn of(&mut self, direction: Direction, opcode: Opcode) -> &mut Count {
        &mut self.counts[direction as usize][opcode.bits() as usize]
    }

    /// Those with any frame: sent before received, then by opcode.
    pub fn rows(&self) -> impl Iterator<Item = (Direction, Opcode, &Count)> {
        [Direction::Sent, Direction::Received].into_iter().flat_map(|direction| {
            let counts = self.counts[direction as usize].iter().zip(0u8..);
            counts
                .filter(|(count, _)| count.frames > 0)
                .map(move |(count, bits)| (direction, Opcode::from_bits(bits), count))
        })
    }

    /// All of a direction together.
    #[must_use]
    pub fn total(&self, direction: Direction) -> Count {
        let mut total = Count::default();
        self.counts[direction as usize].iter().for_each(|count| total.add(count));
        total
    }
}
