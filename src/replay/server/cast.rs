//! Who plays which recorded connection: each is played once, in the order of the recording, by the next client that asks for
//! what its client asked for.
//!
//! Where redirects led to a connection it has several turns, one a request: its redirects in order, then itself. A redirect is
//! given as long as its connection is to be played, in turn with the others that answer the same request, so that also a path
//! that leads to itself on another host leads on.

use std::sync::{Mutex, PoisonError};

/// How often each has been given away.
#[derive(Debug)]
pub(super) struct Cast {
    state: Mutex<State>,
    /// Begin again when all have been played.
    again: bool,
}

#[derive(Debug)]
struct State {
    /// Each turn of each connection.
    given: Vec<Vec<u64>>,
    /// Of these, to clients that are still there.
    playing: usize,
}

/// A turn of a connection, both from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) part: usize,
    pub(super) turn: usize,
}

/// Why a client gets none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Nothing {
    /// No connection is what it asks for.
    Fits,
    /// Those that are have been given away.
    Left,
}

impl Cast {
    /// For connections with so many turns, each with at least one.
    pub(super) fn new(turns: impl Iterator<Item = usize>, again: bool) -> Cast {
        let given = turns.map(|turns| vec![0; turns]).collect();
        Cast { state: Mutex::new(State { given, playing: 0 }), again }
    }

    /// The first of those least often given that fits.
    pub(super) fn give(&self, fits: impl Fn(Turn) -> bool) -> Result<Turn, Nothing> {
        let state = &mut *self.lock();
        let turns = |part: usize| (0..state.given[part].len()).map(move |turn| Turn { part, turn });
        let mut fitting = (0..state.given.len()).flat_map(turns).filter(|turn| fits(*turn)).peekable();
        fitting.peek().ok_or(Nothing::Fits)?;
        let left = fitting.filter(|turn| self.again || state.is_left(turn.part));
        let given = left.min_by_key(|Turn { part, turn }| state.given[*part][*turn]).ok_or(Nothing::Left)?;
        state.given[given.part][given.turn] += 1;
        state.playing += 1;
        Ok(given)
    }

    /// It has been played; or not, and is for the next then.
    pub(super) fn give_back(&self, Turn { part, turn }: Turn, played: bool) {
        let state = &mut *self.lock();
        state.playing -= 1;
        state.given[part][turn] -= u64::from(!played);
    }

    /// The connections that nobody has come to yet.
    pub(super) fn left(&self) -> Vec<usize> {
        let state = self.lock();
        (0..state.given.len()).filter(|part| state.is_left(*part)).collect()
    }

    /// Whether every connection has been played, and none will be again.
    pub(super) fn is_over(&self) -> bool {
        let state = self.lock();
        !self.again && state.playing == 0 && (0..state.given.len()).all(|part| !state.is_left(part))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether nobody has come to this connection's last turn.
    fn is_left(&self, part: usize) -> bool {
        self.given[part].last() == Some(&0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn turn(part: usize, turn: usize) -> Turn {
        Turn { part, turn }
    }

    #[test]
    fn each_is_played_once() {
        let cast = Cast::new([1, 1, 1].into_iter(), false);
        assert_eq!(cast.give(|turn| turn.part != 1), Ok(turn(0, 0)));
        assert_eq!(cast.give(|_| true), Ok(turn(1, 0)));
        cast.give_back(turn(0, 0), false);
        assert_eq!(cast.give(|_| true), Ok(turn(0, 0)), "its client never shook hands");
        assert_eq!(cast.give(|turn| turn.part == 1), Err(Nothing::Left));
        assert_eq!(cast.give(|_| false), Err(Nothing::Fits));
        assert_eq!(cast.give(|_| true), Ok(turn(2, 0)));
        for part in 0..3 {
            assert!(!cast.is_over());
            cast.give_back(turn(part, 0), true);
        }
        assert!(cast.is_over());
    }

    #[test]
    fn or_over_and_over_again() {
        let cast = Cast::new([1, 1].into_iter(), true);
        let given: Vec<_> = (0..5).map(|_| cast.give(|_| true).map(|turn| turn.part)).collect();
        assert_eq!(given, [Ok(0), Ok(1), Ok(0), Ok(1), Ok(0)]);
        (0..5).for_each(|_| cast.give_back(turn(0, 0), true));
        assert!(!cast.is_over());
    }

    #[test]
    fn a_redirect_is_given_until_its_connection_is() {
        let cast = Cast::new([2, 2].into_iter(), false);
        let (first, last) = (|turn: Turn| turn.turn == 0, |turn: Turn| turn.turn == 1);
        let give = |fits: &dyn Fn(Turn) -> bool| cast.give(fits).inspect(|turn| cast.give_back(*turn, true));
        assert_eq!([give(&first), give(&first), give(&first)], [Ok(turn(0, 0)), Ok(turn(1, 0)), Ok(turn(0, 0))]);
        assert_eq!(give(&last), Ok(turn(0, 1)));
        assert_eq!(give(&first), Ok(turn(1, 0)), "the other one is over");
        assert!(!cast.is_over());
        assert_eq!(give(&last), Ok(turn(1, 1)));
        assert_eq!(give(&first), Err(Nothing::Left));
        assert!(cast.is_over());
    }

    #[test]
    fn what_asks_for_the_same_again_gets_the_next_turn() {
        let cast = Cast::new([2].into_iter(), true);
        let given: Vec<_> = (0..4).map(|_| cast.give(|_| true).map(|turn| turn.turn)).collect();
        assert_eq!(given, [Ok(0), Ok(1), Ok(0), Ok(1)]);
    }
}
