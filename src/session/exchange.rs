//! Bytes between two streams, both ways, for what is no WebSocket: nothing of it is read here.

use std::io::{self, ErrorKind};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use crate::transport::{Blocking, Transport};

/// How long neither side may say anything.
const IDLE: Timespec = Timespec { tv_sec: 300, tv_nsec: 0 };

/// What is read at once, and kept at most for an end that does not take it, in bytes.
const ROOM: usize = 64 << 10;

/// Passes bytes on both ways until the second of two streams has ended and the first has all of it: how many each was sent.
/// `heard` sees what the second says.
///
/// # Errors
/// When a stream breaks, or both are silent for five minutes.
pub fn exchange(streams: [Box<dyn Transport>; 2], mut heard: impl FnMut(&[u8])) -> io::Result<[u64; 2]> {
    let [mut first, mut second] = streams.map(|stream| End { stream, waiting: Vec::new(), taken: 0, ended: false });
    for end in [&mut first, &mut second] {
        end.stream.set_blocking(Blocking::Never)?;
    }
    loop {
        let heard = [first.read_for(&mut second, &mut |_| ())?, second.read_for(&mut first, &mut heard)?];
        let written = [first.write()?, second.write()?];
        if second.ended && first.waiting.is_empty() {
            return Ok([first.taken, second.taken]);
        }
        if heard == [false; 2] && written == [false; 2] {
            wait([&first, &second])?;
        }
    }
}

struct End {
    stream: Box<dyn Transport>,
    /// What it has not taken yet.
    waiting: Vec<u8>,
    taken: u64,
    /// It says no more.
    ended: bool,
}

impl End {
    /// Reads once for the other end, if that has room: whether there was something.
    fn read_for(&mut self, other: &mut End, heard: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
        if self.ended || other.waiting.len() >= ROOM {
            return Ok(false);
        }
        let begin = other.waiting.len();
        other.waiting.resize(begin + ROOM, 0);
        let read = unblocked(self.stream.read(&mut other.waiting[begin..]));
        other.waiting.truncate(begin + read.as_ref().map_or(0, |count| count.unwrap_or(0)));
        heard(&other.waiting[begin..]);
        self.ended = read.as_ref().is_ok_and(|count| *count == Some(0));
        read.map(|count| count.is_some())
    }

    /// Writes what goes: whether anything went.
    fn write(&mut self) -> io::Result<bool> {
        if self.waiting.is_empty() {
            return Ok(false);
        }
        let Some(count) = unblocked(self.stream.write(&self.waiting))? else { return Ok(false) };
        self.waiting.drain(..count);
        self.taken += count as u64;
        Ok(true)
    }
}

/// `None` for what would block.
fn unblocked(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
        Err(error) => Err(error),
    }
}

fn wait([first, second]: [&End; 2]) -> io::Result<()> {
    let mut watched = Vec::new();
    for (end, other) in [(first, second), (second, first)] {
        let reads = if end.ended || other.waiting.len() >= ROOM { PollFlags::empty() } else { PollFlags::IN };
        let writes = if end.waiting.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        // One that is gone would be ready for ever.
        let socket = end.stream.as_fd().filter(|_| !(reads | writes).is_empty());
        watched.extend(socket.map(|socket| PollFd::from_borrowed_fd(socket, reads | writes)));
    }
    match rustix::event::poll(&mut watched, Some(&IDLE)) {
        Ok(0) => Err(ErrorKind::TimedOut.into()),
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
