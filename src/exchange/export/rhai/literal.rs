//! Values as a script has them: whatever a peer sent stays text between quotes, and can't become code.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::render::escape::escape;

/// Columns of a line that is not broken further.
const WIDTH: usize = 110;

/// Bytes that are written in hexadecimal; more are in base64.
const MOST_HEX: usize = 64;

/// How deep JSON may be as a map: the language itself takes no deeper expression than some hundred levels.
const DEEPEST: usize = 24;

/// Words of the language, and those that it keeps for itself: none of them names a field or a variable.
const WORDS: &str = "Fn as async await break call case catch const continue curry debug default do else eval exit export false fn \
    for global go goto if import in is is_def_fn is_def_var is_shared let loop match module new nil null package \
    print private protected public return shared spawn static super switch sync this thread throw true try type_of \
    undefined until use var virtual void while with yield any_text any_number anything";

/// A value of a script, in parts that can be laid out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// An expression on one line.
    Is(String),
    Map(Vec<(String, Node)>),
    List(Vec<Node>),
}

/// A piece of a text that is put together when the script runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// The value of a variable.
    Variable(String),
}

/// A string, as easy to read as it can be: what holds quotes stands between backticks, as it is, where that is exact.
pub(super) fn string(text: &str) -> String {
    if text.contains(['"', '\\']) && is_plain(text) { format!("`{text}`") } else { quoted(text) }
}

/// A string with values of variables in it.
pub(super) fn interpolated(parts: &[Part]) -> String {
    let fits = |part: &Part| match part {
        Part::Text(text) => is_plain(text) && !text.ends_with(['$', '\\']),
        Part::Variable(_) => true,
    };
    let is_plain = parts.iter().all(fits);
    let piece = |part: &Part| match part {
        Part::Text(text) if is_plain => text.clone(),
        Part::Text(text) => quoted(text),
        Part::Variable(name) if is_plain => format!("${{{name}}}"),
        Part::Variable(name) => name.clone(),
    };
    let pieces: Vec<String> = parts.iter().map(piece).collect();
    match parts {
        [] => quoted(""),
        [Part::Text(text)] => string(text),
        _ if is_plain => format!("`{}`", pieces.concat()),
        // A number and what follows would be added up rather than joined.
        _ => format!("\"\" + {}", pieces.join(" + ")),
    }
}

/// Bytes.
pub(super) fn bytes(bytes: &[u8]) -> String {
    if bytes.len() > MOST_HEX {
        return format!("from_base64(\"{}\")", STANDARD.encode(bytes));
    }
    format!("from_hex(\"{}\")", hex(bytes))
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// Whether JSON is the same as a value of a script: its numbers are of 64 bits with a sign, or floating-point.
pub(super) fn fits(value: &Value) -> bool {
    fn fits(value: &Value, deep: usize) -> bool {
        match value {
            Value::Array(all) => deep < DEEPEST && all.iter().all(|value| fits(value, deep + 1)),
            Value::Object(all) => deep < DEEPEST && all.values().all(|value| fits(value, deep + 1)),
            Value::Number(number) => {
                number.as_i64().is_some_and(|whole| whole > i64::MIN) || !number.is_u64() && number.is_f64()
            }
            Value::Null | Value::Bool(_) | Value::String(_) => true,
        }
    }
    fits(value, 0)
}

/// JSON that is neither array nor object, and [`fits`].
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "()".to_owned(),
        Value::String(text) => string(text),
        Value::Number(number) if number.is_f64() => {
            let text = format!("{:?}", number.as_f64().unwrap_or_default());
            match text.split_once('e') {
                Some((digits, power)) if !digits.contains('.') => format!("{digits}.0e{power}"),
                _ => text,
            }
        }
        other => other.to_string(),
    }
}

/// The name of a field.
pub(super) fn key(name: &str) -> String {
    if is_name(name) { name.to_owned() } else { quoted(name) }
}

/// A field of a value, or an element, by what stands behind the value: `.token`, `["a b"]`.
pub(super) fn field(name: &str) -> String {
    if is_name(name) { format!(".{name}") } else { format!("[{}]", quoted(name)) }
}

/// Whether a variable or a field may be called so.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !WORDS.split(' ').any(|word| word == name)
}

/// A text that stands in a comment, on one line.
pub(super) fn remark(text: &str) -> String {
    escape(text.as_bytes()).into_owned()
}

