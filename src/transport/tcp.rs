//! TCP: a name to its addresses, the addresses in turn, and a stream whose reads and writes are one system call each.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc;
use std::time::Duration;

use super::error::in_words;
use super::{Attempt, Blocking, Deadline, Transport, TransportError};

/// A TCP stream.
#[derive(Debug)]
pub struct Tcp(TcpStream);

/// A TCP stream and how it came to be.
pub(super) struct Reached {
    pub(super) stream: Tcp,
    pub(super) address: SocketAddr,
    /// `None` if the host was an address already.
    pub(super) dns: Option<Duration>,
    /// Every address tried included.
    pub(super) tcp: Duration,
}

impl Tcp {
    /// Takes over a stream, accepted or connected: non-blocking, without Nagle's delay.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(stream: TcpStream) -> io::Result<Tcp> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Tcp(stream))
    }
}

impl Transport for Tcp {
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

/// Resolves `host` (a name, or an address with or without brackets) and connects to the first address that answers.
pub(super) fn connect(host: &str, port: u16, deadline: &Deadline<'_>) -> Result<Reached, TransportError> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let begun = deadline.now();
    let (addresses, dns) = match bare.parse::<IpAddr>() {
        Ok(address) => (vec![SocketAddr::new(address, port)], None),
        Err(_) => (resolve(bare, port, deadline)?, Some(deadline.now().saturating_sub(begun))),
    };
    let begun = deadline.now();
    let (stream, address) = connect_any(&addresses, deadline)?;
    Ok(Reached { stream, address, dns, tcp: deadline.now().saturating_sub(begun) })
}

/// Connects to the addresses in turn. Each may take its share of the time left, so that a silent one does not cost the
/// others their turn.
pub(super) fn connect_any(
    addresses: &[SocketAddr],
    deadline: &Deadline<'_>,
) -> Result<(Tcp, SocketAddr), TransportError> {
    let mut attempts = Vec::new();
    for (index, &address) in addresses.iter().enumerate() {
        let Ok(left) = deadline.remaining() else { break };
        let share = left / u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(&address, share.max(Duration::from_millis(1))).and_then(Tcp::new) {
            Ok(stream) => return Ok((stream, address)),
            Err(error) => attempts.push(Attempt { address, error }),
        }
    }
    if attempts.iter().all(|attempt| attempt.error.kind() == io::ErrorKind::TimedOut) {
        let addresses = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(deadline.expired(format!("connecting to {addresses}")));
    }
    attempts.sort_by_key(|attempt| match attempt.error.kind() {
        io::ErrorKind::ConnectionRefused => 0,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable | io::ErrorKind::AddrNotAvailable => 2,
        _ => 1,
    });
    Err(TransportError::Connect(attempts))
}

/// The system's resolver knows no timeout, so it works in a thread of its own, which is left behind when it is late.
fn resolve(host: &str, port: u16, deadline: &Deadline<'_>) -> Result<Vec<SocketAddr>, TransportError> {
    let late = || deadline.expired(format!("resolving {host:?}"));
    let left = deadline.remaining().map_err(|_| late())?;
    let failed = |reason| TransportError::Resolve { host: host.to_owned(), reason };
    let (sender, receiver) = mpsc::sync_channel(1);
    let name = host.to_owned();
    std::thread::Builder::new()
        .name("resolver".to_owned())
        .spawn(move || sender.send((name.as_str(), port).to_socket_addrs().map(Vec::from_iter)))
        .map_err(|error| failed(in_words(&error)))?;
    let addresses = receiver.recv_timeout(left).map_err(|_| late())?.map_err(|error| failed(in_words(&error)))?;
    if addresses.is_empty() { Err(failed("the name has no address".to_owned())) } else { Ok(addresses) }
}

/// The socket option for it; zero would mean for ever.
pub(super) fn timeout_of(blocking: Blocking) -> Option<Duration> {
    match blocking {
        Blocking::Never => None,
        Blocking::Within(limit) => Some(limit.max(Duration::from_millis(1))),
    }
}

/// A peer that has gone needs no farewell.
pub(super) fn unless_gone(result: io::Result<()>) -> io::Result<()> {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    match result {
        Err(error) if matches!(error.kind(), NotConnected | BrokenPipe | ConnectionReset | ConnectionAborted) => Ok(()),
        other => other,
    }
}
