//! Which live message is which recorded one.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use super::Matches;
use super::content::Contents;
use super::kin::{Degree, Kin};
use crate::replay::conversation::Message;
use crate::sequence::{self, Names, pairs};

/// How many pairs of a gap, and of all gaps, are looked at for the likest; beyond, what messages say that they are decides.
const OF_A_GAP: usize = 1 << 14;
const OF_ALL: usize = 1 << 18;

/// What whoever was asked says is the same is more alike than anything.
const SAME: u32 = 4000;

/// What became of a message; places in the recorded and the live messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aligned {
    Pair { recorded: usize, live: usize, moved: bool },
    Missing(usize),
    Unexpected(usize),
}

/// Aligns the messages of one direction.
pub(super) fn align(
    recorded: &[Message],
    live: &[Message],
    contents: &mut Contents<'_>,
    matches: &mut Matches<'_>,
) -> Vec<Aligned> {
    let symbols = |messages: &[Message], contents: &mut Contents<'_>| {
        messages.iter().map(|message| contents.symbol(message)).collect::<Vec<_>>()
    };
    let (ours, theirs) = (symbols(recorded, contents), symbols(live, contents));
    let mut board = Board::new(recorded, live);
    board.pair(pairs(&ours, &theirs));
    board.pair_elsewhere(&ours, &theirs);
    board.learn(contents);
    for degree in [Degree::Twin, Degree::Id] {
        board.pair_kin(degree);
    }
    let mut budget = OF_ALL;
    for gap in board.gaps() {
        let size = gap.recorded.len() * gap.live.len();
        if size <= OF_A_GAP.min(budget) {
            budget -= size;
            let found = board.likest(&gap, matches);
            board.pair(found);
        }
    }
    for degree in [Degree::Kind, Degree::Shape] {
        board.pair_kin(degree);
    }
    board.pair_by_place();
    board.aligned()
}

/// In the order of the recorded conversation; what is unexpected before what came next, or at the end.
pub(super) fn in_order(mut items: Vec<Aligned>) -> Vec<Aligned> {
    let mut places: Vec<(usize, usize)> = Vec::new();
    for item in &items {
        if let Aligned::Pair { recorded, live, moved: false } = item {
            places.push((*live, *recorded));
        }
    }
    places.sort_unstable();
    // Both directions together, in which later is not always later in both.
    for at in (1..places.len()).rev() {
        places[at - 1].1 = places[at - 1].1.min(places[at].1);
    }
    let next =
        |live: usize| places.get(places.partition_point(|(place, _)| *place < live)).map_or(usize::MAX, |next| next.1);
    items.sort_by_cached_key(|item| match item {
        Aligned::Pair { recorded, .. } | Aligned::Missing(recorded) => (*recorded, 1, 0),
        Aligned::Unexpected(live) => (next(*live), 0, *live),
    });
    items
}

/// What is not yet aligned between two pairs that are.
#[derive(Debug)]
struct Gap {
    recorded: Vec<usize>,
    live: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Free,
    With(usize),
    /// With one that is not between the same two.
    Moved(usize),
}

struct Board<'a> {
    recorded: &'a [Message],
    live: &'a [Message],
    ours: Vec<Place>,
    theirs: Vec<Place>,
    /// Of what is free after what is the same was paired; empty before.
    kin: (Vec<Option<Kin>>, Vec<Option<Kin>>),
}

