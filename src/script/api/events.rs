//! Events as a browser has them: functions that are called while the script runs its connections.

use std::sync::Arc;
use std::time::Duration;

use rhai::plugin::*;
use rhai::{Dynamic, FnPtr};

use crate::script::callback::Callback;
use crate::script::connection::Connection;
use crate::script::failure::Raised;
use crate::script::host::Host;
use crate::script::inbox::Received;
use crate::script::occasion::{Occasion, argument};
use crate::script::value::duration;

#[export_module]
pub mod api {
    /// Calls `f(ws)` when the connection is open, again after each reconnect.
    #[rhai_fn(name = "on_open", pure)]
    pub fn on_open(context: NativeCallContext, ws: &mut Connection, f: FnPtr) {
        ws.state().handlers.insert(Occasion::Open, Callback::new(f, &context));
    }

    /// Calls `f(message)` for each message.
    #[rhai_fn(name = "on_message", pure)]
    pub fn on_message(context: NativeCallContext, ws: &mut Connection, f: FnPtr) {
        ws.state().handlers.insert(Occasion::Message, Callback::new(f, &context));
    }

    /// Calls `f(message)` for each ping.
    #[rhai_fn(name = "on_ping", pure)]
    pub fn on_ping(context: NativeCallContext, ws: &mut Connection, f: FnPtr) {
        ws.state().handlers.insert(Occasion::Ping, Callback::new(f, &context));
    }

    /// Calls `f(#{ code, reason, clean, by })` when the connection is closed.
    #[rhai_fn(name = "on_close", pure)]
    pub fn on_close(context: NativeCallContext, ws: &mut Connection, f: FnPtr) {
        ws.state().handlers.insert(Occasion::Close, Callback::new(f, &context));
    }

    /// Calls `f(#{ rule, section, text })` when the peer breaks a rule.
    #[rhai_fn(name = "on_violation", pure)]
    pub fn on_violation(context: NativeCallContext, ws: &mut Connection, f: FnPtr) {
        ws.state().handlers.insert(Occasion::Violation, Callback::new(f, &context));
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
        let setup = host.setup();
        let mut connections = host.connections();
        for (_, known) in setup.hub.known() {
            if connections.iter().all(|connection| connection.number() != known.number()) {
                connections.push(known);
            }
        }
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
        connection.state().handlers.clear();
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
    let Some(occasion) = Occasion::of(&received.event) else { return Ok(()) };
    let Some(callback) = connection.state().handlers.get(&occasion).cloned() else { return Ok(()) };
    connection.queue(host, |queue| queue.take(received.place));
    callback.call(context.engine(), (argument(connection, &received),)).map(drop)
}
