//! One line in coloured segments, measured in columns and cut to a width without splitting an escape.

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthChar;

use super::escape::{self, Piece};
use super::style::{Meaning, Palette};

/// What most lines take at most, in bytes and in segments.
const TEXT: usize = 256;
const SEGMENTS: usize = 16;

/// A line under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// That of all segments, one behind the other: a line is made for each event, and this is all that it takes.
    text: String,
    segments: Vec<Segment>,
    /// Columns so far, the gap included.
    columns: usize,
    /// Blanks before the next segment; none are written at the line's end, where a peer's own blanks are.
    gap: usize,
    /// Where the rest of a line that is folded begins.
    hang: usize,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    meaning: Meaning,
    /// Where it ends in the text; it begins where the one before ends.
    end: usize,
    columns: usize,
}

impl Line {
    /// Columns so far.
    pub(crate) const fn columns(&self) -> usize {
        self.columns
    }

    /// Text of our own, or of a peer escaped; nothing for none.
    pub(crate) fn push(&mut self, meaning: Meaning, text: impl AsRef<str>) {
        self.add(meaning, |out| out.push_str(text.as_ref()));
    }

    /// The same for what `format_args!` gives.
    pub(crate) fn put(&mut self, meaning: Meaning, words: fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        self.add(meaning, |out| out.write_fmt(words).unwrap_or_default());
    }

    /// The same for text with so many blanks behind it that belong to it.
    pub(crate) fn field(&mut self, meaning: Meaning, text: &str, behind: usize) {
        self.add(meaning, |out| {
            out.push_str(text);
            blanks(behind, out);
        });
    }

    fn add(&mut self, meaning: Meaning, write: impl FnOnce(&mut String)) {
        if self.segments.is_empty() {
            self.text.reserve(TEXT);
            self.segments.reserve(SEGMENTS);
        }
        let before = self.text.len();
        blanks(self.gap, &mut self.text);
        let start = self.text.len();
        write(&mut self.text);
        if self.text.len() == start {
            return self.text.truncate(before);
        }
        if self.gap > 0 {
            let columns = std::mem::take(&mut self.gap);
            self.segments.push(Segment { meaning: Meaning::Plain, end: start, columns });
        }
        let columns = columns(&self.text[start..]);
        self.columns += columns;
        self.segments.push(Segment { meaning, end: self.text.len(), columns });
    }

    /// What follows is folded to begin under here.
    pub(crate) const fn hang(&mut self) {
        self.hang = self.columns;
    }

    /// Blanks before whatever comes next.
    pub(crate) fn gap(&mut self, blanks: usize) {
        self.gap += blanks;
        self.columns += blanks;
    }

    /// Blanks up to `column`, and at least `least` of them.
    pub(crate) fn pad(&mut self, column: usize, least: usize) {
        self.gap(column.saturating_sub(self.columns).max(least));
    }

    /// A peer's bytes, escaped.
    pub(crate) fn peer(&mut self, meaning: Meaning, bytes: &[u8]) {
        for piece in escape::pieces(bytes) {
            match piece {
                Piece::Plain(text) => self.push(meaning, text),
                Piece::Escaped(text) => self.push(Meaning::Escape, text),
            }
        }
    }

    /// A peer's bytes, escaped, in at most `room` columns and `limit` bytes; what is cut off is shown as `…`.
    pub(crate) fn peer_within(&mut self, meaning: Meaning, bytes: &[u8], room: Option<usize>, limit: usize) {
        // A column rarely takes more than 8 bytes: text beyond can't be seen, so it need not be looked at.
        let limit = room.map_or(limit, |room| limit.min(room.saturating_mul(8) + 16));
        let end = boundary(bytes, limit);
        self.within(room, |line| {
            line.peer(meaning, &bytes[..end]);
            if end < bytes.len() {
                line.push(Meaning::Dim, "…");
            }
        });
    }

    /// What is appended here, in at most `room` columns.
    pub(crate) fn within(&mut self, room: Option<usize>, append: impl FnOnce(&mut Line)) {
        match room {
            None => append(self),
            Some(0) => {}
            Some(room) => {
                let most = self.columns + room;
                append(self);
                self.cut(most);
            }
        }
    }

    pub(crate) fn append(&mut self, other: &Line) {
        other.pieces().for_each(|(meaning, text)| self.push(meaning, text));
        self.gap(other.gap);
    }

    /// The segments and their meanings.
    fn pieces(&self) -> impl Iterator<Item = (Meaning, &str)> {
        let mut start = 0;
        self.segments.iter().map(move |segment| {
            let text = &self.text[start..segment.end];
            start = segment.end;
            (segment.meaning, text)
        })
    }

    /// Cuts to `room` columns, with `…` as the last one if anything is lost.
    pub(crate) fn cut(&mut self, room: usize) {
        if self.columns - self.gap <= room {
            return;
        }
        self.gap = 0;
        let mut left = room.saturating_sub(1);
        let fits = |segment: &&Segment| left.checked_sub(segment.columns).map(|rest| left = rest).is_some();
        let kept = self.segments.iter().take_while(fits).count();
        let start = kept.checked_sub(1).map_or(0, |last| self.segments[last].end);
        // The first that does not fit.
        let Segment { meaning, end, .. } = self.segments[kept];
        let part = if meaning == Meaning::Escape { 0 } else { fitting(&self.text[start..end], left) };
        self.columns = room.saturating_sub(1) - left;
        self.segments.truncate(kept);
        let part = self.text[start..start + part].to_owned();
        self.text.truncate(start);
        self.push(meaning, part);
        self.push(Meaning::Dim, if room == 0 { "" } else { "…" });
    }

