//! What differs from run to run: times, counters, random identifiers. It is known by having differed when the session was
//! recorded again; without such a repeat by its looks, by its name, or by having differed where the same was asked twice.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;
use serde_json::Value;

use super::literal::field;

/// Names of fields, in lower case without `_` and `-`, whose numbers and texts are those of one run.
const NAMES: &str = "counter cursor date datetime duration elapsed etag expires guid id latency nonce now offset pid rtt \
    seq sequence sid sessionid time timestamp took token traceid ts uptime uuid";

/// The same at the end of a name of several words.
const ENDINGS: &str = "_at At _id Id _time Time _ts token Token";

/// How far from a recording's own time a number may be and stand for a time.
const NEAR: Duration = Duration::from_secs(2 * 86_400);

/// The shortest text without blanks that may be random.
const RANDOM: usize = 16;

/// How a field differs among messages that are otherwise the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Differs {
    /// In its value.
    Value,
    /// In its kind, or in what it is made of.
    Kind,
    /// It is not always there.
    Presence,
}

/// Fields that differ, each by where it stands: `.params.items[0]`.
pub(super) type Differences = BTreeMap<String, Differs>;

/// What was heard each time after the same: the differences are what changes by itself.
#[derive(Debug, Default)]
pub(super) struct Answers(HashMap<u64, (Value, Differences)>);

impl Answers {
    /// Takes note of JSON that came in this place.
    pub(super) fn note(&mut self, place: u64, value: &Value) {
        let (first, found) = self.0.entry(place).or_insert_with(|| (value.clone(), Differences::new()));
        differences(first, value, "", found);
    }

    /// What differed there.
    pub(super) fn of(&self, place: u64) -> Differences {
        self.0.get(&place).map(|(_, found)| found.clone()).unwrap_or_default()
    }
}

/// Adds all that is not the same in both.
pub(super) fn differences(first: &Value, other: &Value, path: &str, found: &mut Differences) {
    let mut add = |path: &str, how: Differs| {
        let known = found.entry(path.to_owned()).or_insert(how);
        *known = how.max(*known);
    };
    match (first, other) {
        (Value::Object(first), Value::Object(other)) => {
            for (name, value) in first {
                let path = format!("{path}{}", field(name));
                match other.get(name) {
                    Some(other) => differences(value, other, &path, found),
                    None => drop(found.insert(path, Differs::Presence)),
                }
            }
        }
        (Value::Array(first), Value::Array(other)) if first.len() == other.len() => {
            for (at, (first, other)) in first.iter().zip(other).enumerate() {
                differences(first, other, &format!("{path}[{at}]"), found);
            }
        }
        (Value::String(first), Value::String(other)) if first != other => add(path, Differs::Value),
        (Value::Number(first), Value::Number(other)) if first != other => add(path, Differs::Value),
        (first, other) if first != other => add(path, Differs::Kind),
        _ => {}
    }
}

/// What JSON is like, its numbers and texts left aside.
pub(super) fn shape(value: &Value) -> String {
    match value {
        Value::Object(all) => {
            let all: Vec<_> = all.iter().map(|(name, value)| format!("{name:?}:{}", shape(value))).collect();
            format!("{{{}}}", all.join(","))
        }
        Value::Array(_) => "[]".to_owned(),
        Value::String(_) => "s".to_owned(),
        Value::Number(_) => "n".to_owned(),
        other => other.to_string(),
    }
}

/// Whether a number or a text looks, or is called, like something of one run that took place at `created` (since the epoch).
pub(super) fn is_volatile(name: &str, value: &Value, created: Duration) -> bool {
    match value {
        Value::String(text) => is_named(name) && !text.is_empty() || is_random(text) || VARYING.is_match(text),
        Value::Number(number) => is_named(name) || number.as_f64().is_some_and(|number| is_time(number, created)),
        _ => false,
    }
}

/// Where a text has a time or a UUID.
pub(super) fn moments(text: &str) -> impl Iterator<Item = Range<usize>> {
    VARYING.find_iter(text).map(|found| found.range())
}

static VARYING: LazyLock<Regex> = LazyLock::new(|| {
    let uuid = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
    let time = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?";
    let date = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d";
    Regex::new(&format!("{uuid}|{time}|{date}")).expect("a regular expression")
});

/// Whether this is a name of something that changes.
pub(super) fn is_named(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !matches!(c, '_' | '-')).collect::<String>().to_ascii_lowercase();
    NAMES.split(' ').any(|known| known == plain) || ENDINGS.split(' ').any(|ending| name.ends_with(ending))
}

/// Letters and digits in no order that a person would write.
pub(super) fn is_random(text: &str) -> bool {
    let count = |is: fn(&u8) -> bool| text.bytes().filter(is).count();
    text.len() >= RANDOM
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-.".contains(&byte))
        && count(u8::is_ascii_digit) >= 3
        && count(u8::is_ascii_alphabetic) >= 1
}

/// Seconds, milliseconds, microseconds or nanoseconds since the epoch.
fn is_time(number: f64, created: Duration) -> bool {
    let near = NEAR.as_secs_f64();
    !created.is_zero()
        && [1.0, 1e3, 1e6, 1e9].into_iter().any(|unit| (number / unit - created.as_secs_f64()).abs() < near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CREATED: Duration = Duration::from_secs(1_763_871_600);

    #[test]
    fn times_counters_and_random_texts_are_told_from_what_stays() {
        for (name, value, volatile) in [
            ("x", json!("7f3d0a52-93a1-4f6e-8a0c-5f0f1c2b3a4d"), true),
            ("x", json!("at 2025-11-23T04:20:00.123Z"), true),
            ("x", json!("Sun, 23 Nov 2025 04:20:00 GMT"), true),
            ("x", json!("eyJhbGciOiJIUzI1NiJ9.e30.abc123"), true),
            ("x", json!("permessage-deflate"), false),
            ("x", json!("the answer is 42, as ever"), false),
            ("x", json!(1_763_871_660), true),
            ("x", json!(1_763_871_660_123_u64), true),
            ("x", json!(1_763_871_660.5), true),
            ("x", json!(1_500_000_000), false),
            ("seq", json!(3), true),
            ("created_at", json!("today"), true),
            ("createdAt", json!(null), false),
            ("user_id", json!(7), true),
            ("format", json!("text"), false),
            ("paid", json!(true), false),
        ] {
            assert_eq!(is_volatile(name, &value, CREATED), volatile, "{name}: {value}");
        }
        assert_eq!(moments("it is 2025-11-23 04:20 now").next(), Some(6..22));
    }

    #[test]
    fn what_differed_where_the_same_was_asked_is_volatile() {
        let mut answers = Answers::default();
        for value in [
            json!({"a": 1, "b": {"c": "x", "d": 1}, "e": [1], "f": 0}),
            json!({"a": 1, "b": {"c": "y", "d": "1"}, "e": [], "g": 0}),
        ] {
            answers.note(1, &value);
        }
        let found: Vec<_> = answers.of(1).into_iter().collect();
        let expected = [
            (".b.c".to_owned(), Differs::Value),
            (".b.d".to_owned(), Differs::Kind),
            (".e".to_owned(), Differs::Kind),
            (".f".to_owned(), Differs::Presence),
        ];
        assert_eq!(found, expected);
        assert!(answers.of(2).is_empty());
    }
}
