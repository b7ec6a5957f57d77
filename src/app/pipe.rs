//! Without a terminal: each record of standard input becomes a message, each message received goes to standard output, and
//! nothing else does.
//!
//! The connection is driven on the main thread. Standard input is read on another, since it may be anything (a file, a
//! pipe, closed), and gives its records in batches, so that a fast input costs no hand-over a message.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::interrupt::Interrupt;
use super::outcome::Outcome;
use super::output;
use super::record::Progress;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{PipeSettings, Records, Settings};
use crate::command::Command;
use crate::event::{Direction, Kind};
use crate::protocol::SendError;
use crate::session::options::Reconnect;
use crate::session::{Clock, Driver, Timeline, Waited, Waker, open, waker};
use crate::transport::in_words;

/// Batches of records that wait between the reader and the connection.
const BATCHES: usize = 4;

/// How much is read from standard input at once, in bytes.
const BLOCK: usize = 256 << 10;

/// Connects, sends what there is to send, and stops when it is time.
///
/// # Errors
/// The report that ends the program.
pub fn run(settings: &Settings) -> Result<Exit, Report> {
    let clock = Clock::start();
    let sinks = output::sinks(&settings.output, &settings.recording, settings.pipe.count, clock)?;
    run_with(settings, &Timeline::new(clock, sinks), Limits { stdin: true, ..Limits::default() })
}

/// What a run does besides what its settings say.
#[derive(Debug, Default)]
pub struct Limits {
    /// Read standard input if there are no messages to send.
    pub stdin: bool,
    /// Stop at this time on the timeline.
    pub end: Option<Duration>,
    /// Show how far it is.
    pub progress: Option<Progress>,
}

/// The same with these sinks, and perhaps without input.
///
/// # Errors
/// The report that ends the program.
pub fn run_with(settings: &Settings, timeline: &Timeline, limits: Limits) -> Result<Exit, Report> {
    let system = |error| Report::new(Exit::File, format!("cannot set up: {}", in_words(&error)));
    let (waker, wakened) = waker().map_err(system)?;
    let interrupt = Interrupt::watch(waker).map_err(system)?;
    let interrupt = &interrupt;
    let input = Input::start(&settings.pipe, limits.stdin, interrupt.waker())?;
    let number = timeline.open_connection();
    let outcome = Outcome::default();
    let mut pipe =
        Pipe { settings: &settings.pipe, timeline, interrupt, input, received: 0, limits, ended: false, outcome };
    let mut wakened = Some(wakened);
    let mut attempt = 0;
    loop {
        // Until there is a connection, there is nothing to end in good order.
        interrupt.ends_at_once(true);
        let opened = open(&settings.connect, timeline, number);
        interrupt.ends_at_once(false);
        let lost = match opened {
            Ok(mut driver) => {
                if let Some(wakened) = wakened.take() {
                    driver = driver.with_waker(wakened);
                }
                let lost = pipe.drive(&mut driver);
                if driver.was_useful() {
                    attempt = 0;
                }
                wakened = driver.into_wakened();
                lost.then(|| pipe.outcome.report())
            }
            Err(error) if error.is_lasting() => return Err(error.into()),
            Err(error) => Some(Err(error.into())),
        };
        attempt += 1;
        let again = settings.connect.reconnect.is_some_and(|r| r.allows(attempt));
        let pause = Reconnect::backoff(attempt);
        if again && lost.is_some() {
            let text = format!("reconnecting in {} s (attempt {attempt})", pause.as_secs_f64());
            timeline.note(number, text);
        }
        while let Err(error) = timeline.flush() {
            if !pipe.outcome.sink_failed(&error) {
                return pipe.outcome.report();
            }
        }
        let Some(result) = lost else { return pipe.outcome.report() };
        if !again {
            return result;
        }
        let until = timeline.clock().elapsed() + pause;
        while let left @ 1.. = until.saturating_sub(timeline.clock().elapsed()).as_millis() {
            // The input wakes too: look again how much time is left.
            let _ = wakened.as_ref().is_some_and(|w| w.wait(Duration::from_millis(left as u64)));
            if interrupt.happened() {
                return Ok(Exit::Interrupted);
            }
            if pipe.limits.end.is_some_and(|end| end <= timeline.clock().elapsed()) {
                return result;
            }
        }
        pipe.outcome.begin_anew();
    }
}

