//! What the client of a recording did and heard, step by step. A recording taken by a server is seen from the other end.
//!
//! What a client does by itself is no step: it answers pings and close frames again when the script runs.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;

use crate::event::{Closed, Direction, Event, FrameEvent, Kind, Open, Role, Side};
use crate::exchange::export::{ExportError, Source};
use crate::handshake::Negotiated;
use crate::protocol::{Frame, LengthForm, Opcode};
use crate::recording::Entry;

/// The most steps of a recording that become a script.
pub(super) const MOST_STEPS: usize = 20_000;

/// The most payload in them, in bytes.
pub(super) const MOST_BYTES: usize = 16 << 20;

/// One connection, from its opening handshake to its end.
#[derive(Debug)]
pub(super) struct Talk {
    /// Of its connection.
    pub(super) number: u32,
    pub(super) url: String,
    /// The socket, if it went through one of this machine.
    pub(super) unix: Option<String>,
    pub(super) opening: Opening,
    /// When it began.
    pub(super) open: Duration,
    /// When something happened on it last.
    pub(super) end: Duration,
    /// The rules that the server broke.
    pub(super) violations: Vec<&'static str>,
    /// Whether it went on all the same.
    pub(super) went_on: bool,
    /// Whether a close frame of ours or of the server's is there.
    pub(super) closing: bool,
    /// Pings that nobody has answered: ours, and the server's.
    pings: [Vec<Bytes>; 2],
    /// Frames of a message that is not complete.
    fragments: Vec<Frame>,
}

/// The opening handshake.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// Of the first request, as on the wire.
    pub(super) request: Option<Bytes>,
    /// Whether a redirect was followed.
    pub(super) follows: bool,
    /// Of the last response.
    pub(super) status: Option<u16>,
    pub(super) agreed: Option<Negotiated>,
    /// Whether it was opened: frames have gone over it, or could have. Formats of others don't say what was agreed on.
    open: bool,
    /// Whether it failed.
    pub(super) failed: bool,
}

/// Something that was done, or heard.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) time: Duration,
    /// Its place among the talks.
    pub(super) talk: usize,
    /// The number of its last frame; 0 if it is none.
    pub(super) number: u64,
    pub(super) what: What,
}

/// What it was.
#[derive(Debug)]
pub(super) enum What {
    Connect,
    Send(Payload),
    /// A message in so many frames, or in these.
    Fragments(Payload, u32, Vec<Bytes>),
    Frame(Frame),
    Ping(Bytes),
    Pong(Bytes),
    Close(Bytes),
    Hear(Payload),
    HearPing(Bytes),
    HearPong(Bytes),
    End(Closed),
}

/// A message's, and whether something of it was masked.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    pub(super) binary: bool,
    pub(super) data: Bytes,
    pub(super) masked: bool,
}

impl Payload {
    pub(super) fn text(&self) -> Option<&str> {
        if self.binary { None } else { std::str::from_utf8(&self.data).ok() }
    }

    pub(super) fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_str(self.text()?).ok()
    }
}

/// A recording, taken apart.
#[derive(Debug, Default)]
pub(super) struct Talks {
    pub(super) all: Vec<Talk>,
    /// In order of time.
    pub(super) steps: Vec<Step>,
    /// Frames that were too many.
    pub(super) left_out: u64,
    /// The talk that a connection is in, and who recorded it.
    current: HashMap<u32, (usize, Role)>,
    bytes: usize,
}

impl Talks {
    /// Reads a recording.
    ///
    /// # Errors
    /// It can't be read.
    pub(super) fn read(source: &Source) -> Result<Talks, ExportError> {
        let mut talks = Talks::default();
        let mut pass = source.pass()?;
        while let Some(entry) = pass.entry()? {
            if let Entry::Event(event) = entry {
                talks.take(event, pass.masked());
            }
        }
        Ok(talks)
    }

