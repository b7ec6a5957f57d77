//! Messages that are surely not looked for, stepped over without a look at their lines: whole blocks of the file are searched at
//! once for what every message has that is.

use std::fmt::Debug;
use std::ops::Range;

use super::plain::Plain;
use super::text::Text;

/// Tells messages that may be wanted from those that surely are not.
pub trait Sieve: Debug {
    /// The first place in lines of a recording where a text that is wanted may have what all of these have; `None`: nowhere.
    /// Only texts count in which nothing but quotes, backslashes, slashes and controls is escaped.
    fn find(&self, lines: &[u8]) -> Option<usize>;

    /// Whether a text message may be wanted.
    fn may_want(&mut self, text: Text<'_>) -> bool;
}

/// A sieve, and how far it has looked ahead in a file.
#[derive(Debug)]
pub(super) struct Ahead {
    sieve: Box<dyn Sieve>,
    /// Nothing is found between the line that was looked at last and this byte of the file.
    nothing_before: u64,
}

impl Ahead {
    pub(super) fn new(sieve: Box<dyn Sieve>) -> Ahead {
        Ahead { sieve, nothing_before: 0 }
    }

    /// Forgets what is ahead: the file is read on elsewhere.
    pub(super) const fn reset(&mut self) {
        self.nothing_before = 0;
    }

    /// Whether a line is a text message by itself that says no number, and surely not wanted. It is in `held` and begins at
    /// `offset` in the file.
    #[inline]
    pub(super) fn is_unwanted(&mut self, held: &[u8], line: &Range<usize>, offset: u64) -> bool {
        let Some(plain) = Plain::of(&held[line.clone()]) else { return false };
        let end = offset + line.len() as u64;
        if end > self.nothing_before {
            self.look(&held[line.start..], line.len(), offset);
        }
        let nothing = end <= self.nothing_before && !plain.text.may_escape_any();
        nothing || !self.sieve.may_want(plain.text)
    }

    /// Looks ahead from a line of this length on, to the end of the last line that is held whole.
    fn look(&mut self, held: &[u8], length: usize, offset: u64) {
        let end = memchr::memrchr(b'\n', held).map_or(length, |end| end.max(length));
        let found = self.sieve.find(&held[..end]).unwrap_or(end);
        self.nothing_before = offset + found as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use memchr::memmem::find;

    use super::*;
    use crate::event::samples::{at, received};
    use crate::event::{Event, Kind};
    use crate::protocol::Opcode;
    use crate::recording::{Entry, Glance, Lines, Look, Reader, Secrets, line};

    const WANTED: &[u8] = b"needle";

    #[derive(Debug)]
    struct Needle;

    impl Sieve for Needle {
        fn find(&self, lines: &[u8]) -> Option<usize> {
            find(lines, WANTED)
        }

        fn may_want(&mut self, text: Text<'_>) -> bool {
            find(text.raw(), WANTED).is_some()
        }
    }

    #[test]
    fn nothing_that_is_wanted_is_lost_wherever_a_block_ends_and_after_a_jump() {
        let mut file = Vec::new();
        line::header(std::time::UNIX_EPOCH, Secrets::Keep, &mut file);
        let mut lines = Lines::new(Secrets::Keep);
        let mut wanted = Vec::new();
        for number in 1..=40_000u64 {
            let mut text = "\"x\"".repeat((number * 7 % 61) as usize);
            if number % 97 == 0 || number % 1009 < 2 {
                text += "a needle";
                wanted.push(number);
            }
            let frame = Kind::Frame(received(number, Opcode::TEXT, text.as_bytes()));
            lines.event(&at(number, frame), &mut file);
        }
        assert!(file.len() > 5 << 20, "several blocks: {}", file.len());
        let mut reader = Reader::new(Cursor::new(&file), "r.wsrec").unwrap();
        reader.step_over(Box::new(Needle));
        let mut looks = 0;
        let mut rest = |reader: &mut Reader<_>| {
            let mut found = Vec::new();
            let mut look = |_: &Glance<'_>| {
                looks += 1;
                Look::Take
            };
            while let Some(Entry::Event(Event { kind: Kind::Frame(frame), .. })) = reader.entry_if(&mut look).unwrap() {
                let data = frame.message.unwrap().data;
                found.extend(find(&data, WANTED).map(|_| frame.number));
            }
            found
        };
        assert_eq!(rest(&mut reader), wanted);
        for from in [30_000, 20_000, 97, 1] {
            reader.seek_frame(from).unwrap();
            let behind: Vec<u64> = wanted.iter().copied().filter(|number| *number >= from).collect();
            assert_eq!(rest(&mut reader), behind, "from {from}");
        }
        assert!(looks < 5 * 1000, "{looks} looks");
    }
}
