//! What a message tells.

use rhai::plugin::*;
use rhai::{Blob, Dynamic, FLOAT, INT};

use crate::script::message::Message;

#[export_module]
pub mod api {
    /// The text; `()` for a binary message that is no text.
    #[rhai_fn(get = "text", pure)]
    pub fn text(message: &mut Message) -> Dynamic {
        message.text()
    }

    /// The JSON as a value, parsed when it is first asked for; `()` if it is none. A field that is not there is `()`.
    #[rhai_fn(get = "json", pure)]
    pub fn json(message: &mut Message) -> Dynamic {
        message.json()
    }

    /// The payload, inflated.
    #[rhai_fn(get = "blob", pure)]
    pub fn blob(message: &mut Message) -> Blob {
        message.blob()
    }

    /// `"text"`, `"binary"`, `"ping"`, `"pong"` or `"close"`.
    #[rhai_fn(get = "opcode", pure)]
    pub fn opcode(message: &mut Message) -> String {
        message.opcode()
    }

    /// `"sent"` or `"received"`.
    #[rhai_fn(get = "dir", pure)]
    pub fn dir(message: &mut Message) -> String {
        message.direction().to_owned()
    }

    /// The number of its connection, from 1.
    #[rhai_fn(get = "conn", pure)]
    pub fn conn(message: &mut Message) -> INT {
        message.connection()
    }

    /// Seconds since the script, or the recording, began.
    #[rhai_fn(get = "time", pure)]
    pub fn time(message: &mut Message) -> FLOAT {
        message.time()
    }

    /// Payload bytes, inflated.
    #[rhai_fn(get = "size", pure)]
    pub fn size(message: &mut Message) -> INT {
        message.size()
    }

    /// How many frames it came in.
    #[rhai_fn(get = "frames", pure)]
    pub fn frames(message: &mut Message) -> INT {
        message.frames()
    }

    /// Whether it came compressed (RFC 7692).
    #[rhai_fn(get = "compressed", pure)]
    pub fn compressed(message: &mut Message) -> bool {
        message.is_compressed()
    }

    /// The number of its last frame, as in the recording.
    #[rhai_fn(get = "number", pure)]
    pub fn number(message: &mut Message) -> INT {
        message.number()
    }

    /// Seconds since what it answers (for a pong its ping, else the message sent before); `()` if it answers nothing.
    #[rhai_fn(get = "after", pure)]
    pub fn after(message: &mut Message) -> Dynamic {
        message.after()
    }

    /// Its opcode and the beginning of its payload.
    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub fn to_string(message: &mut Message) -> String {
        message.summary()
    }
}
