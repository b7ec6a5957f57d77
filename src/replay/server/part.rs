//! The server's part of a recorded connection: what is said before the client says anything, what each message of the client
//! releases, and how it ends.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;

use super::{Matching, Options, Pace};
use crate::command::{Command, FrameSpec, Masking};
use crate::event::{Direction, FrameEvent, Role, Side};
use crate::protocol::Opcode;
use crate::replay::{Message, Score};

/// All that the server has to say, by what releases it.
#[derive(Debug)]
pub(super) struct Part {
    /// The client's messages in order.
    pub(super) cues: Vec<Message>,
    /// What is said before any of them; the time counts from the opening handshake.
    pub(super) opening: Vec<Line>,
    /// What each releases.
    pub(super) answers: Vec<Vec<Line>>,
    pub(super) ending: Option<Ending>,
}

/// One thing to say.
#[derive(Debug)]
pub(super) struct Line {
    /// When it was said in the recording.
    time: Duration,
    /// When to say it, since what releases it.
    pub(super) after: Duration,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Message { binary: bool, data: Bytes },
    Frame(FrameSpec),
}

/// The server's part in the end.
#[derive(Debug)]
pub(super) struct Ending {
    /// Since the last cue.
    pub(super) after: Duration,
    pub(super) how: Command,
}

impl Part {
    /// The server's part of `score`. Where ids count, an answer belongs to the message that has its id, wherever it came in
    /// the recording.
    pub(super) fn of(score: &Score, options: &Options) -> Part {
        let ids = match &options.matching {
            Matching::Json { ids, .. } => Some(ids),
            _ => None,
        };
        let ours = score.direction_of(Role::Server);
        let upgrade = score.ready.as_ref().map_or(Duration::ZERO, |ready| ready.upgrade);
        let mut part = Part { cues: Vec::new(), opening: Vec::new(), answers: Vec::new(), ending: None };
        let mut asked = HashMap::new();
        let mut begun = score.opened + upgrade;
        for step in &score.steps {
            let FrameEvent { direction, frame, message, .. } = &step.frame;
            if *direction != ours {
                if let Some(message) = Message::of(step.time, &step.frame) {
                    let own = ids.map(|ids| ids.of(&message.data)).unwrap_or_default();
                    asked.extend(own.into_iter().map(|id| (id, part.cues.len())));
                    part.cues.push(message);
                    part.answers.push(Vec::new());
                    begun = step.time;
                }
                continue;
            }
            let what = match message {
                _ if options.frames => What::Frame(spec(&step.frame)),
                Some(message) => What::Message { binary: message.binary, data: message.data.clone() },
                None => continue,
            };
            if options.frames && is_answered_live(frame.header.opcode) {
                continue;
            }
            let data = message.as_ref().map_or(&frame.payload, |message| &message.data);
            let answered = ids.and_then(|ids| ids.of(data).iter().find_map(|id| asked.get(id).copied()));
            let (released, lines) = match answered.or(part.cues.len().checked_sub(1)) {
                Some(cue) => (part.cues[cue].time, &mut part.answers[cue]),
                None => (begun, &mut part.opening),
            };
            let (before, after) = lines.last().map_or((released, Duration::ZERO), |line| (line.time, line.after));
            let after = after + options.pace.of(step.time.saturating_sub(before));
            lines.push(Line { time: step.time, after, what });
        }
        part.ending = ending(score, ours, begun, &options.pace);
        part
    }
}

/// What the connection itself answers with: pongs, and close frames, which belong to the end.
fn is_answered_live(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::PONG | Opcode::CLOSE)
}

fn spec(step: &FrameEvent) -> FrameSpec {
    let header = step.frame.header;
    FrameSpec {
        fin: header.fin,
        rsv: header.rsv,
        opcode: header.opcode,
        masking: header.mask.map_or(Masking::None, Masking::Key),
        form: Some(header.form),
        length: Some(header.length),
        payload: step.frame.payload.clone(),
    }
}

/// How the server ended it, if it was the server.
fn ending(score: &Score, ours: Direction, last: Duration, pace: &Pace) -> Option<Ending> {
    let (time, closed) = score.end.as_ref()?;
    let server = if ours == Direction::Sent { Side::Us } else { Side::Peer };
    if closed.by != server {
        return None;
    }
    let told =
        score.steps.iter().any(|step| step.frame.direction == ours && step.frame.frame.header.opcode == Opcode::CLOSE);
    let how = if told {
        let reason = String::from_utf8_lossy(&closed.reason).into_owned();
        Command::Close { code: closed.code, reason, force: true }
    } else {
        Command::Drop
    };
    Some(Ending { after: pace.of(time.saturating_sub(last)), how })
}
