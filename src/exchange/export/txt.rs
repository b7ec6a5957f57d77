//! The transcript that `wscope show` prints, without colour, in lines as long as they need.

use std::io::Write;
use std::time::SystemTime;

use super::{ExportError, Source};
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
        let Ok(event) = entry.told(pass.time()) else { continue };
        text.clear();
        renderer.event(&event, &mut text);
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}
