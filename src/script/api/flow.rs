//! Waiting, trying again, and doing several things at once.

use std::thread::Builder;
use std::time::Duration;

use rhai::plugin::*;
use rhai::{Array, Dynamic, FLOAT, FnPtr, INT};

use crate::script::callback::Callback;
use crate::script::engine::STACK;
use crate::script::failure::{Failure, Raised};
use crate::script::host::Host;
use crate::script::value::{duration, written};
use crate::transport::in_words;

#[export_module]
pub mod api {
    /// Waits. The connections go on meanwhile: pings are answered, messages kept.
    #[rhai_fn(name = "sleep", return_raw)]
    pub fn sleep(context: NativeCallContext, time: Dynamic) -> Raised<()> {
        pause(&Host::of(&context), duration(&time)?)
    }

    /// Waits so many seconds.
    // The engine has a function of this name for numbers, which nothing can stop.
    #[rhai_fn(name = "sleep", return_raw)]
    pub fn sleep_seconds(context: NativeCallContext, seconds: INT) -> Raised<()> {
        pause(&Host::of(&context), duration(&seconds.into())?)
    }

    /// Waits so many seconds.
    #[rhai_fn(name = "sleep", return_raw)]
    pub fn sleep_fraction(context: NativeCallContext, seconds: FLOAT) -> Raised<()> {
        pause(&Host::of(&context), duration(&seconds.into())?)
    }

    /// Seconds since the script began.
    #[rhai_fn(name = "now")]
    pub fn now(context: NativeCallContext) -> FLOAT {
        Host::of(&context).now().as_secs_f64()
    }

    /// Calls `f()` until it does not fail, at most `n` times, and gives what it gives. Pauses 100 ms between.
    #[rhai_fn(name = "retry", return_raw)]
    pub fn retry(context: NativeCallContext, n: INT, f: FnPtr) -> Raised<Dynamic> {
        again(&context, n, Duration::from_millis(100), &f)
    }

    /// The same with a pause of one's own.
    #[rhai_fn(name = "retry", return_raw)]
    pub fn retry_after(context: NativeCallContext, n: INT, time: Dynamic, f: FnPtr) -> Raised<Dynamic> {
        again(&context, n, duration(&time)?, &f)
    }

    /// Calls all functions at the same time, each on a thread of its own, and gives what they give, in their order. Fails
    /// as the first of them that fails.
    ///
    /// They may use the variables around them, but not change them at the same time: let each give its result.
    #[rhai_fn(name = "parallel", return_raw)]
    pub fn parallel(context: NativeCallContext, functions: Array) -> Raised<Array> {
        let functions = functions.into_iter().map(|value| {
            let shown = written(&value);
            let hint = "parallel([|| ..., || ...]) takes an array of functions";
            value.try_cast::<FnPtr>().ok_or_else(|| Failure::usage(format!("{shown} is no function"), hint))
        });
        let functions: Result<Vec<_>, _> = functions.collect();
        let calls: Vec<_> =
            functions?.into_iter().map(|function| (Callback::new(function, &context), Array::new())).collect();
        at_once(&context, &calls)
    }

    /// Calls `f(0)`, `f(1)` and so on, as many as that, in the same way.
    #[rhai_fn(name = "parallel", return_raw)]
    pub fn parallel_times(context: NativeCallContext, count: INT, f: FnPtr) -> Raised<Array> {
        let call = |number: INT| (Callback::new(f.clone(), &context), vec![Dynamic::from(number)]);
        at_once(&context, &(0..count).map(call).collect::<Vec<_>>())
    }
}

/// A function and what it is called with, each on a thread of its own.
fn at_once(context: &NativeCallContext<'_>, calls: &[(Callback, Array)]) -> Raised<Array> {
    let engine = context.engine();
    std::thread::scope(|scope| {
        let start = |(callback, arguments): &'_ (Callback, Array)| {
            let (callback, arguments) = (callback.clone(), arguments.clone());
            let thread = Builder::new().stack_size(STACK);
            thread.spawn_scoped(scope, move || callback.call(engine, arguments))
        };
        let threads = calls.iter().map(start).collect::<Result<Vec<_>, _>>().map_err(|error| {
            let text = format!("cannot start {} threads: {}", calls.len(), in_words(&error));
            Failure::usage(text, "parallel() needs a thread for each function")
        })?;
        let panicked = || Err(Failure::expectation("a function of parallel() panicked").into());
        let results: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| panicked())).collect();
        results.into_iter().collect()
    })
}

/// Waits, unless the script is to stop.
fn pause(host: &Host, time: Duration) -> Raised<()> {
    let setup = host.setup();
    let until = host.now().saturating_add(time);
    setup.inbox.wait(Some(until), &setup.stop, |_| None::<()>)?;
    Ok(())
}

fn again(context: &NativeCallContext<'_>, n: INT, time: Duration, f: &FnPtr) -> Raised<Dynamic> {
    let mut left = n;
    loop {
        match f.call_within_context(context, ()) {
            Err(error) if left > 1 && error.is_catchable() => {
                left -= 1;
                pause(&Host::of(context), time)?;
            }
            result => return result,
        }
    }
}
