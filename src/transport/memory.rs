//! A stream that never leaves the process: two ends, for tests and playbooks that decide themselves how bytes arrive.

use std::collections::VecDeque;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Blocking, Transport};

/// One end of a pair.
pub struct Memory {
    incoming: Arc<Pipe>,
    outgoing: Arc<Pipe>,
    blocking: Blocking,
    write_limit: usize,
    read_sizes: Vec<usize>,
    reads: usize,
}

/// Two ends: what is written to one is read from the other. Both are non-blocking and have no limits.
#[must_use]
pub fn pair() -> (Memory, Memory) {
    let (one, other) = (Arc::new(Pipe::default()), Arc::new(Pipe::default()));
    (Memory::new(Arc::clone(&one), Arc::clone(&other)), Memory::new(other, one))
}

impl Memory {
    fn new(incoming: Arc<Pipe>, outgoing: Arc<Pipe>) -> Memory {
        Memory {
            incoming,
            outgoing,
            blocking: Blocking::Never,
            write_limit: usize::MAX,
            read_sizes: Vec::new(),
            reads: 0,
        }
    }

    /// Each write takes at most this many bytes.
    #[must_use]
    pub fn with_write_limit(mut self, bytes: usize) -> Memory {
        self.write_limit = bytes;
        self
    }

    /// At most this many bytes wait for the other end to read them; a write beyond is `WouldBlock`.
    #[must_use]
    pub fn with_capacity(self, bytes: usize) -> Memory {
        self.outgoing.lock().capacity = bytes;
        self
    }

    /// Reads give at most these many bytes, one after the other and over again; 0 is a `WouldBlock`.
    #[must_use]
    pub fn with_read_sizes(mut self, sizes: impl IntoIterator<Item = usize>) -> Memory {
        self.read_sizes = sizes.into_iter().collect();
        self
    }
}

impl Transport for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut size = buffer.len();
        if !self.read_sizes.is_empty() {
            size = size.min(self.read_sizes[self.reads % self.read_sizes.len()]);
            self.reads += 1;
            if size == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
        }
        let mut state = self.incoming.wait(self.blocking, |state| !state.bytes.is_empty() || state.ended)?;
        let count = size.min(state.bytes.len());
        for (to, from) in buffer.iter_mut().zip(state.bytes.drain(..count)) {
            *to = from;
        }
        drop(state);
        self.incoming.changed.notify_all();
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.outgoing.wait(self.blocking, |state| state.bytes.len() < state.capacity || state.gone)?;
        if state.gone || state.ended {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = bytes.len().min(self.write_limit).min(state.capacity - state.bytes.len());
        state.bytes.extend(&bytes[..count]);
        drop(state);
        self.outgoing.changed.notify_all();
        Ok(count)
    }

    fn shutdown(&mut self) -> io::Result<()> {
        self.outgoing.lock().ended = true;
        self.outgoing.changed.notify_all();
        Ok(())
    }

    fn set_blocking(&mut self, blocking: Blocking) -> io::Result<()> {
        self.blocking = blocking;
        Ok(())
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// An end that is dropped is a closed socket: the other reads the end and can't write.
impl Drop for Memory {
    fn drop(&mut self) {
        self.outgoing.lock().ended = true;
        self.incoming.lock().gone = true;
        self.outgoing.changed.notify_all();
        self.incoming.changed.notify_all();
    }
}

#[derive(Default)]
struct Pipe {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    bytes: VecDeque<u8>,
    capacity: usize,
    /// The writer will write no more.
    ended: bool,
    /// The reader will read no more.
    gone: bool,
}

impl Default for State {
    fn default() -> State {
        State { bytes: VecDeque::new(), capacity: usize::MAX, ended: false, gone: false }
    }
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, blocking: Blocking, ready: impl Fn(&State) -> bool) -> io::Result<MutexGuard<'_, State>> {
        let state = self.lock();
        if ready(&state) {
            return Ok(state);
        }
        let Blocking::Within(limit) = blocking else { return Err(io::ErrorKind::WouldBlock.into()) };
        let waited = self.changed.wait_timeout_while(state, limit, |state| !ready(state));
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(state) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_arrive_in_the_sizes_asked_for() {
        let (mut one, other) = pair();
        let mut other = other.with_read_sizes([1, 0, 3]);
        assert_eq!(one.write(b"hello").unwrap(), 5);
        let mut buffer = [0; 8];
        assert_eq!(other.read(&mut buffer).unwrap(), 1);
        assert_eq!(other.read(&mut buffer).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(other.read(&mut buffer).unwrap(), 3);
        assert_eq!(&buffer[..3], b"ell");
        assert_eq!(other.read(&mut buffer).unwrap(), 1);
        assert_eq!(buffer[0], b'o');
    }

    #[test]
    fn a_full_pipe_blocks_until_it_is_read() {
        let (one, mut other) = pair();
        let mut one = one.with_write_limit(2).with_capacity(3);
        assert_eq!(one.write(b"abcd").unwrap(), 2);
        assert_eq!(one.write(b"cd").unwrap(), 1);
        assert_eq!(one.write(b"d").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(other.read(&mut [0; 8]).unwrap(), 3);
        assert_eq!(one.write(b"d").unwrap(), 1);
    }

    #[test]
    fn the_end_is_read_after_the_bytes_before_it() {
        let (mut one, mut other) = pair();
        one.write(b"x").unwrap();
        one.shutdown().unwrap();
        let mut buffer = [0; 8];
        assert_eq!(other.read(&mut buffer).unwrap(), 1);
        assert_eq!(other.read(&mut buffer).unwrap(), 0);
        drop(one);
        assert_eq!(other.write(b"y").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
