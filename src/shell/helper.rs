//! What rustyline asks while a line is typed: completion, hints, colours, whether Enter ends the line, and the prompt.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter, MatchingBracketHighlighter};
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper, Result};

use crate::script::is_unfinished;

use super::completion::{Known, complete, hint};
use super::json;
use super::parse::{address, head};
use super::prompt::Prompt;
use super::screen::{BATCH, Screen};
use super::table::{self, Complete};

/// rustyline's helper.
pub(super) struct LineHelper {
    pub(super) screen: Screen,
    pub(super) prompt: Prompt,
    pub(super) known: Arc<Mutex<Known>>,
    pub(super) coloured: bool,
    pub(super) brackets: MatchingBracketHighlighter,
    pub(super) past: HistoryHinter,
}

/// What is shown after the cursor, and the part of it that the right arrow takes over.
pub(super) struct LineHint {
    shown: String,
    taken: usize,
}

impl Hint for LineHint {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.shown.get(..self.taken).filter(|taken| !taken.is_empty())
    }
}

impl Hinter for LineHelper {
    type Hint = LineHint;

    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<LineHint> {
        if pos < line.len() {
            return None;
        }
        let past = || {
            let rest = self.past.hint(line, pos, context).filter(|rest| !rest.contains('\n'))?;
            Some(LineHint { taken: rest.len(), shown: rest })
        };
        hint(line).map(|(shown, taken)| LineHint { shown, taken }).or_else(past)
    }
}

impl Completer for LineHelper {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> Result<(usize, Vec<String>)> {
        Ok(complete(line, pos, &self.known.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Validator for LineHelper {
    /// Enter makes a new line while JSON or an expression lacks its end; an empty line ends it all the same.
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        let line = context.input();
        let line = address(line).map_or(line, |(_, rest)| rest);
        let unfinished = !line.ends_with('\n') && lacks_its_end(line);
        Ok(if unfinished { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Highlighter for LineHelper {
    /// The text waiting for the screen, then the prompt.
    ///
    /// rustyline calls this in every repaint, when the cursor is where the prompt begins and the old line is gone: the one
    /// moment when text can go above the prompt. It is whole lines, so the layout of the prompt's own line holds.
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, default: bool) -> Cow<'b, str> {
        self.screen.set_width(columns());
        let mut text = self.screen.take_at_prompt(BATCH);
        if default {
            text.push_str(&self.prompt.refreshed(prompt, self.coloured));
        } else {
            text.push_str(prompt);
        }
        text.into()
    }

    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        if !self.coloured {
            return line.into();
        }
        let shown = self.brackets.highlight(line, pos);
        let name = match line.strip_prefix('/') {
            Some(rest) if !rest.starts_with('/') => head(rest).0,
            _ => return shown,
        };
        let word = &line[..=name.len()];
        match shown.strip_prefix(word) {
            Some(rest) => {
                let possible = table::commands().any(|spec| spec.name.starts_with(name));
                let colour = if table::find(name).is_some() {
                    "36"
                } else if possible {
                    "2"
                } else {
                    "31"
                };
                format!("\x1b[{colour}m{word}\x1b[0m{rest}").into()
            }
            None => shown,
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.coloured { format!("\x1b[2m{hint}\x1b[0m").into() } else { hint.into() }
    }

    fn highlight_char(&self, line: &str, pos: usize, kind: CmdKind) -> bool {
        let brackets = self.brackets.highlight_char(line, pos, kind);
        self.coloured && (brackets || kind != CmdKind::MoveCursor && line.starts_with('/'))
    }
}

impl Helper for LineHelper {}

fn lacks_its_end(line: &str) -> bool {
    if let Some(expression) = line.strip_prefix('=').filter(|rest| !rest.starts_with('=')) {
        return is_unfinished(expression);
    }
    let Some((name, rest)) = line.strip_prefix('/').map(head) else { return false };
    match table::find(name).map(|spec| (spec.name, spec.complete)) {
        Some(("json", _)) => json::is_unfinished(rest),
        Some((_, Complete::Expression)) => is_unfinished(rest),
        Some((_, Complete::Handler)) => is_unfinished(head(rest).1),
        _ => false,
    }
}

/// The terminal's width, which may change at any time.
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}
