//! The clients who are there. One whose connection has ended may not be told of to the end yet, and a server that is to end
//! waits for that: what a client could see to be over is in the recording and in the report.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::session::Clock;
use crate::transport::{Blocking, Transport};

/// How long to wait for clients who may have left just now, which has not been noticed yet.
const LEAVING: Duration = Duration::from_millis(300);

/// How long to wait until all is told of those who have left: a script may never come to an end.
const TELLING: Duration = Duration::from_secs(10);

/// How often it is looked who is there.
const LOOK: Duration = Duration::from_millis(3);

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Guests {
    served: Arc<()>,
    connected: Arc<()>,
}

/// One of them, before anything was said.
#[derive(Debug)]
pub struct Guest {
    pub(super) stream: TcpStream,
    pub peer: SocketAddr,
    /// Dropped when all is told.
    pub(super) served: Weak<()>,
    /// Dropped when the connection ends.
    pub(super) connected: Weak<()>,
}

impl Guests {
    pub(super) fn enter(&self, stream: TcpStream, peer: SocketAddr) -> Guest {
        Guest { stream, peer, served: Arc::downgrade(&self.served), connected: Arc::downgrade(&self.connected) }
    }

    /// Waits until all is told of those who have left, and a little for the others to leave.
    pub fn settle(&self, clock: Clock) {
        let begun = clock.elapsed();
        loop {
            let (served, connected) = (Arc::weak_count(&self.served), Arc::weak_count(&self.connected));
            let patience = if served > connected { TELLING } else { LEAVING };
            if served == 0 || clock.elapsed() >= begun + patience {
                return;
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// A connection that is known here to have ended before the client can know it.
pub(super) struct Seated {
    // Dropped in this order.
    connected: Option<Weak<()>>,
    transport: Box<dyn Transport>,
}

impl Seated {
    pub(super) fn new(connected: Weak<()>, transport: Box<dyn Transport>) -> Seated {
        Seated { connected: Some(connected), transport }
    }
}

impl Transport for Seated {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.transport.read(buffer)
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.transport.write(bytes)
    }

    fn shutdown(&mut self) -> io::Result<()> {
        self.connected = None;
        self.transport.shutdown()
    }

    fn set_blocking(&mut self, blocking: Blocking) -> io::Result<()> {
        self.transport.set_blocking(blocking)
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.transport.as_fd()
    }

    fn holds_bytes(&self) -> bool {
        self.transport.holds_bytes()
    }
}
