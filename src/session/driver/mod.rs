//! The only loop that touches a socket: reads, feeds the connection, stamps what it tells, writes, waits.
//!
//! A script, a replay or a headless recording drives it on its own thread; the shell's I/O threads drive it with a
//! [`super::Waker`]. Both wait with poll(2): no registration, no busy loop, and one system call more than a bare socket.

mod either;
mod socket;
mod telling;

pub use either::{Either, wait_either};
pub(super) use socket::describe;

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use super::keepalive::KeepAlive;
use super::waker::Wakened;
use super::{Latency, Timeline};
use crate::command::Command;
use crate::event::{Event, FrameEvent, Side};
use crate::protocol::{Connection, Opcode, SendError};
use crate::transport::Transport;

/// How long a peer may take to answer a close frame.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a client then waits for the server to end the transport: nothing of value can come any more.
const END_TIMEOUT: Duration = Duration::from_millis(500);

/// Unwritten output at which a sender should wait, in bytes.
pub const OUTPUT_FULL: usize = 1 << 20;

/// Output at which it is written without waiting for more, in bytes.
const OUTPUT_BATCH: usize = 64 << 10;

/// What is read at most before looking whether anything else has happened, in bytes: a peer that sends faster than it is
/// read must keep neither a waker nor a deadline from being heard.
const BURST: usize = 1 << 20;

/// What [`Driver::wait`] came back with.
#[derive(Debug)]
pub enum Waited {
    /// Something happened; every sink has it already.
    Event(Event),
    /// The deadline passed.
    Timeout,
    /// Somebody used the [`super::Waker`].
    Woken,
    /// There was output over [`OUTPUT_FULL`], and now there is not.
    Writable,
    /// A sink could not take an event; the others have it, and the connection goes on.
    SinkFailed(io::Error),
    /// The connection is over, and its close was the event before.
    Over,
}

/// One open connection and the loop that runs it.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about the socket")]
pub struct Driver {
    transport: Box<dyn Transport>,
    connection: Connection,
    timeline: Timeline,
    number: u32,
    wakened: Option<Wakened>,
    keep_alive: Option<KeepAlive>,
    latency: Latency,
    /// Events told to the sinks, but not yet to the caller.
    inbox: VecDeque<Event>,
    /// The numbers of the first frames of the messages that are being sent and received.
    first_frame: [u64; 2],
    /// When the bytes being decoded were read.
    now: Duration,
    /// There may be more to read without waiting.
    readable: bool,
    /// The caller wants no more read for now, so the peer's TCP will stop it.
    held: bool,
    /// Bytes read since the last look at anything else.
    burst: usize,
    /// The deadline that has passed while what had arrived by then is being heard.
    overdue: Option<Duration>,
    /// How many frames the peer has sent, close frames aside.
    heard: u64,
    /// Writing failed; what the peer still says is read all the same.
    write_broken: bool,
    /// A sender was told that the output is full.
    was_full: bool,
    /// When to stop waiting for the other end's part of closing.
    close_by: Option<Duration>,
    phase: Phase,
}

/// How far the connection's life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// The closing handshake is done (or the connection failed), and the peer is to end the transport.
    Ending,
    Over,
}

impl Driver {
    /// Drives an open `connection` over a non-blocking `transport`; it is number `number` on the `timeline`.
    #[must_use]
    pub fn new(transport: Box<dyn Transport>, connection: Connection, timeline: Timeline, number: u32) -> Driver {
        let now = timeline.clock().elapsed();
        Driver {
            transport,
            connection,
            timeline,
            number,
            wakened: None,
            keep_alive: None,
            latency: Latency::default(),
            inbox: VecDeque::new(),
            first_frame: [0; 2],
            now,
            readable: true,
            held: false,
            burst: 0,
            overdue: None,
            heard: 0,
            write_broken: false,
            was_full: false,
            close_by: None,
            phase: Phase::Open,
        }
    }

    /// Lets the other half of `wakened` interrupt a wait.
    #[must_use]
    pub fn with_waker(mut self, wakened: Wakened) -> Driver {
        self.wakened = Some(wakened);
        self
    }

