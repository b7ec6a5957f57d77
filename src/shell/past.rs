//! Frames of the past: from the session's own recording, which forgets nothing and takes no memory, or else the latest alone.
//!
//! A frame is read back as it was recorded: with its number and its time, and without what `--mask-json` takes out.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use regex::bytes::Regex;

use crate::event::{Event, FrameEvent, Kind};
use crate::recording::{Entry, Look, Pattern, ReadError, Reader};

use super::error::ShellError;
use super::ring::{self, Bounds, Ring};

/// How far behind a frame the rules that it broke may be told, in events of other connections.
const NEAR: usize = 1000;

/// All that can be asked for now, read in order from any frame on.
pub(super) struct Past<'a> {
    source: Source<'a>,
    newest: u64,
    /// Said where an answer would have more in it if the session were recorded.
    missing: Option<String>,
    wanted: Option<Pattern>,
}

enum Source<'a> {
    Recording(Box<Reader<Watched<'a>>>),
    Latest { events: Vec<Event>, next: usize },
}

impl<'a> Past<'a> {
    /// What the recording at this path has up to the frame `newest`, and more may be appended meanwhile. Reading ends as soon
    /// as `goes_on` says no.
    pub(super) fn recorded(path: &Path, newest: u64, goes_on: &'a dyn Fn() -> bool) -> Result<Past<'a>, ReadError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| ReadError::Io { name: name.clone(), error })?;
        let reader = Reader::new(Watched { file, goes_on }, name)?.following();
        Ok(Past { source: Source::Recording(Box::new(reader)), newest, missing: None, wanted: None })
    }

    /// What is left without a recording.
    pub(super) fn latest(ring: &Ring) -> Past<'a> {
        let (held, newest) = (ring.frames().count(), ring.newest());
        let events = ring.frames().flat_map(ring::Entry::events).collect();
        let missing = (held as u64 != newest)
            .then(|| format!("only the last {held} of {newest} frames are kept: the session is not being recorded"));
        Past { source: Source::Latest { events, next: 0 }, newest, missing, wanted: None }
    }

    /// The number of the latest frame; 0 if there is none.
    pub(super) const fn newest(&self) -> u64 {
        self.newest
    }

    /// If frames are missing: which, and why.
    pub(super) fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    /// From now on [`Past::next`] may pass over frames that do not match.
    pub(super) fn want(&mut self, pattern: &Regex) {
        let pattern = Pattern::new(pattern.clone());
        if let Source::Recording(reader) = &mut self.source {
            reader.step_over(Box::new(pattern.clone()));
        }
        self.wanted = Some(pattern);
    }

    /// Goes on with the frame that has this number, or else the next one.
    pub(super) fn seek(&mut self, number: u64) -> Result<(), ShellError> {
        match &mut self.source {
            Source::Recording(reader) => reader.seek_frame(number).map_err(refused),
            Source::Latest { events, next } => {
                let is_before = |event: &Event| match &event.kind {
                    Kind::Frame(frame) => frame.number < number,
                    Kind::Violation { frame, .. } => frame.is_some_and(|frame| frame < number),
                    _ => false,
                };
                *next = events.partition_point(is_before);
                Ok(())
            }
        }
    }

    /// The next event; of events other than frames and the rules they broke there may be none.
    pub(super) fn next(&mut self) -> Result<Option<Event>, ShellError> {
        let (newest, wanted) = (self.newest, &mut self.wanted);
        let reader = match &mut self.source {
            Source::Recording(reader) => reader,
            Source::Latest { events, next } => {
                *next += 1;
                return Ok(events.get(*next - 1).cloned());
            }
        };
        loop {
            let entry = reader.entry_if(&mut |glance| match &glance.frame {
                Some(frame) if frame.number > newest => Look::End,
                Some(frame) if frame.fragment.is_none() && wanted.as_mut().is_some_and(|p| !p.may_match(frame)) => {
                    Look::Skip
                }
                _ => Look::Take,
            });
            match entry.map_err(refused)? {
                Some(Entry::Event(event)) => return Ok(Some(event)),
                // A line that somebody else has damaged has no event.
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// A frame with the rules it broke, and all frames of its message if it is a fragment; `None` if it is not to be had.
    pub(super) fn whole(&mut self, number: u64) -> Result<Option<(ring::Entry, Vec<FrameEvent>)>, ShellError> {
        self.seek(number)?;
        let message = match self.next()? {
            Some(Event { kind: Kind::Frame(frame), .. }) if frame.number == number => frame.fragment.map(|f| f.message),
            _ => return Ok(None),
        };
        self.seek(message.unwrap_or(number))?;
        let mut gathered = Ring::new(Bounds { frames: usize::MAX, payload: usize::MAX });
        let mut connection = None;
        // How much more is looked at, once the frame and its message are there.
        let (mut seen, mut complete, mut rest) = (false, message.is_none(), NEAR);
        while let Some(event) = self.next()? {
            match &event.kind {
                Kind::Frame(frame)
                    if frame.number == number || message.is_some() && frame.fragment.map(|f| f.message) == message =>
                {
                    connection = Some(event.connection);
                    seen |= frame.number == number;
                    complete |= frame.frame.header.fin;
                    gathered.push(&event);
                }
                Kind::Violation { .. } => gathered.push(&event),
                Kind::Frame(_) if seen && complete && connection == Some(event.connection) => break,
                Kind::Close(_) if connection == Some(event.connection) => break,
                _ => {}
            }
            rest -= usize::from(seen && complete);
            if rest == 0 {
                break;
            }
        }
        let fragments = gathered.frames().filter(|_| message.is_some()).map(|entry| entry.frame.clone()).collect();
        Ok(gathered.frame(number).map(|entry| (entry.clone(), fragments)))
    }
}

/// Why the recording is not read, or no further.
pub(super) fn refused(error: ReadError) -> ShellError {
    match error {
        ReadError::Io { error, .. } if Stopped::of(&error).is_some() => stopped(),
        error => ShellError::refused(error.to_string(), error.hint()),
    }
}

/// The user had enough.
pub(super) fn stopped() -> ShellError {
    ShellError::refused("stopped by Ctrl-C", "frames that were not read yet are left out")
}

/// A file that is read for as long as somebody wants to.
struct Watched<'a> {
    file: File,
    goes_on: &'a dyn Fn() -> bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.goes_on)() { self.file.read(buffer) } else { Err(io::Error::other(Stopped)) }
    }
}

impl Seek for Watched<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Nobody wants to read on.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
struct Stopped;

impl Stopped {
    /// The one that made a read fail.
    fn of(error: &io::Error) -> Option<&Stopped> {
        error.get_ref()?.downcast_ref()
    }
}
