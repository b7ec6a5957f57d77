//! One client's connection, played: each of its messages is found in the recording and releases what followed it there.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use super::answers::{Answers, Line};
use super::cues::Cues;
use super::forward::{Said, Upstream};
use super::ids::Pair;
use super::{Matching, Options, Remark, Unmatched};
use crate::command::Command;
use crate::event::{Closed, Direction, FrameEvent, Kind};
use crate::replay::part::Action;
use crate::replay::{Changes, Hooks, Message, Pace, Stop, Stopped};
use crate::session::{CLOSE_TIMEOUT, Driver, Waited, Waker, waker};

/// How many messages are kept for the verdict beyond as many as were recorded: a client may never stop.
const MOST_EXTRA: usize = 1000;

/// How many messages are sent before the client is heard, as long as it reads.
const BATCH: usize = 256;

/// How often it is looked whether all has been written.
const LOOK: Duration = Duration::from_millis(1);

/// Reasons of close frames.
const UNMATCHED: &str = "the recording has no such message";
const STOPPED: &str = "the replay stopped";

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// What the client sent, and which recorded message that was.
    pub(super) heard: Vec<(Message, Option<usize>)>,
    pub(super) closed: Option<Closed>,
    /// Why it did not come to its end, where that was not the client's wish.
    pub(super) stopped: Option<Stopped>,
}

/// The server on one connection.
pub(super) struct Player<'a> {
    driver: Driver,
    answers: &'a Answers,
    cues: Cues,
    options: &'a Options,
    hooks: &'a mut dyn Hooks,
    remark: &'a dyn Fn(Remark),
    changes: Changes,
    due: BinaryHeap<Reverse<Due>>,
    /// When the last of it is.
    last_due: Duration,
    turns: u64,
    /// When anything was said last, by either side.
    active: Duration,
    waker: Waker,
    upstream: Option<Upstream>,
    ended: Ended,
}

/// Something to do when its time has come; at the same time, in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: Duration,
    turn: u64,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// This line of what this message releases, or of what comes before any; with these ids.
    Line {
        after: Option<usize>,
        line: usize,
        ids: Rc<[Pair]>,
    },
    End,
}

impl<'a> Player<'a> {
    /// # Errors
    /// When the process has no file descriptors left.
    pub(super) fn new(
        driver: Driver,
        (answers, cues): (&'a Answers, Cues),
        options: &'a Options,
        hooks: &'a mut dyn Hooks,
        remark: &'a dyn Fn(Remark),
    ) -> io::Result<Player<'a>> {
        let (waker, wakened) = waker()?;
        let active = driver.timeline().clock().elapsed();
        Ok(Player {
            driver: driver.with_waker(wakened),
            answers,
            cues,
            options,
            hooks,
            remark,
            changes: options.changes.clone(),
            due: BinaryHeap::new(),
            last_due: active,
            turns: 0,
            active,
            waker,
            upstream: None,
            ended: Ended::default(),
        })
    }

    /// Plays to the end of the connection.
    pub(super) fn play(mut self) -> Ended {
        self.begin();
        loop {
            let until = self.say();
            match self.driver.wait(until) {
                Waited::Event(event) => match event.kind {
                    Kind::Frame(frame) if frame.direction == Direction::Received => self.hear(event.time, &frame),
                    Kind::Close(closed) => self.ended.closed = Some(*closed),
                    _ => {}
                },
                Waited::Writable => self.driver.hold_reading(false),
                Waited::Timeout => self.lose_patience(),
                Waited::Woken => {}
                Waited::SinkFailed(error) => (self.remark)(Remark::Lost(error)),
                Waited::Over => return self.ended,
            }
        }
    }

    /// What is said before the client says anything; at any pace but this one, that is not everything.
    fn begin(&mut self) {
        let live = self.driver.connection().config().deflate;
        if let Some(recorded) = self.answers.deflate.filter(|recorded| Some(*recorded) != live) {
            return self.stop(1011, STOPPED, Stopped::OtherDeflate { recorded, live });
        }
        let no_ids: Rc<[Pair]> = Rc::new([]);
        self.release(None, self.active, &no_ids);
        if self.options.pace == Pace::Asap {
            for at in 0..self.answers.awaited.len() {
                self.release(Some(at), self.active, &no_ids);
            }
        }
        self.release_end(self.active);
    }

