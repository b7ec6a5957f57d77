//! What is said of a case, and of a run: lines for a person, safe for a terminal.

use std::fmt::Write as _;
use std::time::Duration;

use crate::render::escape::escape;
use crate::render::style::{Meaning, Palette};
use crate::report::{Case, Failure, Outcome, Run, Suite, short};

/// Lines of text. Writing to them does not fail.
struct Text {
    lines: String,
    palette: Palette,
}

/// A case in a line, and below it why it failed and, then or if `verbose`, what it printed.
pub(super) fn case(file: &str, case: &Case, verbose: bool, palette: Palette) -> String {
    let (word, meaning) = match &case.outcome {
        Outcome::Passed => ("ok", Meaning::Received),
        Outcome::Failed(_) => ("FAIL", Meaning::Violation),
        Outcome::Error(_) => ("ERR", Meaning::Violation),
        Outcome::Skipped(_) => ("skip", Meaning::Control),
    };
    let more = match &case.outcome {
        Outcome::Skipped(reason) if reason.is_empty() => String::new(),
        Outcome::Skipped(reason) => format!(": {reason}"),
        _ => format!(" ({}{})", short(case.duration), attempts(case)),
    };
    let mut text = Text { lines: String::new(), palette };
    text.head(word, meaning, &format!("{file} › {}{more}", case.name));
    if let Some(failure) = case.outcome.failure() {
        text.why(file, failure);
    }
    if let Some(path) = &case.recording {
        text.line(1, &format!("recorded: {path}"));
    }
    if case.outcome.failure().is_some() || verbose {
        text.printed(&case.output);
    }
    text.lines
}

/// Why a file could not be run, and what it printed.
pub(super) fn file_error(suite: &Suite, palette: Palette) -> String {
    let mut text = Text { lines: String::new(), palette };
    text.head("ERR", Meaning::Violation, &suite.file);
    if let Some(failure) = &suite.error {
        text.why(&suite.file, failure);
    }
    text.printed(&suite.output);
    text.lines
}

/// What a run came to: `12 passed, 1 failed, 2 skipped in 1.2 s`; before it which cases passed only when they were tried
/// again, after it what orders the cases the same again.
pub(super) fn summary(run: &Run, palette: Palette) -> String {
    let mut text = Text { lines: String::new(), palette };
    for suite in &run.suites {
        for case in suite.cases.iter().filter(|case| case.is_flaky()) {
            let title = format!("{} › {} (passed at attempt {})", suite.file, case.name, case.attempts.len() + 1);
            text.head("flaky", Meaning::Control, &format!(" {title}"));
        }
    }
    let counts = run.counts();
    let errors = if counts.errors == 1 { "error" } else { "errors" };
    let parts = [
        (counts.passed, "passed", Meaning::Received),
        (counts.failed, "failed", Meaning::Violation),
        (counts.errors, errors, Meaning::Violation),
        (counts.skipped, "skipped", Meaning::Control),
    ];
    let mut comma = "";
    for (count, what, meaning) in parts.into_iter().filter(|(count, ..)| *count > 0) {
        text.lines.push_str(comma);
        palette.paint(meaning, &format!("{count} {what}"), &mut text.lines);
        comma = ", ";
    }
    let none = if comma.is_empty() { "no cases" } else { "" };
    let shard = run.shard.map(|shard| format!(", shard {shard}")).unwrap_or_default();
    let seed = run.seed.map(|seed| format!(", --shuffle={seed}")).unwrap_or_default();
    let _ = writeln!(text.lines, "{none} in {}{shard}{seed}", long(run.duration));
    text.lines
}

impl Text {
    fn head(&mut self, word: &str, meaning: Meaning, what: &str) {
        self.palette.paint(meaning, word, &mut self.lines);
        let gap = 5usize.saturating_sub(word.len());
        let _ = writeln!(self.lines, "{:gap$}{}", "", escape(what.as_bytes()));
    }

    fn why(&mut self, file: &str, failure: &Failure) {
        self.lines.push_str("     ");
        self.palette.paint(Meaning::Strong, &escape(failure.message.as_bytes()), &mut self.lines);
        self.lines.push('\n');
        for more in failure.lines(file) {
            self.line(1, &more);
        }
    }

