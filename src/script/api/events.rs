//! Events as a browser has them: functions that are called while the script runs its connections.

use std::sync::Arc;
use std::time::Duration;

use rhai::plugin::*;
use rhai::{Dynamic, FnPtr, Map};

use crate::event::Kind;
use crate::protocol::Opcode;
use crate::script::callback::Callback;
use crate::script::connection::{Connection, Handlers};
use crate::script::failure::Raised;
use crate::script::host::Host;
use crate::script::inbox::Received;
use crate::script::message::Message;
use crate::script::value::{duration, text};

#[export_module]
pub mod api {
    /// Calls `f(ws)` when the connection is open, again after each reconnect.
    #[rhai_fn(name = "on_open", pure)]
    pub fn on_open(context: NativeCallContext, ws: &mut Connection, f: FnPtr) {
        ws.state().handlers.open = Some(Callback::new(f, &context));
    }

    /// Calls `f(message)` for each message.
    #[rhai_fn(name = "on_message", pure)]
    pub fn on_message(context: NativeCallContext, ws: &mut Connection, f: FnPtr) {
        ws.state().handlers.message = Some(Callback::new(f, &context));
    }

    /// Calls `f(message)` for each ping.
    #[rhai_fn(name = "on_ping", pure)]
    pub fn on_ping(context: NativeCallContext, ws: &mut Connection, f: FnPtr) {
        ws.state().handlers.ping = Some(Callback::new(f, &context));
    }

    /// Calls `f(#{ code, reason, clean, by })` when the connection is closed.
    #[rhai_fn(name = "on_close", pure)]
    pub fn on_close(context: NativeCallContext, ws: &mut Connection, f: FnPtr) {
        ws.state().handlers.close = Some(Callback::new(f, &context));
    }

    /// Calls `f(#{ rule, section, text })` when the peer breaks a rule.
    #[rhai_fn(name = "on_violation", pure)]
    pub fn on_violation(context: NativeCallContext, ws: &mut Connection, f: FnPtr) {
        ws.state().handlers.violation = Some(Callback::new(f, &context));
    }

    /// Runs the connections for this long, or until all are closed, and calls the functions given for their events.
    #[rhai_fn(name = "run", return_raw)]
    pub fn run_for(context: NativeCallContext, time: Dynamic) -> Raised<()> {
        run_until(&context, Some(duration(&time)?))
    }

    /// Runs the connections until all are closed, or `stop()`.
    #[rhai_fn(name = "run", return_raw)]
    pub fn run(context: NativeCallContext) -> Raised<()> {
        run_until(&context, None)
    }

    /// Ends `run` once the function that calls this is done.
    #[rhai_fn(name = "stop")]
    pub fn stop(context: NativeCallContext) {
        Host::of(&context).leave(true);
    }
}

fn run_until(context: &NativeCallContext<'_>, limit: Option<Duration>) -> Raised<()> {
    let host = Host::of(context);
    let until = limit.map(|limit| host.now().saturating_add(limit));
    host.leave(false);
    while !host.leaves() {
        let connections = host.connections();
        let setup = host.setup();
        let next = setup.inbox.wait(until, &setup.stop, |queues| {
            let over = connections.iter().all(|connection| connection.port().is_over());
            let next = connections.iter().find_map(|connection| {
                let place = connection.state().told;
                let received = queues.get(&connection.number())?.from(place)?;
                Some(Some((connection.clone(), received)))
            });
            next.or_else(|| over.then_some(None))
        })?;
        let Some(Some((connection, received))) = next else { break };
        connection.state().told = received.place + 1;
        tell(&host, context, &connection, received)?;
    }
    let all_told = !host.leaves();
    for connection in host.connections().iter().filter(|connection| all_told && connection.port().is_over()) {
        // A function that has captured its connection would keep it for ever.
        connection.state().handlers = Handlers::default();
    }
    Ok(())
}

/// Calls the function for this event, if there is one; the event is taken then.
pub fn tell(
    host: &Host,
    context: &NativeCallContext<'_>,
    connection: &Connection,
    received: Arc<Received>,
) -> Raised<()> {
    let handlers = connection.state().handlers.clone();
    let Some((callback, argument)) = call(handlers, connection, &received) else { return Ok(()) };
    connection.queue(host, |queue| queue.take(received.place));
    callback.call(context.engine(), (argument,)).map(drop)
}

fn call(handlers: Handlers, connection: &Connection, received: &Arc<Received>) -> Option<(Callback, Dynamic)> {
    match &received.event.kind {
        Kind::Ready(_) => Some((handlers.open?, Dynamic::from(connection.clone()))),
        Kind::Frame(frame) if frame.message.is_some() => {
            Some((handlers.message?, Dynamic::from(Message::new(Arc::clone(received))?)))
        }
        Kind::Frame(frame) if frame.frame.header.opcode == Opcode::PING => {
            Some((handlers.ping?, Dynamic::from(Message::new(Arc::clone(received))?)))
        }
        Kind::Close(closed) => Some((handlers.close?, Dynamic::from(super::listen::ended(closed)))),
        Kind::Violation { violation, .. } => {
            let fields = Map::from_iter([
                ("rule".into(), text(violation.rule.name())),
                ("section".into(), text(violation.rule.section())),
                ("text".into(), text(violation.to_string())),
            ]);
            Some((handlers.violation?, Dynamic::from(fields)))
        }
        _ => None,
    }
}
