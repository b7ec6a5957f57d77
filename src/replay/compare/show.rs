//! A verdict for people: a line of counts, and the messages of both sides with what differs beneath.

use std::fmt::Write as _;

use super::{Difference, Item, Piece, Verdict};
use crate::event::{Closed, Direction};
use crate::render::escape::escape;
use crate::render::line::Line;
use crate::render::quantity::{duration, seconds, size};
use crate::render::{Meaning, Options, hexdump};
use crate::replay::conversation::Message;

/// The most fields that are shown of one message.
const FIELDS: usize = 20;

/// The most characters of one value or piece of text.
const CHARACTERS: usize = 120;

/// Where what is beneath a message begins.
const BENEATH: usize = 6;

/// The summary, and below it what differs, with so many messages before and after that are the same; the rest of those is
/// counted. `-` is recorded and missing, `+` came unexpected, `~` changed, `↕` came in another place, `!` came late or early.
#[must_use]
pub fn render(verdict: &Verdict, options: &Options, context: usize) -> String {
    let mut out = String::new();
    let meaning = if verdict.is_same() { Meaning::Received } else { Meaning::Violation };
    let mut line = Line::default();
    line.push(meaning, if verdict.is_same() { "✓" } else { "✗" });
    line.gap(1);
    line.hang();
    line.push(Meaning::Plain, summary(verdict));
    line.write_folded(options.palette, options.width, &mut out);
    if !verdict.items.iter().all(Item::is_same) {
        items(&verdict.items, options, context, &mut out);
    }
    out
}

/// One line: `16 messages recorded, 17 came: 15 matched, 1 changed, 1 missing, 1 unexpected, 0 out of order · timing drift p50 2.0 ms, p99 11.0 ms,
/// max 12.0 ms · closed 1000 as recorded`.
#[must_use]
pub fn summary(verdict: &Verdict) -> String {
    let (counts, timing) = (verdict.counts(), verdict.timing);
    let (recorded, came) = (counts.recorded(), counts.live());
    let messages = if recorded == 1 { "message" } else { "messages" };
    let both = if recorded == came { String::new() } else { format!(" recorded, {came} came") };
    let mut text = format!(
        "{recorded} {messages}{both}: {} matched, {} changed, {} missing, {} unexpected, {} out of order",
        counts.matched, counts.changed, counts.missing, counts.unexpected, counts.moved
    );
    // Writing to a String does not fail.
    if timing.gaps > 0 {
        let [p50, p99, max] = [timing.p50, timing.p99, timing.max].map(duration);
        let _ = write!(text, " · timing drift p50 {p50}, p99 {p99}, max {max}");
    }
    if timing.beyond > 0 {
        let _ = write!(text, ", {} beyond what is tolerated", timing.beyond);
    }
    if let Some(end) = end(verdict) {
        let _ = write!(text, " · {end}");
    }
    text
}

/// How the live one ended, against the recorded one; `None`: nobody saw either end.
pub(super) fn end(verdict: &Verdict) -> Option<String> {
    let end = &verdict.end;
    Some(match (&end.recorded, &end.live) {
        (None, None) => return None,
        (Some(recorded), None) => format!("not closed, recorded {}", closing(recorded)),
        (None, Some(live)) => format!("closed {}, the end was not recorded", closing(live)),
        (Some(_), Some(live)) if end.is_same() => format!("closed {} as recorded", closing(live)),
        (Some(recorded), Some(live)) => format!("closed {}, recorded {}", closing(live), closing(recorded)),
    })
}

/// `1000`, `1001 "bye"`, `without a code`, `without a close frame`.
fn closing(closed: &Closed) -> String {
    match closed.code {
        Some(code) if closed.reason.is_empty() => code.to_string(),
        Some(code) => format!("{code} \"{}\"", escape(&closed.reason)),
        None if closed.clean => "without a code".to_owned(),
        None => "without a close frame".to_owned(),
    }
}

/// Columns of the numbers and times.
#[derive(Clone, Copy, Debug, Default)]
struct Columns {
    number: usize,
    time: usize,
}

