//! What a shell, a script or a replay asks a connection to do.

use bytes::Bytes;

use crate::event::Message;
pub use crate::protocol::{FrameSpec, Masking};

/// One thing to do on a connection. Whoever wants something sent says it with this.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// A message in one frame, compressed if that was negotiated. Text must be UTF-8.
    Text(Bytes),
    Binary(Bytes),
    /// A message in as many frames as there are parts.
    Fragments {
        binary: bool,
        parts: Vec<Bytes>,
    },
    /// Up to 125 bytes.
    Ping(Bytes),
    /// Up to 125 bytes.
    Pong(Bytes),
    /// Any frame, right or wrong.
    Frame(FrameSpec),
    /// Begin the closing handshake. `force` allows codes that may not be on the wire (1005, 1006, 1015, ...).
    Close {
        code: Option<u16>,
        reason: String,
        force: bool,
    },
    /// End the connection without a close frame.
    Drop,
}

impl Command {
    /// A message in one frame.
    #[must_use]
    pub fn message(binary: bool, data: Bytes) -> Command {
        if binary { Command::Binary(data) } else { Command::Text(data) }
    }
}

impl From<Message> for Command {
    /// Sends the message again.
    fn from(message: Message) -> Command {
        Command::message(message.binary, message.data)
    }
}
