//! HAR 1.2, with messages where the tools of browsers write them: an entry an opening handshake, `_webSocketMessages` in it.
//!
//! What HAR has no place for is in `_wscope`, as lines of the recording: in a message's, its frame without what `data` says;
//! in an entry's, all that is no message, from the opening to the closing; in the log's, what belongs to no entry. Each says
//! in `byte` where in the recording it was, so that all of them can be put in order again.
//!
//! ```text
//! a pass over all of it -> Plan (the entries: heads, where they begin and end) -> a pass for a few small entries or one
//! for a large one, two if it has many events -> the log
//! ```
//!
//! `send` is what a client sent: in the recording of a server that is what it received.

mod entry;
mod plan;
mod walk;

use std::io::{self, Write};
use std::ops::Range;

use serde_json::json;

use super::wall::Wall;
use super::{ExportError, Source};
use plan::Plan;
use walk::{Piece, Walk};

/// Entries are gathered in memory up to so many bytes of recording, to be written after one pass.
const GATHERED: u64 = 16 << 20;

/// Writes the log.
///
/// # Errors
/// One of the two can't be read or written, or the recording is none that can be read more than once.
pub(super) fn write(source: &Source, out: &mut dyn Write) -> Result<(), ExportError> {
    let plan = Plan::of(source)?;
    let mut wall = Wall::new(source.header().created);
    let creator = json!({"name": "wscope", "version": env!("CARGO_PKG_VERSION")});
    write!(out, "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"pages\":[],\"entries\":[")?;
    let mut first = 0;
    while first < plan.entries.len() {
        let group = plan.group(first, GATHERED);
        first = group.end;
        entries(source, &plan, group, &mut wall, out)?;
    }
    out.write_all(b"\n],\"_wscope\":{\"header\":")?;
    out.write_all(source.first_line())?;
    out.write_all(b",\"events\":[")?;
    if plan.has_others {
        let mut list = List::default();
        let mut others = |_, _, json: &[u8]| list.add(json, out);
        Walk::others(source, &plan, &wall).run(&mut others)?;
    }
    out.write_all(b"\n]}}}\n")?;
    Ok(())
}

/// Writes some entries, gathered if they are several.
fn entries(
    source: &Source,
    plan: &Plan,
    group: Range<usize>,
    wall: &mut Wall,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    if let [entry] = &plan.entries[group.clone()] {
        begin(group.start, &entry.head(wall), out)?;
        return large(&|| Walk::new(source, plan, group.clone(), wall), out);
    }
    let mut gathered: Vec<[(List, Vec<u8>); 2]> = group.clone().map(|_| Default::default()).collect();
    let mut gather = |entry: usize, of: Piece, json: &[u8]| {
        let (list, bytes) = &mut gathered[entry - group.start][of as usize];
        list.add(json, bytes)
    };
    Walk::new(source, plan, group.clone(), wall).run(&mut gather)?;
    for (number, pieces) in group.zip(gathered) {
        begin(number, &plan.entries[number].head(wall), out)?;
        for ((_, bytes), piece) in pieces.iter().zip([Piece::Message, Piece::Event]) {
            out.write_all(bytes)?;
            out.write_all(piece.end())?;
        }
    }
    Ok(())
}

/// Writes an entry's messages at once. Its events follow them: mostly few, they are gathered, or else looked for again.
fn large<'a>(walk: &dyn Fn() -> Walk<'a>, out: &mut dyn Write) -> Result<(), ExportError> {
    let (mut messages, mut events) = (List::default(), List::default());
    let mut gathered = Vec::new();
    let mut write = |_, of, json: &[u8]| match of {
        Piece::Message => messages.add(json, out),
        Piece::Event if gathered.len() as u64 > GATHERED => Ok(()),
        Piece::Event => events.add(json, &mut gathered),
    };
    walk().run(&mut write)?;
    out.write_all(Piece::Message.end())?;
    if gathered.len() as u64 > GATHERED {
        let mut events = List::default();
        walk().events().run(&mut |_, _, json| events.add(json, out))?;
    } else {
        out.write_all(&gathered)?;
    }
    Ok(out.write_all(Piece::Event.end())?)
}

/// An entry up to its first message.
fn begin(number: usize, head: &str, out: &mut dyn Write) -> io::Result<()> {
    let comma = if number == 0 { "" } else { "," };
    let members = head.strip_suffix('}').unwrap_or(head);
    write!(out, "{comma}\n{members},\"_webSocketMessages\":[")
}

/// A list in the making, an element a line.
#[derive(Debug, Default)]
struct List {
    begun: bool,
}

impl List {
    fn add(&mut self, json: &[u8], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.begun { b",\n" } else { b"\n" })?;
        self.begun = true;
        out.write_all(json)
    }
}
