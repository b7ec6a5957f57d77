//! A recording that an exporter may pass over as often as it needs to: what is damaged is told once, and stepped over.
//!
//! The first pass goes to the end: it counts what is there and tells what is damaged.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;

use super::ExportError;
use crate::recording::{Damage, Entry, Glance, Header, Look, ReadError, Reader};

/// Who is told of a line that can't be read.
type Told = Box<dyn FnMut(&Damage)>;

/// What came in the place of received messages when the same session was recorded again: payloads, one a repeat, by the number of
/// the message's last frame.
pub type Repeats = HashMap<u64, Vec<Bytes>>;

/// A recording, and which of its connections are wanted.
pub struct Source {
    path: PathBuf,
    /// Empty: all of them, and what belongs to none.
    connections: Vec<u32>,
    header: Header,
    first_line: Vec<u8>,
    /// What the first pass reads with.
    first: RefCell<Option<Reader<File>>>,
    seen: RefCell<Seen>,
    told: RefCell<Told>,
    repeats: Repeats,
}

/// How much there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Connections that were wanted.
    pub connections: u64,
    /// Their frames.
    pub frames: u64,
}

/// What the first pass saw.
#[derive(Debug, Default)]
struct Seen {
    /// The connections that are in it, wanted or not.
    connections: BTreeSet<u32>,
    /// Frames of those that are wanted.
    frames: u64,
}

impl Source {
    /// The recording at this path; `connections`: the wanted ones, none for all.
    ///
    /// # Errors
    /// It can't be read, or is no recording.
    pub fn open(path: &Path, connections: Vec<u32>) -> Result<Source, ReadError> {
        let reader = Reader::open(path)?;
        let told: Told = Box::new(|_| {});
        Ok(Source {
            path: path.to_owned(),
            connections,
            header: reader.header().clone(),
            first_line: reader.first_line().trim_ascii().to_vec(),
            first: RefCell::new(Some(reader)),
            seen: RefCell::default(),
            told: RefCell::new(told),
            repeats: Repeats::new(),
        })
    }

    /// Tells each line that can't be read, once.
    #[must_use]
    pub fn telling(self, told: impl FnMut(&Damage) + 'static) -> Source {
        Source { told: RefCell::new(Box::new(told)), ..self }
    }

    /// Tells what changes from run to run, and what does not.
    #[must_use]
    pub fn repeated(self, repeats: Repeats) -> Source {
        Source { repeats, ..self }
    }

    /// What came elsewhere in the place of the message that ends with this frame; nothing if that is not known.
    pub(super) fn repeats_of(&self, number: u64) -> &[Bytes] {
        self.repeats.get(&number).map_or(&[], Vec::as_slice)
    }

    /// The recording's name, as the user gave it.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// What it begins with.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The line that says so.
    #[must_use]
    pub fn first_line(&self) -> &[u8] {
        &self.first_line
    }

    /// Reads it from its beginning: a pipe once, a file as often as is wanted.
    ///
    /// # Errors
    /// It can't be read.
    pub fn pass(&self) -> Result<Pass<'_>, ReadError> {
        let kept = self.first.take();
        let first = kept.is_some();
        let reader = kept.map_or_else(|| Reader::open(&self.path), Ok)?;
        Ok(Pass { source: self, reader, first, masked: false, compressed: false })
    }

    /// Whether this connection is wanted; 0 is what belongs to none.
    #[must_use]
    pub fn wants(&self, connection: u32) -> bool {
        self.connections.is_empty() || self.connections.contains(&connection)
    }

    /// How much there was.
    pub(super) fn tally(&self) -> Tally {
        let seen = self.seen.borrow();
        let connections = seen.connections.iter().filter(|number| self.wants(**number)).count() as u64;
        Tally { connections, frames: seen.frames }
    }

    /// That each connection that was asked for is there.
    pub(super) fn check(&self) -> Result<(), ExportError> {
        let there = &self.seen.borrow().connections;
        let missing = self.connections.iter().find(|number| !there.contains(number));
        let highest = there.last().copied().unwrap_or_default();
        missing.map_or(Ok(()), |wanted| Err(ExportError::NoConnection { name: self.name(), wanted: *wanted, highest }))
    }

    fn note(&self, glance: &Glance<'_>) {
        let mut seen = self.seen.borrow_mut();
        if glance.connection > 0 {
            seen.connections.insert(glance.connection);
        }
        seen.frames += u64::from(glance.frame.is_some() && self.wants(glance.connection));
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Source { path, connections, seen, .. } = self;
        f.debug_struct("Source").field("path", path).field("connections", connections).field("seen", seen).finish()
    }
}

/// One reading of a recording, of what is wanted of it.
#[derive(Debug)]
pub struct Pass<'a> {
    source: &'a Source,
    reader: Reader<File>,
    first: bool,
    masked: bool,
    compressed: bool,
}

impl Pass<'_> {
    /// The next entry of a wanted connection, in whole; `None` at the end. Never one that is damaged.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn entry(&mut self) -> Result<Option<Entry>, ReadError> {
        self.entry_if(&mut |_| Look::Take)
    }

    /// The same for what is taken after a look at its fixed fields, as [`Reader::entry_if`] has it.
    ///
    /// # Errors
    /// As [`Pass::entry`].
    pub fn entry_if(&mut self, look: &mut dyn FnMut(&Glance<'_>) -> Look) -> Result<Option<Entry>, ReadError> {
        loop {
            match self.line_if(look)? {
                Some(Entry::Damaged(_)) => {}
                entry => return Ok(entry),
            }
        }
    }

    /// As [`Pass::entry`], and what is damaged, too.
    ///
    /// # Errors
    /// As [`Pass::entry`].
    pub fn line(&mut self) -> Result<Option<Entry>, ReadError> {
        self.line_if(&mut |_| Look::Take)
    }

    fn line_if(&mut self, look: &mut dyn FnMut(&Glance<'_>) -> Look) -> Result<Option<Entry>, ReadError> {
        let (source, first) = (self.source, self.first);
        let (masked, compressed) = (&mut self.masked, &mut self.compressed);
        let mut look = |glance: &Glance<'_>| {
            if first {
                source.note(glance);
            }
            if let Some(frame) = &glance.frame {
                (*masked, *compressed) = (frame.masked, frame.wire.is_some());
            }
            if source.wants(glance.connection) { look(glance) } else { Look::Skip }
        };
        let entry = self.reader.entry_if(&mut look)?;
        if let (true, Some(Entry::Damaged(damage))) = (first, &entry) {
            (source.told.borrow_mut())(damage);
        }
        Ok(entry)
    }

    /// Whether something was taken out of the payload of the frame that was read last.
    #[must_use]
    pub const fn masked(&self) -> bool {
        self.masked
    }

    /// Whether that frame belongs to a compressed message, so that its payload is not what it says.
    #[must_use]
    pub const fn compressed(&self) -> bool {
        self.compressed
    }

    /// When the entry was that was read last, on the timeline.
    #[must_use]
    pub const fn time(&self) -> Duration {
        self.reader.time()
    }
}
