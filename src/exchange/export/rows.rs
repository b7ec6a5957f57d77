//! Frames for tables, a row each: complete once nothing that follows can be about the frame.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use bytes::Bytes;

use super::{ExportError, Source};
use crate::event::{Event, FrameEvent, Kind};
use crate::recording::Entry;

/// A frame, and what a table has of it besides.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) time: Duration,
    pub(super) connection: u32,
    pub(super) frame: FrameEvent,
    /// Whether something of its payload was masked.
    pub(super) altered: bool,
    /// Whether it belongs to a compressed message.
    pub(super) compressed: bool,
    /// The rules that it broke, with `; ` between.
    pub(super) violations: String,
}

/// Gives all frames in their order.
///
/// # Errors
/// The recording can't be read, or the row not be written.
pub(super) fn each(source: &Source, mut write: impl FnMut(&Row) -> io::Result<()>) -> Result<(), ExportError> {
    let mut pass = source.pass()?;
    let mut open: Option<Row> = None;
    while let Some(entry) = pass.entry()? {
        let Entry::Event(Event { time, connection, kind }) = entry else { continue };
        match kind {
            Kind::Violation { frame: Some(number), violation } => {
                if let Some(row) = open.as_mut().filter(|row| row.frame.number == number) {
                    row.broke(violation.rule.name());
                }
            }
            Kind::Frame(frame) => {
                let (altered, compressed) = (pass.masked(), pass.compressed());
                let row = Row { time, connection, frame, altered, compressed, violations: String::new() };
                if let Some(complete) = open.replace(row) {
                    write(&complete)?;
                }
            }
            _ => {}
        }
    }
    Ok(open.map_or(Ok(()), |last| write(&last))?)
}

impl Row {
    fn broke(&mut self, rule: &str) {
        if !self.violations.is_empty() {
            self.violations.push_str("; ");
        }
        self.violations.push_str(rule);
    }

    /// The opcode's name, or the number of a reserved one.
    pub(super) fn opcode(&self) -> Cow<'static, str> {
        let opcode = self.frame.frame.header.opcode;
        opcode.name().map_or_else(|| opcode.bits().to_string().into(), Cow::Borrowed)
    }

    /// The masking key in hexadecimal.
    pub(super) fn key(&self) -> Option<String> {
        self.frame.frame.header.mask.map(|key| format!("{:08x}", u32::from_be_bytes(key)))
    }

    /// The compressed message that the frame completes, inflated.
    pub(super) fn inflated(&self) -> Option<&Bytes> {
        self.frame.message.as_ref().filter(|_| self.compressed).map(|message| &message.data)
    }

    /// What is to be read in it: the payload, or of a compressed message all of it, on its last frame.
    pub(super) fn content(&self) -> Option<&Bytes> {
        if self.compressed { self.inflated() } else { Some(&self.frame.frame.payload) }
    }
}
