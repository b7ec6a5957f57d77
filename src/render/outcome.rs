//! What went wrong or came to an end: a broken rule beside its bytes, an error, the end of a connection, a note.

use crate::event::{Closed, Side, Violation};
use crate::handshake::Fault;
use crate::protocol::{Rule, close};

use super::handshake::{self, Prefix};
use super::line::Line;
use super::style::Meaning;
use super::{Options, escape, hexdump};

/// A broken rule, its bytes with the offending one marked, and where that is.
pub(super) fn violation(
    mut line: Line,
    frame: Option<u64>,
    violation: &Violation,
    options: &Options,
    out: &mut String,
) {
    line.push(Meaning::Violation, "violation");
    line.put(Meaning::Plain, format_args!("  {}   ", escape::escape(violation.to_string().as_bytes())));
    line.append(&marked_bytes(violation));
    let place = frame.map(|number| format!(" of frame {number}")).unwrap_or_default();
    line.put(Meaning::Dim, format_args!("  at byte {}{place}", violation.offset));
    line.write_folded(options.palette, options.width, out);
}

/// The bytes of a violation in hexadecimal, the offending one marked: `[83] 02 c3 28`.
pub(super) fn marked_bytes(violation: &Violation) -> Line {
    let mut line = Line::default();
    let bytes = &violation.bytes;
    let Some(at) = offending(violation) else {
        line.push(Meaning::Violation, hexdump::hex(bytes));
        return line;
    };
    let (before, after) = (hexdump::hex(&bytes[..at]), hexdump::hex(&bytes[at + 1..]));
    if !before.is_empty() {
        line.push(Meaning::Plain, before + " ");
    }
    line.push(Meaning::Marked, hexdump::hex(&bytes[at..=at]));
    if !after.is_empty() {
        line.put(Meaning::Plain, format_args!(" {after}"));
    }
    line
}

/// Which byte of the excerpt is the offending one, if it is a single byte.
///
/// The excerpt is the header for what a header breaks, so the offset leads to it; else it begins with the offending byte.
fn offending(violation: &Violation) -> Option<usize> {
    let at = match violation.rule {
        Rule::InvalidUtf8 | Rule::CloseTooShort | Rule::CloseCodeNotAllowed | Rule::CloseReasonUtf8 => 0,
        Rule::BadDeflate => return None,
        // Found out while inflating, behind a header that is right.
        Rule::MessageTooLarge if violation.offset > 1 => return None,
        _ => usize::try_from(violation.offset).ok()?,
    };
    (at < violation.bytes.len()).then_some(at)
}

/// A rule that the opening handshake broke: the line it is about, what was expected, what was there.
pub(super) fn fault(mut line: Line, fault: &Fault, head: &[u8], prefix: Prefix, options: &Options, out: &mut String) {
    line.push(Meaning::Violation, "handshake");
    line.put(Meaning::Plain, format_args!("  {} ({})", fault.rule, fault.section));
    line.write(options.palette, out);
    handshake::marked_lines(head, &fault.at, prefix, options, out);
    for (label, value) in [("expected", &fault.expected), ("got", &fault.got)] {
        out.push_str("      ");
        options.palette.paint(Meaning::Dim, &format!("{label:<10}"), out);
        escape::paint(value.as_bytes(), Meaning::Plain, options.palette, out);
        out.push('\n');
    }
}

/// The end of a connection: quiet if it was clean, else what happened.
pub(super) fn closed(mut line: Line, closed: &Closed, options: &Options, out: &mut String) {
    let (meaning, words) =
        if closed.clean { (Meaning::Dim, "closed") } else { (Meaning::Violation, "closed abnormally") };
    line.push(meaning, words);
    match closed.code {
        Some(code) => {
            line.put(meaning, format_args!("  {code} {}", close::code_name(code).unwrap_or("unregistered")));
        }
        None if closed.clean => line.push(meaning, "  no status code"),
        None => {}
    }
    if !closed.reason.is_empty() {
        line.put(meaning, format_args!("  \"{}\"", escape::escape(&closed.reason)));
    }
    // Without a close frame nobody closed: the detail says what ended the stream.
    if closed.clean || closed.code.is_some() {
        line.push(meaning, if closed.by == Side::Us { "  by us" } else { "  by the peer" });
    }
    if let Some(detail) = &closed.detail {
        line.put(meaning, format_args!("  {}", escape::escape(detail.as_bytes())));
    }
    line.write_folded(options.palette, options.width, out);
}

/// A word and a text: an error or a note.
pub(super) fn remark(
    mut line: Line,
    meaning: Meaning,
    word: &'static str,
    text: &str,
    options: &Options,
    out: &mut String,
) {
    line.push(meaning, word);
    line.gap(2);
    line.hang();
    line.peer(Meaning::Plain, text.as_bytes());
    line.write_folded(options.palette, options.width, out);
}

/// A label and a text of our own, a line or several: `  error: no such frame`.
pub fn paragraph(meaning: Meaning, label: &str, text: &str, options: &Options, out: &mut String) {
    let mut lines = text.split('\n');
    let mut line = Line::default();
    line.gap(2);
    line.push(meaning, label);
    line.gap(1);
    line.hang();
    line.peer(
        if meaning == Meaning::Dim { meaning } else { Meaning::Plain },
        lines.next().unwrap_or_default().as_bytes(),
    );
    line.write_folded(options.palette, options.width, out);
    for rest in lines {
        out.push_str(&escape::escape(rest.as_bytes()));
        out.push('\n');
    }
}

/// The next step after an error, from column `column` on.
pub(super) fn hint(text: &str, column: usize, options: &Options, out: &mut String) {
    let mut line = Line::default();
    line.gap(column);
    line.hang();
    line.put(Meaning::Dim, format_args!("hint: {}", escape::escape(text.as_bytes())));
    line.write_folded(options.palette, options.width, out);
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn marked(rule: Rule, bytes: &'static [u8], offset: u64) -> String {
        let violation = Violation { rule, detail: String::new(), bytes: Bytes::from_static(bytes), offset };
        let mut out = String::new();
        marked_bytes(&violation).write(super::super::Palette::PLAIN, &mut out);
        out
    }

    #[test]
    fn the_offending_byte_is_marked_where_it_is_known() {
        assert_eq!(marked(Rule::UnmaskedByClient, b"\x81\x02hi", 1), "81 [02] 68 69\n");
        assert_eq!(marked(Rule::InvalidUtf8, b"\xff..", 777), "[ff] 2e 2e\n");
        assert_eq!(marked(Rule::CloseCodeNotAllowed, b"\x03\xeebye", 2), "[03] ee 62 79 65\n");
        assert_eq!(marked(Rule::BadDeflate, b"\xff\xff", 0), "ff ff\n");
        assert_eq!(marked(Rule::FrameTooLarge, b"\x81", 40), "81\n");
        assert_eq!(marked(Rule::FrameTooLarge, b"", 0), "\n");
    }
}
