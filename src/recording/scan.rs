//! The members of a line, found without copying anything: fast enough to look at every line of a recording of gigabytes.
//!
//! Any JSON object on a line is taken, with blanks and in any order: `jq -c` and `jq -S` write such lines.

use std::borrow::Cow;
use std::time::Duration;

/// A member's value, as it stands in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Text(Text<'a>),
    /// A number, `true`, `false` or `null`.
    Bare(&'a [u8]),
    /// An object or a list, brackets included.
    Nested(&'a [u8]),
}

impl<'a> Value<'a> {
    pub(super) const fn text(self) -> Option<Text<'a>> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    pub(super) const fn nested(self) -> Option<&'a [u8]> {
        if let Value::Nested(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn number(self) -> Option<u64> {
        let Value::Bare(bytes) = self else { return None };
        integer(bytes)
    }

    pub(super) fn signed(self) -> Option<i64> {
        let Value::Bare(bytes) = self else { return None };
        std::str::from_utf8(bytes).ok()?.parse().ok()
    }

    pub(super) fn flag(self) -> Option<bool> {
        match self {
            Value::Bare(b"true") => Some(true),
            Value::Bare(b"false") => Some(false),
            _ => None,
        }
    }

    /// Seconds, to the microsecond.
    pub(super) fn seconds(self) -> Option<Duration> {
        let Value::Bare(bytes) = self else { return None };
        let dot = bytes.iter().position(|byte| *byte == b'.').unwrap_or(bytes.len());
        let decimals = bytes.get(dot + 1..).unwrap_or_default();
        if decimals.len() <= 6
            && let (Some(whole), Some(part)) =
                (integer(&bytes[..dot]), if decimals.is_empty() { Some(0) } else { integer(decimals) })
        {
            let micros = part * 10u64.pow(6 - decimals.len() as u32);
            return Some(Duration::new(whole, micros as u32 * 1000));
        }
        // As other programs write numbers: 4.1e-04, 1.2041129999999999.
        let seconds = std::str::from_utf8(bytes).ok()?.parse::<f64>().ok()?;
        let exact = Duration::try_from_secs_f64(seconds).ok()?;
        Duration::from_micros(u64::try_from(exact.as_micros()).ok()?)
            .checked_add(Duration::from_micros(u64::from(exact.subsec_nanos() % 1000 >= 500)))
    }

    /// `[a,b]`.
    pub(super) fn pair(self) -> Option<(u64, u64)> {
        let inner = self.nested()?.strip_prefix(b"[")?.strip_suffix(b"]")?;
        let comma = memchr::memchr(b',', inner)?;
        Some((integer(inner[..comma].trim_ascii())?, integer(inner[comma + 1..].trim_ascii())?))
    }
}

/// A string without its quotes, still escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    raw: &'a [u8],
    escapes: Escapes,
}

/// What of a string is escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    Nothing,
    /// Characters that have an escape of their own: quotes, backslashes, slashes and controls.
    Special,
    Any,
}

impl<'a> Text<'a> {
    /// The string's size in bytes of UTF-8, without decoding it.
    #[must_use]
    pub fn size(self) -> usize {
        if self.escapes == Escapes::Nothing {
            return self.raw.len();
        }
        let mut size = 0;
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            size += at;
            let taken = match unescape(&rest[at..]) {
                Some((c, taken)) => {
                    size += c.len_utf8();
                    taken
                }
                None => 2,
            };
            rest = rest.get(at + taken..).unwrap_or_default();
        }
        size + rest.len()
    }

    /// The bytes that this base64 stands for, counted without decoding it.
    #[must_use]
    pub fn base64_size(self) -> usize {
        let padding = self.raw.iter().rev().take(2).filter(|byte| **byte == b'=').count();
        (self.raw.len() / 4 * 3).saturating_sub(padding)
    }

    /// The string; `None` if it is not UTF-8 or has an escape that JSON does not know.
    #[must_use]
    pub fn decode(self) -> Option<Cow<'a, str>> {
        let text = simdutf8::basic::from_utf8(self.raw).ok()?;
        if self.escapes == Escapes::Nothing {
            return Some(Cow::Borrowed(text));
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
            out.push_str(&rest[..at]);
            let (c, taken) = unescape(&rest.as_bytes()[at..])?;
            out.push(c);
            rest = &rest[at + taken..];
        }
        out.push_str(rest);
        Some(Cow::Owned(out))
    }

    /// Whether characters other than quotes, backslashes, slashes and controls may stand there as an escape (`\\u0041`).
    #[must_use]
    pub fn may_escape_any(self) -> bool {
        self.escapes == Escapes::Any
    }

    /// As it stands in the line, still escaped.
    #[must_use]
    pub const fn raw(self) -> &'a [u8] {
        self.raw
    }
}

