//! Recordings: of this script, and others to look into.

use rhai::plugin::*;
use rhai::{Array, Dynamic, EvalAltResult, FLOAT, FnPtr, INT, Position};

use super::{ended, maybe};
use crate::recording::{Existing, Writer};
use crate::script::connection::Connection;
use crate::script::failure::{Failure, FailureKind, Raised};
use crate::script::host::Host;
use crate::script::message::Message;
use crate::script::recorded::{RecordedConnection, Recording};
use crate::script::value::count;

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

    /// A recording. It is used as an array of its messages would be, sent and received, in order (see `Message`):
    /// `rec.len`, `rec[0]`, `for m in rec`, `rec.filter(|m| m.dir == "sent")`.
    #[rhai_fn(name = "recording", return_raw)]
    pub fn recording(context: NativeCallContext, path: &str) -> Raised<Recording> {
        let place = super::super::files::place(&context, path)?;
        Recording::read(&place).map_err(|error| super::super::files::unusable(&context, error.to_string()).into())
    }

    /// The messages, in order, as an array.
    #[rhai_fn(get = "messages", pure)]
    pub fn messages(rec: &mut Recording) -> Array {
        rec.messages().iter().cloned().map(Dynamic::from).collect()
    }

    /// The frames, in order: those of messages, the fragments among them, and control frames. Each is as a `Message`.
    #[rhai_fn(get = "frames", pure)]
    pub fn frames(rec: &mut Recording) -> Array {
        rec.frames().iter().cloned().map(Dynamic::from).collect()
    }

    /// The connections, in the order of their beginnings.
    #[rhai_fn(get = "connections", pure)]
    pub fn connections(rec: &mut Recording) -> Array {
        rec.connections().map(Dynamic::from).collect()
    }

    /// The connection with this number. Fails if there is none.
    #[rhai_fn(name = "connection", return_raw, pure)]
    pub fn connection(rec: &mut Recording, number: INT) -> Raised<RecordedConnection> {
        Ok(rec.connection(number)?)
    }

    /// How many lines of it could not be read; what they said is not there.
    #[rhai_fn(get = "damaged", pure)]
    pub fn damaged(rec: &mut Recording) -> INT {
        count(rec.damaged())
    }

    /// How many messages it has.
    #[rhai_fn(get = "len", name = "len", pure)]
    pub fn len(rec: &mut Recording) -> INT {
        count(rec.messages().len())
    }

    /// The message at this place, from 0, or from the end with -1.
    #[rhai_fn(index_get, return_raw, pure)]
    pub fn message_at(rec: &mut Recording, place: INT) -> Raised<Message> {
        let messages = rec.messages();
        let from_start = if place < 0 { place.saturating_add(count(messages.len())) } else { place };
        let message = usize::try_from(from_start).ok().and_then(|at| messages.get(at)).cloned();
        Ok(message.ok_or_else(|| EvalAltResult::ErrorArrayBounds(messages.len(), place, Position::NONE))?)
    }

    /// The messages for which this holds.
    #[rhai_fn(name = "filter", return_raw, pure)]
    pub fn filter(context: NativeCallContext, rec: &mut Recording, f: FnPtr) -> Raised<Dynamic> {
        as_array(&context, "filter", rec, f)
    }

    /// What this makes of each message.
    #[rhai_fn(name = "map", return_raw, pure)]
    pub fn map(context: NativeCallContext, rec: &mut Recording, f: FnPtr) -> Raised<Dynamic> {
        as_array(&context, "map", rec, f)
    }

    /// The first message for which this holds, or `()`.
    #[rhai_fn(name = "find", return_raw, pure)]
    pub fn find(context: NativeCallContext, rec: &mut Recording, f: FnPtr) -> Raised<Dynamic> {
        as_array(&context, "find", rec, f)
    }

    /// Whether this holds for some message.
    #[rhai_fn(name = "some", return_raw, pure)]
    pub fn some(context: NativeCallContext, rec: &mut Recording, f: FnPtr) -> Raised<Dynamic> {
        as_array(&context, "some", rec, f)
    }

    /// Whether this holds for all messages.
    #[rhai_fn(name = "all", return_raw, pure)]
    pub fn all(context: NativeCallContext, rec: &mut Recording, f: FnPtr) -> Raised<Dynamic> {
        as_array(&context, "all", rec, f)
    }

    /// What it has in it, in a line.
    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub fn to_string(rec: &mut Recording) -> String {
        let (connections, messages, frames) = (rec.connections().len(), rec.messages().len(), rec.frames().len());
        format!("{}: connections {connections}, messages {messages}, frames {frames}", rec.name())
    }

    /// Its number in the recording, from 1.
    #[rhai_fn(get = "number", pure)]
    pub fn number(connection: &mut RecordedConnection) -> INT {
        INT::from(connection.score().number)
    }

    /// The URL as it was asked for; of a server what the client asked for.
    #[rhai_fn(get = "url", pure)]
    pub fn url(connection: &mut RecordedConnection) -> String {
        connection.score().url.clone()
    }

    /// The side that recorded: `"client"` or `"server"`. What it sent is `"sent"`.
    #[rhai_fn(get = "role", pure)]
    pub fn role(connection: &mut RecordedConnection) -> String {
        connection.role().to_owned()
    }

    /// The subprotocol that was agreed on, or `()`.
    #[rhai_fn(get = "subprotocol", pure)]
    pub fn subprotocol(connection: &mut RecordedConnection) -> Dynamic {
        let ready = connection.score().ready.as_ref();
        maybe(ready.and_then(|ready| ready.negotiated.subprotocol.clone()))
    }

    /// The status of the opening handshake's response, such as 101, or `()`.
    #[rhai_fn(get = "status", pure)]
    pub fn status(connection: &mut RecordedConnection) -> Dynamic {
        let response = connection.score().response.as_ref();
        response.map_or(Dynamic::UNIT, |response| INT::from(response.status).into())
    }

    /// When it was opened, in seconds since the recording began.
    #[rhai_fn(get = "opened", pure)]
    pub fn opened(connection: &mut RecordedConnection) -> FLOAT {
        connection.score().opened.as_secs_f64()
    }

    /// How it ended, `#{ code, reason, clean, by }`, or `()` if the recording ends before.
    #[rhai_fn(get = "closed", pure)]
    pub fn closed(connection: &mut RecordedConnection) -> Dynamic {
        let end = connection.score().end.as_ref();
        end.map_or(Dynamic::UNIT, |(_, closed)| Dynamic::from(ended(closed)))
    }

    /// The messages of this connection, in order.
    #[rhai_fn(get = "messages", pure)]
    pub fn messages_of(connection: &mut RecordedConnection) -> Array {
        connection.messages().map(Dynamic::from).collect()
    }

    /// The frames of this connection, in order.
    #[rhai_fn(get = "frames", pure)]
    pub fn frames_of(connection: &mut RecordedConnection) -> Array {
        connection.frames().map(Dynamic::from).collect()
    }

    /// `recorded connection 1 to ws://...`
    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub fn recorded_to_string(connection: &mut RecordedConnection) -> String {
        format!("recorded connection {} to {}", connection.score().number, connection.score().url)
    }
}

/// What the method of arrays says of the messages.
fn as_array(context: &NativeCallContext<'_>, method: &str, rec: &mut Recording, f: FnPtr) -> Raised<Dynamic> {
    context.call_native_fn(method, (api::messages(rec), f))
}
