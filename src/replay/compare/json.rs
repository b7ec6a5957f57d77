//! JSON as it is compared: the order of members and the spelling of numbers and strings don't matter, everything else does.
//!
//! Read from the text's own tokens, so that long numbers keep each digit and a member that is there twice is there twice.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use super::Rules;
use crate::render::json::{is_container, tokens};

/// How deep JSON is followed; what is deeper is compared as text.
const DEPTH: usize = 128;

/// A value, and in it what the rules ignore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    /// What does not count.
    Ignored,
    /// A number or a word, as it stands there.
    Bare(String),
    /// A string, decoded.
    Text(String),
    Array(Vec<Json>),
    /// In the order of their names; those of one name in the order of the text.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The object or array that the text is; `None` if it is neither.
    pub(super) fn read(text: &str, rules: &Rules) -> Option<Json> {
        if !is_container(text.as_bytes()) {
            return None;
        }
        let mut ignored = HashSet::new();
        for path in &rules.ignore {
            path.find(text.as_bytes(), &mut |value| _ = ignored.insert(value.as_ptr().addr()));
        }
        let mut reading = Reading { tokens: tokens(text), ignored, rules };
        let first = reading.tokens.next()?;
        reading.value(first, DEPTH)
    }

    /// Appends what is the same for all spellings of the same value.
    pub(super) fn canonical(&self, out: &mut String) {
        match self {
            Json::Ignored => {}
            Json::Bare(token) => out.push_str(&plain_number(token)),
            // Writing to a String does not fail.
            Json::Text(text) => _ = write!(out, "{text:?}"),
            Json::Array(elements) => {
                out.push('[');
                for element in elements.iter().filter(|element| element.counts()) {
                    element.canonical(out);
                    out.push(',');
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (name, member) in members.iter().filter(|(_, member)| member.counts()) {
                    let _ = write!(out, "{name:?}:");
                    member.canonical(out);
                    out.push(',');
                }
                out.push('}');
            }
        }
    }

    /// Whether it is compared.
    pub(super) const fn counts(&self) -> bool {
        !matches!(self, Json::Ignored)
    }

    /// The value in a line, as a person would write it.
    pub(super) fn written(&self) -> String {
        let joined = |parts: Vec<String>| parts.join(",");
        match self {
            Json::Ignored => String::new(),
            Json::Bare(token) => token.clone(),
            Json::Text(text) => quoted(text),
            Json::Array(_) => format!("[{}]", joined(self.inner().iter().map(|(_, inner)| inner.written()).collect())),
            Json::Object(_) => {
                let member = |(name, member): &(Cow<'_, str>, &Json)| format!("{}:{}", quoted(name), member.written());
                format!("{{{}}}", joined(self.inner().iter().map(member).collect()))
            }
        }
    }

    /// The members or elements that count, with their names; none of a scalar.
    pub(super) fn inner(&self) -> Vec<(Cow<'_, str>, &Json)> {
        let mut inner: Vec<(Cow<'_, str>, &Json)> = match self {
            Json::Ignored | Json::Bare(_) | Json::Text(_) => Vec::new(),
            Json::Array(elements) => {
                elements.iter().enumerate().map(|(at, inner)| (at.to_string().into(), inner)).collect()
            }
            Json::Object(members) => members.iter().map(|(name, inner)| (name.as_str().into(), inner)).collect(),
        };
        inner.retain(|(_, inner)| inner.counts());
        inner
    }

    /// Calls `found` with each scalar, and each array or object that is empty, and its path.
    pub(super) fn leaves(&self, path: &mut String, found: &mut dyn FnMut(&str, &Json)) {
        let inner = self.inner();
        if inner.is_empty() {
            return found(path, self);
        }
        for (name, value) in inner {
            let end = path.len();
            path.push('.');
            path.push_str(&name);
            value.leaves(path, found);
            path.truncate(end);
        }
    }
}

/// The tokens that are left, and what of them doesn't count.
struct Reading<'a, I> {
    tokens: I,
    /// Where the values begin that are left out.
    ignored: HashSet<usize>,
    rules: &'a Rules,
}

