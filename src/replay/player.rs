//! Plays one side's part on an open connection, on the caller's thread.

mod stopped;

use std::time::Duration;

use bytes::Bytes;

use super::change::Changes;
use super::conversation::{Conversation, Message};
use super::hooks::{Audience, Hooks, Stop};
use super::part::{Action, Cue, Part};
use super::stage::Stage;
use crate::command::Command;
use crate::event::{Direction, Event, Kind};
use crate::protocol::{Opcode, SendError};
use crate::session::Waited;

pub use stopped::Stopped;

/// How many messages are sent before the peer is heard, as long as it reads.
const BATCH: usize = 256;

/// How often it is looked whether all has been written.
const LOOK: Duration = Duration::from_millis(1);

/// When something is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Once as many messages have come as had come before it in the recording.
    Wait,
    /// At its recorded time, so many times as fast.
    Original { speed: f64 },
    /// As fast as the peer reads.
    Asap,
}

/// How a part is played.
#[derive(Clone, Debug)]
pub struct Plan {
    pub pace: Pace,
    /// How much longer than in the recording the peer may take for a message or for its close frame.
    pub timeout: Duration,
    pub changes: Changes,
}

impl Pace {
    /// The pace asked for, or that a speed or a longest gap is about; `None`: they are about another than the one asked for.
    #[must_use]
    pub fn chosen(asked: Option<Pace>, speed: Option<f64>, max_gap: Option<Duration>) -> Option<Pace> {
        let timed = speed.is_some() || max_gap.is_some();
        match asked {
            Some(Pace::Wait | Pace::Asap) if timed => None,
            None if !timed => Some(Pace::Wait),
            Some(pace @ (Pace::Wait | Pace::Asap)) => Some(pace),
            None | Some(Pace::Original { .. }) => Some(Pace::Original { speed: speed.unwrap_or(1.0) }),
        }
    }

    /// How long to wait where this time passed in the recording.
    pub(super) fn delay(self, time: Duration) -> Duration {
        match self {
            Pace::Wait | Pace::Asap => Duration::ZERO,
            Pace::Original { speed } => {
                Duration::try_from_secs_f64(time.as_secs_f64() / speed).unwrap_or(Duration::MAX)
            }
        }
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Played {
    /// Messages and frames that cues sent.
    pub sent: usize,
    /// Messages received.
    pub heard: usize,
    /// The messages that were sent, other than frame by frame, and those received.
    pub live: Conversation,
    /// Why it did not come to its end.
    pub stopped: Option<Stopped>,
}

/// One side of a recorded connection, on a live one.
pub struct Player<'a> {
    stage: &'a mut dyn Stage,
    part: &'a Part,
    plan: Plan,
    hooks: &'a mut dyn Hooks,
    audience: &'a mut dyn Audience,
    /// The next cue.
    next: usize,
    played: Played,
    /// When it began, on the stage's clock.
    began: Duration,
    /// When the peer was last heard, or something sent to it.
    moved: Duration,
    /// Unwritten output when the peer's patience was last tried, in bytes.
    unwritten: usize,
    /// The peer has sent a close frame.
    left: bool,
}

/// Why nothing is sent for now.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pause {
    /// Its time has not come, which is on the stage's clock.
    Until(Duration),
    /// Enough was sent at once.
    Breath,
    /// The peer has to say something first.
    Unheard,
    /// The peer has to read first.
    Full,
    /// The peer has to end the connection.
    Unclosed,
    /// The connection is ending.
    Done,
}

