//! What a test run is made of. The types are the schema of the JSON report, too.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::iter::Sum;
use std::ops::AddAssign;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthChar as _;

use super::shard::Shard;
use super::time::{rfc3339, seconds};

/// One run of some tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// When it began; in JSON as RFC 3339, to the microsecond.
    #[serde(with = "rfc3339")]
    pub started: SystemTime,
    /// From the beginning to the end on the wall, which parallel tests make shorter than their sum; in JSON as seconds.
    #[serde(with = "seconds")]
    pub duration: Duration,
    /// The part of all tests that this is; none: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// What randomness was seeded with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    pub suites: Vec<Suite>,
}

/// The tests of one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Suite {
    /// The file as a person names it: relative to where the run was started if it is below.
    pub file: String,
    /// In the order of the file.
    #[serde(default)]
    pub cases: Vec<Case>,
    /// Lines logged outside of any case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
    /// Why the file could not be run, or not to its end. It counts as a case that ended in an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// One test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub name: String,
    /// Where it stands in the suite's file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Of the last attempt; in JSON as seconds.
    #[serde(with = "seconds")]
    pub duration: Duration,
    /// How the last attempt ended. In JSON `outcome` is `passed`, `failed`, `error` or `skipped`, and `why` its failure or
    /// the reason for skipping it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The attempts before the last, oldest first; empty unless it was tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// The file that the connections of the last attempt are recorded in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
    /// Lines logged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
}

/// How an earlier attempt at a case ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// In JSON as seconds.
    #[serde(with = "seconds")]
    pub duration: Duration,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How a case ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "why", rename_all = "lowercase")]
pub enum Outcome {
    #[default]
    Passed,
    /// An expectation was not met.
    Failed(Failure),
    /// It could not be carried to its end: a connection refused, a fault of the script.
    Error(Failure),
    /// Not run, and why; the reason may be empty.
    Skipped(String),
}

/// What went wrong, and where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub message: String,
    /// None: the suite's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// In characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// That line of the file, without its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Lines that say more, such as the difference field by field: `- ` before what was expected, `+ ` before what came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<String>,
    /// The frames around it as the screen shows them, without colour.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<String>,
}

/// How many cases ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    pub errors: usize,
    pub skipped: usize,
    /// Of those that passed.
    pub flaky: usize,
}

impl Run {
    /// A run of these, whole and in no particular order.
    #[must_use]
    pub const fn of(suites: Vec<Suite>, started: SystemTime, duration: Duration) -> Run {
        Run { started, duration, shard: None, seed: None, suites }
    }

    /// Over all suites.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.suites.iter().map(Suite::counts).sum()
    }
}

impl Suite {
    /// Its cases, and its own error as one more.
    pub fn results(&self) -> impl Iterator<Item = Cow<'_, Case>> {
        let own = self.error.as_ref().map(|error| {
            let outcome = Outcome::Error(error.clone());
            Cow::Owned(Case { name: "(suite)".to_owned(), line: error.line, outcome, ..Case::default() })
        });
        self.cases.iter().map(Cow::Borrowed).chain(own)
    }

    /// Of its cases.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.results().map(|case| case.counts()).sum()
    }

    /// The sum of its cases' last attempts.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.cases.iter().map(|case| case.duration).sum()
    }
}

impl Case {
    /// Passed, but not at the first attempt.
    #[must_use]
    pub fn is_flaky(&self) -> bool {
        self.outcome == Outcome::Passed && self.attempts.iter().any(|attempt| attempt.outcome.failure().is_some())
    }

    fn counts(&self) -> Counts {
        let one = |of: bool| usize::from(of);
        Counts {
            passed: one(matches!(self.outcome, Outcome::Passed)),
            failed: one(matches!(self.outcome, Outcome::Failed(_))),
            errors: one(matches!(self.outcome, Outcome::Error(_))),
            skipped: one(matches!(self.outcome, Outcome::Skipped(_))),
            flaky: one(self.is_flaky()),
        }
    }
}

impl Outcome {
    /// As in JSON: `passed`, `failed`, `error`, `skipped`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "failed",
            Outcome::Error(_) => "error",
            Outcome::Skipped(_) => "skipped",
        }
    }

    /// Why it failed or ended in an error.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Outcome::Failed(failure) | Outcome::Error(failure) => Some(failure),
            Outcome::Passed | Outcome::Skipped(_) => None,
        }
    }
}

