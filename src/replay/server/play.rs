//! One client's connection, played: each of its messages is found in the recording and releases what followed it there.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use super::cues::Cues;
use super::ids::Pair;
use super::part::{Line, Part, What};
use super::{Matching, Options, Remark, Unmatched};
use crate::command::Command;
use crate::event::{Direction, FrameEvent, Kind};
use crate::replay::Message;
use crate::session::{CLOSE_TIMEOUT, Driver, Waited};

/// How many messages are kept for the verdict beyond as many as were recorded: a client may never stop.
const MOST_EXTRA: usize = 1000;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// What the client sent.
    pub(super) heard: Vec<Message>,
    /// How many of these were not in the recording.
    pub(super) unmatched: u64,
    /// The client said nothing for too long.
    pub(super) late: bool,
}

/// The server on one connection.
pub(super) struct Player<'a> {
    driver: Driver,
    part: &'a Part,
    cues: Cues,
    options: &'a Options,
    remark: &'a dyn Fn(Remark),
    due: BinaryHeap<Reverse<Due>>,
    /// When the last of it is.
    last_due: Duration,
    turns: u64,
    /// When anything was said last, by either side.
    active: Duration,
    ended: Ended,
}

/// Something to say when its time has come; at the same time, in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: Duration,
    turn: u64,
    what: Turn,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// This line of what this message releases, or of what comes before any; with these ids.
    Line {
        cue: Option<usize>,
        line: usize,
        ids: Rc<[Pair]>,
    },
    End,
}

impl<'a> Player<'a> {
    pub(super) fn new(
        driver: Driver,
        (part, cues): (&'a Part, Cues),
        options: &'a Options,
        remark: &'a dyn Fn(Remark),
    ) -> Player<'a> {
        let active = driver.timeline().clock().elapsed();
        let (due, ended) = (BinaryHeap::new(), Ended::default());
        Player { driver, part, cues, options, remark, due, last_due: active, turns: 0, active, ended }
    }

    /// Plays to the end of the connection.
    pub(super) fn play(mut self) -> Ended {
        self.release(None, self.active, Rc::new([]));
        loop {
            let until = self.say();
            match self.driver.wait(until) {
                Waited::Event(event) => {
                    if let Kind::Frame(frame) = event.kind
                        && frame.direction == Direction::Received
                    {
                        self.hear(event.time, frame);
                    }
                }
                Waited::Writable => self.driver.hold_reading(false),
                Waited::Timeout => self.look_at_the_time(),
                Waited::Woken => {}
                Waited::SinkFailed(error) => (self.remark)(Remark::Lost(error)),
                Waited::Over => return self.ended,
            }
        }
    }

    /// Says what is due, if the client takes it: until when to wait then.
    fn say(&mut self) -> Option<Duration> {
        loop {
            if self.driver.is_full() {
                self.driver.hold_reading(true);
                return None;
            }
            let now = self.now();
            let Some(Reverse(next)) = self.due.peek() else { return self.patience() };
            if next.at > now {
                return Some(next.at);
            }
            if let Some(Reverse(due)) = self.due.pop() {
                self.active = now;
                self.carry_out(due.what);
            }
        }
    }

    fn carry_out(&mut self, turn: Turn) {
        let part = self.part;
        match turn {
            Turn::Line { cue, line, ids } => {
                let line = &cue.map_or(&part.opening, |cue| &part.answers[cue])[line];
                let command = self.command(line, &ids);
                self.send(command);
            }
            Turn::End => {
                let Some(ending) = &part.ending else { return };
                if ending.how == Command::Drop {
                    self.write_all();
                }
                self.send(ending.how.clone());
            }
        }
    }

