//! The opening handshake's request (RFC 6455 section 4.1): written by a client, read by a server.

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;

use super::DeflateOffer;
use super::head::{HeadError, HeadReader, count, headers, malformed, write};
use super::headers::{HeaderError, Headers};
use super::target::Target;
use crate::protocol::Role;

/// A request's head, as on the wire and in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Request line and headers, blank line included.
    pub raw: Bytes,
    pub method: String,
    /// Path and query, as they stand in the request line.
    pub resource: String,
    /// The minor HTTP version: 1 for HTTP/1.1.
    pub version: u8,
    pub headers: Headers,
}

/// What a client asks for.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    pub target: &'a Target,
    /// The value of `Sec-WebSocket-Key`: 16 random bytes in base64 (`tungstenite::handshake::client::generate_key`).
    pub key: &'a str,
    pub origin: Option<&'a str>,
    /// In order of preference.
    pub subprotocols: &'a [String],
    pub deflate: Option<&'a DeflateOffer>,
    /// The whole value of `Authorization`; `None`: as the target's user info says.
    pub authorization: Option<&'a str>,
    /// `name=value`, one a cookie.
    pub cookies: &'a [String],
    /// Further headers; one with the name of a header above replaces it in its place.
    pub headers: &'a [(String, String)],
    /// Names of headers in the order and spelling that they are to have; others follow.
    pub order: &'a [String],
}

impl<'a> Opening<'a> {
    /// Nothing but the connection itself.
    #[must_use]
    pub const fn new(target: &'a Target, key: &'a str) -> Opening<'a> {
        Opening {
            target,
            key,
            origin: None,
            subprotocols: &[],
            deflate: None,
            authorization: None,
            cookies: &[],
            headers: &[],
            order: &[],
        }
    }

    /// The request, ready to send.
    ///
    /// # Errors
    /// A header's name or value can't be written as one line.
    pub fn request(&self) -> Result<Request, HeaderError> {
        let joined = |list: &[String], by: &str| (!list.is_empty()).then(|| list.join(by));
        let user_info = self.target.user_info.as_ref();
        let authorization =
            self.authorization.map(str::to_owned).or_else(|| user_info.map(|(user, password)| basic(user, password)));
        let own = [
            ("Host", Some(self.target.host_header())),
            ("Connection", Some("Upgrade".to_owned())),
            ("Upgrade", Some("websocket".to_owned())),
            ("Sec-WebSocket-Version", Some("13".to_owned())),
            ("Sec-WebSocket-Key", Some(self.key.to_owned())),
            ("Origin", self.origin.map(str::to_owned)),
            ("Sec-WebSocket-Protocol", joined(self.subprotocols, ", ")),
            ("Sec-WebSocket-Extensions", self.deflate.map(DeflateOffer::to_header)),
            ("Authorization", authorization),
            ("Cookie", joined(self.cookies, "; ")),
        ];
        let resource = self.target.resource.clone();
        let (raw, headers) = write(&format!("GET {resource} HTTP/1.1"), &own, self.headers, self.order)?;
        Ok(Request { raw, method: "GET".to_owned(), resource, version: 1, headers })
    }
}

impl Request {
    /// The same for a server of ours, as the only one on its connection: method, and all that is not the connection's own, changed
    /// as [`Headers::passed_on`] says.
    ///
    /// # Errors
    /// A header's name or value can't be written as one line.
    pub fn passed_on(
        &self,
        target: &Target,
        without: &[&str],
        changes: &[(String, String)],
    ) -> Result<Request, HeaderError> {
        // How long the body is, is the message's own where the body is passed on as it comes.
        let coding = self.headers.joined("Transfer-Encoding");
        let own = [
            ("Host", Some(target.host_header())),
            ("Connection", Some("close".to_owned())),
            ("Transfer-Encoding", coding),
        ];
        let (method, resource) = (self.method.clone(), target.resource.clone());
        let headers = self.headers.passed_on(without, changes);
        let (raw, headers) = write(&format!("{method} {resource} HTTP/1.1"), &own, &headers, &[])?;
        Ok(Request { raw, method, resource, version: 1, headers })
    }
}

/// The value of `Authorization` for a user and password (RFC 7617 section 2).
#[must_use]
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

/// The value of `Authorization` for a token (RFC 6750 section 2.1).
#[must_use]
pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Reads a request from bytes in any chunking.
#[derive(Debug)]
pub struct RequestReader(HeadReader);

impl Default for RequestReader {
    fn default() -> RequestReader {
        RequestReader(HeadReader::new(Role::Client))
    }
}

impl RequestReader {
    /// Takes bytes; gives the request and the bytes that came after it, or `None` while bytes are missing.
    ///
    /// # Errors
    /// It is not HTTP, malformed, or longer than [`MAX_HEAD`](super::MAX_HEAD). The reader is spent then.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Option<(Request, Bytes)>, HeadError> {
        let Some((raw, tail)) = self.0.receive(bytes)? else { return Ok(None) };
        let mut parsed = vec![httparse::EMPTY_HEADER; count(&raw)];
        let mut request = httparse::Request::new(&mut parsed);
        if let Err(error) = request.parse(&raw) {
            return Err(malformed(Role::Client, &raw, &tail, error));
        }
        let request = Request {
            method: request.method.unwrap_or_default().to_owned(),
            resource: request.path.unwrap_or_default().to_owned(),
            version: request.version.unwrap_or_default(),
            headers: headers(&raw, request.headers),
            raw: raw.clone(),
        };
        Ok(Some((request, tail)))
    }

    /// What to say when the stream ends before the request does.
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
