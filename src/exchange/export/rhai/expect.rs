//! What is expected in place of a message that was received: the same, but for what changes from run to run.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::head::{Any, Head, named};
use super::literal::{Node, bytes, field, fits, hex, scalar};
use super::talk::{Payload, Step, What};
use super::text::{TELLING, Text, words};
use super::volatile::{Differences, Differs, differences, is_named, is_volatile};
use crate::recording::mask::MASK;

/// The most bytes of a received message that a script holds; of a longer one it has the digest.
const MOST_LITERAL: usize = 2048;

/// What was sent.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Words and fields, and at which step first and last.
    words: HashMap<String, (usize, usize)>,
    /// Messages, and at which step first.
    messages: HashMap<Bytes, usize>,
}

/// What was received and sent later, by its text: the variables that hold it.
pub(super) type Captured = HashMap<String, Captive>;

/// A variable, and whether it is a number.
#[derive(Debug)]
pub(super) struct Captive {
    pub(super) variable: String,
    pub(super) number: bool,
}

/// All that decides what a message is expected to be.
pub(super) struct Judge<'a> {
    pub(super) head: &'a mut Head,
    pub(super) sent: &'a Sent,
    pub(super) captured: &'a Captured,
    /// Its step.
    pub(super) at: usize,
    pub(super) differs: Differences,
    /// What came in its place elsewhere: it alone decides what changes, and nothing else may.
    pub(super) repeats: &'a [Bytes],
    /// When the recording began, since the epoch; zero if it does not say.
    pub(super) created: Duration,
    pub(super) masked: bool,
    pub(super) found: Vec<Found>,
}

/// Something that was received and sent later.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) number: bool,
    /// Of its field, or what it is called in the text.
    pub(super) name: String,
    /// Where it stands in the message: `.json.user.id`, `.text`.
    pub(super) place: String,
    /// Whose group it is there, unless it is the whole.
    pub(super) pattern: Option<String>,
}

impl Sent {
    pub(super) fn of<'a>(steps: impl Iterator<Item = (usize, &'a Step)>) -> Sent {
        let mut sent = Sent::default();
        for (at, step) in steps {
            let (What::Send(payload) | What::Fragments(payload, ..)) = &step.what else { continue };
            sent.messages.entry(payload.data.clone()).or_insert(at);
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
        self.words.entry(word).or_insert((at, at)).1 = at;
    }

    /// Whether the client has said it before this step.
    fn before(&self, name: &str, value: &Value, at: usize) -> bool {
        self.span(name, value).is_some_and(|(first, _)| first < at)
    }

    /// The same of a word.
    fn said(&self, word: &str, at: usize) -> bool {
        self.words.get(word).is_some_and(|(first, _)| *first < at)
    }

    /// The same of a whole message.
    fn is_echo(&self, data: &[u8], at: usize) -> bool {
        self.messages.get(data).is_some_and(|first| *first < at)
    }

    /// Whether the client says it after this step.
    fn after(&self, text: &str, at: usize) -> bool {
        text.len() >= TELLING && self.words.get(text).is_some_and(|(_, last)| *last > at)
    }

    fn span(&self, name: &str, value: &Value) -> Option<(usize, usize)> {
        let text = text_of(value);
        let field = value.is_number().then(|| self.words.get(&format!("{name}\0{text}"))).flatten();
        let telling = value.is_string() || text.len() >= TELLING;
        field.or_else(|| telling.then(|| self.words.get(&text)).flatten()).copied()
    }
}

