//! The answer to the opening handshake (RFC 6455 section 4.2.2): read by a client, written by a server.

use std::ops::Range;

use bytes::Bytes;

use super::head::{HeadError, HeadReader, count, headers, malformed, start_line_at, write};
use super::headers::{HeaderError, Headers};
use crate::protocol::Role;

/// A response's head, as on the wire and in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status line and headers, blank line included.
    pub raw: Bytes,
    pub status: u16,
    /// The reason phrase, often empty.
    pub reason: String,
    /// The minor HTTP version: 1 for HTTP/1.1.
    pub version: u8,
    pub headers: Headers,
}

impl Response {
    /// Writes a head with these headers and no others.
    ///
    /// # Errors
    /// A header's name or value can't be written as one line.
    pub fn new(status: u16, headers: &[(&str, &str)]) -> Result<Response, HeaderError> {
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response::with(status, &[], &headers)
    }

    /// The same with a reason phrase of one's own.
    ///
    /// # Errors
    /// As [`Response::new`].
    pub fn with_reason(status: u16, reason: &str, headers: &[(String, String)]) -> Result<Response, HeaderError> {
        Response::write(status, reason, &[], headers)
    }

    /// As [`write`]: `own` headers, some replaced by `extra` ones.
    pub(super) fn with(
        status: u16,
        own: &[(&str, Option<String>)],
        extra: &[(String, String)],
    ) -> Result<Response, HeaderError> {
        Response::write(status, reason(status), own, extra)
    }

    fn write(
        status: u16,
        reason: &str,
        own: &[(&str, Option<String>)],
        extra: &[(String, String)],
    ) -> Result<Response, HeaderError> {
        let (raw, headers) = write(&format!("HTTP/1.1 {status} {reason}"), own, extra, &[])?;
        Ok(Response { raw, status, reason: reason.to_owned(), version: 1, headers })
    }

    /// The same for a client of ours, whose connection ends with a body of `length` bytes: status, reason and all that is
    /// not the connection's own, changed by `headers`, of which one with an empty value takes those of its name away.
    ///
    /// # Errors
    /// A header's name or value can't be written as one line.
    pub fn passed_on(&self, length: usize, headers: &[(String, String)]) -> Result<Response, HeaderError> {
        let framing =
            [("Connection".to_owned(), "close".to_owned()), ("Content-Length".to_owned(), length.to_string())];
        let headers = self.headers.passed_on(&["Content-Length"], headers);
        let headers: Vec<_> = headers.into_iter().chain(framing).collect();
        let line = format!("HTTP/1.1 {} {}", self.status, self.reason);
        let (raw, headers) = write(&line, &[], &headers, &[])?;
        Ok(Response { raw, status: self.status, reason: self.reason.clone(), version: 1, headers })
    }

    /// An interim response (100, 102, 103): the one that counts is still to come (RFC 9110 section 15.2).
    #[must_use]
    pub const fn is_interim(&self) -> bool {
        self.status / 100 == 1 && self.status != 101
    }

    /// A response in plain text that ends the connection, and its body; headers given here replace the usual ones.
    ///
    /// # Errors
    /// A header can't be sent.
    pub fn plain(status: u16, headers: &[(&str, &str)], body: &str) -> Result<(Response, Bytes), HeaderError> {
        let length = body.len().to_string();
        let usual =
            [("Connection", "close"), ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", &length)];
        let is_given = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        let usual = usual.into_iter().filter(|(name, _)| !is_given(name));
        let all: Vec<_> = headers.iter().copied().chain(usual).collect();
        Ok((Response::new(status, &all)?, Bytes::copy_from_slice(body.as_bytes())))
    }

    /// Where the status line is in `raw`.
    #[must_use]
    pub fn status_line(&self) -> Range<usize> {
        start_line_at(&self.raw)
    }
}

/// The usual reason phrase (RFC 9110 section 15), empty for a status that has none.
const fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        426 => "Upgrade Required",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "",
    }
}

/// Reads a response's head from bytes in any chunking. After an interim response, a new reader takes the tail.
#[derive(Debug)]
pub struct ResponseReader(HeadReader);

impl Default for ResponseReader {
    fn default() -> ResponseReader {
        ResponseReader(HeadReader::new(Role::Server))
    }
}

impl ResponseReader {
    /// Takes bytes; gives the response and the bytes that came after its head, or `None` while bytes are missing.
    ///
    /// The tail is frames after a 101, else the start of the body: see [`BodyReader`](super::BodyReader).
    ///
    /// # Errors
    /// It is not HTTP, malformed, or longer than [`MAX_HEAD`](super::MAX_HEAD). The reader is spent then.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Option<(Response, Bytes)>, HeadError> {
        let Some((raw, tail)) = self.0.receive(bytes)? else { return Ok(None) };
        let mut parsed = vec![httparse::EMPTY_HEADER; count(&raw)];
        let mut response = httparse::Response::new(&mut parsed);
        // A folded value is one that a client has to take (RFC 9112 section 5.2).
        let outcome = httparse::ParserConfig::default()
            .allow_obsolete_multiline_headers_in_responses(true)
            .parse_response(&mut response, &raw);
        if let Err(error) = outcome {
            return Err(malformed(Role::Server, &raw, &tail, error));
        }
        let response = Response {
            status: response.code.unwrap_or_default(),
            reason: response.reason.unwrap_or_default().to_owned(),
            version: response.version.unwrap_or_default(),
            headers: headers(&raw, response.headers),
            raw: raw.clone(),
        };
        Ok(Some((response, tail)))
    }

    /// What to say when the stream ends before the head does.
    #[must_use]
    pub fn end(mut self) -> HeadError {
        self.0.end()
    }

    /// The bytes so far.
    #[must_use]
    pub fn received(&self) -> &[u8] {
        self.0.received()
    }
}

#[cfg(test)]
mod tests;
