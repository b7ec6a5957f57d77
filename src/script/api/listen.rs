//! Receiving and expecting. What an expectation passes over stays for later ones.

use std::time::Duration;

use rhai::plugin::*;
use rhai::{Array, Dynamic, INT, Map};

use crate::event::{Closed, Side};
use crate::protocol::Opcode;
use crate::script::connection::Connection;
use crate::script::expect::{Code, Watch};
use crate::script::failure::Raised;
use crate::script::host::Host;
use crate::script::matcher::{Matcher, Pattern, Several};
use crate::script::message::Message;
use crate::script::value::{duration, text};

#[export_module]
pub mod api {
    /// How long `recv` and the expectations of this connection wait when no time is given: 5 s at first.
    #[rhai_fn(name = "patience", return_raw, pure)]
    pub fn patience(ws: &mut Connection, time: Dynamic) -> Raised<()> {
        ws.state().patience = Some(duration(&time)?);
        Ok(())
    }

    /// The next message. Fails if none comes in time.
    #[rhai_fn(name = "recv", return_raw, pure)]
    pub fn recv(context: NativeCallContext, ws: &mut Connection) -> Raised<Message> {
        Watch::new(&Host::of(&context), ws, ws.patience()).any_message()
    }

    /// The next message. Fails if none comes within this time.
    #[rhai_fn(name = "recv", return_raw, pure)]
    pub fn recv_within(context: NativeCallContext, ws: &mut Connection, timeout: Dynamic) -> Raised<Message> {
        Watch::new(&Host::of(&context), ws, duration(&timeout)?).any_message()
    }

    /// The next message if it is there already, or else `()`.
    #[rhai_fn(name = "try_recv", pure)]
    pub fn try_recv(context: NativeCallContext, ws: &mut Connection) -> Dynamic {
        ws.queue(&Host::of(&context), |queue| {
            let first = queue.all().find_map(|received| Message::new(received.clone()).filter(Message::is_data));
            if let Some(first) = &first {
                queue.take(first.place());
            }
            first.map_or(Dynamic::UNIT, Dynamic::from)
        })
    }

    /// Takes all messages that are there already.
    #[rhai_fn(name = "drain", pure)]
    pub fn drain(context: NativeCallContext, ws: &mut Connection) -> Array {
        let is_message = |event: &crate::event::Event| matches!(&event.kind, crate::event::Kind::Frame(frame) if frame.message.is_some());
        let taken = ws.queue(&Host::of(&context), |queue| queue.drain(is_message));
        taken.into_iter().filter_map(Message::new).map(Dynamic::from).collect()
    }

    /// The messages that are there and nobody has taken, which stay there.
    #[rhai_fn(name = "messages", pure)]
    pub fn messages(context: NativeCallContext, ws: &mut Connection) -> Array {
        let kept: Vec<_> = ws.queue(&Host::of(&context), |queue| queue.all().cloned().collect());
        kept.into_iter().filter_map(Message::new).filter(Message::is_data).map(Dynamic::from).collect()
    }

    /// Waits for the first message that matches, and takes it; others stay for later. Fails if none comes in time.
    ///
    /// A matcher is a text or a blob (the whole payload), `regex(...)` or `contains(...)` (anywhere in it), a map or an
    /// array (JSON that has these fields; what stands in them may be a matcher again), a function of the message, or
    /// `any_of([...])` and `all_of([...])` of these.
    #[rhai_fn(name = "expect", return_raw, pure)]
    pub fn expect(context: NativeCallContext, ws: &mut Connection, matcher: Dynamic) -> Raised<Message> {
        wanted(&context, ws, &matcher, ws.patience())
    }

    /// The same within this time.
    #[rhai_fn(name = "expect", return_raw, pure)]
    pub fn expect_within(
        context: NativeCallContext,
        ws: &mut Connection,
        matcher: Dynamic,
        timeout: Dynamic,
    ) -> Raised<Message> {
        wanted(&context, ws, &matcher, duration(&timeout)?)
    }

