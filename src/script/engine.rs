//! The engine: limits, modules beside the file that imports them, and the API with a host behind it.

use rhai::{Dynamic, Engine, EvalContext};

use super::api;
use super::connection::Connection;
use super::failure::Raised;
use super::host::Host;
use super::modules::Modules;
use super::recorded::Recording;
use super::stop::Stopped;

/// What a script may use up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Operations of the language; 0: any number.
    pub operations: u64,
    /// Bytes of a string, elements of an array; a map may have a tenth of that.
    pub size: usize,
    /// Calls within calls.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { operations: 1_000_000_000, size: 64 << 20, depth: 64 }
    }
}

/// Room on the stack for calls within calls, in bytes: as much as a main thread has.
pub const STACK: usize = 8 << 20;

/// An engine for this host.
#[must_use]
pub fn engine(host: &Host, limits: Limits) -> Engine {
    let mut engine = documented();
    engine.set_default_tag(Dynamic::from(host.clone()));
    engine.set_max_operations(limits.operations);
    engine.set_max_string_size(limits.size);
    engine.set_max_array_size(limits.size);
    engine.set_max_map_size(limits.size / 10);
    engine.set_max_call_levels(limits.depth);
    engine.set_max_expr_depths(128, 128);
    engine.set_module_resolver(Modules::default());
    let stop = host.setup().stop.clone();
    engine.on_progress(move |operations| {
        // Asking for the time costs more than an operation.
        let asked = operations % 64 == 0;
        asked.then(|| stop.check().err()).flatten().map(Dynamic::from::<Stopped>)
    });
    let printer = host.clone();
    engine.on_print(move |text| (printer.setup().print)(text));
    let printer = host.clone();
    engine.on_debug(move |text, source, position| {
        let place = source.map(|source| format!("{source}:")).unwrap_or_default();
        (printer.setup().print)(&format!("{place}{position:?}: {text}"));
    });
    #[allow(deprecated, reason = "the engine's word for an interface that may change")]
    engine.on_var(|name, _, context| unshare(name, context));
    engine
}

/// A connection or a recording that a function has captured is shared, and locked while a method of it runs:
/// `ws.on_message(|m| ws.send(m.text))` would fail. It is a handle that can be copied, so it is copied.
#[allow(clippy::unnecessary_wraps, reason = "the engine wants it so")]
fn unshare(name: &str, mut context: EvalContext<'_, '_, '_, '_, '_, '_>) -> Raised<Option<Dynamic>> {
    let shared = context.scope().get(name).filter(|value| value.is_shared() && !value.is_locked());
    let copied = |value: &Dynamic| {
        let recording = || value.read_lock::<Recording>().map(|rec| Dynamic::from(rec.clone()));
        value.read_lock::<Connection>().map(|ws| Dynamic::from(ws.clone())).or_else(recording)
    };
    let Some(own) = shared.and_then(copied) else { return Ok(None) };
    match context.scope_mut().get_mut(name) {
        Some(value) => {
            *value = own;
            Ok(None)
        }
        None => Ok(Some(own)),
    }
}

/// An engine that knows the API, with nothing behind it.
#[must_use]
pub fn documented() -> Engine {
    let mut engine = Engine::new();
    api::register(&mut engine);
    // What is not there has no fields: `m.json.params.price` of a message without them is `()`, which equals nothing.
    engine.register_indexer_get(|(): &mut (), _: &str| -> Raised<Dynamic> { Ok(Dynamic::UNIT) });
    engine
}
