//! One deadline for everything that opening a connection does, so that a peer that dribbles a byte a second can't
//! stretch it: sockets stay non-blocking and each wait is for what is left.

use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Transport, TransportError};

/// A point in time on the caller's clock.
pub struct Deadline<'a> {
    now: &'a dyn Fn() -> Duration,
    end: Duration,
    limit: Duration,
}

impl<'a> Deadline<'a> {
    /// `limit` from now; `now` is any monotonic clock.
    #[must_use]
    pub fn new(now: &'a dyn Fn() -> Duration, limit: Duration) -> Deadline<'a> {
        Deadline { now, end: now().saturating_add(limit), limit }
    }

    /// The clock's time.
    pub(super) fn now(&self) -> Duration {
        (self.now)()
    }

    /// What is left, never zero.
    ///
    /// # Errors
    /// `TimedOut` when nothing is.
    pub(super) fn remaining(&self) -> io::Result<Duration> {
        match self.end.saturating_sub(self.now()) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            left => Ok(left),
        }
    }

    /// The error for a step that did not end in time.
    pub(super) fn expired(&self, step: impl Into<String>) -> TransportError {
        TransportError::Timeout { step: step.into(), limit: self.limit }
    }

    /// Waits until `transport` is ready for `what`.
    ///
    /// # Errors
    /// `TimedOut` after the deadline, or what poll(2) says.
    pub(super) fn wait(&self, transport: &dyn Transport, what: PollFlags) -> io::Result<()> {
        loop {
            let left = self.remaining()?;
            let Some(fd) = transport.as_fd() else {
                // Memory has nothing to wait on; its other end is another thread of a test.
                std::thread::yield_now();
                return Ok(());
            };
            let timeout = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
            match poll(&mut [PollFd::from_borrowed_fd(fd, what)], Some(&timeout)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads at least a byte, 0 at the end of the stream.
    ///
    /// # Errors
    /// `TimedOut` after the deadline, or what the transport says.
    pub(super) fn read(&self, transport: &mut dyn Transport, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match transport.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(transport, PollFlags::IN)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// `TimedOut` after the deadline, or what the transport says.
    pub(super) fn write_all(&self, transport: &mut dyn Transport, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match transport.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(transport, PollFlags::OUT)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
