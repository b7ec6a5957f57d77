//! Pings at an interval, and the time that a peer may stay silent after one.

use std::time::Duration;

use bytes::Bytes;

/// When the next ping is due, and until when the peer must have been heard.
#[derive(Clone, Debug)]
pub struct KeepAlive {
    interval: Duration,
    timeout: Option<Duration>,
    next_ping: Duration,
    answer_by: Option<Duration>,
    sent: u64,
}

impl KeepAlive {
    /// Pings each `interval` from `now` on. Without a `timeout`, a silent peer is never given up.
    #[must_use]
    pub fn new(now: Duration, interval: Duration, timeout: Option<Duration>) -> KeepAlive {
        KeepAlive { interval, timeout, next_ping: now + interval, answer_by: None, sent: 0 }
    }

    /// When something is due.
    #[must_use]
    pub fn next(&self) -> Option<Duration> {
        Some(self.answer_by.map_or(self.next_ping, |by| by.min(self.next_ping)))
    }

    /// Anything that arrives shows that the peer is alive.
    pub fn heard(&mut self, _now: Duration) {
        self.answer_by = None;
    }

    /// What is due `now`: the next ping's payload.
    ///
    /// # Errors
    /// The timeout, when the peer has been silent for longer.
    pub fn due(&mut self, now: Duration) -> Result<Bytes, Duration> {
        if let (Some(by), Some(timeout)) = (self.answer_by, self.timeout)
            && by <= now
        {
            return Err(timeout);
        }
        self.sent += 1;
        self.next_ping = now + self.interval;
        if let Some(timeout) = self.timeout {
            self.answer_by.get_or_insert(now + timeout);
        }
        Ok(Bytes::from(format!("wscope {}", self.sent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_peer_is_given_up_after_the_timeout_and_a_heard_one_is_not() {
        let second = Duration::from_secs(1);
        let mut pings = KeepAlive::new(Duration::ZERO, 10 * second, Some(3 * second));
        assert_eq!(pings.next(), Some(10 * second));
        assert_eq!(pings.due(10 * second), Ok(Bytes::from_static(b"wscope 1")));
        pings.heard(11 * second);
        assert_eq!(pings.next(), Some(20 * second));
        assert_eq!(pings.due(20 * second), Ok(Bytes::from_static(b"wscope 2")));
        assert_eq!(pings.next(), Some(23 * second));
        assert_eq!(pings.due(23 * second), Err(3 * second));
    }
}