    /// Waits for messages that match these in their order; others may come between them. Gives them all.
    #[rhai_fn(name = "expect_order", return_raw, pure)]
    pub fn expect_order(context: NativeCallContext, ws: &mut Connection, matchers: Array) -> Raised<Array> {
        in_order(&context, ws, &matchers, ws.patience())
    }

    /// The same, all of them within this time.
    #[rhai_fn(name = "expect_order", return_raw, pure)]
    pub fn expect_order_within(
        context: NativeCallContext,
        ws: &mut Connection,
        matchers: Array,
        timeout: Dynamic,
    ) -> Raised<Array> {
        in_order(&context, ws, &matchers, duration(&timeout)?)
    }

    /// Fails if a message comes within this time. Those that an expectation has passed over don't count.
    #[rhai_fn(name = "expect_none", return_raw, pure)]
    pub fn expect_none(context: NativeCallContext, ws: &mut Connection, time: Dynamic) -> Raised<()> {
        Watch::new(&Host::of(&context), ws, duration(&time)?).unseen().silence(None, &context)
    }

    /// Fails if a message that matches comes within this time.
    #[rhai_fn(name = "expect_none", return_raw, pure)]
    pub fn expect_none_of(
        context: NativeCallContext,
        ws: &mut Connection,
        matcher: Dynamic,
        time: Dynamic,
    ) -> Raised<()> {
        let matcher = Matcher::of(&matcher)?;
        Watch::new(&Host::of(&context), ws, duration(&time)?).unseen().silence(Some(&matcher), &context)
    }

    /// Waits until the connection is closed: `#{ code, reason, clean, by }`, the code `()` if there was none.
    #[rhai_fn(name = "expect_close", return_raw, pure)]
    pub fn expect_close(context: NativeCallContext, ws: &mut Connection) -> Raised<Map> {
        Watch::new(&Host::of(&context), ws, ws.patience()).close(Code::Any).map(|closed| ended(&closed))
    }

    /// Waits until the connection is closed. Fails if the status code is another; `()` for none.
    #[rhai_fn(name = "expect_close", return_raw, pure)]
    pub fn expect_close_with(context: NativeCallContext, ws: &mut Connection, code: Dynamic) -> Raised<Map> {
        Watch::new(&Host::of(&context), ws, ws.patience()).close(status(&code)).map(|closed| ended(&closed))
    }

    /// The same within this time.
    #[rhai_fn(name = "expect_close", return_raw, pure)]
    pub fn expect_close_within(
        context: NativeCallContext,
        ws: &mut Connection,
        code: Dynamic,
        timeout: Dynamic,
    ) -> Raised<Map> {
        Watch::new(&Host::of(&context), ws, duration(&timeout)?).close(status(&code)).map(|closed| ended(&closed))
    }

    /// Waits for the peer's close frame, whoever sent the first one: `#{ code, reason }`, the code `()` if it has none. Fails if
    /// the connection ends without one.
    #[rhai_fn(name = "expect_close_frame", return_raw, pure)]
    pub fn expect_close_frame(context: NativeCallContext, ws: &mut Connection) -> Raised<Map> {
        Watch::new(&Host::of(&context), ws, ws.patience()).control(Opcode::CLOSE).map(|frame| close_frame(&frame))
    }

    /// The same within this time.
    #[rhai_fn(name = "expect_close_frame", return_raw, pure)]
    pub fn expect_close_frame_within(context: NativeCallContext, ws: &mut Connection, timeout: Dynamic) -> Raised<Map> {
        let limit = duration(&timeout)?;
        Watch::new(&Host::of(&context), ws, limit).control(Opcode::CLOSE).map(|frame| close_frame(&frame))
    }