    /// Says what is due, if the client takes it: until when to wait then.
    fn say(&mut self) -> Option<Duration> {
        for _ in 0..BATCH {
            if self.driver.is_full() {
                self.driver.hold_reading(true);
                return None;
            }
            match self.upstream.as_ref().and_then(Upstream::answer) {
                Some(Said::Message(command)) => {
                    self.active = self.now();
                    self.send(command);
                    continue;
                }
                Some(Said::Ended(why)) => self.lose_upstream(why),
                None => {}
            }
            let now = self.now();
            let Some(Reverse(next)) = self.due.peek() else { return self.patience() };
            if next.at > now {
                return Some(next.at);
            }
            if let Some(Reverse(Due { what, .. })) = self.due.pop() {
                self.active = now;
                if let Err(stopped) = self.perform(what) {
                    self.stop(1011, STOPPED, stopped);
                }
            }
        }
        Some(Duration::ZERO)
    }

    fn perform(&mut self, what: What) -> Result<(), Stopped> {
        let answers = self.answers;
        let (line, ids) = match what {
            What::Line { after, line, ids } => (&answers.lines(after)[line], ids),
            What::End => (&answers.end, Rc::new([]) as Rc<[Pair]>),
        };
        if line.action == Action::Drop {
            self.write_all();
        }
        let command = line.action.command(|binary, data| self.changed(line.number, binary, data, &ids))?;
        let Some(command) = command else { return Ok(()) };
        // A connection that is closing takes no more, which is the client's choice or comes after all that was recorded.
        match self.driver.send(command) {
            Err(error) if !self.driver.connection().is_closing() => {
                Err(Stopped::Unsendable { frame: line.number, error })
            }
            _ => Ok(()),
        }
    }

    /// A recorded message as it is to be sent, if it is.
    fn changed(&mut self, number: u64, binary: bool, data: &Bytes, ids: &[Pair]) -> Result<Option<Bytes>, Stopped> {
        let mut data = data.clone();
        if !binary {
            if let Matching::Json { ids: path, .. } = &self.options.matching {
                data = path.replaced(&data, ids);
            }
            data = self.changes.apply(number, &data)?;
        }
        let message = Message { direction: Direction::Sent, time: self.now(), number, binary, data };
        let outgoing = self.hooks.on_send(&message).map_err(|Stop| Stopped::Hook)?;
        Ok(outgoing.instead_of(message.data))
    }

    /// What was said has to be on its way before the transport ends.
    fn write_all(&mut self) {
        let until = self.now() + CLOSE_TIMEOUT;
        while !self.driver.connection().output().is_empty() && self.now() < until {
            if let Waited::Over = self.driver.wait(Some(self.now() + LOOK)) {
                return;
            }
        }
    }

    /// Finds out what a message is, and has it answered.
    fn hear(&mut self, time: Duration, frame: &FrameEvent) {
        let Some(message) = Message::of(time, frame) else { return };
        // What was on its way when we closed is nobody's any more.
        if self.driver.connection().is_closing() {
            return;
        }
        self.active = time;
        if !message.binary {
            self.changes.hear(&message.data);
        }
        if self.hooks.on_receive(&message) == Err(Stop) {
            return self.stop(1011, STOPPED, Stopped::Hook);
        }
        match self.cues.take(&message, &self.answers.awaited, self.hooks) {
            Ok(Some(at)) if self.options.pace == Pace::Asap => self.keep(message, Some(at)),
            Ok(Some(at)) => {
                let ids = self.ids(at, &message.data);
                self.release(Some(at), time, &ids);
                self.release_end(time);
                self.keep(message, Some(at));
            }
            Ok(None) => self.unmatched(message),
            Err(Stop) => self.stop(1011, STOPPED, Stopped::Hook),
        }
    }