impl<'a> Player<'a> {
    pub fn new(
        stage: &'a mut dyn Stage,
        part: &'a Part,
        plan: Plan,
        hooks: &'a mut dyn Hooks,
        audience: &'a mut dyn Audience,
    ) -> Player<'a> {
        let now = stage.now();
        Player {
            stage,
            part,
            plan,
            hooks,
            audience,
            next: 0,
            played: Played::default(),
            began: now,
            moved: now,
            unwritten: 0,
            left: false,
        }
    }

    /// Plays to the end of the connection, whoever ends it, or to the end of a part that leaves it open.
    #[must_use]
    pub fn play(mut self) -> Played {
        self.check_deflate();
        loop {
            let pause = self.send_due();
            if self.is_left() {
                return self.played;
            }
            let until = match pause {
                Pause::Until(time) => Some(time),
                Pause::Breath => Some(Duration::ZERO),
                Pause::Unheard | Pause::Full | Pause::Unclosed => Some(self.moved + self.patience(pause)),
                Pause::Done => None,
            };
            match self.stage.wait(until) {
                Waited::Event(event) => self.hear(event),
                Waited::Timeout if matches!(pause, Pause::Until(_) | Pause::Breath) => {}
                Waited::Timeout => self.lose_patience(pause),
                Waited::Woken => {
                    if self.audience.has_enough() {
                        self.stop(Stopped::Interrupted);
                    }
                }
                Waited::Writable => self.moved = self.now(),
                Waited::SinkFailed(error) => {
                    if !self.audience.lost(&error) {
                        self.stop(Stopped::Unrecorded);
                    }
                }
                Waited::Over => return self.end(),
            }
        }
    }

    /// Sends all that may be sent now: why no more.
    fn send_due(&mut self) -> Pause {
        for _ in 0..BATCH {
            if self.stage.is_closing() && (self.left || !self.is_framed()) {
                return Pause::Done;
            }
            let Some(cue) = self.part.cues.get(self.next) else { return Pause::Done };
            if let Some(pause) = self.pause_before(cue) {
                return pause;
            }
            self.moved = self.now();
            match self.perform(cue) {
                Ok(()) => self.next += 1,
                // It has begun to end, and how is about to be heard.
                Err(Stopped::Unsendable { error: SendError::Closing, .. }) => return Pause::Done,
                Err(stopped) => self.stop(stopped),
            }
        }
        Pause::Breath
    }

    /// Whether all is said and heard, and the connection is to stay open.
    fn is_left(&self) -> bool {
        let ends_open = matches!(self.part.cues.last(), Some(Cue { action: Action::Leave, .. }));
        ends_open && self.next == self.part.cues.len() && self.played.stopped.is_none()
    }

    /// Whether a frame is next, which is sent as it was, even after a close frame of ours.
    fn is_framed(&self) -> bool {
        matches!(self.part.cues.get(self.next), Some(Cue { action: Action::Frame(_), .. }))
    }

    fn pause_before(&mut self, cue: &Cue) -> Option<Pause> {
        let is_end = self.next + 1 == self.part.cues.len();
        let due = self.began.saturating_add(self.plan.pace.delay(cue.time));
        if self.now() < due {
            return Some(Pause::Until(due));
        }
        // The end comes after all that the peer has to say, at any pace.
        if self.played.heard < cue.after && (is_end || self.plan.pace == Pace::Wait) {
            return Some(Pause::Unheard);
        }
        match cue.action {
            Action::Await => return Some(Pause::Unclosed),
            // What was sent before it is still to be written, if the peer reads.
            Action::Drop if self.stage.unwritten() > 0 => {
                let now = self.now();
                let patient = now < self.moved + self.plan.timeout;
                return patient.then_some(Pause::Until(now + LOOK));
            }
            _ => {}
        }
        self.stage.is_full().then_some(Pause::Full)
    }

    fn perform(&mut self, cue: &Cue) -> Result<(), Stopped> {
        let command = cue.action.command(|binary, data| self.changed(cue.number, binary, data))?;
        let Some(command) = command else { return Ok(()) };
        let counts = matches!(cue.action, Action::Message { .. } | Action::Frame(_));
        let said = said(&command).map(|(binary, data)| {
            let (time, number, data) = (self.now(), cue.number, data.clone());
            Message { direction: Direction::Sent, time, number, binary, data }
        });
        self.stage.send(command).map_err(|error| Stopped::Unsendable { frame: cue.number, error })?;
        self.played.sent += usize::from(counts);
        self.played.live.messages.extend(said);
        Ok(())
    }

    /// A recorded message as it is to be sent, if it is.
    fn changed(&mut self, number: u64, binary: bool, data: &Bytes) -> Result<Option<Bytes>, Stopped> {
        let data = if binary { data.clone() } else { self.plan.changes.apply(number, data)? };
        let message = Message { direction: Direction::Sent, time: self.now(), number, binary, data };
        let outgoing = self.hooks.on_send(&message).map_err(|Stop| Stopped::Hook)?;
        Ok(outgoing.instead_of(message.data))
    }

    fn hear(&mut self, event: Event) {
        self.audience.event(&event);
        match event.kind {
            Kind::Frame(frame) if frame.direction == Direction::Received => {
                self.left |= frame.frame.header.opcode == Opcode::CLOSE;
                if !frame.frame.header.opcode.is_control() {
                    self.moved = event.time;
                }
                if let Some(message) = Message::of(event.time, &frame) {
                    self.played.heard += 1;
                    if !message.binary {
                        self.plan.changes.hear(&message.data);
                    }
                    let heard = self.hooks.on_receive(&message);
                    self.played.live.messages.push(message);
                    if heard == Err(Stop) {
                        self.stop(Stopped::Hook);
                    }
                }
            }
            Kind::Close(closed) => self.played.live.end = Some(*closed),
            _ => {}
        }
    }

    /// How long the peer may take: so much longer than it did.
    fn patience(&self, pause: Pause) -> Duration {
        let recorded = match pause {
            Pause::Unheard => self.part.awaited.get(self.played.heard).map(|awaited| awaited.took),
            Pause::Unclosed => self.part.cues.last().map(|end| end.took),
            _ => None,
        };
        self.plan.timeout + recorded.unwrap_or_default()
    }

    /// The time is up, unless something still goes out to a peer that is slow to read.
    fn lose_patience(&mut self, pause: Pause) {
        let unwritten = self.stage.unwritten();
        if unwritten != std::mem::replace(&mut self.unwritten, unwritten) {
            self.moved = self.now();
            return;
        }
        let limit = self.patience(pause);
        let before = self.part.cues.get(self.next).cloned();
        self.stop(match (pause, before) {
            (Pause::Unheard, Some(before)) => Stopped::Unheard {
                limit,
                heard: self.played.heard,
                wanted: before.after,
                message: self.part.awaited.get(self.played.heard).map(|awaited| Box::new(awaited.message.clone())),
                before: Box::new(before),
            },
            (Pause::Full, _) => Stopped::Unread { limit, unwritten },
            _ => Stopped::Unclosed { limit },
        });
    }

    /// Frames that are compressed as another negotiation had it would be noise.
    fn check_deflate(&mut self) {
        let live = self.stage.deflate();
        if let Some(recorded) = self.part.deflate.filter(|recorded| Some(*recorded) != live) {
            self.stop(Stopped::OtherDeflate { recorded, live });
        }
    }

    /// Sends no more, and closes the connection.
    fn stop(&mut self, why: Stopped) {
        self.played.stopped.get_or_insert(why);
        self.next = self.part.cues.len();
        // That it is closing already is as good.
        let _ = self.stage.send(Command::Close { code: Some(1000), reason: String::new(), force: false });
    }

    /// The connection is over: whether before its time.
    fn end(mut self) -> Played {
        let unsaid =
            |cue: &&Cue| !matches!(cue.action, Action::Await | Action::Leave | Action::Close { .. } | Action::Drop);
        let cues = self.part.cues.get(self.next..).unwrap_or_default();
        if self.played.stopped.is_none()
            && let Some(cue) = cues.iter().find(unsaid)
        {
            let unsent = cues.iter().filter(unsaid).count();
            let closed = self.played.live.end.clone().map(Box::new);
            self.played.stopped = Some(Stopped::Closed { frame: cue.number, unsent, closed });
        }
        self.played
    }

    fn now(&self) -> Duration {
        self.stage.now()
    }
}

/// Whether the message that this sends is binary, and its payload.
fn said(command: &Command) -> Option<(bool, &Bytes)> {
    match command {
        Command::Text(data) => Some((false, data)),
        Command::Binary(data) => Some((true, data)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
