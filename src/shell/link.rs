//! What the shell needs of a connection: the one place where it meets the threads that do the work.

use std::io;
use std::sync::Arc;

use crate::command::Command;
use crate::protocol::OnViolation;
use crate::session::ConnectOptions;

/// Opens connections.
pub trait Opener: Send {
    /// Begins to open a connection and returns at once. What comes of it arrives on the timeline, under the link's number.
    ///
    /// # Errors
    /// There is no thread or file descriptor left.
    fn open(&self, options: ConnectOptions) -> io::Result<Arc<dyn Link>>;
}

/// A connection on its own thread. The last handle dropped drops the connection.
pub trait Link: Send + Sync {
    /// Its number on the timeline.
    fn number(&self) -> u32;

    /// Hands a command over; never waits for the network.
    ///
    /// # Errors
    /// Why it can't be carried out, in one line.
    fn send(&self, command: Command) -> Result<(), String>;

    /// Changes what happens when the peer breaks a rule, from now on.
    ///
    /// # Errors
    /// Why it can't be changed, in one line.
    fn set_on_violation(&self, on_violation: OnViolation) -> Result<(), String>;

    /// How far it is.
    fn state(&self) -> LinkState;
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    Connecting,
    Open,
    /// A close frame went one way.
    Closing,
    Closed,
}

impl LinkState {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            LinkState::Connecting => "connecting",
            LinkState::Open => "open",
            LinkState::Closing => "closing",
            LinkState::Closed => "closed",
        }
    }
}
