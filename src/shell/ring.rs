//! Frames in a ring with two bounds, honest about what it let go: the latest of a session that is not recorded, or the latest
//! matches of a search.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::{Event, FrameEvent, Kind, Violation};

/// How much is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) frames: usize,
    /// Bytes of payload.
    pub(super) payload: usize,
}

impl Default for Bounds {
    /// 1,000 frames or 16 MiB, whichever comes first.
    fn default() -> Bounds {
        Bounds { frames: 1000, payload: 16 << 20 }
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

/// Frames in order of their numbers, each with what it broke.
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    frames: VecDeque<Entry>,
    payload: usize,
    newest: u64,
    bounds: Bounds,
}

impl Ring {
    pub(super) fn new(bounds: Bounds) -> Ring {
        Ring { bounds, ..Ring::default() }
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
            _ => {}
        }
    }

    /// The frame with this number, if it is held.
    pub(super) fn frame(&self, number: u64) -> Option<&Entry> {
        self.position(number).ok().map(|index| &self.frames[index])
    }

    /// All frames held, oldest first.
    pub(super) fn frames(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.frames.iter()
    }

    /// The number of the latest frame, held or not; 0 if there was none.
    pub(super) const fn newest(&self) -> u64 {
        self.newest
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
    use crate::protocol::Rule;
    use crate::shell::samples::received;

    fn numbers(ring: &Ring) -> Vec<u64> {
        ring.frames().map(|entry| entry.frame.number).collect()
    }

    #[test]
    fn the_number_of_frames_is_bounded() {
        let mut ring = Ring::new(Bounds { frames: 3, payload: 1000 });
        assert_eq!(ring.newest(), 0);
        for number in 1..=5 {
            ring.push(&received(number, "x"));
        }
        assert_eq!((numbers(&ring), ring.newest()), (vec![3, 4, 5], 5));
        assert!(ring.frame(4).is_some_and(|entry| entry.frame.number == 4));
        assert!(ring.frame(2).is_none() && ring.frame(6).is_none());
    }

    #[test]
    fn so_are_the_payload_bytes() {
        let mut ring = Ring::new(Bounds { frames: 100, payload: 10 });
        for number in 1..=3 {
            ring.push(&received(number, "12345"));
        }
        assert_eq!(numbers(&ring), [2, 3]);
        ring.push(&received(4, "more than the ten bytes"));
        assert_eq!((numbers(&ring), ring.newest()), (vec![], 4));
        ring.push(&received(5, "again"));
        assert_eq!(numbers(&ring), [5]);
    }

    #[test]
    fn a_frame_keeps_what_it_broke() {
        let mut ring = Ring::default();
        for number in [1, 2, 3] {
            ring.push(&received(number, "x"));
        }
        for number in [2, 7] {
            let violation =
                Violation { rule: Rule::InvalidUtf8, detail: "byte 0xff".into(), bytes: Bytes::new(), offset: 2 };
            let kind = Kind::Violation { frame: Some(number), violation: Box::new(violation) };
            ring.push(&Event { time: Duration::ZERO, connection: 1, kind });
        }
        let entry = ring.frame(2).expect("held");
        assert_eq!((entry.violations().count(), entry.events().count()), (1, 2));
        assert_eq!(ring.frames().flat_map(Entry::violations).count(), 1);
    }
}
