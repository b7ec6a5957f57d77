//! Every text of a report changed in one go: what is secret taken out of it, wherever it stands.

use super::result::{Case, Failure, Outcome, Suite};

/// What becomes of a text.
pub type Change<'a> = &'a dyn Fn(&str) -> String;

impl Suite {
    /// With each text of it and of its cases changed.
    #[must_use]
    pub fn rewritten(self, change: Change<'_>) -> Suite {
        Suite {
            file: change(&self.file),
            cases: self.cases.into_iter().map(|case| case.rewritten(change)).collect(),
            output: all(&self.output, change),
            error: self.error.map(|error| error.rewritten(change)),
        }
    }
}

impl Case {
    /// With each text of it changed.
    #[must_use]
    pub fn rewritten(self, change: Change<'_>) -> Case {
        let attempts = self.attempts.into_iter();
        Case {
            name: change(&self.name),
            tags: all(&self.tags, change),
            outcome: self.outcome.rewritten(change),
            attempts: attempts.map(|it| super::Attempt { outcome: it.outcome.rewritten(change), ..it }).collect(),
            recording: self.recording.as_deref().map(change),
            output: all(&self.output, change),
            ..self
        }
    }
}

impl Outcome {
    fn rewritten(self, change: Change<'_>) -> Outcome {
        match self {
            Outcome::Passed => Outcome::Passed,
            Outcome::Failed(failure) => Outcome::Failed(failure.rewritten(change)),
            Outcome::Error(failure) => Outcome::Error(failure.rewritten(change)),
            Outcome::Skipped(reason) => Outcome::Skipped(change(&reason)),
        }
    }
}

impl Failure {
    fn rewritten(self, change: Change<'_>) -> Failure {
        Failure {
            message: change(&self.message),
            file: self.file.as_deref().map(change),
            source: self.source.as_deref().map(change),
            detail: all(&self.detail, change),
            frames: all(&self.frames, change),
            ..self
        }
    }
}

fn all(texts: &[String], change: Change<'_>) -> Vec<String> {
    texts.iter().map(|text| change(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{json, samples};

    #[test]
    fn no_text_of_a_run_is_left_as_it_was() {
        let mut run = samples::named("geheim");
        run.suites =
            run.suites.into_iter().map(|suite| suite.rewritten(&|text| text.replace("geheim", "***"))).collect();
        let report = json::render(&run);
        assert!(report.contains("***") && !report.contains("geheim"), "{report}");
    }
}
