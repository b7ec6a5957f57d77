//! Where rendered events go: a writer, fed in large pieces and flushed before every wait.

use std::io::{self, Write};

use crate::event::{Direction, Event, FrameEvent, Kind};
use crate::session::Sink;

use super::options::Format;
use super::{Renderer, raw};

/// How much is gathered before it is written, in bytes.
const BATCH: usize = 64 << 10;

/// A sink that renders events and writes them.
///
/// With [`Format::Raw`] it writes payloads verbatim, as a pipe wants them, and only those.
#[derive(Debug)]
pub struct Screen<W> {
    renderer: Renderer,
    writer: W,
    bytes: Vec<u8>,
    text: String,
}

impl<W: Write> Screen<W> {
    pub fn new(renderer: Renderer, writer: W) -> Screen<W> {
        Screen { renderer, writer, bytes: Vec::with_capacity(2 * BATCH), text: String::new() }
    }

    /// Writes a large payload without a copy.
    fn large(&mut self, frame: &FrameEvent) -> io::Result<()> {
        self.write()?;
        let Some(message) = frame.message.as_ref().filter(|_| frame.direction == Direction::Received) else {
            return Ok(());
        };
        self.writer.write_all(&message.data)?;
        if message.binary { Ok(()) } else { self.writer.write_all(b"\n") }
    }

    fn write(&mut self) -> io::Result<()> {
        let written = self.writer.write_all(&self.bytes);
        self.bytes.clear();
        // A payload of many MiB must not hold on to its memory.
        self.bytes.shrink_to(2 * BATCH);
        written
    }
}

impl<W: Write + Send> Sink for Screen<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if self.renderer.options().format != Format::Raw {
            self.text.clear();
            self.renderer.event(event, &mut self.text);
            self.bytes.extend_from_slice(self.text.as_bytes());
        } else if let Kind::Frame(frame) = &event.kind {
            if frame.message.as_ref().is_some_and(|message| message.data.len() >= BATCH) {
                return self.large(frame);
            }
            raw(event, &mut self.bytes);
        }
        if self.bytes.len() >= BATCH { self.write() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write()?;
        self.writer.flush()
    }
}
