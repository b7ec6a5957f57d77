//! The server's part of the opening handshake: what the recorded server answered, to a client that asks for the same.

use bytes::Bytes;

use crate::event::Role;
use crate::handshake::{DeflateOffer, Request, Response, ResponseReader, ServerOffer, Target};
use crate::protocol::DeflateParams;
use crate::recording::mask::MASK;
use crate::replay::Score;
use crate::session::Answer;

/// Headers that are written anew for each connection.
const OWN: [&str; 4] = ["Content-Length", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"];

/// What is asked for, and what is answered.
#[derive(Debug)]
pub(super) struct Opening {
    /// Path and query, with secrets masked.
    pub(super) resource: String,
    pub(super) subprotocol: Option<String>,
    answer: Answer,
}

impl Opening {
    /// That of a recorded connection; `None` if nothing was answered there.
    pub(super) fn of(score: &Score) -> Option<Opening> {
        let response = score.response.as_ref();
        let read = response.and_then(|response| ResponseReader::default().receive(&response.raw).ok().flatten());
        let read = read.map(|(read, _)| read);
        let negotiated = score.ready.as_ref().map(|ready| &ready.negotiated);
        let subprotocol = negotiated.and_then(|negotiated| negotiated.subprotocol.clone());
        let status = response.map_or(if score.ready.is_some() { 101 } else { 0 }, |response| response.status);
        let answer = match status {
            0 => return None,
            101 => Answer::Accept(ServerOffer {
                subprotocols: subprotocol.iter().cloned().collect(),
                deflate: negotiated.and_then(|negotiated| negotiated.deflate).map(wanted),
                headers: read.as_ref().map(kept).unwrap_or_default(),
            }),
            status => {
                let body = response.map(|response| response.body.clone()).unwrap_or_default();
                refused(status, read.as_ref(), body)
            }
        };
        Some(Opening { resource: resource(score), subprotocol, answer })
    }

    /// Whether this is what it was asked for; a masked value stands for any.
    pub(super) fn has(&self, resource: &str) -> bool {
        let (path, query) = split(&self.resource);
        let (live_path, live_query) = split(resource);
        let is_same = |(recorded, live): (&str, &str)| match (recorded.split_once('='), live.split_once('=')) {
            (Some((name, MASK)), Some((live, _))) => name == live,
            _ => recorded == live,
        };
        path == live_path && query.len() == live_query.len() && query.into_iter().zip(live_query).all(is_same)
    }

    /// Whether a client that asks so gets the recorded subprotocol.
    pub(super) fn is_spoken(&self, request: &Request) -> bool {
        let offered = |name: &String| {
            request.headers.list("Sec-WebSocket-Protocol").any(|(offered, _)| offered == name.as_bytes())
        };
        self.subprotocol.as_ref().is_none_or(offered)
    }

    pub(super) fn answer(&self) -> Answer {
        self.answer.clone()
    }
}

/// What the recorded client asked for.
fn resource(score: &Score) -> String {
    let line = score.request.as_ref().and_then(|request| request.split(|byte| *byte == b'\n').next());
    let asked = line.and_then(|line| std::str::from_utf8(line).ok()?.split(' ').nth(1).map(str::to_owned));
    asked.unwrap_or_else(|| match score.role {
        Role::Server => score.url.clone(),
        Role::Client => Target::parse(&score.url).map_or_else(|_| "/".to_owned(), |target| target.resource),
    })
}

fn split(resource: &str) -> (&str, Vec<&str>) {
    let (path, query) = resource.split_once('?').unwrap_or((resource, ""));
    (path, query.split('&').filter(|part| !part.is_empty()).collect())
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

/// The headers of the recorded response that make sense again: not those of its connection, nor whose secret is not known.
fn kept(response: &Response) -> Vec<(String, String)> {
    let headers = response.headers.passed_on(&OWN, &[]).into_iter();
    // A folded value is not written any more (RFC 9112 section 5.2).
    headers.filter(|(_, value)| !value.contains(MASK) && !value.contains(['\r', '\n'])).collect()
}

/// Any other answer than a 101, with what its headers say about this connection written anew.
fn refused(status: u16, response: Option<&Response>, body: Bytes) -> Answer {
    let mut headers = response.map(kept).unwrap_or_default();
    let upgrade = response.and_then(|response| response.headers.get("Upgrade"));
    let connection = if upgrade.is_some() { "Upgrade, close" } else { "close" };
    let own = [("Connection", connection.to_owned()), ("Content-Length", body.len().to_string())];
    headers.extend(own.map(|(name, value)| (name.to_owned(), value)));
    headers.extend(upgrade.map(|upgrade| ("Upgrade".to_owned(), upgrade.into_owned())));
    let reason = response.map_or("", |response| response.reason.as_str());
    let response = Response::with_reason(status, reason, &headers);
    Answer::Respond { response: response.expect("headers that were read can be written"), body }
}
