//! A connection on a thread of its own, for a caller that must not wait: the shell.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::open::open_telling;
use super::options::Reconnect;
use super::{CLOSE_TIMEOUT, ConnectOptions, Driver, OpenError, Timeline, Waited, Wakened, Waker, waker};
use crate::command::Command;
use crate::event::Kind;
use crate::protocol::{OnViolation, SendError};

/// How long a thread may take to carry out a command before its caller goes on without an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// How often a patient caller is asked whether it gives up.
const PATIENCE: Duration = Duration::from_millis(20);

/// What became of a command.
type Answer = Receiver<Result<(), SendError>>;

/// Where a connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    Connecting,
    Open,
    Closing,
    Closed,
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("not connected yet")]
    Connecting,
    #[error("the connection is closed")]
    Closed,
    #[error("the connection is busy: the peer does not read")]
    Busy,
    #[error(transparent)]
    Send(#[from] SendError),
}

enum Order {
    Send(Command, SyncSender<Result<(), SendError>>),
    OnViolation(OnViolation),
}

/// A handle to a connection's thread. Dropping it drops the connection.
#[derive(Debug)]
pub struct Link {
    number: u32,
    orders: Sender<Order>,
    waker: Waker,
    state: Arc<AtomicU8>,
    failure: Failure,
    thread: JoinHandle<()>,
}

/// Why the last attempt to open failed.
type Failure = Arc<Mutex<Option<OpenError>>>;

impl Link {
    /// Begins to open connection `number` of the timeline, and returns at once; what comes of it is told there.
    ///
    /// # Errors
    /// When there is no thread or file descriptor left.
    pub fn open(options: ConnectOptions, timeline: Timeline, number: u32) -> io::Result<Link> {
        let (orders, received) = channel();
        let (waker, wakened) = waker()?;
        let state = Arc::new(AtomicU8::new(State::Connecting as u8));
        let failure = Failure::default();
        let mut worker = Worker {
            options,
            timeline,
            number,
            orders: received,
            backlog: VecDeque::new(),
            state: Arc::clone(&state),
            failure: Arc::clone(&failure),
        };
        let name = format!("connection {number}");
        let thread = std::thread::Builder::new().name(name).spawn(move || worker.run(wakened))?;
        Ok(Link { number, orders, waker, state, failure, thread })
    }

    /// Why the last attempt to open failed, if it did; asked once.
    #[must_use]
    pub fn failure(&self) -> Option<OpenError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Its number on the timeline.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Where it is now.
    #[must_use]
    pub fn state(&self) -> State {
        match self.state.load(Ordering::Acquire) {
            0 => State::Connecting,
            1 => State::Open,
            2 => State::Closing,
            _ => State::Closed,
        }
    }

    /// Carries out a command, if that takes no longer than a second. An end that is asked for while connecting comes as
    /// soon as it can.
    ///
    /// # Errors
    /// When the connection is not open, or the command can't be encoded.
    pub fn send(&self, command: Command) -> Result<(), LinkError> {
        if self.state() == State::Connecting && matches!(command, Command::Close { .. } | Command::Drop) {
            return self.order(Order::Send(command, sync_channel(1).0));
        }
        answer(&self.begin(command)?, ANSWER_TIMEOUT).unwrap_or(Err(LinkError::Busy))
    }

    /// Carries out a command, however long the peer takes to read what was sent before, unless the caller gives up, which
    /// it is asked every 20 ms.
    ///
    /// # Errors
    /// When the connection is not open, the command can't be encoded, or `give_up` said so.
    pub fn send_patiently(&self, command: Command, give_up: &dyn Fn() -> bool) -> Result<(), LinkError> {
        let answered = self.begin(command)?;
        loop {
            if let Some(answer) = answer(&answered, PATIENCE) {
                return answer;
            }
            if give_up() {
                return Err(LinkError::Busy);
            }
        }
    }

    fn begin(&self, command: Command) -> Result<Answer, LinkError> {
        match self.state() {
            State::Connecting => return Err(LinkError::Connecting),
            State::Closed => return Err(LinkError::Closed),
            State::Open | State::Closing => {}
        }
        let (answer, answered) = sync_channel(1);
        self.order(Order::Send(command, answer))?;
        Ok(answered)
    }

    /// Whether nothing can happen on it any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Changes what happens when the peer breaks a rule.
    ///
    /// # Errors
    /// When the connection is closed.
    pub fn set_on_violation(&self, on_violation: OnViolation) -> Result<(), LinkError> {
        self.order(Order::OnViolation(on_violation))
    }

