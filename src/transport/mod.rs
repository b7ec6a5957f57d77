//! Bytes only: how a stream to the peer comes to be (TCP, unix socket, TLS, proxies) and how it is read and written.
//!
//! A transport is connected blocking, with timeouts, then switched to non-blocking for the session's loop.

pub mod tls;

use std::io;
use std::os::fd::BorrowedFd;

pub use tls::{Certificate, TlsInfo, TlsOptions, TlsVersion};

/// A stream of bytes to a peer, non-blocking once the session has it.
pub trait Transport: Send {
    /// Reads into `buffer`: how many bytes, 0 at the end of the stream, `WouldBlock` when there is nothing now.
    ///
    /// # Errors
    /// What the socket or TLS says.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes some of `bytes`: how many, or `WouldBlock`.
    ///
    /// # Errors
    /// What the socket or TLS says.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Tells the peer that no more will be written (TLS `close_notify`, then FIN), without blocking.
    ///
    /// # Errors
    /// What the socket or TLS says; a peer already gone is not an error.
    fn shutdown(&mut self) -> io::Result<()>;

    /// Whether bytes may wait inside that `as_fd` does not tell of (TLS): read on until `WouldBlock`.
    fn holds_bytes(&self) -> bool {
        false
    }

    /// Switches between blocking (with `timeout` on each read and write) and non-blocking.
    ///
    /// # Errors
    /// What the socket says.
    fn set_blocking(&mut self, blocking: Blocking) -> io::Result<()>;

    /// What to wait on; `None` for a transport in memory, which is always ready.
    fn as_fd(&self) -> Option<BorrowedFd<'_>>;
}

/// How reads and writes wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocking {
    /// Not at all: `WouldBlock`.
    Never,
    /// At most this long each, then `WouldBlock` or `TimedOut`.
    Within(std::time::Duration),
}
