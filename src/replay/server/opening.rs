//! The server's part of the opening handshake: what the recorded server answered, to a client that asks for the same.

use bytes::Bytes;

use crate::handshake::{DeflateOffer, Request, Response, ServerOffer};
use crate::protocol::DeflateParams;
use crate::recording::mask::MASK;
use crate::replay::Score;
use crate::replay::place::is_same_resource;
use crate::session::Answer;

/// Headers that are written anew for each connection.
const OWN: [&str; 4] = ["Content-Length", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"];

const LOCATION: &str = "Location";

/// What is asked for, and what is answered.
#[derive(Debug)]
pub(super) struct Opening {
    /// Path and query, with secrets masked.
    pub(super) resource: String,
    pub(super) subprotocol: Option<String>,
    answer: Said,
}

/// What the recorded server said.
#[derive(Debug)]
enum Said {
    Yes(ServerOffer),
    /// Anything else than a 101.
    Other {
        status: u16,
        reason: String,
        headers: Vec<(String, String)>,
        body: Bytes,
        /// Whether its `Location` is one of the recording, which is here now.
        back: bool,
    },
}

impl Opening {
    /// That of a recorded connection, one of these; `None` if nothing was answered there.
    pub(super) fn of(score: &Score, all: &[&Score]) -> Option<Opening> {
        let (response, read) = (score.response.as_ref(), score.answered());
        let negotiated = score.ready.as_ref().map(|ready| &ready.negotiated);
        let subprotocol = negotiated.and_then(|negotiated| negotiated.subprotocol.clone());
        let status = response.map_or(if score.ready.is_some() { 101 } else { 0 }, |response| response.status);
        let answer = match status {
            0 => return None,
            101 => Said::Yes(ServerOffer {
                subprotocols: subprotocol.iter().cloned().collect(),
                deflate: negotiated.and_then(|negotiated| negotiated.deflate).map(wanted),
                headers: read.as_ref().map(|read| kept(read, false)).unwrap_or_default(),
            }),
            status => {
                let back = score.redirect().is_some_and(|target| all.iter().any(|other| other.is_at(&target)));
                let body = response.map(|response| response.body.clone()).unwrap_or_default();
                other(status, read.as_ref(), body, back)
            }
        };
        Some(Opening { resource: score.resource(), subprotocol, answer })
    }

    /// Whether this is what it was asked for; a masked value stands for any.
    pub(super) fn has(&self, resource: &str) -> bool {
        is_same_resource(&self.resource, resource)
    }

    /// Whether a client that asks so gets the recorded subprotocol.
    pub(super) fn is_spoken(&self, request: &Request) -> bool {
        let offered = |name: &String| {
            request.headers.list("Sec-WebSocket-Protocol").any(|(offered, _)| offered == name.as_bytes())
        };
        self.subprotocol.as_ref().is_none_or(offered)
    }

    /// The answer to a client that asks so, and was served over TLS or not.
    pub(super) fn answer(&self, request: &Request, secure: bool) -> Answer {
        match &self.answer {
            Said::Yes(offer) => Answer::Accept(offer.clone()),
            Said::Other { status, reason, headers, body, back } => {
                let mut headers = headers.clone();
                if *back {
                    let host = request.headers.get("Host");
                    let locations = headers.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case(LOCATION));
                    locations.for_each(|(_, location)| *location = here(location, host.as_deref(), secure));
                }
                let response = Response::with_reason(*status, reason, &headers);
                Answer::Respond {
                    response: response.expect("headers that were read can be written"),
                    body: body.clone(),
                }
            }
        }
    }
}

/// A location of the recorded server as one of ours, as the client calls us; a relative one is that already.
fn here(location: &str, host: Option<&str>, secure: bool) -> String {
    let Some((scheme, rest)) = location.split_once("//") else { return location.to_owned() };
    let scheme = match (scheme.to_ascii_lowercase().as_str(), secure) {
        ("", _) => "",
        ("http:" | "https:", true) => "https:",
        ("http:" | "https:", false) => "http:",
        ("ws:" | "wss:", true) => "wss:",
        ("ws:" | "wss:", false) => "ws:",
        _ => return location.to_owned(),
    };
    let resource = rest.find(['/', '?', '#']).map_or("/", |at| &rest[at..]);
    host.map_or_else(|| resource.to_owned(), |host| format!("{scheme}//{host}{resource}"))
}

/// What the server wanted of permessage-deflate, by what was agreed on.
fn wanted(params: DeflateParams) -> DeflateOffer {
    let limit = |bits: u8| Some(bits).filter(|bits| *bits < 15);
    DeflateOffer {
        server_no_context_takeover: params.server_no_context_takeover,
        client_no_context_takeover: params.client_no_context_takeover,
        server_max_window_bits: limit(params.server_max_window_bits),
        client_max_window_bits: limit(params.client_max_window_bits).map(Some),
    }
}

/// The headers of the recorded response that make sense again: not those of its connection, nor whose secret is not known. A
/// `Location` that leads back may have one: any will do here.
fn kept(response: &Response, back: bool) -> Vec<(String, String)> {
    let headers = response.headers.passed_on(&OWN, &[]).into_iter();
    let is_known = |name: &str, value: &str| !value.contains(MASK) || back && name.eq_ignore_ascii_case(LOCATION);
    headers.filter(|(name, value)| is_known(name, value) && !is_folded(value)).collect()
}

/// Whether it goes on in another line, which is not written any more (RFC 9112 section 5.2).
fn is_folded(value: &str) -> bool {
    value.contains(['\r', '\n'])
}

/// Any other answer than a 101, with what its headers say about this connection written anew.
fn other(status: u16, response: Option<&Response>, body: Bytes, back: bool) -> Said {
    let mut headers = response.map(|response| kept(response, back)).unwrap_or_default();
    let upgrade = response.and_then(|response| response.headers.get("Upgrade")).filter(|value| !is_folded(value));
    let connection = if upgrade.is_some() { "Upgrade, close" } else { "close" };
    let own = [("Connection", connection.to_owned()), ("Content-Length", body.len().to_string())];
    headers.extend(own.map(|(name, value)| (name.to_owned(), value)));
    headers.extend(upgrade.map(|upgrade| ("Upgrade".to_owned(), upgrade.into_owned())));
    let reason = response.map_or_else(String::new, |response| response.reason.clone());
    Said::Other { status, reason, headers, body, back }
}

#[cfg(test)]
mod tests {
    use super::here;

    #[test]
    fn a_location_leads_back_as_it_was_written() {
        for (location, secure, expected) in [
            ("http://example.org/b?x=1#y", false, "http://mock:1/b?x=1#y"),
            ("HTTPS://ann:pw@example.org:444/b", false, "http://mock:1/b"),
            ("ws://example.org", true, "wss://mock:1/"),
            ("wss://example.org?x", true, "wss://mock:1?x"),
            ("//example.org/b//c", true, "//mock:1/b//c"),
            ("/b//c", false, "/b//c"),
            ("b?to=http://example.org/", false, "b?to=http://example.org/"),
        ] {
            assert_eq!(here(location, Some("mock:1"), secure), expected);
        }
        assert_eq!(here("ws://example.org/b", None, true), "/b");
    }
}