    fn take(&mut self, event: Event, masked: bool) {
        let Event { time, connection, kind } = event;
        let full = self.bytes > MOST_BYTES || self.steps.len() > MOST_STEPS;
        match &kind {
            Kind::Open(open) if !full => return self.open(time, connection, open),
            // Nothing that follows belongs to the connection that had its number before.
            Kind::Open(_) => drop(self.current.remove(&connection)),
            Kind::Frame(_) if full => self.left_out += 1,
            _ => {}
        }
        let Some(&(at, role)) = self.current.get(&connection) else { return };
        let talk = &mut self.all[at];
        talk.end = time;
        match kind {
            Kind::Request(raw) => drop(talk.opening.request.get_or_insert(raw)),
            Kind::Response(response) => talk.opening.status = Some(response.status),
            Kind::Ready(ready) => {
                talk.opening.open = true;
                talk.opening.agreed = Some(ready.negotiated.clone());
            }
            Kind::Error { .. } if !talk.opening.open => self.over(connection),
            Kind::Violation { violation, .. } if role == Role::Client => talk.violations.push(violation.rule.name()),
            Kind::Frame(frame) if !full => {
                talk.opening.open = true;
                let steps = talk.frame(&frame, role, masked);
                self.bytes += steps.iter().map(What::size).sum::<usize>();
                let number = frame.number;
                self.steps.extend(steps.into_iter().map(|what| Step { time, talk: at, number, what }));
            }
            Kind::Close(closed) => {
                let by = match (role, closed.by) {
                    (Role::Client, side) => side,
                    (Role::Server, Side::Us) => Side::Peer,
                    (Role::Server, Side::Peer) => Side::Us,
                };
                let opened = talk.opening.open;
                self.over(connection);
                if opened && !full {
                    let what = What::End(Closed { by, ..*closed });
                    self.steps.push(Step { time, talk: at, number: 0, what });
                }
            }
            _ => {}
        }
    }

    /// A connection begins, or goes on elsewhere after a redirect.
    fn open(&mut self, time: Duration, connection: u32, open: &Open) {
        if let Some(&(at, _)) = self.current.get(&connection) {
            let redirected = !self.all[at].opening.open;
            if redirected {
                self.all[at].opening.follows = true;
                return;
            }
        }
        let at = self.all.len();
        self.current.insert(connection, (at, open.role));
        self.all.push(Talk::new(connection, open, time));
        self.steps.push(Step { time, talk: at, number: 0, what: What::Connect });
    }

    fn over(&mut self, connection: u32) {
        let Some((at, _)) = self.current.remove(&connection) else { return };
        let talk = &mut self.all[at];
        talk.opening.failed = !talk.opening.open;
    }
}

impl Talk {
    fn new(number: u32, opened: &Open, open: Duration) -> Talk {
        let unix = opened.via.as_ref().and_then(|via| via.strip_prefix("unix "));
        Talk {
            number,
            url: opened.url.clone(),
            unix: unix.map(str::to_owned),
            opening: Opening::default(),
            open,
            end: open,
            violations: Vec::new(),
            went_on: false,
            closing: false,
            pings: Default::default(),
            fragments: Vec::new(),
        }
    }

    /// The steps that end with this frame: mostly one.
    fn frame(&mut self, event: &FrameEvent, role: Role, masked: bool) -> Vec<What> {
        if (event.direction == Direction::Sent) == (role == Role::Client) {
            let answers = event.automatic && role == Role::Client;
            return if answers { self.automatic(&event.frame) } else { self.sent(event, masked) };
        }
        self.received(event, masked)
    }