    fn command(&self, line: &Line, ids: &[Pair]) -> Command {
        match &line.what {
            What::Frame(frame) => Command::Frame(frame.clone()),
            What::Message { binary: true, data } => Command::Binary(data.clone()),
            What::Message { binary: false, data } => match &self.options.matching {
                Matching::Json { ids: path, .. } if !ids.is_empty() => Command::Text(path.replaced(data, ids)),
                _ => Command::Text(data.clone()),
            },
        }
    }

    /// A connection that is closing takes no more, which is no fault of what is played.
    fn send(&mut self, command: Command) {
        let _ = self.driver.send(command);
    }

    /// What is said has to be on its way before the transport ends.
    fn write_all(&mut self) {
        let until = self.now() + CLOSE_TIMEOUT;
        while !self.driver.connection().output().is_empty() && self.now() < until {
            let waited = self.driver.wait(Some(self.now() + Duration::from_millis(10)));
            if matches!(waited, Waited::Over) {
                return;
            }
        }
    }

    /// Finds out what a message is, and has it answered.
    fn hear(&mut self, time: Duration, frame: FrameEvent) {
        // What was on its way when we closed is nobody's any more.
        if self.driver.connection().is_closing() {
            return;
        }
        let Some(heard) = Message::of(time, &frame) else { return };
        let Some(message) = frame.message else { return };
        self.active = time;
        let found = self.cues.take(&message);
        let ids = found.map(|cue| self.ids(cue, &message.data));
        if self.ended.heard.len() < self.part.cues.len() + MOST_EXTRA {
            self.ended.heard.push(heard);
        }
        match (found, ids) {
            (Some(cue), Some(ids)) => self.release(Some(cue), time, ids),
            _ => self.unmatched(message),
        }
    }

    /// The ids of a recorded message with those that stand for them now.
    fn ids(&self, cue: usize, live: &Bytes) -> Rc<[Pair]> {
        match &self.options.matching {
            Matching::Json { ids, .. } => ids.of(&self.part.cues[cue].data).into_iter().zip(ids.of(live)).collect(),
            _ => Rc::new([]),
        }
    }

    /// What follows this message, or comes before any, is due; and the end when nothing else can come.
    fn release(&mut self, cue: Option<usize>, time: Duration, ids: Rc<[Pair]>) {
        let part = self.part;
        let lines = cue.map_or(&part.opening, |cue| &part.answers[cue]);
        for (line, said) in lines.iter().enumerate() {
            self.push(time + said.after, Turn::Line { cue, line, ids: Rc::clone(&ids) });
        }
        if let Some(ending) = part.ending.as_ref().filter(|_| self.cues.is_over()) {
            let at = (time + ending.after).max(self.last_due);
            self.push(at, Turn::End);
        }
    }

    fn push(&mut self, at: Duration, what: Turn) {
        self.turns += 1;
        self.last_due = self.last_due.max(at);
        self.due.push(Reverse(Due { at, turn: self.turns, what }));
    }

    fn unmatched(&mut self, message: crate::event::Message) {
        self.ended.unmatched += 1;
        match &self.options.unmatched {
            Unmatched::Ignore => {}
            Unmatched::Close | Unmatched::Error => {
                (self.remark)(Remark::Unmatched { binary: message.binary, data: message.data });
                let code = Some(1008);
                let reason = "the recording has no such message".to_owned();
                self.send(Command::Close { code, reason, force: false });
            }
        }
    }

    /// Until when the client may be silent.
    fn patience(&self) -> Option<Duration> {
        let waits = !self.cues.is_over() && !self.driver.connection().is_closing();
        self.options.patience.filter(|_| waits).map(|patience| self.active + patience)
    }

    fn look_at_the_time(&mut self) {
        if self.patience().is_some_and(|until| until <= self.now()) && self.due.is_empty() {
            self.ended.late = true;
            self.send(Command::Close {
                code: Some(1008),
                reason: "nothing came for too long".to_owned(),
                force: false,
            });
        }
    }

    fn now(&self) -> Duration {
        self.driver.timeline().clock().elapsed()
    }
}
