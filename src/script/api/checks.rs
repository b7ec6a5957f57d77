//! Checks, and the cases of a test.

use rhai::plugin::*;
use rhai::{Array, Dynamic, FnPtr, Map};

use crate::script::callback::Callback;
use crate::script::difference::{Difference, differences, lines};
use crate::script::failure::{Failure, FailureKind, Raised};
use crate::script::host::Host;
use crate::script::suite::Case;
use crate::script::value::written;

#[export_module]
pub mod api {
    /// Fails unless the condition is true.
    #[rhai_fn(name = "assert", return_raw)]
    pub fn assert(condition: bool) -> Raised<()> {
        holds(condition, || "the assertion does not hold".to_owned())
    }

    /// Fails with this text unless the condition is true.
    #[rhai_fn(name = "assert", return_raw)]
    pub fn assert_because(condition: bool, text: &str) -> Raised<()> {
        holds(condition, || text.to_owned())
    }

    /// Fails unless both values are the same. Maps and arrays are compared field by field.
    #[rhai_fn(name = "assert_eq", return_raw)]
    pub fn assert_eq(context: NativeCallContext, got: Dynamic, expected: Dynamic) -> Raised<()> {
        same(&context, &got, &expected, "")
    }

    /// The same; the text says what it is about.
    #[rhai_fn(name = "assert_eq", return_raw)]
    pub fn assert_eq_because(context: NativeCallContext, got: Dynamic, expected: Dynamic, text: &str) -> Raised<()> {
        same(&context, &got, &expected, text)
    }

    /// Fails if both values are the same.
    #[rhai_fn(name = "assert_ne", return_raw)]
    pub fn assert_ne(context: NativeCallContext, got: Dynamic, other: Dynamic) -> Raised<()> {
        let differs = !compare(&context, &got, &other)?.is_empty();
        holds(differs, || format!("expected anything but {}", written(&other)))
    }

    /// Fails, with this text.
    #[rhai_fn(name = "fail", return_raw)]
    pub fn fail(text: &str) -> Raised<()> {
        Err(Failure::expectation(text).into())
    }

    /// Ends the case, or the script, as skipped.
    #[rhai_fn(name = "skip", return_raw)]
    pub fn skip(reason: &str) -> Raised<()> {
        Err(Failure::new(FailureKind::Skipped, reason).into())
    }

    /// Defines a case, which runs once the whole file has been read.
    #[rhai_fn(name = "test")]
    pub fn test(context: NativeCallContext, name: &str, f: FnPtr) {
        define(&context, name, &Array::new(), f);
    }

    /// Defines a case with tags: `test("name", ["slow"], || ...)`.
    #[rhai_fn(name = "test")]
    pub fn test_tagged(context: NativeCallContext, name: &str, tags: Array, f: FnPtr) {
        define(&context, name, &tags, f);
    }

    /// Calls `f()` before each case.
    #[rhai_fn(name = "setup")]
    pub fn setup(context: NativeCallContext, f: FnPtr) {
        Host::of(&context).cases().setup = Some(Callback::new(f, &context));
    }

    /// Calls `f()` after each case, however it ended.
    #[rhai_fn(name = "teardown")]
    pub fn teardown(context: NativeCallContext, f: FnPtr) {
        Host::of(&context).cases().teardown = Some(Callback::new(f, &context));
    }
}

fn holds(condition: bool, text: impl FnOnce() -> String) -> Raised<()> {
    if condition { Ok(()) } else { Err(Failure::expectation(text()).into()) }
}

fn same(context: &NativeCallContext<'_>, got: &Dynamic, expected: &Dynamic, text: &str) -> Raised<()> {
    let found = compare(context, got, expected)?;
    if found.is_empty() {
        return Ok(());
    }
    let text = if text.is_empty() { String::new() } else { format!("{text}: ") };
    let failure = Failure::expectation(format!("{text}expected {}, got {}", written(expected), written(got)));
    let is_whole = found.iter().all(|difference| difference.path.is_empty());
    Err(if is_whole { failure } else { failure.detail(lines(&found)) }.into())
}

/// What differs, in either of the two.
fn compare(context: &NativeCallContext<'_>, got: &Dynamic, expected: &Dynamic) -> Raised<Vec<Difference>> {
    let mut found = differences(expected, got, context)?;
    found.extend(surplus("", got, expected));
    Ok(found)
}

/// Fields that only the value has.
fn surplus(path: &str, got: &Dynamic, expected: &Dynamic) -> Vec<Difference> {
    if let (Ok(got), Ok(expected)) = (got.as_map_ref(), expected.as_map_ref()) {
        let field = |(name, value): (&rhai::Identifier, &Dynamic)| {
            let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
            match expected.get(name) {
                Some(expected) => surplus(&path, value, expected),
                None => vec![Difference { path, expected: "nothing".into(), got: written(value) }],
            }
        };
        return Map::iter(&got).flat_map(field).collect();
    }
    if let (Ok(got), Ok(expected)) = (got.as_array_ref(), expected.as_array_ref()) {
        let both = got.iter().zip(expected.iter()).enumerate();
        return both.flat_map(|(at, (got, expected))| surplus(&format!("{path}[{at}]"), got, expected)).collect();
    }
    Vec::new()
}

fn define(context: &NativeCallContext<'_>, name: &str, tags: &Array, f: FnPtr) {
    let case = Case {
        name: name.to_owned(),
        tags: tags.iter().map(ToString::to_string).collect(),
        function: Callback::new(f, context),
        line: context.call_position().line().unwrap_or_default(),
    };
    Host::of(context).cases().cases.push(case);
}
