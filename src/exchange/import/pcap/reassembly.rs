//! One direction of a TCP stream put in order: retransmissions dropped, overlaps trimmed, what came early kept.

use std::collections::BTreeMap;
use std::ops::Range;

/// The most that is kept of what came early, in bytes: more than any window that is in use would let a peer send.
const EARLY: usize = 4 << 20;

/// What a segment that is kept costs besides its bytes, in bytes.
const ENTRY: usize = 64;

/// The bytes that one end sent.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// The sequence number of the next byte, and how many there were before it; `None` until a segment says one.
    next: Option<(u32, u64)>,
    /// What came early, by its place in the stream.
    early: BTreeMap<u64, Vec<u8>>,
    kept: usize,
    /// How many the other end has, as it says, its end counted as one: what of them is not in the capture won't come.
    acknowledged: u64,
    /// Where the stream ends, once its end was seen.
    end: Option<u64>,
}

/// What there is to be had of a [`Half`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Bytes(Vec<u8>),
    /// Bytes at these places are not in the capture, and something after them is.
    Missing(Range<u64>),
    /// All of it has been had.
    End,
    /// Nothing more, for now.
    Nothing,
}

impl Half {
    /// Where the stream begins: at the byte after the SYN.
    pub(super) fn begin(&mut self, sequence: u32) {
        *self = Half { next: Some((sequence.wrapping_add(1), 0)), ..Half::default() };
    }

    /// Whether a SYN with this number is the one that it began with.
    pub(super) fn began_with(&self, sequence: u32) -> bool {
        self.next.is_some_and(|(next, had)| next.wrapping_sub(had as u32).wrapping_sub(1) == sequence)
    }

    /// Whether all of it has been had.
    pub(super) fn is_over(&self) -> bool {
        self.end.zip(self.next).is_some_and(|(end, (_, had))| end <= had)
    }

