//! Unix sockets, and why one can't be connected to: the system says "connection refused" for a plain file too.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, socket, sockopt};

use super::error::in_words;
use super::tcp::{timeout_of, unless_gone};
use super::{Blocking, Deadline, Transport, TransportError};

/// A stream over a unix socket.
#[derive(Debug)]
pub struct Unix(UnixStream);

impl Unix {
    /// Takes over a stream, accepted or connected: non-blocking.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(stream: UnixStream) -> io::Result<Unix> {
        stream.set_nonblocking(true)?;
        Ok(Unix(stream))
    }
}

impl Transport for Unix {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn shutdown(&mut self) -> io::Result<()> {
        unless_gone(self.0.shutdown(Shutdown::Write))
    }

    fn set_blocking(&mut self, blocking: Blocking) -> io::Result<()> {
        let timeout = timeout_of(blocking);
        self.0.set_read_timeout(timeout)?;
        self.0.set_write_timeout(timeout)?;
        self.0.set_nonblocking(blocking == Blocking::Never)
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }
}

/// Connects to the socket at `path`.
pub(super) fn connect(path: &Path, deadline: &Deadline<'_>) -> Result<Unix, TransportError> {
    let late = || deadline.expired(format!("connecting to {}", path.display()));
    let left = deadline.remaining().map_err(|_| late())?;
    dial(path, left).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => late(),
        _ => explain(path, &error),
    })
}

/// A full backlog makes connect(2) wait, as long as the send timeout allows.
fn dial(path: &Path, limit: std::time::Duration) -> io::Result<Unix> {
    let address = SocketAddrUnix::new(path)?;
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(limit))?;
    rustix::net::connect(&socket, &address)?;
    Unix::new(UnixStream::from(socket))
}

fn explain(path: &Path, error: &io::Error) -> TransportError {
    let (reason, hint) = match error.kind() {
        io::ErrorKind::NotFound => ("no such unix socket".to_owned(), Some("check the path, and that the server runs")),
        io::ErrorKind::PermissionDenied => {
            ("permission denied to the unix socket".to_owned(), Some("writing to the socket file must be allowed"))
        }
        io::ErrorKind::ConnectionRefused if !is_socket(path) => ("not a unix socket".to_owned(), None),
        io::ErrorKind::ConnectionRefused => {
            ("connection refused: nobody listens on the unix socket".to_owned(), Some("is the server running?"))
        }
        _ if error.raw_os_error() == Some(rustix::io::Errno::NAMETOOLONG.raw_os_error()) => {
            let length = path.as_os_str().len();
            (format!("the path of the unix socket is too long: {length} bytes, at most about 107"), None)
        }
        _ => (in_words(error), None),
    };
    TransportError::Unix { path: path.to_owned(), reason, hint }
}

fn is_socket(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}
