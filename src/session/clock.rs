//! Time, read in one place, so that everything above can be given another clock.

use std::time::{Duration, Instant, SystemTime};

/// A monotonic clock with the wall time of its start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    created: SystemTime,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn start() -> Clock {
        Clock { started: Instant::now(), created: SystemTime::now() }
    }

    /// Since the start.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The wall time of the start.
    #[must_use]
    pub const fn created(&self) -> SystemTime {
        self.created
    }
}
