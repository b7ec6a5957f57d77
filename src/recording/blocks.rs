//! A file in lines, of which only one is held at a time whatever the file's size.

use std::io::{self, Read};
use std::ops::Range;

/// How much is read at once, in bytes.
const BLOCK: usize = 1 << 20;

/// A line in the buffer.
pub(super) struct Found {
    pub(super) offset: u64,
    pub(super) size: u64,
    /// Without its end; `None` if it is too long to hold.
    pub(super) bytes: Option<Range<usize>>,
    pub(super) problem: &'static str,
}

/// The file in large pieces, of which one line at least is held.
#[derive(Debug)]
pub(super) struct Blocks {
    pub(super) buffer: Vec<u8>,
    /// The first byte that is not given out yet, and the end of what was read.
    start: usize,
    end: usize,
    /// Where `start` is in the file.
    at: u64,
    pub(super) longest: usize,
}

impl Blocks {
    pub(super) fn new(longest: usize) -> Blocks {
        Blocks { buffer: vec![0; BLOCK], start: 0, end: 0, at: 0, longest }
    }

    pub(super) const fn offset(&self) -> u64 {
        self.at
    }

    /// All that is held, from the front of the buffer to the end of what was read.
    pub(super) fn held(&self) -> &[u8] {
        &self.buffer[..self.end]
    }

    pub(super) fn restart(&mut self, offset: u64) {
        (self.start, self.end, self.at) = (0, 0, offset);
    }

    /// The next line; `keep`: an unfinished one stays where it is.
    pub(super) fn line(&mut self, source: &mut impl Read, keep: bool) -> io::Result<Option<Found>> {
        let offset = self.at;
        let mut searched = 0;
        loop {
            let held = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memchr(b'\n', &held[searched..]) {
                return Ok(Some(self.give(searched + at, 1)));
            }
            searched = held.len();
            if searched > self.longest {
                let size = searched as u64 + self.skip(source)?;
                let problem = "longer than a line may be";
                return Ok(Some(Found { offset, size, bytes: None, problem }));
            }
            if self.fill(source)? == 0 {
                let whole = searched == 0 || keep;
                return Ok(if whole { None } else { Some(self.give(searched, 0)) });
            }
        }
    }

    fn give(&mut self, size: usize, end: usize) -> Found {
        let bytes = self.start..self.start + size;
        let found = Found { offset: self.at, size: size as u64, bytes: Some(bytes), problem: "" };
        self.start += size + end;
        self.at += (size + end) as u64;
        found
    }

    /// Reads more behind what is held.
    fn fill(&mut self, source: &mut impl Read) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            // One huge line must not hold on to its memory.
            if self.buffer.len() > 4 * BLOCK {
                self.buffer = vec![0; BLOCK];
            }
        } else if self.buffer.len() - self.end < BLOCK / 2 && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.buffer.len() - self.end < BLOCK / 2 {
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
        loop {
            match source.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Drops what is held, and on to the end of the line: how many further bytes it had.
    fn skip(&mut self, source: &mut impl Read) -> io::Result<u64> {
        self.at += (self.end - self.start) as u64;
        let mut size = 0;
        loop {
            (self.start, self.end) = (0, 0);
            let count = self.fill(source)?;
            let end = memchr::memchr(b'\n', &self.buffer[..self.end]);
            let taken = end.unwrap_or(count);
            size += taken as u64;
            self.start = end.map_or(count, |end| end + 1);
            self.at += self.start as u64;
            if end.is_some() || count == 0 {
                return Ok(size);
            }
        }
    }
}
