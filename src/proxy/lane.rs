//! What is on its way to one end: the frames of a message that is not whole yet, and what waits for its time.

use std::collections::VecDeque;
use std::time::Duration;

use super::tamper::Crossing;
use crate::event::FrameEvent;

/// What may wait at most before its source is read no further, in bytes.
pub(super) const BACKLOG: usize = 1 << 20;

/// What an entry costs besides its data, in bytes: empty messages take memory too.
pub(super) const ENTRY: usize = 256;

/// What goes on.
pub(super) enum Item {
    Message(Crossing),
    /// A close frame, as it came.
    Close(FrameEvent),
    /// A close frame of ours.
    End {
        code: u16,
        reason: String,
    },
}

impl Item {
    fn size(&self) -> usize {
        ENTRY + if let Item::Message(crossing) = self { crossing.data.len() } else { 0 }
    }
}

/// One way through the middle.
#[derive(Default)]
pub(super) struct Lane {
    /// Of the message that is arriving.
    pub(super) frames: Vec<FrameEvent>,
    /// In order, with the time of each.
    waiting: VecDeque<(Duration, Item)>,
    size: usize,
    /// The time of the last.
    latest: Duration,
    /// Its messages are compressed anew: the ends of the two legs do not have the same window.
    pub(super) recodes: bool,
    /// A close frame is on its way, or has gone.
    pub(super) closed: bool,
}

impl Lane {
    pub(super) fn new(recodes: bool) -> Lane {
        Lane { recodes, ..Lane::default() }
    }

    /// Puts something behind what is there, to go on at `time` or with what is before it.
    pub(super) fn push(&mut self, time: Duration, item: Item) {
        self.latest = self.latest.max(time);
        self.closed |= !matches!(item, Item::Message(_));
        self.size += item.size();
        self.waiting.push_back((self.latest, item));
    }

    /// When the next is to go on.
    pub(super) fn next(&self) -> Option<Duration> {
        self.waiting.front().map(|(time, _)| *time)
    }

    /// The next, if its time has come.
    pub(super) fn pop(&mut self, now: Duration) -> Option<Item> {
        self.next().filter(|time| *time <= now)?;
        let (_, item) = self.waiting.pop_front()?;
        self.size -= item.size();
        Some(item)
    }

    /// Whether its source should be read no further.
    pub(super) const fn is_full(&self) -> bool {
        self.size > BACKLOG
    }
}
