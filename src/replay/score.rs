//! One connection of a recording, read whole into memory: what a player follows.

use std::io;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use super::conversation::{Conversation, Message};
use crate::event::{Closed, Direction, Event, FrameEvent, Kind, Ready, Response, Role, Side};
use crate::protocol::Opcode;
use crate::recording::{Damage, Entry, ReadError, Reader};

/// How a connection was opened, what went over it, and how it ended.
#[derive(Clone, Debug)]
pub struct Score {
    /// Its number in the recording.
    pub number: u32,
    /// The side that recorded: what it sent is `sent`.
    pub role: Role,
    /// As asked for; of a server the resource.
    pub url: String,
    /// Since the timeline began.
    pub opened: Duration,
    /// When frames could flow, since the timeline began; without an opening handshake in it as [`Score::opened`].
    pub began: Duration,
    /// The head of the request, with its secrets masked; `None` if the recording has none.
    pub request: Option<Bytes>,
    pub response: Option<Response>,
    pub ready: Option<Ready>,
    pub steps: Vec<Step>,
    /// How it ended, and when; `None`: the recording ends before.
    pub end: Option<(Duration, Closed)>,
    /// The redirects that were followed to come here, in order: each as a connection that was answered with one.
    pub hops: Vec<Score>,
}

/// A frame of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Since the timeline began.
    pub time: Duration,
    pub frame: FrameEvent,
}

/// Why there is nothing to play.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    #[error("{name} has no connection {wanted}, only {there}")]
    NoSuch { name: String, wanted: u32, there: String },
    #[error("{name} has no connection in it")]
    Empty { name: String },
}

impl Score {
    /// Every connection of a recording in the order of their beginnings, and the lines that could not be read.
    ///
    /// # Errors
    /// It can't be read, or has no connection.
    pub fn all(path: &Path) -> Result<(Vec<Score>, Vec<Damage>), ScoreError> {
        let reader = Reader::open(path)?;
        Score::of(reader, &path.display().to_string())
    }

    /// The same of a reader.
    ///
    /// # Errors
    /// As [`Score::all`].
    pub fn of<R: io::Read>(mut reader: Reader<R>, name: &str) -> Result<(Vec<Score>, Vec<Damage>), ScoreError> {
        let (mut scores, mut damages) = (Vec::<Score>::new(), Vec::new());
        while let Some(entry) = reader.entry()? {
            match entry {
                Entry::Event(event) => Score::add(&mut scores, event),
                Entry::Damaged(damage) => damages.push(damage),
                Entry::Append(_) | Entry::Unknown(_) => {}
            }
        }
        if scores.is_empty() {
            return Err(ScoreError::Empty { name: name.to_owned() });
        }
        Ok((scores, damages))
    }

    /// Adds what happened to the connection that it happened on. An `open` after a redirect begins the same one anew.
    pub fn add(scores: &mut Vec<Score>, event: Event) {
        let Event { time, connection, kind } = event;
        if let Kind::Open(open) = kind {
            let score = Score {
                number: connection,
                role: open.role,
                url: open.url,
                opened: time,
                began: time,
                request: None,
                response: None,
                ready: None,
                steps: Vec::new(),
                end: None,
                hops: Vec::new(),
            };
            match scores.iter_mut().find(|score| score.number == connection) {
                Some(before) if before.steps.is_empty() => before.go_on(score),
                // A reconnect: the recording goes on with the same number.
                Some(_) => {}
                None => scores.push(score),
            }
            return;
        }
        let Some(score) = scores.iter_mut().rfind(|score| score.number == connection) else { return };
        match kind {
            Kind::Request(raw) => score.request = Some(raw),
            Kind::Response(response) => score.response = Some(*response),
            Kind::Ready(ready) => (score.ready, score.began) = (Some(*ready), time),
            Kind::Frame(frame) => score.steps.push(Step { time, frame }),
            Kind::Close(closed) => score.end = Some((time, *closed)),
            _ => {}
        }
    }

    /// It is opened once more: elsewhere, by a redirect, or since nothing came of it.
    fn go_on(&mut self, mut next: Score) {
        let redirected = self.redirect().is_some_and(|target| next.is_at(&target));
        std::mem::swap(self, &mut next);
        if redirected {
            self.hops = std::mem::take(&mut next.hops);
            self.hops.push(next);
        }
    }

