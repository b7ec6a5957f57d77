//! A regular expression on payloads that most lines of a recording can be told not to match without decoding them.

use memchr::memmem::Finder;
use regex::bytes::Regex;

use crate::recording::{FrameGlance, Text};

/// What is looked for.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// Bytes that each match has, and that a JSON string holds as they are, or else as `\u` and digits.
    needle: Option<Finder<'static>>,
}

impl Pattern {
    pub(super) fn new(regex: Regex) -> Pattern {
        let needle = needle(regex.as_str()).map(|needle| Finder::new(needle).into_owned());
        Pattern { regex, needle }
    }

    /// What every match has.
    pub(super) fn needle(&self) -> Option<&[u8]> {
        self.needle.as_ref().map(Finder::needle)
    }

    pub(super) fn is_match(&self, payload: &[u8]) -> bool {
        self.regex.is_match(payload)
    }

    /// Whether a frame that is a message by itself may match: always if it does.
    pub(super) fn may_match(&self, frame: &FrameGlance<'_>) -> bool {
        frame.text.is_none_or(|text| self.may_match_text(text))
    }

    fn may_match_text(&self, text: Text<'_>) -> bool {
        if let Some(needle) = &self.needle
            && !text.may_escape_any()
            && needle.find(text.raw()).is_none()
        {
            return false;
        }
        text.decode().is_none_or(|text| self.regex.is_match(text.as_bytes()))
    }
}

/// The longest stretch of a pattern without special characters that stands for itself, also in a JSON string.
fn needle(pattern: &str) -> Option<&str> {
    if pattern.contains(['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$']) {
        return None;
    }
    // JSON escapes quotes, backslashes and control characters (RFC 8259 section 7), and may escape slashes.
    let stretches = pattern.split(|c: char| c.is_control() || matches!(c, '"' | '\\' | '/'));
    stretches.max_by_key(|stretch| stretch.len()).filter(|stretch| !stretch.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_match_has_is_looked_for() {
        for (pattern, expected) in [
            ("price", Some("price")),
            ("\"id\":123", Some(":123")),
            ("a/bc", Some("bc")),
            ("order-17", Some("order-17")),
            ("\"", None),
            ("pri.e", None),
            ("(?i)price", None),
            ("a|b", None),
            ("tab\tbeds", Some("beds")),
            ("né", Some("né")),
        ] {
            assert_eq!(needle(pattern), expected, "{pattern}");
        }
    }
}