    /// Waits for a ping, which is answered by itself.
    #[rhai_fn(name = "expect_ping", return_raw, pure)]
    pub fn expect_ping(context: NativeCallContext, ws: &mut Connection) -> Raised<Message> {
        Watch::new(&Host::of(&context), ws, ws.patience()).control(Opcode::PING)
    }

    /// The same within this time.
    #[rhai_fn(name = "expect_ping", return_raw, pure)]
    pub fn expect_ping_within(context: NativeCallContext, ws: &mut Connection, timeout: Dynamic) -> Raised<Message> {
        Watch::new(&Host::of(&context), ws, duration(&timeout)?).control(Opcode::PING)
    }

    /// Waits for a pong.
    #[rhai_fn(name = "expect_pong", return_raw, pure)]
    pub fn expect_pong(context: NativeCallContext, ws: &mut Connection) -> Raised<Message> {
        Watch::new(&Host::of(&context), ws, ws.patience()).control(Opcode::PONG)
    }

    /// The same within this time.
    #[rhai_fn(name = "expect_pong", return_raw, pure)]
    pub fn expect_pong_within(context: NativeCallContext, ws: &mut Connection, timeout: Dynamic) -> Raised<Message> {
        Watch::new(&Host::of(&context), ws, duration(&timeout)?).control(Opcode::PONG)
    }

    /// A matcher: a regular expression found anywhere in the payload.
    #[rhai_fn(name = "regex", return_raw)]
    pub fn regex(pattern: &str) -> Raised<Pattern> {
        Pattern::regex(pattern)
    }

    /// A matcher: a text found anywhere in the payload.
    #[rhai_fn(name = "contains", return_raw)]
    pub fn contains(text: &str) -> Raised<Pattern> {
        Pattern::contains(text)
    }

    /// A matcher: at least one of these.
    pub fn any_of(matchers: Array) -> Several {
        Several { matchers, all: false }
    }

    /// A matcher: all of these.
    pub fn all_of(matchers: Array) -> Several {
        Several { matchers, all: true }
    }
}

fn wanted(context: &NativeCallContext<'_>, ws: &Connection, matcher: &Dynamic, limit: Duration) -> Raised<Message> {
    Watch::new(&Host::of(context), ws, limit).message(&Matcher::of(matcher)?, context)
}

fn in_order(context: &NativeCallContext<'_>, ws: &Connection, matchers: &Array, limit: Duration) -> Raised<Array> {
    let matchers = matchers.iter().map(Matcher::of).collect::<Raised<Vec<_>>>()?;
    let host = Host::of(context);
    let mut watch = Watch::new(&host, ws, limit);
    matchers.iter().map(|matcher| watch.message(matcher, context).map(Dynamic::from)).collect()
}

/// A status code as a script writes it; `None`: a close frame without one, or no close frame.
fn status(code: &Dynamic) -> Code {
    // A number that is no status code is never met.
    Code::This(code.as_int().ok().map(|code| u16::try_from(code).unwrap_or_default()))
}

/// What a close frame says, right or wrong (RFC 6455 section 5.5.1).
fn close_frame(frame: &Message) -> Map {
    let (code, reason) = match frame.data()[..] {
        [high, low, ref reason @ ..] => (Dynamic::from(INT::from(u16::from_be_bytes([high, low]))), reason),
        ref other => (Dynamic::UNIT, other),
    };
    Map::from_iter([("code".into(), code), ("reason".into(), text(String::from_utf8_lossy(reason).into_owned()))])
}

/// How a connection ended, as a map.
pub fn ended(closed: &Closed) -> Map {
    let by = match closed.by {
        Side::Us => "us",
        Side::Peer => "peer",
    };
    Map::from_iter([
        ("code".into(), closed.code.map_or(Dynamic::UNIT, |code| Dynamic::from(INT::from(code)))),
        ("reason".into(), text(String::from_utf8_lossy(&closed.reason).into_owned())),
        ("clean".into(), closed.clean.into()),
        ("by".into(), text(by)),
    ])
}
