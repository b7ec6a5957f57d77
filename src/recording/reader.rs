//! A recording read as a stream: a line at a time, whatever the file's size; damage is told and stepped over.
//!
//! ```text
//! blocks of the file -> a line (memchr) -> Glance (fixed fields, nothing copied) -> Entry (a whole event)
//! ```

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::event::{Event, Kind};

use super::blocks::{Blocks, Found};
use super::error::ReadError;
use super::glance::Glance;
use super::line::VERSION;
use super::parse::{Line, Parsed, Parser};
use super::scan::Members;
use super::sieve::{Ahead, Sieve};

/// The longest line that is held, in bytes: more than any message under the default limit makes.
const LONGEST: usize = 1 << 30;

/// The longest first line of a file that may still be a header, in bytes.
const LONGEST_HEADER: usize = 64 << 10;

/// Who recorded, since when, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of the format.
    pub version: u64,
    /// The wall time that the timeline began at; `None` if the recording does not say.
    pub created: Option<SystemTime>,
    /// The program: `wscope 0.1.0`.
    pub by: String,
    /// `masked` or `kept`.
    pub secrets: String,
}

/// What a line turned out to be.
#[derive(Debug)]
pub enum Entry {
    Event(Event),
    /// Somebody else recorded on from here; its `version` is that of the recording.
    Append(Header),
    /// A kind of event that this version does not know: the whole line.
    Unknown(Vec<u8>),
    /// A line that is none.
    Damaged(Damage),
}

impl Entry {
    /// What is to be said of an entry that is neither an event nor damaged.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        match self {
            Entry::Append(header) => Some(format!("{} goes on recording from here", header.by)),
            Entry::Unknown(line) => {
                Some(format!("an event that this version does not know: {}", String::from_utf8_lossy(line)))
            }
            Entry::Event(_) | Entry::Damaged(_) => None,
        }
    }

    /// The event, or in place of an entry that is none a note of its remark, at this time.
    ///
    /// # Errors
    /// It is damaged.
    pub fn told(self, time: Duration) -> Result<Event, Damage> {
        match (self.remark(), self) {
            (_, Entry::Event(event)) => Ok(event),
            (_, Entry::Damaged(damage)) => Err(damage),
            (remark, _) => Ok(Event { time, connection: 0, kind: Kind::Note(remark.unwrap_or_default()) }),
        }
    }
}

/// What a look at a line's fixed fields decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Take,
    Skip,
    /// Neither this line nor any after it is wanted.
    End,
}

/// A line that could not be read; those around it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub place: Place,
    /// Bytes in it.
    pub size: u64,
    /// `torn`, `not a JSON object`, ...
    pub reason: &'static str,
}

/// Where a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1; `None` after a jump into the file.
    pub line: Option<u64>,
    /// Of its first byte.
    pub offset: u64,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Damage { place, size, reason } = self;
        match place.line {
            Some(line) => write!(out, "line {line} (byte {}, {size} bytes) skipped: {reason}", place.offset),
            None => write!(out, "a line at byte {} ({size} bytes) skipped: {reason}", place.offset),
        }
    }
}

/// Reads a recording from its beginning, or from where it is sent to.
#[derive(Debug)]
pub struct Reader<R> {
    pub(super) source: R,
    name: String,
    header: Header,
    first_line: Vec<u8>,
    sieve: Option<Ahead>,
    pub(super) body: u64,
    blocks: Blocks,
    pub(super) next_frame: u64,
    parser: Parser,
    following: bool,
    place: Place,
    time: Duration,
}

impl Reader<File> {
    /// Opens the recording at this path.
    ///
    /// # Errors
    /// When there is none that can be read.
    pub fn open(path: &Path) -> Result<Reader<File>, ReadError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| ReadError::Io { name: name.clone(), error })?;
        Reader::new(file, name)
    }
}

impl<R: Read> Reader<R> {
    /// Reads the header; `name` is for errors.
    ///
    /// # Errors
    /// When it is not that of a recording of a version that is known here.
    pub fn new(mut source: R, name: impl Into<String>) -> Result<Reader<R>, ReadError> {
        let name = name.into();
        let mut blocks = Blocks::new(LONGEST_HEADER);
        let first = blocks.line(&mut source, false).map_err(|error| ReadError::Io { name: name.clone(), error })?;
        let Some(first) = first else { return Err(ReadError::Empty { name }) };
        let foreign = |problem| ReadError::Foreign { name: name.clone(), problem, at: 0 };
        let header = match &first.bytes {
            None => return Err(foreign("no end of a line in the first 64 KiB")),
            Some(range) => header(&blocks.buffer[range.clone()]).map_err(foreign)?,
        };
        let first_line = first.bytes.map(|range| blocks.buffer[range].to_vec()).unwrap_or_default();
        if header.version > VERSION {
            return Err(ReadError::Newer { name, version: header.version });
        }
        blocks.longest = LONGEST;
        let place = Place { line: Some(1), offset: 0 };
        let body = blocks.offset();
        let parser = Parser::default();
        Ok(Reader {
            source,
            name,
            header,
            first_line,
            sieve: None,
            body,
            blocks,
            next_frame: 1,
            parser,
            following: false,
            place,
            time: Duration::ZERO,
        })
    }

    /// At the end of the file an unfinished line is kept, not told as torn: call again when the file has grown.
    #[must_use]
    pub fn following(self) -> Reader<R> {
        Reader { following: true, ..self }
    }

