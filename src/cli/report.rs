//! How an error reads: one line, a hint where there is a next step, and the exit code. Added once, here.

mod causes;

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::process::{ExitCode, Termination};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::recording::Masks;
use crate::render::escape::escape;
use crate::report::Failure;
use crate::transport::in_words;

/// How the program ends: the same whatever stdin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Success = 0,
    /// A test or an expectation failed.
    Failed = 1,
    Usage = 2,
    /// Name resolution.
    Resolve = 3,
    /// TCP or a proxy.
    Connect = 4,
    Tls = 5,
    /// The opening handshake was refused or wrong.
    Handshake = 6,
    /// The peer broke the protocol.
    Violation = 7,
    /// No close frame, or a code other than 1000 or 1001.
    Abnormal = 8,
    Timeout = 9,
    Script = 10,
    /// A recording, script or certificate can't be read or written.
    File = 11,
    Interrupted = 130,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// An error as the user gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub exit: Exit,
    /// One line, lower case, with the user's own value quoted, actual and limit.
    pub message: String,
    /// Lines below it: a script's line with a caret, a difference.
    pub detail: Vec<String>,
    /// The next step.
    pub hint: Option<String>,
}

impl Report {
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Report {
        Report { exit, message: message.into(), detail: Vec::new(), hint: None }
    }

    /// With a next step.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Report {
        Report { hint: Some(hint.into()), ..self }
    }

    /// With the place of the error before it: `config.toml:4: ...`.
    #[must_use]
    pub fn at(self, place: &str) -> Report {
        Report { message: format!("{place}: {}", self.message), ..self }
    }

    /// As a case of a test run has it, which has no exit code and no next step.
    #[must_use]
    pub fn failure(&self) -> Failure {
        Failure { detail: self.detail.clone(), ..Failure::new(self.message.as_str()) }
    }

    /// Without the values that are secret.
    #[must_use]
    pub fn masked(self, masks: &Masks) -> Report {
        let change = |text: &str| masks.without_values(text).into_owned();
        Report {
            message: change(&self.message),
            detail: self.detail.iter().map(|line| change(line)).collect(),
            hint: self.hint.as_deref().map(change),
            ..self
        }
    }

    /// The lines for stderr. No control or invisible character of a message reaches the terminal.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let (red, cyan, off) = if colour { ("\x1b[1;31m", "\x1b[36m", "\x1b[0m") } else { ("", "", "") };
        let mut text = format!("wscope: {red}error:{off} {}\n", escape(self.message.as_bytes()));
        for line in &self.detail {
            let _ = writeln!(text, "{}", escape(line.as_bytes()));
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "{cyan}hint:{off} {}", escape(hint.as_bytes()));
        }
        text
    }

    /// Writes it to stderr, in colour on a terminal unless `NO_COLOR` is set.
    pub fn print(&self) {
        let colour = io::stderr().is_terminal() && !no_color();
        // With stderr gone there is nobody left to tell.
        let _ = io::Write::write_all(&mut io::stderr(), self.render(colour).as_bytes());
    }
}

/// Whether the user wants no colour where it was not asked for.
#[must_use]
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

impl From<clap::Error> for Report {
    /// Clap's own text has several paragraphs; the error in it is one sentence and perhaps a suggestion.
    fn from(error: clap::Error) -> Report {
        let of = |kind| error.get(kind).and_then(text);
        let option = of(ContextKind::InvalidArg).map(|arg| bare(&arg)).unwrap_or_default();
        let value = of(ContextKind::InvalidValue);
        let message = match (error.kind(), value) {
            (ErrorKind::UnknownArgument, _) if option.starts_with('-') => format!("unknown option {option:?}"),
            (ErrorKind::UnknownArgument, _) => format!("unexpected argument {option:?}"),
            (ErrorKind::InvalidValue, Some(value)) if value.is_empty() => format!("{option} needs a value"),
            (ErrorKind::InvalidValue, Some(value)) => match of(ContextKind::ValidValue) {
                Some(valid) => format!("invalid value {value:?} for {option}: it is one of {valid}"),
                None => format!("invalid value {value:?} for {option}"),
            },
            (ErrorKind::ValueValidation, Some(value)) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                format!("invalid value {value:?} for {option}: {cause}")
            }
            (ErrorKind::ArgumentConflict, _) => match of(ContextKind::PriorArg).map(|arg| bare(&arg)) {
                Some(prior) if prior == option => format!("{option} is there twice"),
                Some(prior) => format!("{option} and {prior} exclude each other"),
                None => format!("{option} excludes another option"),
            },
            (ErrorKind::MissingRequiredArgument, _) => format!("{option} is missing"),
            (ErrorKind::InvalidSubcommand, _) => {
                format!("unknown command {:?}", of(ContextKind::InvalidSubcommand).unwrap_or_default())
            }
            (ErrorKind::MissingSubcommand, _) => {
                let whose = of(ContextKind::InvalidSubcommand).unwrap_or_default();
                let valid = of(ContextKind::ValidSubcommand).unwrap_or_default();
                format!("{whose:?} needs a command: {valid}")
            }
            _ => first_sentence(&error.render().to_string()),
        };
        let suggestion = [ContextKind::SuggestedArg, ContextKind::SuggestedValue, ContextKind::SuggestedSubcommand]
            .into_iter()
            .find_map(of)
            .map(|suggestion| format!("did you mean {suggestion}?"));
        let unknown = (error.kind() == ErrorKind::UnknownArgument).then(|| {
            let option = option.starts_with('-');
            let hint =
                if option { "wscope --help lists them all" } else { "one URL at a time; -x MESSAGE sends a message" };
            hint.to_owned()
        });
        Report { hint: suggestion.or(unknown), ..Report::new(Exit::Usage, message) }
    }
}

/// What is still to say of a failed write to stdout: nothing if the reader has gone away, as `head` does.
///
/// # Errors
/// Any other failure.
pub fn stdout_written(result: io::Result<()>) -> Result<Exit, Report> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Report::new(Exit::File, format!("cannot write to stdout: {}", in_words(&error))))
        }
        _ => Ok(Exit::Success),
    }
}

/// Context values are single or many.
fn text(value: &ContextValue) -> Option<String> {
    match value {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) if !texts.is_empty() => Some(texts.join(", ")),
        _ => None,
    }
}

/// An option without the name of its value: `--wait` of `--wait <DURATION>`.
fn bare(arg: &str) -> String {
    let end = if arg.starts_with('-') { arg.find([' ', '[']) } else { None };
    arg[..end.unwrap_or(arg.len())].to_owned()
}

fn first_sentence(rendered: &str) -> String {
    let paragraph = rendered.split("\n\n").next().unwrap_or_default();
    let lines: Vec<&str> = paragraph.lines().map(str::trim).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_and_a_hint() {
        let report = Report::new(Exit::Usage, "bad \x1b[2J\nname\u{202e}").hint("try again");
        assert_eq!(report.render(false), "wscope: error: bad \\x1b[2J\\nname\\u{202e}\nhint: try again\n");
        assert_eq!(
            report.render(true),
            "wscope: \x1b[1;31merror:\x1b[0m bad \\x1b[2J\\nname\\u{202e}\n\x1b[36mhint:\x1b[0m try again\n"
        );
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        assert_eq!(stdout_written(Err(io::ErrorKind::BrokenPipe.into())), Ok(Exit::Success));
        let full = stdout_written(Err(io::Error::from_raw_os_error(28)));
        assert_eq!(full, Err(Report::new(Exit::File, "cannot write to stdout: no space left on device")));
    }
}
