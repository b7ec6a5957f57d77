//! JSON text indented and coloured without being rewritten: key order, duplicate keys, long numbers and the spelling of
//! strings are evidence, so the text's own tokens are laid out anew and never parsed into values.

use super::escape;
use super::style::{Meaning, Palette};

/// Whether the bytes are a JSON object or array. (A bare number or string gains nothing from indenting.)
#[must_use]
pub fn is_container(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
        && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

/// Appends valid JSON, a member a line, each line after `indent`, two spaces a level, `\n` at the end of each.
pub fn pretty(text: &str, indent: &str, palette: Palette, out: &mut String) {
    let mut depth = 0;
    let mut tokens = tokens(text).peekable();
    out.push_str(indent);
    while let Some(token) = tokens.next() {
        match token {
            "{" | "[" => {
                out.push_str(token);
                if let Some(close) = tokens.next_if(|next| matches!(*next, "}" | "]")) {
                    out.push_str(close);
                } else {
                    depth += 1;
                    new_line(indent, depth, out);
                }
            }
            "}" | "]" => {
                depth = depth.saturating_sub(1);
                new_line(indent, depth, out);
                out.push_str(token);
            }
            "," => {
                out.push(',');
                new_line(indent, depth, out);
            }
            ":" => out.push_str(": "),
            _ => {
                let meaning = match token.as_bytes()[0] {
                    b'"' if tokens.peek() == Some(&":") => Meaning::Name,
                    b'"' => Meaning::Text,
                    b't' | b'f' | b'n' => Meaning::Word,
                    _ => Meaning::Number,
                };
                escape::paint(token.as_bytes(), meaning, palette, out);
            }
        }
    }
    out.push('\n');
}

/// The tokens of JSON text: punctuation, strings with their quotes, numbers and words. White space is dropped.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let end = match rest.as_bytes().first()? {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            b'"' => string_end(rest.as_bytes()),
            _ => rest.find(|c: char| c.is_ascii_whitespace() || "{}[],:\"".contains(c)).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}

/// Behind the closing quote of the string that `bytes` begin with.
fn string_end(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(next) = memchr::memchr2(b'"', b'\\', &bytes[at.min(bytes.len())..]) {
        at += next + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

fn new_line(indent: &str, depth: usize, out: &mut String) {
    out.push('\n');
    out.push_str(indent);
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> String {
        let mut out = String::new();
        pretty(text, "", Palette::PLAIN, &mut out);
        out
    }

    #[test]
    fn tokens_keep_their_order_and_spelling() {
        let text = "{\"b\":1.50e+99,\"a\":[ ],\"b\":{\"\\u00e9\\\"\":[true,null]}, \"e\":{}}";
        assert!(is_container(text.as_bytes()));
        assert_eq!(
            plain(text),
            "{\n  \"b\": 1.50e+99,\n  \"a\": [],\n  \"b\": {\n    \"\\u00e9\\\"\": [\n      true,\n      null\n    ]\n  },\n  \"e\": {}\n}\n"
        );
    }

    #[test]
    fn what_is_no_json_container_is_left_alone() {
        for text in ["{\"a\":}", "hello", "5", "", "{} x", "[1,]", "{'a':1}"] {
            assert!(!is_container(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_string_can_not_smuggle_invisible_characters() {
        assert_eq!(plain("[\"\u{202e}\u{7f}\"]"), "[\n  \"\\u{202e}\\x7f\"\n]\n");
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "[ -~é\\\\\"{}\\[\\],:]*".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::vec(("[a-z\"\\\\]*", inner), 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn indenting_changes_white_space_alone(value in value()) {
            let text = value.to_string();
            let indented = plain(&text);
            prop_assert_eq!(tokens(&text).collect::<Vec<_>>(), tokens(&indented).collect::<Vec<_>>());
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&indented).unwrap(), value);
        }

        #[test]
        fn any_text_splits_into_tokens_without_loss(text in "[ -~é]*") {
            let spaceless = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(spaceless(&tokens(&text).collect::<String>()), spaceless(&text));
        }
    }
}