    /// The one with this number.
    ///
    /// # Errors
    /// There is none: the error names those that are there.
    pub fn numbered<'a>(scores: &'a [Score], wanted: u32, name: &str) -> Result<&'a Score, ScoreError> {
        let found = scores.iter().find(|score| score.number == wanted);
        found.ok_or_else(|| {
            let there = scores.iter().map(|score| score.number.to_string()).collect::<Vec<_>>().join(", ");
            ScoreError::NoSuch { name: name.to_owned(), wanted, there }
        })
    }

    /// Those that this side recorded, or if it recorded none all: a proxy's recording has each connection twice, once a leg.
    #[must_use]
    pub fn of_side(scores: &[Score], side: Role) -> Vec<&Score> {
        let own: Vec<&Score> = scores.iter().filter(|score| score.role == side).collect();
        if own.is_empty() { scores.iter().collect() } else { own }
    }

    /// The one with this number; without one the client's first that has frames, or else the first.
    ///
    /// # Errors
    /// There is none.
    pub fn chosen<'a>(scores: &'a [Score], wanted: Option<u32>, name: &str) -> Result<&'a Score, ScoreError> {
        if let Some(number) = wanted {
            return Score::numbered(scores, number, name);
        }
        let all = Score::of_side(scores, Role::Client);
        let first = all.iter().find(|score| !score.steps.is_empty()).or(all.first());
        first.copied().ok_or_else(|| ScoreError::Empty { name: name.to_owned() })
    }

    /// Whether there is anything to play: frames, or a refusal.
    #[must_use]
    pub fn is_playable(&self) -> bool {
        !self.steps.is_empty() || self.refusal().is_some()
    }

    /// Which way what this side said went in the recording.
    #[must_use]
    pub fn direction_of(&self, side: Role) -> Direction {
        if side == self.role { Direction::Sent } else { Direction::Received }
    }

    /// The status that the opening handshake was refused with, if it was.
    #[must_use]
    pub fn refusal(&self) -> Option<u16> {
        self.response.as_ref().map(|response| response.status).filter(|status| *status != 101 && self.steps.is_empty())
    }

    /// As this side of the connection would have recorded it.
    #[must_use]
    pub fn seen_by(mut self, side: Role) -> Score {
        if side != self.role {
            self.role = side;
            let mut answers = Answers::default();
            for Step { frame, .. } in &mut self.steps {
                frame.direction = opposite(frame.direction);
                frame.automatic = answers.is_answer(frame);
            }
            if let Some((_, closed)) = &mut self.end {
                closed.by = if closed.by == Side::Us { Side::Peer } else { Side::Us };
            }
        }
        self
    }

    /// Its messages, and how it ended.
    #[must_use]
    pub fn conversation(&self) -> Conversation {
        let messages = self.steps.iter().filter_map(|step| Message::of(step.time, &step.frame)).collect();
        Conversation { messages, end: self.end.as_ref().map(|(_, closed)| closed.clone()) }
    }
}

const fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Sent => Direction::Received,
        Direction::Received => Direction::Sent,
    }
}

/// Tells the frames that an endpoint answers with by itself, where only the other one recorded: pongs to pings, and a close
/// frame to a close frame.
#[derive(Default)]
struct Answers {
    pings: Vec<Bytes>,
    closed: bool,
}

impl Answers {
    /// Whether this frame is one; the direction is that of the side in question.
    fn is_answer(&mut self, frame: &FrameEvent) -> bool {
        let payload = &frame.frame.payload;
        match (frame.direction, frame.frame.header.opcode) {
            (Direction::Received, Opcode::PING) => self.pings.push(payload.clone()),
            (Direction::Received, Opcode::CLOSE) => self.closed = true,
            (Direction::Sent, Opcode::CLOSE) => return self.closed,
            (Direction::Sent, Opcode::PONG) => {
                let asked = self.pings.iter().position(|ping| ping == payload);
                // A pong answers all pings before it as well (RFC 6455 section 5.5.3).
                return asked.map(|at| self.pings.drain(..=at)).is_some();
            }
            _ => {}
        }
        false
    }
}