/// The character that an escape at the front of `bytes` stands for, and the escape's length (RFC 8259 section 7).
fn unescape(bytes: &[u8]) -> Option<(char, usize)> {
    Some(match bytes.get(1)? {
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        byte @ (b'"' | b'\\' | b'/') => (char::from(*byte), 2),
        b'u' => match hex4(bytes.get(2..6)?)? {
            high @ 0xD800..=0xDBFF => {
                let low = bytes.get(6..12)?.strip_prefix(b"\\u").and_then(hex4)?;
                let low = low.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
                (char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + low)?, 12)
            }
            code => (char::from_u32(code)?, 6),
        },
        _ => return None,
    })
}

fn hex4(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?))
}

/// Digits alone, at most what fits.
fn integer(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    let mut value: u64 = 0;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

/// The members of an object, in order. Whether the object was whole is known at the end: [`Members::is_whole`].
#[derive(Clone, Debug)]
pub(super) struct Members<'a> {
    rest: &'a [u8],
    begun: bool,
    whole: bool,
}

impl<'a> Members<'a> {
    pub(super) const fn of(object: &'a [u8]) -> Members<'a> {
        Members { rest: object, begun: false, whole: false }
    }

    /// Whether all members were read and the object's end is the end of the line.
    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// The value of the first member with this name.
    pub(super) fn get(object: &'a [u8], name: &str) -> Option<Value<'a>> {
        Members::of(object).find(|(each, _)| each.raw() == name.as_bytes()).map(|(_, value)| value)
    }

    fn blanks(&mut self) {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.blanks();
        self.rest = self.rest.strip_prefix(&[byte])?;
        Some(())
    }

    fn string(&mut self) -> Option<Text<'a>> {
        self.expect(b'"')?;
        let (text, rest) = string(self.rest)?;
        self.rest = rest;
        Some(text)
    }

    fn value(&mut self) -> Option<Value<'a>> {
        self.blanks();
        match self.rest.first()? {
            b'"' => self.string().map(Value::Text),
            b'{' | b'[' => {
                let size = nested(self.rest)?;
                let (value, rest) = self.rest.split_at(size);
                self.rest = rest;
                Some(Value::Nested(value))
            }
            _ => {
                let is_bare = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
                let size = self.rest.iter().take_while(is_bare).count();
                let (value, rest) = self.rest.split_at(size);
                self.rest = rest;
                (size > 0).then_some(Value::Bare(value))
            }
        }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.whole {
            return None;
        }
        let begun = std::mem::replace(&mut self.begun, true);
        if !begun {
            self.expect(b'{')?;
        }
        self.blanks();
        if self.rest.first() == Some(&b'}') {
            self.rest = &self.rest[1..];
            self.blanks();
            self.whole = self.rest.is_empty();
            return None;
        }
        if begun {
            self.expect(b',')?;
        }
        let name = self.string()?;
        self.expect(b':')?;
        Some((name, self.value()?))
    }
}

/// The elements of a list, in order.
pub(super) fn elements(list: &[u8]) -> impl Iterator<Item = Value<'_>> {
    let mut inner = Members { rest: list, begun: true, whole: false };
    let mut open = b'[';
    std::iter::from_fn(move || {
        inner.expect(std::mem::replace(&mut open, b','))?;
        inner.value()
    })
}

/// Bytes that are looked at one by one: names and most values are not longer.
const SHORT: usize = 16;

/// A string, and what is behind its closing quote; `bytes` begin behind the opening one.
fn string(bytes: &[u8]) -> Option<(Text<'_>, &[u8])> {
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\');
    let first = match bytes.iter().take(SHORT).position(is_special) {
        Some(first) => first,
        None => SHORT + memchr::memchr2(b'"', b'\\', bytes.get(SHORT..)?)?,
    };
    let split = |at: usize, escapes| Some((Text { raw: &bytes[..at], escapes }, &bytes[at + 1..]));
    if bytes[first] == b'"' {
        return split(first, Escapes::Nothing);
    }
    if let Some(escapes) = bytes.strip_suffix(b"\"}").and_then(|inside| escapes_to_end(inside.get(first..)?)) {
        return split(bytes.len() - 2, escapes);
    }
    let mut escapes = Escapes::Special;
    let mut from = first;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', bytes.get(from..)?)?;
        if bytes[at] == b'"' {
            return split(at, escapes);
        }
        if bytes.get(at + 1) == Some(&b'u') {
            escapes = Escapes::Any;
        }
        from = at + 2;
    }
}

