//! What runs on a connection's thread: carries out what it is told, and opens the connection again where that is wanted.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, PoisonError};

use super::{Asked, Failure, Order, PATIENCE, State};
use crate::command::Command;
use crate::event::Kind;
use crate::session::open::open_telling;
use crate::session::options::Reconnect;
use crate::session::{ConnectOptions, Driver, Timeline, Waited, Wakened};

/// What runs on the thread.
pub(super) struct Worker {
    pub(super) timeline: Timeline,
    pub(super) number: u32,
    pub(super) orders: Receiver<Order>,
    /// Commands that wait until there is less output: whoever gave them waits as well.
    pub(super) backlog: VecDeque<(Command, Asked)>,
    pub(super) state: Arc<AtomicU8>,
    /// How much is still to be written, in bytes.
    pub(super) unwritten: Arc<AtomicUsize>,
    /// Called after each event: whether whoever takes what comes is behind, and no more should be read.
    pub(super) watch: Box<dyn FnMut() -> bool + Send>,
}

/// Why a connection's turn ended.
enum Ended {
    /// As somebody wanted, or with nobody left who could want more.
    Wanted,
    Lost,
}

impl Worker {
    /// Opens the connection, again and again if the options say so, and drives it.
    pub(super) fn run(&mut self, options: &ConnectOptions, failure: &Failure, wakened: Wakened) {
        let mut wakened = Some(wakened);
        let mut attempt = 0;
        loop {
            self.set(State::Connecting);
            // Whoever hears that it is open can give it commands: they wait for the driver.
            let opened = open_telling(options, &self.timeline, self.number, &|| self.set(State::Open));
            let ended = match opened {
                Ok(driver) => {
                    let mut driver = driver;
                    if let Some(wakened) = wakened.take() {
                        driver = driver.with_waker(wakened);
                    }
                    let ended = self.drive(&mut driver);
                    if driver.was_useful() {
                        attempt = 0;
                    }
                    wakened = driver.into_wakened();
                    ended
                }
                // Told as an event already.
                Err(error) => {
                    let lasting = error.is_lasting();
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    if lasting { Ended::Wanted } else { Ended::Lost }
                }
            };
            self.backlog.clear();
            attempt += 1;
            let again = options.reconnect.is_some_and(|r| r.allows(attempt));
            if matches!(ended, Ended::Wanted) || !again {
                break;
            }
            self.set(State::Connecting);
            if !self.pause(attempt) {
                self.note("reconnecting no more".into());
                break;
            }
        }
        self.end();
    }

    /// Drives a connection that is open already.
    pub(super) fn serve(&mut self, mut driver: Driver) {
        self.drive(&mut driver);
        self.end();
    }

    fn end(&self) {
        self.set(State::Closed);
        self.flush();
    }

    fn drive(&mut self, driver: &mut Driver) -> Ended {
        let mut wanted = false;
        loop {
            let behind = (self.watch)();
            driver.hold_reading(behind);
            let look = behind.then(|| self.timeline.clock().elapsed() + PATIENCE);
            match driver.wait(look) {
                Waited::Woken => wanted |= self.listen(driver),
                Waited::Event(event) => {
                    if let Kind::Close(closed) = &event.kind {
                        wanted |= closed.clean && matches!(closed.code, Some(1000 | 1001));
                        self.set(State::Closed);
                        continue;
                    }
                }
                Waited::Timeout | Waited::Writable => {}
                Waited::SinkFailed(error) => self.timeline.note_failure(self.number, error),
                Waited::Over => return if wanted { Ended::Wanted } else { Ended::Lost },
            }
            while !driver.is_full()
                && let Some((command, answer)) = self.backlog.pop_front()
            {
                wanted |= matches!(command, Command::Close { .. }) & self.carry_out(driver, command, &answer);
            }
            self.unwritten.store(driver.connection().output().len(), Ordering::Release);
            if driver.connection().is_closing() {
                self.set(State::Closing);
            }
        }
    }

    /// Takes the orders that have come: whether the connection is to end at once, and everything given before is in vain.
    fn listen(&mut self, driver: &mut Driver) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(Order::Send(Command::Drop, answer)) => {
                    self.backlog.clear();
                    return self.carry_out(driver, Command::Drop, &answer);
                }
                Ok(Order::Offer(_, answer)) if driver.is_full() => {
                    self.note("a message was not sent: the peer does not read what was sent before".into());
                    let _ = answer.try_send(Ok(()));
                }
                Ok(Order::Send(command, answer) | Order::Offer(command, answer)) => {
                    self.backlog.push_back((command, answer));
                }
                Ok(Order::OnViolation(on_violation)) => driver.connection_mut().set_on_violation(on_violation),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => {
                    let closes = self.backlog.iter().any(|(command, _)| matches!(command, Command::Close { .. }));
                    if !closes && !driver.connection().is_closing() {
                        self.backlog.clear();
                        let _ = driver.send(Command::Drop);
                    }
                    return true;
                }
            }
        }
    }

    /// Whether the command was sent. Who gave it may wait no more: the result is on the timeline.
    fn carry_out(&self, driver: &mut Driver, command: Command, answer: &Asked) -> bool {
        let result = driver.send(command);
        let sent = result.is_ok();
        self.unwritten.store(driver.connection().output().len(), Ordering::Release);
        let _ = answer.try_send(result);
        sent
    }

    /// Waits before the next attempt: false if nobody wants it any more.
    fn pause(&self, attempt: u32) -> bool {
        let pause = Reconnect::backoff(attempt);
        let text = format!("reconnecting in {} s (attempt {attempt})", pause.as_secs_f64());
        self.note(text);
        self.flush();
        let until = self.timeline.clock().elapsed() + pause;
        loop {
            let left = until.saturating_sub(self.timeline.clock().elapsed());
            match self.orders.recv_timeout(left) {
                Ok(Order::Send(Command::Close { .. } | Command::Drop, _)) | Err(RecvTimeoutError::Disconnected) => {
                    return false;
                }
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return true,
            }
        }
    }

    fn note(&self, text: String) {
        self.timeline.note(self.number, text);
    }

    fn flush(&self) {
        while let Err(error) = self.timeline.flush() {
            self.timeline.note_failure(self.number, error);
        }
    }

    fn set(&self, state: State) {
        self.state.store(state as u8, Ordering::Release);
    }
}
