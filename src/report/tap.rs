//! The TAP report, version 14 (testanything.org): a subtest a suite, a test point a case, diagnostics in YAML.
//!
//! A time stands behind each test point as `# time=1.234ms`, which TAP 14 lets readers ignore and node-tap reads.

use std::fmt::Write as _;
use std::time::Duration;

use super::result::{Case, Failure, Outcome, Run, Suite};
use super::text::{is_hidden, visible};

/// The report.
#[must_use]
pub fn render(run: &Run) -> String {
    let mut out = "TAP version 14\n".to_owned();
    for (name, value) in
        [("seed", run.seed.map(|seed| seed.to_string())), ("shard", run.shard.map(|shard| shard.to_string()))]
    {
        if let Some(value) = value {
            let _ = writeln!(out, "# {name} {value}");
        }
    }
    plan(&mut out, "", run.suites.len(), "there were no tests");
    for (number, suite) in (1..).zip(&run.suites) {
        write_suite(&mut out, number, suite);
    }
    out
}

fn write_suite(out: &mut String, number: usize, suite: &Suite) {
    let name = words(&suite.file);
    let _ = writeln!(out, "# Subtest: {name}");
    let cases: Vec<_> = suite.results().collect();
    plan(out, "    ", cases.len(), "there were no cases");
    for (number, case) in (1..).zip(&cases) {
        write_case(out, number, suite, case);
    }
    for line in &suite.output {
        let _ = writeln!(out, "    # {}", visible(line, &['\t']));
    }
    let directive = if cases.is_empty() { "SKIP there were no cases".into() } else { time(suite.duration()) };
    point(out, "", suite.counts().is_success(), number, &name, &directive);
}

fn write_case(out: &mut String, number: usize, suite: &Suite, case: &Case) {
    let directive = match &case.outcome {
        Outcome::Skipped(reason) => format!("SKIP {}", words(reason)),
        _ => time(case.duration),
    };
    point(out, "    ", case.outcome.failure().is_none(), number, &words(&case.name), directive.trim_end());
    let mut yaml = Yaml::default();
    if let Some(failure) = case.outcome.failure() {
        let severity = if matches!(case.outcome, Outcome::Error(_)) { "error" } else { "fail" };
        yaml.failure(0, suite, severity, failure);
    }
    if !case.attempts.is_empty() {
        yaml.line(0, "attempts:");
        for attempt in &case.attempts {
            yaml.line(1, &format!("- outcome: {}", attempt.outcome.name()));
            if let Some(failure) = attempt.outcome.failure() {
                yaml.text(2, "message", &failure.message);
            }
        }
    }
    yaml.list(0, "tags", &case.tags);
    if let Some(path) = &case.recording {
        yaml.text(0, "recording", path);
    }
    yaml.list(0, "output", &case.output);
    if !yaml.0.is_empty() {
        let _ = write!(out, "      ---\n{}      ...\n", yaml.0);
    }
}

fn plan(out: &mut String, indent: &str, count: usize, none: &str) {
    let reason = if count == 0 { format!(" # {none}") } else { String::new() };
    let _ = writeln!(out, "{indent}1..{count}{reason}");
}

fn point(out: &mut String, indent: &str, ok: bool, number: usize, name: &str, directive: &str) {
    let status = if ok { "ok" } else { "not ok" };
    let _ = writeln!(out, "{indent}{status} {number} - {name} # {directive}");
}

fn time(duration: Duration) -> String {
    format!("time={:.3}ms", duration.as_secs_f64() * 1e3)
}

/// A description: one line, `\` and `#` escaped. A brace at the end would open a subtest for node-tap.
fn words(text: &str) -> String {
    let text = visible(text, &[]).replace('\\', "\\\\").replace('#', "\\#");
    match text.trim().strip_suffix('{') {
        Some(before) => format!("{before}\\\\x7b"),
        None => text.trim().to_owned(),
    }
}

/// The lines of a YAML block below a test point of a subtest.
#[derive(Default)]
struct Yaml(String);

