//! What others wrote: the opening handshakes put together from their parts, and the messages of all entries by their times.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;

use super::messages::{Messages, Told, seconds};
use super::{Creator, Entry, Header, Log};
use crate::event::{Event, Kind, Open, Ready, Response, Role};
use crate::exchange::import::{Format, Import, ImportError, Imported};
use crate::handshake::{Negotiated, RequestReader, ResponseReader, Target, check};
use crate::session::Latency;
use crate::transport::TlsInfo;

/// Reads all WebSocket entries of the file at this path, which is these bytes.
pub(super) fn read(path: &Path, bytes: &Rc<Vec<u8>>, log: &Log<'_>) -> Result<Import, ImportError> {
    let mut merged = Merged { next: BTreeMap::new(), begun: Duration::ZERO, frames: 0 };
    for (entry, number) in log.entries.iter().zip(1..) {
        let mut messages = Messages::of(path, bytes, entry, number)?;
        let (name, first) = (path.display().to_string(), messages.first);
        let mut opening = Opening { name, entry, number, first, told: Vec::new(), now: Duration::ZERO };
        opening.read()?;
        messages.now = opening.now;
        let told = Box::new(opening.told.into_iter().map(Ok).chain(messages));
        merged.advance(number, Conversation { told, latency: Latency::default() })?;
    }
    merged.begun = merged.next.first_key_value().map(|((time, _), _)| *time).unwrap_or_default();
    let created = SystemTime::UNIX_EPOCH + merged.begun;
    let note = Event { time: Duration::ZERO, connection: 0, kind: Kind::Note(note(log)) };
    let events = std::iter::once(Ok(note)).chain(merged);
    let events = events.map(|event| Ok(Imported { event: event?, masked: false }));
    Ok(Import { format: Format::Har, created, events: Box::new(events) })
}

/// What whoever reads the recording has to know.
fn note(log: &Log<'_>) -> String {
    let said = |creator: &Creator<'_>| format!("{} {}", creator.name, creator.version).trim().to_owned();
    let by = log.browser.as_ref().or(log.creator.as_ref()).map(said).filter(|by| !by.is_empty());
    format!(
        "imported from HAR by {}: not known are masking keys (00000000 stands for them), fragments, compression, \
         control frames and closings; the opening handshakes are put together from their parts",
        by.as_deref().unwrap_or("an unknown program")
    )
}

/// The events of all entries in order of time.
struct Merged {
    /// What each entry has to tell next, by its time since the Unix epoch and the entry's number.
    next: BTreeMap<(Duration, u32), (Kind, Conversation)>,
    /// When the first event was.
    begun: Duration,
    /// How many have been told.
    frames: u64,
}

/// What an entry has to tell, and how long answers took in it.
struct Conversation {
    told: Box<dyn Iterator<Item = Told>>,
    latency: Latency,
}

impl Merged {
    fn advance(&mut self, number: u32, mut conversation: Conversation) -> Result<(), ImportError> {
        if let Some((time, kind)) = conversation.told.next().transpose()? {
            self.next.insert((time, number), (kind, conversation));
        }
        Ok(())
    }
}

impl Iterator for Merged {
    type Item = Result<Event, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let ((time, connection), (mut kind, mut conversation)) = self.next.pop_first()?;
        if let Kind::Frame(frame) = &mut kind {
            self.frames += 1;
            frame.number = self.frames;
            frame.after = conversation.latency.after(time, frame.direction, &frame.frame, frame.message.is_some());
        }
        let event = Event { time: time.saturating_sub(self.begun), connection, kind };
        Some(self.advance(connection, conversation).map(|()| event))
    }
}

/// The opening handshake of an entry on its way to events, with their times since the Unix epoch.
struct Opening<'a> {
    /// Of the file that is read.
    name: String,
    entry: &'a Entry<'a>,
    number: u32,
    /// When the first message was, as far as it is known.
    first: Option<Duration>,
    told: Vec<(Duration, Kind)>,
    /// When the event before was.
    now: Duration,
}

