//! Interrupts a driver's wait from another thread.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The end that wakes; cheap to clone.
#[derive(Clone, Debug)]
pub struct Waker(Arc<UnixStream>);

/// The end that is woken. Of several clones that wait at once, one is.
#[derive(Clone, Debug)]
pub struct Wakened(Arc<UnixStream>);

/// A connected pair.
///
/// # Errors
/// When the process has no file descriptors left.
pub fn waker() -> io::Result<(Waker, Wakened)> {
    let (waker, wakened) = UnixStream::pair()?;
    waker.set_nonblocking(true)?;
    wakened.set_nonblocking(true)?;
    Ok((Waker(Arc::new(waker)), Wakened(Arc::new(wakened))))
}

impl Waker {
    /// Ends the wait under way, or the next one. Never blocks.
    pub fn wake(&self) {
        // A full buffer means that it will wake anyway, a closed one that nobody is left to wake.
        let _ = (&*self.0).write(&[1]);
    }

    /// The socket itself, for a signal handler to write to.
    ///
    /// # Errors
    /// When the process has no file descriptors left.
    pub fn descriptor(&self) -> io::Result<UnixStream> {
        self.0.try_clone()
    }
}

impl Wakened {
    /// Waits without a connection: whether it was woken within `timeout`.
    #[must_use]
    pub fn wait(&self, timeout: Duration) -> bool {
        let timeout = Timespec::try_from(timeout).ok();
        let woken = matches!(poll(&mut [PollFd::new(self, PollFlags::IN)], timeout.as_ref()), Ok(1));
        self.clear();
        woken
    }

    /// Forgets all wakes so far.
    pub fn clear(&self) {
        let mut sink = [0; 64];
        while matches!((&*self.0).read(&mut sink), Ok(count) if count == sink.len()) {}
    }
}

impl AsFd for Wakened {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
