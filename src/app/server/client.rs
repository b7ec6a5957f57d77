//! The server's side of one open connection, as what it serves sees it: take a turn, say something.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::Room;
use crate::cli::Report;
use crate::command::Command;
use crate::event::{Direction, Kind, Message};
use crate::session::{Driver, Waited, Wakened};

/// Unread output at which a client is given up, in bytes: twice the largest message.
const UNREAD: usize = 128 << 20;

/// How many messages of a flood are sent before the client is heard.
const BATCH: usize = 100;

/// What a path has to act on.
#[derive(Debug)]
pub enum Turn {
    Message(Message),
    /// The time asked for has come.
    Due,
    /// Somebody used the waker.
    Woken,
    /// There was too much output to send more, and now there is not.
    Writable,
    /// The connection is over.
    Over,
}

/// A client that shook hands.
pub struct Client {
    driver: Driver,
    /// Path and query of its request.
    pub resource: String,
    pub room: Arc<Room>,
}

impl Client {
    pub const fn new(driver: Driver, resource: String, room: Arc<Room>) -> Client {
        Client { driver, resource, room }
    }

    /// Lets another thread interrupt [`Client::next`].
    pub fn with_waker(self, wakened: Wakened) -> Client {
        Client { driver: self.driver.with_waker(wakened), ..self }
    }

    /// Waits for the next turn, at most until `until` on the connection's clock. What was said before is written first.
    pub fn next(&mut self, until: Option<Duration>) -> Turn {
        loop {
            // A client that floods us must not keep others waiting for what is due.
            if until.is_some_and(|until| until <= self.now()) {
                return Turn::Due;
            }
            match self.driver.wait(until) {
                Waited::Event(event) => {
                    if let Kind::Frame(frame) = event.kind
                        && frame.direction == Direction::Received
                        && let Some(message) = frame.message
                    {
                        return Turn::Message(message);
                    }
                }
                Waited::Timeout => return Turn::Due,
                Waited::Woken => return Turn::Woken,
                Waited::Over => return Turn::Over,
                Waited::Writable => return Turn::Writable,
                Waited::SinkFailed(error) => tell(error),
            }
        }
    }

    /// Says something. A connection that is closing takes no more, and a client that reads nothing is dropped.
    pub fn send(&mut self, command: Command) {
        let _ = self.driver.send(command);
        if self.driver.connection().output().len() > UNREAD {
            let _ = self.driver.send(Command::Drop);
        }
    }

    /// Says a text.
    pub fn say(&mut self, text: impl Into<Bytes>) {
        self.send(Command::Text(text.into()));
    }

    /// Sends a message back as it came.
    pub fn echo(&mut self, message: Message) {
        self.send(message.into());
    }

    /// Sends back whatever comes, to the end. A client that does not read what it gets is read no further.
    pub fn echo_all(mut self) {
        loop {
            match self.next(None) {
                Turn::Message(message) => {
                    self.echo(message);
                    let full = self.driver.is_full();
                    self.driver.hold_reading(full);
                }
                Turn::Writable => self.driver.hold_reading(false),
                Turn::Due | Turn::Woken => {}
                Turn::Over => return,
            }
        }
    }

    /// Takes whatever comes, to the end.
    pub fn sink(mut self) {
        while !matches!(self.next(None), Turn::Over) {}
    }

    /// Sends the same message as fast as the client reads, to the end.
    pub fn flood(mut self, message: &Command) {
        loop {
            // A client that reads everything at once must be heard, too.
            let batch = (0..BATCH).take_while(|_| !self.driver.is_full() && self.driver.send(message.clone()).is_ok());
            let until = (batch.count() == BATCH).then_some(Duration::ZERO);
            match self.driver.wait(until) {
                Waited::Over => return,
                Waited::SinkFailed(error) => tell(error),
                _ => {}
            }
        }
    }

    /// Ends the stream without a close frame, once everything is written.
    pub fn cut(mut self) {
        while let Waited::Event(_) = self.driver.wait(Some(self.now())) {}
        self.send(Command::Drop);
    }

    /// Whether a feed should leave out what can be left out, since the client does not keep up.
    pub fn is_behind(&mut self) -> bool {
        self.driver.is_full()
    }

    /// On the connection's clock.
    pub fn now(&self) -> Duration {
        self.driver.timeline().clock().elapsed()
    }

    /// The wall time.
    pub fn wall(&self) -> SystemTime {
        let clock = self.driver.timeline().clock();
        clock.created() + clock.elapsed()
    }
}

/// Says on standard error what is lost; the server goes on.
fn tell(error: std::io::Error) {
    if let Some(report) = Report::lost(error) {
        report.print();
    }
}
