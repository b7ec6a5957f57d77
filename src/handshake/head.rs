//! A head (start line and headers) from bytes in any chunking, and to bytes: what requests and responses share.
//!
//! What is not HTTP is told as early as its bytes allow and always at the same byte, however they were chunked.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use super::garbage::{Looks, look};
use super::headers::{Header, HeaderError, Headers, validate};
use crate::protocol::Role;

/// The longest head that is read, in bytes.
pub const MAX_HEAD: usize = 64 * 1024;

/// Why there is no head. `from` is the end that should have sent one, `received` everything that came, as it came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    #[error("the {} closed the connection without sending a byte", name(*from))]
    Nothing { from: Role },
    #[error("the {} closed the connection inside its headers, after {} bytes", name(*from), received.len())]
    Cut { from: Role, received: Bytes },
    #[error("the headers of the {} are longer than {MAX_HEAD} bytes", name(*from))]
    TooLong { from: Role, received: Bytes },
    #[error("not HTTP: the {} sent {looks}", name(*from))]
    NotHttp { from: Role, looks: Looks, received: Bytes },
    #[error("malformed HTTP from the {}: {what} in {line:?}", name(*from))]
    Malformed { from: Role, what: &'static str, line: String, received: Bytes },
}

impl HeadError {
    /// Everything that was received.
    #[must_use]
    pub fn received(&self) -> &[u8] {
        match self {
            HeadError::Nothing { .. } => &[],
            HeadError::Cut { received, .. }
            | HeadError::TooLong { received, .. }
            | HeadError::NotHttp { received, .. }
            | HeadError::Malformed { received, .. } => received,
        }
    }

    /// What to try next, if the bytes tell.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            HeadError::NotHttp { from: Role::Server, looks, .. } => Some(looks.hint()),
            HeadError::Nothing { from: Role::Server } => Some("is it a TLS port? try wss://"),
            _ => None,
        }
    }
}

/// Collects bytes until a head is whole.
#[derive(Debug)]
pub(super) struct HeadReader {
    from: Role,
    buffer: BytesMut,
    /// Where the line that is being collected begins.
    line: usize,
    /// How far it was searched for its end.
    searched: usize,
    /// Whether the start line was seen: empty lines before it are skipped (RFC 9112 section 2.2).
    started: bool,
}

impl HeadReader {
    pub(super) fn new(from: Role) -> HeadReader {
        HeadReader { from, buffer: BytesMut::new(), line: 0, searched: 0, started: false }
    }

    pub(super) fn received(&self) -> &[u8] {
        &self.buffer
    }

    /// The raw head and the bytes after it, or `None` while bytes are missing.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> Result<Option<(Bytes, Bytes)>, HeadError> {
        self.buffer.extend_from_slice(bytes);
        let end = self.buffer.len().min(MAX_HEAD);
        loop {
            let found = memchr(b'\n', &self.buffer[self.searched..end]).map(|at| self.searched + at);
            if !self.started {
                self.judge(found.map_or(end, |at| at + 1))?;
            }
            let Some(at) = found else {
                self.searched = end;
                break;
            };
            let empty = matches!(self.buffer[self.line..at], [] | [b'\r']);
            (self.line, self.searched) = (at + 1, at + 1);
            if empty && self.started {
                let head = self.buffer.split_to(at + 1).freeze();
                return Ok(Some((head, std::mem::take(&mut self.buffer).freeze())));
            }
            self.started |= !empty;
        }
        if self.buffer.len() >= MAX_HEAD {
            return Err(HeadError::TooLong { from: self.from, received: self.take() });
        }
        Ok(None)
    }

    /// The stream ended before the head did.
    pub(super) fn end(&mut self) -> HeadError {
        let from = self.from;
        let received = self.take();
        if received.is_empty() {
            return HeadError::Nothing { from };
        }
        let http: &[u8] = if from == Role::Server { b"HTTP/" } else { b"" };
        let begins = self.started || received.starts_with(http) || http.starts_with(&received);
        if begins {
            HeadError::Cut { from, received }
        } else {
            HeadError::NotHttp { from, looks: Looks::of(&received), received }
        }
    }

    /// Looks at the start line byte by byte, up to `end`, and at the whole of it once its line feed is there.
    fn judge(&mut self, end: usize) -> Result<(), HeadError> {
        for upto in self.searched + 1..=end {
            let line = &self.buffer[self.line..upto];
            let looks = look(self.from, line);
            let wrong = if looks.is_none() && line.ends_with(b"\n") && !matches!(line, b"\n" | b"\r\n") {
                start_line(self.from, line).err()
            } else {
                None
            };
            let error = match (looks, wrong) {
                (None, None) => continue,
                (Some(looks), _) => HeadError::NotHttp { from: self.from, looks, received: self.take() },
                (None, Some(what)) if memchr::memmem::find(line, b"HTTP/").is_some() => {
                    HeadError::Malformed { from: self.from, what, line: shown(line), received: self.take() }
                }
                (None, Some(_)) => {
                    HeadError::NotHttp { from: self.from, looks: Looks::of(line), received: self.take() }
                }
            };
            return Err(error);
        }
        Ok(())
    }

    fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.buffer).freeze()
    }
}

