//! A connection on a thread of its own, for a caller that must not wait: the shell, a script, a server by a script.

mod worker;

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{CLOSE_TIMEOUT, ConnectOptions, Driver, OpenError, Timeline, Wakened, Waker, waker};
use crate::command::Command;
use crate::protocol::{OnViolation, SendError};
use worker::Worker;

/// How long a thread may take to carry out a command before its caller goes on without an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// How often a patient caller is asked whether it gives up, and one that is behind whether it is still.
const PATIENCE: Duration = Duration::from_millis(20);

/// What became of a command.
type Answer = Receiver<Result<(), SendError>>;

/// Where that is to be told.
type Asked = SyncSender<Result<(), SendError>>;

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
    Send(Command, Asked),
    /// To be left out if there is much to read before it.
    Offer(Command, Asked),
    OnViolation(OnViolation),
}

/// A handle to a connection's thread. Dropping it drops the connection.
#[derive(Debug)]
pub struct Link {
    number: u32,
    orders: Sender<Order>,
    waker: Waker,
    state: Arc<AtomicU8>,
    unwritten: Arc<AtomicUsize>,
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
        let failure = Failure::default();
        let told = Arc::clone(&failure);
        Link::start(timeline, number, State::Connecting, failure, move |mut worker, wakened| {
            worker.run(&options, &told, wakened);
        })
    }

    /// Takes over a connection that is open already: one that was accepted. `watch` is called after each event, and dropped
    /// after the last one. While it says that what has come is too much, which it is asked every 20 ms then, no more is read
    /// from the peer.
    ///
    /// # Errors
    /// When there is no thread or file descriptor left.
    pub fn accepted(driver: Driver, watch: impl FnMut() -> bool + Send + 'static) -> io::Result<Link> {
        let (timeline, number) = (driver.timeline().clone(), driver.number());
        Link::start(timeline, number, State::Open, Failure::default(), move |worker, wakened| {
            Worker { watch: Box::new(watch), ..worker }.serve(driver.with_waker(wakened));
        })
    }

    fn start(
        timeline: Timeline,
        number: u32,
        state: State,
        failure: Failure,
        run: impl FnOnce(Worker, Wakened) + Send + 'static,
    ) -> io::Result<Link> {
        let (orders, received) = channel();
        let (waker, wakened) = waker()?;
        let state = Arc::new(AtomicU8::new(state as u8));
        let unwritten = Arc::<AtomicUsize>::default();
        let worker = Worker {
            timeline,
            number,
            orders: received,
            backlog: VecDeque::new(),
            state: Arc::clone(&state),
            unwritten: Arc::clone(&unwritten),
            watch: Box::new(|| false),
        };
        let name = format!("connection {number}");
        let thread = std::thread::Builder::new().name(name).spawn(move || run(worker, wakened))?;
        Ok(Link { number, orders, waker, state, unwritten, failure, thread })
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

    /// What was sent and could not be written yet, since the peer does not read it, in bytes.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.unwritten.load(Ordering::Acquire)
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

    /// Carries out a command unless the peer has yet to read too much of what was sent before: then the command is left out,
    /// which a note on the timeline tells. The peer is not waited for.
    ///
    /// # Errors
    /// When the connection is not open, or the command can't be encoded.
    pub fn offer(&self, command: Command) -> Result<(), LinkError> {
        answer(&self.ask(command, Order::Offer)?, ANSWER_TIMEOUT).unwrap_or(Err(LinkError::Busy))
    }

    fn begin(&self, command: Command) -> Result<Answer, LinkError> {
        self.ask(command, Order::Send)
    }

    fn ask(&self, command: Command, order: fn(Command, Asked) -> Order) -> Result<Answer, LinkError> {
        match self.state() {
            State::Connecting => return Err(LinkError::Connecting),
            State::Closed => return Err(LinkError::Closed),
            State::Open | State::Closing => {}
        }
        let (answer, answered) = sync_channel(1);
        self.order(order(command, answer))?;
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

#[cfg(test)]
mod tests;
