//! Frames as most lines have them, told not to hold what is looked for in a fraction of the time that it takes to read a line.
//!
//! A line is only stepped over here if [`Glance::of`](super::Glance) would make of it a frame that is whole, counted and no
//! fragment: whatever is unusual is left to it.

use memchr::memmem::Finder;

use super::scan::{Escapes, escapes_to_end};

/// Whether a line surely is a text message in one frame without a number of its own, and surely without these bytes, which a
/// JSON string holds as they are or as `\u` and digits.
pub(super) fn is_message_without(line: &[u8], needle: &Finder<'_>) -> bool {
    payload_at(line).is_some_and(|quote| {
        let quoted = line[quote..].strip_suffix(b"\"}");
        quoted.is_some_and(|quoted| needle.find(quoted).is_none() && escapes_to_end(quoted) == Some(Escapes::Special))
    })
}

/// What each match of a regular expression has, as [`Reader::step_over_without`](super::Reader::step_over_without) wants it: the
/// longest stretch of one without special characters that a JSON string holds as it is.
#[must_use]
pub fn needle(pattern: &str) -> Option<&str> {
    if pattern.contains(['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$']) {
        return None;
    }
    // JSON escapes quotes, backslashes and control characters (RFC 8259 section 7), and may escape slashes.
    let stretches = pattern.split(|c: char| c.is_control() || matches!(c, '"' | '/'));
    stretches.max_by_key(|stretch| stretch.len()).filter(|stretch| !stretch.is_empty())
}

/// Where the opening quote of the payload is.
fn payload_at(line: &[u8]) -> Option<usize> {
    let rest = seconds(line.strip_prefix(b"{\"t\":")?)?;
    let rest = digits(rest.strip_prefix(b",\"c\":")?, 9)?;
    let rest = rest.strip_prefix(b",\"ev\":\"frame\",\"dir\":\"")?;
    let rest = rest.strip_prefix(b"sent").or_else(|| rest.strip_prefix(b"received"))?;
    let mut rest = rest.strip_prefix(b"\",\"op\":\"text\",\"")?;
    if let Some(mask) = rest.strip_prefix(b"mask\":\"") {
        let (key, behind) = mask.split_at_checked(8)?;
        rest = behind.strip_prefix(b"\",\"").filter(|_| key.iter().all(u8::is_ascii_hexdigit))?;
    }
    if let Some(after) = rest.strip_prefix(b"after\":") {
        rest = seconds(after)?.strip_prefix(b",\"")?;
    }
    let quoted = rest.strip_prefix(b"text\":")?;
    (quoted.first() == Some(&b'"')).then_some(line.len() - quoted.len())
}

/// Behind seconds with six decimals.
fn seconds(bytes: &[u8]) -> Option<&[u8]> {
    let part = digits(bytes, 9)?.strip_prefix(b".")?;
    let (decimals, rest) = part.split_at_checked(6)?;
    decimals.iter().all(u8::is_ascii_digit).then_some(rest)
}

/// Behind one digit to `most`.
fn digits(bytes: &[u8], most: usize) -> Option<&[u8]> {
    let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=most).contains(&count).then(|| &bytes[count..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recording::Glance;

    proptest! {
        #[test]
        fn what_is_stepped_over_is_a_counted_message_without_it(
            text in "[ab\"\\\\/\\n u]{0,12}",
            sent: bool,
            insert in proptest::option::of((0usize..90, "[\"\\\\,{}n:0a]{1,3}")),
            cut in proptest::option::of(0usize..120),
        ) {
            let payload = serde_json::to_string(&text).unwrap();
            let head = if sent { "\"sent\",\"op\":\"text\",\"mask\":\"00ff00ff\"" } else { "\"received\",\"op\":\"text\"" };
            let mut line = format!("{{\"t\":0.000001,\"c\":1,\"ev\":\"frame\",\"dir\":{head},\"text\":{payload}}}");
            if let Some((at, insert)) = insert {
                line.insert_str(at.min(line.len()), &insert);
            }
            line.truncate(cut.unwrap_or(usize::MAX).min(line.len()));
            if is_message_without(line.as_bytes(), &Finder::new("ab")) {
                let mut next = 7;
                let glance = Glance::of(line.as_bytes(), &mut next).unwrap();
                let frame = glance.frame.unwrap();
                prop_assert_eq!((frame.number, next, frame.fragment), (7, 8, None));
                prop_assert!(frame.text.unwrap().decode().is_none_or(|text| !text.contains("ab")));
            }
        }
    }

    #[test]
    fn only_what_every_match_has_is_looked_for() {
        for (pattern, expected) in [
            ("price", Some("price")),
            ("\"id\":123", Some(":123")),
            ("a/bc", Some("bc")),
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

    #[test]
    fn most_lines_are_plain() {
        let line =
            br#"{"t":1.000000,"c":1,"ev":"frame","dir":"received","op":"text","after":0.010000,"text":"{\"a\":1}"}"#;
        assert!(is_message_without(line, &Finder::new("needle")));
        assert!(!is_message_without(line, &Finder::new("a")));
    }
}