fn items(items: &[Item], options: &Options, context: usize, out: &mut String) {
    let mut columns = Columns::default();
    for message in items.iter().flat_map(|item| item.recorded().into_iter().chain(item.live())) {
        columns.number = columns.number.max(message.number.to_string().len());
        columns.time = columns.time.max(seconds(message.time).len());
    }
    let mut at = 0;
    while at < items.len() {
        let same = items[at..].iter().take_while(|item| item.is_same()).count();
        if same == 0 {
            item(&items[at], columns, options, out);
            at += 1;
            continue;
        }
        let head = if at == 0 { 0 } else { context.min(same) };
        let tail = if at + same == items.len() { 0 } else { context.min(same - head) };
        let folded = same - head - tail;
        items[at..at + head].iter().for_each(|each| item(each, columns, options, out));
        if folded == 1 {
            item(&items[at + head], columns, options, out);
        } else if folded > 1 {
            options.palette.paint(Meaning::Dim, &format!("⋯ {folded} the same"), out);
            out.push('\n');
        }
        items[at + same - tail..at + same].iter().for_each(|each| item(each, columns, options, out));
        at += same;
    }
}

fn item(item: &Item, columns: Columns, options: &Options, out: &mut String) {
    let (sign, meaning) = match item {
        Item::Matched(_) if item.is_same() => (" ", Meaning::Dim),
        Item::Matched(pair) if pair.moved => ("↕", Meaning::Changed),
        Item::Matched(_) => ("!", Meaning::Changed),
        Item::Changed(..) => ("~", Meaning::Changed),
        Item::Missing(_) => ("-", Meaning::Removed),
        Item::Unexpected(_) => ("+", Meaning::Added),
    };
    let mut line = Line::default();
    let Some(shown) = item.live().or(item.recorded()) else { return };
    line.push(meaning, sign);
    line.gap(1);
    line.push(meaning, if shown.direction == Direction::Sent { "▲" } else { "▼" });
    for side in [item.recorded(), item.live()] {
        let number = side.map(|message| message.number.to_string()).unwrap_or_default();
        let time = side.map(|message| seconds(message.time)).unwrap_or_default();
        line.gap(1 + columns.number - number.len());
        line.push(Meaning::Plain, number);
        line.gap(1 + columns.time - time.len());
        line.push(Meaning::Dim, time);
        line.gap(1);
    }
    line.gap(1);
    let payload_meaning =
        if matches!(meaning, Meaning::Removed | Meaning::Added | Meaning::Dim) { meaning } else { Meaning::Plain };
    payload(shown, payload_meaning, options, &mut line);
    line.write(options.palette, out);
    beneath(item, options, out);
}

/// Appends a message's payload, cut to the width; what is cut says how much it is in all.
fn payload(message: &Message, meaning: Meaning, options: &Options, line: &mut Line) {
    let room = options.width.map(|width| width.saturating_sub(line.columns()));
    if message.binary {
        return line.within(room, |line| {
            line.push(meaning, hexdump::line(&message.data[..message.data.len().min(17)]));
            if message.data.len() > 17 {
                line.gap(2);
                line.push(Meaning::Dim, size(message.data.len() as u64));
            }
        });
    }
    let beyond = |room: usize| {
        let mut whole = Line::default();
        whole.peer(meaning, &message.data[..message.data.len().min(8 * room + 16)]);
        whole.columns() > room
    };
    if message.data.len() <= options.max_payload && !room.is_some_and(beyond) {
        return line.peer(meaning, &message.data);
    }
    let whole = size(message.data.len() as u64);
    let room = room.map(|room| room.saturating_sub(whole.len() + 2));
    line.peer_within(meaning, &message.data, room, options.max_payload);
    line.gap(2);
    line.push(Meaning::Dim, whole);
}