    /// From now on [`Reader::entry_if`] may step over text messages in one frame that this lets fall, without a look at them.
    pub fn step_over(&mut self, sieve: Box<dyn Sieve>) {
        self.sieve = Some(Ahead::new(sieve));
    }

    /// What the file begins with.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The line that says so, without its end.
    #[must_use]
    pub fn first_line(&self) -> &[u8] {
        &self.first_line
    }

    /// The number that the next frame has, if it does not say another.
    #[must_use]
    pub const fn next_frame(&self) -> u64 {
        self.next_frame
    }

    /// Where the line is that was read last.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// When the entry was, on the timeline, that was read last.
    #[must_use]
    pub const fn time(&self) -> Duration {
        self.time
    }

    /// Where the next line begins, in bytes.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.blocks.offset()
    }

    /// The next line as what it is; `None` at the end of the file.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn entry(&mut self) -> Result<Option<Entry>, ReadError> {
        self.entry_if(&mut |_| Look::Take)
    }

    /// The next line that is taken after a look at its fixed fields, or that is damaged; those before it cost no more than
    /// that look. `None` at the end of the file, or where the look says so. A message whose first fragments are not taken
    /// is not put together. An `append` is always taken.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn entry_if(&mut self, look: &mut dyn FnMut(&Glance<'_>) -> Look) -> Result<Option<Entry>, ReadError> {
        loop {
            let Some(line) = self.line()? else { return Ok(None) };
            let size = line.size;
            let damaged = |place, reason| Ok(Some(Entry::Damaged(Damage { place, size, reason })));
            let Some(range) = line.bytes else { return damaged(self.place, line.problem) };
            let unwanted = |ahead: &mut Ahead| ahead.is_unwanted(self.blocks.held(), &range, line.offset);
            if self.sieve.as_mut().is_some_and(unwanted) {
                self.next_frame += 1;
                continue;
            }
            let glance = match Glance::of(&self.blocks.buffer[range], &mut self.next_frame) {
                Ok(glance) => Glance { offset: line.offset, ..glance },
                Err(reason) => return damaged(self.place, reason),
            };
            self.time = glance.time;
            let looked = look(&glance);
            let is_append = glance.name == b"append";
            match looked {
                Look::End => return Ok(None),
                Look::Skip if !is_append => continue,
                Look::Skip | Look::Take => {}
            }
            if is_append {
                return match origin(glance.line, self.header.version) {
                    Ok(header) => Ok(Some(Entry::Append(header))),
                    Err(reason) => damaged(self.place, reason),
                };
            }
            return match self.parser.event(&glance) {
                Ok(Parsed::Event(event)) => Ok(Some(Entry::Event(event))),
                Ok(Parsed::Unknown) => Ok(Some(Entry::Unknown(glance.line.to_vec()))),
                Err(reason) => damaged(self.place, reason),
            };
        }
    }

    /// The next line's fixed fields, several times as fast; `None` at the end of the file. Messages in fragments that have
    /// begun before are not put together by a later [`Reader::entry`].
    ///
    /// # Errors
    /// When the file can't be read.
    #[inline]
    pub fn glance(&mut self) -> Result<Option<Result<Glance<'_>, Damage>>, ReadError> {
        let Some(line) = self.line()? else { return Ok(None) };
        let (place, size) = (self.place, line.size);
        let Some(range) = line.bytes else {
            return Ok(Some(Err(Damage { place, size, reason: line.problem })));
        };
        match Glance::of(&self.blocks.buffer[range], &mut self.next_frame) {
            Ok(glance) => Ok(Some(Ok(Glance { offset: place.offset, ..glance }))),
            Err(reason) => Ok(Some(Err(Damage { place, size, reason }))),
        }
    }

    fn line(&mut self) -> Result<Option<Found>, ReadError> {
        let line = self.blocks.line(&mut self.source, self.following);
        let line = line.map_err(|error| ReadError::Io { name: self.name.clone(), error })?;
        if let Some(line) = &line {
            self.place = Place { line: self.place.line.map(|line| line + 1), offset: line.offset };
        }
        Ok(line)
    }

    /// Goes on at a byte where a line begins, whose line number is known or not.
    pub(super) fn restart(&mut self, offset: u64, next_frame: u64) {
        let line = (offset == self.body).then_some(1);
        self.place = Place { line, offset };
        self.blocks.restart(offset);
        self.next_frame = next_frame;
        self.parser.reset();
        if let Some(ahead) = &mut self.sieve {
            ahead.reset();
        }
    }

    pub(super) fn failed(&self, error: io::Error) -> ReadError {
        ReadError::Io { name: self.name.clone(), error }
    }
}

/// The header of a recording, or what is wrong with the line.
fn header(line: &[u8]) -> Result<Header, &'static str> {
    let mut members = Members::of(line);
    members.by_ref().for_each(drop);
    let version = Members::get(line, "wscope").and_then(super::scan::Value::number);
    match version {
        Some(version) if members.is_whole() => origin(line, version),
        Some(_) => Err("a header line that is torn"),
        None => Err("a line that is no header"),
    }
}

/// Who recorded, of a header or of an `append`.
fn origin(line: &[u8], version: u64) -> Result<Header, &'static str> {
    let created = Line(line).text("created")?;
    let created = created.and_then(|text| text.parse::<jiff::Timestamp>().ok()).map(SystemTime::from);
    let by = Line(line).text("by")?.unwrap_or_default();
    Ok(Header { version, created, by, secrets: Line(line).text("secrets")?.unwrap_or_default() })
}

#[cfg(test)]
mod tests;
