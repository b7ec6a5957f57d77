//! Which recorded message one from the client is.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use regex::bytes::Regex;

use super::Matching;

use crate::replay::compare::{Kind, canonical};
use crate::replay::{Hooks, Message, Stop};

/// The client's recorded messages that have not come yet, by their places among all.
#[derive(Clone, Debug)]
pub(super) struct Cues {
    left: usize,
    way: Way,
}

/// How one is found.
#[derive(Clone, Debug)]
enum Way {
    /// The next one, whatever is said; how many there are.
    Next(usize),
    /// The first of those that count as the same.
    Same(HashMap<Key, VecDeque<usize>>, Matching),
    /// The first that has these very bytes, or that matches.
    Patterns(Vec<(usize, Bytes, Option<Regex>)>),
}

/// What all messages that count as the same have in common.
type Key = (Kind, Vec<u8>);

impl Cues {
    pub(super) fn new(messages: &[Message], matching: &Matching) -> Cues {
        let all = messages.iter().enumerate();
        let way = match matching {
            Matching::Order(_) | Matching::Any => Way::Next(messages.len()),
            Matching::Exact | Matching::Json { .. } => {
                let mut same = HashMap::<Key, VecDeque<usize>>::new();
                for (index, message) in all {
                    same.entry(key(message, matching)).or_default().push_back(index);
                }
                Way::Same(same, matching.clone())
            }
            Matching::Regex => Way::Patterns(all.map(|(index, m)| (index, m.data.clone(), pattern(m))).collect()),
        };
        Cues { left: messages.len(), way }
    }

    /// Whether all have come.
    pub(super) const fn is_over(&self) -> bool {
        self.left == 0
    }

    /// The recorded message that this one is, which it is no longer then; where none is, a hook may know one.
    ///
    /// # Errors
    /// The hook wants the replay to end.
    pub(super) fn take(
        &mut self,
        message: &Message,
        recorded: &[Message],
        hooks: &mut dyn Hooks,
    ) -> Result<Option<usize>, Stop> {
        let mut found = self.find(message);
        if found.is_none() {
            for at in self.unused() {
                if hooks.matches(&recorded[at], message)? == Some(true) {
                    self.remove(at);
                    found = Some(at);
                    break;
                }
            }
        }
        self.left -= usize::from(found.is_some());
        Ok(found)
    }

    fn find(&mut self, message: &Message) -> Option<usize> {
        match &mut self.way {
            Way::Next(count) => count.checked_sub(self.left).filter(|_| self.left > 0),
            Way::Same(same, matching) => same.get_mut(&key(message, matching))?.pop_front(),
            Way::Patterns(patterns) => {
                let is_it = |(_, data, pattern): &(usize, Bytes, Option<Regex>)| {
                    *data == message.data || pattern.as_ref().is_some_and(|pattern| pattern.is_match(&message.data))
                };
                let at = patterns.iter().position(is_it)?;
                Some(patterns.remove(at).0)
            }
        }
    }

    /// In the order of the recording.
    fn unused(&self) -> Vec<usize> {
        let mut unused: Vec<usize> = match &self.way {
            Way::Next(_) => Vec::new(),
            Way::Same(same, _) => same.values().flatten().copied().collect(),
            Way::Patterns(patterns) => patterns.iter().map(|(at, ..)| *at).collect(),
        };
        unused.sort_unstable();
        unused
    }

    fn remove(&mut self, at: usize) {
        match &mut self.way {
            Way::Next(_) => {}
            Way::Same(same, _) => same.values_mut().for_each(|places| places.retain(|place| *place != at)),
            Way::Patterns(patterns) => patterns.retain(|(place, ..)| *place != at),
        }
    }
}

fn key(message: &Message, matching: &Matching) -> Key {
    match matching {
        Matching::Json { rules, ids } => {
            let data = ids.taken_out(&message.data);
            canonical(&Message { data, ..message.clone() }, rules)
        }
        _ if message.binary => (Kind::Binary, message.data.to_vec()),
        _ => (Kind::Text, message.data.to_vec()),
    }
}

/// The text as a pattern for a whole message; one that is none stands for itself alone.
fn pattern(message: &Message) -> Option<Regex> {
    let text = std::str::from_utf8(&message.data).ok()?;
    Regex::new(&format!("^(?s:{text})$")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Direction;
    use crate::replay::NoHooks;
    use crate::replay::server::Ids;
    use std::time::Duration;

    fn messages(texts: &[&'static str]) -> Vec<Message> {
        let message = |(text, number): (&&'static str, u64)| Message {
            direction: Direction::Sent,
            time: Duration::ZERO,
            number,
            binary: false,
            data: Bytes::from(*text),
        };
        texts.iter().zip(1..).map(message).collect()
    }

    #[track_caller]
    fn found(matching: &Matching, texts: &[&'static str], live: &[(&'static str, Option<usize>)]) {
        let recorded = messages(texts);
        let mut cues = Cues::new(&recorded, matching);
        for (text, expected) in live {
            assert_eq!(cues.take(&messages(&[text])[0], &recorded, &mut NoHooks), Ok(*expected), "{text}");
        }
        assert_eq!(cues.is_over(), live.iter().flat_map(|(_, found)| found).count() == texts.len());
    }

    #[test]
    fn each_recorded_message_is_found_once() {
        let two = ["a", "b"];
        found(&Matching::Any, &two, &[("x", Some(0)), ("a", Some(1)), ("b", None)]);
        found(
            &Matching::Exact,
            &["a", "b", "a"],
            &[("b", Some(1)), ("a", Some(0)), ("x", None), ("a", Some(2)), ("a", None)],
        );
    }

    #[test]
    fn json_is_the_same_however_it_is_spelled_and_whatever_its_id() {
        let matching = Matching::Json { rules: Box::default(), ids: Ids::default() };
        let texts = [r#"{"id":1,"method":"a"}"#, r#"{"id":2,"method":"b"}"#, "plain"];
        let live = [
            ("{ \"method\":\"b\", \"id\":\"x\"}", Some(1)),
            (r#"{"id":1,"method":"c"}"#, None),
            ("plain", Some(2)),
            (r#"{"method":"a","id":10}"#, Some(0)),
        ];
        found(&matching, &texts, &live);
    }

    #[test]
    fn a_pattern_is_for_a_whole_message_and_what_is_none_stands_for_itself() {
        let texts = [r#"{"n":1}"#, r"hello \w+", "a(b"];
        let live = [
            ("hello", None),
            ("hello you there", None),
            ("a(b", Some(2)),
            ("hello\tyou", None),
            ("hello you", Some(1)),
            (r#"{"n":1}"#, Some(0)),
        ];
        found(&Matching::Regex, &texts, &live);
    }

    #[test]
    fn a_hook_may_know_what_the_content_does_not_tell() {
        struct SameLength;
        impl Hooks for SameLength {
            fn matches(&mut self, recorded: &Message, live: &Message) -> Result<Option<bool>, Stop> {
                if live.data == "stop" { Err(Stop) } else { Ok(Some(recorded.data.len() == live.data.len())) }
            }
        }
        let recorded = messages(&["aa", "b", "c"]);
        for matching in [Matching::Exact, Matching::Regex] {
            let mut cues = Cues::new(&recorded, &matching);
            let mut take = |text| cues.take(&messages(&[text])[0], &recorded, &mut SameLength);
            assert_eq!(take("x"), Ok(Some(1)));
            assert_eq!(take("b"), Ok(Some(2)), "the recorded one is used up");
            assert_eq!(take("long"), Ok(None));
            assert_eq!(take("stop"), Err(Stop));
        }
    }
}
