//! What one side of a recorded connection says, and after what: its part.

use std::time::Duration;

use bytes::Bytes;

use super::conversation::Message;
use super::score::{Score, Step};
use crate::command::{Command, FrameSpec, Masking};
use crate::event::{Direction, FrameEvent, Side};
use crate::protocol::{DeflateParams, Opcode, close};

/// What one side does, in order; the last cue ends the connection.
#[derive(Clone, Debug)]
pub struct Part {
    pub cues: Vec<Cue>,
    /// The messages of the other side.
    pub awaited: Vec<Awaited>,
    /// The negotiated permessage-deflate that the frames among the actions depend on.
    pub deflate: Option<DeflateParams>,
}

/// A message of the other side.
#[derive(Clone, Debug)]
pub struct Awaited {
    pub message: Message,
    /// Since frames could flow, as the times of cues.
    pub time: Duration,
    /// How long after what came before it, in the recording.
    pub took: Duration,
}

/// Something to do.
#[derive(Clone, Debug)]
pub struct Cue {
    /// The number of the recorded frame, or of the one before the end.
    pub number: u64,
    /// Since frames could flow.
    pub time: Duration,
    /// How long after what came before it, in the recording.
    pub took: Duration,
    /// How many messages of the other side came before it.
    pub after: usize,
    pub action: Action,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Message {
        binary: bool,
        data: Bytes,
    },
    Frame(FrameSpec),
    Close {
        code: Option<u16>,
        reason: String,
    },
    Drop,
    /// The other side ends it.
    Await,
    /// Nobody does: it stays open.
    Leave,
}

impl Action {
    /// What has it done, if there is anything to do; `said` is a message as it is to be sent, if it is.
    ///
    /// # Errors
    /// Those of `said`.
    pub(super) fn command<E>(
        &self,
        said: impl FnOnce(bool, &Bytes) -> Result<Option<Bytes>, E>,
    ) -> Result<Option<Command>, E> {
        Ok(match self {
            Action::Message { binary, data } => said(*binary, data)?.map(|data| Command::message(*binary, data)),
            Action::Frame(spec) => Some(Command::Frame(spec.clone())),
            Action::Close { code, reason } => Some(Command::Close { code: *code, reason: reason.clone(), force: true }),
            Action::Drop => Some(Command::Drop),
            Action::Await | Action::Leave => None,
        })
    }
}

/// Masking keys of frames that are sent as they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FrameKeys {
    /// By chance, where there was one.
    #[default]
    Fresh,
    /// The recorded ones.
    Recorded,
}

impl Part {
    /// The messages that were sent, whole, and the end. Pings and pongs are left out.
    #[must_use]
    pub fn messages(score: &Score, max_gap: Option<Duration>) -> Part {
        Part::new(score, max_gap, |frame| {
            let message = frame.message.as_ref()?;
            Some(Action::Message { binary: message.binary, data: message.data.clone() })
        })
    }

    /// The frames that were sent, as they were, but not those that a connection sends by itself: these the live one will.
    #[must_use]
    pub fn frames(score: &Score, max_gap: Option<Duration>, keys: FrameKeys) -> Part {
        let mut part = Part::new(score, max_gap, |frame| (!frame.automatic).then(|| Action::Frame(spec(frame, keys))));
        let closes = |cue: &Cue| matches!(&cue.action, Action::Frame(spec) if spec.opcode == Opcode::CLOSE);
        let is_closed = part.cues.iter().any(closes);
        if let Some(end) = part.cues.last_mut() {
            match &end.action {
                Action::Close { .. } if is_closed => end.action = Action::Await,
                Action::Close { .. } if drops(score) => end.action = Action::Drop,
                _ => {}
            }
        }
        let compressed = |cue: &Cue| matches!(&cue.action, Action::Frame(spec) if spec.rsv & 4 != 0);
        let deflate = score.ready.as_ref().and_then(|ready| ready.negotiated.deflate);
        Part { deflate: deflate.filter(|_| part.cues.iter().any(compressed)), ..part }
    }

