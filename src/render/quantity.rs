//! Durations, times, sizes and dates in words: `0.8 ms`, `12.345`, `64.0 KiB`, `2027-03-01 (in 98 days)`.

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A duration to read: `0.04 ms`, `0.8 ms`, `123.4 ms`, `1.2 s`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match duration.as_micros() {
        0..100 => format!("{:.2} ms", seconds * 1e3),
        100..1_000_000 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}

/// A duration as a person writes it: `10s`, `200ms`, `1m30s`; a bare number is seconds. `None`: it is none, or negative.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    match text.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => text.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok()),
    }
}

/// A point on a timeline, in seconds to the millisecond: `12.345`.
#[must_use]
pub fn seconds(time: Duration) -> String {
    let mut text = time.as_secs().to_string();
    let digit = |unit| char::from(b'0' + (time.subsec_millis() / unit % 10) as u8);
    text.extend(['.', digit(100), digit(10), digit(1)]);
    text
}

/// A size in bytes: `3 B`, `64.0 KiB`, `4.0 EiB`.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "four digits are shown")]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // 1023.95 KiB would be written as 1024.0 KiB.
    let (mut value, mut unit) = (bytes as f64 / 1024.0, 0);
    while value >= 1023.95 {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// What there is of what there should be: `3 of 10 B`, `1.0 KiB of 2.0 MiB`.
#[must_use]
pub fn part(there: u64, whole: u64) -> String {
    if whole < 1024 { format!("{there} of {whole} B") } else { format!("{} of {}", size(there), size(whole)) }
}

/// The time of day: `14:03:22.123`.
#[must_use]
pub fn clock(time: SystemTime, zone: &TimeZone) -> String {
    match Timestamp::try_from(time) {
        Ok(time) => time.to_zoned(zone.clone()).strftime("%H:%M:%S%.3f").to_string(),
        Err(_) => "--:--:--.---".into(),
    }
}

/// A date in UTC and how far it is from `now`; `epoch` in seconds since the Unix epoch: `2027-03-01 (in 98 days)`.
#[must_use]
pub fn expiry(epoch: i64, now: SystemTime) -> String {
    let (Ok(date), Ok(now)) = (Timestamp::from_second(epoch), Timestamp::try_from(now)) else {
        return format!("{epoch} s after 1970");
    };
    let days = (epoch - now.as_second()) / 86_400;
    let distance = match epoch - now.as_second() {
        past if past < 0 => format!("expired {}", day_count(-days, " ago")),
        _ => format!("in {}", day_count(days, "")),
    };
    format!("{} ({distance})", date.strftime("%Y-%m-%d"))
}

/// A date in UTC; `epoch` in seconds since the Unix epoch.
#[must_use]
pub fn date(epoch: i64) -> String {
    Timestamp::from_second(epoch).map_or_else(|_| epoch.to_string(), |date| date.strftime("%Y-%m-%d").to_string())
}

/// How many there are: `1 frame`, `2 frames`.
#[must_use]
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, what: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn day_count(days: i64, suffix: &str) -> String {
    counted(days, "day") + suffix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_as_words() {
        let micros = |n| duration(Duration::from_micros(n));
        assert_eq!(
            [micros(40), micros(800), micros(123_449), micros(1_240_000)],
            ["0.04 ms", "0.8 ms", "123.4 ms", "1.2 s"]
        );
        assert_eq!(seconds(Duration::from_micros(12_345_999)), "12.345");
        assert_eq!([0, 1023, 1024, 65536].map(size), ["0 B", "1023 B", "1.0 KiB", "64.0 KiB"]);
        assert_eq!([1_048_575, 1 << 20, 1 << 62, u64::MAX].map(size), ["1.0 MiB", "1.0 MiB", "4.0 EiB", "16.0 EiB"]);
        assert_eq!([part(3, 10), part(1024, 2 << 20)], ["3 of 10 B", "1.0 KiB of 2.0 MiB"]);
    }

    #[test]
    fn an_expiry_says_how_far_it_is() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400 * 10);
        assert_eq!(expiry(86_400 * 12, now), "1970-01-13 (in 2 days)");
        assert_eq!(expiry(86_400 * 9, now), "1970-01-10 (expired 1 day ago)");
    }

    #[test]
    fn a_clock_hangs_in_a_zone() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(3_600_123);
        assert_eq!(clock(time, &TimeZone::fixed(jiff::tz::offset(2))), "03:00:00.123");
    }
}
