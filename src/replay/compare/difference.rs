//! How a message that came differs from the one recorded: JSON field by field, text word by word, binary by place and size.

use std::borrow::Cow;
use std::collections::HashMap;

use super::content::json;
use super::json::{Json, plain_number};
use super::rules::Rules;
use super::sequence::pairs;
use crate::replay::conversation::Message;

/// One way in which two messages differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A value of JSON: its path, as `--ignore` takes it (`$.items.0.price`), and both values as JSON; `None`: not there.
    Value { path: String, recorded: Option<String>, live: Option<String> },
    /// Text in pieces that are the same, or on one side only.
    Text(Vec<Piece>),
    /// The first byte that differs, and both sizes in bytes.
    Bytes { offset: usize, recorded: usize, live: usize },
    /// One is text and the other binary.
    Kind { binary: bool },
}

/// A stretch of two texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Same(String),
    Recorded(String),
    Live(String),
}

/// How two messages differ; none if all that counts is the same.
pub(super) fn differences(recorded: &Message, live: &Message, rules: &Rules) -> Vec<Difference> {
    if recorded.binary != live.binary {
        return vec![Difference::Kind { binary: live.binary }];
    }
    if let (Some(one), Some(other)) = (json(recorded, rules), json(live, rules)) {
        let mut found = Vec::new();
        values(&mut "$".to_owned(), Some(&one), Some(&other), &mut found);
        return found;
    }
    let said = |message: &Message| {
        if message.binary { message.data.to_vec() } else { rules.without_ignored_bytes(&message.data) }
    };
    let (one, other) = (said(recorded), said(live));
    if one == other {
        return Vec::new();
    }
    match (String::from_utf8(one), String::from_utf8(other)) {
        (Ok(one), Ok(other)) if !recorded.binary => vec![Difference::Text(text(&one, &other))],
        _ => {
            let same = recorded.data.iter().zip(&live.data).take_while(|(one, other)| one == other).count();
            vec![Difference::Bytes { offset: same, recorded: recorded.data.len(), live: live.data.len() }]
        }
    }
}

fn values(path: &mut String, recorded: Option<&Json>, live: Option<&Json>, found: &mut Vec<Difference>) {
    match (recorded, live) {
        (Some(Json::Bare(one)), Some(Json::Bare(other)))
            if one == other || plain_number(one) == plain_number(other) => {}
        (Some(one @ Json::Object(_)), Some(other @ Json::Object(_)))
        | (Some(one @ Json::Array(_)), Some(other @ Json::Array(_))) => {
            for (name, one, other) in side_by_side(one, other) {
                let end = path.len();
                path.push('.');
                path.push_str(&name);
                values(path, one, other, found);
                path.truncate(end);
            }
        }
        _ if recorded == live => {}
        _ => found.push(Difference::Value {
            path: path.clone(),
            recorded: recorded.map(Json::written),
            live: live.map(Json::written),
        }),
    }
}

/// The members of two objects by their names, or the elements of two arrays by their indices, both in order.
fn side_by_side<'a>(one: &'a Json, other: &'a Json) -> Vec<(Cow<'a, str>, Option<&'a Json>, Option<&'a Json>)> {
    let mut theirs: HashMap<(Cow<'_, str>, usize), &Json> = HashMap::new();
    // A name may be there twice.
    let numbered = |json: &'a Json| {
        let mut times: HashMap<Cow<'_, str>, usize> = HashMap::new();
        let number = move |(name, value): (Cow<'a, str>, &'a Json)| {
            let time = times.entry(name.clone()).or_default();
            *time += 1;
            ((name, *time), value)
        };
        json.inner().into_iter().map(number).collect::<Vec<_>>()
    };
    let all_theirs = numbered(other);
    theirs.extend(all_theirs.iter().map(|(key, value)| (key.clone(), *value)));
    let mut rows: Vec<_> = numbered(one)
        .into_iter()
        .map(|(key, value)| {
            let same = theirs.remove(&key);
            (key.0, Some(value), same)
        })
        .collect();
    let rest = all_theirs.into_iter().filter(|(key, _)| theirs.contains_key(key));
    rows.extend(rest.map(|(key, value)| (key.0, None, Some(value))));
    rows
}

/// Two texts word by word.
fn text(recorded: &str, live: &str) -> Vec<Piece> {
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (words(recorded).collect(), words(live).collect());
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut symbol = |word| {
        let next = numbers.len() as u32;
        *numbers.entry(word).or_insert(next)
    };
    let first: Vec<u32> = ours.iter().map(|word| symbol(*word)).collect();
    let second: Vec<u32> = theirs.iter().map(|word| symbol(*word)).collect();
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (next_i, next_j) in pairs(&first, &second).into_iter().chain([(ours.len(), theirs.len())]) {
        if i < next_i {
            pieces.push(Piece::Recorded(ours[i..next_i].concat()));
        }
        if j < next_j {
            pieces.push(Piece::Live(theirs[j..next_j].concat()));
        }
        if let Some(word) = ours.get(next_i) {
            match pieces.last_mut() {
                Some(Piece::Same(same)) => same.push_str(word),
                _ => pieces.push(Piece::Same((*word).to_owned())),
            }
        }
        (i, j) = (next_i + 1, next_j + 1);
    }
    pieces
}

/// Runs of letters and digits, and each other character by itself.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = if first.is_alphanumeric() {
            rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}
