//! The messages of an entry, in the HAR or in a file beside it: each is read when it is its turn, and becomes a frame.

use std::borrow::Cow;
use std::fs;
use std::iter::Zip;
use std::ops::{Range, RangeFrom};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use std::vec::IntoIter;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

use super::{Entry, place, reason};
use crate::event::{Direction, FrameEvent, Kind};
use crate::exchange::import::ImportError;
use crate::protocol::{self, Frame, MaskKey, Opcode};

/// The masking key of what was sent: HAR does not tell the real one, and this one leaves the payload as it is.
const NO_KEY: MaskKey = [0; 4];

/// Times from here on are milliseconds: as seconds they would be in the year 5138, as milliseconds this is 1973.
const MILLISECONDS_FROM: f64 = 1e11;

/// An event, and when it was since the Unix epoch.
pub(super) type Told = Result<(Duration, Kind), ImportError>;

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, rename = "type")]
    direction: Cow<'a, str>,
    /// Since the Unix epoch: seconds, or as Playwright has it milliseconds; below zero: not known.
    time: f64,
    opcode: i64,
    #[serde(borrow, default)]
    data: Cow<'a, str>,
}

pub(super) struct Messages {
    /// The file that they are in, and what is in it.
    name: String,
    bytes: Rc<Vec<u8>>,
    /// Where in it each is, and its number from 1.
    places: Zip<IntoIter<Range<usize>>, RangeFrom<usize>>,
    /// The number of the entry; `None`: they have a file of their own, and are its lines.
    entry: Option<u32>,
    /// When the first was that says so, since the Unix epoch.
    pub(super) first: Option<Duration>,
    /// When the event before was.
    pub(super) now: Duration,
}

impl Messages {
    /// Those of this entry of the file at this path, which is these bytes.
    pub(super) fn of(
        path: &Path,
        bytes: &Rc<Vec<u8>>,
        entry: &Entry<'_>,
        number: u32,
    ) -> Result<Messages, ImportError> {
        if let Some((name, text)) = attached(path, entry)? {
            let places = text.lines().map(|line| place(text.as_bytes(), line)).collect();
            return Ok(Messages::new(name, Rc::new(text.into_bytes()), places, None));
        }
        let places = entry.messages.iter().flatten().map(|message| place(bytes, message.get())).collect();
        Ok(Messages::new(path.display().to_string(), Rc::clone(bytes), places, Some(number)))
    }

    fn new(name: String, bytes: Rc<Vec<u8>>, places: Vec<Range<usize>>, entry: Option<u32>) -> Messages {
        let time = |place: &Range<usize>| serde_json::from_slice::<Message<'_>>(&bytes[place.clone()]).ok()?.time();
        let first = places.iter().find_map(time);
        Messages { name, bytes, places: places.into_iter().zip(1..), entry, first, now: Duration::ZERO }
    }

    fn malformed(&self, index: usize, column: Option<usize>, reason: String) -> ImportError {
        let place = match (self.entry, column) {
            (Some(entry), _) => format!("entry {entry}, message {index}"),
            (None, Some(column)) => format!("line {index}, column {column}"),
            (None, None) => format!("line {index}"),
        };
        ImportError::Malformed { name: self.name.clone(), place, reason }
    }
}

impl Iterator for Messages {
    type Item = Told;

    fn next(&mut self) -> Option<Told> {
        let (place, index) = self.places.next()?;
        let read = serde_json::from_slice(&self.bytes[place]);
        let message: Message<'_> = match read {
            Ok(message) => message,
            Err(error) => return Some(Err(self.malformed(index, Some(error.column()), reason(&error)))),
        };
        // What is behind the one before is not older, nor is what does not say.
        let now = message.time().map_or(self.now, |time| time.max(self.now));
        let told = message.kind().map_err(|reason| self.malformed(index, None, reason));
        self.now = now;
        Some(told.map(|kind| (now, kind)))
    }
}

/// The messages that an entry has beside the HAR: the name of the file, and its text.
fn attached(path: &Path, entry: &Entry<'_>) -> Result<Option<(String, String)>, ImportError> {
    let file = entry.response.content.file.as_deref().filter(|_| entry.messages.is_none());
    // Nothing but a file beside it: a HAR comes from anywhere.
    let Some(file) = file.filter(|file| Path::new(file).file_name() == Some(file.as_ref())) else { return Ok(None) };
    let beside = path.with_file_name(file);
    let name = beside.display().to_string();
    let text = fs::read_to_string(&beside).map_err(|error| ImportError::Io { name: name.clone(), error })?;
    Ok(Some((name, text)))
}

impl Message<'_> {
    /// When it was, since the Unix epoch, if it is known.
    fn time(&self) -> Option<Duration> {
        let scale = if self.time >= MILLISECONDS_FROM { 1e-3 } else { 1.0 };
        seconds(self.time * scale)
    }

    /// What it was, or what is wrong with it.
    fn kind(self) -> Result<Kind, String> {
        let direction = match &*self.direction {
            "send" => Direction::Sent,
            "receive" => Direction::Received,
            "error" => return Ok(Kind::Error { text: self.data.into_owned(), hint: None }),
            other => return Err(format!("type \"{other}\" is neither send nor receive")),
        };
        let bits = u8::try_from(self.opcode).ok().filter(|bits| *bits < 16);
        let opcode = bits.map(Opcode::from_bits).ok_or(format!("opcode {} is not 0 to 15", self.opcode))?;
        let payload = match opcode {
            Opcode::TEXT => Bytes::from(self.data.into_owned()),
            _ => Bytes::from(STANDARD.decode(&*self.data).map_err(|error| format!("data is not base64: {error}"))?),
        };
        Ok(Kind::Frame(frame(direction, opcode, payload)))
    }
}

/// A message in one frame, or another frame; its number and how long it took are still to be given.
fn frame(direction: Direction, opcode: Opcode, payload: Bytes) -> FrameEvent {
    let (data, wire) = (payload.clone(), payload.len() as u64);
    let message = matches!(opcode, Opcode::TEXT | Opcode::BINARY).then(|| {
        let binary = opcode == Opcode::BINARY;
        protocol::Message { binary, data, frames: 1, compressed: false, wire }
    });
    let mask = (direction == Direction::Sent).then_some(NO_KEY);
    let header = protocol::Header { mask, ..protocol::Header::new(opcode, wire) };
    let frame = Frame { header, payload };
    FrameEvent { number: 0, direction, frame, fragment: None, message, automatic: false, after: None }
}

/// Seconds to the microsecond; `None` if they are below zero, or no number of seconds.
pub(super) fn seconds(time: f64) -> Option<Duration> {
    let exact = Duration::try_from_secs_f64(time).ok()?.checked_add(Duration::from_nanos(500))?;
    u64::try_from(exact.as_micros()).ok().map(Duration::from_micros)
}
