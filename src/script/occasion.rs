//! What a function can be called for: `on_message` and its like, and the shell's `/on`.

use std::sync::Arc;

use rhai::{Dynamic, Map};

use crate::event::{Event, Kind};
use crate::protocol::Opcode;

use super::api::ended;
use super::connection::Connection;
use super::inbox::Received;
use super::message::Message;
use super::value::text;

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    Open,
    Message,
    Ping,
    Close,
    Violation,
}

impl Occasion {
    pub const ALL: [Occasion; 5] =
        [Occasion::Open, Occasion::Message, Occasion::Ping, Occasion::Close, Occasion::Violation];

    /// As one writes it: `message`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Occasion::Open => "open",
            Occasion::Message => "message",
            Occasion::Ping => "ping",
            Occasion::Close => "close",
            Occasion::Violation => "violation",
        }
    }

    /// What an event is an occasion for.
    #[must_use]
    pub fn of(event: &Event) -> Option<Occasion> {
        match &event.kind {
            Kind::Ready(_) => Some(Occasion::Open),
            Kind::Frame(frame) if frame.message.is_some() => Some(Occasion::Message),
            Kind::Frame(frame) if frame.frame.header.opcode == Opcode::PING => Some(Occasion::Ping),
            Kind::Close(_) => Some(Occasion::Close),
            Kind::Violation { .. } => Some(Occasion::Violation),
            _ => None,
        }
    }
}

/// What the function is called with: the connection, the message, `#{ code, ... }` or `#{ rule, ... }`.
pub fn argument(connection: &Connection, received: &Arc<Received>) -> Dynamic {
    match &received.event.kind {
        Kind::Close(closed) => Dynamic::from(ended(closed)),
        Kind::Violation { violation, .. } => Dynamic::from(Map::from_iter([
            ("rule".into(), text(violation.rule.name())),
            ("section".into(), text(violation.rule.section())),
            ("text".into(), text(violation.to_string())),
        ])),
        _ => Message::new(Arc::clone(received)).map_or_else(|| Dynamic::from(connection.clone()), Dynamic::from),
    }
}
