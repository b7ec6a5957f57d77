//! What others wrote: the opening handshake put together from its parts, and a frame a message.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;

use super::{Creator, Entry, Header, Log, Message, attached};
use crate::event::{Direction, Event, FrameEvent, Kind, Open, Ready, Response, Role};
use crate::exchange::import::{Format, Import, ImportError, Imported};
use crate::handshake::{Negotiated, RequestReader, ResponseReader, Target, check};
use crate::protocol::{self, Frame, MaskKey, Opcode};
use crate::session::Latency;
use crate::transport::TlsInfo;

/// The masking key of what was sent: HAR does not tell the real one, and this one leaves the payload as it is.
const NO_KEY: MaskKey = [0; 4];

/// Times from here on are milliseconds: as seconds they would be in the year 5138, as milliseconds this is 1973.
const MILLISECONDS_FROM: f64 = 1e11;

/// Reads all WebSocket entries.
pub(super) fn read(path: &Path, log: &Log<'_>) -> Result<Import, ImportError> {
    let mut events = vec![(None, 0, Kind::Note(note(log)))];
    for (entry, number) in log.entries.iter().zip(1..) {
        let name = path.display().to_string();
        let mut connection = Connection { name, entry, number, events: &mut events, now: Duration::ZERO };
        connection.opening()?;
        match attached(path, entry)? {
            None => connection.messages(entry.messages.as_deref().unwrap_or_default())?,
            Some((name, text)) => connection.lines(&name, &text)?,
        }
    }
    let begun = events.iter().filter_map(|(time, ..)| *time).min().unwrap_or_default();
    let mut events: Vec<_> = events
        .into_iter()
        .map(|(time, connection, kind)| Event {
            time: time.map_or(Duration::ZERO, |time| time.saturating_sub(begun)),
            connection,
            kind,
        })
        .collect();
    events.sort_by_key(|event| event.time);
    number(&mut events, log.entries.len());
    let events = events.into_iter().map(|event| Ok(Imported { event, masked: false }));
    Ok(Import { format: Format::Har, created: SystemTime::UNIX_EPOCH + begun, events: Box::new(events) })
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

/// Numbers the frames, and says how long answers took.
fn number(events: &mut [Event], connections: usize) {
    let mut latencies: Vec<Latency> = (0..=connections).map(|_| Latency::default()).collect();
    let mut number = 0;
    for event in events {
        let Kind::Frame(frame) = &mut event.kind else { continue };
        number += 1;
        frame.number = number;
        let latency = &mut latencies[event.connection as usize];
        frame.after = latency.after(event.time, frame.direction, &frame.frame, frame.message.is_some());
    }
}

/// An entry on its way to events: their time since the Unix epoch, the number of their connection, and what they are.
struct Connection<'a> {
    /// Of the file that is read.
    name: String,
    entry: &'a Entry<'a>,
    number: u32,
    events: &'a mut Vec<(Option<Duration>, u32, Kind)>,
    /// When the event before was.
    now: Duration,
}

impl Connection<'_> {
    fn add(&mut self, kind: Kind) {
        self.events.push((Some(self.now), self.number, kind));
    }

    fn malformed(&self, place: &str, reason: String) -> ImportError {
        let place = format!("entry {}, {place}", self.number);
        ImportError::Malformed { name: self.name.clone(), place, reason }
    }

    fn opening(&mut self) -> Result<(), ImportError> {
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
        let first = self.entry.messages.iter().flatten().find_map(time);
        self.now = (asked_at + waited).min(first.map_or(Duration::MAX, |first| first.max(asked_at)));
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

    fn messages(&mut self, messages: &[Message<'_>]) -> Result<(), ImportError> {
        for (message, index) in messages.iter().zip(1..) {
            self.message(message).map_err(|reason| self.malformed(&format!("message {index}"), reason))?;
        }
        Ok(())
    }

    /// Messages in a file of their own, one a line.
    fn lines(&mut self, name: &str, text: &str) -> Result<(), ImportError> {
        for (line, number) in text.lines().zip(1..) {
            let place = |place, reason| ImportError::Malformed { name: name.to_owned(), place, reason };
            let message: Message<'_> = serde_json::from_str(line)
                .map_err(|error| place(format!("line {number}, column {}", error.column()), super::reason(&error)))?;
            self.message(&message).map_err(|reason| place(format!("line {number}"), reason))?;
        }
        Ok(())
    }

    fn message(&mut self, message: &Message<'_>) -> Result<(), String> {
        // What is behind the one before is not older, nor is what does not say.
        self.now = time(message).map_or(self.now, |time| time.max(self.now));
        let direction = match &*message.direction {
            "send" => Direction::Sent,
            "receive" => Direction::Received,
            "error" => {
                self.add(Kind::Error { text: message.data.clone().into_owned(), hint: None });
                return Ok(());
            }
            other => return Err(format!("type \"{other}\" is neither send nor receive")),
        };
        let bits = u8::try_from(message.opcode).ok().filter(|bits| *bits < 16);
        let opcode = bits.map(Opcode::from_bits).ok_or(format!("opcode {} is not 0 to 15", message.opcode))?;
        let payload = match opcode {
            Opcode::TEXT => Bytes::copy_from_slice(message.data.as_bytes()),
            _ => Bytes::from(STANDARD.decode(&*message.data).map_err(|error| format!("data is not base64: {error}"))?),
        };
        self.add(Kind::Frame(frame(direction, opcode, payload)));
        Ok(())
    }
}

/// A message in one frame, or another frame; its number is still to be given.
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

/// When a message was, since the Unix epoch, if it is known.
fn time(message: &Message<'_>) -> Option<Duration> {
    let scale = if message.time >= MILLISECONDS_FROM { 1e-3 } else { 1.0 };
    seconds(message.time * scale)
}

/// Milliseconds, if they are known.
fn millis(time: Option<f64>) -> Option<Duration> {
    seconds(time? / 1e3)
}

/// Seconds to the microsecond; `None` if they are below zero, or no number of seconds.
fn seconds(time: f64) -> Option<Duration> {
    let exact = Duration::try_from_secs_f64(time).ok()?.checked_add(Duration::from_nanos(500))?;
    u64::try_from(exact.as_micros()).ok().map(Duration::from_micros)
}
