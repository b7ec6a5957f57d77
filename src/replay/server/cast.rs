//! Who plays which recorded connection: each is played once, in the order of the recording, by the next client that asks for
//! what its client asked for.

use std::sync::{Mutex, PoisonError};

/// How often each connection has been given away.
#[derive(Debug)]
pub(super) struct Cast {
    state: Mutex<State>,
    /// Begin again when all have been played.
    again: bool,
}

#[derive(Debug)]
struct State {
    given: Vec<u64>,
    /// Of these, to clients that are still there.
    playing: usize,
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
    pub(super) fn new(connections: usize, again: bool) -> Cast {
        Cast { state: Mutex::new(State { given: vec![0; connections], playing: 0 }), again }
    }

    /// The first of those least often played that fits.
    pub(super) fn give(&self, fits: impl Fn(usize) -> bool) -> Result<usize, Nothing> {
        let state = &mut *self.lock();
        let fitting = (0..state.given.len()).filter(|part| fits(*part));
        let part = fitting.min_by_key(|part| state.given[*part]).ok_or(Nothing::Fits)?;
        if !self.again && state.given[part] > 0 {
            return Err(Nothing::Left);
        }
        state.given[part] += 1;
        state.playing += 1;
        Ok(part)
    }

    /// It has been played; or not, and is for the next then.
    pub(super) fn give_back(&self, part: usize, played: bool) {
        let state = &mut *self.lock();
        state.playing -= 1;
        state.given[part] -= u64::from(!played);
    }

    /// Whether every one has been played, and none will be again.
    pub(super) fn is_over(&self) -> bool {
        let state = self.lock();
        !self.again && state.playing == 0 && state.given.iter().all(|given| *given > 0)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_played_once() {
        let cast = Cast::new(3, false);
        assert_eq!(cast.give(|part| part != 1), Ok(0));
        assert_eq!(cast.give(|_| true), Ok(1));
        cast.give_back(0, false);
        assert_eq!(cast.give(|_| true), Ok(0), "its client never shook hands");
        assert_eq!(cast.give(|part| part == 1), Err(Nothing::Left));
        assert_eq!(cast.give(|_| false), Err(Nothing::Fits));
        assert_eq!(cast.give(|_| true), Ok(2));
        for part in 0..3 {
            assert!(!cast.is_over());
            cast.give_back(part, true);
        }
        assert!(cast.is_over());
    }

    #[test]
    fn or_over_and_over_again() {
        let cast = Cast::new(2, true);
        let given: Vec<_> = (0..5).map(|_| cast.give(|_| true)).collect();
        assert_eq!(given, [Ok(0), Ok(1), Ok(0), Ok(1), Ok(0)]);
        (0..5).for_each(|_| cast.give_back(0, true));
        assert!(!cast.is_over());
    }
}