/// One run, over as many connections as it takes.
struct Pipe<'a> {
    settings: &'a PipeSettings,
    timeline: &'a Timeline,
    interrupt: &'a Interrupt,
    input: Input,
    received: u64,
    limits: Limits,
    /// The time was up.
    ended: bool,
    outcome: Outcome,
}

impl Pipe<'_> {
    /// Runs an open connection to its end: whether it was lost rather than ended by us or by a proper close.
    fn drive(&mut self, driver: &mut Driver) -> bool {
        let mut quiet_since = self.timeline.clock().elapsed();
        let mut unsent = 0;
        let mut silent = None;
        self.feed(driver);
        loop {
            let idle = self.settings.idle.filter(|_| self.input.is_done() && !driver.connection().is_closing());
            let quiet = idle.map(|idle| quiet_since + idle);
            let look = self.limits.progress.as_ref().map(Progress::next);
            match driver.wait([quiet, self.limits.end, look].into_iter().flatten().min()) {
                Waited::Event(event) => {
                    self.outcome.note(&event);
                    if let Some(progress) = &mut self.limits.progress {
                        progress.note(&event);
                    }
                    let Kind::Frame(frame) = &event.kind else { continue };
                    quiet_since = event.time;
                    if frame.direction == Direction::Received && frame.message.is_some() {
                        self.received += 1;
                        if self.settings.count == Some(self.received) {
                            close(driver);
                        }
                    }
                }
                Waited::Timeout => {
                    let now = self.timeline.clock().elapsed();
                    if let Some(progress) = &mut self.limits.progress {
                        progress.show(now);
                    }
                    if self.limits.end.is_some_and(|end| end <= now) {
                        (self.limits.end, self.ended) = (None, true);
                        close(driver);
                    } else if quiet.is_some_and(|quiet| quiet <= now) {
                        // As long as something still goes out, the peer has not heard all yet.
                        if driver.connection().output().len() == unsent {
                            silent = idle;
                            close(driver);
                        } else {
                            unsent = driver.connection().output().len();
                            quiet_since = now;
                        }
                    }
                }
                Waited::Woken if self.interrupt.happened() => {
                    self.outcome.interrupted();
                    close(driver);
                }
                Waited::Woken | Waited::Writable => self.feed(driver),
                Waited::SinkFailed(error) => {
                    if !self.outcome.sink_failed(&error) || !self.limits.stdin {
                        close(driver);
                    }
                }
                Waited::Over => {
                    if let Some(progress) = &mut self.limits.progress {
                        progress.end(self.timeline.clock().elapsed());
                    }
                    let wanted = self.settings.count.filter(|count| *count > self.received && !self.ended);
                    if let Some(count) = wanted {
                        match silent {
                            Some(idle) => self.outcome.too_few(self.received, count, idle),
                            None => self.outcome.closed_early(self.received, count),
                        }
                    }
                    return self.outcome.is_lost();
                }
            }
        }
    }

    /// Sends records until the output is full or there are none left.
    fn feed(&mut self, driver: &mut Driver) {
        while !driver.connection().is_closing() && !driver.is_full() {
            let Some(record) = self.input.next() else { break };
            match driver.send(Command::message(self.settings.binary, record.clone())) {
                Ok(()) => {}
                Err(SendError::Closing) => {
                    self.input.put_back(record);
                    break;
                }
                Err(error) => {
                    let number = self.input.taken;
                    let message = format!("cannot send record {number} of the input: {error}");
                    self.outcome.fail(Report::new(Exit::Usage, message).hint("--binary sends it as a binary message"));
                    // The records before it are on their way, and their answers are waited for.
                    close(driver);
                }
            }
        }
        if let Some(error) = self.input.failed.take() {
            let message = format!("cannot read standard input: {}", in_words(&error));
            self.outcome.fail(Report::new(Exit::File, message));
            close(driver);
        }
    }
}

/// Begins the closing handshake; that one is under way already is as good.
fn close(driver: &mut Driver) {
    let _ = driver.send(Command::Close { code: Some(1000), reason: String::new(), force: false });
}

