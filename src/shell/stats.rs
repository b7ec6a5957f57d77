//! What /stats says: counters, of one size for all time.

use std::fmt::Write as _;
use std::time::Duration;

use crate::event::{Direction, Event, Kind};
use crate::protocol::Opcode;
use crate::recording::stats::{Count, Tally};

/// Round trips remembered for the percentiles: the latest of them.
const ROUND_TRIPS: usize = 4096;

/// Seconds that the current rate is taken over.
const WINDOW: u64 = 10;

/// Frames and bytes by direction and opcode, rates, and round trips of pings.
#[derive(Debug, Default)]
pub(super) struct Stats {
    tally: Tally,
    first: Option<Duration>,
    /// Frames and payload bytes of the last seconds, sent and received; the index is the second modulo the window.
    seconds: [Second; WINDOW as usize],
    /// The latest [`ROUND_TRIPS`], as a ring.
    round_trips: Vec<Duration>,
    pings: usize,
    slowest: Duration,
    violations: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Second {
    number: u64,
    /// Sent, received.
    frames: [u64; 2],
    bytes: [u64; 2],
}

impl Stats {
    /// Counts an event.
    pub(super) fn count(&mut self, event: &Event) {
        let frame = match &event.kind {
            Kind::Frame(frame) => frame,
            Kind::Violation { .. } => return self.violations += 1,
            _ => return,
        };
        let received = frame.direction == Direction::Received;
        let payload = frame.frame.payload.len() as u64;
        let header = &frame.frame.header;
        self.tally.of(frame.direction, header.opcode).frame(payload, header.mask.is_some(), frame.frame.wire_size());
        self.first.get_or_insert(event.time);

        let number = event.time.as_secs();
        let second = &mut self.seconds[(number % WINDOW) as usize];
        if second.number != number {
            *second = Second { number, ..Second::default() };
        }
        second.frames[usize::from(received)] += 1;
        second.bytes[usize::from(received)] += payload;

        if let (Opcode::PONG, true, Some(after)) = (frame.frame.header.opcode, received, frame.after) {
            match self.round_trips.get_mut(self.pings % ROUND_TRIPS) {
                Some(oldest) => *oldest = after,
                None => self.round_trips.push(after),
            }
            self.pings += 1;
            self.slowest = self.slowest.max(after);
        }
    }

    /// A table, and lines about rates and round trips, as of `now`.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a rate is shown with a digit or two")]
    pub(super) fn report(&self, now: Duration) -> String {
        let Some(first) = self.first else { return "  no frames yet\n".into() };
        let mut out = format!("  {:<22} {:>12} {:>15} {:>15}\n", "", "frames", "payload bytes", "wire bytes");
        for (direction, opcode, count) in self.tally.rows() {
            let reserved = if opcode.is_reserved() { "op " } else { "" };
            row(&mut out, &format!("{} {reserved}{opcode}", direction.name()), count);
        }
        let totals = [Direction::Sent, Direction::Received].map(|direction| (direction, self.tally.total(direction)));
        for (direction, total) in &totals {
            row(&mut out, &format!("{} in all", direction.name()), total);
        }
        let span = (now.saturating_sub(first)).as_secs_f64().max(0.001);
        let recent = self.recent(now, first);
        for (direction, total) in totals {
            let (frames, bytes, window) = recent[direction as usize];
            let name = format!("{} rate", direction.name());
            let _ = writeln!(out, "  {name:<22} {frames:.1} frames/s, {bytes:.0} bytes/s (last {window:.0} s)");
            let (frames, bytes) = (total.frames as f64 / span, total.payload as f64 / span);
            let _ = writeln!(out, "  {:<22} {frames:.1} frames/s, {bytes:.0} bytes/s (since the first frame)", "");
        }
        if self.pings > 0 {
            let mut sorted = self.round_trips.clone();
            sorted.sort_unstable();
            let _ = writeln!(
                out,
                "  {:<22} p50 {}  p99 {}  max {}  ({} pong{})",
                "ping round trip",
                milliseconds(percentile(&sorted, 50)),
                milliseconds(percentile(&sorted, 99)),
                milliseconds(self.slowest),
                self.pings,
                if self.pings == 1 { "" } else { "s" },
            );
        }
        if self.violations > 0 {
            let _ = writeln!(out, "  {:<22} {}", "violations", self.violations);
        }
        out
    }

    /// Frames and bytes a second, and over how many seconds: the window's whole ones before the current second, or, while
    /// there is none yet, the current one.
    #[allow(clippy::cast_precision_loss, reason = "a rate is shown with a digit or two")]
    fn recent(&self, now: Duration, first: Duration) -> [(f64, f64, f64); 2] {
        let from = now.saturating_sub(Duration::from_secs(WINDOW - 1)).max(first);
        let span = (now.saturating_sub(Duration::from_secs(from.as_secs()))).as_secs_f64().clamp(1.0, WINDOW as f64);
        let seconds = || self.seconds.iter().filter(|second| (from.as_secs()..=now.as_secs()).contains(&second.number));
        [0, 1].map(|way| {
            let frames: u64 = seconds().map(|second| second.frames[way]).sum();
            let bytes: u64 = seconds().map(|second| second.bytes[way]).sum();
            (frames as f64 / span, bytes as f64 / span, span)
        })
    }
}

fn row(out: &mut String, name: &str, count: &Count) {
    let _ = writeln!(out, "  {name:<22} {:>12} {:>15} {:>15}", count.frames, count.payload, count.wire);
}

/// The nearest-rank percentile of sorted values.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::samples::{frame, received};

    fn pong(number: u64, after: u64) -> Event {
        let mut event = frame(number, Direction::Received, Opcode::PONG, "");
        if let Kind::Frame(frame) = &mut event.kind {
            frame.after = Some(Duration::from_millis(after));
        }
        event
    }

    #[test]
    fn frames_bytes_and_round_trips_are_counted() {
        let mut stats = Stats::default();
        assert_eq!(stats.report(Duration::ZERO), "  no frames yet\n");
        stats.count(&frame(1, Direction::Sent, Opcode::TEXT, "hello"));
        stats.count(&received(2, "hello"));
        stats.count(&received(3, "you"));
        for (number, after) in (4..104).zip(1..) {
            stats.count(&pong(number, after));
        }
        let report = stats.report(Duration::from_secs(2));
        let lines: Vec<Vec<&str>> = report.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(lines.contains(&vec!["sent", "text", "1", "5", "11"]), "{report}");
        assert!(lines.contains(&vec!["received", "text", "2", "8", "12"]), "{report}");
        assert!(lines.contains(&vec!["received", "pong", "100", "0", "200"]), "{report}");
        assert!(lines.contains(&vec!["received", "in", "all", "102", "8", "212"]), "{report}");
        assert!(report.contains("p50 50.00 ms  p99 99.00 ms  max 100.00 ms  (100 pongs)"), "{report}");
    }

    #[test]
    fn the_current_rate_forgets_what_is_long_ago() {
        let mut stats = Stats::default();
        for number in 0..1000 {
            stats.count(&received(number, "x"));
        }
        let report = stats.report(Duration::from_secs(100));
        assert!(report.contains("received rate          0.0 frames/s, 0 bytes/s (last 9 s)"), "{report}");
        let report = stats.report(Duration::from_millis(1999));
        assert!(report.contains("received rate          500.3 frames/s"), "{report}");
    }
}
