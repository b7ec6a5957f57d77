//! A client's verdict on the answer (RFC 6455 section 4.1): every rule that it breaks, and where in its bytes.

use std::ops::Range;

use tungstenite::handshake::derive_accept_key;

use super::extensions::{EXTENSIONS, Extension, extensions};
use super::request::Request;
use super::response::Response;
use super::{Fault, Negotiated, deflate};

const ACCEPT: &str = "Sec-WebSocket-Accept";
const PROTOCOL: &str = "Sec-WebSocket-Protocol";

/// What was agreed on, and every fault of the response as an answer to this request, as it was really sent.
///
/// A status other than 101 is the only fault then: the rest applies to a 101.
#[must_use]
pub fn check(request: &Request, response: &Response) -> (Negotiated, Vec<Fault>) {
    let mut check = Check { request, response, faults: Vec::new() };
    if response.status != 101 {
        let got = format!("{} {}", response.status, response.reason).trim_end().to_owned();
        check.fault("status is not 101", "RFC 6455 4.1", "101 Switching Protocols", got, response.status_line());
        return (Negotiated::default(), check.faults);
    }
    if response.version == 0 {
        check.fault("status line is not HTTP/1.1", "RFC 6455 4.2.2", "HTTP/1.1", "HTTP/1.0", response.status_line());
    }
    check.token("wrong Upgrade", "Upgrade", "websocket");
    check.token("wrong Connection", "Connection", "Upgrade");
    check.accept_key();
    let negotiated = Negotiated {
        subprotocol: check.subprotocol(),
        extensions: response.headers.joined(EXTENSIONS),
        deflate: check.extensions(),
    };
    (negotiated, check.faults)
}

struct Check<'a> {
    request: &'a Request,
    response: &'a Response,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn fault(
        &mut self,
        rule: &'static str,
        section: &'static str,
        expected: impl Into<String>,
        got: impl Into<String>,
        at: Range<usize>,
    ) {
        self.faults.push(Fault {
            rule: rule.into(),
            section: section.into(),
            expected: expected.into(),
            got: got.into(),
            at,
        });
    }

    /// A header whose list must have this token, in any case: items 2 and 3 of section 4.1.
    fn token(&mut self, rule: &'static str, name: &str, token: &str) {
        let response = self.response;
        if response.headers.has_token(name, token) {
            return;
        }
        let (got, at) = match response.headers.all(name).next() {
            Some(header) => (response.headers.joined(name).unwrap_or_default(), header.place()),
            None => (format!("no {name} header"), 0..0),
        };
        self.fault(rule, "RFC 6455 4.1", format!("{name}: {token}"), got, at);
    }

    /// Item 4 of section 4.1, against the key that was really sent.
    fn accept_key(&mut self) {
        let (response, section) = (self.response, "RFC 6455 4.1");
        let key = self.request.headers.all("Sec-WebSocket-Key").next().map(|header| &header.value[..]);
        // Without a key there is nothing to derive from; a user who left it out wants to see what happens.
        let expected = key.map(derive_accept_key);
        let mut answers = response.headers.all(ACCEPT);
        let Some(first) = answers.next() else {
            let expected = expected.unwrap_or_else(|| "an accept key".to_owned());
            self.fault("missing Sec-WebSocket-Accept", section, expected, "no Sec-WebSocket-Accept header", 0..0);
            return;
        };
        if let Some(expected) = expected
            && first.value != expected
        {
            let got = first.text();
            let how = if Some(&first.value[..]) == key {
                " (the key sent back as it was)"
            } else if got.eq_ignore_ascii_case(&expected) {
                " (in another case)"
            } else if got.contains(&expected) {
                " (with something around it)"
            } else {
                ""
            };
            self.fault("wrong Sec-WebSocket-Accept", section, expected, format!("{got}{how}"), first.place());
        }
        if let Some(second) = answers.next() {
            // RFC 6455 section 11.3.3.
            let expected = "one Sec-WebSocket-Accept header";
            self.fault(
                "repeated Sec-WebSocket-Accept",
                "RFC 6455 11.3.3",
                expected,
                second.text(),
                second.line.clone(),
            );
        }
    }

    /// Item 6 of section 4.1: the one subprotocol of those asked for.
    fn subprotocol(&mut self) -> Option<String> {
        let (request, response) = (self.request, self.response);
        let offered: Vec<_> = request.headers.list(PROTOCOL).map(|(name, _)| name).collect();
        let mut answers = response.headers.all(PROTOCOL);
        let first = answers.next()?;
        let mut names = first.value.split(|b| *b == b',').map(<[u8]>::trim_ascii);
        let name = names.next().unwrap_or_default();
        if names.next().is_some() || answers.next().is_some() {
            let got = response.headers.joined(PROTOCOL).unwrap_or_default();
            let at = response.headers.all(PROTOCOL).last().map_or(0..0, super::Header::place);
            self.fault("more than one subprotocol", "RFC 6455 11.3.4", "one subprotocol", got, at);
        }
        let name_text = String::from_utf8_lossy(name).into_owned();
        if offered.contains(&name) {
            return Some(name_text);
        }
        let expected = if offered.is_empty() {
            "no subprotocol: none was asked for".to_owned()
        } else {
            format!("one of {}", request.headers.joined(PROTOCOL).unwrap_or_default())
        };
        self.fault("unsolicited subprotocol", "RFC 6455 4.1", expected, name_text, first.place());
        None
    }

    /// Item 5 of section 4.1, and RFC 7692 section 7.1.
    fn extensions(&mut self) -> Option<crate::protocol::DeflateParams> {
        let (request, response) = (self.request, self.response);
        let offered: Vec<Extension> = extensions(&request.headers).flatten().collect();
        let mut params = None;
        for answer in extensions(&response.headers) {
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => {
                    let rule = "malformed Sec-WebSocket-Extensions";
                    self.fault(rule, "RFC 6455 9.1", error.what, error.element, error.at);
                    continue;
                }
            };
            let is_deflate = deflate::is_deflate(&answer);
            if !offered.iter().any(|offer| offer.name.eq_ignore_ascii_case(&answer.name)) {
                let expected = if offered.is_empty() {
                    "no extension: none was offered".to_owned()
                } else {
                    format!("one of {}", request.headers.joined(EXTENSIONS).unwrap_or_default())
                };
                let got = String::from_utf8_lossy(&response.raw[answer.at.clone()]);
                self.fault("unsolicited extension", "RFC 6455 4.1", expected, got, answer.at);
            } else if is_deflate && params.is_some() {
                let got = String::from_utf8_lossy(&response.raw[answer.at.clone()]);
                self.fault("permessage-deflate twice", "RFC 7692 5", "permessage-deflate once", got, answer.at);
            } else if is_deflate {
                let (agreed, faults) = deflate::agree(&answer, &offered);
                params = Some(agreed);
                self.faults.extend(faults);
            }
        }
        params
    }
}

#[cfg(test)]
mod tests;
