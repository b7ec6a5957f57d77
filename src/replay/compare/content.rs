//! What of a message counts when it is compared, as a number: two messages have the same one if they have the same content.

use std::collections::HashMap;

use ahash::RandomState;
use bytes::Bytes;

use super::json::Json;
use super::rules::Rules;
use crate::replay::conversation::Message;

/// The numbers of all contents so far.
pub(super) struct Contents<'a> {
    pub(super) rules: &'a Rules,
    /// By the message as it came, which is read but once.
    seen: HashMap<(bool, Bytes), u32, RandomState>,
    /// By what of it counts.
    canonical: HashMap<(Kind, Vec<u8>), u32, RandomState>,
}

/// How a message is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Json,
    Text,
    Binary,
}

impl<'a> Contents<'a> {
    pub(super) fn new(rules: &'a Rules) -> Contents<'a> {
        Contents { rules, seen: HashMap::default(), canonical: HashMap::default() }
    }

    /// The number of this message's content.
    pub(super) fn symbol(&mut self, message: &Message) -> u32 {
        let key = (message.binary, message.data.clone());
        if let Some(symbol) = self.seen.get(&key) {
            return *symbol;
        }
        let next = self.canonical.len() as u32;
        let symbol = *self.canonical.entry(canonical(message, self.rules)).or_insert(next);
        self.seen.insert(key, symbol);
        symbol
    }
}

/// What of a message counts: the same for all that have the same content.
pub fn canonical(message: &Message, rules: &Rules) -> (Kind, Vec<u8>) {
    if message.binary {
        return (Kind::Binary, message.data.to_vec());
    }
    match json(message, rules) {
        Some(json) => {
            let mut out = String::with_capacity(message.data.len());
            json.canonical(&mut out);
            (Kind::Json, out.into_bytes())
        }
        None => (Kind::Text, rules.without_ignored_bytes(&message.data)),
    }
}

/// The JSON that the message is, if it is.
pub(super) fn json(message: &Message, rules: &Rules) -> Option<Json> {
    if message.binary {
        return None;
    }
    std::str::from_utf8(&message.data).ok().and_then(|text| Json::read(text, rules))
}
