//! A real server behind the recorded one, for what the recording does not know: a connection on a thread of its own, for one
//! client. Neither direction keeps more than a few messages; who is too fast is read no further.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;

use crate::command::Command;
use crate::event::{Closed, Direction, Kind};
use crate::session::{ConnectOptions, Driver, Timeline, Waited, Wakened, Waker, open, waker};

/// How many messages wait in each direction.
const WAITING: usize = 64;

/// The connection, as the client's thread sees it. Dropping it closes the connection, and waits for its end.
pub(super) struct Upstream {
    /// What goes there, and what comes back.
    queues: Option<(SyncSender<Command>, Receiver<Said>)>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

/// What comes back.
#[derive(Debug)]
pub(super) enum Said {
    Message(Command),
    /// There is no connection any more, for this reason.
    Ended(String),
}

impl Upstream {
    /// Begins to connect, as a connection of its own on the timeline; `client` is woken by what comes back.
    ///
    /// # Errors
    /// When there is no thread or file descriptor left.
    pub(super) fn open(options: ConnectOptions, timeline: Timeline, client: Waker) -> io::Result<Upstream> {
        let (orders, taken) = sync_channel(WAITING);
        let (answer, answers) = sync_channel(WAITING);
        let (waker, wakened) = waker()?;
        let number = timeline.open_connection();
        let run = move || {
            let ended = match open(&options, &timeline, number) {
                Ok(driver) => Relay { driver, orders: taken, answer: answer.clone(), client: &client }.run(wakened),
                Err(error) => error.to_string(),
            };
            // Whoever does not listen any more need not know.
            let _ = answer.send(Said::Ended(ended));
            client.wake();
        };
        let thread = std::thread::Builder::new().name(format!("connection {number}")).spawn(run)?;
        Ok(Upstream { queues: Some((orders, answers)), waker, thread: Some(thread) })
    }

    /// Passes a message on; waits while the server behind takes no more.
    pub(super) fn send(&self, command: Command) {
        // One that has ended says so by itself.
        let _ = self.queues.as_ref().map(|(orders, _)| orders.send(command));
        self.waker.wake();
    }

    /// What has come back, if anything has.
    pub(super) fn answer(&self) -> Option<Said> {
        let said = self.queues.as_ref()?.1.try_recv().ok()?;
        self.waker.wake();
        Some(said)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.queues.take();
        self.waker.wake();
        // Else the program could end before the close frame is out.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The thread's own view.
struct Relay<'a> {
    driver: Driver,
    orders: Receiver<Command>,
    answer: SyncSender<Said>,
    client: &'a Waker,
}

impl Relay<'_> {
    /// To the end of the connection: how it ended.
    fn run(mut self, wakened: Wakened) -> String {
        self.driver = self.driver.with_waker(wakened);
        let mut waiting = VecDeque::new();
        let mut ended = String::new();
        loop {
            self.pass_on();
            self.hand_over(&mut waiting);
            self.driver.hold_reading(!waiting.is_empty());
            match self.driver.wait(None) {
                Waited::Event(event) => match event.kind {
                    Kind::Frame(frame) if frame.direction == Direction::Received => {
                        waiting.extend(frame.message.map(Command::from));
                    }
                    Kind::Close(closed) => ended = how(&closed),
                    _ => {}
                },
                Waited::Over => return ended,
                Waited::SinkFailed(error) => self.driver.timeline().note_failure(self.driver.number(), error),
                Waited::Timeout | Waited::Woken | Waited::Writable => {}
            }
        }
    }

    /// What the client said, as far as the server takes it. Without a client there is nothing more to say.
    fn pass_on(&mut self) {
        while !self.driver.is_full() {
            match self.orders.try_recv() {
                Ok(command) => _ = self.driver.send(command),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    let _ = self.driver.send(Command::Close { code: Some(1000), reason: String::new(), force: false });
                    return;
                }
            }
        }
    }

    fn hand_over(&mut self, waiting: &mut VecDeque<Command>) {
        while let Some(command) = waiting.pop_front() {
            match self.answer.try_send(Said::Message(command)) {
                Ok(()) => self.client.wake(),
                Err(TrySendError::Full(Said::Message(command))) => return waiting.push_front(command),
                // The client is gone.
                Err(_) => {}
            }
        }
    }
}

fn how(closed: &Closed) -> String {
    match (closed.code, &closed.detail) {
        (Some(code), _) => format!("it was closed with {code}"),
        (None, Some(detail)) => detail.clone(),
        (None, None) => "it was closed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::event::Event;
    use crate::session::{Clock, Sink};

    /// Takes nothing.
    struct Full;

    impl Sink for Full {
        fn event(&mut self, _: &Event) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn that_nothing_more_was_recorded_was_heard_by_the_server_behind_alone() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("ws://{}/", listener.local_addr().expect("an address"));
        let server = std::thread::spawn(move || {
            let mut client = tungstenite::accept(listener.accept().expect("a client").0).expect("a handshake");
            while client.read().is_ok() {}
        });
        let timeline = Timeline::new(Clock::start(), vec![Box::new(Full)]);
        let (client, _wakened) = waker().expect("a pipe");
        drop(Upstream::open(ConnectOptions::new(&url), timeline.clone(), client).expect("a thread"));
        server.join().expect("it ends");
        assert_eq!(timeline.end().map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull));
    }
}