impl Opening<'_> {
    fn add(&mut self, kind: Kind) {
        self.told.push((self.now, kind));
    }

    fn malformed(&self, place: &str, reason: String) -> ImportError {
        let place = format!("entry {}, {place}", self.number);
        ImportError::Malformed { name: self.name.clone(), place, reason }
    }

    fn read(&mut self) -> Result<(), ImportError> {
        let Entry { started_date_time, request, response, timings, address, .. } = self.entry;
        let started: Timestamp = started_date_time
            .parse()
            .map_err(|_| self.malformed("startedDateTime", format!("\"{started_date_time}\" is no date and time")))?;
        let url = url(&request.url);
        let target = Target::parse(&url).map_err(|error| self.malformed("request.url", error.to_string()))?;
        self.now = Duration::from_micros(u64::try_from(started.as_microsecond()).unwrap_or_default());
        let (dns, connect, ssl) = (millis(timings.dns), millis(timings.connect), millis(timings.ssl));
        self.now += dns.unwrap_or_default() + connect.unwrap_or_default();
        let address: Option<IpAddr> = address.as_ref().and_then(|text| text.trim_matches(['[', ']']).parse().ok());
        self.add(Kind::Open(Box::new(Open {
            role: Role::Client,
            url,
            address: address.map(|address| SocketAddr::new(address, target.port)),
            via: None,
            dns,
            tcp: connect.map(|connect| connect.saturating_sub(ssl.unwrap_or_default())),
            tls: ssl.filter(|_| target.secure).map(|ssl| (ssl, TlsInfo::default())),
        })));
        let asked = head(&format!("{} {} HTTP/1.1", request.method, target.resource), &request.headers);
        self.add(Kind::Request(asked.clone()));
        let asked_at = self.now;
        let waited = millis(timings.send).unwrap_or_default() + millis(timings.wait).unwrap_or_default();
        // Chrome's wait lasts to the last message that came: the answer was there before the first.
        self.now = (asked_at + waited).min(self.first.map_or(Duration::MAX, |first| first.max(asked_at)));
        let upgrade = self.now.saturating_sub(asked_at);
        if let Some(status) = u16::try_from(response.status).ok().filter(|status| *status > 0) {
            let line = format!("HTTP/1.1 {status} {}", response.status_text);
            let answered = head(&line, &response.headers);
            let body = self.body()?;
            self.add(Kind::Response(Box::new(Response { raw: answered.clone(), status, body, body_cut: false })));
            if status == 101 {
                self.add(Kind::Ready(Box::new(Ready { negotiated: negotiated(&asked, &answered), upgrade })));
            }
        }
        if let Some(error) = response.error.as_ref().or(response.failure.as_ref()).filter(|error| !error.is_empty()) {
            self.add(Kind::Error { text: error.clone().into_owned(), hint: None });
        }
        Ok(())
    }

    fn body(&self) -> Result<Bytes, ImportError> {
        let content = &self.entry.response.content;
        let text = content.text.as_deref().unwrap_or_default();
        if content.encoding.as_deref() == Some("base64") {
            let bytes = STANDARD.decode(text).map_err(|error| self.malformed("response.content", error.to_string()))?;
            return Ok(bytes.into());
        }
        Ok(Bytes::copy_from_slice(text.as_bytes()))
    }
}

/// The head with this start line.
fn head(start: &str, headers: &[Header<'_>]) -> Bytes {
    let one_line = |text: &str| text.replace(['\r', '\n'], " ");
    let mut head = one_line(start.trim_end()) + "\r\n";
    // What HTTP/2 has in place of a start line is no header; browsers join values of one name by line ends.
    for header in headers.iter().filter(|header| !header.name.starts_with(':')) {
        for value in header.value.split('\n') {
            head.extend([&one_line(&header.name), ": ", one_line(value).trim(), "\r\n"]);
        }
    }
    (head + "\r\n").into()
}

fn negotiated(request: &Bytes, response: &Bytes) -> Negotiated {
    let request = RequestReader::default().receive(request).ok().flatten();
    let response = ResponseReader::default().receive(response).ok().flatten();
    request.zip(response).map(|((request, _), (response, _))| check(&request, &response).0).unwrap_or_default()
}

/// A WebSocket URL without a fragment: proxies know the opening handshake as HTTP.
fn url(text: &str) -> String {
    let text = text.split('#').next().unwrap_or_default();
    match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => format!("ws://{rest}"),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => format!("wss://{rest}"),
        _ => text.to_owned(),
    }
}

/// Milliseconds, if they are known.
fn millis(time: Option<f64>) -> Option<Duration> {
    seconds(time? / 1e3)
}
