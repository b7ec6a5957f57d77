//! Sending: messages, control frames, fragments, and frames that break the rules.

use bytes::Bytes;
use rhai::plugin::*;
use rhai::{Array, Blob, Dynamic, INT, Map};

use crate::command::{Command, FrameSpec, Masking};
use crate::protocol::{LengthForm, Opcode};
use crate::script::connection::Connection;
use crate::script::failure::{Failure, Raised};
use crate::script::host::Host;
use crate::script::message::Message;
use crate::script::value::{bytes, to_json, written};

#[export_module]
pub mod api {
    /// Sends a text message.
    #[rhai_fn(name = "send", return_raw, pure)]
    pub fn send_text(context: NativeCallContext, ws: &mut Connection, text: &str) -> Raised<()> {
        ws.send(&Host::of(&context), Command::Text(Bytes::copy_from_slice(text.as_bytes())))
    }

    /// Sends a binary message.
    #[rhai_fn(name = "send", return_raw, pure)]
    pub fn send_blob(context: NativeCallContext, ws: &mut Connection, bytes: Blob) -> Raised<()> {
        ws.send(&Host::of(&context), Command::Binary(bytes.into()))
    }

    /// Sends a message on as it came: text or binary, with the same payload.
    #[rhai_fn(name = "send", return_raw, pure)]
    pub fn send_on(context: NativeCallContext, ws: &mut Connection, message: Message) -> Raised<()> {
        ws.send(&Host::of(&context), again(&message))
    }

    /// Sends a value as JSON, in a text message.
    #[rhai_fn(name = "send_json", return_raw, pure)]
    pub fn send_json(context: NativeCallContext, ws: &mut Connection, value: Dynamic) -> Raised<()> {
        ws.send(&Host::of(&context), Command::Text(to_json(&value)?.into()))
    }

    /// Sends a text, bytes or a message to each of these connections, and waits for none of them to read: one that is far
    /// behind misses it, which a note in the recording says. One that is closed hears no more.
    #[rhai_fn(name = "broadcast", return_raw)]
    pub fn broadcast(connections: Array, data: Dynamic) -> Raised<()> {
        let command = match data.read_lock::<Message>() {
            Some(message) => again(&message),
            None => Command::message(data.is_blob(), bytes(&data)?),
        };
        for connection in &connections {
            let fits = "connections() gives an array of all, ws.others all but one";
            let connection = connection.read_lock::<Connection>();
            let connection =
                connection.ok_or_else(|| Failure::usage("broadcast takes an array of connections", fits))?;
            let _ = connection.port().offer(command.clone());
        }
        Ok(())
    }

    /// Sends a ping without payload.
    #[rhai_fn(name = "ping", return_raw, pure)]
    pub fn ping(context: NativeCallContext, ws: &mut Connection) -> Raised<()> {
        ws.send(&Host::of(&context), Command::Ping(Bytes::new()))
    }

    /// Sends a ping with a payload of at most 125 bytes.
    #[rhai_fn(name = "ping", return_raw, pure)]
    pub fn ping_with(context: NativeCallContext, ws: &mut Connection, payload: Dynamic) -> Raised<()> {
        ws.send(&Host::of(&context), Command::Ping(bytes(&payload)?))
    }

    /// Sends a pong that nobody asked for.
    #[rhai_fn(name = "pong", return_raw, pure)]
    pub fn pong(context: NativeCallContext, ws: &mut Connection) -> Raised<()> {
        ws.send(&Host::of(&context), Command::Pong(Bytes::new()))
    }

    /// Sends a pong that nobody asked for, with a payload of at most 125 bytes.
    #[rhai_fn(name = "pong", return_raw, pure)]
    pub fn pong_with(context: NativeCallContext, ws: &mut Connection, payload: Dynamic) -> Raised<()> {
        ws.send(&Host::of(&context), Command::Pong(bytes(&payload)?))
    }

    /// Begins the closing handshake with 1000.
    #[rhai_fn(name = "close", return_raw, pure)]
    pub fn close(context: NativeCallContext, ws: &mut Connection) -> Raised<()> {
        end(&context, ws, Some(1000), "")
    }

    /// Begins the closing handshake with a status code, any that a frame can hold.
    #[rhai_fn(name = "close", return_raw, pure)]
    pub fn close_with(context: NativeCallContext, ws: &mut Connection, code: INT) -> Raised<()> {
        end(&context, ws, Some(code), "")
    }

    /// Begins the closing handshake with a status code and a reason of at most 123 bytes.
    #[rhai_fn(name = "close", return_raw, pure)]
    pub fn close_because(context: NativeCallContext, ws: &mut Connection, code: INT, reason: &str) -> Raised<()> {
        end(&context, ws, Some(code), reason)
    }

    /// Begins the closing handshake with a close frame that has no status code.
    #[rhai_fn(name = "close_without_code", return_raw, pure)]
    pub fn close_without_code(context: NativeCallContext, ws: &mut Connection) -> Raised<()> {
        end(&context, ws, None, "")
    }

