//! Requests and answers that belong together by an `id`, as in JSON-RPC, and how long the answers took.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use ahash::RandomState;
use memchr::arch::all::packedpair::HeuristicFrequencyRank;
use memchr::memmem::{Finder, FinderBuilder};

use crate::event::Direction;
use crate::recording::Text;
use crate::recording::scan::{Members, Value};

use super::Histogram;

/// The most requests that wait for an answer; beyond, the oldest counts as unanswered.
const WAITING: usize = 4096;

/// The longest `id`, in bytes of JSON.
const LONGEST_ID: usize = 128;

/// Requests by `id`, and the latency of their answers.
///
/// A text message that is one JSON object with a string or a number as its `id` is the answer to the last request of the
/// other direction with this `id` on its connection, unless it has a `method`; else it is a request itself. Messages in
/// uncompressed fragments, and batches, are not looked into.
#[derive(Clone, Debug)]
pub struct Calls {
    id: Finder<'static>,
    waiting: HashMap<Key, (u64, Duration), RandomState>,
    /// In order of time, answered ones included until they come to the front.
    order: VecDeque<(Key, u64)>,
    asked: u64,
    latency: Histogram,
    /// What the last message said, unescaped.
    content: Vec<u8>,
}

/// A request on a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    connection: u32,
    asker: Direction,
    id: Id,
}

/// An `id`; `"1"` is not `1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Id {
    Number(u64),
    /// Any other as it stands, with the opening quote of a string.
    Other(Box<[u8]>),
}

impl Default for Calls {
    fn default() -> Calls {
        Calls {
            id: FinderBuilder::new().build_forward_with_ranker(Quoted, br#"\"id\""#),
            waiting: HashMap::default(),
            order: VecDeque::new(),
            asked: 0,
            latency: Histogram::default(),
            content: Vec::new(),
        }
    }
}

/// How frequent bytes are in JSON that is escaped: quotes and their backslashes are everywhere.
struct Quoted;

impl HeuristicFrequencyRank for Quoted {
    fn rank(&self, byte: u8) -> u8 {
        if matches!(byte, b'\\' | b'"') { u8::MAX } else { 0 }
    }
}

impl Calls {
    /// Takes note of a whole text message.
    pub(super) fn message(&mut self, connection: u32, direction: Direction, time: Duration, text: Text<'_>) {
        let raw = text.raw().trim_ascii_start();
        // Blanks and quotes may be escaped otherwise by other programs: rare enough to be looked at whole.
        let maybe = match raw.first() {
            Some(b'{') => self.id.find(raw).is_some() || text.may_escape_any(),
            Some(b'\\') => true,
            _ => false,
        };
        if maybe
            && let Some(content) = text.bytes(&mut self.content)
            && let Some((id, method)) = call(content)
        {
            self.call(connection, direction, time, id, method);
        }
    }

    /// How long answers took, in microseconds.
    #[must_use]
    pub const fn latency(&self) -> &Histogram {
        &self.latency
    }

    /// Requests that had no answer.
    #[must_use]
    pub const fn unanswered(&self) -> u64 {
        self.asked - self.latency.count()
    }

    fn call(&mut self, connection: u32, direction: Direction, time: Duration, id: Id, method: bool) {
        let other = match direction {
            Direction::Sent => Direction::Received,
            Direction::Received => Direction::Sent,
        };
        let mut key = Key { connection, asker: other, id };
        if !method && let Some((_, asked)) = self.waiting.remove(&key) {
            return self.latency.add(time.saturating_sub(asked).as_micros() as u64);
        }
        key.asker = direction;
        self.asked += 1;
        self.order.push_back((key.clone(), self.asked));
        self.waiting.insert(key, (self.asked, time));
        if self.order.len() > WAITING
            && let Some((key, number)) = self.order.pop_front()
            && self.waiting.get(&key).is_some_and(|(asked, _)| *asked == number)
        {
            self.waiting.remove(&key);
        }
    }
}

/// The `id` of a message that is an object, and whether it has a `method`.
fn call(message: &[u8]) -> Option<(Id, bool)> {
    let (mut id, mut method) = (None, false);
    let mut members = Members::of(message);
    for (name, value) in members.by_ref() {
        match name.raw() {
            b"id" => id = identifier(value),
            b"method" => method = true,
            _ => {}
        }
    }
    id.filter(|_| members.is_whole()).map(|id| (id, method))
}

fn identifier(value: Value<'_>) -> Option<Id> {
    let other = |id: &[u8]| (id.len() <= LONGEST_ID).then(|| Id::Other(id.into()));
    match value {
        Value::Text(text) => other(&[b"\"", text.raw()].concat()),
        Value::Bare(b"null" | b"true" | b"false") | Value::Nested(_) => None,
        // `01` is no number, and not `1`.
        Value::Bare(id) => match value.number().filter(|_| id[0] != b'0' || id.len() == 1) {
            Some(number) => Some(Id::Number(number)),
            None => other(id),
        },
    }
}
