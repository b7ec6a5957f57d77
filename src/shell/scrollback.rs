//! The events of the recent past, for /show, /last and /find: a ring with two bounds, honest about what it let go.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use regex::bytes::Regex;

use crate::event::{Event, FrameEvent, Kind, Violation};

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

/// A frame that is held.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    time: Duration,
    connection: u32,
    pub(super) frame: FrameEvent,
    /// What it broke, as it was told.
    violations: Vec<(Duration, Violation)>,
}

impl Entry {
    /// Since the timeline began.
    pub(super) fn time(&self) -> Duration {
        self.time
    }

    /// The rules it broke.
    pub(super) fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter().map(|(_, violation)| violation)
    }

    /// The events again: the frame, and what it broke.
    pub(super) fn events(&self) -> impl Iterator<Item = Event> {
        let event = |time: Duration, kind: Kind| Event { time, connection: self.connection, kind };
        let frame = event(self.time, Kind::Frame(self.frame.clone()));
        let number = Some(self.frame.number);
        std::iter::once(frame).chain(self.violations.iter().map(move |(time, violation)| {
            event(*time, Kind::Violation { frame: number, violation: Box::new(violation.clone()) })
        }))
    }
}

/// What became of a frame that was asked for.
#[derive(Debug)]
pub(super) enum Held<'a> {
    Frame(&'a Entry),
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
    frames: VecDeque<Entry>,
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
                let (time, connection) = (event.time, event.connection);
                self.frames.push_back(Entry { time, connection, frame: frame.clone(), violations: Vec::new() });
                while self.frames.len() > self.bounds.frames.max(1) || self.payload > self.bounds.payload {
                    let Some(gone) = self.frames.pop_front() else { break };
                    self.payload -= weight(&gone.frame);
                }
            }
            Kind::Violation { frame: Some(number), violation } => {
                if let Ok(index) = self.position(*number) {
                    self.frames[index].violations.push((event.time, (**violation).clone()));
                }
            }
            Kind::Open(_)
            | Kind::Request(_)
            | Kind::Response(_)
            | Kind::Fault(_)
            | Kind::Ready(_)
            | Kind::Error { .. } => {
                let opening = self.openings.entry(event.connection).or_default();
                // Of all attempts in a row the last alone is held.
                let again = opening.iter().any(|event| matches!(event.kind, Kind::Ready(_) | Kind::Error { .. }));
                if again && matches!(event.kind, Kind::Open(_) | Kind::Error { .. }) {
                    opening.clear();
                }
                opening.push(event.clone());
            }
            _ => {}
        }
    }

    /// The frame with this number.
    pub(super) fn frame(&self, wanted: u64) -> Held<'_> {
        if wanted > self.newest {
            return Held::NotYet { newest: self.newest };
        }
        match self.position(wanted) {
            Ok(index) => Held::Frame(&self.frames[index]),
            Err(_) => Held::Gone { oldest: self.frames.front().map(|entry| entry.frame.number) },
        }
    }

    /// All frames held of the message that this frame is a fragment of, in order; none if it is not fragmented.
    pub(super) fn fragments(&self, of: &FrameEvent) -> impl Iterator<Item = &FrameEvent> {
        let message = of.fragment.map(|fragment| fragment.message);
        let from = message.map_or(self.frames.len(), |first| self.position(first).unwrap_or_else(|at| at));
        let same = move |frame: &&FrameEvent| frame.fragment.is_some_and(|fragment| Some(fragment.message) == message);
        self.frames.range(from..).map(|entry| &entry.frame).filter(same)
    }

    /// The last `count` frames, oldest first.
    pub(super) fn last(&self, count: usize) -> impl DoubleEndedIterator<Item = &Entry> {
        self.frames.range(self.frames.len().saturating_sub(count)..)
    }

    /// The frames whose message (or payload, while it completes none) matches, oldest first.
    pub(super) fn find(&self, pattern: &Regex) -> impl DoubleEndedIterator<Item = &Entry> {
        self.frames.iter().filter(|entry| pattern.is_match(content(&entry.frame)))
    }

    /// How many frames are held, and how many there were.
    pub(super) fn extent(&self) -> (usize, u64) {
        (self.frames.len(), self.newest)
    }

    /// The latest opening of this connection: open, request, response, faults, ready; again for each redirect.
    pub(super) fn opening(&self, connection: u32) -> &[Event] {
        self.openings.get(&connection).map_or(&[], Vec::as_slice)
    }

    fn position(&self, number: u64) -> Result<usize, usize> {
        self.frames.binary_search_by_key(&number, |entry| entry.frame.number)
    }
}

/// What a person means by a frame's content: the message, inflated, where there is one.
pub(super) fn content(frame: &FrameEvent) -> &[u8] {
    frame.message.as_ref().map_or(&frame.frame.payload, |message| &message.data)
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
    use bytes::Bytes;

    use super::*;
    use crate::event::Fragment;
    use crate::event::samples::{at, open};
    use crate::protocol::Rule;
    use crate::shell::samples::received;

    fn numbers<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<u64> {
        entries.map(|entry| entry.frame.number).collect()
    }

    #[test]
    fn attempts_without_end_leave_the_last_one_alone() {
        let mut scrollback = Scrollback::default();
        for _ in 0..100 {
            scrollback.push(&at(1, Kind::Open(Box::new(open()))));
            scrollback.push(&at(2, Kind::Error { text: "refused".into(), hint: None }));
            scrollback.push(&at(3, Kind::Error { text: "no such host".into(), hint: None }));
        }
        assert_eq!(scrollback.openings[&1].len(), 1);
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
        assert!(matches!(scrollback.frame(4), Held::Frame(entry) if entry.frame.number == 4));
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

    #[test]
    fn a_frame_keeps_what_it_broke_and_knows_its_message() {
        let mut scrollback = Scrollback::default();
        for number in 1..=4 {
            let mut event = received(number, "x");
            if let (Kind::Frame(frame), true) = (&mut event.kind, number != 3) {
                frame.fragment = Some(Fragment { message: 1, index: number as u32 });
            }
            scrollback.push(&event);
        }
        let violation =
            Violation { rule: Rule::InvalidUtf8, detail: "byte 0xff".into(), bytes: Bytes::new(), offset: 2 };
        let kind = Kind::Violation { frame: Some(2), violation: Box::new(violation) };
        scrollback.push(&Event { time: Duration::ZERO, connection: 1, kind });
        let Held::Frame(entry) = scrollback.frame(2) else { panic!("held") };
        assert_eq!(entry.violations().count(), 1);
        assert_eq!(entry.events().count(), 2);
        let fragments: Vec<u64> = scrollback.fragments(&entry.frame).map(|frame| frame.number).collect();
        assert_eq!(fragments, [1, 2, 4]);
        let Held::Frame(entry) = scrollback.frame(3) else { panic!("held") };
        assert_eq!(scrollback.fragments(&entry.frame).count(), 0);
    }
}
