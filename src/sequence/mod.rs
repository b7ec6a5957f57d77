//! What two sequences have in common, in order. Of symbols a longest common subsequence where that can be had in time that is
//! all but linear, and a good one elsewhere; of short ones whose members are more or less alike those that are the most alike
//! together ([`likest`]); of texts the words ([`pieces`]).
//!
//! Few edits are found exactly (E. Myers, "An O(ND) difference algorithm", 1986, up to a bound). With more, symbols that are
//! there once on both sides are anchors (the patience of B. Cohen: their longest increasing subsequence), and what is between
//! them is looked at in the same way. Where there is no anchor, the first of one side is taken for the first of the other.

mod text;

use std::collections::HashMap;
use std::hash::Hash;

pub use text::{Piece, pieces};

/// The most edits that are looked for exactly.
const EDITS: usize = 256;

/// How often anchors are looked for between anchors.
const DEPTH: u8 = 6;

/// Numbers for keys; what has none has a number of its own, that nothing else has.
#[derive(Debug)]
pub struct Names<K> {
    known: HashMap<K, u32>,
    next: u32,
}

impl<K> Default for Names<K> {
    fn default() -> Names<K> {
        Names { known: HashMap::new(), next: 0 }
    }
}

impl<K: Eq + Hash> Names<K> {
    /// The same number for the same key.
    pub fn of(&mut self, key: Option<K>) -> u32 {
        let next = self.next;
        let name = key.map_or(next, |key| *self.known.entry(key).or_insert(next));
        self.next += u32::from(name == next);
        name
    }
}

/// The places of the first and of the second sequence that are the same, both rising.
#[must_use]
pub fn pairs(first: &[u32], second: &[u32]) -> Vec<(usize, usize)> {
    // What the other side has not can't be matched; without it "all is different" costs nothing.
    let (in_first, in_second) = (counts(first), counts(second));
    let a = places(first, |symbol| in_second.contains_key(symbol));
    let b = places(second, |symbol| in_first.contains_key(symbol));
    let symbols = |all: &[u32], places: &[usize]| places.iter().map(|at| all[*at]).collect::<Vec<_>>();
    let mut found = Vec::new();
    solve(&symbols(first, &a), &symbols(second, &b), (0, 0), DEPTH, &mut found);
    found.into_iter().map(|(i, j)| (a[i], b[j])).collect()
}

/// The places of so many rows and columns that are the most alike together, both rising: `likeness` says how much two are; `None`
/// are no pair. Each of all is asked about once, so the time is that of rows times columns.
#[must_use]
pub fn likest(
    rows: usize,
    columns: usize,
    likeness: &mut dyn FnMut(usize, usize) -> Option<u32>,
) -> Vec<(usize, usize)> {
    // What can be had of the first rows and columns.
    let mut best = vec![0; (rows + 1) * (columns + 1)];
    let at = |row: usize, column: usize| row * (columns + 1) + column;
    for row in 0..rows {
        for column in 0..columns {
            let without = best[at(row, column + 1)].max(best[at(row + 1, column)]);
            let with = likeness(row, column).map_or(0, |like| best[at(row, column)] + like);
            best[at(row + 1, column + 1)] = without.max(with);
        }
    }
    let mut found = Vec::new();
    let (mut row, mut column) = (rows, columns);
    while row > 0 && column > 0 {
        let here = best[at(row, column)];
        if here == best[at(row - 1, column)] {
            row -= 1;
        } else if here == best[at(row, column - 1)] {
            column -= 1;
        } else {
            (row, column) = (row - 1, column - 1);
            found.push((row, column));
        }
    }
    found.reverse();
    found
}

fn places(all: &[u32], is_wanted: impl Fn(&u32) -> bool) -> Vec<usize> {
    (0..all.len()).filter(|at| is_wanted(&all[*at])).collect()
}

fn counts(all: &[u32]) -> HashMap<u32, u32> {
    let mut counts = HashMap::new();
    for symbol in all {
        *counts.entry(*symbol).or_default() += 1;
    }
    counts
}

