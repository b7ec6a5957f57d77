//! Values that are secret wherever they stand: what a user gave as a password is not to be read in any file.

use std::borrow::Cow;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::MASK;

/// Bytes of a value's beginning that give nothing away yet, plus one.
const LEAST: usize = 4;

/// Values to be masked, in the forms that they are written in.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    search: Option<AhoCorasick>,
    given: Vec<String>,
}

impl Values {
    /// These and those there were; empty ones are none.
    pub(super) fn with(&self, values: impl IntoIterator<Item = String>) -> Values {
        let mut given = self.given.clone();
        given.extend(values.into_iter().filter(|value| !value.is_empty()));
        let forms: Vec<String> = given.iter().flat_map(|value| forms(value)).collect();
        let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(forms);
        Values { search: search.ok().filter(|_| !given.is_empty()), given }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.search.is_none()
    }

    /// Where they are, in order.
    pub(super) fn places(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        self.search.iter().flat_map(|search| search.find_iter(bytes).map(|found| found.range())).collect()
    }

    /// A text without what is left of them where a long line was cut.
    pub(super) fn without_beginnings(&self, text: String) -> String {
        if !text.contains('…') {
            return text;
        }
        self.given.iter().fold(text, |text, secret| without_beginning(&text, secret))
    }

    /// The bytes with asterisks in place of each, size kept.
    pub(super) fn starred<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let places = self.places(bytes);
        if places.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut starred = bytes.to_vec();
        for place in places {
            starred[place].fill(b'*');
        }
        Cow::Owned(starred)
    }
}

/// As it is, in a JSON string (RFC 8259 section 7), and percent-encoded (RFC 3986 section 2.1).
fn forms(value: &str) -> Vec<String> {
    let json = serde_json::to_string(value).unwrap_or_default();
    let json = json[1..json.len().saturating_sub(1).max(1)].to_owned();
    let encoded = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let mut forms = vec![value.to_owned(), json, value.bytes().map(encoded).collect()];
    forms.sort();
    forms.dedup();
    forms
}

/// A text without what is left of a secret where a long line was cut: its beginning, before an ellipsis.
fn without_beginning(text: &str, secret: &str) -> String {
    let beginning = |before: &&str| {
        let ends = secret.char_indices().map(|(at, c)| at + c.len_utf8());
        let lengths: Vec<_> = ends.filter(|&end| end >= LEAST && before.ends_with(&secret[..end])).collect();
        lengths.last().copied().unwrap_or_default()
    };
    let mut pieces = text.split('…');
    let last = pieces.next_back().unwrap_or_default();
    let cut = pieces.map(|before| match beginning(&before) {
        0 => format!("{before}…"),
        length => format!("{}{MASK}…", &before[..before.len() - length]),
    });
    cut.chain([last.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_secret_in_a_line_that_was_cut_is_masked() {
        let masked = |text| without_beginning(text, "hunterß2");
        assert_eq!(masked("got \"hunterß…\" and \"hunt…\""), "got \"***…\" and \"***…\"");
        assert_eq!(masked("hun… hunter"), "hun… hunter");
        assert_eq!(masked("more…"), "more…");
        assert_eq!(masked(""), "");
    }
}
