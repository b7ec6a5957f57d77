//! Bytes only: how a stream to the peer comes to be (TCP, unix socket, TLS, proxies) and how it is read and written.
//!
//! [`connect()`] does it all under one deadline and hands back a non-blocking stream for the session's loop. The clock
//! is the caller's: whatever measures time here takes `now`, so that only the session reads the real one.

mod connect;
mod deadline;
mod error;
pub mod memory;
mod prefixed;
pub mod proxy;
mod tcp;
pub mod tls;
mod unix;

use std::io;
use std::os::fd::BorrowedFd;

pub use connect::{Connected, Plan, connect};
pub use deadline::Deadline;
pub use error::{Attempt, FailureKind, TransportError, in_words};
pub use memory::Memory;
pub use prefixed::Prefixed;
pub use proxy::{ProxyFailure, ProxyScheme, ProxyUrl, from_environment};
pub use tcp::Tcp;
pub use tls::{Acceptor, Certificate, Connector, TlsFailure, TlsInfo, TlsOptions, TlsVersion, looks_like_tls};
pub use unix::Unix;

/// A stream of bytes to a peer, non-blocking once it is connected.
pub trait Transport: Send {
    /// Reads into `buffer`: how many bytes, 0 at the end of the stream, `WouldBlock` when there is nothing now.
    ///
    /// # Errors
    /// What the socket or TLS says. [`TransportError::of`] finds the typed error where TLS has one to give, such as a
    /// client certificate that TLS 1.3 refuses at the first read.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes some of `bytes`: how many, or `WouldBlock`. After that, TLS wants the same bytes again (there may be more
    /// behind them, and they may have moved).
    ///
    /// # Errors
    /// What the socket or TLS says.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Tells the peer that no more will be written (TLS `close_notify`, then FIN), without blocking.
    ///
    /// # Errors
    /// What the socket says; a peer already gone is not an error.
    fn shutdown(&mut self) -> io::Result<()>;

    /// Switches between blocking (with a timeout on each read and write) and non-blocking.
    ///
    /// # Errors
    /// What the socket says.
    fn set_blocking(&mut self, blocking: Blocking) -> io::Result<()>;

    /// What to wait on; `None` for a transport in memory.
    fn as_fd(&self) -> Option<BorrowedFd<'_>>;

    /// Whether bytes may wait inside (decrypted, or left over from a proxy) while the socket has none: then read until
    /// `WouldBlock` before any wait, the first one included. Without it a short read is the last one for now.
    fn holds_bytes(&self) -> bool {
        false
    }
}

/// How reads and writes wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocking {
    /// Not at all: `WouldBlock`.
    Never,
    /// At most this long each, then `WouldBlock` or `TimedOut`.
    Within(std::time::Duration),
}

#[cfg(test)]
mod tests;
// Peers for tests, written without this module; the integration tests use the same files.
#[cfg(all(test, target_os = "linux"))]
#[path = "../../tests/it/support/certificates.rs"]
mod certificates;
#[cfg(test)]
#[path = "../../tests/it/support/proxies.rs"]
mod proxies;
