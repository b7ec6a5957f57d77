//! Times of a timeline as wall time, to the microsecond: fast enough for each frame.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::recording::json::digits;

/// The wall time of a recording.
#[derive(Clone, Debug)]
pub(super) struct Wall {
    /// When its timeline began; the Unix epoch if it does not say.
    created: Duration,
    /// The second that was written last, and its text up to the seconds.
    second: Option<u64>,
    text: String,
}

impl Wall {
    pub(super) fn new(created: Option<SystemTime>) -> Wall {
        let since = |created: SystemTime| created.duration_since(SystemTime::UNIX_EPOCH).ok();
        Wall { created: created.and_then(since).unwrap_or_default(), second: None, text: String::new() }
    }

    /// Since the Unix epoch.
    pub(super) fn since_epoch(&self, time: Duration) -> Duration {
        self.created.saturating_add(time)
    }

    /// Appends `2026-11-23T04:20:00.123456Z` (RFC 3339).
    pub(super) fn write(&mut self, time: Duration, out: &mut Vec<u8>) {
        let time = self.since_epoch(time);
        if self.second != Some(time.as_secs()) {
            let second = i64::try_from(time.as_secs()).ok().and_then(|second| Timestamp::from_second(second).ok());
            self.text = second.unwrap_or(Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%S").to_string();
            self.second = Some(time.as_secs());
        }
        out.extend_from_slice(self.text.as_bytes());
        // One digit more than the six, which keeps the zeros in front.
        let start = out.len();
        digits(1_000_000 + u64::from(time.subsec_micros()), out);
        out[start] = b'.';
        out.push(b'Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_to_the_microsecond_across_seconds() {
        let mut wall = Wall::new(Some(SystemTime::UNIX_EPOCH + Duration::from_micros(1_763_871_600_999_999)));
        let mut written = |micros| {
            let mut out = Vec::new();
            wall.write(Duration::from_micros(micros), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(0), "2025-11-23T04:20:00.999999Z");
        assert_eq!(written(2), "2025-11-23T04:20:01.000001Z");
        assert_eq!(written(1_000_001), "2025-11-23T04:20:02.000000Z");
        assert_eq!(written(2), "2025-11-23T04:20:01.000001Z");
    }
}
