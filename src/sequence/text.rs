//! Two texts word by word.

use super::{Names, pairs};

/// A stretch of two texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Same(String),
    /// Of the first text alone.
    Recorded(String),
    /// Of the second text alone.
    Live(String),
}

/// Both texts in pieces that are the same, or in one of them only. A word is a run of characters of which `joins` is true; each
/// other character stands by itself.
#[must_use]
pub fn pieces(recorded: &str, live: &str, joins: impl Fn(char) -> bool + Copy) -> Vec<Piece> {
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (words(recorded, joins).collect(), words(live, joins).collect());
    let mut names = Names::default();
    let [first, second] =
        [&ours, &theirs].map(|words| words.iter().map(|word| names.of(Some(*word))).collect::<Vec<u32>>());
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (next_i, next_j) in pairs(&first, &second).into_iter().chain([(ours.len(), theirs.len())]) {
        if i < next_i {
            pieces.push(Piece::Recorded(ours[i..next_i].concat()));
        }
        if j < next_j {
            pieces.push(Piece::Live(theirs[j..next_j].concat()));
        }
        if let Some(word) = ours.get(next_i) {
            match pieces.last_mut() {
                Some(Piece::Same(same)) => same.push_str(word),
                _ => pieces.push(Piece::Same((*word).to_owned())),
            }
        }
        (i, j) = (next_i + 1, next_j + 1);
    }
    pieces
}

fn words(text: &str, joins: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = if joins(first) { rest.find(|c: char| !joins(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}
