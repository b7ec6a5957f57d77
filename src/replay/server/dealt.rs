//! Which answer is whose, where the recorded client said several things before any answer came.
//!
//! By the recording each answer follows the last of them. A client that says one of them and waits would wait for ever, so where
//! its messages are found by their content they get their answers singly: by ids where there are any, else one each in order,
//! and what is left goes to the last.

use std::collections::{HashMap, HashSet, VecDeque};

use bytes::Bytes;

use super::ids::Ids;
use crate::replay::part::{Action, Awaited, Cue};

/// For each cue the message that releases it, by its place; `None`: it comes before any.
pub(super) fn dealt(cues: &[Cue], awaited: &[Awaited], ids: Option<&Ids>) -> Vec<Option<usize>> {
    let owners = owners(cues, awaited, ids);
    let mut places = Vec::with_capacity(cues.len());
    let answered: HashSet<usize> = owners.iter().flatten().copied().collect();
    let mut run = Run::default();
    for (cue, owner) in cues.iter().zip(owners) {
        if cue.after > run.end {
            let waiting = (run.end..cue.after).filter(|place| !answered.contains(place)).collect();
            run = Run { end: cue.after, waiting };
        }
        places.push(owner.or_else(|| run.next(&cue.action)));
    }
    places
}

/// What each cue answers by its id. An answer comes after that; what has the same id before it is something else.
fn owners(cues: &[Cue], awaited: &[Awaited], ids: Option<&Ids>) -> Vec<Option<usize>> {
    let Some(ids) = ids else { return vec![None; cues.len()] };
    let mut asked: HashMap<Bytes, usize> = HashMap::new();
    for (at, heard) in awaited.iter().enumerate() {
        asked.extend(ids.of(&heard.message.data).into_iter().map(|id| (id, at)));
    }
    let owner = |cue: &Cue| match &cue.action {
        Action::Message { data, .. } => ids.of(data).iter().find_map(|id| asked.get(id)).copied(),
        _ => None,
    };
    cues.iter().map(|cue| owner(cue).filter(|at| *at < cue.after)).collect()
}

/// Messages that came without an answer between them.
#[derive(Default)]
struct Run {
    /// The place behind the last.
    end: usize,
    /// Those that have not been answered yet, by an id or else.
    waiting: VecDeque<usize>,
}

impl Run {
    /// Whose this answer is.
    fn next(&mut self, action: &Action) -> Option<usize> {
        let next = if completes(action) { self.waiting.pop_front() } else { self.waiting.front().copied() };
        next.or(self.end.checked_sub(1))
    }
}

/// Whether a message ends with it.
fn completes(action: &Action) -> bool {
    match action {
        Action::Message { .. } => true,
        Action::Frame(spec) => spec.fin && !spec.opcode.is_control(),
        _ => false,
    }
}
