//! HAR, as Chrome, Playwright and mitmproxy write WebSocket connections, and as this program does.
//!
//! What this program wrote is read back from its `_wscope` members, line by line ([`own`]). In that of others a message is all
//! there is: it becomes one frame, and a note says what is not known ([`others`]).
//!
//! The file is held as it is, with the place of each message in it: one is read when it is its turn.

mod messages;
mod others;
mod own;

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Import, ImportError};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    log: Log<'a>,
}

#[derive(Deserialize)]
struct Log<'a> {
    #[serde(borrow)]
    creator: Option<Creator<'a>>,
    #[serde(borrow)]
    browser: Option<Creator<'a>>,
    #[serde(borrow)]
    entries: Vec<Entry<'a>>,
    #[serde(borrow, rename = "_wscope")]
    own: Option<OwnLog<'a>>,
}

/// The program that wrote it.
#[derive(Deserialize)]
struct Creator<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    version: Cow<'a, str>,
}

#[derive(Deserialize)]
struct OwnLog<'a> {
    #[serde(borrow)]
    header: &'a RawValue,
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct OwnEntry<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow)]
    started_date_time: Cow<'a, str>,
    #[serde(borrow)]
    request: Request<'a>,
    #[serde(borrow)]
    response: Response<'a>,
    #[serde(default)]
    timings: Timings,
    #[serde(borrow, rename = "serverIPAddress")]
    address: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "_resourceType")]
    resource_type: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "_webSocketMessages")]
    messages: Option<Vec<&'a RawValue>>,
    #[serde(borrow, rename = "_wscope")]
    own: Option<OwnEntry<'a>>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    headers: Vec<Header<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    status: i64,
    #[serde(borrow, default)]
    status_text: Cow<'a, str>,
    #[serde(borrow, default)]
    headers: Vec<Header<'a>>,
    #[serde(borrow, default)]
    content: Content<'a>,
    /// Why there is none: of this program and mitmproxy, and of Playwright.
    #[serde(borrow, rename = "_error")]
    error: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "_failureText")]
    failure: Option<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    encoding: Option<Cow<'a, str>>,
    /// Where Playwright puts the messages instead: a file beside this one, a message a line.
    #[serde(borrow, rename = "_file")]
    file: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
}

/// In milliseconds; absent or below zero: not known.
#[derive(Clone, Copy, Default, Deserialize)]
struct Timings {
    dns: Option<f64>,
    connect: Option<f64>,
    ssl: Option<f64>,
    send: Option<f64>,
    wait: Option<f64>,
}

impl Entry<'_> {
    fn is_websocket(&self) -> bool {
        let scheme = self.request.url.split("://").next().unwrap_or_default();
        self.messages.is_some()
            || self.resource_type.as_deref() == Some("websocket")
            || scheme.eq_ignore_ascii_case("ws")
            || scheme.eq_ignore_ascii_case("wss")
    }
}

/// Reads a file that has these bytes; `path` is for those beside it.
pub(super) fn read(path: &Path, bytes: Vec<u8>) -> Result<Import, ImportError> {
    let name = path.display().to_string();
    let bytes = Rc::new(bytes);
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let File { mut log } = serde_json::from_slice(text).map_err(|error| malformed(&name, &error))?;
    let entries = log.entries.len();
    log.entries.retain(Entry::is_websocket);
    if log.entries.is_empty() && log.own.is_none() {
        return Err(ImportError::Nothing { name, entries });
    }
    match &log.own {
        Some(own) if log.entries.iter().all(|entry| entry.own.is_some()) => own::read(name, &bytes, own, &log.entries),
        _ => others::read(path, &bytes, &log),
    }
}

fn malformed(name: &str, error: &serde_json::Error) -> ImportError {
    let place = format!("line {}, column {}", error.line(), error.column());
    ImportError::Malformed { name: name.to_owned(), place, reason: reason(error) }
}

/// What is wrong, without the place.
fn reason(error: &serde_json::Error) -> String {
    error.to_string().split(" at line ").next().unwrap_or_default().to_owned()
}

/// Where in a text a part of it is.
fn place(text: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}
