//! What a script's checks and calls throw: not only a text, but what it was about. Scripts can catch it and look at it.

use std::sync::Arc;

use rhai::{Dynamic, EvalAltResult, Position};

use crate::session::{LinkError, OpenError};

use super::stop::Stopped;

/// How every function of the API ends that can fail.
pub type Raised<T> = Result<T, Box<EvalAltResult>>;

/// What went wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: FailureKind,
    /// One line, lower case.
    pub message: String,
    /// What belongs to it, in lines: a difference, field by field.
    pub detail: Vec<String>,
    /// The latest events of the connection, as the viewer shows them, without colour.
    pub frames: Vec<String>,
    pub hint: Option<String>,
}

/// What kind of failure it is; the exit code follows from it.
#[derive(Clone, Debug)]
pub enum FailureKind {
    /// What was expected did not happen.
    Expectation,
    /// No connection.
    Open(Arc<OpenError>),
    /// The connection does not take a command.
    Send,
    /// A file can't be read or written.
    File,
    /// The script itself is wrong: a value that a function does not take.
    Usage,
    /// The script says that there is nothing to be done.
    Skipped,
}

impl FailureKind {
    /// A word for it, as scripts see it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            FailureKind::Expectation => "expectation",
            FailureKind::Open(_) => "open",
            FailureKind::Send => "send",
            FailureKind::File => "file",
            FailureKind::Usage => "usage",
            FailureKind::Skipped => "skipped",
        }
    }
}

impl Failure {
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into(), detail: Vec::new(), frames: Vec::new(), hint: None }
    }

    /// A failed check.
    #[must_use]
    pub fn expectation(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Expectation, message)
    }

    /// A value that a function does not take, and what it takes.
    #[must_use]
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Usage, message).hint(hint)
    }

    /// With a next step.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Failure {
        Failure { hint: Some(hint.into()), ..self }
    }

    /// With lines that belong to it.
    #[must_use]
    pub fn detail(self, detail: Vec<String>) -> Failure {
        Failure { detail, ..self }
    }
}

impl From<Failure> for Box<EvalAltResult> {
    fn from(failure: Failure) -> Box<EvalAltResult> {
        Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(failure), Position::NONE))
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Failure {
        let (message, hint) = (error.to_string(), error.hint());
        Failure { hint, ..Failure::new(FailureKind::Open(Arc::new(error)), message) }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Failure {
        Failure::new(FailureKind::Send, format!("cannot send: {error}"))
    }
}

/// A stop can't be caught by a script.
impl From<Stopped> for Box<EvalAltResult> {
    fn from(stopped: Stopped) -> Box<EvalAltResult> {
        Box::new(EvalAltResult::ErrorTerminated(Dynamic::from(stopped), Position::NONE))
    }
}
