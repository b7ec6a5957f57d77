//! A JSON string as it stands in a line, still escaped: its size and its characters, fast enough for every line of a
//! recording of gigabytes.

use std::borrow::Cow;

/// A string without its quotes, still escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    raw: &'a [u8],
    escapes: Escapes,
}

/// What of a string is escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escapes {
    /// So many characters that have an escape of two bytes: quotes, backslashes, slashes and controls.
    Short(usize),
    /// Others too, as `\u` and digits.
    Any,
}

impl<'a> Text<'a> {
    /// The string's size in bytes of UTF-8, without decoding it.
    #[must_use]
    pub fn size(self) -> usize {
        if let Escapes::Short(count) = self.escapes {
            return self.raw.len() - count;
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
        if self.escapes == Escapes::Short(0) {
            return simdutf8::basic::from_utf8(self.raw).ok().map(Cow::Borrowed);
        }
        let mut buffer = Vec::new();
        let size = self.unescape(&mut buffer)?;
        buffer.truncate(size);
        String::from_utf8(buffer).ok().map(Cow::Owned)
    }

    /// The string's bytes, in the buffer if they had to be unescaped; not checked to be UTF-8. `None` if there is an escape that
    /// JSON does not know.
    #[must_use]
    pub fn bytes<'b>(self, buffer: &'b mut Vec<u8>) -> Option<&'b [u8]>
    where
        'a: 'b,
    {
        if self.escapes == Escapes::Short(0) {
            return Some(self.raw);
        }
        let size = self.unescape(buffer)?;
        Some(&buffer[..size])
    }