impl Judge<'_> {
    /// What stands for a message.
    pub(super) fn message(&mut self, payload: &Payload) -> Node {
        match payload.json().filter(fits) {
            Some(value @ (Value::Object(_) | Value::Array(_))) if value != serde_json::json!({}) => {
                let mut others = Vec::new();
                // What the client said itself comes back, whatever it said elsewhere.
                if !self.sent.is_echo(&payload.data, self.at) {
                    others = self.repeats.iter().filter_map(|other| serde_json::from_slice(other).ok()).collect();
                    for other in &others {
                        differences(&value, other, "", &mut self.differs);
                    }
                    if others.len() < self.repeats.len() {
                        self.differs.insert(String::new(), Differs::Kind);
                    }
                }
                self.node(&value, &others.iter().collect::<Vec<_>>(), "", "")
            }
            _ => Node::Is(self.plain(payload)),
        }
    }

    /// What stands for JSON, which stands at `path` of its message under this name; `others` stand there elsewhere.
    fn node(&mut self, value: &Value, others: &[&Value], path: &str, name: &str) -> Node {
        if self.differs.get(path) == Some(&Differs::Kind) {
            return Node::Is(self.head.any(Any::Thing));
        }
        match value {
            Value::Object(all) => {
                let mut fields = Vec::new();
                for (name, value) in all {
                    let path = format!("{path}{}", field(name));
                    if self.differs.get(&path) != Some(&Differs::Presence) {
                        let others: Vec<&Value> = others.iter().filter_map(|other| other.get(name)).collect();
                        fields.push((name.clone(), self.node(value, &others, &path, name)));
                    }
                }
                Node::Map(fields)
            }
            Value::Array(all) => {
                let item = |(at, value)| {
                    let others: Vec<&Value> = others.iter().filter_map(|other| other.get(at)).collect();
                    self.node(value, &others, &format!("{path}[{at}]"), name)
                };
                Node::List(all.iter().enumerate().map(item).collect())
            }
            leaf => Node::Is(self.leaf(leaf, others, path, name)),
        }
    }

    fn leaf(&mut self, value: &Value, others: &[&Value], path: &str, name: &str) -> String {
        let masked = self.masked && value.as_str().is_some_and(|text| text.contains(MASK));
        let differs = self.differs.contains_key(path);
        let text = text_of(value);
        if !masked {
            let known = self.captured.get(&text).filter(|known| known.number == value.is_number());
            if let Some(known) = known.filter(|_| value.is_number() || value.is_string()) {
                return known.variable.clone();
            }
            let looks = || is_volatile(name, value, self.created) && !self.sent.before(name, value, self.at);
            if !differs && (!self.repeats.is_empty() || !looks()) {
                return scalar(value);
            }
            let place = format!(".json{path}");
            if self.sent.after(&text, self.at) {
                let (name, number) = (name.to_owned(), value.is_number());
                self.found.push(Found { text, number, name, place, pattern: None });
            } else if value.is_string() {
                self.text(&text, others.iter().filter_map(|other| other.as_str()), &place);
            }
        }
        self.head.any(match value {
            Value::String(_) => Any::Text,
            Value::Number(_) => Any::Number,
            _ => Any::Thing,
        })
    }

    /// What stands for a message that is no JSON worth comparing.
    fn plain(&mut self, payload: &Payload) -> String {
        let data = &payload.data;
        let opcode = if payload.binary { "binary" } else { "text" };
        let varies = !self.sent.is_echo(data, self.at) && self.repeats.iter().any(|other| other != data);
        match payload.text() {
            Some(text) if data.len() <= MOST_LITERAL => {
                let others: Vec<_> = self.repeats.iter().map(|other| String::from_utf8_lossy(other)).collect();
                self.text(text, others.iter().map(|other| &**other), ".text")
            }
            _ if varies => format!("|message| message.opcode == \"{opcode}\""),
            _ if data.len() > MOST_LITERAL => {
                let digest = hex(&Sha256::digest(data));
                format!(
                    "|message| message.opcode == \"{opcode}\" && message.size == {} && sha256(message.blob) == \"{digest}\"",
                    data.len()
                )
            }
            _ if payload.binary => bytes(data),
            // A text that is none can't be written as one.
            _ => format!("|message| message.opcode == \"text\" && hex(message.blob) == hex({})", bytes(data)),
        }
    }

    /// What stands for a text in this place of its message, where others stood elsewhere; takes note of what the client used of it.
    fn text<'o>(&mut self, whole: &str, others: impl Iterator<Item = &'o str>, place: &str) -> String {
        let mut text = Text::new(whole);
        if self.masked {
            whole.match_indices(MASK).for_each(|(at, mask)| text.vary(at..at + mask.len()));
        }
        if !self.sent.is_echo(whole.as_bytes(), self.at) {
            if self.repeats.is_empty() {
                text.vary_moments();
            }
            others.for_each(|other| text.vary_from(other));
        }
        let mut candidates: Vec<&str> = words(whole).collect();
        // The longest first: it may have others in it.
        candidates.sort_unstable_by_key(|word| (Reverse(word.len()), *word));
        candidates.dedup();
        let mut names = Vec::new();
        for word in candidates {
            let known = self.captured.get(word);
            // Most words are neither: where they stand need not be looked for.
            if known.is_none() && (!self.sent.after(word, self.at) || self.sent.said(word, self.at)) {
                continue;
            }
            let Some(before) = text.before(word) else { continue };
            if let Some(known) = known {
                text.know(word, known.variable.clone());
                continue;
            }
            let name = named(before).or_else(|| last_word(before).filter(|word| is_named(word))).unwrap_or_default();
            let looks = || is_volatile(name, &Value::from(word), self.created);
            if text.varies(word) || self.repeats.is_empty() && looks() {
                text.find(word);
                names.push(name.to_owned());
            }
        }
        let found = text.found().into_iter().zip(names).map(|((word, pattern), name)| Found {
            text: word.to_owned(),
            number: false,
            name,
            place: place.to_owned(),
            pattern: Some(pattern),
        });
        self.found.extend(found);
        text.expected()
    }
}

fn last_word(text: &str) -> Option<&str> {
    text.trim_end().rsplit(|c: char| !c.is_alphanumeric()).next()
}

/// A text, or a number in digits.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
