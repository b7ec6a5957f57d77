//! Where rendered events go: a writer, fed in large pieces and flushed before every wait.

use std::io::{self, Write};

use bytes::Bytes;

use crate::event::{Direction, Event, Kind};
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
    /// Large payloads, not copied, and where in `bytes` each belongs.
    large: Vec<(usize, Bytes)>,
    text: String,
}

impl<W: Write> Screen<W> {
    pub fn new(renderer: Renderer, writer: W) -> Screen<W> {
        Screen { renderer, writer, bytes: Vec::with_capacity(2 * BATCH), large: Vec::new(), text: String::new() }
    }

    fn raw(&mut self, event: &Event) {
        let Kind::Frame(frame) = &event.kind else { return };
        match &frame.message {
            Some(message) if message.data.len() >= BATCH => {
                if frame.direction == Direction::Received {
                    self.large.push((self.bytes.len(), message.data.clone()));
                    self.bytes.extend((!message.binary).then_some(b'\n'));
                }
            }
            _ => raw(event, &mut self.bytes),
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let mut written = 0;
        for (at, payload) in &self.large {
            self.writer.write_all(&self.bytes[written..*at])?;
            self.writer.write_all(payload)?;
            written = *at;
        }
        self.writer.write_all(&self.bytes[written..])?;
        self.writer.flush()
    }
}

impl<W: Write + Send> Sink for Screen<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if self.renderer.options().format == Format::Raw {
            self.raw(event);
        } else {
            self.text.clear();
            self.renderer.event(event, &mut self.text);
            self.bytes.extend_from_slice(self.text.as_bytes());
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.write();
        self.large.clear();
        self.bytes.clear();
        // A payload of many MiB must not hold on to its memory.
        self.bytes.shrink_to(2 * BATCH);
        written
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= BATCH || !self.large.is_empty()
    }
}
