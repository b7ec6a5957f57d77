//! Workflow commands of GitHub Actions: what failed, as annotations at the lines of the tests. For standard output.
//!
//! `::error file=F,line=L,col=C,title=T::message`, escaped as in GitHub's own `@actions/core`: `%`, CR and LF everywhere, `:`
//! and `,` in properties, too.

use std::fmt::Write as _;

use super::result::{Failure, Run, Suite};
use super::text::visible;

/// A line for each case that failed, and for each that passed only when it was tried again, as a warning.
#[must_use]
pub fn render(run: &Run) -> String {
    let mut out = String::new();
    for suite in &run.suites {
        for case in suite.results() {
            let earlier = case.attempts.iter().filter_map(|attempt| attempt.outcome.failure()).next_back();
            match (case.outcome.failure(), earlier.filter(|_| case.is_flaky())) {
                (Some(failure), _) => command(&mut out, "error", suite, case.line, &case.name, failure),
                (None, Some(failure)) => {
                    command(&mut out, "warning", suite, case.line, &format!("{} (flaky)", case.name), failure);
                }
                (None, None) => {}
            }
        }
    }
    out
}

fn command(out: &mut String, name: &str, suite: &Suite, line: Option<u32>, title: &str, failure: &Failure) {
    let file = failure.file.as_ref().unwrap_or(&suite.file);
    let _ = write!(out, "::{name} file={}", property(file));
    // The line of the case, if the failure names none and none other than the case's file.
    let line = failure.line.or(line.filter(|_| failure.file.is_none()));
    for (key, number) in [("line", line), ("col", failure.line.and(failure.column))] {
        if let Some(number) = number {
            let _ = write!(out, ",{key}={number}");
        }
    }
    let message = [vec![failure.message.clone()], failure.lines(&suite.file)].concat().join("\n");
    let _ = writeln!(out, ",title={}::{}", property(title), data(&message));
}

fn data(text: &str) -> String {
    visible(text, &['\n', '\r', '\t']).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn what_failed_is_an_annotation() {
        let expected = "::error file=tests/chat.test.rhai,line=12,col=5,title=joins::expected the field n to be 2%0Aat \
             tests/chat.test.rhai:12:5%0A      expect(message.n).to_be(2);%0A      ^%0A- n: 2%0A+ n: 3%0Aframes:%0A  ▲ 1    \
             0.002  text        7 B  {\"n\":3}%0A  ▼ 2    0.002  text        7 B  {\"n\":3}\n\
             ::warning file=tests/chat.test.rhai,line=12,col=5,title=sometimes (flaky)::expected the field n to be 2%0Aat \
             tests/chat.test.rhai:12:5%0A      expect(message.n).to_be(2);%0A      ^%0A- n: 2%0A+ n: 3%0Aframes:%0A  ▲ 1    \
             0.002  text        7 B  {\"n\":3}%0A  ▼ 2    0.002  text        7 B  {\"n\":3}\n\
             ::error file=tests/lib.rhai,title=refused::connection refused%0Aat tests/lib.rhai\n\
             ::error file=tests/broken.test.rhai,line=1,col=3,title=(suite)::expecting ';' to end this statement%0Aat \
             tests/broken.test.rhai:1:3%0A  te st(%0A    ^\n";
        assert_eq!(render(&samples::run()), expected);
        assert_eq!(render(&samples::empty()), "");
    }

    #[test]
    fn no_text_ends_a_property_or_a_command() {
        assert_eq!(property("a,b:c%\r\n::\x1b["), "a%2Cb%3Ac%25%0D%0A%3A%3A\\x1b[");
        assert_eq!(data("a,b:c%\r\n::"), "a,b:c%25%0D%0A::");
        let lines = render(&samples::named(samples::NASTY));
        assert_eq!(lines.lines().count(), 4, "{lines}");
        assert!(lines.lines().all(|line| line.starts_with("::error file=a") || line.starts_with("::warning file=a")));
    }
}
