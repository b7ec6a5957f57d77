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

    /// Since the start, in whole microseconds: as exact as a recording, so that what is read back is what was shown.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(self.started.elapsed().as_micros() as u64)
    }

    /// The wall time of the start.
    #[must_use]
    pub const fn created(&self) -> SystemTime {
        self.created
    }
}
