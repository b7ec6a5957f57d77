//! HAR 1.2, with messages where the tools of browsers write them: an entry an opening handshake, `_webSocketMessages` in it.
//!
//! What HAR has no place for is in `_wscope`, as lines of the recording: in a message's, its frame without what `data` says;
//! in an entry's, all that is no message, from the opening to the closing; in the log's, what belongs to no entry. Each says
//! in `byte` where in the recording it was, so that all of them can be put in order again.
//!
//! ```text
//! a pass over all of it -> Plan (the entries: heads, where they begin and end)
//! another -> Walk (its lines as JSON) -> Log (the first entry that goes on is written, those after it gathered)
//! ```
//!
//! `send` is what a client sent: in the recording of a server that is what it received.

mod entry;
mod gather;
mod plan;
mod walk;

use std::io::{self, Write};

use serde_json::json;

use super::wall::Wall;
use super::{ExportError, Source};
use gather::{Gather, element};
use plan::Plan;
use walk::{Piece, Walk};

/// Writes the log.
///
/// # Errors
/// One of the two can't be read or written, or the recording is none that can be read more than once.
pub(super) fn write(source: &Source, out: &mut dyn Write) -> Result<(), ExportError> {
    let plan = Plan::of(source)?;
    let wall = Wall::new(source.header().created);
    let creator = json!({"name": "wscope", "version": env!("CARGO_PKG_VERSION")});
    write!(out, "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"pages\":[],\"entries\":[")?;
    let mut log = Log { plan: &plan, wall: wall.clone(), out, gather: Gather::default(), entry: 0, is_first: true };
    log.begin()?;
    Walk::new(&plan, &wall).run(source, &mut |at, piece, json| log.add(at, piece, json))?;
    log.go_on(u64::MAX)?;
    let Log { mut gather, out, .. } = log;
    out.write_all(b"\n],\"_wscope\":{\"header\":")?;
    out.write_all(source.first_line())?;
    out.write_all(b",\"events\":[")?;
    gather.take(Piece::Other, out)?;
    out.write_all(b"\n]}}}\n")?;
    Ok(())
}

/// The entries in the making.
struct Log<'a> {
    plan: &'a Plan,
    wall: Wall,
    out: &'a mut dyn Write,
    gather: Gather,
    /// The one that is being written, whose messages go out at once.
    entry: usize,
    /// Whether its next message is its first.
    is_first: bool,
}

impl Log<'_> {
    /// Takes a piece that is at this byte of the recording.
    fn add(&mut self, at: u64, piece: Piece, json: &[u8]) -> io::Result<()> {
        self.go_on(at)?;
        if piece == Piece::Message(self.entry) {
            return element(std::mem::take(&mut self.is_first), json, self.out);
        }
        self.gather.add(piece, json)
    }

    /// Ends the entries that are over at this byte.
    fn go_on(&mut self, at: u64) -> io::Result<()> {
        while self.plan.entries.get(self.entry).is_some_and(|entry| *entry.lines.end() < at) {
            self.out.write_all(b"\n],\"_wscope\":{\"events\":[")?;
            self.gather.take(Piece::Event(self.entry), self.out)?;
            self.out.write_all(b"\n]}}")?;
            self.entry += 1;
            self.begin()?;
        }
        Ok(())
    }

    /// Writes an entry up to its last message so far.
    fn begin(&mut self) -> io::Result<()> {
        let Some(entry) = self.plan.entries.get(self.entry) else { return Ok(()) };
        let comma = if self.entry == 0 { "" } else { "," };
        let head = entry.head(&mut self.wall);
        let members = head.strip_suffix('}').unwrap_or(&head);
        write!(self.out, "{comma}\n{members},\"_webSocketMessages\":[")?;
        self.is_first = !self.gather.take(Piece::Message(self.entry), self.out)?;
        Ok(())
    }
}
