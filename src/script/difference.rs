//! How a value that came differs from one that was expected, field by field.

use rhai::{Dynamic, FnPtr, NativeCallContext};

use super::callback::ask;
use super::failure::Raised;
use super::matcher::{Pattern, numbers};
use super::value::written;

/// A field that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `params[0].price`; empty for the whole.
    pub path: String,
    pub expected: String,
    pub got: String,
}

/// Every field of `expected` that is not so in `got`; fields that only `got` has don't count.
///
/// # Errors
/// A function in `expected` failed.
pub fn differences(expected: &Dynamic, got: &Dynamic, context: &NativeCallContext<'_>) -> Raised<Vec<Difference>> {
    let (mut found, mut failed) = (Vec::new(), None);
    let mut asked = |function: &FnPtr, value: &Dynamic| {
        ask(function, value.clone(), context).map_err(|error| failed = Some(error)).unwrap_or(false)
    };
    compare("", expected, Some(got), &mut asked, &mut found);
    failed.map_or(Ok(found), Err)
}

/// How many fields `expected` has, all levels counted.
#[must_use]
pub fn fields(expected: &Dynamic) -> usize {
    if let Ok(map) = expected.as_map_ref() {
        return map.values().map(fields).sum::<usize>().max(1);
    }
    if let Ok(array) = expected.as_array_ref() {
        return array.iter().map(fields).sum::<usize>().max(1);
    }
    1
}

/// Lines for the user, in columns.
#[must_use]
pub fn lines(differences: &[Difference]) -> Vec<String> {
    let name =
        |difference: &Difference| if difference.path.is_empty() { "it".to_owned() } else { difference.path.clone() };
    let width = differences.iter().map(|d| name(d).chars().count()).max().unwrap_or_default();
    let expected = differences.iter().map(|d| d.expected.chars().count()).max().unwrap_or_default().min(60);
    let line = |d: &Difference| format!("{:width$}  expected {:expected$}  got {}", name(d), d.expected, d.got);
    differences.iter().map(line).collect()
}

/// Asks a function about a value.
type Ask<'a> = dyn FnMut(&FnPtr, &Dynamic) -> bool + 'a;

fn compare(path: &str, expected: &Dynamic, got: Option<&Dynamic>, ask: &mut Ask<'_>, found: &mut Vec<Difference>) {
    let mut differs = |expected: String| {
        let got = got.map_or_else(|| "nothing".to_owned(), written);
        found.push(Difference { path: path.to_owned(), expected, got });
    };
    let Some(value) = got else { return differs(written(expected)) };
    if let Some(function) = expected.read_lock::<FnPtr>() {
        if !ask(&function, value) {
            differs("what the function takes".into());
        }
        return;
    }
    if let Some(pattern) = expected.read_lock::<Pattern>() {
        if !value.as_immutable_string_ref().is_ok_and(|text| pattern.matches(text.as_bytes())) {
            differs(pattern.to_string());
        }
        return;
    }
    if let Ok(wanted) = expected.as_map_ref() {
        let Ok(value) = value.as_map_ref() else { return differs(written(expected)) };
        for (name, wanted) in wanted.iter() {
            let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
            compare(&path, wanted, value.get(name.as_str()), ask, found);
        }
        return;
    }
    if let Ok(wanted) = expected.as_array_ref() {
        let Ok(value) = value.as_array_ref() else { return differs(written(expected)) };
        for (at, wanted) in wanted.iter().enumerate() {
            compare(&format!("{path}[{at}]"), wanted, value.get(at), ask, found);
        }
        if value.len() > wanted.len() {
            let (expected, got) = (wanted.len(), value.len());
            let (expected, got) = (format!("{expected} elements"), format!("{got}"));
            found.push(Difference { path: path.to_owned(), expected, got });
        }
        return;
    }
    if !equal(expected, value) {
        differs(written(expected));
    }
}

/// Whether two values that are neither map nor array are the same; 1 and 1.0 are.
#[allow(clippy::float_cmp, reason = "JSON's numbers are compared as they are written")]
fn equal(a: &Dynamic, b: &Dynamic) -> bool {
    if let Some((a, b)) = numbers(a, b) {
        return a == b;
    }
    match (a.as_blob_ref(), b.as_blob_ref()) {
        (Ok(a), Ok(b)) => *a == *b,
        _ => a.type_name() == b.type_name() && a.to_string() == b.to_string(),
    }
}
