//! What a client said held against the recording, as its messages were found there.

use super::Matching;
use crate::event::Closed;
use crate::replay::compare::{End, Item, Pair, Timing, Verdict, compare};
use crate::replay::{Conversation, Message};

/// Where the order alone finds a message, its content decides; else what is found is as it should be, in any order.
pub(super) fn verdict(
    recorded: &Conversation,
    heard: Vec<(Message, Option<usize>)>,
    end: Option<Closed>,
    matching: &Matching,
) -> Verdict {
    if let Matching::Order(rules) = matching {
        let live = Conversation { messages: heard.into_iter().map(|(message, _)| message).collect(), end };
        return compare(recorded, &live, rules);
    }
    let mut missing = vec![true; recorded.messages.len()];
    let mut items: Vec<Item> = Vec::with_capacity(heard.len());
    for (live, found) in heard {
        items.push(match found {
            Some(at) => {
                missing[at] = false;
                let recorded = recorded.messages[at].clone();
                Item::Matched(Pair { recorded, live, moved: false, drift: None })
            }
            None => Item::Unexpected(live),
        });
    }
    let missing = recorded.messages.iter().zip(missing).filter(|(_, missing)| *missing);
    items.extend(missing.map(|(message, _)| Item::Missing(message.clone())));
    let timing = Timing::of(&items);
    Verdict { items, timing, end: End { recorded: recorded.end.clone(), live: end, open: true } }
}
