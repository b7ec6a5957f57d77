//! What can be wrong with a line, said in one line with a next step. The shell goes on after each of them.

use crate::render::Meaning;
use crate::render::escape::escape;
use crate::script::{Console, Fault, Reason};

use super::table::Spec;
use super::view::View;

/// Why a line was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    #[error("unknown command \"/{}\"", name.escape_debug())]
    UnknownCommand { name: String, nearest: Option<&'static str> },
    /// The command was right, its arguments not.
    #[error("/{}: {problem}", spec.name)]
    Usage { spec: &'static Spec, problem: String },
    /// Anything else, with its next step.
    #[error("{problem}")]
    Refused { problem: String, hint: String },
    /// A script failed.
    #[error("{}", said(fault))]
    Script { fault: Box<Fault> },
    /// A line of a file given to /source.
    #[error("{file}:{line}: {error}")]
    Sourced { file: String, line: usize, error: Box<ShellError> },
    #[error("cannot read the line: {0}")]
    Terminal(#[from] rustyline::error::ReadlineError),
}

impl From<Box<Fault>> for ShellError {
    fn from(fault: Box<Fault>) -> ShellError {
        ShellError::Script { fault }
    }
}

impl ShellError {
    /// A refusal with its next step.
    pub fn refused(problem: impl Into<String>, hint: impl Into<String>) -> ShellError {
        ShellError::Refused { problem: problem.into(), hint: hint.into() }
    }

    /// Appends it with its next step.
    pub(super) fn show(&self, view: &View, out: &mut String) {
        view.paragraph(Meaning::Violation, "error:", &self.to_string(), out);
        for line in self.more() {
            out.push_str("  ");
            out.push_str(&escape(line.as_bytes()));
            out.push('\n');
        }
        let hint = self.hint();
        if !hint.is_empty() {
            view.paragraph(Meaning::Dim, "hint:", &hint, out);
        }
    }

    /// The line of the script and what else belongs to it.
    fn more(&self) -> Vec<String> {
        match self {
            ShellError::Script { fault } if !matches!(fault.reason, Reason::Interrupted) => fault.more(),
            ShellError::Sourced { error, .. } => error.more(),
            _ => Vec::new(),
        }
    }

    /// The next step; empty where a script says all there is to say.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            ShellError::UnknownCommand { name, nearest: Some(nearest) } => {
                let literal = name.escape_debug();
                format!("did you mean /{nearest}? /help lists all; //{literal} sends it as text")
            }
            ShellError::UnknownCommand { name, nearest: None } => {
                format!("/help lists all commands; //{} sends it as text", name.escape_debug())
            }
            ShellError::Usage { spec, .. } => format!("usage: {}; see /help {}", spec.usage(), spec.name),
            ShellError::Refused { hint, .. } => hint.clone(),
            ShellError::Script { fault } => fault.hint.clone().unwrap_or_default(),
            ShellError::Sourced { error, .. } => error.hint(),
            ShellError::Terminal(_) => "is the terminal still there?".into(),
        }
    }
}

/// What was wrong, and where if it was in a file.
fn said(fault: &Fault) -> String {
    match (&fault.reason, &fault.place) {
        (Reason::Interrupted, _) => "stopped by Ctrl-C".to_owned(),
        (_, Some(place)) if place.file != Console::NAME => fault.line(),
        _ => fault.message.clone(),
    }
}
