//! Who takes part in a replay besides the recording: hooks may change what is sent and judge what comes, an audience looks on.

use std::io;

use bytes::Bytes;

use super::compare::Verdict;
use super::conversation::Message;
use super::player::Stopped;
use crate::event::Event;

/// What becomes of a message that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// It is sent as it is.
    Send,
    /// It is not sent.
    Skip,
    /// This is sent, with the same opcode.
    Replace(Bytes),
}

impl Outgoing {
    /// What is sent where this was due, if anything is.
    #[must_use]
    pub fn instead_of(self, data: Bytes) -> Option<Bytes> {
        match self {
            Outgoing::Send => Some(data),
            Outgoing::Skip => None,
            Outgoing::Replace(other) => Some(other),
        }
    }
}

/// A hook wants the replay to end; it knows why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// What a user's own code has to say about a replay. Without a method of its own it says nothing.
pub trait Hooks {
    /// A message of the recording is due; its data is changed already.
    ///
    /// # Errors
    /// To end the replay.
    fn on_send(&mut self, _message: &Message) -> Result<Outgoing, Stop> {
        Ok(Outgoing::Send)
    }

    /// A message was received.
    ///
    /// # Errors
    /// To end the replay.
    fn on_receive(&mut self, _message: &Message) -> Result<(), Stop> {
        Ok(())
    }

    /// Whether what was received stands for what was recorded; `None`: as without the hook.
    ///
    /// # Errors
    /// To end the comparison.
    fn matches(&mut self, _recorded: &Message, _live: &Message) -> Result<Option<bool>, Stop> {
        Ok(None)
    }

    /// The replay is over, this came of it, and it may have ended before its time.
    ///
    /// # Errors
    /// To have it fail.
    fn after(&mut self, _verdict: &Verdict, _stopped: Option<&Stopped>) -> Result<(), Stop> {
        Ok(())
    }
}

/// Nobody has anything to say.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {}

/// Who looks on, and may have enough of it.
pub trait Audience {
    /// Something happened; every sink has it already.
    fn event(&mut self, _event: &Event) {}

    /// Whether to end; asked when the driver was woken.
    fn has_enough(&mut self) -> bool {
        false
    }

    /// A sink takes no more: whether to go on without it.
    fn lost(&mut self, _error: &io::Error) -> bool {
        true
    }
}

impl Audience for () {}