    /// Takes the bytes of a segment. What is next is given back as far as it is new; [`Half::next`] has the rest.
    pub(super) fn take<'a>(&mut self, sequence: u32, bytes: &'a [u8], fin: bool) -> &'a [u8] {
        let (next, had) = *self.next.get_or_insert((sequence, 0));
        // Less than half of all numbers ahead is later, the rest is earlier (RFC 9293 section 3.4).
        let ahead = sequence.wrapping_sub(next).cast_signed();
        if ahead > 0 {
            let place = had + u64::from(ahead.unsigned_abs());
            if fin {
                self.end.get_or_insert(place + bytes.len() as u64);
            }
            self.keep(place, bytes);
            return &[];
        }
        let known = ahead.unsigned_abs() as usize;
        let Some(fresh) = bytes.get(known..) else { return &[] };
        if fin {
            self.end.get_or_insert(had + fresh.len() as u64);
        }
        self.advance(fresh.len() as u64);
        fresh
    }

    /// The other end waits for the byte with this number.
    pub(super) fn acknowledge(&mut self, number: u32) {
        if let Some((next, had)) = self.next {
            let ahead = u64::try_from(number.wrapping_sub(next).cast_signed()).unwrap_or_default();
            self.acknowledged = self.acknowledged.max(had + ahead);
        }
    }

    /// What comes next of what was kept; `over`: nothing more will come.
    pub(super) fn next(&mut self, over: bool) -> Next {
        let Some((_, had)) = self.next else { return Next::Nothing };
        while let Some(first) = self.early.first_entry() {
            let place = *first.key();
            if place > had {
                return if over || self.acknowledged >= place || self.kept > EARLY {
                    Next::Missing(had..place)
                } else {
                    Next::Nothing
                };
            }
            let mut bytes = first.remove();
            self.kept -= ENTRY + bytes.len();
            let known = (had - place) as usize;
            if known < bytes.len() {
                bytes.drain(..known);
                self.advance(bytes.len() as u64);
                return Next::Bytes(bytes);
            }
        }
        match self.end {
            Some(end) if end <= had => Next::End,
            Some(end) if over || self.acknowledged > end => Next::Missing(had..end),
            _ => Next::Nothing,
        }
    }

    /// Goes on after bytes that are missing.
    pub(super) fn skip(&mut self, missing: &Range<u64>) {
        self.advance(missing.end - missing.start);
    }

    fn advance(&mut self, count: u64) {
        if let Some((next, had)) = &mut self.next {
            *next = next.wrapping_add(count as u32);
            *had += count;
        }
    }

    fn keep(&mut self, place: u64, bytes: &[u8]) {
        let before = self.early.get(&place).map(Vec::len);
        if bytes.len() > before.unwrap_or_default() {
            self.kept += ENTRY + bytes.len();
            self.kept -= before.map_or(0, |before| ENTRY + before);
            self.early.insert(place, bytes.to_vec());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What there is of a half, and how many bytes were missing.
    fn rest(half: &mut Half, over: bool, got: &mut Vec<u8>) -> u64 {
        let mut missing = 0;
        loop {
            match half.next(over) {
                Next::Bytes(bytes) => got.extend(bytes),
                Next::Missing(places) => {
                    half.skip(&places);
                    missing += places.end - places.start;
                }
                Next::End | Next::Nothing => return missing,
            }
        }
    }

    proptest! {
        #[test]
        fn segments_in_any_order_give_the_stream_again(
            data in prop::collection::vec(any::<u8>(), 1..200),
            mut cuts in prop::collection::vec((0usize..200, 1usize..60), 0..40),
            order in prop::collection::vec(any::<prop::sample::Index>(), 60),
            first: u32,
        ) {
            // The whole of it in pieces, and pieces that overlap.
            cuts.extend((0..data.len()).step_by(17).map(|at| (at, 17)));
            for (i, other) in order.iter().enumerate() {
                let (i, other) = (i % cuts.len(), other.index(cuts.len()));
                cuts.swap(i, other);
            }
            let mut half = Half::default();
            half.begin(first);
            let mut got = Vec::new();
            for (at, length) in cuts {
                let (from, to) = (at.min(data.len()), (at + length).min(data.len()));
                let sequence = first.wrapping_add(1).wrapping_add(from as u32);
                got.extend(half.take(sequence, &data[from..to], to == data.len()));
                prop_assert_eq!(rest(&mut half, false, &mut got), 0);
            }
            prop_assert_eq!(&got, &data);
            prop_assert_eq!(half.next(false), Next::End);
        }
    }

    #[test]
    fn what_is_missing_is_told_once_there_is_too_much_after_it_or_the_stream_is_over() {
        for over in [false, true] {
            let mut half = Half::default();
            let mut got = half.take(1000, b"ab", false).to_vec();
            let piece = vec![b'x'; 60_000];
            let count = if over { 1 } else { EARLY / piece.len() + 1 };
            for i in 0..count as u32 {
                assert_eq!(half.next(false), Next::Nothing, "{i}");
                assert!(half.take(1005 + i * 60_000, &piece, false).is_empty());
            }
            assert_eq!(rest(&mut half, over, &mut got), 3);
            assert_eq!(got.len(), 2 + count * piece.len());
        }
    }

    #[test]
    fn what_was_received_and_is_not_there_is_missing_at_once() {
        let mut half = Half::default();
        half.begin(u32::MAX);
        assert!(half.take(5, b"later", false).is_empty());
        half.acknowledge(0);
        half.acknowledge(4);
        assert_eq!(half.next(false), Next::Nothing, "its end is still on its way");
        half.acknowledge(5);
        assert_eq!(half.next(false), Next::Missing(0..5));
        half.skip(&(0..5));
        assert_eq!(half.next(false), Next::Bytes(b"later".to_vec()));
        assert!(half.take(12, b"", true).is_empty());
        half.acknowledge(12);
        assert_eq!(half.next(false), Next::Nothing);
        half.acknowledge(13);
        assert_eq!(half.next(false), Next::Missing(10..12));
    }

    #[test]
    fn a_stream_that_ends_before_its_end_lacks_bytes() {
        let mut half = Half::default();
        assert_eq!(half.take(u32::MAX, b"abc", false), b"abc");
        assert!(half.take(12, b"", true).is_empty());
        assert_eq!(half.next(false), Next::Nothing);
        assert_eq!(half.next(true), Next::Missing(3..13));
    }
}