impl<'a> Board<'a> {
    fn new(recorded: &'a [Message], live: &'a [Message]) -> Board<'a> {
        let (ours, theirs) = (vec![Place::Free; recorded.len()], vec![Place::Free; live.len()]);
        Board { recorded, live, ours, theirs, kin: (Vec::new(), Vec::new()) }
    }

    fn pair(&mut self, pairs: Vec<(usize, usize)>) {
        for (i, j) in pairs {
            (self.ours[i], self.theirs[j]) = (Place::With(j), Place::With(i));
        }
    }

    /// Pairs what is the same and out of order, the first with the first.
    fn pair_elsewhere(&mut self, ours: &[u32], theirs: &[u32]) {
        let mut free: HashMap<u32, VecDeque<usize>> = HashMap::new();
        for (j, symbol) in theirs.iter().enumerate().filter(|(j, _)| self.theirs[*j] == Place::Free) {
            free.entry(*symbol).or_default().push_back(j);
        }
        for (i, symbol) in ours.iter().enumerate() {
            if self.ours[i] == Place::Free
                && let Some(j) = free.get_mut(symbol).and_then(VecDeque::pop_front)
            {
                (self.ours[i], self.theirs[j]) = (Place::Moved(j), Place::Moved(i));
            }
        }
    }

    fn learn(&mut self, contents: &Contents<'_>) {
        let kin = |messages: &[Message], places: &[Place]| {
            let of = |(message, place): (&Message, &Place)| {
                (*place == Place::Free).then(|| Kin::of(message, contents.rules))
            };
            messages.iter().zip(places).map(of).collect::<Vec<_>>()
        };
        // Where one side has nothing left, there is nobody to be kin to.
        if self.ours.contains(&Place::Free) && self.theirs.contains(&Place::Free) {
            self.kin = (kin(self.recorded, &self.ours), kin(self.live, &self.theirs));
        }
    }

    /// The gaps that have something on both sides.
    fn gaps(&self) -> Vec<Gap> {
        if self.kin.0.is_empty() {
            return Vec::new();
        }
        let free =
            |places: &[Place], within: Range<usize>| within.filter(|at| places[*at] == Place::Free).collect::<Vec<_>>();
        let mut gaps = Vec::new();
        let (mut i, mut j) = (0, 0);
        for (end, place) in self.ours.iter().enumerate() {
            if let Place::With(other) = place {
                gaps.push(Gap { recorded: free(&self.ours, i..end), live: free(&self.theirs, j..*other) });
                (i, j) = (end + 1, other + 1);
            }
        }
        gaps.push(Gap {
            recorded: free(&self.ours, i..self.ours.len()),
            live: free(&self.theirs, j..self.theirs.len()),
        });
        gaps.retain(|gap| !gap.recorded.is_empty() && !gap.live.is_empty());
        gaps
    }

    /// Pairs messages of this degree of kinship in each gap, in order.
    fn pair_kin(&mut self, degree: Degree) {
        for gap in self.gaps() {
            let mut names = Names::default();
            let ours: Vec<u32> = gap.recorded.iter().map(|i| names.of(key(&self.kin.0, *i, degree))).collect();
            let theirs: Vec<u32> = gap.live.iter().map(|j| names.of(key(&self.kin.1, *j, degree))).collect();
            let found = pairs(&ours, &theirs);
            self.pair(found.into_iter().map(|(i, j)| (gap.recorded[i], gap.live[j])).collect());
        }
    }

    /// The pairs of a gap that are the most alike together, in order.
    fn likest(&self, gap: &Gap, matches: &mut Matches<'_>) -> Vec<(usize, usize)> {
        let mut likeness = |row: usize, column: usize| {
            let (i, j) = (gap.recorded[row], gap.live[column]);
            match matches(&self.recorded[i], &self.live[j]) {
                Some(true) => Some(SAME),
                _ => self.likeness(i, j),
            }
        };
        let found = sequence::likest(gap.recorded.len(), gap.live.len(), &mut likeness);
        found.into_iter().map(|(row, column)| (gap.recorded[row], gap.live[column])).collect()
    }

    /// Pairs what is alike at the same place of gaps that are too large to look at each pair.
    fn pair_by_place(&mut self) {
        for gap in self.gaps() {
            let places = gap.recorded.iter().copied().zip(gap.live.iter().copied());
            let found = places.filter(|(i, j)| self.likeness(*i, *j).is_some()).collect();
            self.pair(found);
        }
    }

    fn likeness(&self, i: usize, j: usize) -> Option<u32> {
        // The same bytes, but text on one side and binary on the other.
        if self.recorded[i].data == self.live[j].data {
            return Some(SAME / 2);
        }
        self.kin.0[i].as_ref()?.likeness(self.kin.1[j].as_ref()?)
    }

    fn aligned(&self) -> Vec<Aligned> {
        let ours = self.ours.iter().enumerate().map(|(recorded, place)| match place {
            Place::Free => Aligned::Missing(recorded),
            Place::With(live) => Aligned::Pair { recorded, live: *live, moved: false },
            Place::Moved(live) => Aligned::Pair { recorded, live: *live, moved: true },
        });
        let free = self.theirs.iter().enumerate().filter(|(_, place)| **place == Place::Free);
        ours.chain(free.map(|(live, _)| Aligned::Unexpected(live))).collect()
    }
}

fn key(kin: &[Option<Kin>], at: usize, degree: Degree) -> Option<u64> {
    kin[at].as_ref().and_then(|kin| kin.key(degree))
}
