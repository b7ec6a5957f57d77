//! What can be wrong with a line, said in one line with a next step. The shell goes on after each of them.

use super::table::Spec;

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
    /// A line of a file given to /source.
    #[error("{file}:{line}: {error}")]
    Sourced { file: String, line: usize, error: Box<ShellError> },
    #[error("cannot read the line: {0}")]
    Terminal(#[from] rustyline::error::ReadlineError),
}

impl ShellError {
    /// A refusal with its next step.
    pub fn refused(problem: impl Into<String>, hint: impl Into<String>) -> ShellError {
        ShellError::Refused { problem: problem.into(), hint: hint.into() }
    }

    /// The next step; never empty.
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
            ShellError::Sourced { error, .. } => error.hint(),
            ShellError::Terminal(_) => "is the terminal still there?".into(),
        }
    }
}