impl Yaml {
    fn line(&mut self, level: usize, line: &str) {
        let _ = writeln!(self.0, "      {}{line}", "  ".repeat(level));
    }

    fn text(&mut self, level: usize, key: &str, text: &str) {
        self.line(level, &format!("{key}: {}", quoted(text)));
    }

    fn list(&mut self, level: usize, key: &str, texts: &[String]) {
        if !texts.is_empty() {
            self.line(level, &format!("{key}:"));
        }
        for text in texts {
            self.line(level + 1, &format!("- {}", quoted(text)));
        }
    }

    fn failure(&mut self, level: usize, suite: &Suite, severity: &str, failure: &Failure) {
        self.text(level, "message", &failure.message);
        self.line(level, &format!("severity: {severity}"));
        self.line(level, "at:");
        self.text(level + 1, "file", failure.file.as_ref().unwrap_or(&suite.file));
        for (key, number) in [("line", failure.line), ("column", failure.column)] {
            if let Some(number) = number {
                self.line(level + 1, &format!("{key}: {number}"));
            }
        }
        self.list(level, "source", &failure.excerpt());
        self.list(level, "detail", &failure.detail);
        self.list(level, "frames", &failure.frames);
    }
}

/// A double-quoted scalar (YAML 1.2 section 7.3.1), on one line: JSON's, and with what YAML forbids beyond it escaped, too.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for c in serde_json::Value::from(text).to_string().chars() {
        if is_hidden(c) || c == '\u{feff}' {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_run_of_each_outcome() {
        let expected = r#"TAP version 14
# seed 18446744073709551615
# shard 1/3
1..2
# Subtest: tests/chat.test.rhai
    1..6
    ok 1 - echoes # time=500.000ms
      ---
      tags:
        - "smoke"
        - "fast"
      ...
    not ok 2 - joins # time=40.000ms
      ---
      message: "expected the field n to be 2"
      severity: fail
      at:
        file: "tests/chat.test.rhai"
        line: 12
        column: 5
      source:
        - "    expect(message.n).to_be(2);"
        - "    ^"
      detail:
        - "- n: 2"
        - "+ n: 3"
      frames:
        - "▲ 1    0.002  text        7 B  {\"n\":3}"
        - "▼ 2    0.002  text        7 B  {\"n\":3}"
      attempts:
        - outcome: error
          message: "connection refused"
      recording: "target/recordings/joins.wsrec"
      output:
        - "joined as ann"
      ...
    ok 3 - sometimes # time=3.000ms
      ---
      attempts:
        - outcome: failed
          message: "expected the field n to be 2"
      ...
    not ok 4 - refused # time=1.000ms
      ---
      message: "connection refused"
      severity: error
      at:
        file: "tests/lib.rhai"
      ...
    ok 5 - leaves # SKIP no server
    ok 6 - rests # SKIP
    # set up
not ok 1 - tests/chat.test.rhai # time=544.000ms
# Subtest: tests/broken.test.rhai
    1..1
    not ok 1 - (suite) # time=0.000ms
      ---
      message: "expecting ';' to end this statement"
      severity: error
      at:
        file: "tests/broken.test.rhai"
        line: 1
        column: 3
      source:
        - "te st("
        - "  ^"
      ...
not ok 2 - tests/broken.test.rhai # time=0.000ms
"#;
        assert_eq!(render(&samples::run()), expected);
        assert_eq!(render(&samples::empty()), "TAP version 14\n1..0 # there were no tests\n");
    }

    #[test]
    fn a_name_is_one_line_and_no_directive() {
        assert_eq!(words(" a # SKIP\nb\r\\{ "), "a \\# SKIP\\\\nb\\\\r\\\\\\\\x7b");
        assert_eq!(quoted("a\n\"\u{7f}\u{2028}\u{feff}👩‍🚀"), "\"a\\n\\\"\\u007f\\u2028\\ufeff👩‍🚀\"");
        let tap = render(&samples::named(samples::NASTY));
        assert!(!tap.chars().any(|c| is_hidden(c) && c != '\n' && c != '\t'), "{tap}");
    }
}
