//! The sink that writes the recording format: to a file, or to standard output for `--format json`.

use std::io::{self, Write};
use std::time::SystemTime;

use crate::event::Event;
use crate::session::Sink;

use super::{Lines, Masks};

/// How much is gathered before it is written, in bytes.
const BATCH: usize = 64 << 10;

/// How much the buffer keeps for the next batch, in bytes.
const KEPT: usize = 4 << 20;

/// Writes a header line, then a line an event, in large pieces; all of it by the next flush.
#[derive(Debug)]
pub struct JsonLines<W> {
    lines: Lines,
    writer: W,
    buffer: Vec<u8>,
}

impl<W: Write> JsonLines<W> {
    /// Begins with the header line: `created` is the wall time that the timeline began at.
    pub fn new(writer: W, created: SystemTime, masks: impl Into<Masks>) -> JsonLines<W> {
        let masks = masks.into();
        let mut buffer = Vec::with_capacity(2 * BATCH);
        super::line::header(created, masks.secrets(), &mut buffer);
        JsonLines { lines: Lines::new(masks), writer, buffer }
    }

    /// Goes on behind what was written before.
    pub(super) const fn going_on(writer: W, lines: Lines) -> JsonLines<W> {
        JsonLines { lines, writer, buffer: Vec::new() }
    }

    fn write(&mut self) -> io::Result<()> {
        let written = self.writer.write_all(&self.buffer);
        self.buffer.clear();
        // A message of many MiB must not hold on to its memory; giving it back after each of 1 MiB costs more than it saves.
        if self.buffer.capacity() > KEPT {
            self.buffer.shrink_to(2 * BATCH);
        }
        written
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.lines.event(event, &mut self.buffer);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write()?;
        self.writer.flush()
    }

    fn is_full(&self) -> bool {
        self.buffer.len() >= BATCH
    }
}
