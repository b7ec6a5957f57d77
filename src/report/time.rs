//! Durations and times as reports write them.

use std::time::{Duration, SystemTime};

/// To the second, in UTC, as in RFC 3339; nothing for a time that has no such form.
pub(super) fn stamp(time: SystemTime) -> Option<String> {
    jiff::Timestamp::try_from(time).ok().map(|time| format!("{time:.0}"))
}

/// As people read it: `0.4 ms`, `12 ms`, `1.25 s`, `2 m 5 s`.
#[must_use]
pub fn short(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1e3;
    match duration.as_secs() {
        0 if millis < 9.95 => format!("{millis:.1} ms"),
        0 if millis < 999.5 => format!("{millis:.0} ms"),
        0..60 => format!("{:.2} s", duration.as_secs_f64()),
        seconds => format!("{} m {} s", seconds / 60, seconds % 60),
    }
}

/// Seconds, to the microsecond.
pub(super) mod seconds {
    use std::time::Duration;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[allow(clippy::cast_precision_loss, reason = "2^53 us are 285 years")]
    pub(in super::super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_micros() as f64 / 1e6)
    }

    #[allow(clippy::cast_sign_loss, reason = "checked")]
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        if !(0.0..=9e9).contains(&seconds) {
            return Err(D::Error::custom(format!("a duration of {seconds} s")));
        }
        Ok(Duration::from_micros((seconds * 1e6).round() as u64))
    }
}

/// RFC 3339 in UTC, to the microsecond.
pub(super) mod rfc3339 {
    use std::time::SystemTime;

    use jiff::Timestamp;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        // A time that no calendar has is not known: the epoch.
        let time = Timestamp::try_from(*time).unwrap_or_default();
        serializer.collect_str(&format_args!("{time:.6}"))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse::<Timestamp>().map(SystemTime::from).map_err(|_| D::Error::custom(format!("a time of {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_at_a_glance() {
        for (micros, text) in [
            (0, "0.0 ms"),
            (440, "0.4 ms"),
            (9_940, "9.9 ms"),
            (9_960, "10 ms"),
            (999_400, "999 ms"),
            (999_600, "1.00 s"),
            (1_250_000, "1.25 s"),
            (125_000_000, "2 m 5 s"),
        ] {
            assert_eq!(short(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn a_time_is_rfc_3339() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_763_871_600_900);
        assert_eq!(stamp(time).unwrap(), "2025-11-23T04:20:00Z");
    }
}