    /// Fills the front of the buffer, which only grows: how many bytes of it.
    fn unescape(self, buffer: &mut Vec<u8>) -> Option<usize> {
        let raw = self.raw;
        if buffer.len() < raw.len() {
            buffer.resize(raw.len(), 0);
        }
        // No escape is shorter than what it stands for: what is read is never behind what is written.
        let (mut from, mut to) = (0, 0);
        while let Some(rest) = raw.get(from..).filter(|rest| !rest.is_empty()) {
            let plain = if let Some(word) = rest.first_chunk::<WORD>() {
                buffer[to..to + WORD].copy_from_slice(word);
                first(places(*word, b'\\'))
            } else {
                let plain = rest.iter().position(|byte| *byte == b'\\').unwrap_or(rest.len());
                buffer[to..to + plain].copy_from_slice(&rest[..plain]);
                plain
            };
            from += plain;
            to += plain;
            if raw.get(from) == Some(&b'\\') {
                if let Some(byte @ (b'"' | b'\\')) = raw.get(from + 1) {
                    buffer[to] = *byte;
                    to += 1;
                    from += 2;
                } else {
                    let (c, taken) = unescape(&raw[from..])?;
                    to += c.encode_utf8(&mut buffer[to..]).len();
                    from += taken;
                }
            }
        }
        Some(to)
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

    /// The string in front, and what is behind its closing quote; `bytes` begin behind the opening one.
    pub(super) fn split(bytes: &'a [u8]) -> Option<(Text<'a>, &'a [u8])> {
        let first = special(bytes)?;
        let split = |at: usize, escapes| Some((Text { raw: &bytes[..at], escapes }, &bytes[at + 1..]));
        if bytes[first] == b'"' {
            return split(first, Escapes::Short(0));
        }
        if let Some(escapes) = bytes.strip_suffix(b"\"}").and_then(|inside| escapes_to_end(inside.get(first..)?)) {
            return split(bytes.len() - 2, escapes);
        }
        let mut escapes = Escapes::Short(0);
        let mut from = first;
        loop {
            let at = from + memchr::memchr2(b'"', b'\\', bytes.get(from..)?)?;
            if bytes[at] == b'"' {
                return split(at, escapes);
            }
            escapes = match escapes {
                Escapes::Short(count) if bytes.get(at + 1) != Some(&b'u') => Escapes::Short(count + 1),
                _ => Escapes::Any,
            };
            from = at + 2;
        }
    }

    /// The string that is all of these bytes, which begin with its opening quote and end before its closing one; `None` if they
    /// surely are that only to a closer look.
    pub(super) fn whole(quoted: &'a [u8]) -> Option<Text<'a>> {
        Some(Text { escapes: escapes_to_end(quoted)?, raw: quoted.strip_prefix(b"\"")? })
    }
}

/// Bytes that are looked at together where strings are short.
const WORD: usize = 8;

/// Words that names and most values are not longer than.
const SHORT: usize = 2;

/// The first quote or backslash.
fn special(bytes: &[u8]) -> Option<usize> {
    let words = bytes.as_chunks::<WORD>().0;
    for (index, word) in words.iter().take(SHORT).enumerate() {
        let found = places(*word, b'"') | places(*word, b'\\');
        if found != 0 {
            return Some(index * WORD + first(found));
        }
    }
    let from = words.len().min(SHORT) * WORD;
    Some(from + memchr::memchr2(b'"', b'\\', &bytes[from..])?)
}

/// The escapes of what may be the rest of a string, from its opening quote or a backslash on; `None` if it does not surely
/// have its end at its own: each of its quotes must be behind a backslash that is behind none. Payloads come last and JSON has
/// many quotes: to look at many bytes at once is several times as fast as to go from one quote to the next.
fn escapes_to_end(rest: &[u8]) -> Option<Escapes> {
    /// As many as a byte can count.
    const BLOCK: usize = 128;
    let (mut unsure, mut any, mut count) = (0, 0, 0);
    for (before, bytes) in rest.chunks(BLOCK).zip(rest.get(1..)?.chunks(BLOCK)) {
        // Without branches, so that the compiler looks at many at once.
        let mut here = 0;
        for (before, byte) in before.iter().zip(bytes) {
            let escaped = u8::from(*before == b'\\');
            unsure |= u8::from(*byte == b'"') & !escaped | u8::from(*byte == b'\\') & escaped;
            any |= u8::from(*byte == b'u') & escaped;
            here += escaped;
        }
        count += usize::from(here);
    }
    let sure = unsure == 0 && rest.last() != Some(&b'\\');
    sure.then_some(if any == 0 { Escapes::Short(count) } else { Escapes::Any })
}

/// The highest bit of the first byte that is this one is set, and none before it; those behind it mean nothing.
const fn places(word: [u8; WORD], byte: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zero_where = u64::from_le_bytes(word) ^ (ONES * byte as u64);
    zero_where.wrapping_sub(ONES) & !zero_where & (ONES << 7)
}

/// How many bytes are before the first of these places; all of a word if there are none.
const fn first(places: u64) -> usize {
    places.trailing_zeros() as usize / 8
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_are_those_of_serde(text in "\\PC*|[\\x00-\\x7f]*|([a-e]{0,9}[\"\\\\/\\n])*", ascii: bool) {
            let mut quoted = serde_json::to_string(&text).unwrap();
            if ascii {
                quoted = text.encode_utf16().fold(String::from('"'), |all, unit| all + format!("\\u{unit:04x}").as_str()) + "\"";
            }
            let line = format!("{quoted}}}");
            let (read, rest) = Text::split(&line.as_bytes()[1..]).unwrap();
            prop_assert_eq!(rest, b"}");
            prop_assert_eq!(read.size(), text.len());
            prop_assert!(read.may_escape_any() || !ascii || text.is_empty());
            // The same where the string is not the last member.
            let inside = format!("{quoted},\"x\":\"\"}}");
            prop_assert_eq!(Text::split(&inside.as_bytes()[1..]).unwrap().0, read);
            prop_assert_eq!(read.decode().unwrap(), text.as_str());
            let mut buffer = vec![b'x'; 3];
            prop_assert_eq!(read.bytes(&mut buffer).unwrap(), text.as_bytes());
            if let Some(whole) = Text::whole(&quoted.as_bytes()[..quoted.len() - 1]) {
                prop_assert_eq!(whole, read);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in "[\\\\\"u0-9a-f/n]{0,30}") {
            if let Some((text, _)) = Text::split(bytes.as_bytes()) {
                let _ = (text.size(), text.decode(), text.bytes(&mut Vec::new()).map(<[u8]>::len));
            }
        }
    }
}
