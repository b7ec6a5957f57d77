//! Why a script ended before its end, where, and what belongs to it: for a person, a report and an exit code.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rhai::{Dynamic, EvalAltResult, ParseError, Position};

use crate::report::caret;

use super::engine::Limits;
use super::failure::{Failure, FailureKind};
use super::reference::is_known;
use super::stop::Stopped;
use super::value::{cut, written};

/// The most characters of a script's line that are shown, and those behind the column that it is about where that is beyond.
const LONGEST_LINE: usize = 160;
const BEHIND: usize = 20;

/// The most where the column is further still.
const LONGEST: usize = 2000;

/// What ended a script.
#[derive(Clone, Debug)]
pub struct Fault {
    pub reason: Reason,
    /// One line, lower case, without its place.
    pub message: String,
    /// Where; `None` for what has no place in the script.
    pub place: Option<Place>,
    /// What belongs to it: a difference, field by field.
    pub detail: Vec<String>,
    /// The latest events of the connection that it is about, as the viewer shows them.
    pub frames: Vec<String>,
    pub hint: Option<String>,
}

/// Of what kind it is; the exit code follows from it.
#[derive(Clone, Debug)]
pub enum Reason {
    /// Something that a function of the API threw.
    Failed(FailureKind),
    /// The script is wrong, or threw something of its own.
    Script,
    Interrupted,
    TimedOut,
}

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1; `None`: the whole line.
    pub column: Option<usize>,
    /// The line, without its end.
    pub text: String,
}

/// The texts of scripts by name; one that is not among them is read from its file.
#[derive(Clone, Debug, Default)]
pub struct Sources(BTreeMap<String, String>);

impl Sources {
    /// Adds the text of a script with a name.
    pub fn add(&mut self, name: &str, text: &str) {
        self.0.insert(name.to_owned(), text.to_owned());
    }

    /// What stands there.
    #[must_use]
    pub fn place(&self, file: &str, position: Position) -> Option<Place> {
        let line = position.line()?;
        let text = match self.0.get(file) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(std::fs::read_to_string(file).unwrap_or_default()),
        };
        let (text, column) = (text.lines().nth(line - 1).unwrap_or_default(), position.position());
        let most = LONGEST_LINE.max(column.unwrap_or(0) + BEHIND).min(LONGEST);
        Some(Place { file: file.to_owned(), line, column, text: cut(text, most) })
    }
}

impl Reason {
    /// Whether the script said that there is nothing to be done.
    #[must_use]
    pub const fn is_skipped(&self) -> bool {
        matches!(self, Reason::Failed(FailureKind::Skipped))
    }
}

impl Fault {
    /// One without a place.
    #[must_use]
    pub fn new(reason: Reason, message: impl Into<String>) -> Fault {
        Fault { reason, message: message.into(), place: None, detail: Vec::new(), frames: Vec::new(), hint: None }
    }

    /// What an error of the engine means; `name` is that of the script.
    #[must_use]
    pub fn of(error: &EvalAltResult, name: &str, sources: &Sources) -> Fault {
        let (inner, file, position) = innermost(error, name);
        let place = sources.place(file, position);
        let fault = match inner {
            EvalAltResult::ErrorRuntime(thrown, _) => match thrown.clone().try_cast::<Failure>() {
                Some(failure) => Fault {
                    detail: failure.detail,
                    frames: failure.frames,
                    hint: failure.hint,
                    ..Fault::new(Reason::Failed(failure.kind), failure.message)
                },
                None => Fault::new(Reason::Script, format!("the script threw {}", written(thrown))),
            },
            EvalAltResult::ErrorTerminated(token, _) => stopped(token),
            other => Fault { hint: hint(other), ..Fault::new(Reason::Script, in_words(other)) },
        };
        Fault { place, ..fault }
    }

    /// A script that can't be read as one.
    #[must_use]
    pub fn unreadable(error: &ParseError, name: &str, sources: &Sources) -> Fault {
        let message = lower(&error.err_type().to_string());
        let place = sources.place(name, error.position());
        Fault { place, ..Fault::new(Reason::Script, message) }
    }

    /// The message with its place: `smoke.rhai:7:14: expected ...`.
    #[must_use]
    pub fn line(&self) -> String {
        match &self.place {
            Some(Place { file, line, column: Some(column), .. }) => format!("{file}:{line}:{column}: {}", self.message),
            Some(Place { file, line, .. }) => format!("{file}:{line}: {}", self.message),
            None => self.message.clone(),
        }
    }

    /// The script's line with a caret, what belongs to the fault, and the latest events.
    #[must_use]
    pub fn more(&self) -> Vec<String> {
        let mut lines = self.place.as_ref().map(Place::shown).unwrap_or_default();
        lines.extend(self.detail.iter().map(|line| format!("  {line}")));
        if !self.frames.is_empty() {
            lines.push("  the latest on this connection:".into());
            lines.extend(self.frames.iter().map(|line| format!("    {line}")));
        }
        lines
    }
}

