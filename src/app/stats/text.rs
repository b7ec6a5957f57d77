//! The statistics of a recording for people: aligned numbers and small plots, at most 80 columns wide.

use std::fmt::Write as _;
use std::time::Duration;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::Shown;
use crate::event::Direction;
use crate::protocol::close::code_name;
use crate::recording::stats::{Broken, Closes, Closing, Count, Histogram, Stats};
use crate::render::escape::escape;
use crate::render::plot::{bar, sparkline};
use crate::render::quantity::{counted, duration, seconds, size};

const WAYS: [Direction; 2] = [Direction::Sent, Direction::Received];

/// The most columns of a line.
const WIDTH: usize = 80;

/// Everything that there is something to say of.
#[must_use]
pub(super) fn report(shown: &Shown<'_>) -> String {
    let stats = shown.stats;
    let mut out = String::new();
    head(shown, &mut out);
    if let Some(damage) = &stats.damage {
        let (lines, bytes) = (counted(stats.damaged, "line"), size(stats.damaged_bytes));
        let _ = writeln!(out, "  {lines} damaged, {bytes}, of which");
        let _ = writeln!(out, "  {damage}");
    }
    frames(stats, &mut out);
    overhead(stats, &mut out);
    rates(stats, &mut out);
    sizes(stats, &mut out);
    latency(stats, &mut out);
    silences(stats, &mut out);
    endings(stats, &mut out);
    polling(stats, &mut out);
    out.lines().map(cut).collect()
}

fn head(Shown { name, header, stats }: &Shown<'_>, out: &mut String) {
    let _ = writeln!(out, "{}", escape(name.as_bytes()));
    let lasted = duration(stats.lasted());
    let created = header.created.and_then(|time| jiff::Timestamp::try_from(time).ok());
    let created = created.map(|time| format!(" since {time:.0}")).unwrap_or_default();
    let by = escape(header.by.as_bytes());
    let of = counted(stats.connections, "connection");
    let _ = writeln!(out, "  {of}, {lasted}, recorded by {by}{created}");
}

fn frames(stats: &Stats, out: &mut String) {
    let _ = writeln!(
        out,
        "\n{:<22}{:>13}{:>13}{:>16}{:>16}",
        "frames", "frames", "messages", "payload bytes", "wire bytes"
    );
    let mut row = |name: String, count: &Count| {
        let Count { frames, messages, payload, wire, .. } = count;
        let _ = writeln!(out, "  {name:<20}{frames:>13}{messages:>13}{payload:>16}{wire:>16}");
    };
    for (direction, opcode, count) in stats.tally.rows() {
        let reserved = if opcode.is_reserved() { "op " } else { "" };
        row(format!("{} {reserved}{opcode}", direction.name()), count);
    }
    for direction in WAYS {
        row(format!("{} in all", direction.name()), &stats.tally.total(direction));
    }
}

fn overhead(stats: &Stats, out: &mut String) {
    let [sent, received] = WAYS.map(|direction| stats.tally.total(direction));
    let _ =
        writeln!(out, "\n{:<22}{:>16}{:>16}{:>16}{:>9}", "on the wire, in bytes", "sent", "received", "both", "share");
    let all = sent.wire + received.wire + stats.heads[0] + stats.heads[1];
    let mut row = |name: &str, [sent, received]: [u64; 2]| {
        let both = sent + received;
        let _ = writeln!(out, "  {name:<20}{sent:>16}{received:>16}{both:>16}{:>9}", share(both, all));
    };
    row("payload", [sent.payload, received.payload]);
    row("frame headers", [sent.headers(), received.headers()]);
    row("masking keys", [sent.keys, received.keys]);
    row("opening handshake", stats.heads);
    row("in all", [sent.wire + stats.heads[0], received.wire + stats.heads[1]]);
    let compressed = stats.compressed;
    if compressed.messages > 0 {
        let (messages, inflated) = (counted(compressed.messages, "message"), size(compressed.content));
        let what = match compressed.content.checked_sub(compressed.wire) {
            Some(saved) => format!("saved {} of {inflated} ({})", size(saved), share(saved, compressed.content)),
            None => format!("added {} to {inflated}", size(compressed.wire - compressed.content)),
        };
        let _ = writeln!(out, "  compression {what} in {messages}");
    }
    if stats.undecoded > 0 {
        let _ = writeln!(out, "  and {} after the connection failed", size(stats.undecoded));
    }
}

#[allow(clippy::cast_precision_loss, reason = "a rate is shown with a digit")]
fn rates(stats: &Stats, out: &mut String) {
    let series = &stats.series;
    if series.slots().is_empty() {
        return;
    }
    let width = series.width();
    let (start, each) = (seconds(series.start()), duration(width));
    let _ = writeln!(out, "\nbytes over time: {each} a column from {start} s");
    let span = stats.lasted().as_secs_f64();
    for direction in WAYS {
        let way = direction as usize;
        let max = series.slots().iter().map(|slot| slot.bytes[way]).max().unwrap_or_default();
        let plot = sparkline(series.slots().iter().map(|slot| slot.bytes[way]), max);
        let _ = writeln!(out, "{}", format!("  {:<10}{plot}", direction.name()).trim_end());
        let total = stats.tally.total(direction);
        let most = per_second(max, width);
        let (messages, bytes) =
            (total.messages as f64 / span.max(1e-6), size(per_second(total.payload, stats.lasted())));
        let _ = writeln!(out, "  {:<10}{messages:.1} messages/s, {bytes}/s, at most {}/s", "", size(most));
    }
}