    /// Sends pings by itself.
    #[must_use]
    pub fn with_keep_alive(mut self, keep_alive: Option<KeepAlive>) -> Driver {
        self.keep_alive = keep_alive;
        self
    }

    /// With events that the sinks have already and the caller has not: what was wrong with the opening handshake.
    #[must_use]
    pub(super) fn with_untold(mut self, events: Vec<Event>) -> Driver {
        self.inbox.extend(events);
        self
    }

    /// Gives the waker's other half back, for the next connection.
    #[must_use]
    pub fn into_wakened(self) -> Option<Wakened> {
        self.wakened
    }

    /// Whether the connection was good for anything: the peer sent a frame other than a close frame. One that was not
    /// does not make up for the failures before it.
    #[must_use]
    pub const fn was_useful(&self) -> bool {
        self.heard > 0
    }

    /// The connection's number on its timeline.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The timeline that its events go to.
    #[must_use]
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The state of the protocol.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The same, to change its settings.
    pub const fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Whether the sender should wait for [`Waited::Writable`] before it sends more.
    pub fn is_full(&mut self) -> bool {
        let full = self.connection.output().len() > OUTPUT_FULL;
        self.was_full |= full;
        full
    }

    /// Reads no further while `hold` is true, so a peer that sends faster than its messages can be passed on is stopped by
    /// its own TCP, and memory stays bounded. What was read already still comes. An end of the connection is noticed all the
    /// same, and for that what the peer had sent before it is read.
    pub const fn hold_reading(&mut self, hold: bool) {
        self.held = hold;
    }

    /// Whether to read what comes: never mind the caller once the connection is closing, which the peer has a part in.
    fn listens(&self) -> bool {
        !self.held || self.connection.is_closing()
    }

    /// Whether to read now.
    fn reads(&self) -> bool {
        self.readable && self.listens()
    }

    /// Carries out a command: encodes it, tells the sinks, and writes it with the next [`Driver::wait`], or at once when a
    /// batch has come together.
    ///
    /// # Errors
    /// When it can't be encoded or the connection is closing; nothing was sent then.
    pub fn send(&mut self, command: Command) -> Result<(), SendError> {
        if self.phase == Phase::Over {
            return Err(SendError::Closing);
        }
        let connection = &mut self.connection;
        match command {
            Command::Text(data) => connection.send_message(false, data)?,
            Command::Binary(data) => connection.send_message(true, data)?,
            Command::Fragments { binary, parts } => connection.send_fragments(binary, parts)?,
            Command::Ping(payload) => connection.send_control(Opcode::PING, payload)?,
            Command::Pong(payload) => connection.send_control(Opcode::PONG, payload)?,
            Command::Frame(spec) => connection.send_frame(spec),
            Command::Close { code, reason, force } => connection.send_close(code, &reason, force)?,
            Command::Drop => {
                self.finish(Side::Us, Some("dropped by us, without a close frame".into()));
                return Ok(());
            }
        }
        self.sent();
        Ok(())
    }

    /// Passes on a frame that another driver told, as [`Connection::relay`] does.
    ///
    /// # Errors
    /// When the connection is closing; nothing was sent then.
    pub fn relay(&mut self, event: FrameEvent) -> Result<(), SendError> {
        if self.phase == Phase::Over {
            return Err(SendError::Closing);
        }
        self.connection.relay(event.frame, event.fragment.map(|fragment| fragment.index), event.message)?;
        self.sent();
        Ok(())
    }

    /// Tells what was sent, and writes it if a batch has come together.
    fn sent(&mut self) {
        self.tell_queued();
        if self.connection.output().len() >= OUTPUT_BATCH {
            self.timeline.flush_early();
            self.write();
        }
    }