/// What there is to say of a message that is not as recorded.
fn beneath(item: &Item, options: &Options, out: &mut String) {
    match item {
        Item::Changed(_, fields) => {
            let value_paths = fields.iter().filter_map(|field| match field {
                Difference::Value { path, .. } => Some(escape(path.as_bytes()).chars().count()),
                _ => None,
            });
            let widest = value_paths.filter(|width| *width <= 40).max().unwrap_or_default();
            fields.iter().take(FIELDS).for_each(|field| write(&field_line(field, widest), options, out));
            if fields.len() > FIELDS {
                write(&remark(format!("… {} more", fields.len() - FIELDS)), options, out);
            }
            if fields.is_empty() {
                write(&remark("the content is the same, what matches says no"), options, out);
            }
        }
        Item::Matched(pair) if pair.moved => write(&remark("in another place"), options, out),
        Item::Matched(pair) if !item.is_same() => {
            if let Some(drift) = pair.drift {
                let words =
                    format!("{} after the one before, recorded {}", duration(drift.live), duration(drift.recorded));
                write(&remark(words), options, out);
            }
        }
        _ => {}
    }
}

fn write(line: &Line, options: &Options, out: &mut String) {
    line.write_folded(options.palette, options.width, out);
}

fn indented() -> Line {
    let mut line = Line::default();
    line.gap(BENEATH);
    line.hang();
    line
}

fn remark(words: impl AsRef<str>) -> Line {
    let mut line = indented();
    line.push(Meaning::Dim, words);
    line
}

fn field_line(field: &Difference, widest: usize) -> Line {
    let mut line = indented();
    match field {
        Difference::Value { path, recorded, live } => {
            line.peer(Meaning::Name, path.as_bytes());
            line.push(Meaning::Plain, ":");
            line.pad(BENEATH + widest + 2, 1);
            match [recorded, live].map(|value| value.as_deref().map(shortened)) {
                [Some(before), Some(after)] => {
                    line.push(Meaning::Removed, before);
                    line.push(Meaning::Plain, " -> ");
                    line.push(Meaning::Added, after);
                }
                [Some(before), None] => line.push(Meaning::Removed, format!("removed {before}")),
                [None, after] => line.push(Meaning::Added, format!("added {}", after.unwrap_or_default())),
            }
        }
        Difference::Text(pieces) => {
            for (at, piece) in pieces.iter().enumerate() {
                match piece {
                    Piece::Same(text) => line.push(Meaning::Plain, folded(text, at == 0, at + 1 == pieces.len())),
                    Piece::Recorded(text) => line.put(Meaning::Removed, format_args!("[-{}-]", shortened(text))),
                    Piece::Live(text) => line.put(Meaning::Added, format_args!("{{+{}+}}", shortened(text))),
                }
            }
        }
        Difference::Bytes { offset, recorded, live } => {
            line.put(Meaning::Plain, format_args!("from byte {offset} on: "));
            line.put(Meaning::Removed, format_args!("{recorded} B"));
            line.push(Meaning::Plain, " -> ");
            line.put(Meaning::Added, format_args!("{live} B"));
        }
        Difference::Kind { binary } => {
            let kinds = if *binary { ["text", "binary"] } else { ["binary", "text"] };
            line.push(Meaning::Removed, kinds[0]);
            line.push(Meaning::Plain, " -> ");
            line.push(Meaning::Added, kinds[1]);
        }
    }
    line
}

/// The beginning of a long text, escaped, and how much was cut off.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…(+{})", escape(&text.as_bytes()[..end]), size((text.len() - end) as u64)),
        None => escape(text.as_bytes()).into_owned(),
    }
}

/// What is the same in two texts: of a long stretch what is next to a difference.
fn folded(text: &str, is_first: bool, is_last: bool) -> String {
    const NEAR: usize = 24;
    let count = text.chars().count();
    let head = if is_first { 0 } else { NEAR };
    let tail = if is_last { 0 } else { NEAR };
    if count <= head + tail + NEAR {
        return escape(text.as_bytes()).into_owned();
    }
    let place = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(place, _)| place);
    let (start, end) = (place(head), place(count - tail));
    let [before, after] = [&text[..start], &text[end..]].map(|part| escape(part.as_bytes()));
    format!("{before}⋯{}⋯{after}", size((end - start) as u64))
}

/// The lines beneath a message, for a report without colour and width.
pub(super) fn detail(item: &Item) -> Vec<String> {
    let mut out = String::new();
    beneath(item, &Options::default(), &mut out);
    out.lines().map(|line| line.trim_start().to_owned()).collect()
}
