//! A script's connection as what a recording is played on: commands go to its thread, what comes is taken from the inbox.

use std::sync::Arc;
use std::time::Duration;

use crate::command::Command;
use crate::event::{Event, Kind};
use crate::protocol::{DeflateParams, Opcode, SendError};
use crate::replay::Stage;
use crate::session::{CLOSE_TIMEOUT, LinkError, OUTPUT_FULL, Waited};

use super::connection::Connection;
use super::host::Host;
use super::inbox::Queue;
use super::stop::{Stop, Stopped};

/// From the oldest message that nobody has taken. Messages are taken; whatever else comes stays for the script.
pub struct Live {
    host: Host,
    connection: Connection,
    /// The place of the next event in the connection's queue.
    place: u64,
    full: bool,
    closing: bool,
    over: bool,
    stopped: Option<Stopped>,
    /// What it takes; the rest stays for the script.
    takes: fn(&Event) -> bool,
}

impl Live {
    #[must_use]
    pub fn new(host: Host, connection: Connection) -> Live {
        // What came before a reconnect belongs to another exchange.
        let closed = |queue: &Queue| queue.all().filter(|it| matches!(it.event.kind, Kind::Close(_))).last().cloned();
        let place = connection.queue(&host, |queue| closed(queue).filter(|_| !queue.is_closed()));
        let place = place.map_or(0, |closed| closed.place + 1);
        Live { host, connection, place, full: false, closing: false, over: false, stopped: None, takes: is_message }
    }

    /// Takes all that comes: no script will ask for it.
    #[must_use]
    pub fn for_itself(self) -> Live {
        Live { takes: |_| true, ..self }
    }

    /// Why the script has to stop, if it has.
    #[must_use]
    pub const fn stopped(&self) -> Option<Stopped> {
        self.stopped
    }

    fn heard(&mut self, event: Event) -> Waited {
        match &event.kind {
            Kind::Frame(frame) => self.closing |= frame.frame.header.opcode == Opcode::CLOSE,
            Kind::Close(_) => self.over = true,
            _ => {}
        }
        Waited::Event(event)
    }
}

fn is_message(event: &Event) -> bool {
    matches!(&event.kind, Kind::Frame(frame) if frame.message.is_some())
}

impl Stage for Live {
    fn now(&self) -> Duration {
        self.host.now()
    }

    fn wait(&mut self, until: Option<Duration>) -> Waited {
        if self.over {
            return Waited::Over;
        }
        let (setup, port, place, full) = (self.host.setup(), self.connection.port(), self.place, self.full);
        let takes = self.takes;
        // A closing handshake that is under way is seen to its end.
        let ends = self.stopped.is_some() && self.closing;
        let stop = if ends { Stop::new(setup.stop.clock(), Arc::default()) } else { setup.stop.clone() };
        let until = if ends { until.or_else(|| Some(self.now() + CLOSE_TIMEOUT)) } else { until };
        let found = setup.inbox.wait(until, &stop, |queues| {
            let over = port.is_over();
            let next = queues.get_mut(&port.number()).and_then(|queue| {
                let received = queue.from(place)?;
                queue.pass(received.place + 1);
                if takes(&received.event) {
                    queue.take(received.place);
                }
                Some(Ok(received))
            });
            let writable = full && port.unwritten() <= OUTPUT_FULL / 2;
            next.or_else(|| over.then_some(Err(Waited::Over))).or_else(|| writable.then_some(Err(Waited::Writable)))
        });
        match found {
            Ok(Some(Ok(received))) => {
                self.place = received.place + 1;
                self.heard(received.event.clone())
            }
            Ok(Some(Err(waited))) => {
                self.full = false;
                waited
            }
            Ok(None) => Waited::Timeout,
            // Whoever looks on may end it in good order; else there is nothing more to wait for.
            Err(stopped) if self.stopped.is_none() => {
                self.stopped = Some(stopped);
                Waited::Woken
            }
            Err(_) => {
                self.over = true;
                Waited::Over
            }
        }
    }

    fn send(&mut self, command: Command) -> Result<(), SendError> {
        let closes = match &command {
            Command::Close { .. } | Command::Drop => true,
            Command::Frame(spec) => spec.opcode == Opcode::CLOSE,
            _ => false,
        };
        let (stop, port) = (&self.host.setup().stop, self.connection.port());
        let late = closes.then(|| self.now() + CLOSE_TIMEOUT);
        let gives_up = || late.map_or_else(|| stop.check().is_err(), |late| self.now() > late);
        let sent = match port.send(command, &gives_up) {
            // Who reads nothing hears of no end either.
            Err(LinkError::Busy) if closes => port.send(Command::Drop, &gives_up),
            sent => sent,
        };
        match sent {
            Ok(()) => {
                self.closing |= closes;
                Ok(())
            }
            Err(LinkError::Send(error)) => Err(error),
            // The wait that follows tells why.
            Err(LinkError::Busy | LinkError::Closed | LinkError::Connecting) => Err(SendError::Closing),
        }
    }

    fn unwritten(&self) -> usize {
        self.connection.port().unwritten()
    }

    fn is_full(&mut self) -> bool {
        self.full = self.unwritten() > OUTPUT_FULL;
        self.full
    }

    fn is_closing(&self) -> bool {
        self.closing || self.over
    }

    fn deflate(&self) -> Option<DeflateParams> {
        let ready = self.connection.queue(&self.host, |queue| queue.opening.ready.clone());
        ready.and_then(|ready| ready.negotiated.deflate)
    }
}