/// Says what is wrong with the first line that httparse refuses.
pub(super) fn malformed(from: Role, head: &Bytes, tail: &Bytes, error: httparse::Error) -> HeadError {
    let bad = |line: &&[u8]| {
        // A folded line belongs to the one before it.
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        !folded && httparse::parse_headers(line, &mut [httparse::EMPTY_HEADER]).is_err()
    };
    let line = head.split_inclusive(|b| *b == b'\n').skip(1).find(bad).unwrap_or_default();
    let received = [&head[..], &tail[..]].concat().into();
    HeadError::Malformed { from, what: words(error), line: shown(line), received }
}

/// The headers that httparse found in `head`, with their places.
pub(super) fn headers(head: &Bytes, parsed: &[httparse::Header<'_>]) -> Headers {
    let place = |bytes: &[u8]| bytes.as_ptr() as usize - head.as_ptr() as usize;
    let one = |header: &httparse::Header<'_>| {
        let start = place(header.name.as_bytes());
        let value_at = if header.value.is_empty() {
            let colon = start + header.name.len() + 1;
            colon..colon
        } else {
            let value = place(header.value);
            value..value + header.value.len()
        };
        let end = value_at.end + memchr(b'\n', &head[value_at.end..]).unwrap_or(0);
        let end = if head[..end].ends_with(b"\r") { end - 1 } else { end };
        Header { name: header.name.to_owned(), value: head.slice(value_at.clone()), line: start..end, value_at }
    };
    Headers(parsed.iter().map(one).collect())
}

/// How many headers `head` can have at most, for httparse's array.
pub(super) fn count(head: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', head).count()
}

/// The start line's place: without the empty lines before it and without its line end.
pub(super) fn start_line_at(head: &[u8]) -> Range<usize> {
    let start = head.iter().position(|b| !b"\r\n".contains(b)).unwrap_or(0);
    let end = head[start..].iter().position(|b| b"\r\n".contains(b)).map_or(head.len(), |at| start + at);
    start..end
}

/// Writes a head: the start line, our `own` headers in order, then the rest of `extra`.
///
/// An extra header with the name of one of ours (in any case) replaces it in its place, as it is spelled, and every
/// extra header of that name goes with it. An own header without a value is only such a place.
pub(super) fn write(
    start_line: &str,
    own: &[(&str, Option<String>)],
    extra: &[(String, String)],
    order: &[String],
) -> Result<(Bytes, Headers), HeaderError> {
    let mut lines: Vec<(&str, &str)> = Vec::new();
    for (name, value) in own {
        let before = lines.len();
        lines.extend(extra.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(n, v)| (n.as_str(), v.as_str())));
        if lines.len() == before
            && let Some(value) = value
        {
            lines.push((name, value));
        }
    }
    let is_own = |name: &str| own.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    lines.extend(extra.iter().filter(|(name, _)| !is_own(name)).map(|(name, value)| (name.as_str(), value.as_str())));

    let mut raw = format!("{start_line}\r\n");
    for (name, value) in ordered(lines, order) {
        validate(name, value)?;
        raw.extend([name, ": ", value, "\r\n"]);
    }
    raw.push_str("\r\n");
    let raw = Bytes::from(raw);
    let mut parsed = vec![httparse::EMPTY_HEADER; count(&raw)];
    let body = start_line.len() + 2;
    let found = match httparse::parse_headers(&raw[body..], &mut parsed) {
        Ok(httparse::Status::Complete((_, found))) => headers(&raw, found),
        // Validated names and values are headers.
        Ok(httparse::Status::Partial) | Err(_) => Headers::default(),
    };
    Ok((raw, found))
}

/// First the lines that the order names, spelled as there, then the others.
fn ordered<'a>(mut lines: Vec<(&'a str, &'a str)>, order: &'a [String]) -> Vec<(&'a str, &'a str)> {
    let mut first = Vec::with_capacity(lines.len());
    for wanted in order {
        if let Some(at) = lines.iter().position(|(name, _)| name.eq_ignore_ascii_case(wanted)) {
            first.push((wanted.as_str(), lines.remove(at).1));
        }
    }
    first.extend(lines);
    first
}

const fn name(from: Role) -> &'static str {
    match from {
        Role::Client => "client",
        Role::Server => "server",
    }
}

fn start_line(from: Role, line: &[u8]) -> Result<(), &'static str> {
    let parsed = match from {
        Role::Client => httparse::Request::new(&mut []).parse(line),
        Role::Server => httparse::Response::new(&mut []).parse(line),
    };
    parsed.map(|_| ()).map_err(words)
}

const fn words(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "a bad header name",
        httparse::Error::HeaderValue => "a bad header value",
        httparse::Error::NewLine => "a bad line end",
        httparse::Error::Status => "a bad status code",
        httparse::Error::Token => "a character that is not allowed",
        httparse::Error::TooManyHeaders => "too many headers",
        httparse::Error::Version => "a version that is not HTTP/1.0 or HTTP/1.1",
    }
}

/// The start of a line for an error message.
pub(super) fn shown(line: &[u8]) -> String {
    let line = line.trim_ascii_end();
    let cut = &line[..line.len().min(80)];
    let mut text = String::from_utf8_lossy(cut).into_owned();
    if cut.len() < line.len() {
        text.push_str("...");
    }
    text
}