    fn keep(&mut self, message: Message, found: Option<usize>) {
        if self.ended.heard.len() < self.answers.awaited.len() + MOST_EXTRA {
            self.ended.heard.push((message, found));
        }
    }

    /// The ids of a recorded message with those that stand for them now.
    fn ids(&self, at: usize, live: &Bytes) -> Rc<[Pair]> {
        match &self.options.matching {
            Matching::Json { ids, .. } => {
                ids.of(&self.answers.awaited[at].data).into_iter().zip(ids.of(live)).collect()
            }
            _ => Rc::new([]),
        }
    }

    /// What follows this message, or comes before any, is due.
    fn release(&mut self, after: Option<usize>, time: Duration, ids: &Rc<[Pair]>) {
        let lines: &'a [Line] = self.answers.lines(after);
        for (line, said) in lines.iter().enumerate() {
            self.push(time.saturating_add(said.after), What::Line { after, line, ids: Rc::clone(ids) });
        }
    }

    /// The end is due when nothing else can come.
    fn release_end(&mut self, time: Duration) {
        if self.cues.is_over() || self.options.pace == Pace::Asap {
            self.push(time.saturating_add(self.answers.end.after).max(self.last_due), What::End);
        }
    }

    fn push(&mut self, at: Duration, what: What) {
        // The frames of a message must not come between those of another.
        let at = if self.options.frames { at.max(self.last_due) } else { at };
        self.turns += 1;
        self.last_due = self.last_due.max(at);
        self.due.push(Reverse(Due { at, turn: self.turns, what }));
    }

    fn unmatched(&mut self, message: Message) {
        let Message { binary, data, .. } = message.clone();
        self.keep(message, None);
        match &self.options.unmatched {
            Unmatched::Ignore => {}
            Unmatched::Close => {
                (self.remark)(Remark::Unmatched { binary, data });
                self.close(1008, UNMATCHED);
            }
            Unmatched::Error => {
                (self.remark)(Remark::Unmatched { binary, data });
                self.stop(1008, UNMATCHED, Stopped::Unmatched { number: self.ended.heard.len() });
            }
            Unmatched::Forward(options) => {
                let (timeline, client) = (self.driver.timeline().clone(), self.waker.clone());
                if self.upstream.is_none() {
                    match Upstream::open((**options).clone(), timeline, client) {
                        Ok(upstream) => self.upstream = Some(upstream),
                        Err(error) => return self.lose_upstream(error.to_string()),
                    }
                }
                let command = Command::message(binary, data);
                self.upstream.iter().for_each(|upstream| upstream.send(command.clone()));
            }
        }
    }

    /// What is for the server behind can't be answered any more.
    fn lose_upstream(&mut self, why: String) {
        self.upstream = None;
        if !self.driver.connection().is_closing() {
            (self.remark)(Remark::Upstream(why));
            self.close(1011, "the server behind ended the connection");
        }
    }

    /// Until when the client may be silent.
    fn patience(&self) -> Option<Duration> {
        let waits = !self.cues.is_over() && !self.driver.connection().is_closing();
        self.options.patience.filter(|_| waits).map(|patience| self.active + patience)
    }

    fn lose_patience(&mut self) {
        let Some(limit) = self.options.patience else { return };
        if self.due.is_empty() && self.patience().is_some_and(|until| until <= self.now()) {
            let (heard, wanted) = (self.ended.heard.len(), self.answers.awaited.len());
            self.stop(1008, "nothing came for too long", Stopped::Silent { limit, heard, wanted });
        }
    }

    fn stop(&mut self, code: u16, reason: &str, why: Stopped) {
        self.ended.stopped.get_or_insert(why);
        self.due.clear();
        self.close(code, reason);
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.send(Command::Close { code: Some(code), reason: reason.to_owned(), force: false });
    }

    /// That the connection is closing already is as good.
    fn send(&mut self, command: Command) {
        let _ = self.driver.send(command);
    }

    fn now(&self) -> Duration {
        self.driver.timeline().clock().elapsed()
    }
}