    /// Waits for the end of the connection, but not longer than a closing handshake may take: whether it has ended.
    #[must_use]
    pub fn finish(self) -> bool {
        let Link { orders, waker, thread, .. } = self;
        let _ = orders.send(Order::Send(close(), sync_channel(1).0));
        waker.wake();
        drop(orders);
        let (done, ended) = channel();
        // The thread may still be connecting; then nobody waits for it.
        std::thread::spawn(move || done.send(thread.join().is_ok()));
        ended.recv_timeout(2 * CLOSE_TIMEOUT).is_ok()
    }

    fn order(&self, order: Order) -> Result<(), LinkError> {
        self.orders.send(order).map_err(|_| LinkError::Closed)?;
        self.waker.wake();
        Ok(())
    }
}

/// What became of a command, if it is told in time.
fn answer(answered: &Answer, limit: Duration) -> Option<Result<(), LinkError>> {
    match answered.recv_timeout(limit) {
        Ok(result) => Some(result.map_err(LinkError::from)),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => Some(Err(LinkError::Closed)),
    }
}

fn close() -> Command {
    Command::Close { code: Some(1000), reason: String::new(), force: false }
}

/// What runs on the thread.
struct Worker {
    options: ConnectOptions,
    timeline: Timeline,
    number: u32,
    orders: Receiver<Order>,
    /// Commands that wait until there is less output: whoever gave them waits as well.
    backlog: VecDeque<(Command, SyncSender<Result<(), SendError>>)>,
    state: Arc<AtomicU8>,
    failure: Failure,
}

/// Why a connection's turn ended.
enum Ended {
    /// As somebody wanted, or with nobody left who could want more.
    Wanted,
    Lost,
}

impl Worker {
    fn run(&mut self, wakened: Wakened) {
        let mut wakened = Some(wakened);
        let mut attempt = 0;
        loop {
            self.set(State::Connecting);
            // Whoever hears that it is open can give it commands: they wait for the driver.
            let opened = open_telling(&self.options, &self.timeline, self.number, &|| self.set(State::Open));
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
                    *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    if lasting { Ended::Wanted } else { Ended::Lost }
                }
            };
            self.backlog.clear();
            attempt += 1;
            let again = self.options.reconnect.is_some_and(|r| r.allows(attempt));
            if matches!(ended, Ended::Wanted) || !again {
                break;
            }
            self.set(State::Connecting);
            if !self.pause(attempt) {
                self.note("reconnecting no more".into());
                break;
            }
        }
        self.set(State::Closed);
        self.flush();
    }

    fn drive(&mut self, driver: &mut Driver) -> Ended {
        let mut wanted = false;
        loop {
            match driver.wait(None) {
                Waited::Woken => wanted |= self.listen(driver),
                Waited::Event(event) => {
                    if let Kind::Close(closed) = &event.kind {
                        wanted |= closed.clean && matches!(closed.code, Some(1000 | 1001));
                        self.set(State::Closed);
                        continue;
                    }
                }
                Waited::Timeout | Waited::Writable => {}
                Waited::SinkFailed(error) => self.note(error.to_string()),
                Waited::Over => return if wanted { Ended::Wanted } else { Ended::Lost },
            }
            while !driver.is_full()
                && let Some((command, answer)) = self.backlog.pop_front()
            {
                wanted |= matches!(command, Command::Close { .. }) & carry_out(driver, command, &answer);
            }
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
                    return carry_out(driver, Command::Drop, &answer);
                }
                Ok(Order::Send(command, answer)) => self.backlog.push_back((command, answer)),
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
        self.timeline.emit(self.timeline.clock().elapsed(), self.number, Kind::Note(text));
    }

    fn flush(&self) {
        while let Err(error) = self.timeline.flush() {
            self.note(error.to_string());
        }
    }

    fn set(&self, state: State) {
        self.state.store(state as u8, Ordering::Release);
    }
}

/// Whether the command was sent. Who gave it may wait no more: the result is on the timeline.
fn carry_out(driver: &mut Driver, command: Command, answer: &SyncSender<Result<(), SendError>>) -> bool {
    let result = driver.send(command);
    let sent = result.is_ok();
    let _ = answer.try_send(result);
    sent
}

#[cfg(test)]
mod tests;
