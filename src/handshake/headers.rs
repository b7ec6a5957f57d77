//! Headers as they were written: order, case and duplicates kept, each with its place in the raw head.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

/// One header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// As spelled.
    pub name: String,
    /// Without the white space around it.
    pub value: Bytes,
    /// The whole line in the raw head, without its line end.
    pub line: Range<usize>,
    /// The value in the raw head.
    pub value_at: Range<usize>,
}

impl Header {
    /// The value as text; bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.value)
    }

    /// Where the value is, or the line if the value is empty.
    #[must_use]
    pub fn place(&self) -> Range<usize> {
        if self.value_at.is_empty() { self.line.clone() } else { self.value_at.clone() }
    }
}

/// All headers of a request or a response, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<Header>);

impl Headers {
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.0.iter()
    }

    /// The first value under this name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(Header::text)
    }

    /// Every header of this name, in any case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Header> {
        self.iter().filter(move |header| header.name.eq_ignore_ascii_case(name))
    }

    /// The elements of all comma-separated lists under this name (RFC 9110 section 5.6.1), with their places in the head.
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a [u8], Range<usize>)> {
        self.all(name).flat_map(|header| {
            let start = header.value_at.start;
            elements(&header.value).map(move |at| (&header.value[at.clone()], start + at.start..start + at.end))
        })
    }

    /// Whether a list under this name has this token, in any case.
    #[must_use]
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.list(name).any(|(element, _)| element.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// Those that a proxy passes on: all but what belongs to one connection (RFC 9110 section 7.6.1), which is named by
    /// `Connection` or known to be so.
    pub fn end_to_end(&self) -> impl Iterator<Item = &Header> {
        const HOP: [&str; 9] = [
            "Connection",
            "Keep-Alive",
            "Proxy-Authenticate",
            "Proxy-Authorization",
            "Proxy-Connection",
            "TE",
            "Trailer",
            "Transfer-Encoding",
            "Upgrade",
        ];
        let is_hop = |name: &str| HOP.iter().any(|hop| hop.eq_ignore_ascii_case(name));
        self.iter().filter(move |header| !is_hop(&header.name) && !self.has_token("Connection", &header.name))
    }

    /// Those that a proxy passes on, less the ones of these names, changed by `changes`: a header there replaces all of its name,
    /// and one with an empty value only takes them away.
    #[must_use]
    pub fn passed_on(&self, without: &[&str], changes: &[(String, String)]) -> Vec<(String, String)> {
        let gone = |name: &str| without.iter().any(|without| without.eq_ignore_ascii_case(name));
        let ours = |name: &str| changes.iter().any(|(changed, _)| changed.eq_ignore_ascii_case(name));
        let kept = self.end_to_end().filter(|header| !gone(&header.name) && !ours(&header.name));
        let kept = kept.map(|header| (header.name.clone(), header.text().into_owned()));
        kept.chain(changes.iter().filter(|(_, value)| !value.is_empty()).cloned()).collect()
    }

    /// All values under this name joined by `, `, which means the same for a list (RFC 9110 section 5.3).
    #[must_use]
    pub fn joined(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self.all(name).map(Header::text).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a Header;
    type IntoIter = std::slice::Iter<'a, Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A header of ours that would not be one on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("header name {name:?} {}: a name is letters, digits and !#$%&'*+-.^_`|~", fault(character))]
    Name { name: String, character: String },
    #[error(
        "the value {value:?} of header {name} has {character:?} at byte {at}: a value is one line without control characters"
    )]
    Value { name: String, value: String, character: char, at: usize },
}

fn fault(character: &str) -> String {
    if character.is_empty() { "is empty".to_owned() } else { format!("has {character:?}") }
}

/// Checks a name and value before they are written, so that neither ends its line (RFC 9110 sections 5.1 and 5.5).
pub(super) fn validate(name: &str, value: &str) -> Result<(), HeaderError> {
    if !is_token(name.as_bytes()) {
        let character = name.chars().find(|c| !c.is_ascii() || !is_token(&[*c as u8]));
        let character = character.map(String::from).unwrap_or_default();
        return Err(HeaderError::Name { name: name.to_owned(), character });
    }
    match value.char_indices().find(|(_, c)| c.is_ascii_control() && *c != '\t') {
        Some((at, character)) => {
            Err(HeaderError::Value { name: name.to_owned(), value: value.to_owned(), character, at })
        }
        None => Ok(()),
    }
}

/// Whether this is a `token` (RFC 9110 section 5.6.2).
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b))
}

/// The elements of a comma-separated list, trimmed, empty ones left out; a comma in a quoted string does not separate.
pub(super) fn elements(value: &[u8]) -> impl Iterator<Item = Range<usize>> {
    split(value, 0..value.len(), b',').filter(|at| !at.is_empty())
}

/// Splits `value[within]` at `separator` outside quoted strings (RFC 9110 section 5.6.4), white space trimmed off each part.
pub(super) fn split(value: &[u8], within: Range<usize>, separator: u8) -> impl Iterator<Item = Range<usize>> {
    let mut next = Some(within.start);
    std::iter::from_fn(move || {
        let start = next?;
        let (mut quoted, mut at) = (false, start);
        while at < within.end && (quoted || value[at] != separator) {
            match value[at] {
                b'"' => quoted = !quoted,
                b'\\' if quoted => at += 1,
                _ => {}
            }
            at += 1;
        }
        let end = at.min(within.end);
        next = (end < within.end).then_some(end + 1);
        Some(trim(value, start..end))
    })
}

pub(super) fn trim(value: &[u8], mut range: Range<usize>) -> Range<usize> {
    while !range.is_empty() && value[range.start].is_ascii_whitespace() {
        range.start += 1;
    }
    while !range.is_empty() && value[range.end - 1].is_ascii_whitespace() {
        range.end -= 1;
    }
    range
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(value: &str) -> Vec<&str> {
        elements(value.as_bytes()).map(|at| &value[at]).collect()
    }

    #[test]
    fn a_list_is_split_at_commas_outside_quotes() {
        assert_eq!(list("keep-alive, Upgrade"), ["keep-alive", "Upgrade"]);
        assert_eq!(list(" ,a ,, b\t,"), ["a", "b"]);
        assert_eq!(list(r#"a; x="1,2", b"#), [r#"a; x="1,2""#, "b"]);
        assert_eq!(list(r#"a; x="\",", b"#), [r#"a; x="\",""#, "b"]);
        assert_eq!(list(r#"a; x="never closed, b"#), [r#"a; x="never closed, b"#]);
        assert_eq!(list(""), Vec::<&str>::new());
    }

    #[test]
    fn what_belongs_to_one_connection_is_not_passed_on() {
        let headers = ["Connection", "X-Mine", "upgrade", "Cookie", "x-mine-too", "TE"].map(|name| Header {
            name: name.to_owned(),
            value: if name == "Connection" { "keep-alive, x-mine, X-Mine-Too".into() } else { "v".into() },
            line: 0..0,
            value_at: 0..0,
        });
        let headers = Headers(headers.to_vec());
        assert_eq!(headers.end_to_end().map(|header| header.name.as_str()).collect::<Vec<_>>(), ["Cookie"]);
    }

    #[test]
    fn what_would_break_the_head_is_refused() {
        let cases = [
            ("", "x", "header name \"\" is empty: a name is letters, digits and !#$%&'*+-.^_`|~"),
            ("X Y", "x", "header name \"X Y\" has \" \": a name is letters, digits and !#$%&'*+-.^_`|~"),
            ("Xü", "x", "header name \"Xü\" has \"ü\": a name is letters, digits and !#$%&'*+-.^_`|~"),
            (
                "X",
                "a\r\nEvil: b",
                "the value \"a\\r\\nEvil: b\" of header X has '\\r' at byte 1: a value is one line without control characters",
            ),
            (
                "X",
                "\0",
                "the value \"\\0\" of header X has '\\0' at byte 0: a value is one line without control characters",
            ),
        ];
        for (name, value, message) in cases {
            assert_eq!(validate(name, value).expect_err(name).to_string(), message);
        }
        assert_eq!(validate("X-Odd!", "tab\tand ü and \"quotes\""), Ok(()));
    }

    proptest! {
        #[test]
        fn any_bytes_split_into_places_inside_them(value in prop::collection::vec(prop::sample::select(b"a,\"\\ ;=\t\xff".to_vec()), 0..24)) {
            let mut last = 0;
            for at in elements(&value) {
                prop_assert!(at.start >= last && at.start < at.end && at.end <= value.len());
                last = at.end;
            }
        }
    }
}