impl Node {
    /// The value laid out: on one line where it fits, else a field a line.
    pub(super) fn text(&self, indent: usize) -> String {
        let flat = self.flat();
        if indent + flat.chars().count() <= WIDTH {
            return flat;
        }
        let pad = " ".repeat(indent);
        let lines = |items: Vec<String>, open: &str, close: &str| {
            let items: Vec<String> = items.iter().map(|item| format!("{pad}    {item},\n")).collect();
            format!("{open}\n{}{pad}{close}", items.concat())
        };
        match self {
            Node::Is(text) => text.clone(),
            Node::Map(all) => {
                let item = |(name, node): &(String, Node)| format!("{}: {}", key(name), node.text(indent + 4));
                lines(all.iter().map(item).collect(), "#{", "}")
            }
            Node::List(all) => lines(all.iter().map(|node| node.text(indent + 4)).collect(), "[", "]"),
        }
    }

    fn flat(&self) -> String {
        match self {
            Node::Is(text) => text.clone(),
            Node::Map(all) if all.is_empty() => "#{}".to_owned(),
            Node::Map(all) => {
                let all: Vec<_> = all.iter().map(|(name, node)| format!("{}: {}", key(name), node.flat())).collect();
                format!("#{{ {} }}", all.join(", "))
            }
            Node::List(all) => format!("[{}]", all.iter().map(Node::flat).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// Between double quotes, where everything that is not to be seen is escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if !is_hidden(c) => out.push(c),
            c if u32::from(c) > 0xFFFF => drop(write!(out, "\\U{:08x}", u32::from(c))),
            c => drop(write!(out, "\\u{:04x}", u32::from(c))),
        }
    }
    out + "\""
}

/// Whether it is itself between backticks, where nothing can be escaped.
fn is_plain(text: &str) -> bool {
    !text.contains('`') && !text.contains("${") && !text.contains(is_hidden)
}

/// What [`escape`] does not show as it is.
fn is_hidden(c: char) -> bool {
    let mut buffer = [0; 4];
    let text = c.encode_utf8(&mut buffer);
    *escape(text.as_bytes()) != *text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_string_stays_one() {
        for (text, literal) in [
            ("", r#""""#),
            ("plain 🦀", "\"plain 🦀\""),
            (r#"{"a":"\n"}"#, r#"`{"a":"\n"}`"#),
            (r#"" + fail("x") + ""#, r#"`" + fail("x") + "`"#),
            ("`${fail(1)}`\"", r#""`${fail(1)}`\"""#),
            ("a\n\0\u{202e}\u{e0001}\r", r#""a\n\u0000\u202e\U000e0001\r""#),
        ] {
            assert_eq!(string(text), literal);
        }
    }

    #[test]
    fn what_is_put_together_is_safe_as_well() {
        let (text, n) = (|text: &str| Part::Text(text.to_owned()), Part::Variable("n".to_owned()));
        let parts = [text(r#"{"token":""#), n.clone(), text(r#""}"#)];
        assert_eq!(interpolated(&parts), r#"`{"token":"${n}"}`"#);
        assert_eq!(interpolated(&[text("$"), n.clone()]), r#""" + "$" + n"#);
        assert_eq!(interpolated(&[n.clone(), text("`")]), r#""" + n + "`""#);
        assert_eq!(interpolated(&[n]), "`${n}`");
        assert_eq!(interpolated(&[]), r#""""#);
    }

    #[test]
    fn numbers_and_names_are_those_of_the_language() {
        for (value, literal) in [
            (json!(null), "()"),
            (json!(-3), "-3"),
            (json!(1e300), "1.0e300"),
            (json!(1.5), "1.5"),
            (json!(true), "true"),
        ] {
            assert_eq!(scalar(&value), literal);
        }
        assert!(!fits(&json!({"a": [u64::MAX]})) && fits(&json!({"a": [i64::MAX, -0.5, null]})));
        for (name, written) in [("type", "type"), ("let", "\"let\""), ("a b", "\"a b\""), ("_", "\"_\""), ("", "\"\"")]
        {
            assert_eq!(key(name), written);
        }
    }

    #[test]
    fn a_long_value_is_a_field_a_line() {
        let long = "x".repeat(60);
        let list = Node::List(vec![Node::Is(format!("{long:?}")), Node::Map(vec![("a".into(), Node::Is("1".into()))])]);
        let node = Node::Map(vec![("list".into(), list), ("long".into(), Node::Is(format!("{long:?}")))]);
        let text = format!("#{{\n        list: [\"{long}\", #{{ a: 1 }}],\n        long: \"{long}\",\n    }}");
        assert_eq!(node.text(4), text);
    }
}