    /// Appends the line and `\n`, folded to lines of at most `width` columns: where two blanks are, or at
    /// any blank if what stands between takes more than a line. Only a longer word is wider.
    pub(crate) fn write_folded(&self, palette: Palette, width: Option<usize>, out: &mut String) {
        let Some(width) = width else { return self.write(palette, out) };
        let (mut column, mut folded) = (0, false);
        for (meaning, text) in self.pieces() {
            let brackets = if meaning == Meaning::Marked && !palette.is_coloured() { 2 } else { 0 };
            let mut run = String::new();
            for piece in foldable(text, width.saturating_sub(self.hang)) {
                let word = piece.trim_end_matches(' ');
                let size = columns(word);
                if column > self.hang && size > 0 && column + size + brackets > width {
                    let done = run.trim_end_matches(' ');
                    if !done.is_empty() {
                        palette.paint(meaning, done, out);
                    }
                    out.truncate(out.trim_end_matches(' ').len());
                    out.push('\n');
                    blanks(self.hang, out);
                    run.clear();
                    (column, folded) = (self.hang, true);
                }
                // The blanks that a line was folded at are not carried over.
                folded &= size == 0;
                if !folded {
                    run.push_str(piece);
                    column += size + piece.len() - word.len();
                }
            }
            column += brackets;
            if !run.is_empty() {
                palette.paint(meaning, &run, out);
            }
        }
        out.push('\n');
    }

    /// Appends the line and `\n`.
    pub(crate) fn write(&self, palette: Palette, out: &mut String) {
        let is_painted = |segment: &Segment| palette.is_coloured() || segment.meaning == Meaning::Marked;
        if self.segments.iter().any(is_painted) {
            self.pieces().for_each(|(meaning, text)| palette.paint(meaning, text, out));
        } else {
            out.push_str(&self.text);
        }
        out.push('\n');
    }
}

/// Columns that a terminal gives to escaped text.
pub(crate) fn columns(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(|c| c.width().unwrap_or(0)).sum() }
}

/// Appends so many blanks.
fn blanks(count: usize, out: &mut String) {
    const BLANKS: &str = "                                ";
    (0..count / BLANKS.len()).for_each(|_| out.push_str(BLANKS));
    out.push_str(&BLANKS[..count % BLANKS.len()]);
}

/// What text may be folded between, each piece with the blanks after it.
fn foldable(text: &str, room: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let phrases = std::iter::from_fn(move || {
        let blanks = rest.find("  ").unwrap_or(rest.len());
        let end = rest[blanks..].find(|c| c != ' ').map_or(rest.len(), |next| blanks + next);
        let (phrase, after) = rest.split_at(end);
        rest = after;
        (!phrase.is_empty()).then_some(phrase)
    });
    phrases.flat_map(move |phrase| {
        let whole = columns(phrase.trim_end_matches(' ')) <= room;
        phrase.split_inclusive(move |c| c == ' ' && !whole)
    })
}

/// Where text must end to fit into `room` columns.
fn fitting(text: &str, room: usize) -> usize {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += character.width().unwrap_or(0);
        if used > room {
            return at;
        }
    }
    text.len()
}

/// At most `limit`, not inside a UTF-8 character.
pub(crate) fn boundary(bytes: &[u8], limit: usize) -> usize {
    if bytes.len() <= limit {
        return bytes.len();
    }
    (limit.saturating_sub(3)..=limit).rev().find(|at| bytes[*at] & 0xC0 != 0x80).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(bytes: &[u8], room: usize) -> String {
        let (mut line, mut out) = (Line::default(), String::new());
        line.peer_within(Meaning::Plain, bytes, Some(room), 1 << 20);
        line.write(Palette::PLAIN, &mut out);
        out
    }

    #[test]
    fn a_cut_counts_columns_and_spares_escapes() {
        assert_eq!(cut(b"hello", 5), "hello\n");
        assert_eq!(cut(b"hello!", 5), "hell…\n");
        assert_eq!(cut("漢字漢字".as_bytes(), 6), "漢字…\n");
        assert_eq!(cut(b"ab\x1b\x1b", 7), "ab\\x1b…\n");
        assert_eq!(cut(b"ab\x1b\x1b", 6), "ab…\n");
        assert_eq!(cut(b"ab\x1b\x1b", 10), "ab\\x1b\\x1b\n");
        assert_eq!(cut(&vec![b'x'; 100_000], 3), "xx…\n");
        assert_eq!(cut(b"x", 0), "\n");
    }

    #[test]
    fn a_folded_line_goes_on_under_its_text() {
        let mut line = Line::default();
        line.push(Meaning::Violation, "✗");
        line.gap(3);
        line.hang();
        line.push(Meaning::Plain, "error  no answer ");
        line.push(Meaning::Dim, "  within ten seconds");
        let folded = |palette, width| {
            let mut out = String::new();
            line.write_folded(palette, width, &mut out);
            out
        };
        assert_eq!(folded(Palette::PLAIN, Some(16)), "✗   error\n    no answer\n    within ten\n    seconds\n");
        assert_eq!(folded(Palette::PLAIN, None), "✗   error  no answer   within ten seconds\n");
        assert_eq!(folded(Palette::PLAIN, Some(80)), folded(Palette::PLAIN, None));
        assert!(folded(Palette::COLOURED, Some(24)).ends_with("no answer\n    \x1b[2mwithin ten seconds\x1b[0m\n"));
    }

    proptest! {
        #[test]
        fn a_cut_line_fits(text in "\\PC{0,40}", room in 0usize..50) {
            let shown = cut(text.as_bytes(), room);
            prop_assert!(columns(shown.trim_end_matches('\n')) <= room, "{shown:?}");
        }
    }
}
