//! The transcript that `wscope show` prints, without colour, in lines as long as they need.

use std::io::Write;
use std::time::SystemTime;

use super::{ExportError, Source};
use crate::event::{Event, Kind};
use crate::recording::Entry;
use crate::render::{HeadersShown, Options, Renderer, WallClock};

/// Writes it.
///
/// # Errors
/// One of the two can't be read or written.
pub(super) fn write(source: &Source, out: &mut dyn Write) -> Result<(), ExportError> {
    let wall = WallClock::local(source.header().created.unwrap_or(SystemTime::UNIX_EPOCH));
    let options = Options { headers: HeadersShown::Full, ..Options::default() };
    let mut renderer = Renderer::new(options, wall.clone());
    let mut text = String::new();
    let mut pass = source.pass()?;
    while let Some(entry) = pass.entry()? {
        if let Entry::Append(_) = entry {
            // Whoever recorded before is gone, and so are its connections.
            renderer = Renderer::new(options, wall.clone());
        }
        let event = match (entry.remark(), entry) {
            (None, Entry::Event(event)) => event,
            (remark, _) => Event { time: pass.time(), connection: 0, kind: Kind::Note(remark.unwrap_or_default()) },
        };
        text.clear();
        renderer.event(&event, &mut text);
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}
