//! What a comparison came to.

use super::difference::Difference;
use super::timing::{Drift, Timing};
use crate::event::Closed;
use crate::replay::conversation::Message;

/// What a comparison came to.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// In the order of the recorded conversation, what is unexpected where it came.
    pub items: Vec<Item>,
    pub timing: Timing,
    pub end: End,
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// It came as recorded.
    Matched(Pair),
    /// It came with other content. No differences: whoever was asked says that it is another.
    Changed(Pair, Vec<Difference>),
    /// It was recorded and did not come.
    Missing(Message),
    /// It came and was not recorded.
    Unexpected(Message),
}

/// A message as recorded and as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub recorded: Message,
    pub live: Message,
    /// It came in another place among those of its direction.
    pub moved: bool,
    /// `None` for what is not matched in its place, and for what nothing was before.
    pub drift: Option<Drift>,
}

/// How the connections ended; `None`: nobody saw that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    pub recorded: Option<Closed>,
    pub live: Option<Closed>,
    /// Whether any end will do where none was recorded.
    pub open: bool,
}

/// How many messages became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Came as recorded, those that moved among them.
    pub matched: usize,
    pub changed: usize,
    pub missing: usize,
    pub unexpected: usize,
    /// Of those matched.
    pub moved: usize,
}

impl Counts {
    /// Messages, one that was recorded and came counted once.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.matched + self.changed + self.missing + self.unexpected
    }

    /// Messages that were recorded.
    #[must_use]
    pub const fn recorded(&self) -> usize {
        self.matched + self.changed + self.missing
    }

    /// Messages that came.
    #[must_use]
    pub const fn live(&self) -> usize {
        self.matched + self.changed + self.unexpected
    }
}

impl Item {
    /// The message as recorded.
    #[must_use]
    pub const fn recorded(&self) -> Option<&Message> {
        match self {
            Item::Matched(pair) | Item::Changed(pair, _) => Some(&pair.recorded),
            Item::Missing(message) => Some(message),
            Item::Unexpected(_) => None,
        }
    }

    /// The message as it came.
    #[must_use]
    pub const fn live(&self) -> Option<&Message> {
        match self {
            Item::Matched(pair) | Item::Changed(pair, _) => Some(&pair.live),
            Item::Unexpected(message) => Some(message),
            Item::Missing(_) => None,
        }
    }

    /// Whether it is as recorded, in its place and in time.
    #[must_use]
    pub fn is_same(&self) -> bool {
        matches!(self, Item::Matched(pair) if !pair.moved && !pair.drift.is_some_and(|drift| drift.beyond))
    }

    /// As in JSON: `matched`, `moved`, `late`, `changed`, `missing`, `unexpected`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Item::Matched(pair) if pair.moved => "moved",
            Item::Matched(_) if self.is_same() => "matched",
            Item::Matched(_) => "late",
            Item::Changed(..) => "changed",
            Item::Missing(_) => "missing",
            Item::Unexpected(_) => "unexpected",
        }
    }
}

impl End {
    /// Whether both ended with the same code and reason.
    #[must_use]
    pub fn is_same(&self) -> bool {
        match (&self.recorded, &self.live) {
            (None, None) => true,
            (None, Some(_)) => self.open,
            (Some(_), None) => false,
            // Without a code it makes a difference whether there was a close frame.
            (Some(one), Some(other)) => {
                one.code == other.code && one.reason == other.reason && (one.code.is_some() || one.clean == other.clean)
            }
        }
    }
}

impl Verdict {
    /// Whether everything came as recorded: each message, in its place and in time, and the end.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.end.is_same() && self.items.iter().all(Item::is_same)
    }

    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for item in &self.items {
            match item {
                Item::Matched(pair) => {
                    counts.matched += 1;
                    counts.moved += usize::from(pair.moved);
                }
                Item::Changed(..) => counts.changed += 1,
                Item::Missing(_) => counts.missing += 1,
                Item::Unexpected(_) => counts.unexpected += 1,
            }
        }
        counts
    }
}