impl<'a, I: Iterator<Item = &'a str>> Reading<'_, I> {
    /// The value that begins with this token; `None` if it is too deep.
    fn value(&mut self, first: &str, depth: usize) -> Option<Json> {
        let depth = depth.checked_sub(1)?;
        let value = match first.as_bytes().first()? {
            b'{' => self.object(depth)?,
            b'[' => self.array(depth)?,
            b'"' => Json::Text(self.rules.without_ignored(decoded(first))),
            b't' | b'f' | b'n' => Json::Bare(first.to_owned()),
            _ => Json::Bare(self.rules.without_ignored(first.to_owned())),
        };
        Some(if self.ignored.contains(&first.as_ptr().addr()) { Json::Ignored } else { value })
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        let mut members = Vec::new();
        loop {
            let name = match self.tokens.next()? {
                "}" => break,
                "," => continue,
                name => decoded(name),
            };
            let first = self.tokens.nth(1)?;
            members.push((name, self.value(first, depth)?));
        }
        members.sort_by(|a, b| a.0.cmp(&b.0));
        Some(Json::Object(members))
    }

    fn array(&mut self, depth: usize) -> Option<Json> {
        let mut elements = Vec::new();
        loop {
            let first = match self.tokens.next()? {
                "]" => break,
                "," => continue,
                first => first,
            };
            elements.push(self.value(first, depth)?);
        }
        Some(Json::Array(elements))
    }
}

/// A string's characters; half of a surrogate pair stays spelled.
fn decoded(token: &str) -> String {
    let plain = token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|text| !text.contains('\\'));
    plain.map_or_else(|| serde_json::from_str(token).unwrap_or_else(|_| token.to_owned()), ToOwned::to_owned)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A number as digits without zeros at either end and a power of ten, to the last digit: 1, 1.0 and 10e-1 are `1e0`. What is
/// no number stays as it is.
pub(super) fn plain_number(token: &str) -> String {
    let parts = || {
        let (sign, rest) = token.strip_prefix('-').map_or(("", token), |rest| ("-", rest));
        let (mantissa, power) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let power = power.parse::<i64>().ok()?.checked_sub(fraction.len().cast_signed() as i64)?;
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            return Some("0e0".to_owned());
        }
        let kept = significant.trim_end_matches('0');
        let power = power.checked_add((significant.len() - kept.len()).cast_signed() as i64)?;
        Some(format!("{sign}{kept}e{power}"))
    };
    parts().unwrap_or_else(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str, rules: &Rules) -> String {
        let mut out = String::new();
        Json::read(text, rules).unwrap().canonical(&mut out);
        out
    }

    #[track_caller]
    fn are_same(a: &str, b: &str, expected: bool) {
        let rules = Rules::default();
        assert_eq!(canonical(a, &rules) == canonical(b, &rules), expected, "{a} {b}");
    }

    #[test]
    fn spelling_does_not_matter_and_values_do() {
        are_same(r#"{"a":1,"b":[1.0,"é"]}"#, "{\"b\": [10e-1, \"\\u00e9\"],\n\"a\":1.000}", true);
        are_same("[0]", "[-0.0e9]", true);
        are_same("[18446744073709551616]", "[18446744073709551617]", false);
        are_same("[0.1]", "[0.10000000000000000001]", false);
        are_same("[1]", "[-1]", false);
        are_same("[1]", "[\"1\"]", false);
        are_same("[null]", "[false]", false);
        are_same("[1,2]", "[2,1]", false);
        are_same(r#"{"a":1,"a":2}"#, r#"{"a":2}"#, false);
        are_same("[1e99999999999999999999]", "[1e99999999999999999998]", false);
        are_same(r#"["a\",\"b"]"#, r#"["a","b"]"#, false);
        are_same(r#"["\ud800"]"#, r#"["\ud801"]"#, false);
    }

    #[test]
    fn what_is_ignored_is_left_out_wherever_it_is() {
        let rules = Rules { ignore: vec!["**.ts".parse().unwrap(), "list.0".parse().unwrap()], ..Rules::default() };
        let same = |a, b| canonical(a, &rules) == canonical(b, &rules);
        assert!(same(r#"{"ts":1,"a":{"ts":{"x":1},"b":2}}"#, r#"{"a":{"b":2}}"#));
        assert!(same(r#"{"list":[1,2]}"#, r#"{"list":[9,2]}"#));
        assert!(!same(r#"{"list":[1,2]}"#, r#"{"list":[1,3]}"#) && !same(r#"{"list":[1,2]}"#, r#"{"list":[2]}"#));
    }

    #[test]
    fn what_is_too_deep_or_no_container_is_text() {
        let nested = |depth| ["[", "]"].map(|bracket| bracket.repeat(depth)).concat();
        let read = |text: &str| Json::read(text, &Rules::default()).is_some();
        assert!(read(&nested(128)));
        for text in [&nested(129), &nested(100_000), "1.10", "\"a\"", "", "{", "[1,]"] {
            assert!(!read(text), "{}", &text[..text.len().min(9)]);
        }
    }
}
