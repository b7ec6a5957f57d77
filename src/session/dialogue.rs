//! The blocking part of a connection's life: the opening handshake's bytes, each read and write within one deadline.

use std::io;
use std::time::Duration;

use super::Clock;
use crate::transport::{Blocking, Transport};

/// What is read at once, in bytes.
const READ: usize = 16 << 10;

/// A transport, and until when it may take its time.
pub(super) struct Dialogue<'a> {
    transport: &'a mut dyn Transport,
    clock: Clock,
    deadline: Duration,
    buffer: Box<[u8; READ]>,
}

impl<'a> Dialogue<'a> {
    pub(super) fn new(transport: &'a mut dyn Transport, clock: Clock, timeout: Duration) -> Dialogue<'a> {
        Dialogue { transport, clock, deadline: clock.elapsed() + timeout, buffer: Box::new([0; READ]) }
    }

    /// Writes all of `bytes`; `TimedOut` when the deadline passes.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.patience()?;
            match self.transport.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) => passing(error)?,
            }
        }
        Ok(())
    }

    /// Reads what comes next, nothing at the end of the stream; `TimedOut` when the deadline passes.
    pub(super) fn read(&mut self) -> io::Result<&[u8]> {
        loop {
            self.patience()?;
            match self.transport.read(&mut self.buffer[..]) {
                Ok(count) => return Ok(&self.buffer[..count]),
                Err(error) => passing(error)?,
            }
        }
    }

    /// Lets the next read or write wait until the deadline.
    fn patience(&mut self) -> io::Result<()> {
        match self.deadline.saturating_sub(self.clock.elapsed()) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            left => self.transport.set_blocking(Blocking::Within(left)),
        }
    }
}

/// Whether to try again, the deadline permitting: a signal, or a socket's timeout, which may be early.
fn passing(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Ok(()),
        _ => Err(error),
    }
}
