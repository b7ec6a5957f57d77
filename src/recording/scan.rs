//! The members of a line, found without copying anything: fast enough to look at every line of a recording of gigabytes.
//!
//! Any JSON object on a line is taken, with blanks and in any order: `jq -c` and `jq -S` write such lines.

use std::time::Duration;

use super::text::Text;

/// The longest time that a recording may tell of, far beyond any: what is reckoned with times can't overflow then.
const LONGEST: Duration = Duration::from_secs(1_000_000_000_000);

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

    /// Seconds, to the microsecond. More than [`LONGEST`] are none.
    pub(super) fn seconds(self) -> Option<Duration> {
        self.any_seconds().filter(|time| *time <= LONGEST)
    }

    fn any_seconds(self) -> Option<Duration> {
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
        let (text, rest) = Text::split(self.rest)?;
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

/// The size of the object or list at the front of `bytes`.
fn nested(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut rest = bytes;
    loop {
        let (byte, behind) = rest.split_first()?;
        rest = behind;
        match byte {
            b'"' => rest = Text::split(rest)?.1,
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
    fn a_time_of_billions_of_years_overflowed_what_was_reckoned_with_it() {
        assert_eq!(Value::Bare(b"6148914691236517206").seconds(), None);
        assert_eq!(Value::Bare(b"1e13").seconds(), None);
        assert_eq!(Value::Bare(b"253402300799").seconds(), Some(Duration::from_secs(253_402_300_799)), "the year 9999");
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
        fn no_bytes_panic(bytes: Vec<u8>, cut in 0usize..60) {
            let line = br#"{"t":1.5,"text":"a\u00e9\"","n":[1,2],"o":{"a":"}"}}"#;
            let mixed = [&line[..cut.min(line.len())], &bytes].concat();
            for (_, value) in Members::of(&mixed) {
                let _ = (value.seconds(), value.pair(), value.text().map(|text| (text.size(), text.decode().is_some())));
            }
        }
    }
}
