//! Functions that a script hands over: called at once, or kept and called later from wherever the script waits.

#[allow(deprecated, reason = "functions of imported modules need it, and there is no other way to keep it")]
use rhai::NativeCallContextStore;
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, FuncArgs, NativeCallContext};

use super::failure::Raised;

/// A function to be called later, with all that it needs of the place where it was written.
#[derive(Clone)]
pub struct Callback {
    function: FnPtr,
    #[allow(deprecated, reason = "as above")]
    place: NativeCallContextStore,
}

impl Callback {
    /// Keeps a function that was given in this call.
    #[must_use]
    #[allow(deprecated, reason = "as above")]
    pub fn new(function: FnPtr, context: &NativeCallContext<'_>) -> Callback {
        Callback { function, place: context.store_data() }
    }

    /// Calls it.
    ///
    /// # Errors
    /// What it throws.
    #[allow(deprecated, reason = "as above")]
    pub fn call(&self, engine: &Engine, arguments: impl FuncArgs) -> Raised<Dynamic> {
        self.function.call_within_context(&self.place.create_context(engine), arguments)
    }
}

/// Asks a function about a value. One that stumbles over what the value has not, has said no.
///
/// # Errors
/// What it throws otherwise.
pub fn ask(function: &FnPtr, value: Dynamic, context: &NativeCallContext<'_>) -> Raised<bool> {
    match function.call_within_context::<Dynamic>(context, (value,)) {
        Ok(answer) => Ok(answer.as_bool().unwrap_or(false)),
        Err(error) if stumbled(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the error is about `()`, as in `m.text.len()` of a binary message, or about a field of JSON that has none, as in
/// `m.json.id` of an array: a value that is not there.
pub fn stumbled(error: &EvalAltResult) -> bool {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) => stumbled(inner),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => signature.contains("(()") || signature.contains(", ()"),
        EvalAltResult::ErrorDotExpr(text, _) => {
            ["()", "array", "string", "i64", "f64", "bool"].iter().any(|name| text.contains(&format!("type '{name}'")))
        }
        EvalAltResult::ErrorIndexingType(name, _) => name.contains("()"),
        _ => false,
    }
}