/// The records to send, in order.
struct Input {
    batches: Receiver<io::Result<Vec<Bytes>>>,
    batch: std::vec::IntoIter<Bytes>,
    returned: Option<Bytes>,
    taken: u64,
    done: bool,
    /// Why standard input could not be read to its end, until somebody asks.
    failed: Option<io::Error>,
}

impl Input {
    /// Takes the messages of the settings, or begins to read standard input.
    fn start(settings: &PipeSettings, stdin: bool, waker: Waker) -> Result<Input, Report> {
        let (batches, received) = sync_channel(BATCHES);
        let given = settings.execute.iter().map(|text| Bytes::from(text.clone())).collect::<Vec<_>>();
        if given.is_empty() && stdin {
            let records = settings.records;
            let read = move || {
                if let Err(error) = read_records(io::stdin().lock(), records, &batches, &waker) {
                    let _ = batches.send(Err(error));
                }
                drop(batches);
                waker.wake();
            };
            std::thread::Builder::new()
                .name("input".into())
                .spawn(read)
                .map_err(|error| Report::new(Exit::File, format!("cannot read standard input: {error}")))?;
        }
        Ok(Input { batches: received, batch: given.into_iter(), returned: None, taken: 0, done: false, failed: None })
    }

    /// The next record, if there is one yet.
    fn next(&mut self) -> Option<Bytes> {
        if let Some(record) = self.returned.take() {
            return Some(record);
        }
        loop {
            if let Some(record) = self.batch.next() {
                self.taken += 1;
                return Some(record);
            }
            match self.batches.try_recv() {
                Ok(Ok(batch)) => self.batch = batch.into_iter(),
                Ok(Err(error)) => self.failed = Some(error),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => {
                    self.done = true;
                    return None;
                }
            }
        }
    }

    fn put_back(&mut self, record: Bytes) {
        self.returned = Some(record);
    }

    fn is_done(&self) -> bool {
        self.done && self.returned.is_none()
    }
}

/// Reads until the end of input, and hands over each batch of whole records.
fn read_records(
    mut input: impl Read,
    records: Records,
    batches: &SyncSender<io::Result<Vec<Bytes>>>,
    waker: &Waker,
) -> io::Result<()> {
    let mut pending = BytesMut::new();
    let mut searched = 0;
    loop {
        let filled = pending.len();
        pending.resize(filled + BLOCK, 0);
        let count = match input.read(&mut pending[filled..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                pending.truncate(filled);
                continue;
            }
            read => read?,
        };
        pending.truncate(filled + count);
        let mut batch = Vec::new();
        let end = match records {
            Records::Lines => Some(b'\n'),
            Records::Null => Some(0),
            Records::Whole => None,
        };
        while let Some(at) = end.and_then(|end| memchr::memchr(end, &pending[searched..])) {
            let record = pending.split_to(searched + at + 1);
            batch.push(record.freeze().slice(..searched + at));
            searched = 0;
        }
        searched = pending.len();
        let over = count == 0;
        if over && (!pending.is_empty() || records == Records::Whole) {
            batch.push(pending.split().freeze());
        }
        if !batch.is_empty() {
            if batches.send(Ok(batch)).is_err() {
                return Ok(());
            }
            waker.wake();
        }
        if over {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(input: &[u8], records: Records) -> Vec<Bytes> {
        let (batches, received) = sync_channel(64);
        let (waker, _wakened) = crate::session::waker().expect("a pair of sockets");
        // A reader that gives three bytes at a time.
        read_records(
            input
                .chunks(3)
                .fold(Box::new(std::io::empty()) as Box<dyn Read>, |so_far, piece| Box::new(so_far.chain(piece))),
            records,
            &batches,
            &waker,
        )
        .expect("a slice can be read");
        drop(batches);
        received.iter().flatten().flatten().collect()
    }

    #[test]
    fn records_end_where_they_should_and_the_last_needs_no_end() {
        assert_eq!(records(b"one\ntwo and\n\nlast", Records::Lines), ["one", "two and", "", "last"]);
        assert_eq!(records(b"one\ntwo\0last\0", Records::Null), ["one\ntwo", "last"]);
        assert_eq!(records(b"one\ntwo\n", Records::Whole), ["one\ntwo\n"]);
        assert_eq!(records(b"", Records::Lines), [""; 0]);
        assert_eq!(records(b"", Records::Whole), [""]);
    }
}
