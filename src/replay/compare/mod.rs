//! A conversation held against another: what came as recorded, what came otherwise, what did not come, what came besides.
//!
//! Pure: two conversations and rules in, a verdict out. Each direction is compared by itself, since the network alone decides
//! how two directions interleave. Messages are aligned by content:
//!
//! ```text
//! the same content, in order              -> matched            (align.rs)
//! the same content, somewhere else        -> matched, moved
//! kin, between two that match             -> changed            (kin.rs: same id, method or type, same shape, nearest text)
//! the rest                                -> missing, unexpected
//! ```
//!
//! Text that is a JSON object or array is compared as JSON: the order of members and the spelling of numbers don't matter. Other
//! text, a bare JSON number or string too, is compared as text, binary messages byte for byte. The elements of arrays are
//! aligned like messages (array.rs).

mod align;
mod array;
mod content;
mod difference;
mod json;
mod kin;
mod outcome;
mod report;
mod rules;
mod show;
#[cfg(test)]
mod tests;
mod timing;
mod verdict;

pub use crate::sequence::Piece;
pub use content::{Kind, canonical};
pub use difference::Difference;
pub use outcome::to_json;
pub use report::{to_outcome, to_suite, told};
pub use rules::{Rules, Tolerance, ToleranceError};
pub use show::{render, summary};
pub use timing::{Drift, Timing};
pub use verdict::{Counts, End, Item, Pair, Verdict};

use super::conversation::{Conversation, Message};
use align::{Aligned, align};
use content::Contents;
use difference::differences;

/// Says whether a live message is as recorded; `None`: that its content decides. May be asked more than once of a pair.
pub type Matches<'a> = dyn FnMut(&Message, &Message) -> Option<bool> + 'a;

/// Holds a live conversation against a recorded one.
#[must_use]
pub fn compare(recorded: &Conversation, live: &Conversation, rules: &Rules) -> Verdict {
    compare_by(recorded, live, rules, &mut |_, _| None)
}

/// The same, with somebody else asked about pairs first.
#[must_use]
pub fn compare_by(recorded: &Conversation, live: &Conversation, rules: &Rules, matches: &mut Matches<'_>) -> Verdict {
    let mut items = Vec::new();
    let mut contents = Contents::new(rules);
    for (way, other) in &rules.ways {
        let of = |conversation: &Conversation, way| {
            (0..conversation.messages.len())
                .filter(|at| conversation.messages[*at].direction == way)
                .collect::<Vec<_>>()
        };
        let (mine, theirs) = (of(recorded, *way), of(live, *other));
        let messages = |conversation: &Conversation, places: &[usize]| {
            places.iter().map(|at| conversation.messages[*at].clone()).collect::<Vec<_>>()
        };
        let (mine_said, theirs_said) = (messages(recorded, &mine), messages(live, &theirs));
        let aligned = align(&mine_said, &theirs_said, &mut contents, matches);
        let place = |aligned: Aligned| match aligned {
            Aligned::Pair { recorded, live, moved } => {
                Aligned::Pair { recorded: mine[recorded], live: theirs[live], moved }
            }
            Aligned::Missing(at) => Aligned::Missing(mine[at]),
            Aligned::Unexpected(at) => Aligned::Unexpected(theirs[at]),
        };
        items.extend(aligned.into_iter().map(place));
    }
    let items = align::in_order(items);
    let gaps = (timing::gaps(recorded), timing::gaps(live));
    let mut effort = array::EFFORT;
    let items = items.into_iter().map(|aligned| match aligned {
        Aligned::Missing(at) => Item::Missing(recorded.messages[at].clone()),
        Aligned::Unexpected(at) => Item::Unexpected(live.messages[at].clone()),
        Aligned::Pair { recorded: i, live: j, moved } => {
            let (one, other) = (&recorded.messages[i], &live.messages[j]);
            let same = matches(one, other).unwrap_or_else(|| contents.symbol(one) == contents.symbol(other));
            let drift = if same && !moved { Drift::new(gaps.0[i], gaps.1[j], rules.tolerance) } else { None };
            let pair = Pair { recorded: one.clone(), live: other.clone(), moved, drift };
            if same { Item::Matched(pair) } else { Item::Changed(pair, differences(one, other, rules, &mut effort)) }
        }
    });
    let items: Vec<Item> = items.collect();
    let timing = Timing::of(&items);
    Verdict { items, timing, end: End { recorded: recorded.end.clone(), live: live.end.clone(), open: rules.open_end } }
}
