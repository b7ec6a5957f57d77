//! A stream whose first bytes have been read already: what came with a proxy's 200, or what a handshake read too far.

use std::io;
use std::os::fd::BorrowedFd;

use super::{Blocking, Transport};

/// A transport that gives `prefix` first.
pub struct Prefixed {
    prefix: Vec<u8>,
    given: usize,
    inner: Box<dyn Transport>,
}

impl Prefixed {
    /// `inner`, with these bytes before its own. It stays bare if there are none.
    #[must_use]
    pub fn wrap(prefix: Vec<u8>, inner: Box<dyn Transport>) -> Box<dyn Transport> {
        if prefix.is_empty() { inner } else { Box::new(Prefixed { prefix, given: 0, inner }) }
    }
}

impl Transport for Prefixed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = &self.prefix[self.given..];
        if left.is_empty() {
            return self.inner.read(buffer);
        }
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.given += count;
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn shutdown(&mut self) -> io::Result<()> {
        self.inner.shutdown()
    }

    fn set_blocking(&mut self, blocking: Blocking) -> io::Result<()> {
        self.inner.set_blocking(blocking)
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.inner.as_fd()
    }

    fn holds_bytes(&self) -> bool {
        self.given < self.prefix.len() || self.inner.holds_bytes()
    }
}
