//! Messages and bytes over time in fixed room: time slots that become twice as wide when the timeline outgrows them.

use std::time::Duration;

use crate::event::Direction;

/// The most slots: as many as a terminal has columns for.
pub const SLOTS: usize = 64;

/// The first width of a slot.
const NARROWEST: Duration = Duration::from_millis(1);

/// What there was in a time slot: sent, received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    pub messages: [u64; 2],
    /// Payloads of data and control frames as on the wire, in bytes.
    pub bytes: [u64; 2],
}

/// Slots of equal width, the first of which begins at the first thing counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    slots: [Slot; SLOTS],
    used: usize,
    start: Option<Duration>,
    width: Duration,
}

impl Default for Series {
    fn default() -> Series {
        Series { slots: [Slot::default(); SLOTS], used: 0, start: None, width: NARROWEST }
    }
}

impl Series {
    /// Counts a frame at a time; `message`: it completes one.
    pub fn add(&mut self, time: Duration, direction: Direction, message: bool, bytes: u64) {
        let since = time.saturating_sub(*self.start.get_or_insert(time)).as_micros() as u64;
        let mut index = since / self.width.as_micros() as u64;
        while index >= SLOTS as u64 {
            self.widen();
            index = since / self.width.as_micros() as u64;
        }
        let index = index as usize;
        self.used = self.used.max(index + 1);
        let slot = &mut self.slots[index];
        slot.messages[direction as usize] += u64::from(message);
        slot.bytes[direction as usize] += bytes;
    }

    /// The slots to the last that has anything.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots[..self.used]
    }

    /// When the first slot begins.
    #[must_use]
    pub fn start(&self) -> Duration {
        self.start.unwrap_or_default()
    }

    /// How long each slot is.
    #[must_use]
    pub const fn width(&self) -> Duration {
        self.width
    }

    fn widen(&mut self) {
        for index in 0..SLOTS {
            let pair = self.slots.get(2 * index..2 * index + 2).unwrap_or_default();
            let mut both = Slot::default();
            for slot in pair {
                for way in [0, 1] {
                    both.messages[way] += slot.messages[way];
                    both.bytes[way] += slot.bytes[way];
                }
            }
            self.slots[index] = both;
        }
        self.used = self.used.div_ceil(2);
        self.width *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn slots_are_those_of_a_list(mut times in proptest::collection::vec(0u64..100_000_000, 1..100)) {
            times.sort_unstable();
            let mut series = Series::default();
            for micros in &times {
                series.add(Duration::from_micros(*micros), Direction::Received, true, *micros);
            }
            prop_assert_eq!(series.start(), Duration::from_micros(times[0]));
            let width = series.width().as_micros() as u64;
            let span = times[times.len() - 1] - times[0];
            prop_assert!(width == 1000 || span >= width / 2 * SLOTS as u64);
            prop_assert_eq!(series.slots().len() as u64, span / width + 1);
            for (slot, index) in series.slots().iter().zip(0..) {
                let in_slot = |micros: &&u64| (**micros - times[0]) / width == index;
                let (messages, bytes) = (times.iter().filter(in_slot).count() as u64, times.iter().filter(in_slot).sum());
                prop_assert_eq!(*slot, Slot { messages: [0, messages], bytes: [0, bytes] });
            }
        }
    }
}