impl Place {
    /// The line and its number, and a caret under the column.
    #[must_use]
    pub fn shown(&self) -> Vec<String> {
        let (number, text) = (self.line.to_string(), self.text.replace('\t', " "));
        let blank = " ".repeat(number.len());
        let caret = self.column.map(|column| format!("  {blank} | {}", caret(&text, column)));
        std::iter::once(format!("  {number} | {text}")).chain(caret).collect()
    }
}

/// The error that the others are wrapped around, the script that it is in, and where there. What has no place of its own is
/// where it was called.
fn innermost<'a>(error: &'a EvalAltResult, file: &'a str) -> (&'a EvalAltResult, &'a str, Position) {
    let (inner, inside, position) = match error {
        EvalAltResult::ErrorInFunctionCall(_, source, inner, position) => {
            (inner, if source.is_empty() { file } else { source.as_str() }, *position)
        }
        EvalAltResult::ErrorInModule(module, inner, position) => (inner, module.as_str(), *position),
        _ => return (error, file, error.position()),
    };
    match innermost(inner, inside) {
        (found, _, place) if place.is_none() => (found, file, position),
        found => found,
    }
}

/// What a stop means; who does not say why was interrupted.
fn stopped(token: &Dynamic) -> Fault {
    match token.clone().try_cast::<Stopped>() {
        Some(Stopped::TimedOut(limit)) => {
            Fault::new(Reason::TimedOut, format!("timed out after {}", crate::render::quantity::duration(limit)))
        }
        Some(Stopped::Interrupted) | None => Fault::new(Reason::Interrupted, "interrupted"),
    }
}

/// An error of the engine in a line, without its position.
fn in_words(error: &EvalAltResult) -> String {
    let Limits { size, depth, .. } = Limits::default();
    let text = error.to_string();
    let end = text.rfind(" (line ").filter(|_| text.ends_with(')')).unwrap_or(text.len());
    let text = lower(&text[..end]);
    match error {
        EvalAltResult::ErrorStackOverflow(..) => format!("calls are nested too deep: {depth} levels are the most"),
        EvalAltResult::ErrorDataTooLarge(..) if text.contains("map") => format!("{text}: {} is the most", size / 10),
        EvalAltResult::ErrorDataTooLarge(..) => format!("{text}: {size} is the most"),
        EvalAltResult::ErrorDataRace(..) => "two functions of parallel() use a variable at the same time".to_owned(),
        EvalAltResult::ErrorFunctionNotFound(signature, _) if is_nameless(signature) => {
            "a function without a name was made in an imported module, and can be called only there".to_owned()
        }
        EvalAltResult::ErrorFunctionNotFound(..) => {
            let names = [("&str | ImmutableString | String", "string"), ("i64", "int"), ("f64", "float")];
            names.iter().fold(text, |text, (engines, scripts)| text.replace(engines, scripts))
        }
        _ => text,
    }
}

/// What to do about an error of the engine.
fn hint(error: &EvalAltResult) -> Option<String> {
    match error {
        EvalAltResult::ErrorTooManyOperations(..) => Some("--max-operations N allows more, 0 any number".to_owned()),
        EvalAltResult::ErrorDataRace(..) => {
            Some("let each function give its result: parallel() gives them all".to_owned())
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) if is_nameless(signature) => {
            Some("call it within the module, or make it in this script".to_owned())
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            let name = signature.split([' ', '(']).next().filter(|name| is_known(name))?;
            Some(format!("wscope run --api={name} tells what it takes"))
        }
        _ => None,
    }
}

/// Whether the engine has named it itself.
fn is_nameless(signature: &str) -> bool {
    signature.starts_with("anon$")
}

/// A sentence with a small first letter, unless it begins with an abbreviation.
fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, column: u16) -> Vec<String> {
        let mut sources = Sources::default();
        sources.add("a.rhai", text);
        sources.place("a.rhai", Position::new(1, column)).unwrap().shown()
    }

    #[test]
    fn a_caret_stood_beyond_a_long_line_that_was_cut() {
        let line = format!("{}wrong();{}", "x".repeat(200), "y".repeat(200));
        let lines = shown(&line, 201);
        assert_eq!(lines[0], format!("  1 | {}wrong();{}…", "x".repeat(200), "y".repeat(13)));
        assert_eq!(lines[1], format!("    | {}^", " ".repeat(200)));
        let lines = shown(&"z".repeat(5000), 4000);
        assert_eq!(lines[1].find('^'), Some(6 + 2001), "behind what is shown");
    }

    #[test]
    fn a_caret_stood_too_far_left_behind_wide_letters() {
        assert_eq!(shown("\t\"漢字\" + y", 9), ["  1 |  \"漢字\" + y", "    |           ^"]);
    }
}
