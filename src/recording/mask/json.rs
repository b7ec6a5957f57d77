//! Values taken out of messages that are JSON, by their place, without touching a byte beside them.
//!
//! A masked value keeps its size: what stands for it is filled up with blanks. So every length, offset and statistic of the
//! recording stays true.

use std::ops::Range;
use std::str::FromStr;

use crate::recording::scan::{Members, Value, elements};

/// A place in JSON: names or indices with dots between them; `*` is any one of them, `**` any number of them, none included.
/// `params.token`, `users.*.email`, `**.password`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Named(String),
    Any,
    Deep,
}

/// Why a text is no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a path is names with dots between them: params.token, users.*.email, **.password")]
pub struct JsonPathError;

impl FromStr for JsonPath {
    type Err = JsonPathError;

    fn from_str(text: &str) -> Result<JsonPath, JsonPathError> {
        let step = |step: &str| match step {
            "" => Err(JsonPathError),
            "*" => Ok(Step::Any),
            "**" => Ok(Step::Deep),
            name => Ok(Step::Named(name.to_owned())),
        };
        let steps = text.strip_prefix("$.").unwrap_or(text).split('.').map(step).collect::<Result<Vec<_>, _>>()?;
        if steps.last() == Some(&Step::Deep) { Err(JsonPathError) } else { Ok(JsonPath { steps }) }
    }
}

impl JsonPath {
    /// Calls `found` with each value at this place of a message, as it stands there; with none if that is no JSON.
    pub fn find(&self, data: &[u8], found: &mut dyn FnMut(&[u8])) {
        let data = data.trim_ascii();
        if matches!(data.first(), Some(b'{' | b'[')) {
            let mut visit = |value: &[u8], there: bool| {
                if there {
                    found(value);
                }
            };
            walk(data, &[&self.steps[..]], 0, &mut visit);
        }
    }

    /// Where the values at this place of a message are, in order.
    #[must_use]
    pub fn places(&self, data: &[u8]) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        self.find(data, &mut |value| {
            let start = value.as_ptr().addr() - data.as_ptr().addr();
            places.push(start..start + value.len());
        });
        places
    }
}

/// How deep JSON is followed; what is deeper is masked whole.
const DEPTH: usize = 64;

/// The message with what is at one of the paths masked; `None` if nothing is, as in a message that is not JSON.
pub(super) fn masked(data: &[u8], paths: &[JsonPath]) -> Option<Vec<u8>> {
    if !matches!(data.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return None;
    }
    let mut out = data.to_vec();
    let mut found = false;
    let mut hide = |value: &[u8], _| {
        let start = value.as_ptr().addr() - data.as_ptr().addr();
        let stand_in: &[u8] = if value.len() >= 5 { b"\"***\"" } else { b"0" };
        let room = &mut out[start..start + value.len()];
        room.fill(b' ');
        room[..stand_in.len()].copy_from_slice(stand_in);
        found = true;
    };
    let states: Vec<&[Step]> = paths.iter().map(|path| &path.steps[..]).collect();
    walk(data.trim_ascii(), &states, 0, &mut hide);
    found.then_some(out)
}

/// Calls `hide` with each value at the end of one of the paths (`true`) or too deep to tell, as it stands in the message.
fn walk<'a>(value: &'a [u8], paths: &[&[Step]], depth: usize, hide: &mut dyn FnMut(&'a [u8], bool)) {
    let mut visit = |name: &str, inner: &'a [u8]| {
        let mut next: Vec<&[Step]> = Vec::new();
        for path in paths {
            advance(path, name, &mut next);
        }
        let there = next.iter().any(|path| path.is_empty());
        if there || depth == DEPTH && !next.is_empty() {
            hide(inner, there);
        } else if !next.is_empty() && matches!(inner.first(), Some(b'{' | b'[')) {
            walk(inner, &next, depth + 1, hide);
        }
    };
    if value.first() == Some(&b'{') {
        for (name, inner) in Members::of(value) {
            let name = name.decode().unwrap_or_default();
            visit(&name, written(inner, value));
        }
    } else {
        for (index, inner) in elements(value).enumerate() {
            visit(&index.to_string(), written(inner, value));
        }
    }
}

