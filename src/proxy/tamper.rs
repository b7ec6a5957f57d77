//! What may happen to a message on its way through the middle. Faults are one way to change it, a script another, a user a
//! third: each is given what the ones before it let through.

use std::time::Duration;

use bytes::Bytes;

use crate::event::{Direction, FrameEvent, Message};
use crate::protocol::frame::Header;
use crate::protocol::{Frame, Opcode};
use crate::session::Wakened;

/// An end of what goes through the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Client,
    Server,
}

impl Peer {
    /// Both.
    pub const ALL: [Peer; 2] = [Peer::Client, Peer::Server];

    /// `client` or `server`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Peer::Client => "client",
            Peer::Server => "server",
        }
    }

    #[must_use]
    pub const fn other(self) -> Peer {
        match self {
            Peer::Client => Peer::Server,
            Peer::Server => Peer::Client,
        }
    }
}

/// A message on its way to one end.
#[derive(Clone, Debug)]
pub struct Crossing {
    pub to: Peer,
    /// The number of the frame that completed it on the leg that it came by; `None` for one that nobody sent.
    pub frame: Option<u64>,
    pub binary: bool,
    pub data: Bytes,
    /// How much later than it came it goes on. Those behind it wait with it: messages stay in their order.
    pub delay: Duration,
    /// The frames that it came in, as long as it is what came.
    frames: Vec<FrameEvent>,
}

impl Crossing {
    /// A message that nobody sent.
    #[must_use]
    pub const fn new(to: Peer, binary: bool, data: Bytes) -> Crossing {
        Crossing { to, frame: None, binary, data, delay: Duration::ZERO, frames: Vec::new() }
    }

    /// One that came in these frames.
    pub(super) fn whole(to: Peer, message: &Message, frames: Vec<FrameEvent>) -> Crossing {
        let frame = frames.last().map(|frame| frame.number);
        Crossing { frame, frames, ..Crossing::new(to, message.binary, message.data.clone()) }
    }

    /// Says something else instead.
    pub fn replace(&mut self, binary: bool, data: Bytes) {
        if (binary, &data) != (self.binary, &self.data) {
            (self.binary, self.data) = (binary, data);
            self.forget_frames();
        }
    }

    /// Whether it still is what came, frame by frame.
    #[must_use]
    pub fn is_unaltered(&self) -> bool {
        !self.frames.is_empty()
    }

    /// Whether it says the same.
    #[must_use]
    pub fn is_same(&self, other: &Crossing) -> bool {
        (self.binary, &self.data) == (other.binary, &other.data)
    }

    /// The frame that completed it, or one that says the same.
    #[must_use]
    pub fn as_frame(&self) -> FrameEvent {
        if let Some(last) = self.frames.last() {
            return last.clone();
        }
        let (binary, data, wire) = (self.binary, self.data.clone(), self.data.len() as u64);
        let opcode = if binary { Opcode::BINARY } else { Opcode::TEXT };
        FrameEvent {
            number: self.frame.unwrap_or_default(),
            direction: Direction::Received,
            frame: Frame { header: Header::new(opcode, wire), payload: data.clone() },
            fragment: None,
            message: Some(Message { binary, data, frames: 1, compressed: false, wire }),
            automatic: false,
            after: None,
        }
    }

    /// From now on a message, in a frame of our own.
    pub(super) fn forget_frames(&mut self) {
        self.frames.clear();
    }

    pub(super) fn take_frames(&mut self) -> Vec<FrameEvent> {
        std::mem::take(&mut self.frames)
    }

    /// `the text of 5 bytes to the server (frame 12)`.
    #[must_use]
    pub fn describe(&self) -> String {
        let frame = self.frame.map(|frame| format!(" (frame {frame})")).unwrap_or_default();
        format!("{}{frame}", self.brief())
    }

    /// `the text of 5 bytes to the server`.
    #[must_use]
    pub fn brief(&self) -> String {
        let kind = if self.binary { "binary" } else { "text" };
        format!("the {kind} of {} bytes to the {}", self.data.len(), self.to.name())
    }
}

/// A closing handshake that the middle begins, with both ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    pub code: u16,
    pub reason: String,
}

/// What became of a message: the messages that go on, in this order, none of them if it was dropped; what the recording is to
/// say about it; and whether that was all.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub crossings: Vec<Crossing>,
    pub notes: Vec<String>,
    pub end: Option<End>,
}

impl Outcome {
    /// It goes on.
    #[must_use]
    pub fn pass(crossing: Crossing) -> Outcome {
        Outcome { crossings: vec![crossing], ..Outcome::default() }
    }

