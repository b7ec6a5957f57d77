//! Messages dropped, changed, said twice and late, and connections that end too early: what a network or a server may do,
//! done on purpose, and the same again with the same seed.

use std::time::Duration;

use bytes::Bytes;

use super::random::{Random, below};
use super::tamper::{Crossing, End, Outcome, Peer, Tamper};

/// How much of all, in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share(pub u32);

impl Share {
    /// Whether this one is among them.
    fn holds(self, random: u64) -> bool {
        below(random, 1_000_000) < u64::from(self.0)
    }
}

/// The shortest and the longest delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay {
    pub least: Duration,
    pub most: Duration,
}

/// Which faults, of data messages alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// Messages that do not go on.
    pub drop: Share,
    /// Messages with a byte changed; in a text a character, so that it stays one.
    pub corrupt: Share,
    /// Messages that go on twice.
    pub duplicate: Share,
    /// How late all of them are.
    pub delay: Delay,
    /// How many go one way until both legs are closed.
    pub close_after: Option<u64>,
}

/// The faults of one client's messages.
pub struct Faults {
    plan: FaultPlan,
    ways: [Way; 2],
}

struct Way {
    random: Random,
    messages: u64,
}

impl Faults {
    /// Those of the client with this number, from 1. For each way there is a sequence of its own, of which every message takes
    /// as many numbers, so what happens to the tenth depends on nothing but the seed and on it.
    #[must_use]
    pub fn new(plan: FaultPlan, seed: u64, client: u64) -> Faults {
        let way = |peer: Peer| Way { random: Random::new(seed, client * 2 + peer as u64), messages: 0 };
        Faults { plan, ways: Peer::ALL.map(way) }
    }
}

impl Tamper for Faults {
    fn message(&mut self, mut crossing: Crossing) -> Outcome {
        let FaultPlan { drop, corrupt, duplicate, delay, close_after } = self.plan;
        let way = &mut self.ways[crossing.to as usize];
        way.messages += 1;
        let [dropped, corrupted, place, value, twice, late] = [(); 6].map(|()| way.random.next());
        let mut outcome = Outcome::default();
        let mut note =
            |done: &str, crossing: &Crossing| outcome.notes.push(format!("fault: {done} {}", crossing.describe()));
        if close_after == Some(way.messages) {
            outcome.end = Some(End { code: super::GOING_AWAY, reason: "close-after of the proxy".into() });
        }
        if drop.holds(dropped) {
            note("dropped", &crossing);
        } else {
            if corrupt.holds(corrupted)
                && let Some((at, data)) = corrupt_one(&crossing, place, value)
            {
                note(&format!("changed byte {at} of"), &crossing);
                crossing.replace(crossing.binary, data);
            }
            let span = delay.most.saturating_sub(delay.least).as_micros() as u64;
            let by = delay.least + Duration::from_micros(below(late, span.saturating_add(1)));
            if !by.is_zero() {
                note(&format!("held back for {by:?}"), &crossing);
                crossing.delay += by;
            }
            if duplicate.holds(twice) {
                note("said twice", &crossing);
                outcome.crossings.push(crossing.clone());
            }
            outcome.crossings.push(crossing);
        }
        if outcome.end.is_some() {
            outcome.notes.push(format!("fault: closed both legs after {} messages one way", way.messages));
        }
        outcome
    }
}

