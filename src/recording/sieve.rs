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
