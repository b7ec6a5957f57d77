//! A recording played again by a script, and what came of it.

use rhai::plugin::*;
use rhai::{Dynamic, INT, Map};

use super::maybe;
use crate::script::connection::Connection;
use crate::script::failure::Raised;
use crate::script::recorded::Recording;
use crate::script::replay::{self, Verdict};
use crate::script::value::count;

#[export_module]
pub mod api {
    /// Plays the recorded client's part on an open connection, to its end: says what the client said, closes as it closed, and
    /// holds what comes, and what nobody has taken of what came before, against what the client received.
    #[rhai_fn(name = "replay", return_raw, pure)]
    pub fn replay(context: NativeCallContext, rec: &mut Recording, ws: Connection) -> Raised<Verdict> {
        replay::replay(&context, rec, &ws, &Map::new())
    }

    /// The same with options, which are those of `wscope replay`:
    ///
    /// `#{ connection: 1, pace: "wait", speed: 2.0, max_gap: "1s", timeout: "10s", frames: false, close: true,
    /// set: #{ "params.token": "x", "#12:id": "{{id}}" }, capture: #{ id: "result.id" }, vars: #{ name: "ann" },
    /// ignore: ["ts"], ignore_regex: ["[0-9]+ms"], tolerance: "time=20%", on_send: |m| (), on_receive: |m| (),
    /// matches: |recorded, live| () }`: `connection` is the first that has frames, `pace` `"wait"` (for what came before in the
    /// recording), `"original"` or `"asap"`, `timeout` how much longer than it did the server may take. With `close: false`
    /// the connection stays open. `on_send` gives `()` to send the message, `false` to leave it out, or a text, JSON or bytes to
    /// send instead; `matches` whether one stands for the other, or `()` to have it compared.
    #[rhai_fn(name = "replay", return_raw, pure)]
    pub fn replay_with(
        context: NativeCallContext,
        rec: &mut Recording,
        ws: Connection,
        options: Map,
    ) -> Raised<Verdict> {
        replay::replay(&context, rec, &ws, &options)
    }

    /// Whether all was said and everything came as recorded: each message in its place, and the end.
    #[rhai_fn(get = "same", pure)]
    pub fn same(verdict: &mut Verdict) -> bool {
        verdict.is_same()
    }

    /// How many messages came as recorded, those that moved among them.
    #[rhai_fn(get = "matched", pure)]
    pub fn matched(verdict: &mut Verdict) -> INT {
        count(verdict.counts().matched)
    }

    /// How many came with other content.
    #[rhai_fn(get = "changed", pure)]
    pub fn changed(verdict: &mut Verdict) -> INT {
        count(verdict.counts().changed)
    }

    /// How many were recorded and did not come.
    #[rhai_fn(get = "missing", pure)]
    pub fn missing(verdict: &mut Verdict) -> INT {
        count(verdict.counts().missing)
    }

    /// How many came and were not recorded.
    #[rhai_fn(get = "unexpected", pure)]
    pub fn unexpected(verdict: &mut Verdict) -> INT {
        count(verdict.counts().unexpected)
    }

    /// How many came as recorded, in another place.
    #[rhai_fn(get = "moved", pure)]
    pub fn moved(verdict: &mut Verdict) -> INT {
        count(verdict.counts().moved)
    }

    /// What is not as recorded, in order: `#{ what, recorded, live, ... }`, as in `wscope diff --format json`.
    #[rhai_fn(get = "differences", pure)]
    pub fn differences(verdict: &mut Verdict) -> Dynamic {
        verdict.differences()
    }

    /// Why it did not come to its end, or `()`: the server took too long, or closed before all was said.
    #[rhai_fn(get = "stopped", pure)]
    pub fn stopped(verdict: &mut Verdict) -> Dynamic {
        maybe(verdict.stopped().map(str::to_owned))
    }

    /// What came of it, in a line.
    #[rhai_fn(get = "summary", name = "to_string", name = "to_debug", pure)]
    pub fn summary(verdict: &mut Verdict) -> String {
        verdict.summary()
    }

    /// The same, and what differs, in lines, as `wscope replay` shows it.
    #[rhai_fn(get = "text", pure)]
    pub fn text(verdict: &mut Verdict) -> String {
        verdict.text()
    }
}