/// The message with one byte changed, or one character of a text; `None` if it has none. `place` and `value` are random.
fn corrupt_one(crossing: &Crossing, place: u64, value: u64) -> Option<(usize, Bytes)> {
    let data = &crossing.data;
    let mut changed = data.to_vec();
    match std::str::from_utf8(data).ok().filter(|_| !crossing.binary) {
        None => {
            let at = below(place, data.len() as u64) as usize;
            *changed.get_mut(at)? ^= 1 + below(value, 255) as u8;
            Some((at, changed.into()))
        }
        Some(text) => {
            let count = text.chars().count() as u64;
            let (at, old) = text.char_indices().nth(below(place, count) as usize)?;
            // One of the 25 other letters where it is one, one of the first 25 else.
            let letter = b'a' + below(value, 25) as u8;
            let letter = if char::from(letter) >= old && old.is_ascii_lowercase() { letter + 1 } else { letter };
            changed.splice(at..at + old.len_utf8(), [letter]);
            Some((at, changed.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Share = Share(1_000_000);

    fn crossing(to: Peer, data: &'static str) -> Crossing {
        Crossing::new(to, false, Bytes::from_static(data.as_bytes()))
    }

    /// What becomes of so many messages: how often each goes on.
    fn fates(plan: FaultPlan, seed: u64, client: u64, to: Peer) -> Vec<usize> {
        let mut faults = Faults::new(plan, seed, client);
        (0..40).map(|_| faults.message(crossing(to, "x")).crossings.len()).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_faults_and_each_client_and_way_has_its_own() {
        let plan = FaultPlan { drop: Share(300_000), duplicate: Share(300_000), ..FaultPlan::default() };
        let first = fates(plan, 7, 1, Peer::Server);
        assert_eq!(first, fates(plan, 7, 1, Peer::Server));
        for other in [fates(plan, 8, 1, Peer::Server), fates(plan, 7, 2, Peer::Server), fates(plan, 7, 1, Peer::Client)]
        {
            assert_ne!(first, other);
        }
        // What else may happen changes nothing about what is dropped.
        let more = FaultPlan { duplicate: Share::default(), corrupt: EVERY, ..plan };
        let dropped = |fates: Vec<usize>| fates.iter().map(|count| *count == 0).collect::<Vec<_>>();
        assert_eq!(dropped(first), dropped(fates(more, 7, 1, Peer::Server)));
    }

    #[test]
    fn each_fault_is_what_it_is_called_and_told() {
        let none = FaultPlan::default();
        let one = |plan| Faults::new(plan, 1, 1).message(crossing(Peer::Client, "abc"));
        let outcome = one(FaultPlan { drop: EVERY, ..none });
        assert!(outcome.crossings.is_empty());
        assert_eq!(outcome.notes, ["fault: dropped the text of 3 bytes to the client"]);
        let outcome = one(FaultPlan { duplicate: EVERY, ..none });
        assert_eq!(outcome.crossings.len(), 2);
        assert_eq!(outcome.notes, ["fault: said twice the text of 3 bytes to the client"]);
        let late = Duration::from_millis(50);
        let outcome = one(FaultPlan { delay: Delay { least: late, most: late }, ..none });
        assert_eq!(outcome.crossings[0].delay, late);
        assert_eq!(outcome.notes, ["fault: held back for 50ms the text of 3 bytes to the client"]);
        let outcome = one(FaultPlan { close_after: Some(1), ..none });
        assert_eq!((outcome.crossings.len(), outcome.end.map(|end| end.code)), (1, Some(1001)));
        assert_eq!(outcome.notes, ["fault: closed both legs after 1 messages one way"]);
        assert!(one(none).notes.is_empty());
    }

    #[test]
    fn what_is_corrupted_differs_in_one_place_and_text_stays_text() {
        for seed in 0..200 {
            let mut faults = Faults::new(FaultPlan { corrupt: EVERY, ..FaultPlan::default() }, seed, 1);
            let text = faults.message(crossing(Peer::Client, "aéz")).crossings.remove(0).data;
            let text = std::str::from_utf8(&text).expect("text");
            assert_eq!(text.chars().zip("aéz".chars()).filter(|(new, old)| new != old).count(), 1, "{text}");
            let bytes = Crossing::new(Peer::Client, true, Bytes::from_static(&[0, 255, 7]));
            let bytes = faults.message(bytes).crossings.remove(0).data;
            assert_eq!(bytes.iter().zip([0, 255, 7]).filter(|(new, old)| **new != *old).count(), 1, "{bytes:?}");
            assert!(faults.message(crossing(Peer::Client, "")).notes.is_empty());
        }
    }
}
