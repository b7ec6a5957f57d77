//! What two peers said to each other: the messages of one connection in order, and its end. Recorded or live, the same.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::event::{Closed, Direction, Event, FrameEvent, Kind};
use crate::session::Sink;

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

/// A sink that keeps what is said on each connection of a timeline, for whoever holds a clone of it.
#[derive(Clone, Debug, Default)]
pub struct Transcript(Arc<Mutex<BTreeMap<u32, Conversation>>>);

impl Transcript {
    /// What has been said on the connection with this number, which is forgotten then.
    #[must_use]
    pub fn take(&self, connection: u32) -> Conversation {
        self.lock().remove(&connection).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Conversation>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Transcript {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match &event.kind {
            Kind::Frame(frame) => {
                if let Some(message) = Message::of(event.time, frame) {
                    self.lock().entry(event.connection).or_default().messages.push(message);
                }
            }
            Kind::Close(closed) => self.lock().entry(event.connection).or_default().end = Some((**closed).clone()),
            _ => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
