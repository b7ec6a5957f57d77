//! What two peers said to each other: the messages of one connection in order, and its end. Recorded or live, the same.

use std::time::Duration;

use bytes::Bytes;

use crate::event::{Closed, Direction, FrameEvent};

/// The messages of one connection.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    /// In the order that this side saw, both directions together.
    pub messages: Vec<Message>,
    /// How it ended; `None`: nobody saw that.
    pub end: Option<Closed>,
}

/// A message, inflated and whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// As this side saw it.
    pub direction: Direction,
    /// Of its last frame, since the timeline began.
    pub time: Duration,
    /// The number of its last frame on the timeline.
    pub number: u64,
    pub binary: bool,
    pub data: Bytes,
}

impl Message {
    /// The message that this frame completes, if it does.
    #[must_use]
    pub fn of(time: Duration, frame: &FrameEvent) -> Option<Message> {
        let message = frame.message.as_ref()?;
        let data = message.data.clone();
        Some(Message { direction: frame.direction, time, number: frame.number, binary: message.binary, data })
    }
}
