//! Values that are secret wherever they stand: what a user gave as a password is not to be read in any file.

use std::borrow::Cow;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

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
