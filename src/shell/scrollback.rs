//! The events of the recent past, for /show, /last and /find: a ring with two bounds, honest about what it let go.

use std::collections::{BTreeMap, VecDeque};

use regex::bytes::Regex;

use crate::event::{Event, FrameEvent, Kind};

/// How much is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) frames: usize,
    /// Bytes of payload.
    pub(super) payload: usize,
}

impl Default for Bounds {
    /// 10,000 frames or 64 MiB, whichever comes first.
    fn default() -> Bounds {
        Bounds { frames: 10_000, payload: 64 << 20 }
    }
}

/// What became of a frame that was asked for.
#[derive(Debug)]
pub(super) enum Held<'a> {
    Frame(&'a Event),
    /// No longer held; the oldest that is has this number.
    Gone {
        oldest: Option<u64>,
    },
    /// There was none with this number; the newest has this one.
    NotYet {
        newest: u64,
    },
}

/// Frames in order of their numbers, and the opening of each connection (which is never let go: it is small).
#[derive(Debug, Default)]
pub(super) struct Scrollback {
    frames: VecDeque<Event>,
    payload: usize,
    newest: u64,
    bounds: Bounds,
    openings: BTreeMap<u32, Vec<Event>>,
}

impl Scrollback {
    #[cfg(test)]
    pub(super) fn new(bounds: Bounds) -> Scrollback {
        Scrollback { bounds, ..Scrollback::default() }
    }

    /// Takes an event in, and lets the oldest go.
    pub(super) fn push(&mut self, event: &Event) {
        match &event.kind {
            Kind::Frame(frame) => {
                self.newest = frame.number;
                self.payload += weight(frame);
                self.frames.push_back(event.clone());
                while self.frames.len() > self.bounds.frames.max(1) || self.payload > self.bounds.payload {
                    let Some(Event { kind: Kind::Frame(gone), .. }) = self.frames.pop_front() else { break };
                    self.payload -= weight(&gone);
                }
            }
            Kind::Open(_) | Kind::Request(_) | Kind::Response(_) | Kind::Fault(_) | Kind::Ready(_) => {
                let opening = self.openings.entry(event.connection).or_default();
                if matches!(&event.kind, Kind::Open(_))
                    && opening.iter().any(|event| matches!(event.kind, Kind::Ready(_)))
                {
                    opening.clear();
                }
                opening.push(event.clone());
            }
            _ => {}
        }
    }

    /// The frame with this number.
    #[must_use]
    pub(super) fn frame(&self, wanted: u64) -> Held<'_> {
        if wanted > self.newest {
            return Held::NotYet { newest: self.newest };
        }
        match self.frames.binary_search_by_key(&wanted, number) {
            Ok(index) => Held::Frame(&self.frames[index]),
            Err(_) => Held::Gone { oldest: self.frames.front().map(number) },
        }
    }

    /// The last `count` frames, oldest first.
    pub(super) fn last(&self, count: usize) -> impl DoubleEndedIterator<Item = &Event> {
        self.frames.range(self.frames.len().saturating_sub(count)..)
    }

    /// The frames whose message (or payload, while it completes none) matches, oldest first.
    pub(super) fn find(&self, pattern: &Regex) -> impl DoubleEndedIterator<Item = &Event> {
        self.frames.iter().filter(|event| matches!(&event.kind, Kind::Frame(frame) if pattern.is_match(content(frame))))
    }

    /// How many frames are held, and how many there were.
    #[must_use]
    pub(super) fn extent(&self) -> (usize, u64) {
        (self.frames.len(), self.newest)
    }

    /// The latest opening of this connection: open, request, response, faults, ready; again for each redirect.
    #[must_use]
    pub(super) fn opening(&self, connection: u32) -> &[Event] {
        self.openings.get(&connection).map_or(&[], Vec::as_slice)
    }
}

/// What a person means by a frame's content: the message, inflated, where there is one.
pub(super) fn content(frame: &FrameEvent) -> &[u8] {
    frame.message.as_ref().map_or(&frame.frame.payload, |message| &message.data)
}

fn number(event: &Event) -> u64 {
    if let Kind::Frame(frame) = &event.kind { frame.number } else { 0 }
}

/// Bytes that holding this frame costs; a message that shares its frame's bytes costs nothing more.
fn weight(frame: &FrameEvent) -> usize {
    let payload = &frame.frame.payload;
    let message = frame
        .message
        .as_ref()
        .map_or(0, |message| if message.data.as_ptr() == payload.as_ptr() { 0 } else { message.data.len() });
    payload.len() + message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::samples::received;

    fn numbers<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<u64> {
        events.map(number).collect()
    }

    #[test]
    fn the_number_of_frames_is_bounded_and_what_is_gone_is_said() {
        let mut scrollback = Scrollback::new(Bounds { frames: 3, payload: 1000 });
        assert!(matches!(scrollback.frame(1), Held::NotYet { newest: 0 }));
        for number in 1..=5 {
            scrollback.push(&received(number, "x"));
        }
        assert_eq!(numbers(scrollback.last(10)), [3, 4, 5]);
        assert_eq!(numbers(scrollback.last(2)), [4, 5]);
        assert!(matches!(scrollback.frame(4), Held::Frame(event) if number(event) == 4));
        assert!(matches!(scrollback.frame(2), Held::Gone { oldest: Some(3) }));
        assert!(matches!(scrollback.frame(6), Held::NotYet { newest: 5 }));
        assert_eq!(scrollback.extent(), (3, 5));
    }

    #[test]
    fn so_are_the_payload_bytes() {
        let mut scrollback = Scrollback::new(Bounds { frames: 100, payload: 10 });
        for number in 1..=3 {
            scrollback.push(&received(number, "12345"));
        }
        assert_eq!(numbers(scrollback.last(10)), [2, 3]);
        scrollback.push(&received(4, "more than the ten bytes"));
        assert!(numbers(scrollback.last(10)).is_empty());
        assert!(matches!(scrollback.frame(4), Held::Gone { oldest: None }));
        scrollback.push(&received(5, "again"));
        assert_eq!(numbers(scrollback.last(10)), [5]);
    }

    #[test]
    fn finding_looks_into_messages() {
        let mut scrollback = Scrollback::default();
        for (number, text) in [(1, "alpha"), (2, "beta"), (3, "alphabet")] {
            scrollback.push(&received(number, text));
        }
        assert_eq!(numbers(scrollback.find(&Regex::new("^alpha").expect("valid"))), [1, 3]);
    }
}
