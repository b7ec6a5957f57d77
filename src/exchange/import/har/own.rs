//! What this program exported, as it was in the recording: its lines are put together again, and read as a recording is.

use std::io::Cursor;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Entry, Message, OwnLog};
use crate::exchange::import::{Format, Import, ImportError, Imported};
use crate::recording::json::string;
use crate::recording::{self, Look, Reader};

/// A line of the recording: where it was, and its members.
struct Line<'a> {
    byte: u64,
    json: &'a str,
    /// The payload that is not in it.
    payload: Option<(&'static str, &'a str)>,
}

/// What is needed to know of it.
#[derive(Deserialize)]
struct Marks {
    byte: u64,
    #[serde(default)]
    text: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    b64: Option<serde::de::IgnoredAny>,
}

/// Reads all lines in their order.
pub(super) fn read(name: String, own: &OwnLog<'_>, entries: &[Entry<'_>]) -> Result<Import, ImportError> {
    let mut lines = Vec::new();
    for event in &own.events {
        lines.push(line(&name, "log", event, None)?);
    }
    for (entry, number) in entries.iter().zip(1..) {
        let place = || format!("entry {number}");
        for event in entry.own.iter().flat_map(|own| &own.events) {
            lines.push(line(&name, &place(), event, None)?);
        }
        for (message, index) in entry.messages.iter().flatten().zip(1..) {
            let place = || format!("entry {number}, message {index}");
            let missing = || ImportError::Malformed {
                name: name.clone(),
                place: place(),
                reason: "it has no _wscope, as the others have".to_owned(),
            };
            lines.push(line(&name, &place(), message.own.ok_or_else(missing)?, Some(message))?);
        }
    }
    lines.sort_by_key(|line| line.byte);
    let mut text = Vec::new();
    one_line(own.header.get(), &mut text);
    text.push(b'\n');
    for line in &lines {
        line.write(&mut text);
    }
    let places: Vec<u64> = lines.iter().map(|line| line.byte).collect();
    let mut reader = Reader::new(Cursor::new(text), name.as_str()).map_err(|error| ImportError::Malformed {
        name: name.clone(),
        place: "log, _wscope.header".to_owned(),
        reason: error.to_string(),
    })?;
    let created = reader.header().created.unwrap_or(SystemTime::UNIX_EPOCH);
    let events = std::iter::from_fn(move || next(&mut reader, &places, &name).transpose());
    Ok(Import { format: Format::Har, created, events: Box::new(events) })
}

/// The next event; `places`: where each line was in the recording, that behind the header first.
fn next(reader: &mut Reader<Cursor<Vec<u8>>>, places: &[u64], name: &str) -> Result<Option<Imported>, ImportError> {
    let mut masked = false;
    let mut look = |glance: &recording::Glance<'_>| {
        masked = glance.frame.is_some_and(|frame| frame.masked);
        Look::Take
    };
    let entry = reader.entry_if(&mut look);
    let malformed = |place: String, reason: String| ImportError::Malformed { name: name.to_owned(), place, reason };
    let entry = entry.map_err(|error| malformed("_wscope".to_owned(), error.to_string()))?;
    let Some(entry) = entry else { return Ok(None) };
    let event = entry.told(reader.time()).map_err(|damage| {
        let line = damage.place.line.and_then(|line| places.get(usize::try_from(line).ok()? - 2));
        let place = line.map_or("_wscope".to_owned(), |byte| format!("the _wscope with \"byte\":{byte}"));
        malformed(place, damage.reason.to_owned())
    })?;
    Ok(Some(Imported { event, masked }))
}

/// A line of the recording; `message`: that which it is the frame of.
fn line<'a>(
    name: &str,
    place: &str,
    json: &'a RawValue,
    message: Option<&'a Message<'_>>,
) -> Result<Line<'a>, ImportError> {
    let marks: Marks = serde_json::from_str(json.get()).map_err(|error| ImportError::Malformed {
        name: name.to_owned(),
        place: format!("{place}, _wscope"),
        reason: super::reason(&error),
    })?;
    let message = message.filter(|_| marks.text.is_none() && marks.b64.is_none());
    let payload = message.map(|message| (if message.opcode == 1 { "text" } else { "b64" }, &*message.data));
    Ok(Line { byte: marks.byte, json: json.get(), payload })
}

impl Line<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        match self.payload {
            None => one_line(self.json, out),
            Some((name, data)) => {
                one_line(self.json.strip_suffix('}').unwrap_or(self.json), out);
                out.extend_from_slice(format!(",\"{name}\":").as_bytes());
                string(data, out);
                out.push(b'}');
            }
        }
        out.push(b'\n');
    }
}

/// JSON without line ends, which it has only between its tokens.
fn one_line(json: &str, out: &mut Vec<u8>) {
    out.extend(json.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
}