/// A value with its quotes.
fn written<'a>(value: Value<'a>, whole: &'a [u8]) -> &'a [u8] {
    match value {
        Value::Bare(bytes) | Value::Nested(bytes) => bytes,
        Value::Text(text) => {
            let start = text.raw().as_ptr().addr() - whole.as_ptr().addr();
            &whole[start - 1..=start + text.raw().len()]
        }
    }
}

/// What is left of a path after a name: nothing added if the name is not on it, an empty rest at its end.
fn advance<'p>(path: &'p [Step], name: &str, next: &mut Vec<&'p [Step]>) {
    match path.split_first() {
        Some((Step::Named(step), rest)) if step == name => next.push(rest),
        Some((Step::Any, rest)) => next.push(rest),
        Some((Step::Deep, rest)) => {
            next.push(path);
            advance(rest, name, next);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mask(data: &str, paths: &[&str]) -> Option<String> {
        let paths: Vec<JsonPath> = paths.iter().map(|path| path.parse().expect("a path")).collect();
        masked(data.as_bytes(), &paths).map(|bytes| String::from_utf8(bytes).expect("still UTF-8"))
    }

    #[test]
    fn what_is_at_a_path_is_masked_and_every_other_byte_stays() {
        let login = r#"{"id": 1, "params":{"token":"s3cr\"et","n":[12345,7]},"token":"shown"}"#;
        assert_eq!(
            mask(login, &["params.token"]).as_deref(),
            Some(r#"{"id": 1, "params":{"token":"***"     ,"n":[12345,7]},"token":"shown"}"#)
        );
        assert_eq!(
            mask(login, &["$.params.n.*"]).as_deref(),
            Some(r#"{"id": 1, "params":{"token":"s3cr\"et","n":["***",0]},"token":"shown"}"#)
        );
        assert_eq!(
            mask(login, &["**.token"]).as_deref(),
            Some(r#"{"id": 1, "params":{"token":"***"     ,"n":[12345,7]},"token":"***"  }"#)
        );
        assert_eq!(mask(r#"[{"a":{"b":1}}]"#, &["0.a"]).as_deref(), Some(r#"[{"a":"***"  }]"#));
        assert_eq!(mask(r#"{"tok\u0065n":"abcdef"}"#, &["token"]).as_deref(), Some(r#"{"tok\u0065n":"***"   }"#));
    }

    #[test]
    fn what_is_not_there_or_no_json_stays() {
        assert_eq!(mask(r#"{"a":1}"#, &["b", "a.b", "*.*"]), None);
        assert_eq!(mask("token=1", &["**.token"]), None);
        assert_eq!(mask(r#"{"token":"#, &["token"]), None);
        for text in ["", "a..b", ".", "a.**"] {
            assert_eq!(text.parse::<JsonPath>(), Err(JsonPathError), "{text}");
        }
    }

    #[test]
    fn what_is_at_a_path_is_found() {
        let find = |data: &str, path: &str| {
            let mut found = Vec::new();
            let path: JsonPath = path.parse().expect("a path");
            path.find(data.as_bytes(), &mut |value| found.push(String::from_utf8(value.to_vec()).expect("text")));
            found
        };
        assert_eq!(find(r#" {"a":{"b":"x"},"c":[{"b":1},{"b":null}]}"#, "**.b"), ["\"x\"", "1", "null"]);
        assert_eq!(find(r#"{"a":{"b":"x"}}"#, "a"), [r#"{"b":"x"}"#]);
        assert_eq!(find("\"a\"", "a"), [""; 0]);
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(find(&deep, "**.a"), [""; 0]);
    }

    proptest! {
        #[test]
        fn a_masked_message_is_json_of_the_same_size(text in "\\PC*", number: i32, flag: bool) {
            let value = serde_json::json!({"a": text, "b": [number, flag, null, {"a": {"c": ""}}]});
            for data in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
                let out = mask(&data, &["**.a", "b.1"]).unwrap();
                prop_assert_eq!(out.len(), data.len());
                let read: serde_json::Value = serde_json::from_str(&out).unwrap();
                prop_assert!(text.len() < 3 || read["a"] == "***");
                prop_assert_eq!(&read["b"][0], number);
            }
        }
    }
}
