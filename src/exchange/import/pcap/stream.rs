//! A TCP stream of a capture: its segments put in order, and what they turn out to be.

use super::link::Segment;
use super::out::Out;
use super::reassembly::{Half, Next};
use super::search::{Ends, Found, Search};
use super::talk::{End, Talk};
use crate::event::Role;

/// A stream, from the first of its packets on.
pub(super) struct Stream {
    ends: Ends,
    halves: [Half; 2],
    state: State,
    /// The end that ended it first.
    ended: Option<usize>,
    /// Whether it is the rest of one that is over.
    is_rest: bool,
}

enum State {
    Search(Search),
    Talk {
        client: usize,
        talk: Box<Talk>,
    },
    /// TLS.
    Stepped,
}

impl Stream {
    /// The stream that this segment is of; `is_rest`: one between the same ends was over before.
    pub(super) fn new(segment: &Segment<'_>, is_rest: bool) -> Stream {
        let ends = Ends { addresses: [segment.from, segment.to], syn: None, opened: None };
        Stream { ends, halves: <[Half; 2]>::default(), state: State::Search(Search::default()), ended: None, is_rest }
    }

    /// Whether there is a WebSocket connection in it, asked for at least.
    pub(super) const fn is_wanted(&self) -> bool {
        match &self.state {
            State::Search(search) => search.has_asked(),
            State::Talk { .. } => true,
            State::Stepped => false,
        }
    }

    /// Whether this segment begins another stream between the same ends.
    pub(super) fn is_over_with(&self, segment: &Segment<'_>) -> bool {
        segment.syn && !segment.ack && !self.halves[self.sender(segment)].began_with(segment.sequence)
    }

    /// Takes a segment; whether the stream is over.
    pub(super) fn segment(&mut self, segment: &Segment<'_>, out: &mut Out) -> bool {
        let from = self.sender(segment);
        let mut sequence = segment.sequence;
        if segment.syn {
            if !self.halves[from].began_with(sequence) {
                self.halves[from].begin(sequence);
            }
            sequence = sequence.wrapping_add(1);
            if !segment.ack {
                self.ends.syn.get_or_insert(out.now);
            }
        } else if self.ends.syn.is_some() {
            self.ends.opened.get_or_insert(out.now);
        }
        let fresh = self.halves[from].take(sequence, segment.payload, segment.fin);
        if !fresh.is_empty() {
            self.receive(from, fresh, out);
        }
        self.drain(from, false, out);
        if segment.ack {
            let other = 1 - from;
            self.halves[other].acknowledge(segment.acknowledged);
            self.drain(other, false, out);
        }
        segment.rst || self.halves.iter().all(Half::is_over)
    }

    /// The stream is over: what is left of it is told. `reset`: by the sender of this segment.
    pub(super) fn end(mut self, reset: Option<&Segment<'_>>, out: &mut Out) {
        let reset = reset.map(|segment| self.sender(segment));
        for from in [0, 1] {
            self.drain(from, true, out);
        }
        let end = |role: &dyn Fn(usize) -> Role| match (reset, self.ended) {
            (Some(by), _) => End::Reset(role(by)),
            (None, Some(by)) => End::Closed(role(by)),
            (None, None) => End::Open,
        };
        match self.state {
            State::Search(search) => {
                let has_beginning = self.ends.syn.is_some() && !search.is_headless();
                if !has_beginning && !self.is_rest && !search.is_http() {
                    let [from, to] = self.ends.addresses;
                    out.midway.add(from, to);
                }
                search.end(end(&|_| Role::Client), out);
            }
            State::Talk { client, talk } => talk.end(end(&|by| role(by, client)), out),
            State::Stepped => {}
        }
    }

    fn sender(&self, segment: &Segment<'_>) -> usize {
        usize::from(segment.from != self.ends.addresses[0])
    }

    /// Hands on what has come to be in order.
    fn drain(&mut self, from: usize, over: bool, out: &mut Out) {
        loop {
            match self.halves[from].next(over) {
                Next::Bytes(bytes) => self.receive(from, &bytes, out),
                Next::Missing(places) => {
                    self.halves[from].skip(&places);
                    match &mut self.state {
                        State::Search(search) => search.missing(from, &places, out),
                        State::Talk { client, talk } => talk.missing(role(from, *client), &places, out),
                        State::Stepped => {}
                    }
                }
                Next::End => {
                    self.ended.get_or_insert(from);
                    return;
                }
                Next::Nothing => return,
            }
        }
    }

    fn receive(&mut self, from: usize, bytes: &[u8], out: &mut Out) {
        match &mut self.state {
            State::Search(search) => match search.receive(from, bytes, &self.ends, out) {
                Found::Nothing => {}
                Found::Tls => self.state = State::Stepped,
                Found::Talk(client, mut talk, said) => {
                    for (role, bytes) in said {
                        talk.receive(role, &bytes, out);
                    }
                    self.state = State::Talk { client, talk };
                }
            },
            State::Talk { client, talk } => talk.receive(role(from, *client), bytes, out),
            State::Stepped => {}
        }
    }
}

fn role(end: usize, client: usize) -> Role {
    if end == client { Role::Client } else { Role::Server }
}
