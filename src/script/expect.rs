//! Expectations: wait for what is wanted, keep what is passed over, and say well what came instead.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rhai::NativeCallContext;

use crate::event::{Closed, Kind};
use crate::protocol::Opcode;
use crate::protocol::close::code_name;
use crate::render::quantity;

use super::connection::Connection;
use super::difference::{Difference, lines};
use super::failure::{Failure, Raised};
use super::host::Host;
use super::inbox::Received;
use super::matcher::Matcher;
use super::message::Message;
use super::value::cut;

/// A wait for something on a connection, from the oldest event that nobody has taken.
pub struct Watch<'a> {
    pub host: &'a Host,
    pub connection: &'a Connection,
    until: Duration,
    limit: Duration,
    place: u64,
}

/// How a connection should end.
#[derive(Clone, Copy, Debug)]
pub enum Code {
    Any,
    /// With this status code; `None`: without one.
    This(Option<u16>),
}

/// Why nothing more comes.
enum Ended {
    TimedOut,
    Over,
}

impl<'a> Watch<'a> {
    /// For so long.
    #[must_use]
    pub fn new(host: &'a Host, connection: &'a Connection, limit: Duration) -> Watch<'a> {
        Watch { host, connection, until: host.now().saturating_add(limit), limit, place: 0 }
    }

    /// What an earlier expectation has looked at counts no more.
    #[must_use]
    pub fn unseen(mut self) -> Watch<'a> {
        self.place = self.connection.queue(self.host, |queue| queue.seen());
        self
    }

    /// The first message that matches, taken out of the queue.
    ///
    /// # Errors
    /// None came in time, a function of the matcher failed, or the script is to stop.
    pub fn message(&mut self, matcher: &Matcher, context: &NativeCallContext<'_>) -> Raised<Message> {
        let mut nearest: Option<(Message, Vec<Difference>)> = None;
        let mut passed = 0;
        loop {
            let received = match self.next()? {
                Ok(received) => received,
                Err(ended) => return Err(self.missed(matcher, &ended, passed, nearest.as_ref()).into()),
            };
            let Some(message) = Message::new(received).filter(Message::is_data) else { continue };
            let found = matcher.differences(&message, context)?;
            let is_it = match &found {
                Some(found) => found.is_empty(),
                None => matcher.matches(&message, context)?,
            };
            if is_it {
                self.take(message.place());
                return Ok(message);
            }
            passed += 1;
            let found = found.filter(|found| found.len() < matcher.fields());
            if let Some(found) =
                found.filter(|found| nearest.as_ref().is_none_or(|(_, best)| found.len() <= best.len()))
            {
                nearest = Some((message, found));
            }
        }
    }

    /// The first message, whatever it is.
    ///
    /// # Errors
    /// None came in time, or the script is to stop.
    pub fn any_message(&mut self) -> Raised<Message> {
        loop {
            match self.next()? {
                Ok(received) => {
                    if let Some(message) = Message::new(received).filter(Message::is_data) {
                        self.take(message.place());
                        return Ok(message);
                    }
                }
                Err(ended) => {
                    let failure =
                        Failure::expectation(format!("expected a message{}; none came", self.how_long(&ended)));
                    return Err(self.with_frames(failure).into());
                }
            }
        }
    }

    /// That no message comes.
    ///
    /// # Errors
    /// One came, or the script is to stop.
    pub fn silence(&mut self, matcher: Option<&Matcher>, context: &NativeCallContext<'_>) -> Raised<()> {
        while let Ok(received) = self.next()? {
            let Some(message) = Message::new(received).filter(Message::is_data) else { continue };
            let unwanted = match matcher {
                Some(matcher) => matcher.matches(&message, context)?,
                None => true,
            };
            if unwanted {
                let what =
                    matcher.map_or_else(|| "no message".to_owned(), |matcher| format!("no message with {matcher}"));
                let limit = quantity::duration(self.limit);
                let text = format!("expected {what} for {limit}; one came: {}", message.summary());
                return Err(self.with_frames(Failure::expectation(text)).into());
            }
        }
        Ok(())
    }

    /// The first control frame of this kind.
    ///
    /// # Errors
    /// None came in time, or the script is to stop.
    pub fn control(&mut self, opcode: Opcode) -> Raised<Message> {
        loop {
            match self.next()? {
                Ok(received) => {
                    let wanted =
                        matches!(&received.event.kind, Kind::Frame(frame) if frame.frame.header.opcode == opcode);
                    if let Some(message) = Message::new(received).filter(|_| wanted) {
                        self.take(message.place());
                        return Ok(message);
                    }
                }
                Err(ended) => {
                    let text = format!("expected a {opcode} frame{}; none came", self.how_long(&ended));
                    return Err(self.with_frames(Failure::expectation(text)).into());
                }
            }
        }
    }

    /// The end of the connection.
    ///
    /// # Errors
    /// It did not end in time, or otherwise, or the script is to stop.
    pub fn close(&mut self, wanted: Code) -> Raised<Closed> {
        let end = match wanted {
            Code::Any => "the connection to close".to_owned(),
            Code::This(code) => format!("the connection to close with {}", coded(code)),
        };
        loop {
            match self.next()? {
                Ok(received) => {
                    let Kind::Close(closed) = &received.event.kind else { continue };
                    if matches!(wanted, Code::Any) || matches!(wanted, Code::This(code) if code == closed.code) {
                        self.take(received.place);
                        return Ok((**closed).clone());
                    }
                    let text = format!("expected {end}; it closed with {}", described(closed));
                    return Err(self.with_frames(Failure::expectation(text)).into());
                }
                Err(ended) => {
                    let still = if matches!(ended, Ended::TimedOut) { "it is still open" } else { "it closed before" };
                    let text = format!("expected {end}{}; {still}", self.how_long(&ended));
                    return Err(self.with_frames(Failure::expectation(text)).into());
                }
            }
        }
    }

    /// The next event that nobody has taken.
    fn next(&mut self) -> Raised<Result<Arc<Received>, Ended>> {
        let (number, place) = (self.connection.number(), self.place);
        let setup = self.host.setup();
        let found = setup.inbox.wait(Some(self.until), &setup.stop, |queues| {
            let over = self.connection.port().is_over();
            let next = queues.get_mut(&number).and_then(|queue| {
                let received = queue.from(place)?;
                queue.pass(received.place + 1);
                Some(Ok(received))
            });
            next.or_else(|| over.then_some(Err(Ended::Over)))
        })?;
        if let Some(Ok(received)) = &found {
            self.place = received.place + 1;
        }
        Ok(found.unwrap_or(Err(Ended::TimedOut)))
    }

    fn take(&self, place: u64) {
        self.connection.queue(self.host, |queue| queue.take(place));
    }

    fn missed(
        &self,
        matcher: &Matcher,
        ended: &Ended,
        passed: u64,
        nearest: Option<&(Message, Vec<Difference>)>,
    ) -> Failure {
        let came = match passed {
            0 => "no message came".to_owned(),
            1 => "one message came, and it is another".to_owned(),
            count => format!("{count} messages came, none of them it"),
        };
        let forgotten = self.connection.queue(self.host, |queue| queue.forgotten);
        let forgotten = if forgotten > 0 { format!(" ({forgotten} older ones were not kept)") } else { String::new() };
        let text = format!("expected a message with {matcher}{}; {came}{forgotten}", self.how_long(ended));
        let detail = nearest.map(|(message, found)| {
            let nearest = format!("nearest is #{}, {}", message.number(), cut(&message.summary(), 120));
            std::iter::once(nearest).chain(lines(found).iter().map(|line| format!("  {line}"))).collect()
        });
        self.with_frames(Failure::expectation(text).detail(detail.unwrap_or_default()))
    }

    fn how_long(&self, ended: &Ended) -> String {
        match ended {
            Ended::TimedOut => format!(" within {}", quantity::duration(self.limit)),
            Ended::Over => {
                let closed = self.connection.queue(self.host, |queue| {
                    queue.latest.iter().rev().find_map(|event| match &event.kind {
                        Kind::Close(closed) => Some(described(closed)),
                        _ => None,
                    })
                });
                format!(" before the connection closed with {}", closed.unwrap_or_else(|| "an error".into()))
            }
        }
    }

    fn with_frames(&self, failure: Failure) -> Failure {
        Failure { frames: self.connection.queue(self.host, |queue| self.host.shown(&queue.latest)), ..failure }
    }
}

/// A close code in words: `1000 normal closure`.
fn coded(code: Option<u16>) -> String {
    match code {
        None => "no code".to_owned(),
        Some(code) => code_name(code).map_or_else(|| code.to_string(), |name| format!("{code} {name}")),
    }
}

/// How a connection ended, in words.
fn described(closed: &Closed) -> String {
    let reason = |reason: &Bytes| {
        if reason.is_empty() { String::new() } else { format!(" {:?}", String::from_utf8_lossy(reason)) }
    };
    let detail = closed.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("{}{}{detail}", coded(closed.code), reason(&closed.reason))
}
