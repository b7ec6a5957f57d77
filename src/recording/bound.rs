//! A place on a recording's timeline, where what is wanted begins or ends.

use std::time::Duration;

use super::Glance;

/// A time or a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Since the timeline began.
    Time(Duration),
    /// A frame's number.
    Frame(u64),
}

impl Bound {
    /// Whether a line is at this place, or behind it; of events without a number that is not known.
    #[must_use]
    pub fn is_reached(self, glance: &Glance<'_>) -> bool {
        match self {
            Bound::Time(time) => glance.time >= time,
            Bound::Frame(number) => glance.frame.is_some_and(|frame| frame.number >= number),
        }
    }

    /// Whether a line is behind this place.
    #[must_use]
    pub fn is_passed(self, glance: &Glance<'_>) -> bool {
        match self {
            Bound::Time(time) => glance.time > time,
            Bound::Frame(number) => glance.frame.is_some_and(|frame| frame.number > number),
        }
    }
}