impl Failure {
    #[must_use]
    pub fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), ..Failure::default() }
    }

    /// `file:line:column`, as far as it is known; `suite` is the file unless the failure names another.
    #[must_use]
    pub fn place(&self, suite: &str) -> String {
        let mut place = self.file.as_deref().unwrap_or(suite).to_owned();
        for number in [self.line, self.line.and(self.column)].into_iter().flatten() {
            let _ = write!(place, ":{number}");
        }
        place
    }

    /// The source line and below it a caret at the column: one line, two, or none if the source is not known.
    #[must_use]
    pub fn excerpt(&self) -> Vec<String> {
        let Some(source) = &self.source else { return Vec::new() };
        let caret = self.column.map(|column| caret(source, column as usize));
        std::iter::once(source.clone()).chain(caret).collect()
    }

    /// All of it but the message, a line each: place, source with caret, detail, frames.
    #[must_use]
    pub fn lines(&self, suite: &str) -> Vec<String> {
        let indented = |lines: &[String]| lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>();
        let frames = if self.frames.is_empty() { Vec::new() } else { vec!["frames:".to_owned()] };
        let place = vec![format!("at {}", self.place(suite))];
        [place, indented(&self.excerpt()), self.detail.clone(), frames, indented(&self.frames)].concat()
    }
}

/// A caret that stands below a column of a line (in characters, from 1), or right behind a line that is shorter.
#[must_use]
pub fn caret(line: &str, column: usize) -> String {
    let before = line.chars().take(column.saturating_sub(1));
    // A tab stays one, so that the caret stands right however wide it is shown.
    let blank = before.map(|c| if c == '\t' { "\t".into() } else { " ".repeat(c.width().unwrap_or(0)) });
    blank.collect::<String>() + "^"
}

impl Counts {
    /// All cases.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.passed + self.failed + self.errors + self.skipped
    }

    /// Whether nothing failed.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.failed == 0 && self.errors == 0
    }

    /// In words, what there is none of left out: `5 cases: 3 passed (1 flaky), 1 failed, 1 skipped`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let total = self.total();
        let flaky = if self.flaky == 0 { String::new() } else { format!(" ({} flaky)", self.flaky) };
        let errors = if self.errors == 1 { "error" } else { "errors" };
        let parts = [
            (self.passed, format!("passed{flaky}")),
            (self.failed, "failed".into()),
            (self.errors, errors.into()),
            (self.skipped, "skipped".into()),
        ];
        let parts: Vec<_> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let cases = if total == 1 { "case" } else { "cases" };
        let colon = if parts.is_empty() { "" } else { ": " };
        format!("{total} {cases}{colon}{}", parts.join(", "))
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.errors += other.errors;
        self.skipped += other.skipped;
        self.flaky += other.flaky;
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Counts>>(all: I) -> Counts {
        all.fold(Counts::default(), |mut sum, counts| {
            sum += counts;
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_run_counts_its_cases_and_the_errors_of_its_suites() {
        let counts = samples::run().counts();
        assert_eq!(counts, Counts { passed: 2, failed: 1, errors: 2, skipped: 2, flaky: 1 });
        assert_eq!((counts.total(), counts.is_success()), (7, false));
        assert_eq!(counts.in_words(), "7 cases: 2 passed (1 flaky), 1 failed, 2 errors, 2 skipped");
        assert_eq!(Counts { passed: 1, ..Counts::default() }.in_words(), "1 case: 1 passed");
        assert_eq!(Counts::default().in_words(), "0 cases");
    }

    #[test]
    fn the_caret_stands_below_its_column() {
        let failure = |source: &str, column| Failure {
            source: Some(source.to_owned()),
            column: Some(column),
            ..Failure::default()
        };
        assert_eq!(failure("let x = y;", 9).excerpt(), ["let x = y;", "        ^"]);
        assert_eq!(failure("\t漢 = y", 5).excerpt(), ["\t漢 = y", "\t    ^"]);
        assert_eq!(failure("short", 999).excerpt(), ["short", "     ^"]);
        assert_eq!(Failure { column: Some(3), ..Failure::default() }.excerpt(), [""; 0]);
    }

    #[test]
    fn a_place_says_what_is_known() {
        let mut failure = Failure::new("no");
        assert_eq!(failure.place("a.rhai"), "a.rhai");
        failure.column = Some(7);
        assert_eq!(failure.place("a.rhai"), "a.rhai");
        failure.line = Some(2);
        assert_eq!(failure.place("a.rhai"), "a.rhai:2:7");
        failure.file = Some("b.rhai".into());
        assert_eq!(failure.place("a.rhai"), "b.rhai:2:7");
    }
}