    fn received(&mut self, event: &FrameEvent, masked: bool) -> Vec<What> {
        let payload = &event.frame.payload;
        let [ours, theirs] = &mut self.pings;
        let what = match event.frame.header.opcode {
            Opcode::PING => {
                theirs.push(payload.clone());
                (!self.closing).then(|| What::HearPing(payload.clone()))
            }
            Opcode::PONG => {
                let asked = ours.iter().position(|ping| ping == payload);
                asked.map(|at| What::HearPong(ours.remove(at)))
            }
            Opcode::CLOSE => {
                self.closing = true;
                None
            }
            // What is still under way when we close may come or not.
            _ if self.closing => None,
            _ => event
                .message
                .as_ref()
                .map(|message| What::Hear(Payload { binary: message.binary, data: message.data.clone(), masked })),
        };
        self.went_on |= !self.violations.is_empty() && matches!(what, Some(What::Hear(_)));
        what.into_iter().collect()
    }

    /// What is sent again without being told.
    fn automatic(&mut self, frame: &Frame) -> Vec<What> {
        self.closing |= frame.header.opcode == Opcode::CLOSE;
        Vec::new()
    }

    fn sent(&mut self, event: &FrameEvent, masked: bool) -> Vec<What> {
        let (frame, message) = (&event.frame, event.message.as_ref());
        let payload = &frame.payload;
        let compressed = message.is_some_and(|message| message.compressed);
        let is_right = is_right(frame, compressed);
        if event.fragment.is_some() && (is_right || frame.header.rsv == 4) {
            self.fragments.push(frame.clone());
            let Some(message) = message else { return Vec::new() };
            let payload = Payload { binary: message.binary, data: message.data.clone(), masked };
            let all = std::mem::take(&mut self.fragments);
            let parts = if compressed { Vec::new() } else { all.iter().map(|frame| frame.payload.clone()).collect() };
            let is_text = |part: &Bytes| message.binary || std::str::from_utf8(part).is_ok();
            let whole = all.len() == message.frames as usize;
            return if whole && parts.iter().all(is_text) {
                vec![What::Fragments(payload, message.frames, parts)]
            } else {
                all.into_iter().map(What::Frame).collect()
            };
        }
        // Something between the fragments of a message: it has to go frame by frame.
        let mut steps: Vec<What> = self.fragments.drain(..).map(What::Frame).collect();
        self.went_on |= !self.violations.is_empty() && !frame.header.opcode.is_control();
        let (ours, theirs) = self.pings.split_at_mut(1);
        match frame.header.opcode {
            Opcode::PING if is_right => {
                ours[0].push(payload.clone());
                steps.push(What::Ping(payload.clone()));
            }
            Opcode::PONG if is_right => match theirs[0].iter().position(|ping| ping == payload) {
                Some(at) => drop(theirs[0].remove(at)),
                None => steps.push(What::Pong(payload.clone())),
            },
            Opcode::CLOSE if is_right && payload.len() != 1 => {
                if !std::mem::replace(&mut self.closing, true) {
                    steps.push(What::Close(payload.clone()));
                }
            }
            _ => match message {
                Some(message) if is_right && event.fragment.is_none() => {
                    steps.push(What::Send(Payload { binary: message.binary, data: message.data.clone(), masked }));
                }
                _ => steps.push(What::Frame(frame.clone())),
            },
        }
        steps
    }
}

impl What {
    /// Whether it is waited for.
    pub(super) const fn is_heard(&self) -> bool {
        matches!(self, What::Hear(_) | What::HearPing(_) | What::HearPong(_) | What::End(_))
    }

    /// Its payload's, in bytes.
    fn size(&self) -> usize {
        match self {
            What::Send(payload) | What::Hear(payload) | What::Fragments(payload, ..) => payload.data.len(),
            What::Frame(frame) => frame.payload.len(),
            _ => 0,
        }
    }
}

/// Whether a client sends such a frame without being asked for anything else.
fn is_right(frame: &Frame, compressed: bool) -> bool {
    let header = &frame.header;
    let known = !header.opcode.is_reserved();
    let control = !header.opcode.is_control() || header.fin && header.length <= 125;
    header.mask.is_some()
        && (header.rsv == 0 || compressed && header.rsv == 4)
        && header.form == LengthForm::minimal(header.length)
        && header.length == frame.payload.len() as u64
        && known
        && control
}