    fn printed(&mut self, output: &[String]) {
        if !output.is_empty() {
            self.line(1, "printed:");
        }
        for printed in output {
            self.line(2, printed);
        }
    }

    fn line(&mut self, level: usize, line: &str) {
        let indent = 3 + 2 * level;
        let _ = writeln!(self.lines, "{:indent$}{}", "", escape(line.as_bytes()));
    }
}

fn attempts(case: &Case) -> String {
    match case.attempts.len() {
        0 => String::new(),
        earlier => format!(", attempt {}", earlier + 1),
    }
}

/// The time of a whole run: `0.3 s`, `2 m 5 s`.
fn long(duration: Duration) -> String {
    if duration.as_secs() < 60 { format!("{:.1} s", duration.as_secs_f64()) } else { short(duration) }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::report::Attempt;

    fn failure() -> Failure {
        Failure {
            line: Some(3),
            column: Some(5),
            source: Some("let x = y;".into()),
            detail: vec!["price  expected 2  got 3".into()],
            frames: vec!["▼ 2  text".into()],
            ..Failure::new("expected 2,\n got \x1b[2J3")
        }
    }

    fn samples() -> [Case; 4] {
        let (ms, output) = (Duration::from_millis(12), vec!["hello".to_owned()]);
        let case = |name: &str, outcome| Case {
            name: name.into(),
            duration: ms,
            outcome,
            output: output.clone(),
            ..Case::default()
        };
        let flaky = vec![Attempt { duration: ms, outcome: Outcome::Error(failure()) }];
        [
            Case { attempts: flaky, ..case("a", Outcome::Passed) },
            Case { recording: Some("r/b.wsrec".into()), ..case("b", Outcome::Failed(failure())) },
            case("c", Outcome::Skipped("no server".into())),
            case("d", Outcome::Skipped(String::new())),
        ]
    }

    #[test]
    fn a_case_that_failed_says_all_that_there_is_to_say() {
        let lines: Vec<_> = samples().iter().map(|it| case("f.rhai", it, false, Palette::PLAIN)).collect();
        let failed = r"FAIL f.rhai › b (12 ms)
     expected 2,\n got \x1b[2J3
     at f.rhai:3:5
       let x = y;
           ^
     price  expected 2  got 3
     frames:
       ▼ 2  text
     recorded: r/b.wsrec
     printed:
       hello
";
        assert_eq!(
            lines,
            ["ok   f.rhai › a (12 ms, attempt 2)\n", failed, "skip f.rhai › c: no server\n", "skip f.rhai › d\n"]
        );
        let verbose = case("f.rhai", &samples()[2], true, Palette::COLOURED);
        assert_eq!(verbose, "\x1b[33mskip\x1b[0m f.rhai › c: no server\n     printed:\n       hello\n");
    }

    #[test]
    fn a_file_that_could_not_be_read_says_why() {
        let suite = Suite { file: "f.rhai".into(), error: Some(Failure::new("no")), ..Suite::default() };
        assert_eq!(file_error(&suite, Palette::PLAIN), "ERR  f.rhai\n     no\n     at f.rhai\n");
    }

    #[test]
    fn a_summary_counts_and_names_the_flaky() {
        let run = |seconds, cases: &[Case], seed: Option<u64>| Run {
            started: SystemTime::UNIX_EPOCH,
            duration: Duration::from_millis(seconds),
            shard: seed.map(|_| "2/3".parse().unwrap()),
            seed,
            suites: vec![Suite { file: "f.rhai".into(), cases: cases.to_vec(), ..Suite::default() }],
        };
        assert_eq!(
            summary(&run(1_234, &samples(), Some(7)), Palette::PLAIN),
            "flaky f.rhai › a (passed at attempt 2)\n1 passed, 1 failed, 2 skipped in 1.2 s, shard 2/3, --shuffle=7\n"
        );
        assert_eq!(summary(&run(125_000, &[], None), Palette::PLAIN), "no cases in 2 m 5 s\n");
        assert_eq!(summary(&run(0, &samples()[2..3], None), Palette::COLOURED), "\x1b[33m1 skipped\x1b[0m in 0.0 s\n");
    }
}