    fn join(&mut self, more: Outcome) {
        self.crossings.extend(more.crossings);
        self.notes.extend(more.notes);
        self.end = self.end.take().or(more.end);
    }
}

/// What a client's two legs are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The number of the client's connection on the timeline.
    pub client: u32,
    /// The number of the server's.
    pub server: u32,
    /// What the client asked for: path and query.
    pub resource: String,
}

/// Something that may change what goes through the middle for one client. It sees whole messages; control frames pass it by.
pub trait Tamper: Send {
    /// Both legs are open: what is said of our own accord.
    fn opened(&mut self, _about: &Opened) -> Outcome {
        Outcome::default()
    }

    /// A message came: what becomes of it.
    fn message(&mut self, crossing: Crossing) -> Outcome;

    /// What the client's thread is woken by, to ask what goes on now; asked for before all else.
    fn wakened(&mut self) -> Option<Wakened> {
        None
    }

    /// The thread was woken: what goes on now.
    fn woken(&mut self) -> Outcome {
        Outcome::default()
    }

    /// A close frame is about to go to this end, or it is gone: what goes on before that.
    fn closing(&mut self, _to: Peer) -> Outcome {
        Outcome::default()
    }

    /// Whether so much is kept for this end that its source should be read no further.
    fn is_full(&self, _to: Peer) -> bool {
        false
    }
}

/// Several, one after the other.
#[derive(Default)]
pub struct Chain(pub Vec<Box<dyn Tamper>>);

impl Chain {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Through those from `first` on.
    fn through(&mut self, first: usize, outcome: Outcome) -> Outcome {
        self.0.iter_mut().skip(first).fold(outcome, |mut outcome, tamper| {
            for crossing in std::mem::take(&mut outcome.crossings) {
                outcome.join(tamper.message(crossing));
            }
            outcome
        })
    }

    /// What each says of its own accord, through those behind it.
    fn each(&mut self, ask: impl Fn(&mut dyn Tamper) -> Outcome) -> Outcome {
        (0..self.0.len()).fold(Outcome::default(), |mut all, index| {
            let said = ask(&mut *self.0[index]);
            all.join(self.through(index + 1, said));
            all
        })
    }
}

impl Tamper for Chain {
    fn opened(&mut self, about: &Opened) -> Outcome {
        self.each(|tamper| tamper.opened(about))
    }

    fn message(&mut self, crossing: Crossing) -> Outcome {
        self.through(0, Outcome::pass(crossing))
    }

    fn wakened(&mut self) -> Option<Wakened> {
        self.0.iter_mut().find_map(|tamper| tamper.wakened())
    }

    fn woken(&mut self) -> Outcome {
        self.each(|tamper| tamper.woken())
    }

    fn closing(&mut self, to: Peer) -> Outcome {
        self.each(|tamper| tamper.closing(to))
    }

    fn is_full(&self, to: Peer) -> bool {
        self.0.iter().any(|tamper| tamper.is_full(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says everything twice, the second time with a letter more.
    struct Twice(&'static str);

    impl Tamper for Twice {
        fn opened(&mut self, _: &Opened) -> Outcome {
            Outcome::pass(Crossing::new(Peer::Client, false, Bytes::from_static(self.0.as_bytes())))
        }

        fn message(&mut self, crossing: Crossing) -> Outcome {
            let mut second = crossing.clone();
            second.replace(false, [&crossing.data[..], self.0.as_bytes()].concat().into());
            let notes = vec![format!("{}: {}", self.0, crossing.describe())];
            Outcome { crossings: vec![crossing, second], notes, end: None }
        }
    }

    fn said(outcome: &Outcome) -> Vec<&str> {
        outcome.crossings.iter().map(|crossing| std::str::from_utf8(&crossing.data).expect("text")).collect()
    }

    #[test]
    fn each_is_given_what_the_ones_before_it_let_through() {
        let mut chain = Chain(vec![Box::new(Twice("x")), Box::new(Twice("y"))]);
        let outcome = chain.message(Crossing::new(Peer::Server, false, Bytes::from_static(b"a")));
        assert_eq!(said(&outcome), ["a", "ay", "ax", "axy"]);
        assert_eq!(
            outcome.notes,
            [
                "x: the text of 1 bytes to the server",
                "y: the text of 1 bytes to the server",
                "y: the text of 2 bytes to the server"
            ]
        );
        assert_eq!(said(&chain.opened(&Opened::default())), ["x", "xy", "y"]);
    }
}
