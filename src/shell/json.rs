//! JSON as the user wrote it, only without the blanks: key order, duplicate keys and the spelling of numbers and strings
//! are what a server may trip over, so nothing is parsed and written anew.

use super::content::boundary;

/// Checks `text` and takes the blanks between its tokens out.
///
/// # Errors
/// What is wrong, with line and column, and the place marked under the line.
pub(super) fn compact(text: &str) -> Result<String, String> {
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        return Err(explain(text, &error));
    }
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        if in_string || !c.is_ascii_whitespace() {
            out.push(c);
        }
        if c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && c == '\\' && !escaped;
    }
    Ok(out)
}

/// Whether `text` is JSON so far, and only its end is missing.
pub(super) fn is_unfinished(text: &str) -> bool {
    !text.trim().is_empty() && serde_json::from_str::<serde::de::IgnoredAny>(text).is_err_and(|error| error.is_eof())
}

/// The error, the line and a caret: columns of `serde_json` count bytes from 1 and name the last byte read.
fn explain(text: &str, error: &serde_json::Error) -> String {
    const BEFORE: usize = 30;
    const AFTER: usize = 30;
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let at = boundary(line, error.column().saturating_sub(1));
    let before: Vec<char> = line[..at].chars().rev().take(BEFORE).collect();
    let after = line[at..].chars().take(AFTER);
    let shown: String =
        before.iter().rev().copied().chain(after).map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("not JSON: {error}\n    {shown}\n    {}^", " ".repeat(before.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_duplicates_numbers_and_strings_keep_their_spelling() {
        let typed = "{ \"b\" : 1.0e+2,\n \"a\": \"x \\\" y\\\\\" , \"a\":\t12345678901234567890123, \"é\": [ ] }";
        assert_eq!(
            compact(typed).as_deref(),
            Ok("{\"b\":1.0e+2,\"a\":\"x \\\" y\\\\\",\"a\":12345678901234567890123,\"é\":[]}")
        );
        assert_eq!(compact(" \" a \" ").as_deref(), Ok("\" a \""));
    }

    #[test]
    fn an_error_says_where() {
        let error = compact("{\"a\": 1,}").unwrap_err();
        assert_eq!(error, "not JSON: key must be a string at line 1 column 9\n    {\"a\": 1,}\n            ^");
    }

    #[test]
    fn a_missing_end_is_told_from_a_mistake() {
        assert!(is_unfinished("{\"a\": [1,"));
        assert!(!is_unfinished("{\"a\": ]"));
        assert!(!is_unfinished("{}"));
        assert!(!is_unfinished(" "));
    }
}
