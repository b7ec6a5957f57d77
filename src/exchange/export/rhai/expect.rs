//! What is expected in place of a message that was received: the same, but for what changes from run to run.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::head::{Any, Head};
use super::literal::{Node, bytes, field, fits, hex, scalar, string};
use super::talk::{Payload, Step, What};
use super::volatile::{Differences, Differs, is_volatile, stays};
use crate::recording::mask::MASK;

/// The most bytes of a received message that a script holds; of a longer one it has the digest.
const MOST_LITERAL: usize = 2048;

/// Digits from which on a number is not met by chance.
const TELLING: usize = 4;

/// Characters of texts and numbers that are looked for as a whole: names and identifiers, and base64 with dots.
const WHOLE: [&[char]; 2] = [&['_', '-'], &['_', '-', '+', '/', '=', '.', ':', '~']];

/// What was sent, in words and fields, and at which step first and last.
#[derive(Debug, Default)]
pub(super) struct Sent(HashMap<String, (usize, usize)>);

/// What was received and sent later, by its text: the variables that hold it.
pub(super) type Captured = HashMap<String, String>;

/// All that decides what a message is expected to be.
pub(super) struct Judge<'a> {
    pub(super) head: &'a mut Head,
    pub(super) sent: &'a Sent,
    pub(super) captured: &'a Captured,
    /// Its step.
    pub(super) at: usize,
    pub(super) differs: Differences,
    /// When the recording began, since the epoch; zero if it does not say.
    pub(super) created: Duration,
    pub(super) masked: bool,
    pub(super) found: Vec<Found>,
}

/// Something that was received and sent later.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) text: String,
    /// Of its field.
    pub(super) name: String,
    /// Where it stands in the JSON.
    pub(super) path: String,
}

impl Sent {
    pub(super) fn of<'a>(steps: impl Iterator<Item = (usize, &'a Step)>) -> Sent {
        let mut sent = Sent::default();
        for (at, step) in steps {
            let (What::Send(payload) | What::Fragments(payload, ..)) = &step.what else { continue };
            let Some(text) = payload.text() else { continue };
            words(text).for_each(|word| sent.note(word.to_owned(), at));
            if let Some(json) = payload.json() {
                sent.fields("", &json, at);
            }
        }
        sent
    }

    fn fields(&mut self, name: &str, value: &Value, at: usize) {
        match value {
            Value::Object(all) => all.iter().for_each(|(name, value)| self.fields(name, value, at)),
            Value::Array(all) => all.iter().for_each(|value| self.fields(name, value, at)),
            Value::String(text) => self.note(text.clone(), at),
            Value::Number(number) => self.note(format!("{name}\0{number}"), at),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn note(&mut self, word: String, at: usize) {
        self.0.entry(word).or_insert((at, at)).1 = at;
    }

    /// Whether the client has said it before this step.
    fn before(&self, name: &str, value: &Value, at: usize) -> bool {
        self.span(name, value).is_some_and(|(first, _)| first < at)
    }

    /// Whether the client says it after this step.
    fn after(&self, value: &Value, at: usize) -> bool {
        let text = text_of(value);
        text.len() >= TELLING && self.0.get(&text).is_some_and(|(_, last)| *last > at)
    }

    fn span(&self, name: &str, value: &Value) -> Option<(usize, usize)> {
        let text = text_of(value);
        let field = value.is_number().then(|| self.0.get(&format!("{name}\0{text}"))).flatten();
        let telling = value.is_string() || text.len() >= TELLING;
        field.or_else(|| telling.then(|| self.0.get(&text)).flatten()).copied()
    }
}

impl Judge<'_> {
    /// What stands for a message.
    pub(super) fn message(&mut self, payload: &Payload) -> Node {
        match payload.json().filter(fits) {
            Some(value @ (Value::Object(_) | Value::Array(_))) if value != serde_json::json!({}) => {
                self.node(&value, "", "")
            }
            _ => Node::Is(self.plain(payload)),
        }
    }

    /// What stands for JSON, which stands at `path` of its message under this name.
    pub(super) fn node(&mut self, value: &Value, path: &str, name: &str) -> Node {
        if self.differs.get(path) == Some(&Differs::Kind) {
            return Node::Is(self.head.any(Any::Thing));
        }
        match value {
            Value::Object(all) => {
                let mut fields = Vec::new();
                for (name, value) in all {
                    let path = format!("{path}{}", field(name));
                    if self.differs.get(&path) != Some(&Differs::Presence) {
                        fields.push((name.clone(), self.node(value, &path, name)));
                    }
                }
                Node::Map(fields)
            }
            Value::Array(all) => {
                let item = |(at, value)| self.node(value, &format!("{path}[{at}]"), name);
                Node::List(all.iter().enumerate().map(item).collect())
            }
            leaf => Node::Is(self.leaf(leaf, path, name)),
        }
    }

    fn leaf(&mut self, value: &Value, path: &str, name: &str) -> String {
        let masked = self.masked && value.as_str().is_some_and(|text| text.contains(MASK));
        let differs = self.differs.contains_key(path);
        if !masked && !differs {
            if let Some(variable) =
                self.captured.get(&text_of(value)).filter(|_| !matches!(value, Value::Null | Value::Bool(_)))
            {
                return variable.clone();
            }
            if !is_volatile(name, value, self.created) || self.sent.before(name, value, self.at) {
                return scalar(value);
            }
        }
        if !masked && self.sent.after(value, self.at) {
            self.found.push(Found { text: text_of(value), name: name.to_owned(), path: path.to_owned() });
        }
        self.head.any(match value {
            Value::String(_) => Any::Text,
            Value::Number(_) => Any::Number,
            _ => Any::Thing,
        })
    }

    /// What stands for a message that is no JSON worth comparing.
    fn plain(&self, payload: &Payload) -> String {
        let data = &payload.data;
        if data.len() > MOST_LITERAL {
            let digest = hex(&Sha256::digest(data));
            let opcode = if payload.binary { "binary" } else { "text" };
            return format!(
                "|message| message.opcode == \"{opcode}\" && message.size == {} && sha256(message.blob) == \"{digest}\"",
                data.len()
            );
        }
        match payload.text() {
            Some(text) => {
                let pieces: Vec<&str> = if self.sent.0.contains_key(text) {
                    vec![text]
                } else if self.masked {
                    text.split(MASK).flat_map(stays).collect()
                } else {
                    stays(text)
                };
                match &*pieces {
                    [_] => string(text),
                    pieces => {
                        let pieces: Vec<_> = pieces.iter().map(|piece| regex::escape(piece)).collect();
                        format!("regex({})", string(&format!("(?s)^{}$", pieces.join(".+"))))
                    }
                }
            }
            None if payload.binary => bytes(data),
            // A text that is none can't be written as one.
            None => format!("|message| message.opcode == \"text\" && hex(message.blob) == hex({})", bytes(data)),
        }
    }
}

/// The words of a text: in the narrow sense, and in the wide one.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    WHOLE.into_iter().flat_map(move |also| {
        text.split(move |c: char| !c.is_alphanumeric() && !also.contains(&c)).filter(|word| word.len() >= TELLING)
    })
}

/// A text, or a number in digits.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
