//! Bytes as hexadecimal, with their ASCII beside them.

use std::fmt::Write;

use super::quantity;
use super::style::{Meaning, Palette};

/// Bytes a row.
const ROW: usize = 16;

/// Bytes in hexadecimal: `83 02 c3 28`.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 3);
    for (i, byte) in bytes.iter().enumerate() {
        // Writing to a String does not fail.
        let _ = write!(out, "{}{byte:02x}", if i == 0 { "" } else { " " });
    }
    out
}

/// The first 16 bytes on one line: `de ad be ef …  |....|`; nothing for no bytes.
#[must_use]
pub fn line(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    let shown = &bytes[..bytes.len().min(ROW)];
    format!("{}{}  |{}|", hex(shown), if shown.len() < bytes.len() { " …" } else { "" }, ascii(shown))
}

/// A hexdump of at most `limit` bytes, each row after `indent`: offset, 16 bytes in two halves, ASCII.
///
/// What is beyond the limit is counted in a last row.
pub fn dump(bytes: &[u8], indent: &str, limit: usize, palette: Palette, out: &mut String) {
    let shown = &bytes[..bytes.len().min(limit)];
    for (row, chunk) in shown.chunks(ROW).enumerate() {
        let (left, right) = chunk.split_at(chunk.len().min(ROW / 2));
        out.push_str(indent);
        palette.paint(Meaning::Dim, &format!("{:08x}", row * ROW), out);
        let _ = write!(out, "  {:<23}  {:<23}  ", hex(left), hex(right));
        palette.paint(Meaning::Dim, &format!("|{}|", ascii(chunk)), out);
        out.push('\n');
    }
    more(bytes.len() - shown.len(), indent, palette, out);
}

/// Says that a payload has `hidden` further bytes.
pub(super) fn more(hidden: usize, indent: &str, palette: Palette, out: &mut String) {
    if hidden > 0 {
        out.push_str(indent);
        palette.paint(Meaning::Dim, &format!("… {} more", quantity::size(hidden as u64)), out);
        out.push('\n');
    }
}

/// Printable ASCII as it is, a dot for anything else.
fn ascii(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if (0x20..0x7F).contains(byte) { char::from(*byte) } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_hold_sixteen_bytes_and_the_rest_is_counted() {
        let mut out = String::new();
        let bytes: Vec<u8> = (0x58..0x58 + 21).collect();
        dump(&bytes, "  ", 18, Palette::PLAIN, &mut out);
        assert_eq!(
            out,
            "  00000000  58 59 5a 5b 5c 5d 5e 5f  60 61 62 63 64 65 66 67  |XYZ[\\]^_`abcdefg|\n  \
             00000010  68 69                                             |hi|\n  \
             … 3 B more\n"
        );
        assert_eq!(line(b"\xde\xad!"), "de ad 21  |..!|");
        assert_eq!(line(&[0; 17]).matches("00").count(), 16);
        assert!(line(&[0; 17]).contains("00 …  |"));
    }

    proptest! {
        #[test]
        fn a_dump_holds_every_byte(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut out = String::new();
            dump(&bytes, "", usize::MAX, Palette::PLAIN, &mut out);
            let read: Vec<u8> = out
                .lines()
                .flat_map(|row| row[10..58].split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect::<Vec<_>>())
                .collect();
            prop_assert_eq!(read, bytes);
        }
    }
}