    /// Ends the connection at once, without a close frame, unless it is over already.
    #[rhai_fn(name = "drop", return_raw, pure)]
    pub fn drop(context: NativeCallContext, ws: &mut Connection) -> Raised<()> {
        // What it says of a connection that is over is no news.
        let stop = &Host::of(&context).setup().stop.clone();
        let _ = ws.port().send(Command::Drop, &|| stop.check().is_err());
        Ok(stop.check()?)
    }

    /// Sends one message in as many frames as there are parts: strings make a text message, blobs a binary one.
    #[rhai_fn(name = "fragment", return_raw, pure)]
    pub fn fragment(context: NativeCallContext, ws: &mut Connection, parts: Array) -> Raised<()> {
        let binary = parts.first().is_some_and(Dynamic::is_blob);
        let parts = parts.iter().map(bytes).collect::<Raised<Vec<Bytes>>>()?;
        ws.send(&Host::of(&context), Command::Fragments { binary, parts })
    }

    /// Sends one message in this many frames of about the same size.
    #[rhai_fn(name = "fragment", return_raw, pure)]
    pub fn fragment_into(context: NativeCallContext, ws: &mut Connection, data: Dynamic, count: INT) -> Raised<()> {
        let (binary, data) = (data.is_blob(), bytes(&data)?);
        let count = usize::try_from(count).unwrap_or_default().max(1);
        let size = data.len().div_ceil(count).max(1);
        let part = |at: usize| data.slice((at * size).min(data.len())..((at + 1) * size).min(data.len()));
        ws.send(&Host::of(&context), Command::Fragments { binary, parts: (0..count).map(part).collect() })
    }

    /// Sends one frame as it is, right or wrong (RFC 6455 section 5.2).
    ///
    /// `#{ op: "text", fin: true, rsv: 0, mask: "none", len: 64, length: 5, payload: "hello" }`: `op` a name or a
    /// number 0 to 15, `rsv` 0 to 7 (4: RSV1), `mask` "none", "random" or 8 hex digits, `len` 7, 16 or 64: the form of
    /// the length, `length` the length that the header claims (its 64 bits: -1 is 2^64 - 1), `payload` a string or a blob.
    #[rhai_fn(name = "frame", return_raw, pure)]
    pub fn frame(context: NativeCallContext, ws: &mut Connection, fields: Map) -> Raised<()> {
        ws.send(&Host::of(&context), Command::Frame(spec(&fields)?))
    }
}

/// What sends the same message again.
fn again(message: &Message) -> Command {
    Command::message(message.opcode() != "text", message.data().clone())
}

fn end(context: &NativeCallContext<'_>, ws: &Connection, code: Option<INT>, reason: &str) -> Raised<()> {
    let number = |code: INT| {
        let hint = "a status code is a number from 0 to 65535; RFC 6455 section 7.4 names them";
        u16::try_from(code).map_err(|_| Failure::usage(format!("{code} is no status code"), hint))
    };
    let code = code.map(number).transpose()?;
    ws.send(&Host::of(context), Command::Close { code, reason: reason.to_owned(), force: true })
}

fn spec(fields: &Map) -> Raised<FrameSpec> {
    let mut spec = FrameSpec::new(Opcode::TEXT, Bytes::new());
    for (name, value) in fields {
        set(&mut spec, name, value).map_err(|fits| {
            Failure::usage(format!("{name}: {} is not {fits}", written(value)), "see wscope run --api=frame")
        })?;
    }
    Ok(spec)
}

fn set(spec: &mut FrameSpec, name: &str, value: &Dynamic) -> Result<(), &'static str> {
    let number = |most: u64| value.as_int().ok().and_then(|int| u64::try_from(int).ok()).filter(|int| *int <= most);
    match name {
        "op" | "opcode" => {
            let fits = "an opcode: text, binary, continuation, close, ping, pong or 0 to 15";
            spec.opcode = value.to_string().parse().map_err(|_| fits)?;
        }
        "fin" => spec.fin = value.as_bool().map_err(|_| "true or false")?,
        "rsv" => spec.rsv = number(7).ok_or("0 to 7")? as u8,
        "mask" => {
            let text = value.to_string();
            spec.masking = match text.as_str() {
                "none" => Masking::None,
                "random" => Masking::Fresh,
                digits => {
                    let key = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 8);
                    Masking::Key(key.ok_or("\"none\", \"random\" or 8 hex digits")?.to_be_bytes())
                }
            };
        }
        "len" => {
            spec.form = Some(match number(64) {
                Some(7) => LengthForm::Bits7,
                Some(16) => LengthForm::Bits16,
                Some(64) => LengthForm::Bits64,
                _ => return Err("7, 16 or 64"),
            });
        }
        "length" => spec.length = Some(value.as_int().map_err(|_| "a number of bytes")?.cast_unsigned()),
        "payload" => spec.payload = bytes(value).map_err(|_| "a string or a blob")?,
        _ => return Err("a field of a frame: op, fin, rsv, mask, len, length, payload"),
    }
    Ok(())
}