    /// The same, but when all is said and heard the connection stays open.
    #[must_use]
    pub fn without_end(mut self) -> Part {
        if let Some(end) = self.cues.last_mut() {
            end.action = Action::Leave;
        }
        self
    }

    /// The texts among the messages to be sent, with the numbers of their frames.
    pub fn texts(&self) -> impl Iterator<Item = (u64, &Bytes)> {
        self.cues.iter().filter_map(|cue| match &cue.action {
            Action::Message { binary: false, data } => Some((cue.number, data)),
            _ => None,
        })
    }

    fn new(score: &Score, max_gap: Option<Duration>, action: impl Fn(&FrameEvent) -> Option<Action>) -> Part {
        let mut part = Part { cues: Vec::new(), awaited: Vec::new(), deflate: None };
        let mut line = Line { max_gap, before: score.began, time: Duration::ZERO };
        let mut end = None;
        for Step { time, frame } in &score.steps {
            let took = line.go_on(*time);
            let cue = |action, after| Cue { number: frame.number, time: line.time, took, after, action };
            let after = part.awaited.len();
            if frame.frame.header.opcode == Opcode::CLOSE {
                end.get_or_insert(cue(last(score), after));
            }
            if frame.direction == Direction::Sent {
                part.cues.extend(action(frame).map(|action| cue(action, after)));
            } else if let Some(message) = Message::of(*time, frame) {
                part.awaited.push(Awaited { message, time: line.time, took });
            }
        }
        part.cues.push(end.unwrap_or_else(|| {
            let took = score.end.as_ref().map_or(Duration::ZERO, |(time, _)| line.go_on(*time));
            let number = score.steps.last().map_or(0, |step| step.frame.number);
            Cue { number, time: line.time, took, after: part.awaited.len(), action: last(score) }
        }));
        part
    }
}

/// Recorded times with the longest gaps cut.
struct Line {
    max_gap: Option<Duration>,
    before: Duration,
    time: Duration,
}

impl Line {
    /// To a recorded time: how long after the one before it that was, cut or not.
    fn go_on(&mut self, time: Duration) -> Duration {
        let gap = time.saturating_sub(self.before);
        self.before = self.before.max(time);
        self.time += self.max_gap.map_or(gap, |most| gap.min(most));
        gap
    }
}

/// Whether this side ended the connection without a close frame.
fn drops(score: &Score) -> bool {
    let close = score.steps.iter().any(|step| step.frame.frame.header.opcode == Opcode::CLOSE);
    !close && score.end.as_ref().is_some_and(|(_, closed)| closed.by == Side::Us)
}

/// How this side ends the connection: as it did, if it was the one that ended it.
fn last(score: &Score) -> Action {
    let first = score.steps.iter().find(|step| step.frame.frame.header.opcode == Opcode::CLOSE);
    match (first, &score.end) {
        (Some(Step { frame, .. }), _) if frame.direction == Direction::Sent => {
            let (code, reason) = close::parse(&frame.frame.payload);
            Action::Close { code, reason: String::from_utf8_lossy(&reason).into_owned() }
        }
        (Some(_), _) => Action::Await,
        (None, Some((_, closed))) if closed.by == Side::Peer => Action::Await,
        (None, _) => Action::Close { code: Some(1000), reason: String::new() },
    }
}

/// The frame with all that is odd about it.
fn spec(frame: &FrameEvent, keys: FrameKeys) -> FrameSpec {
    let header = frame.frame.header;
    let masking = match (header.mask, keys) {
        (None, _) => Masking::None,
        (Some(_), FrameKeys::Fresh) => Masking::Fresh,
        (Some(key), FrameKeys::Recorded) => Masking::Key(key),
    };
    FrameSpec {
        fin: header.fin,
        rsv: header.rsv,
        opcode: header.opcode,
        masking,
        form: Some(header.form),
        length: Some(header.length),
        payload: frame.frame.payload.clone(),
    }
}
