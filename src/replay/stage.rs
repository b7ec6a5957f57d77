//! What a part is played on: an open connection, whichever thread runs it.

use std::time::Duration;

use crate::command::Command;
use crate::protocol::{DeflateParams, SendError};
use crate::session::{Driver, Waited};

/// An open connection to play on.
pub trait Stage {
    /// The time on the connection's timeline.
    fn now(&self) -> Duration;

    /// Waits until something happens or `until` passes, as [`Driver::wait`] does.
    fn wait(&mut self, until: Option<Duration>) -> Waited;

    /// Has a command carried out.
    ///
    /// # Errors
    /// When it can't be encoded or the connection is closing; nothing was sent then.
    fn send(&mut self, command: Command) -> Result<(), SendError>;

    /// What the peer has not read of what was sent, as far as that is known here, in bytes.
    fn unwritten(&self) -> usize;

    /// Whether that is too much to send more before [`Waited::Writable`].
    fn is_full(&mut self) -> bool;

    /// Whether a close frame was sent, or the connection failed.
    fn is_closing(&self) -> bool;

    /// The compression that was agreed on.
    fn deflate(&self) -> Option<DeflateParams>;
}

impl Stage for Driver {
    fn now(&self) -> Duration {
        self.timeline().clock().elapsed()
    }

    fn wait(&mut self, until: Option<Duration>) -> Waited {
        Driver::wait(self, until)
    }

    fn send(&mut self, command: Command) -> Result<(), SendError> {
        Driver::send(self, command)
    }

    fn unwritten(&self) -> usize {
        self.connection().output().len()
    }

    fn is_full(&mut self) -> bool {
        Driver::is_full(self)
    }

    fn is_closing(&self) -> bool {
        self.connection().is_closing()
    }

    fn deflate(&self) -> Option<DeflateParams> {
        self.connection().config().deflate
    }
}
