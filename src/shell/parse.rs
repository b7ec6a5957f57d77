//! A line to a [`Request`], without looking at anything but the line.
//!
//! `/` begins a command, `//` a text with one slash, `=` an expression, `==` a text with one `=`, `@name` says where to, `@@`
//! is a text with one `@`. Anything else is a text message, exactly as typed: blanks and line ends are part of it.

use super::error::ShellError;
use super::request::{Action, Outgoing, Request};
use super::table;

/// What `line` asks for.
///
/// # Errors
/// The command is unknown, or its arguments are not what it takes.
pub(super) fn parse(line: &str) -> Result<Request, ShellError> {
    let (to, line) = match address(line) {
        Some((name, rest)) => (Some(name.to_owned()), rest),
        None => (None, line),
    };
    let text = |text: &str| Action::Send(Outgoing::Text(text.to_owned()));
    let action = if line.is_empty() {
        Action::Nothing
    } else if let Some(rest) = line.strip_prefix("//") {
        text(&format!("/{rest}"))
    } else if let Some(typed) = line.strip_prefix('/') {
        let (name, rest) = head(typed);
        command(name, rest)?
    } else if let Some(rest) = line.strip_prefix("==") {
        text(&format!("={rest}"))
    } else if let Some(rest) = line.strip_prefix('=') {
        command("=", rest)?
    } else if let Some(rest) = line.strip_prefix("@@").filter(|_| to.is_none()) {
        text(&format!("@{rest}"))
    } else {
        text(line)
    };
    Ok(Request { to, action })
}

fn command(name: &str, rest: &str) -> Result<Action, ShellError> {
    let spec = table::find(name)
        .ok_or_else(|| ShellError::UnknownCommand { name: name.to_owned(), nearest: table::nearest(name) })?;
    (spec.parse)(rest).map_err(|problem| ShellError::Usage { spec, problem })
}

/// `@name rest`: the name, and what is after one blank.
pub(super) fn address(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix('@')?;
    let (name, rest) = rest.split_once(' ')?;
    is_name(name).then_some((name, rest))
}

/// Whether a connection can have this name.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// The first word, and the rest after one blank (or line end).
pub(super) fn head(text: &str) -> (&str, &str) {
    text.split_once([' ', '\t', '\n']).unwrap_or((text, ""))
}

/// Words as a shell would split them: blanks between, `'...'` and `"..."` keep blanks, `\` keeps the next character
/// (inside `"..."` only before `"` and `\`).
pub(super) fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        None => return Err(format!("a quote {c} is not closed")),
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => match chars.next() {
                            Some(kept @ ('"' | '\\')) => word.push(kept),
                            Some(other) => word.extend(['\\', other]),
                            None => return Err("a quote \" is not closed".into()),
                        },
                        Some(other) => word.push(other),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests;