fn sizes(stats: &Stats, out: &mut String) {
    let mut ranges: Vec<(u64, u64, [u64; 2])> = Vec::new();
    for (way, sizes) in stats.sizes.iter().enumerate() {
        for (low, high, count) in sizes.ranges() {
            let at = ranges.partition_point(|range| range.0 < low);
            if ranges.get(at).is_none_or(|range| range.0 != low) {
                ranges.insert(at, (low, high, [0; 2]));
            }
            ranges[at].2[way] += count;
        }
    }
    if ranges.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{:<22}{:>13}{:>13}", "message sizes", "sent", "received");
    let max = ranges.iter().map(|range| range.2[0] + range.2[1]).max().unwrap_or_default();
    for (low, high, [sent, received]) in ranges {
        let range =
            if low == high { size(low) } else { format!("{} to {}", short(low), short(high.saturating_add(1))) };
        let row = format!("  {range:<20}{sent:>13}{received:>13}  {}", bar(sent + received, max, WIDTH - 50));
        let _ = writeln!(out, "{}", row.trim_end());
    }
    for (direction, sizes) in WAYS.into_iter().zip(&stats.sizes) {
        if sizes.count() > 0 {
            let [p50, p90, p99] = [50, 90, 99].map(|percent| size(sizes.percentile(percent)));
            let (name, mean, max) = (direction.name(), size(sizes.mean()), size(sizes.max()));
            let _ = writeln!(out, "  {name:<10}mean {mean}, p50 {p50}, p90 {p90}, p99 {p99}, max {max}");
        }
    }
}

fn latency(stats: &Stats, out: &mut String) {
    let rows: [(&str, &Histogram); 3] = [
        ("ping to pong", &stats.pings),
        ("request to answer", stats.calls.latency()),
        ("sent to next received", &stats.replies),
    ];
    if rows.iter().all(|(_, latency)| latency.count() == 0) {
        return;
    }
    let _ = writeln!(out, "\n{:<24}{:>11}{:>11}{:>11}{:>11}{:>11}", "latency", "count", "p50", "p90", "p99", "max");
    for (name, latency) in rows.into_iter().filter(|(_, latency)| latency.count() > 0) {
        let _ = write!(out, "  {name:<22}{:>11}", latency.count());
        let values = [50, 90, 99].map(|percent| latency.percentile(percent)).into_iter().chain([latency.max()]);
        values.for_each(|micros| _ = write!(out, " {:>10}", duration(Duration::from_micros(micros))));
        out.push('\n');
    }
    if stats.calls.latency().count() > 0 && stats.calls.unanswered() > 0 {
        let _ = writeln!(out, "  {} without an answer", counted(stats.calls.unanswered(), "request"));
    }
}

fn silences(stats: &Stats, out: &mut String) {
    if stats.silences.is_empty() {
        return;
    }
    out.push_str("\nlongest silences\n");
    for silence in &stats.silences {
        let (lasted, from, frame) = (duration(silence.lasted), seconds(silence.from), silence.frame);
        let on = if stats.connections > 1 { format!(" on connection {}", silence.connection) } else { String::new() };
        let _ = writeln!(out, "  {lasted:>10}  from {from} s, after frame {frame}{on}");
    }
}

fn endings(stats: &Stats, out: &mut String) {
    if !stats.closes.is_empty() {
        out.push_str("\nclosed\n");
    }
    for (Closing { by, code, clean }, Closes { count, reason }) in &stats.closes {
        let code = code.map_or("no status code".to_owned(), |code| match code_name(code) {
            Some(name) => format!("{code} {name}"),
            None => code.to_string(),
        });
        let clean = if *clean { "" } else { ", not clean" };
        let reason = if reason.is_empty() { String::new() } else { format!(": {}", escape(reason.as_bytes())) };
        let _ = writeln!(out, "  {count:>10}  by {}, {code}{clean}{reason}", escape(by.as_bytes()));
    }
    if !stats.violations.is_empty() {
        out.push_str("\nviolations\n");
    }
    for (rule, Broken { count, section, frame }) in &stats.violations {
        let at = frame.map_or("in the opening handshake".to_owned(), |frame| format!("first by frame {frame}"));
        let _ = writeln!(out, "  {count:>10}  {} ({}), {at}", escape(rule.as_bytes()), escape(section.as_bytes()));
    }
}

#[allow(clippy::cast_precision_loss, reason = "a ratio is shown with a digit")]
fn polling(stats: &Stats, out: &mut String) {
    let Some(polling) = stats.polling() else { return };
    let (requests, bytes, own) = (polling.requests, size(polling.bytes), size(polling.websocket));
    let times = polling.bytes as f64 / (polling.websocket as f64).max(1.0);
    let _ = writeln!(out, "\nas HTTP polling every {}", duration(polling.interval));
    let _ = writeln!(out, "  {}, {bytes} instead of {own} ({times:.1} times)", counted(requests, "request"));
    if polling.messages > 0 {
        let _ = writeln!(out, "  a message of the server would have waited {} on average", duration(polling.wait()));
    }
}

/// The line, cut at the last column: it may hold a peer's words, or a file's name.
fn cut(line: &str) -> String {
    if line.width() <= WIDTH {
        return line.to_owned() + "\n";
    }
    let mut columns = 1;
    let fits = |c: &char| {
        columns += c.width().unwrap_or_default();
        columns <= WIDTH
    };
    line.chars().take_while(fits).chain("…\n".chars()).collect()
}

/// Whole ones a second, of so many in a time.
fn per_second(count: u64, time: Duration) -> u64 {
    (u128::from(count) * 1_000_000 / time.as_micros().max(1)) as u64
}

/// `64 B`, `4 KiB`: a power of two.
fn short(bytes: u64) -> String {
    size(bytes).replace(".0 ", " ")
}

#[allow(clippy::cast_precision_loss, reason = "a percentage is shown with a digit")]
fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / whole as f64) }
}
