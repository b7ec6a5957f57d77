//! The server's side of one open connection, as the paths see it: take a turn, say something.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::paths::Room;
use crate::command::Command;
use crate::event::{Direction, Kind, Message};
use crate::session::{Driver, Waited, Wakened};

/// Unread output at which a client is given up, in bytes: twice the largest message.
const UNREAD: usize = 128 << 20;

/// What a path has to act on.
#[derive(Debug)]
pub(super) enum Turn {
    Message(Message),
    /// The time asked for has come.
    Due,
    /// Somebody used the waker.
    Woken,
    /// The connection is over.
    Over,
}

/// A client that shook hands.
pub(super) struct Client {
    driver: Driver,
    /// Path and query of its request.
    pub(super) resource: String,
    pub(super) room: Arc<Room>,
}

impl Client {
    pub(super) const fn new(driver: Driver, resource: String, room: Arc<Room>) -> Client {
        Client { driver, resource, room }
    }

    /// Lets another thread interrupt [`Client::next`].
    pub(super) fn with_waker(self, wakened: Wakened) -> Client {
        Client { driver: self.driver.with_waker(wakened), ..self }
    }

    /// Waits for the next turn, at most until `until` on the connection's clock. What was said before is written first.
    pub(super) fn next(&mut self, until: Option<Duration>) -> Turn {
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
                Waited::Writable | Waited::SinkFailed(_) => {}
            }
        }
    }

    /// Says something. A connection that is closing takes no more, and a client that reads nothing is dropped.
    pub(super) fn send(&mut self, command: Command) {
        let _ = self.driver.send(command);
        if self.driver.connection().output().len() > UNREAD {
            let _ = self.driver.send(Command::Drop);
        }
    }

    /// Says a text.
    pub(super) fn say(&mut self, text: impl Into<Bytes>) {
        self.send(Command::Text(text.into()));
    }

    /// Sends a message back as it came.
    pub(super) fn echo(&mut self, message: Message) {
        self.send(as_command(message));
    }

    /// Sends back whatever comes, to the end.
    pub(super) fn echo_all(mut self) {
        loop {
            match self.next(None) {
                Turn::Message(message) => self.echo(message),
                Turn::Due | Turn::Woken => {}
                Turn::Over => return,
            }
        }
    }

    /// Ends the stream without a close frame, once everything is written.
    pub(super) fn cut(mut self) {
        while let Waited::Event(_) = self.driver.wait(Some(self.now())) {}
        self.send(Command::Drop);
    }

    /// Whether a feed should leave out what can be left out, since the client does not keep up.
    pub(super) fn is_behind(&mut self) -> bool {
        self.driver.is_full()
    }

    /// On the connection's clock.
    pub(super) fn now(&self) -> Duration {
        self.driver.timeline().clock().elapsed()
    }

    /// The wall time.
    pub(super) fn wall(&self) -> SystemTime {
        let clock = self.driver.timeline().clock();
        clock.created() + clock.elapsed()
    }
}

/// The command that sends this message again.
pub(super) fn as_command(message: Message) -> Command {
    if message.binary { Command::Binary(message.data) } else { Command::Text(message.data) }
}
