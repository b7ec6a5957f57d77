//! How a message that came differs from the one recorded: JSON field by field, text word by word, binary by place and size.

use std::collections::HashMap;

use super::array;
use super::content::json;
use super::json::{Json, plain_number};
use super::kin::KINDS;
use super::rules::Rules;
use crate::replay::conversation::Message;
use crate::sequence::{Piece, pieces};

/// One way in which two messages differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A value of JSON: its path, as `--ignore` takes it (`$.items.0.price`), and both values as JSON; `None`: not there. Indices
    /// are those of the recorded message; the last one of an element that was not recorded is that of the live message.
    Value { path: String, recorded: Option<String>, live: Option<String> },
    /// Text in pieces that are the same, or on one side only.
    Text(Vec<Piece>),
    /// The first byte that differs, and both sizes in bytes.
    Bytes { offset: usize, recorded: usize, live: usize },
    /// One is text and the other binary.
    Kind { binary: bool },
}

impl Difference {
    /// Whether it is in what the messages say that they are: their `type`, `method` and the like.
    #[must_use]
    pub fn is_of_kind(&self) -> bool {
        let Difference::Value { path, .. } = self else { return matches!(self, Difference::Kind { .. }) };
        path.strip_prefix("$.").is_some_and(|name| KINDS.contains(&name))
    }
}

/// How two messages differ; none if all that counts is the same. `effort`: what is left of [`array::EFFORT`].
pub(super) fn differences(recorded: &Message, live: &Message, rules: &Rules, effort: &mut usize) -> Vec<Difference> {
    if recorded.binary != live.binary {
        return vec![Difference::Kind { binary: live.binary }];
    }
    if let (Some(one), Some(other)) = (json(recorded, rules), json(live, rules)) {
        let mut found = Vec::new();
        values(&mut "$".to_owned(), Some(&one), Some(&other), effort, &mut found);
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
        (Ok(one), Ok(other)) if !recorded.binary => vec![Difference::Text(pieces(&one, &other, char::is_alphanumeric))],
        _ => {
            let same = recorded.data.iter().zip(&live.data).take_while(|(one, other)| one == other).count();
            vec![Difference::Bytes { offset: same, recorded: recorded.data.len(), live: live.data.len() }]
        }
    }
}

fn values(
    path: &mut String,
    recorded: Option<&Json>,
    live: Option<&Json>,
    effort: &mut usize,
    found: &mut Vec<Difference>,
) {
    match (recorded, live) {
        // An index is ignored on each side by itself, and elements need not have the same one.
        (Some(Json::Ignored), _) | (_, Some(Json::Ignored)) => {}
        (Some(Json::Bare(one)), Some(Json::Bare(other)))
            if one == other || plain_number(one) == plain_number(other) => {}
        (Some(Json::Object(ours)), Some(Json::Object(theirs))) => {
            for (name, one, other) in members(ours, theirs) {
                below(path, name, |path| values(path, one, other, effort, found));
            }
        }
        (Some(Json::Array(ours)), Some(Json::Array(theirs))) => {
            for (i, j) in array::rows(ours, theirs, effort) {
                let index = i.or(j).unwrap_or_default().to_string();
                let (one, other) = (i.map(|i| &ours[i]), j.map(|j| &theirs[j]));
                below(path, &index, |path| values(path, one, other, effort, found));
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

fn below(path: &mut String, name: &str, visit: impl FnOnce(&mut String)) {
    let end = path.len();
    path.push('.');
    path.push_str(name);
    visit(path);
    path.truncate(end);
}

/// Members of two objects side by side, in order; of one name the first with the first.
fn members<'a>(
    ours: &'a [(String, Json)],
    theirs: &'a [(String, Json)],
) -> Vec<(&'a str, Option<&'a Json>, Option<&'a Json>)> {
    let mut free: HashMap<(&str, usize), &Json> = HashMap::new();
    let all_theirs = numbered(theirs);
    free.extend(all_theirs.iter().copied());
    let mut rows: Vec<_> =
        numbered(ours).into_iter().map(|(key, value)| (key.0, Some(value), free.remove(&key))).collect();
    let rest = all_theirs.into_iter().filter(|(key, _)| free.contains_key(key));
    rows.extend(rest.map(|(key, value)| (key.0, None, Some(value))));
    rows
}

/// Members by their names, and how many of that name there were before: a name may be there twice.
fn numbered(members: &[(String, Json)]) -> Vec<((&str, usize), &Json)> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    members
        .iter()
        .map(|(name, value)| {
            let time = times.entry(name).or_default();
            *time += 1;
            ((name.as_str(), *time), value)
        })
        .collect()
}
