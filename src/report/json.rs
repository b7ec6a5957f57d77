//! The JSON report: the data of a run as it is, and back. The schema is in [the module's documentation](super).

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::result::Run;
use crate::transport::in_words;

/// Raised when a member changes its meaning.
const VERSION: u64 = 1;

/// Why a file is not read as a report.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot read \"{name}\": {}", in_words(error))]
    Io { name: String, error: io::Error },
    /// Another kind of file, or half of one.
    #[error("\"{name}\" is no JSON report: {problem}")]
    Foreign { name: String, problem: String },
    #[error("\"{name}\" is a report of version {version}, this wscope reads up to version {VERSION}")]
    Newer { name: String, version: u64 },
}

impl ReadError {
    /// The next step.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            ReadError::Io { .. } => "is the path right, and the file yours?",
            ReadError::Foreign { .. } => "--json FILE makes a report that can be read again",
            ReadError::Newer { .. } => "a newer wscope wrote it and reads it",
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    wscope_report: u64,
    by: &'a str,
    #[serde(flatten)]
    run: &'a Run,
}

#[derive(Deserialize)]
struct Head {
    wscope_report: Option<u64>,
}

/// The report, indented, with `\n` at its end.
#[must_use]
pub fn render(run: &Run) -> String {
    let by = concat!("wscope ", env!("CARGO_PKG_VERSION"));
    let document = Document { wscope_report: VERSION, by, run };
    // Texts, numbers and lists of them can always be written.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// Reads a report; `name` is the file as errors name it.
///
/// # Errors
/// When it is no report, or of a newer version.
pub fn parse(name: &str, text: &str) -> Result<Run, ReadError> {
    let foreign = |problem: String| ReadError::Foreign { name: name.to_owned(), problem };
    match text.trim_start().chars().next() {
        Some('{') => {}
        Some(_) => return Err(foreign("it is no JSON object".into())),
        None => return Err(foreign("it is empty".into())),
    }
    let head: Head = serde_json::from_str(text).map_err(|error| foreign(error.to_string()))?;
    match head.wscope_report {
        Some(VERSION) => serde_json::from_str(text).map_err(|error| foreign(error.to_string())),
        Some(version) if version > VERSION => Err(ReadError::Newer { name: name.to_owned(), version }),
        _ => Err(foreign("it does not begin with \"wscope_report\": 1".into())),
    }
}

/// Reads a file.
///
/// # Errors
/// When it can't be read, is no report, or of a newer version.
pub fn read(path: &Path) -> Result<Run, ReadError> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| ReadError::Io { name: name.clone(), error })?;
    let text = String::from_utf8(bytes).map_err(|error| ReadError::Foreign {
        name: name.clone(),
        problem: format!("byte {} is no UTF-8", error.utf8_error().valid_up_to()),
    })?;
    parse(&name, &text)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let nasty = samples::named(samples::NASTY);
        for run in [samples::run(), samples::empty(), nasty] {
            let text = render(&run);
            assert!(text.starts_with("{\n  \"wscope_report\": 1,\n  \"by\": \"wscope "), "{text}");
            assert_eq!(parse("a", &text).unwrap(), run);
        }
    }

    #[test]
    fn the_schema_of_the_documentation_is_read() {
        let documentation = include_str!("mod.rs");
        let (_, after) = documentation.split_once("```json\n").unwrap();
        let (example, _) = after.split_once("//! ```").unwrap();
        let run = parse("mod.rs", &example.replace("//!", "")).unwrap();
        assert_eq!(run.counts().in_words(), "3 cases: 1 passed, 1 failed, 1 skipped");
        assert_eq!(run.suites[0].cases[2].outcome, super::super::Outcome::Skipped("no server".into()));
    }

    #[test]
    fn what_is_no_report_says_why() {
        let started = r#""started":"2026-11-23T04:20:00Z""#;
        for (text, error) in [
            ("\n", "\"f\" is no JSON report: it is empty".to_owned()),
            ("[]", "\"f\" is no JSON report: it is no JSON object".into()),
            ("{\"wscope\":1}", "\"f\" is no JSON report: it does not begin with \"wscope_report\": 1".into()),
            ("{\"wscope_report\":1", "\"f\" is no JSON report: EOF while parsing an object at line 1 column 18".into()),
            ("{\"wscope_report\":2}", "\"f\" is a report of version 2, this wscope reads up to version 1".into()),
            ("{\"wscope_report\":1}", "\"f\" is no JSON report: missing field `started` at line 1 column 19".into()),
            (
                &format!("{{\"wscope_report\":1,{started},\"duration\":-1,\"suites\":[]}}"),
                "\"f\" is no JSON report: a duration of -1 s at line 1 column 65".into(),
            ),
            (
                &format!(
                    "{{\"wscope_report\":1,{started},\"duration\":1,\"shard\":{{\"index\":3,\"count\":2}},\"suites\":[]}}"
                ),
                "\"f\" is no JSON report: a shard 3/2 at line 1 column 94".into(),
            ),
        ] {
            assert_eq!(parse("f", text).unwrap_err().to_string(), error, "{text}");
        }
    }

    #[test]
    fn members_of_the_future_are_passed_over() {
        let text = r#"{"wscope_report":1,"mood":"good","started":"2026-11-23T04:20:00Z","duration":0,
            "suites":[{"file":"a","x":1,"cases":[{"name":"b","y":2,"duration":0,"outcome":"passed"}]}]}"#;
        assert_eq!(parse("f", text).unwrap().counts().passed, 1);
    }
}
