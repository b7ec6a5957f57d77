//! How a case ended, as data of a test run, and trying again.

use std::time::Duration;

use crate::report::{Attempt, Failure, Outcome};
use crate::script::failure::FailureKind;
use crate::script::fault::{Fault, Reason};

/// One attempt at a case.
#[derive(Debug)]
pub struct Ended {
    /// Until its connections were closed.
    pub duration: Duration,
    /// Why it did not come to its end, or was skipped.
    pub result: Result<(), Box<Fault>>,
}

impl Ended {
    /// For the report of a suite.
    #[must_use]
    pub fn outcome(&self, file: &str) -> Outcome {
        self.result.as_ref().map_or_else(|fault| fault.outcome(file), |()| Outcome::Passed)
    }

    /// As an earlier attempt.
    #[must_use]
    pub fn attempt(&self, file: &str) -> Attempt {
        Attempt { duration: self.duration, outcome: self.outcome(file) }
    }

    /// Why it failed, or could not be carried to its end.
    #[must_use]
    pub fn failed(&self) -> Option<&Reason> {
        self.result.as_ref().err().map(|fault| &fault.reason).filter(|reason| !reason.is_skipped())
    }

    fn may_do_better(&self) -> bool {
        self.failed().is_some_and(|reason| !matches!(reason, Reason::Interrupted))
    }
}

/// Tries until an attempt does not fail, at most `retries` times more: all attempts, the last one apart.
pub fn tried(retries: u32, mut attempt: impl FnMut() -> Ended) -> (Vec<Ended>, Ended) {
    let mut earlier = Vec::new();
    let mut last = attempt();
    while earlier.len() < retries as usize && last.may_do_better() {
        earlier.push(std::mem::replace(&mut last, attempt()));
    }
    (earlier, last)
}

impl Fault {
    /// What it is in the report of a suite.
    #[must_use]
    pub fn outcome(&self, file: &str) -> Outcome {
        match &self.reason {
            Reason::Failed(FailureKind::Skipped) => Outcome::Skipped(self.message.clone()),
            Reason::Failed(FailureKind::Expectation | FailureKind::Send) => Outcome::Failed(self.failure(file)),
            _ => Outcome::Error(self.failure(file)),
        }
    }

    /// What went wrong, for the report of a suite.
    #[must_use]
    pub fn failure(&self, file: &str) -> Failure {
        let place = self.place.as_ref();
        let number = |number: usize| u32::try_from(number).ok();
        let hint = self.hint.iter().map(|hint| format!("hint: {hint}"));
        Failure {
            message: self.message.clone(),
            file: place.map(|place| place.file.clone()).filter(|other| other != file),
            line: place.and_then(|place| number(place.line)),
            column: place.and_then(|place| number(place.column?)),
            source: place.map(|place| place.text.replace('\t', " ")),
            detail: self.detail.iter().cloned().chain(hint).collect(),
            frames: self.frames.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::fault::Place;

    fn fault(reason: Reason, message: &str) -> Box<Fault> {
        let place = Place { file: "a.rhai".into(), line: 3, column: Some(2), text: "\tx();".into() };
        let (detail, frames) = (vec!["more".into()], vec!["frame".into()]);
        Box::new(Fault {
            reason,
            message: message.into(),
            place: Some(place),
            detail,
            frames,
            hint: Some("try".into()),
        })
    }

    /// What came of so many retries when the attempts end like this, and how many there were.
    fn after(retries: u32, reasons: &[Option<Reason>]) -> (usize, bool) {
        let mut reasons = reasons.iter().cloned();
        let (earlier, last) = tried(retries, || {
            let result = reasons.next().unwrap().map_or(Ok(()), |reason| Err(fault(reason, "no")));
            Ended { duration: Duration::ZERO, result }
        });
        (earlier.len() + 1, last.failed().is_none())
    }

    #[test]
    fn what_failed_is_tried_again_and_nothing_else() {
        let failed = || Some(Reason::Failed(FailureKind::Expectation));
        assert_eq!(after(0, &[failed()]), (1, false));
        assert_eq!(after(2, &[None]), (1, true));
        assert_eq!(after(2, &[failed(), None]), (2, true));
        assert_eq!(after(2, &[Some(Reason::Script), Some(Reason::TimedOut), failed()]), (3, false));
        assert_eq!(after(2, &[Some(Reason::Failed(FailureKind::Skipped))]), (1, true));
        assert_eq!(after(2, &[Some(Reason::Interrupted)]), (1, false));
    }

    #[test]
    fn an_outcome_is_a_failure_only_if_an_expectation_was_not_met() {
        let outcome = |reason| fault(reason, "no").outcome("a.rhai");
        assert_eq!(outcome(Reason::Failed(FailureKind::Expectation)).name(), "failed");
        assert_eq!(outcome(Reason::Failed(FailureKind::Send)).name(), "failed");
        assert_eq!(outcome(Reason::Failed(FailureKind::Usage)).name(), "error");
        assert_eq!(outcome(Reason::TimedOut).name(), "error");
        assert_eq!(outcome(Reason::Failed(FailureKind::Skipped)), Outcome::Skipped("no".into()));
    }

    #[test]
    fn a_failure_keeps_all_of_the_fault() {
        let failure = fault(Reason::Script, "no").failure("b.rhai");
        assert_eq!(failure.place("b.rhai"), "a.rhai:3:2");
        assert_eq!(failure.lines("b.rhai")[1..], ["   x();", "   ^", "more", "hint: try", "frames:", "  frame"]);
        assert_eq!(fault(Reason::Script, "no").failure("a.rhai").file, None);
    }
}
