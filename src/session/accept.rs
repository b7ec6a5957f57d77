//! A server's way to an open connection: read the request, let the caller decide, answer, and tell every step.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::dialogue::Dialogue;
use super::{Driver, Timeline, keys};
use crate::event::{self, Kind, Open, Ready};
use crate::handshake::{self, HeadError, Refusal, Request, RequestReader, ServerOffer};
use crate::protocol::{Config, Connection, Role};
use crate::transport::{Blocking, TlsInfo, Transport};

/// What a server answers to a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Shake hands, if the request is right.
    Accept(ServerOffer),
    /// Any other response: a redirect, a refusal.
    Respond { response: handshake::Response, body: Bytes },
}

/// Why there is no connection. What was received until then is on the timeline.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    #[error("no opening handshake: {0}")]
    Head(#[from] HeadError),
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The caller's own answer.
    #[error("answered with {0}")]
    Answered(u16),
    #[error("the connection broke during the opening handshake: {0}")]
    Broken(#[from] io::Error),
}

/// A connection that has not shaken hands yet.
pub struct Incoming {
    pub transport: Box<dyn Transport>,
    pub peer: Option<SocketAddr>,
    /// Time of the TLS handshake, and what it agreed on.
    pub tls: Option<(Duration, TlsInfo)>,
}

/// Accepts a connection within `timeout`; `answer` decides by the request.
///
/// # Errors
/// Why there is no connection; the error is on the timeline too.
pub fn accept(
    incoming: Incoming,
    timeout: Duration,
    timeline: &Timeline,
    answer: impl FnOnce(&Request) -> Answer,
) -> Result<(Request, Driver), AcceptError> {
    accept_as(timeline.open_connection(), incoming, timeout, timeline, answer)
}

/// The same with a number that the timeline gave before, for who has to know it by the first event.
///
/// # Errors
/// As for [`accept`].
pub fn accept_as(
    number: u32,
    incoming: Incoming,
    timeout: Duration,
    timeline: &Timeline,
    answer: impl FnOnce(&Request) -> Answer,
) -> Result<(Request, Driver), AcceptError> {
    let Incoming { mut transport, peer, tls } = incoming;
    // Recorded at once: what comes next is an answer, or a wait.
    let emit = |kind| {
        timeline.emit(timeline.clock().elapsed(), number, kind);
        timeline.flush_early();
    };
    let begun = timeline.clock().elapsed();
    let mut dialogue = Dialogue::new(&mut *transport, timeline.clock(), timeout);
    let outcome = shake_hands(&mut dialogue, (peer, tls), &emit, answer);
    let (request, tail, negotiated) = outcome.inspect_err(|error| {
        emit(Kind::Error { text: error.to_string(), hint: None });
    })?;
    transport.set_blocking(Blocking::Never)?;
    let config = Config { deflate: negotiated.deflate, ..Config::new(Role::Server) };
    let mut connection = Connection::new(config, keys::os_keys());
    connection.receive(&tail);
    let upgrade = timeline.clock().elapsed().saturating_sub(begun);
    emit(Kind::Ready(Box::new(Ready { negotiated, upgrade })));
    Ok((request, Driver::new(transport, connection, timeline.clone(), number)))
}

fn shake_hands(
    dialogue: &mut Dialogue<'_>,
    (peer, tls): (Option<SocketAddr>, Option<(Duration, TlsInfo)>),
    emit: &impl Fn(Kind),
    answer: impl FnOnce(&Request) -> Answer,
) -> Result<(Request, Bytes, handshake::Negotiated), AcceptError> {
    let (request, tail) = read_request(dialogue)?;
    emit(Kind::Open(Box::new(Open {
        role: Role::Server,
        url: request.resource.clone(),
        address: peer,
        via: None,
        dns: None,
        tcp: None,
        tls,
    })));
    emit(Kind::Request(request.raw.clone()));
    let mut respond = |response: &handshake::Response, body: Bytes| {
        let (raw, status) = (response.raw.clone(), response.status);
        let bytes = [&raw[..], &body[..]].concat();
        emit(Kind::Response(Box::new(event::Response { raw, status, body, body_cut: false })));
        dialogue.write(&bytes)
    };
    match answer(&request) {
        Answer::Accept(offer) => match handshake::accept(&request, &offer) {
            Ok(accepted) => {
                respond(&accepted.response, Bytes::new())?;
                Ok((request, tail, accepted.negotiated))
            }
            Err(refusal) => {
                let (response, body) = refusal.response();
                respond(&response, body)?;
                Err(refusal.into())
            }
        },
        Answer::Respond { response, body } => {
            respond(&response, body)?;
            Err(AcceptError::Answered(response.status))
        }
    }
}

fn read_request(dialogue: &mut Dialogue<'_>) -> Result<(Request, Bytes), AcceptError> {
    let mut reader = RequestReader::default();
    loop {
        let bytes = dialogue.read()?;
        if bytes.is_empty() {
            return Err(reader.end().into());
        }
        if let Some(whole) = reader.receive(bytes)? {
            return Ok(whole);
        }
    }
}