/// Adds the pairs of two parts that begin at `from`.
fn solve(mut a: &[u32], mut b: &[u32], from: (usize, usize), depth: u8, found: &mut Vec<(usize, usize)>) {
    let same_head = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    found.extend((0..same_head).map(|i| (from.0 + i, from.1 + i)));
    (a, b) = (&a[same_head..], &b[same_head..]);
    let from = (from.0 + same_head, from.1 + same_head);
    let same_tail = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    (a, b) = (&a[..a.len() - same_tail], &b[..b.len() - same_tail]);
    if !a.is_empty() && !b.is_empty() {
        between(a, b, from, depth, found);
    }
    let tail = (from.0 + a.len(), from.1 + b.len());
    found.extend((0..same_tail).map(|i| (tail.0 + i, tail.1 + i)));
}

fn between(a: &[u32], b: &[u32], from: (usize, usize), depth: u8, found: &mut Vec<(usize, usize)>) {
    let moved = |(i, j): (usize, usize)| (from.0 + i, from.1 + j);
    if let Some(exact) = few_edits(a, b) {
        return found.extend(exact.into_iter().map(moved));
    }
    let anchors = if depth == 0 { Vec::new() } else { rising(&unique(a, b)) };
    if anchors.is_empty() {
        return found.extend(rising(&nth(a, b)).into_iter().map(moved));
    }
    let mut done = (0, 0);
    for (i, j) in anchors {
        solve(&a[done.0..i], &b[done.1..j], moved(done), depth - 1, found);
        found.push(moved((i, j)));
        done = (i + 1, j + 1);
    }
    solve(&a[done.0..], &b[done.1..], moved(done), depth - 1, found);
}

/// The symbols that are there once on both sides, in the order of the first.
fn unique(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let (in_a, in_b) = (counts(a), counts(b));
    let once = |symbol: &u32| in_a.get(symbol) == Some(&1) && in_b.get(symbol) == Some(&1);
    let places: HashMap<u32, usize> = b.iter().enumerate().map(|(j, symbol)| (*symbol, j)).collect();
    a.iter().enumerate().filter(|(_, symbol)| once(symbol)).map(|(i, symbol)| (i, places[symbol])).collect()
}

/// The first of each symbol with the first of it on the other side, the second with the second.
fn nth(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let mut places: HashMap<u32, Vec<usize>> = HashMap::new();
    for (j, symbol) in b.iter().enumerate().rev() {
        places.entry(*symbol).or_default().push(j);
    }
    let next = |(i, symbol)| Some((i, places.get_mut(symbol)?.pop()?));
    a.iter().enumerate().filter_map(next).collect()
}

/// Of pairs whose first places rise, the most whose second places rise too.
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // Which pair ends the best run of each length, and which one is before each in its run.
    let (mut ends, mut before) = (Vec::<usize>::new(), vec![None; pairs.len()]);
    for (at, (_, j)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *j);
        before[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        ends.truncate(ends.len().max(length));
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut run: Vec<_> = std::iter::successors(ends.last().copied(), |at| before[*at]).map(|at| pairs[at]).collect();
    run.reverse();
    run
}

/// A longest common subsequence, if it takes at most [`EDITS`] edits.
fn few_edits(a: &[u32], b: &[u32]) -> Option<Vec<(usize, usize)>> {
    if a.len().abs_diff(b.len()) > EDITS {
        return None;
    }
    // `reach[k + middle]` is how far diagonal `k` (places of `a` minus places of `b`) goes in `a`.
    let middle = EDITS.cast_signed() + 1;
    let mut reach = vec![0usize; 2 * EDITS + 3];
    let at = |k: isize| (k + middle).cast_unsigned();
    let mut trace = Vec::new();
    for edits in 0..=EDITS.cast_signed() {
        trace.push(reach[at(-edits)..=at(edits)].to_vec());
        for k in (-edits..=edits).step_by(2) {
            let (left, right) = (reach[at(k - 1)], reach[at(k + 1)]);
            let down = k == -edits || (k != edits && left < right);
            let mut i = if edits == 0 {
                0
            } else if down {
                right
            } else {
                left + 1
            };
            let Some(mut j) = i.checked_add_signed(-k).filter(|j| i <= a.len() && *j <= b.len()) else {
                // Off the edge: no path goes on from here.
                reach[at(k)] = i;
                continue;
            };
            while i < a.len() && j < b.len() && a[i] == b[j] {
                (i, j) = (i + 1, j + 1);
            }
            reach[at(k)] = i;
            if i == a.len() && j == b.len() {
                return Some(walk_back(&trace, (i, j)));
            }
        }
    }
    None
}

