//! A server's way to an open connection: read the request, let the caller decide, answer, and tell every step.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::dialogue::Dialogue;
use super::{Driver, Timeline, keys};
use crate::event::{self, Kind, Open, Ready};
use crate::handshake::{self, HeadError, Negotiated, Refusal, Request, RequestReader, ServerOffer};
use crate::protocol::{Config, Connection, Role};
use crate::transport::{Blocking, Prefixed, TlsInfo, Transport};

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

/// A request that has been read and not been answered yet: whoever has it may take its time, and ask others first.
pub struct Asked {
    pub request: Request,
    transport: Box<dyn Transport>,
    /// What came behind the request.
    tail: Bytes,
    timeline: Timeline,
    number: u32,
    /// Time to write the answer.
    timeout: Duration,
    begun: Duration,
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
    let asked = Asked::read(number, incoming, timeout, timeline)?;
    let answer = answer(&asked.request);
    asked.answer(answer)
}

impl Asked {
    /// Reads a request within `timeout`; `number` is one that the timeline gave.
    ///
    /// # Errors
    /// Why there is none; the error is on the timeline too.
    pub fn read(number: u32, incoming: Incoming, timeout: Duration, timeline: &Timeline) -> Result<Asked, AcceptError> {
        let Incoming { mut transport, peer, tls } = incoming;
        let begun = timeline.clock().elapsed();
        let mut dialogue = Dialogue::new(&mut *transport, timeline.clock(), timeout);
        let (request, tail) = read_request(&mut dialogue).inspect_err(|error| tell_error(timeline, number, error))?;
        emit(
            timeline,
            number,
            Kind::Open(Box::new(Open {
                role: Role::Server,
                url: request.resource.clone(),
                address: peer,
                via: None,
                dns: None,
                tcp: None,
                tls,
            })),
        );
        emit(timeline, number, Kind::Request(request.raw.clone()));
        Ok(Asked { request, transport, tail, timeline: timeline.clone(), number, timeout, begun })
    }

    /// The connection's number on the timeline.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Answers, and drives the connection if that was a yes.
    ///
    /// # Errors
    /// Why there is no connection; the error is on the timeline too.
    pub fn answer(mut self, answer: Answer) -> Result<(Request, Driver), AcceptError> {
        let negotiated = self.respond(answer).inspect_err(|error| tell_error(&self.timeline, self.number, error))?;
        let Asked { request, mut transport, tail, timeline, number, begun, .. } = self;
        transport.set_blocking(Blocking::Never)?;
        let config = Config { deflate: negotiated.deflate, ..Config::new(Role::Server) };
        let mut connection = Connection::new(config, keys::os_keys());
        connection.receive(&tail);
        let upgrade = timeline.clock().elapsed().saturating_sub(begun);
        emit(&timeline, number, Kind::Ready(Box::new(Ready { negotiated, upgrade })));
        Ok((request, Driver::new(transport, connection, timeline, number)))
    }

    /// Leaves the answer to somebody else: the stream, beginning behind the request.
    #[must_use]
    pub fn into_transport(self) -> Box<dyn Transport> {
        Prefixed::wrap(self.tail.into(), self.transport)
    }

    fn respond(&mut self, answer: Answer) -> Result<Negotiated, AcceptError> {
        match answer {
            Answer::Accept(offer) => match handshake::accept(&self.request, &offer) {
                Ok(accepted) => {
                    self.write(&accepted.response, Bytes::new())?;
                    Ok(accepted.negotiated)
                }
                Err(refusal) => {
                    let (response, body) = refusal.response();
                    self.write(&response, body)?;
                    Err(refusal.into())
                }
            },
            Answer::Respond { response, body } => {
                self.write(&response, body)?;
                Err(AcceptError::Answered(response.status))
            }
        }
    }

    fn write(&mut self, response: &handshake::Response, body: Bytes) -> io::Result<()> {
        let (raw, status) = (response.raw.clone(), response.status);
        let bytes = [&raw[..], &body[..]].concat();
        let told = event::Response { raw, status, body, body_cut: false };
        emit(&self.timeline, self.number, Kind::Response(Box::new(told)));
        Dialogue::new(&mut *self.transport, self.timeline.clock(), self.timeout).write(&bytes)
    }
}

/// Recorded at once: what comes next is an answer, or a wait.
fn emit(timeline: &Timeline, number: u32, kind: Kind) {
    timeline.emit(timeline.clock().elapsed(), number, kind);
    timeline.flush_early();
}

fn tell_error(timeline: &Timeline, number: u32, error: &AcceptError) {
    emit(timeline, number, Kind::Error { text: error.to_string(), hint: None });
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
