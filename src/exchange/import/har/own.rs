//! What this program exported, as it was in the recording: its lines are put together again, and read as a recording is.

use std::io::{self, Read};
use std::ops::Range;
use std::rc::Rc;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Entry, OwnLog, place};
use crate::exchange::import::{Format, Import, ImportError, Imported};
use crate::recording::{self, Look, Reader};

/// How much of the recording is put together at once, in bytes.
const BATCH: usize = 64 << 10;

/// A line of the recording: where it was, and where its members are.
struct Line {
    byte: u64,
    json: Range<usize>,
    /// The payload that is not in it.
    payload: Option<Payload>,
}

/// A name, and where the string is.
type Payload = (&'static str, Range<usize>);

/// A message, as far as it matters here.
#[derive(Deserialize)]
struct Message<'a> {
    opcode: i64,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow, rename = "_wscope")]
    own: Option<&'a RawValue>,
}

/// What is needed to know of a line.
#[derive(Deserialize)]
struct Marks {
    byte: u64,
    #[serde(default)]
    text: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    b64: Option<serde::de::IgnoredAny>,
}

fn malformed(name: &str, place: String, reason: String) -> ImportError {
    ImportError::Malformed { name: name.to_owned(), place, reason }
}

/// Reads all lines of the file that is these bytes.
pub(super) fn read(
    name: String,
    bytes: &Rc<Vec<u8>>,
    own: &OwnLog<'_>,
    entries: &[Entry<'_>],
) -> Result<Import, ImportError> {
    let lines = Rc::new(lines(&name, bytes, own, entries)?);
    let mut held = Vec::new();
    one_line(own.header.get().as_bytes(), &mut held);
    held.push(b'\n');
    let recorded = Recorded { bytes: Rc::clone(bytes), lines: Rc::clone(&lines), next: 0, held, given: 0 };
    let mut reader = Reader::new(recorded, name.as_str())
        .map_err(|error| malformed(&name, "log, _wscope.header".to_owned(), error.to_string()))?;
    let created = reader.header().created.unwrap_or(SystemTime::UNIX_EPOCH);
    let events = std::iter::from_fn(move || next(&mut reader, &lines, &name).transpose());
    Ok(Import { format: Format::Har, created, events: Box::new(events) })
}

/// The lines in their order, that behind the header first.
fn lines(name: &str, bytes: &[u8], own: &OwnLog<'_>, entries: &[Entry<'_>]) -> Result<Vec<Line>, ImportError> {
    let of_entries = entries.iter().map(|entry| {
        entry.messages.as_ref().map_or(0, Vec::len) + entry.own.as_ref().map_or(0, |own| own.events.len())
    });
    let mut lines = Vec::with_capacity(own.events.len() + of_entries.sum::<usize>());
    let mut add = |json: &RawValue, message: Option<&Message<'_>>, at: &dyn Fn() -> String| {
        let problem = |error| malformed(name, format!("{}, _wscope", at()), super::reason(&error));
        let marks: Marks = serde_json::from_str(json.get()).map_err(problem)?;
        let message = message.filter(|_| marks.text.is_none() && marks.b64.is_none());
        let payload = message.and_then(|message| {
            Some((if message.opcode == 1 { "text" } else { "b64" }, place(bytes, message.data?.get())))
        });
        lines.push(Line { byte: marks.byte, json: place(bytes, json.get()), payload });
        Ok(())
    };
    for event in &own.events {
        add(event, None, &|| "log".to_owned())?;
    }
    for (entry, number) in entries.iter().zip(1..) {
        for event in entry.own.iter().flat_map(|own| &own.events) {
            add(event, None, &|| format!("entry {number}"))?;
        }
        for (message, index) in entry.messages.iter().flatten().zip(1..) {
            let at = || format!("entry {number}, message {index}");
            let message: Message<'_> =
                serde_json::from_str(message.get()).map_err(|error| malformed(name, at(), super::reason(&error)))?;
            let missing = || malformed(name, at(), "it has no _wscope, as the others have".to_owned());
            add(message.own.ok_or_else(missing)?, Some(&message), &at)?;
        }
    }
    lines.sort_by_key(|line| line.byte);
    Ok(lines)
}

/// The next event.
fn next(reader: &mut Reader<Recorded>, lines: &[Line], name: &str) -> Result<Option<Imported>, ImportError> {
    let mut masked = false;
    let mut look = |glance: &recording::Glance<'_>| {
        masked = glance.frame.is_some_and(|frame| frame.masked);
        Look::Take
    };
    let entry = reader.entry_if(&mut look);
    let entry = entry.map_err(|error| malformed(name, "_wscope".to_owned(), error.to_string()))?;
    let Some(entry) = entry else { return Ok(None) };
    let event = entry.told(reader.time()).map_err(|damage| {
        let line = damage.place.line.and_then(|line| lines.get(usize::try_from(line).ok()? - 2));
        let place = line.map_or("_wscope".to_owned(), |line| format!("the _wscope with \"byte\":{}", line.byte));
        malformed(name, place, damage.reason.to_owned())
    })?;
    Ok(Some(Imported { event, masked }))
}

/// The recording as it was, put together as it is read.
struct Recorded {
    bytes: Rc<Vec<u8>>,
    lines: Rc<Vec<Line>>,
    /// The line to be put together next.
    next: usize,
    held: Vec<u8>,
    /// How much of that has been read.
    given: usize,
}

impl Read for Recorded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.held.len() {
            self.fill();
        }
        let read = (&self.held[self.given..]).read(buffer)?;
        self.given += read;
        Ok(read)
    }
}

impl Recorded {
    fn fill(&mut self) {
        self.held.clear();
        self.given = 0;
        while self.held.len() < BATCH {
            let Some(line) = self.lines.get(self.next) else { return };
            line.write(&self.bytes, &mut self.held);
            self.next += 1;
        }
    }
}

impl Line {
    fn write(&self, bytes: &[u8], out: &mut Vec<u8>) {
        let json = &bytes[self.json.clone()];
        match &self.payload {
            None => one_line(json, out),
            Some((name, string)) => {
                one_line(json.strip_suffix(b"}").unwrap_or(json), out);
                out.extend_from_slice(format!(",\"{name}\":").as_bytes());
                out.extend_from_slice(&bytes[string.clone()]);
                out.push(b'}');
            }
        }
        out.push(b'\n');
    }
}

/// JSON without line ends, which it has only between its tokens.
fn one_line(json: &[u8], out: &mut Vec<u8>) {
    out.extend(json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
}
