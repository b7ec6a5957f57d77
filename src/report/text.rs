//! Text of tests and peers, made safe for the formats of reports: controls are shown, not obeyed.
//!
//! The JSON report alone keeps every character as it is; it escapes controls by itself.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Controls, line and paragraph separators, and controls of text direction become `\x1b`, `\r`, `\u{202e}`, except those in
/// `kept`; so do the two code points that XML 1.0 forbids besides (section 2.2, `Char`).
pub(super) fn visible<'a>(text: &'a str, kept: &[char]) -> Cow<'a, str> {
    let hidden = |c: char| is_hidden(c) && !kept.contains(&c);
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            _ if !hidden(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x7f' => _ = write!(out, "\\x{:02x}", u32::from(c)),
            _ => _ = write!(out, "\\u{{{:x}}}", u32::from(c)),
        }
    }
    Cow::Owned(out)
}

/// For XML and HTML, between tags and in quoted attributes: [`visible`], and `&`, `<`, `>`, `"`, `'` as references. Lines and
/// tabs stay; an attribute's are references, or an XML reader would make blanks of them (XML 1.0 section 3.3.3).
pub(crate) fn markup(text: &str, attribute: bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in visible(text, &['\n', '\t']).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' if attribute => out.push_str("&#10;"),
            '\t' if attribute => out.push_str("&#9;"),
            c => out.push(c),
        }
    }
    out
}

pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn controls_are_shown() {
        assert_eq!(
            visible("a\0\x1b[31m\r\n\t\u{9b}\u{202e}\u{2028}\u{ffff}", &['\n']),
            "a\\x00\\x1b[31m\\r\n\\t\\u{9b}\\u{202e}\\u{2028}\\u{ffff}"
        );
        assert!(matches!(visible("👩‍🚀 e\u{301} \\n\n", &['\n']), Cow::Borrowed(_)));
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(
            markup("<a b='c' d=\"e\">&amp;]]>\n\t", false),
            "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;amp;]]&gt;\n\t"
        );
        assert_eq!(markup("a\n\tb", true), "a&#10;&#9;b");
    }

    proptest! {
        #[test]
        fn what_is_left_is_allowed_in_xml(text in any::<String>()) {
            let allowed = |c: char| matches!(c, '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
            prop_assert!(markup(&text, false).chars().all(|c| allowed(c) && !matches!(c, '<' | '>' | '"')));
        }
    }
}
