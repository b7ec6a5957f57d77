//! The driver's dealings with its socket: wait, read, write, end.

use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use super::{CLOSE_TIMEOUT, Driver, END_TIMEOUT, Phase};
use crate::event::Side;
use crate::protocol::Role;

/// How a socket tells that its other end is gone, or has said all that it will. Only Linux tells the latter to who does not
/// read; elsewhere it is noticed once there is reading again.
#[cfg(target_os = "linux")]
const GONE: PollFlags = PollFlags::HUP.union(PollFlags::ERR).union(PollFlags::RDHUP);
#[cfg(not(target_os = "linux"))]
const GONE: PollFlags = PollFlags::HUP.union(PollFlags::ERR);

/// Waits for the sockets and the wakers of these drivers: which of them were woken.
pub(super) fn poll<const N: usize>(mut drivers: [&mut Driver; N], timeout: Option<Duration>) -> io::Result<[bool; N]> {
    let mut watched = Vec::with_capacity(2 * N);
    for driver in &drivers {
        watched.extend(driver.transport.as_fd().map(|socket| PollFd::from_borrowed_fd(socket, driver.interest())));
        watched.extend(driver.wakened.as_ref().map(|wakened| PollFd::new(wakened, PollFlags::IN)));
    }
    // A transport in memory never keeps anybody waiting.
    let timeout =
        if drivers.iter().all(|driver| driver.transport.as_fd().is_some()) { timeout } else { Some(Duration::ZERO) };
    // Longer than a 32-bit count of seconds is for ever.
    let timeout = timeout.and_then(|t| Timespec::try_from(t).ok());
    match rustix::event::poll(&mut watched, timeout.as_ref()) {
        // A signal is no reason to stop waiting: the caller looks around and waits again.
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let events: Vec<PollFlags> = watched.iter().map(PollFd::revents).collect();
    drop(watched);
    let mut events = events.into_iter();
    Ok(drivers.each_mut().map(|driver| driver.polled(&mut events)))
}

impl Driver {
    /// What to watch the socket for.
    fn interest(&self) -> PollFlags {
        let reads = if self.listens() { PollFlags::IN } else { GONE };
        let writes = !self.write_broken && !self.connection.output().is_empty();
        if writes { reads | PollFlags::OUT } else { reads }
    }

    /// Takes note of what there is of its socket and its waker: whether it was woken.
    fn polled(&mut self, events: &mut impl Iterator<Item = PollFlags>) -> bool {
        let listens = self.listens();
        let ready = if self.transport.as_fd().is_some() { events.next() } else { Some(PollFlags::IN) };
        let ready = ready.unwrap_or(PollFlags::empty());
        self.readable |= ready.intersects(PollFlags::IN.union(GONE));
        // The other end is gone: what is left to read is little, and says how it ended.
        self.held &= listens || !ready.intersects(GONE);
        let Some(wakened) = &self.wakened else { return false };
        let woken = events.next().is_some_and(|waker| !waker.is_empty());
        if woken {
            wakened.clear();
        }
        woken
    }

    /// Reads once: whether there is something new to look at.
    pub(super) fn read(&mut self) -> bool {
        let space = self.connection.space();
        let room = space.len();
        match self.transport.read(space) {
            Ok(0) => self.finish(Side::Peer, None),
            Ok(count) => {
                self.now = self.timeline.clock().elapsed();
                self.connection.filled(count);
                self.burst += count;
                self.readable = count == room || self.transport.holds_bytes();
                if let Some(keep_alive) = &mut self.keep_alive {
                    keep_alive.heard(self.now);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                return false;
            }
            Err(error) => self.finish(Side::Peer, Some(describe(&error))),
        }
        true
    }

    /// Writes as much of the output as goes.
    pub(super) fn write(&mut self) {
        while !self.write_broken && !self.connection.output().is_empty() {
            match self.transport.write(self.connection.output()) {
                Ok(count @ 1..) => {
                    self.connection.wrote(count);
                    // A peer that still takes what was sent before our close frame has not been asked to answer yet.
                    if let Some(close_by) = self.close_by.as_mut().filter(|_| self.phase == Phase::Open) {
                        *close_by = self.timeline.clock().elapsed() + CLOSE_TIMEOUT;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(0) | Err(_) => {
                    // What the peer said before it went away is still to be read, and says more than this error.
                    self.write_broken = true;
                    self.readable = true;
                }
            }
        }
    }

    /// Our part of ending the transport: a server ends it, a client waits for the server, but not for ever.
    pub(super) fn close_transport(&mut self) {
        if !self.connection.is_closing() {
            return;
        }
        let now = self.timeline.clock().elapsed();
        self.close_by.get_or_insert(now + CLOSE_TIMEOUT);
        let written = self.write_broken || self.connection.output().is_empty();
        if !self.connection.is_done() || !written || self.phase != Phase::Open {
            return;
        }
        self.phase = Phase::Ending;
        self.close_by = Some(now + END_TIMEOUT);
        if self.connection.config().role == Role::Server {
            self.finish(Side::Us, None);
        }
    }

    /// Ends the connection, once; the transport ends when that is told.
    pub(super) fn finish(&mut self, by: Side, why: Option<String>) {
        if std::mem::replace(&mut self.phase, Phase::Over) == Phase::Over {
            return;
        }
        self.now = self.timeline.clock().elapsed();
        self.connection.end(by, why);
    }
}

/// An I/O error in the words that people search for.
pub(in crate::session) fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionReset => "connection reset by the peer".into(),
        io::ErrorKind::BrokenPipe => "broken pipe".into(),
        _ => error.to_string(),
    }
}
