//! Commands of the user's own: `/NAME ARGS` stands for a line, with `$1` to `$9` and `$*` put in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::render::escape::escape;
use crate::transport::in_words;

use super::error::ShellError;
use super::parse::{address, head, is_name, words};
use super::repl::Shell;
use super::table;

/// How often the line that an alias stands for may begin with another one.
const DEPTH: usize = 8;

/// By name.
#[derive(Default)]
pub(super) struct Aliases(BTreeMap<String, String>);

impl Aliases {
    /// The names.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// The line that a line stands for: itself, unless it begins with an alias.
    ///
    /// # Errors
    /// An alias stands for itself in the end.
    pub(super) fn expand<'l>(&self, line: &'l str) -> Result<Cow<'l, str>, ShellError> {
        let mut line = Cow::Borrowed(line);
        for _ in 0..DEPTH {
            let (to, rest) = address(&line).map_or((None, &*line), |(name, rest)| (Some(name), rest));
            let called = rest.strip_prefix('/').map(head);
            let Some((text, arguments)) = called.and_then(|(name, rest)| Some((self.0.get(name)?, rest))) else {
                return Ok(line);
            };
            let made = fill(text, arguments);
            line = Cow::Owned(to.map_or_else(|| made.clone(), |name| format!("@{name} {made}")));
        }
        let problem = format!("the alias {} stands for itself", line.escape_debug());
        Err(ShellError::refused(problem, "/alias lists what each stands for"))
    }
}

/// A text with its arguments; behind it if it says nowhere where they go.
fn fill(text: &str, arguments: &str) -> String {
    let split = words(arguments).unwrap_or_else(|_| arguments.split_whitespace().map(str::to_owned).collect());
    let mut line = String::with_capacity(text.len() + arguments.len());
    let mut placed = arguments.is_empty();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        line.push_str(before);
        let sign = after.chars().next();
        let put = match sign {
            Some('*') => Some(arguments),
            Some('$') => Some("$"),
            Some(digit @ '1'..='9') => {
                let at = digit as usize - '1' as usize;
                Some(split.get(at).map_or("", String::as_str))
            }
            _ => None,
        };
        placed |= put.is_some() && sign != Some('$');
        line.push_str(put.unwrap_or("$"));
        rest = if put.is_some() { &after[1..] } else { after };
    }
    line.push_str(rest);
    if !placed {
        line.push(' ');
        line.push_str(arguments);
    }
    line
}

impl Shell {
    /// Defines an alias, or lists them all.
    pub(super) fn alias(&mut self, definition: Option<(String, String)>) -> Result<(), ShellError> {
        let Some((name, text)) = definition else {
            let shown = self.aliases.0.iter().map(|(name, text)| format!("  /{name} = {}\n", escape(text.as_bytes())));
            let shown: String = shown.collect();
            self.screen.print(if shown.is_empty() { "  no aliases; /alias NAME = TEXT makes one\n" } else { &shown });
            return Ok(());
        };
        if let Some(spec) = table::find(&name) {
            return Err(ShellError::refused(
                format!("/{name} is a command already"),
                format!("/help {} tells what it does; another name will do", spec.name),
            ));
        }
        if !is_name(&name) {
            let problem = format!("\"{}\" is no name of a command", name.escape_debug());
            return Err(ShellError::refused(problem, "letters, digits, -, _ and . make one"));
        }
        match &*text {
            "" => drop(self.aliases.0.remove(&name)),
            _ => drop(self.aliases.0.insert(name, text)),
        }
        self.learn_aliases();
        Ok(())
    }

    /// Defines those of the user's file, if there is one: `NAME = TEXT` in each line, `#` begins a comment.
    pub(super) fn load_aliases(&mut self) {
        let Some(path) = self.aliases_file.take() else { return };
        let file = path.display().to_string();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => {
                let problem = format!("cannot read the aliases in \"{file}\": {}", in_words(&error));
                return self.complain(&ShellError::refused(problem, "NAME = TEXT in each line makes them"));
            }
        };
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let defined = definition(line)
                .map_err(|problem| ShellError::refused(problem, "NAME = TEXT in each line makes them"))
                .and_then(|definition| self.alias(Some(definition)));
            if let Err(error) = defined {
                self.complain(&ShellError::Sourced { file: file.clone(), line: number, error: Box::new(error) });
            }
        }
    }
}

/// `NAME = TEXT`.
///
/// # Errors
/// It is none.
pub(super) fn definition(typed: &str) -> Result<(String, String), String> {
    let (name, text) = typed.split_once('=').ok_or_else(|| format!("\"{}\" has no =", typed.escape_debug()))?;
    Ok((name.trim().trim_start_matches('/').to_owned(), text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_go_where_the_text_says_or_behind_it() {
        for (text, arguments, line) in [
            ("/json {\"op\":\"sub\",\"ch\":\"$1\"}", "trades", "/json {\"op\":\"sub\",\"ch\":\"trades\"}"),
            ("$2 $1 $3|", "'a b' c", "c a b |"),
            ("= f($*)", "1, 2", "= f(1, 2)"),
            ("/ping", "", "/ping"),
            ("/ping", "tick tock", "/ping tick tock"),
            ("cost: $$5 $x", "", "cost: $5 $x"),
            ("é$1é", "ñ", "éñé"),
        ] {
            assert_eq!(fill(text, arguments), line);
        }
    }
}