    /// Waits until something happens, `until` (on the timeline's clock) passes, or a waker is used. Everything is
    /// flushed, and then written, before it blocks; the close, too, before the transport ends.
    pub fn wait(&mut self, until: Option<Duration>) -> Waited {
        loop {
            if let Some(waited) = self.advance() {
                return waited;
            }
            let deadline = self.deadline(until);
            let patience = self.patience(deadline);
            match socket::poll([self], patience) {
                Ok([true]) => return Waited::Woken,
                Ok([false]) => {}
                Err(error) => self.cannot_wait(&error),
            }
            if let Some(waited) = self.due(until, deadline) {
                return waited;
            }
        }
    }

    /// Does what can be done without blocking: what came of it, or `None` when there is nothing left but to wait.
    fn advance(&mut self) -> Option<Waited> {
        loop {
            if let Some(event) = self.inbox.pop_front() {
                return Some(Waited::Event(event));
            }
            if let Some(fact) = self.connection.next_fact() {
                return Some(Waited::Event(self.tell(fact)));
            }
            // All that was read is recorded, then shown, before anything that follows from it is written and before more is
            // read. Until the next event there is nothing else to flush.
            if let Err(error) = self.timeline.flush() {
                return Some(Waited::SinkFailed(error));
            }
            if self.phase == Phase::Over {
                // The peer may be gone already: that is no news.
                let _ = self.transport.shutdown();
                return Some(Waited::Over);
            }
            self.write();
            self.close_transport();
            if self.phase == Phase::Over {
                continue;
            }
            if self.reads() && self.burst < BURST && self.read() {
                continue;
            }
            if self.was_full && self.connection.output().len() <= OUTPUT_FULL / 2 {
                // Who sends as fast as the peer reads never blocks, and must hear the peer all the same.
                match socket::poll([self], Some(Duration::ZERO)) {
                    Ok([true]) => return Some(Waited::Woken),
                    Ok([false]) if self.reads() && self.burst < BURST => continue,
                    Ok([false]) | Err(_) => {}
                }
                (self.was_full, self.burst) = (false, 0);
                return Some(Waited::Writable);
            }
            return None;
        }
    }

    /// When something is to be done whatever the socket does.
    fn deadline(&self, until: Option<Duration>) -> Option<Duration> {
        let alarm = self.keep_alive.as_ref().and_then(KeepAlive::next);
        [until, alarm, self.close_by].into_iter().flatten().min()
    }

    /// How long to wait for the socket, which begins now; `None`: for ever.
    fn patience(&mut self, deadline: Option<Duration>) -> Option<Duration> {
        self.burst = 0;
        match deadline {
            _ if self.reads() => Some(Duration::ZERO),
            deadline => deadline.map(|at| at.saturating_sub(self.timeline.clock().elapsed())),
        }
    }

    /// Deals with whatever time has come. What is to be told at once is returned.
    fn due(&mut self, until: Option<Duration>, deadline: Option<Duration>) -> Option<Waited> {
        let deadline = deadline?;
        let now = self.timeline.clock().elapsed();
        // What has arrived is heard before anybody is given up, but only once: a peer may never stop talking.
        if now < deadline || self.reads() && self.overdue.is_none() {
            self.overdue = Some(deadline).filter(|_| now >= deadline);
            return None;
        }
        self.overdue = None;
        if self.close_by.is_some_and(|at| at <= now) {
            let late = if self.connection.is_done() {
                format!("the peer did not end the transport within {END_TIMEOUT:?}")
            } else {
                format!("no close frame came back within {CLOSE_TIMEOUT:?}")
            };
            self.finish(Side::Us, Some(late));
        } else if let Some(keep_alive) = self.keep_alive.as_mut().filter(|k| k.next().is_some_and(|at| at <= now)) {
            match keep_alive.due(now) {
                Ok(payload) => {
                    self.connection.send_keep_alive(&payload);
                    self.tell_queued();
                }
                Err(timeout) => self.finish(Side::Us, Some(format!("no pong within {} s", timeout.as_secs_f64()))),
            }
        } else if until.is_some_and(|at| at <= now) {
            return Some(Waited::Timeout);
        }
        None
    }

    fn cannot_wait(&mut self, error: &io::Error) {
        self.finish(Side::Us, Some(format!("cannot wait for the socket: {error}")));
    }
}

#[cfg(test)]
mod tests;
