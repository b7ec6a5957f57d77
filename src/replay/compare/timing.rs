//! How far the times of a live conversation are off those recorded.
//!
//! A message's time is the gap: how long after the message before it, of either direction, it came. So a delay counts once,
//! at the message that was late, and an answer is held against the request that it follows.

use std::time::Duration;

use super::rules::Tolerance;
use super::verdict::Item;
use crate::replay::conversation::Conversation;

/// The gaps before a message that came as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drift {
    pub recorded: Duration,
    pub live: Duration,
    /// Farther off than is tolerated.
    pub beyond: bool,
}

/// How far off the gaps are, of messages that came as recorded and in their place; percentiles by nearest rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// How many gaps there are: a conversation's first message has none.
    pub gaps: usize,
    pub p50: Duration,
    pub p99: Duration,
    pub max: Duration,
    /// How many are farther off than is tolerated.
    pub beyond: usize,
}

impl Drift {
    pub(super) fn new(
        recorded: Option<Duration>,
        live: Option<Duration>,
        tolerance: Option<Tolerance>,
    ) -> Option<Drift> {
        let (recorded, live) = (recorded?, live?);
        let beyond = tolerance.is_some_and(|tolerance| recorded.abs_diff(live) > tolerance.of(recorded));
        Some(Drift { recorded, live, beyond })
    }

    /// How far off it is.
    #[must_use]
    pub fn amount(&self) -> Duration {
        self.recorded.abs_diff(self.live)
    }
}

impl Timing {
    /// Of the messages that came as recorded.
    #[must_use]
    pub fn of(items: &[Item]) -> Timing {
        let drifts = items.iter().filter_map(|item| match item {
            Item::Matched(pair) => pair.drift,
            _ => None,
        });
        let (mut amounts, mut beyond) = (Vec::new(), 0);
        for drift in drifts {
            amounts.push(drift.amount());
            beyond += usize::from(drift.beyond);
        }
        amounts.sort_unstable();
        let rank = |percent: usize| {
            let rank = (amounts.len() * percent).div_ceil(100);
            rank.checked_sub(1).map(|at| amounts[at]).unwrap_or_default()
        };
        Timing { gaps: amounts.len(), p50: rank(50), p99: rank(99), max: rank(100), beyond }
    }
}

/// How long after the message before it each message came.
pub(super) fn gaps(conversation: &Conversation) -> Vec<Option<Duration>> {
    let messages = &conversation.messages;
    let gap = |two: &[crate::replay::Message]| Some(two[1].time.saturating_sub(two[0].time));
    std::iter::once(None).chain(messages.windows(2).map(gap)).take(messages.len()).collect()
}