/// The pairs on the path to the end, from what was reached with fewer edits.
fn walk_back(trace: &[Vec<usize>], end: (usize, usize)) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut i, mut j) = end;
    for (edits, reach) in trace.iter().enumerate().rev() {
        let edits = edits.cast_signed();
        let at = |k: isize| reach.get((k + edits).cast_unsigned()).copied().unwrap_or_default();
        let k = i.cast_signed() - j.cast_signed();
        let down = k == -edits || (k != edits && at(k - 1) < at(k + 1));
        let start = if edits == 0 {
            0
        } else if down {
            at(k + 1)
        } else {
            at(k - 1) + 1
        };
        while i > start {
            (i, j) = (i - 1, j - 1);
            found.push((i, j));
        }
        if edits > 0 {
            if down {
                j -= 1;
            } else {
                i -= 1;
            }
        }
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn longest(a: &[u32], b: &[u32]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for symbol in a {
            let mut diagonal = 0;
            for j in 0..b.len() {
                let above = row[j + 1];
                row[j + 1] = if *symbol == b[j] { diagonal + 1 } else { above.max(row[j]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    fn is_common(a: &[u32], b: &[u32], found: &[(usize, usize)]) -> bool {
        found.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1)
            && found.iter().all(|(i, j)| a[*i] == b[*j])
    }

    #[test]
    fn an_insertion_moves_nothing_else() {
        let b = [1, 2, 9, 3, 1, 1];
        assert_eq!(pairs(&[1, 2, 3, 1, 1], &b), [(0, 0), (1, 1), (2, 3), (3, 4), (4, 5)]);
        assert_eq!(pairs(&[], &b), []);
        assert_eq!(pairs(&[7, 8], &b), []);
    }

    #[test]
    fn large_sequences_end_soon_whatever_is_in_them() {
        let rising: Vec<u32> = (0..30_000).collect();
        let falling: Vec<u32> = rising.iter().rev().copied().collect();
        let few: Vec<u32> = rising.iter().map(|at| at.wrapping_mul(2_654_435_761) >> 29).collect();
        let other: Vec<u32> = rising.iter().map(|at| at.wrapping_mul(2_246_822_519) >> 29).collect();
        let twice: Vec<u32> = falling.iter().flat_map(|at| [*at, *at]).collect();
        for (a, b) in [(&rising, &falling), (&few, &other), (&rising, &twice), (&few, &rising), (&twice, &few)] {
            assert!(is_common(a, b, &pairs(a, b)));
        }
        assert!(pairs(&few, &other).len() > 6_000);
    }

    proptest! {
        #[test]
        fn few_edits_are_found_exactly(a in prop::collection::vec(0u32..6, 0..60), b in prop::collection::vec(0u32..6, 0..60)) {
            let found = pairs(&a, &b);
            prop_assert!(is_common(&a, &b, &found));
            prop_assert_eq!(found.len(), longest(&a, &b));
        }

        #[test]
        fn without_exactness_it_is_common_still(a in prop::collection::vec(0u32..40, 0..200), b in prop::collection::vec(0u32..40, 0..200)) {
            let mut found = Vec::new();
            let anchors = rising(&unique(&a, &b));
            prop_assert!(is_common(&a, &b, &anchors));
            prop_assert!(is_common(&a, &b, &rising(&nth(&a, &b))));
            solve(&a, &b, (0, 0), 0, &mut found);
            prop_assert!(is_common(&a, &b, &found));
        }
    }
}
