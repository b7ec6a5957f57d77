//! What the shell needs of a connection, behind a trait so that a test can watch what is sent.

use std::io;
use std::sync::Arc;

use crate::command::Command;
use crate::protocol::OnViolation;
use crate::script::Port;
use crate::session::{self, ConnectOptions, LinkError, State, Timeline};

/// A connection on its own thread, which scripts can have too. The last handle dropped drops the connection.
pub(super) trait Link: Port {
    /// How far it is.
    fn state(&self) -> State;

    /// Has a command carried out, if that takes no longer than a second.
    fn give(&self, command: Command) -> Result<(), LinkError>;

    /// Changes what happens when the peer breaks a rule, from now on.
    fn set_on_violation(&self, on_violation: OnViolation) -> Result<(), LinkError>;
}

/// Begins to open a connection and returns at once. What comes of it arrives on the timeline, under the number given.
pub(super) type OpenLink = dyn Fn(ConnectOptions, Timeline, u32) -> io::Result<Arc<dyn Link>> + Send + Sync;

/// The real one.
pub(super) fn open(options: ConnectOptions, timeline: Timeline, number: u32) -> io::Result<Arc<dyn Link>> {
    Ok(Arc::new(session::Link::open(options, timeline, number)?))
}

impl Link for session::Link {
    fn state(&self) -> State {
        session::Link::state(self)
    }

    fn give(&self, command: Command) -> Result<(), LinkError> {
        session::Link::send(self, command)
    }

    fn set_on_violation(&self, on_violation: OnViolation) -> Result<(), LinkError> {
        session::Link::set_on_violation(self, on_violation)
    }
}

/// A state in a word.
pub(super) const fn name(state: State) -> &'static str {
    match state {
        State::Connecting => "connecting",
        State::Open => "open",
        State::Closing => "closing",
        State::Closed => "closed",
    }
}
