//! JSON that may stand in a page's `<script>`: whatever a peer sent, it neither ends the element nor begins another.

use crate::recording::json;

/// Appends a string as JSON, fit for a page.
pub(super) fn string(text: &str, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    scratch.clear();
    json::string(text, scratch);
    fit(scratch, out);
}

/// Appends JSON, fit for a page: what HTML, an editor or a terminal would act on, as `\u003c`. All of that can only be
/// inside of strings, so the value stays the same.
pub(super) fn fit(json: &[u8], out: &mut Vec<u8>) {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'<' | b'>' | b'&' | 0x7F | 0xC2 | 0xE2)) {
        let (plain, found) = rest.split_at(at);
        out.extend_from_slice(plain);
        let (character, size) = first(found);
        if is_active(character) {
            out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
        } else {
            out.extend_from_slice(&found[..size]);
        }
        rest = &found[size..];
    }
    out.extend_from_slice(rest);
}

/// The first character, which is one of at most three bytes, and its size.
fn first(bytes: &[u8]) -> (char, usize) {
    let size = match bytes[0] {
        0xE2 => 3,
        0xC2 => 2,
        _ => 1,
    };
    let text = bytes.get(..size).and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.and_then(|text| text.chars().next()).map_or((' ', 1), |character| (character, size))
}

/// Markup; DEL and C1 controls, for who shows the file in a terminal; line separators and bidirectional controls.
const fn is_active(character: char) -> bool {
    matches!(character, '<' | '>' | '&' | '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn embedded(text: &str) -> String {
        let mut out = Vec::new();
        string(text, &mut Vec::new(), &mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn nothing_that_a_peer_sent_is_markup_or_a_control() {
        assert_eq!(embedded("</script><!--"), r#""\u003c/script\u003e\u003c!--""#);
        assert_eq!(embedded("a\u{2028}b\u{202e}c&amp;"), r#""a\u2028b\u202ec\u0026amp;""#);
        assert_eq!(embedded("\x1b[31m\x7f\u{9b}\0\r\n"), r#""\u001b[31m\u007f\u009b\u0000\r\n""#);
        assert_eq!(embedded("é – 漢字 🙂 \\u003c"), r#""é – 漢字 🙂 \\u003c""#);
    }

    proptest! {
        #[test]
        fn any_text_reads_back_and_holds_no_markup(text in "\\PC*|[<>&!\u{7f}-\u{a0}\u{2020}-\u{2070}/script\\-\\p{Cc}]*") {
            let page = embedded(&text);
            prop_assert_eq!(serde_json::from_str::<String>(&page).expect("JSON"), text);
            prop_assert!(!page.chars().any(|c| c.is_control() || is_active(c)), "{}", page);
        }
    }
}
