//! Requests and answers that belong together by an `id`, as in JSON-RPC, and how long the answers took.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use memchr::memmem::Finder;

use crate::event::Direction;
use crate::recording::scan::{Members, Text, Value};

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
    waiting: HashMap<Key, (u64, Duration)>,
    /// In order of time, answered ones included until they come to the front.
    order: VecDeque<(Key, u64)>,
    asked: u64,
    latency: Histogram,
}

type Key = (u32, Direction, Box<[u8]>);

impl Default for Calls {
    fn default() -> Calls {
        let (id, waiting, order) = (Finder::new(br#"\"id\""#), HashMap::new(), VecDeque::new());
        Calls { id, waiting, order, asked: 0, latency: Histogram::default() }
    }
}

impl Calls {
    /// Takes note of a whole text message.
    pub(super) fn message(&mut self, connection: u32, direction: Direction, time: Duration, text: Text<'_>) {
        let raw = text.raw().trim_ascii_start();
        // Blanks and quotes may be escaped otherwise by other programs: rare enough to be looked at whole.
        let maybe = match raw.first() {
            Some(b'{') => self.id.find(raw).is_some() || memchr::memmem::find(raw, br"\u0022").is_some(),
            Some(b'\\') => true,
            _ => false,
        };
        if maybe && let Some(text) = text.decode() {
            self.object(connection, direction, time, &text);
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

    fn object(&mut self, connection: u32, direction: Direction, time: Duration, text: &str) {
        let (mut id, mut method) = (None, false);
        let mut members = Members::of(text.as_bytes());
        for (name, value) in members.by_ref() {
            match name.raw() {
                b"id" => id = identifier(value),
                b"method" => method = true,
                _ => {}
            }
        }
        let Some(id) = id.filter(|_| members.is_whole()) else { return };
        let other = match direction {
            Direction::Sent => Direction::Received,
            Direction::Received => Direction::Sent,
        };
        let mut key = (connection, other, id);
        if !method && let Some((_, asked)) = self.waiting.remove(&key) {
            return self.latency.add(time.saturating_sub(asked).as_micros() as u64);
        }
        key.1 = direction;
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

/// An `id` as it stands; the quotes of a string are part of it, since `"1"` is not `1`.
fn identifier(value: Value<'_>) -> Option<Box<[u8]>> {
    let id: Box<[u8]> = match value {
        Value::Text(text) => [b"\"", text.raw()].concat().into(),
        Value::Bare(b"null" | b"true" | b"false") | Value::Nested(_) => return None,
        Value::Bare(number) => number.into(),
    };
    (id.len() <= LONGEST_ID).then_some(id)
}
