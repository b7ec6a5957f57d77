//! A received message as a script sees it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use rhai::{Blob, Dynamic, INT};

use crate::event::{Event, FrameEvent, Kind};

use super::inbox::Received;
use super::value::{blob, count, cut, from_json, text, written};

/// A message, or a control frame: cheap to copy.
#[derive(Clone)]
pub struct Message(Arc<Received>);

impl Message {
    /// `None`: the event is neither.
    #[must_use]
    pub fn new(received: Arc<Received>) -> Option<Message> {
        matches!(received.event.kind, Kind::Frame(_)).then_some(Message(received))
    }

    /// The same of a recording.
    #[must_use]
    pub fn recorded(event: Event) -> Option<Message> {
        Message::new(Arc::new(Received { place: 0, event, json: OnceLock::new() }))
    }

    /// Which way it went.
    #[must_use]
    pub fn direction(&self) -> &'static str {
        self.frame().map_or("", |frame| frame.direction.name())
    }

    /// The number of its connection.
    #[must_use]
    pub fn connection(&self) -> INT {
        INT::from(self.0.event.connection)
    }

    /// Where it stands in its connection's queue.
    #[must_use]
    pub fn place(&self) -> u64 {
        self.0.place
    }

    /// Whether it is a text or binary message, rather than a control frame.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.frame().is_some_and(|frame| frame.message.is_some())
    }

    /// `text`, `binary`, `ping`, `pong` or `close`.
    #[must_use]
    pub fn opcode(&self) -> String {
        match self.frame() {
            Some(FrameEvent { message: Some(message), .. }) if message.binary => "binary".into(),
            Some(FrameEvent { message: Some(_), .. }) => "text".into(),
            Some(frame) => frame.frame.header.opcode.to_string(),
            None => String::new(),
        }
    }

    /// The payload, inflated.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        static NOTHING: Bytes = Bytes::new();
        self.frame()
            .map_or(&NOTHING, |frame| frame.message.as_ref().map_or(&frame.frame.payload, |message| &message.data))
    }

    /// The text, or `()` for bytes that are no text.
    pub fn text(&self) -> Dynamic {
        let binary = self.frame().and_then(|frame| frame.message.as_ref()).is_some_and(|message| message.binary);
        match std::str::from_utf8(self.data()) {
            Ok(data) if !binary => text(data),
            _ => Dynamic::UNIT,
        }
    }

    /// The JSON, parsed when it is first asked for; `()` if it is none.
    pub fn json(&self) -> Dynamic {
        self.0.json.get_or_init(|| from_json(self.data()).unwrap_or(Dynamic::UNIT)).clone()
    }

    #[must_use]
    pub fn blob(&self) -> Blob {
        blob(self.data())
    }

    /// Seconds since the script's timeline began.
    #[must_use]
    pub fn time(&self) -> f64 {
        self.0.event.time.as_secs_f64()
    }

    /// Payload bytes, inflated.
    #[must_use]
    pub fn size(&self) -> INT {
        count(self.data().len())
    }

    /// How many frames it came in.
    #[must_use]
    pub fn frames(&self) -> INT {
        self.frame().and_then(|frame| frame.message.as_ref()).map_or(1, |message| INT::from(message.frames))
    }

    /// Whether it came compressed (RFC 7692).
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        self.frame().and_then(|frame| frame.message.as_ref()).is_some_and(|message| message.compressed)
    }

    /// The number of its last frame on the timeline.
    #[must_use]
    pub fn number(&self) -> INT {
        self.frame().map_or(0, |frame| count(frame.number))
    }

    /// Seconds since what it answers: for a pong its ping, for the first message after a sent message that one.
    pub fn after(&self) -> Dynamic {
        self.frame().and_then(|frame| frame.after).map_or(Dynamic::UNIT, |after| Dynamic::from(after.as_secs_f64()))
    }

    /// One line for the user.
    #[must_use]
    pub fn summary(&self) -> String {
        let data = match self.text().into_immutable_string() {
            Ok(text) => written(&Dynamic::from(text)),
            Err(_) => written(&Dynamic::from_blob(self.blob())),
        };
        cut(&format!("{} {data}", self.opcode()), 200)
    }

    /// What it is made of.
    #[must_use]
    pub fn frame(&self) -> Option<&FrameEvent> {
        match &self.0.event.kind {
            Kind::Frame(frame) => Some(frame),
            _ => None,
        }
    }
}
