//! A regular expression on payloads that most lines of a recording can be told not to match without decoding them.

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::Regex;

use super::{FrameGlance, Sieve, Text, literals};

/// What is looked for. Clones share it.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    /// One of these is in each text that matches, as it stands in a recording if nothing is escaped there by `\u` and digits.
    literals: Option<AhoCorasick>,
    content: Vec<u8>,
}

impl Pattern {
    /// Looks for this in payloads.
    #[must_use]
    pub fn new(regex: Regex) -> Pattern {
        let search = |literals: Vec<Vec<u8>>| {
            // What can't be searched for is not: each text is looked at then.
            AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(literals).ok()
        };
        let literals = literals::escaped(regex.as_str()).and_then(search);
        Pattern { regex, literals, content: Vec::new() }
    }

    /// Whether it is in this payload.
    #[must_use]
    pub fn is_match(&self, payload: &[u8]) -> bool {
        self.regex.is_match(payload)
    }

    /// Whether a frame that is a message by itself may match: always if it does.
    pub fn may_match(&mut self, frame: &FrameGlance<'_>) -> bool {
        frame.text.is_none_or(|text| self.may_want(text))
    }
}

/// Why a text is no regular expression, in a line: what the engine draws under the expression is left out.
#[must_use]
pub fn why_no_regex(error: &regex::Error) -> String {
    let drawn = error.to_string();
    drawn.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned()
}

impl Sieve for Pattern {
    fn find(&self, lines: &[u8]) -> Option<usize> {
        match &self.literals {
            Some(literals) => literals.find(lines).map(|found| found.start()),
            None => Some(0),
        }
    }

    fn may_want(&mut self, text: Text<'_>) -> bool {
        // An escape that JSON does not know is told elsewhere.
        text.bytes(&mut self.content).is_none_or(|content| self.regex.is_match(content))
    }
}
