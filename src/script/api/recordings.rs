//! Recordings: of this script, and others to look into.

use rhai::plugin::*;
use rhai::{Array, Dynamic};

use crate::recording::{Entry, Existing, Reader, Writer};
use crate::script::connection::Connection;
use crate::script::failure::{Failure, FailureKind, Raised};
use crate::script::host::Host;
use crate::script::message::Message;

#[export_module]
pub mod api {
    /// Records all connections to this file from now on; appends to a recording that is there.
    #[rhai_fn(name = "record", return_raw)]
    pub fn record(context: NativeCallContext, path: &str) -> Raised<()> {
        let host = Host::of(&context);
        let setup = host.setup();
        let place = super::super::files::place(&context, path)?;
        let writer = Writer::open(&place, &setup.timeline.clock(), &setup.masks, Existing::Append);
        let writer = writer.map_err(|error| Failure::new(FailureKind::File, error.to_string()).hint(error.hint()))?;
        drop(setup.record.replace(Some(writer)));
        Ok(())
    }

    /// Records no further.
    #[rhai_fn(name = "record_stop", return_raw)]
    pub fn record_stop(context: NativeCallContext) -> Raised<()> {
        let setup = Host::of(&context);
        let told = setup.setup().timeline.flush();
        drop(setup.setup().record.replace(None));
        told.map_err(|error| Failure::new(FailureKind::File, error.to_string()).into())
    }

    /// Writes a note into the recording.
    #[rhai_fn(name = "note")]
    pub fn note(context: NativeCallContext, text: &str) {
        Host::of(&context).note(0, text);
    }

    /// Writes a note about this connection into the recording.
    #[rhai_fn(name = "note", pure)]
    pub fn note_on(context: NativeCallContext, ws: &mut Connection, text: &str) {
        Host::of(&context).note(ws.number(), text);
    }

    /// The messages of a recording, sent and received, in order: see `Message`.
    #[rhai_fn(name = "recording", return_raw)]
    pub fn recording(context: NativeCallContext, path: &str) -> Raised<Array> {
        let place = super::super::files::place(&context, path)?;
        let unreadable = |error: crate::recording::ReadError| Failure::new(FailureKind::File, error.to_string());
        let mut reader = Reader::open(&place).map_err(unreadable)?;
        let mut messages = Array::new();
        while let Some(entry) = reader.entry().map_err(unreadable)? {
            let Entry::Event(event) = entry else { continue };
            let message = Message::recorded(event).filter(Message::is_data);
            messages.extend(message.map(Dynamic::from));
        }
        Ok(messages)
    }
}
