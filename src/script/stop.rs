//! When a script has to stop: Ctrl-C, or its time is over. Every wait and every loop asks here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::session::Clock;

/// Why a script has to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    Interrupted,
    /// After this long.
    TimedOut(Duration),
}

/// Asked by everything that may take time. Clones share it.
#[derive(Clone, Debug)]
pub struct Stop {
    clock: Clock,
    interrupted: Arc<AtomicBool>,
    limit: Arc<Limit>,
}

/// In microseconds; 0: none.
#[derive(Debug, Default)]
struct Limit {
    end: AtomicU64,
    length: AtomicU64,
}

impl Stop {
    /// How often a wait asks.
    pub const LOOK: Duration = Duration::from_millis(20);

    /// Stops once the flag is set.
    #[must_use]
    pub fn new(clock: Clock, interrupted: Arc<AtomicBool>) -> Stop {
        Stop { clock, interrupted, limit: Arc::default() }
    }

    /// Stops this long from now too; `None`: no longer.
    pub fn limit(&self, length: Option<Duration>) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
        let end = length.map_or(0, |length| micros(self.clock.elapsed().saturating_add(length)));
        self.limit.length.store(length.map_or(0, micros), Ordering::Relaxed);
        self.limit.end.store(end, Ordering::Release);
    }

    /// The clock that it goes by.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), Stopped> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(Stopped::Interrupted);
        }
        match self.limit.end.load(Ordering::Acquire) {
            0 => Ok(()),
            end if u128::from(end) > self.clock.elapsed().as_micros() => Ok(()),
            _ => Err(Stopped::TimedOut(Duration::from_micros(self.limit.length.load(Ordering::Relaxed)))),
        }
    }
}
