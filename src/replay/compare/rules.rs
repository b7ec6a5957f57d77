//! What counts when conversations are compared.

use std::str::FromStr;
use std::time::Duration;

use regex::bytes::Regex;

use crate::event::{Direction, Role};
use crate::recording::JsonPath;
use crate::render::quantity::parse_duration;

/// What is compared, and what is left out of it.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Which direction of the recorded conversation is compared with which one of the live one: what this side received, unless
    /// said otherwise. A server that plays the part of the recorded one has `(Sent, Received)` if a client recorded.
    pub ways: Vec<(Direction, Direction)>,
    /// Places in JSON that are left out on both sides.
    pub ignore: Vec<JsonPath>,
    /// Parts of text that are taken for the same: of a message that is JSON in each of its strings and numbers by itself
    /// (a string without its quotes, decoded), of other text in the whole.
    pub ignore_regex: Vec<Regex>,
    /// How far the time before a message may drift; `None`: as far as it likes.
    pub tolerance: Option<Tolerance>,
    /// Whether an end that was not recorded, as in a recording that was cut short, is as good as any.
    pub open_end: bool,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            ways: vec![(Direction::Received, Direction::Received)],
            ignore: Vec::new(),
            ignore_regex: Vec::new(),
            tolerance: None,
            open_end: true,
        }
    }
}

/// What stands for a part of text that is ignored.
const IGNORED: &str = "…";

impl Rules {
    /// Both directions, each with the same of the other conversation.
    #[must_use]
    pub fn both_ways(self) -> Rules {
        let ways = [Direction::Sent, Direction::Received].map(|way| (way, way)).to_vec();
        Rules { ways, ..self }
    }

    /// Both directions, each with the opposite one: the other side recorded the other conversation.
    #[must_use]
    pub fn crosswise(self) -> Rules {
        let ways = vec![(Direction::Sent, Direction::Received), (Direction::Received, Direction::Sent)];
        Rules { ways, ..self }
    }

    /// Both directions of two recordings, by the sides that recorded them.
    #[must_use]
    pub fn between(self, one: Role, other: Role) -> Rules {
        if one == other { self.both_ways() } else { self.crosswise() }
    }

    /// Text with `…` for each part that is ignored.
    pub(super) fn without_ignored(&self, mut text: String) -> String {
        for regex in &self.ignore_regex {
            if regex.is_match(text.as_bytes()) {
                let replaced = regex.replace_all(text.as_bytes(), IGNORED.as_bytes());
                text = String::from_utf8_lossy(&replaced).into_owned();
            }
        }
        text
    }

    /// The same of bytes that need not be UTF-8.
    pub(super) fn without_ignored_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let replaced = |bytes: Vec<u8>, regex: &Regex| regex.replace_all(&bytes, IGNORED.as_bytes()).into_owned();
        self.ignore_regex.iter().fold(bytes.to_vec(), replaced)
    }
}

/// How far a time may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// A share of the recorded time, 0.2 for 20 %; a millisecond is always granted.
    Share(f64),
    Time(Duration),
}

/// Why a text is no tolerance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tolerance is of time, as a share or a duration: time=20%, time=50ms")]
pub struct ToleranceError;

impl FromStr for Tolerance {
    type Err = ToleranceError;

    fn from_str(text: &str) -> Result<Tolerance, ToleranceError> {
        let amount = text.strip_prefix("time=").ok_or(ToleranceError)?;
        let Some(percent) = amount.strip_suffix('%') else {
            return parse_duration(amount).map(Tolerance::Time).ok_or(ToleranceError);
        };
        let percent: f64 = percent.trim().parse().map_err(|_| ToleranceError)?;
        if percent.is_finite() && percent >= 0.0 { Ok(Tolerance::Share(percent / 100.0)) } else { Err(ToleranceError) }
    }
}

impl Tolerance {
    /// How far off it may be.
    pub(super) fn of(self, recorded: Duration) -> Duration {
        match self {
            Tolerance::Time(time) => time,
            Tolerance::Share(share) => {
                let granted = Duration::try_from_secs_f64(recorded.as_secs_f64() * share).unwrap_or(Duration::MAX);
                granted.max(Duration::from_millis(1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tolerance_is_a_share_or_a_duration() {
        let read = |text: &str| text.parse::<Tolerance>();
        assert_eq!(read("time=20%"), Ok(Tolerance::Share(0.2)));
        assert_eq!(read("time=50ms"), Ok(Tolerance::Time(Duration::from_millis(50))));
        for text in ["20%", "time=", "time=-1%", "time=nan%", "time=soon", "size=1%", ""] {
            assert_eq!(read(text), Err(ToleranceError), "{text}");
        }
        let of = |text: &str, ms| read(text).unwrap().of(Duration::from_millis(ms)).as_millis();
        assert_eq!([of("time=20%", 100), of("time=20%", 1), of("time=50ms", 1)], [20, 1, 50]);
    }
}
