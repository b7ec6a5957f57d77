//! What makes two messages of different content one message that changed: what it says that it is, its shape, its text.

use std::hash::{Hash as _, Hasher as _};

use ahash::AHasher;

use super::content::json;
use super::json::{Json, plain_number};
use super::rules::Rules;
use crate::replay::conversation::Message;

/// Members that say which message it is.
const IDS: [&str; 2] = ["id", "seq"];

/// Members that say what kind of message it is.
pub(super) const KINDS: [&str; 7] = ["method", "type", "event", "op", "action", "channel", "topic"];

/// How much of a text or binary message is looked at, in bytes.
const LOOKED_AT: usize = 128;

/// The most features of a message.
const FEATURES: usize = 256;

/// How much of two messages has to be alike for one to be the other changed, in thousandths.
const ALIKE: u32 = 400;

/// What a message is recognized by.
#[derive(Clone, Debug)]
pub(super) struct Kin {
    id: Option<u64>,
    kind: Option<u64>,
    shape: Option<u64>,
    /// Sorted.
    features: Vec<u64>,
}

/// How closely messages are to be related, closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Degree {
    /// Id, kind and shape.
    Twin,
    /// Id and kind.
    Id,
    /// Kind and shape.
    Kind,
    /// Shape alone: JSON with the same members, text but for its digits, binary of the same size.
    Shape,
}

impl Kin {
    pub(super) fn of(message: &Message, rules: &Rules) -> Kin {
        match json(message, rules) {
            Some(json) => Kin::of_json(&json),
            None => Kin::of_bytes(message.binary, &message.data),
        }
    }

    pub(super) fn of_json(json: &Json) -> Kin {
        let member = |names: &[&str]| {
            let mut said = json.inner().into_iter().filter_map(|(name, value)| match value {
                Json::Text(text) if names.contains(&&*name) => Some((name, text.clone())),
                Json::Bare(token) if token != "null" && names.contains(&&*name) => Some((name, plain_number(token))),
                _ => None,
            });
            let first = said.next()?;
            Some(hash(&(first, said.collect::<Vec<_>>())))
        };
        let mut features = Vec::new();
        json.leaves(&mut String::new(), &mut |path, value| {
            if features.len() < FEATURES {
                let mut written = String::new();
                value.canonical(&mut written);
                features.extend([hash(&path), hash(&(path, written))]);
            }
        });
        features.sort_unstable();
        let mut shape = AHasher::default();
        shape_of(json, &mut shape);
        Kin { id: member(&IDS), kind: member(&KINDS), shape: Some(shape.finish()), features }
    }

    fn of_bytes(binary: bool, data: &[u8]) -> Kin {
        let looked_at = &data[..data.len().min(LOOKED_AT)];
        let mut features: Vec<u64> = looked_at.windows(2).map(|two| hash(&(binary, two))).collect();
        features.sort_unstable();
        let shape = if binary { hash(&data.len()) } else { hash(&without_digits(looked_at)) };
        Kin { id: None, kind: None, shape: Some(hash(&(binary, shape))), features }
    }

    /// What messages of this degree of kinship have in common; `None`: it has none.
    pub(super) fn key(&self, degree: Degree) -> Option<u64> {
        match degree {
            Degree::Twin => self.id.map(|id| hash(&(id, self.kind, self.shape))),
            Degree::Id => self.id.map(|id| hash(&(id, self.kind))),
            Degree::Kind => self.kind.map(|kind| hash(&(kind, self.shape))),
            Degree::Shape => self.shape,
        }
    }

    /// How much alike two are, at most 2000; `None`: too little.
    pub(super) fn likeness(&self, other: &Kin) -> Option<u32> {
        let all = self.features.len() + other.features.len();
        let shared = shared(&self.features, &other.features);
        let alike = (2000 * shared).checked_div(all).unwrap_or_default() as u32;
        let both = |one: Option<u64>, other: Option<u64>, worth| if one.is_some() && one == other { worth } else { 0 };
        let likeness = alike
            + both(self.id, other.id, 500)
            + both(self.kind, other.kind, 300)
            + both(self.shape, other.shape, 200);
        (likeness >= ALIKE).then_some(likeness)
    }
}

/// How many features two sorted lists share.
fn shared(a: &[u64], b: &[u64]) -> usize {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        shared += usize::from(a[i] == b[j]);
        (i, j) = (i + usize::from(a[i] <= b[j]), j + usize::from(b[j] <= a[i]));
    }
    shared
}

/// The names and the types of values; an array's elements are taken to be like its first.
fn shape_of(json: &Json, into: &mut AHasher) {
    match json {
        Json::Ignored => {}
        Json::Bare(token) => into.write_u8(match token.as_bytes().first() {
            Some(b't' | b'f') => b't',
            Some(b'n') => b'n',
            _ => b'0',
        }),
        Json::Text(_) => into.write_u8(b'"'),
        Json::Array(elements) => {
            into.write_u8(b'[');
            if let Some(first) = elements.iter().find(|element| element.counts()) {
                shape_of(first, into);
            }
            into.write_u8(b']');
        }
        Json::Object(members) => {
            into.write_u8(b'{');
            for (name, member) in members.iter().filter(|(_, member)| member.counts()) {
                name.hash(into);
                shape_of(member, into);
            }
            into.write_u8(b'}');
        }
    }
}

/// Text with one `0` for each run of digits.
fn without_digits(text: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = text.iter().map(|byte| if byte.is_ascii_digit() { b'0' } else { *byte }).collect();
    out.dedup_by(|next, before| *next == b'0' && *before == b'0');
    out
}

fn hash(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = AHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}