/// The escapes of what may be the rest of a string, from its opening quote or a backslash on; `None` if it does not surely
/// have its end at its own: each of its quotes must be behind a backslash that is behind none. Payloads come last and JSON has many quotes: to look at
/// many bytes at once is several times as fast as to go from one quote to the next.
#[allow(clippy::needless_bitwise_bool, reason = "no branches, so many bytes at once")]
pub(super) fn escapes_to_end(rest: &[u8]) -> Option<Escapes> {
    let (mut unsure, mut any) = (false, false);
    for (before, byte) in rest.iter().zip(rest.get(1..)?) {
        let escaped = *before == b'\\';
        unsure |= (*byte == b'"') & !escaped | (*byte == b'\\') & escaped;
        any |= (*byte == b'u') & escaped;
    }
    unsure |= rest.last() == Some(&b'\\');
    (!unsure).then_some(if any { Escapes::Any } else { Escapes::Special })
}

/// The size of the object or list at the front of `bytes`.
fn nested(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut rest = bytes;
    loop {
        let (byte, behind) = rest.split_first()?;
        rest = behind;
        match byte {
            b'"' => rest = string(rest)?.1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(bytes.len() - rest.len());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn any_object_of_any_program_is_read() {
        let line = br#" { "t" : 4.1e-04 , "u\u00e9":"\ud83d\ude00\/\b", "n":[1, 2], "o":{"a":"}\"]"} ,"x":null } "#;
        let mut members = Members::of(line);
        let all: Vec<_> = members.by_ref().collect();
        assert!(members.is_whole());
        assert_eq!(all[0].1.seconds(), Some(Duration::from_micros(410)));
        assert_eq!(all[1].1.text().and_then(Text::decode).as_deref(), Some("😀/\u{8}"));
        assert_eq!(all[2].1.pair(), Some((1, 2)));
        assert_eq!(all[3].1.nested().map(|o| Members::get(o, "a").is_some()), Some(true));
        assert_eq!(Value::Bare(b"1.2041129999999999").seconds(), Some(Duration::from_micros(1_204_113)));
        assert_eq!(Value::Bare(b"7").seconds(), Some(Duration::from_secs(7)));
        assert_eq!(Value::Bare(b"-1.0").seconds(), None);
    }

    #[test]
    fn an_object_cut_anywhere_is_not_whole() {
        let line = br#"{"t":0.000000,"text":"a\"b","n":[1,2]}"#;
        for cut in 0..line.len() {
            let mut members = Members::of(&line[..cut]);
            members.by_ref().for_each(drop);
            assert!(!members.is_whole(), "{cut}");
        }
        for surplus in [&b"{}x"[..], b"{,}", b"{\"a\"}", b"{\"a\":}", b"[]"] {
            let mut members = Members::of(surplus);
            members.by_ref().for_each(drop);
            assert!(!members.is_whole(), "{}", surplus.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn strings_are_those_of_serde(text in "\\PC*|[\\x00-\\x7f]*", ascii: bool) {
            let mut quoted = serde_json::to_string(&text).unwrap();
            if ascii {
                quoted = text.encode_utf16().fold(String::from('"'), |all, unit| all + format!("\\u{unit:04x}").as_str()) + "\"";
            }
            let line = format!("{{\"text\":{quoted}}}");
            let read = Members::get(line.as_bytes(), "text").and_then(Value::text).unwrap();
            prop_assert_eq!(read.size(), text.len());
            prop_assert!(read.may_escape_any() || !ascii || text.is_empty());
            // The same where the string is not the last member.
            let inside = format!("{{\"text\":{quoted},\"x\":\"\"}}");
            prop_assert_eq!(Members::get(inside.as_bytes(), "text").and_then(Value::text).unwrap().raw(), read.raw());
            prop_assert_eq!(read.decode().unwrap(), text);
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, cut in 0usize..60) {
            let line = br#"{"t":1.5,"text":"a\u00e9\"","n":[1,2],"o":{"a":"}"}}"#;
            let mixed = [&line[..cut.min(line.len())], &bytes].concat();
            for (_, value) in Members::of(&mixed) {
                let _ = (value.seconds(), value.pair(), value.text().map(|text| (text.size(), text.decode().is_some())));
            }
        }
    }
}
