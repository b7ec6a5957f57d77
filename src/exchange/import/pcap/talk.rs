//! A connection after its opening handshake, overheard: frames both ways, as the client would have recorded them.
//!
//! Each direction is decoded by a [`Connection`] that plays its receiver and never says anything. A broken rule is told
//! whoever broke it, and decoding goes on as far as bytes still make sense, since the peers did so too.

use std::ops::Range;

use bytes::Bytes;

use super::micros;
use super::out::Out;
use crate::event::{Direction, Fragment, FrameEvent, Kind};
use crate::protocol::{
    Closed, Config, Connection, DeflateParams, Fact, FrameFact, OnViolation, Opcode, Role, Side, close,
};
use crate::session::Latency;

/// How it ended for TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Both ends are done, this one was first.
    Closed(Role),
    Reset(Role),
    /// The capture ends before.
    Open,
}

/// An open connection.
pub(super) struct Talk {
    number: u32,
    client: Speaker,
    server: Speaker,
    latency: Latency,
    /// Who sent the first close frame, with which code and reason.
    first_close: Option<(Side, Option<u16>, Bytes)>,
}

/// What one end says.
struct Speaker {
    connection: Connection,
    /// The number of the first frame of the message that is being sent.
    first_frame: u64,
    closed: bool,
    /// It sent what can't be decoded, or something of it is missing: what follows is only counted.
    lost: Option<u64>,
}

impl Talk {
    pub(super) fn new(number: u32, deflate: Option<DeflateParams>) -> Talk {
        let speaker = |receiver| Speaker {
            connection: Connection::new(
                Config { deflate, on_violation: OnViolation::Continue, auto_answer: false, ..Config::new(receiver) },
                Box::new(|| [0; 4]),
            ),
            first_frame: 0,
            closed: false,
            lost: None,
        };
        let (client, server) = (speaker(Role::Server), speaker(Role::Client));
        Talk { number, client, server, latency: Latency::default(), first_close: None }
    }

    /// Bytes that an end sent.
    pub(super) fn receive(&mut self, from: Role, bytes: &[u8], out: &mut Out) {
        let speaker = self.speaker(from);
        match &mut speaker.lost {
            Some(count) => *count += bytes.len() as u64,
            None => speaker.connection.receive(bytes),
        }
        while let Some(fact) = self.speaker(from).connection.next_fact() {
            self.tell(from, fact, out);
        }
    }

    /// Bytes that an end sent are not there: nothing of what it sent after them can be told apart.
    pub(super) fn missing(&mut self, from: Role, places: &Range<u64>, out: &mut Out) {
        if self.speaker(from).lost.is_some() {
            return;
        }
        self.cut(from, out);
        self.speaker(from).lost = Some(0);
        let text = missing(from, places);
        out.tell(self.number, Kind::Note(format!("{text}; what it sent after them is not decoded")));
    }

    /// The stream is over.
    pub(super) fn end(mut self, end: End, out: &mut Out) {
        let details = [Role::Client, Role::Server].map(|from| self.cut(from, out));
        for from in [Role::Client, Role::Server] {
            if let Some(count) = self.speaker(from).lost.filter(|count| *count > 0) {
                out.tell(
                    self.number,
                    Kind::Note(format!("{count} bytes that the {} sent are not decoded", name(from))),
                );
            }
        }
        let (by, why) = match end {
            End::Open => {
                out.tell(self.number, Kind::Note("the capture ends before the connection does".into()));
                return;
            }
            End::Closed(by) => (by, format!("the {} ended the connection without a closing handshake", name(by))),
            End::Reset(by) => (by, format!("connection reset by the {}", name(by))),
        };
        let clean = self.client.closed && self.server.closed;
        let (by, code, reason) = self.first_close.unwrap_or((side(by), None, Bytes::new()));
        let lost = self.client.lost.or(self.server.lost).map(|_| "not all of it was decoded".to_owned());
        let detail = (!clean).then(|| details.into_iter().flatten().next().or(lost).unwrap_or(why));
        out.tell(self.number, Kind::Close(Box::new(Closed { by, code, reason, clean, detail })));
    }

    fn speaker(&mut self, role: Role) -> &mut Speaker {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    /// Tells what there is of an unfinished frame; gives what is to be said of it.
    fn cut(&mut self, from: Role, out: &mut Out) -> Option<String> {
        if self.speaker(from).lost.is_some() {
            return None;
        }
        let connection = &mut self.speaker(from).connection;
        let mut detail = None;
        connection.end(Side::Peer, None);
        while let Some(fact) = self.speaker(from).connection.next_fact() {
            match fact {
                Fact::Closed(closed) => detail = closed.detail.filter(|detail| detail.starts_with("end of stream")),
                fact => self.tell(from, fact, out),
            }
        }
        detail
    }

    fn tell(&mut self, from: Role, fact: Fact, out: &mut Out) {
        match fact {
            // What a receiver would have answered; this one says nothing.
            Fact::Frame(FrameFact { direction: Direction::Sent, .. }) | Fact::Closed(_) => {}
            Fact::Frame(fact) => self.frame(from, fact, out),
            Fact::Violation(violation) => {
                let frame = Some(out.frames()).filter(|frame| *frame > 0);
                out.tell(self.number, Kind::Violation { frame, violation: Box::new(violation) });
            }
            Fact::Undecoded(bytes) if from == Role::Server => out.tell(self.number, Kind::Undecoded(bytes)),
            Fact::Undecoded(bytes) => *self.speaker(from).lost.get_or_insert(0) += bytes.len() as u64,
        }
    }

    fn frame(&mut self, from: Role, fact: FrameFact, out: &mut Out) {
        let FrameFact { frame, fragment, message, .. } = fact;
        let direction = if from == Role::Client { Direction::Sent } else { Direction::Received };
        let number = out.number();
        let speaker = self.speaker(from);
        let fragment = fragment.map(|index| {
            if index == 1 {
                speaker.first_frame = number;
            }
            Fragment { message: speaker.first_frame, index }
        });
        if frame.header.opcode == Opcode::CLOSE {
            speaker.closed = true;
            let (code, reason) = close::parse(&frame.payload);
            self.first_close.get_or_insert((side(from), code, reason));
        }
        let after = self.latency.after(micros(out.now), direction, &frame, message.is_some());
        out.tell(
            self.number,
            Kind::Frame(FrameEvent { number, direction, frame, fragment, message, automatic: false, after }),
        );
    }
}

/// Says what of a stream is missing, and where: as Wireshark counts it, the first byte is 1.
pub(super) fn missing(from: Role, places: &Range<u64>) -> String {
    let Range { start, end } = places;
    let (count, first) = (end - start, start + 1);
    format!(
        "{count} bytes that the {} sent (relative sequence numbers {first} to {end}) are not in the capture",
        name(from)
    )
}

/// The client is us.
const fn side(role: Role) -> Side {
    match role {
        Role::Client => Side::Us,
        Role::Server => Side::Peer,
    }
}

const fn name(role: Role) -> &'static str {
    match role {
        Role::Client => "client",
        Role::Server => "server",
    }
}
