//! What a peer sent, made safe and visible: no control character, ANSI escape or invisible character reaches a terminal.
//!
//! Controls, bidirectional and invisible characters and bytes that are not UTF-8 become `\n`, `\x1b`, `\u{202e}`, `\xff`.
//! A backslash stays as it is, so that JSON reads as sent; in colour an escape is set apart, and a hexdump tells for sure.

use std::borrow::Cow;
use std::str::Utf8Chunks;

use super::style::{Meaning, Palette};

/// A stretch of a peer's bytes as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Shown as it came.
    Plain(&'a str),
    /// One character or byte, shown as an escape. Never to be cut inside.
    Escaped(String),
}

impl Piece<'_> {
    /// What is shown.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Piece::Plain(text) => text,
            Piece::Escaped(text) => text,
        }
    }
}

/// The bytes, escaped; borrowed when nothing needs it.
#[must_use]
pub fn escape(bytes: &[u8]) -> Cow<'_, str> {
    let mut pieces = pieces(bytes);
    let first = match pieces.next() {
        None => return Cow::Borrowed(""),
        Some(Piece::Plain(text)) if text.len() == bytes.len() => return Cow::Borrowed(text),
        Some(piece) => piece,
    };
    let mut out = String::with_capacity(bytes.len() + 16);
    out.push_str(first.text());
    pieces.for_each(|piece| out.push_str(piece.text()));
    Cow::Owned(out)
}

/// Appends the bytes, escaped and coloured: what came plain by its meaning, escapes set apart.
pub fn paint(bytes: &[u8], meaning: Meaning, palette: Palette, out: &mut String) {
    for piece in pieces(bytes) {
        match piece {
            Piece::Plain(text) => palette.paint(meaning, text, out),
            Piece::Escaped(text) => palette.paint(Meaning::Escape, &text, out),
        }
    }
}

/// The bytes in pieces, plain and escaped.
#[must_use]
pub fn pieces(bytes: &[u8]) -> Pieces<'_> {
    // Most of it is whole UTF-8, which is told at once, and in chunks slowly.
    match simdutf8::basic::from_utf8(bytes) {
        Ok(valid) => Pieces { chunks: [].utf8_chunks(), valid, invalid: &[] },
        Err(_) => Pieces { chunks: bytes.utf8_chunks(), valid: "", invalid: &[] },
    }
}

/// An iterator over the pieces of a peer's bytes.
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    chunks: Utf8Chunks<'a>,
    /// What is left of the current chunk.
    valid: &'a str,
    /// The bytes after it that are no UTF-8.
    invalid: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            if !self.valid.is_empty() {
                let (plain, rest) = self.valid.split_at(first_hidden(self.valid).unwrap_or(self.valid.len()));
                if !plain.is_empty() {
                    self.valid = rest;
                    return Some(Piece::Plain(plain));
                }
                let mut chars = rest.chars();
                let hidden = chars.next()?;
                self.valid = chars.as_str();
                return Some(Piece::Escaped(visible(hidden)));
            }
            if let Some((byte, rest)) = self.invalid.split_first() {
                self.invalid = rest;
                return Some(Piece::Escaped(format!("\\x{byte:02x}")));
            }
            let chunk = self.chunks.next()?;
            (self.valid, self.invalid) = (chunk.valid(), chunk.invalid());
        }
    }
}

/// Where the first character stands that must not be shown as it is.
fn first_hidden(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += unplain(&text.as_bytes()[at..])?;
        let character = text[at..].chars().next()?;
        if is_hidden(character) {
            return Some(at);
        }
        at += character.len_utf8();
    }
}

/// Where the first byte stands that is no printable ASCII.
fn unplain(bytes: &[u8]) -> Option<usize> {
    const CHUNK: usize = 32;
    let is_unplain = |byte: &u8| !(0x20..0x7F).contains(byte);
    // Without a branch a byte, so that the compiler looks at many at once.
    let plain = |chunk: &&[u8; CHUNK]| !chunk.iter().fold(false, |any, byte| any | is_unplain(byte));
    let from = bytes.as_chunks::<CHUNK>().0.iter().take_while(plain).count() * CHUNK;
    Some(from + bytes[from..].iter().position(is_unplain)?)
}

/// Controls (C0, DEL, C1), line and paragraph separators, format characters (Unicode category Cf: bidirectional controls,
/// joiners, tags) and what is drawn as nothing (variation selectors, fillers).
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(u32::from(character),
            0xAD | 0x34F | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x890..=0x891 | 0x8E2 | 0x115F..=0x1160
            | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164
            | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x110BD | 0x110CD | 0x13430..=0x1343F
            | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

fn visible(character: char) -> String {
    match character {
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        '\0'..='\x7F' => format!("\\x{:02x}", u32::from(character)),
        _ => format!("\\u{{{:x}}}", u32::from(character)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_needs_no_escape_is_borrowed() {
        assert!(matches!(escape("héllo 漢字 🙂 \\n".as_bytes()), Cow::Borrowed("héllo 漢字 🙂 \\n")));
        assert!(matches!(escape(b""), Cow::Borrowed("")));
    }

    #[test]
    fn controls_invisible_characters_and_broken_bytes_become_visible() {
        assert_eq!(escape(b"a\x1b[31mred\r\n\t\x00\x7f"), "a\\x1b[31mred\\r\\n\\t\\x00\\x7f");
        assert_eq!(
            escape("\u{9b}31m\u{202e}gnp\u{200b}\u{feff}".as_bytes()),
            "\\u{9b}31m\\u{202e}gnp\\u{200b}\\u{feff}"
        );
        assert_eq!(escape(b"ok\xff\xe6\xbc"), "ok\\xff\\xe6\\xbc");
        assert_eq!(escape("e\u{301}".as_bytes()), "e\u{301}");
    }

    proptest! {
        #[test]
        fn no_control_character_survives(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let shown = escape(&bytes);
            prop_assert!(!shown.chars().any(is_hidden), "{shown:?}");
        }

        #[test]
        fn no_hidden_character_survives(text in "\\PC*|(\\p{Cf}|\\p{Cc}|\\p{Zl}|\\p{Zp}|a)*") {
            let shown = escape(text.as_bytes());
            prop_assert!(!shown.chars().any(|c| c.is_control() || ('\u{200b}'..='\u{200f}').contains(&c)), "{shown:?}");
        }
    }
}
