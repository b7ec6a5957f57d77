//! The `JUnit` XML report, as Jenkins' schema for it has it (`junit-10.xsd` of its xUnit plugin), which GitLab, Azure and
//! Buildkite read too.
//!
//! A suite is a `testsuite`, a case a `testcase`. What the schema has no place for stands where readers look for it: tags in
//! `group`, seed and shard in `properties`, a recording in `system-out` as `[[ATTACHMENT|path]]`, earlier attempts as
//! `flakyFailure` of a case that passed at last and `rerunFailure` of one that did not.

use std::fmt::Write as _;
use std::path::{Component, Path};
use std::time::Duration;

use super::result::{Case, Counts, Failure, Outcome, Run, Suite};
use super::text::markup;
use super::time::stamp;

/// The report.
#[must_use]
pub fn render(run: &Run) -> String {
    let mut xml = Xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned());
    let mut attributes = vec![("name", "wscope".to_owned()), ("time", seconds(run.duration))];
    attributes.extend(numbers(run.counts()));
    xml.open("testsuites", &attributes);
    for suite in &run.suites {
        write_suite(&mut xml, run, suite);
    }
    xml.close("testsuites");
    xml.0
}

fn write_suite(xml: &mut Xml, run: &Run, suite: &Suite) {
    let counts = suite.counts();
    let mut attributes = vec![("name", suite.file.clone()), ("time", seconds(suite.duration()))];
    attributes.extend(stamp(run.started).map(|stamp| ("timestamp", stamp)));
    attributes.extend(numbers(counts));
    attributes.push(("skipped", counts.skipped.to_string()));
    xml.open("testsuite", &attributes);
    let seed = run.seed.map(|seed| ("seed", seed.to_string()));
    let shard = run.shard.map(|shard| ("shard", shard.to_string()));
    if seed.is_some() || shard.is_some() {
        xml.open("properties", &[]);
        for (name, value) in seed.into_iter().chain(shard) {
            xml.empty("property", &[("name", name.to_owned()), ("value", value)]);
        }
        xml.close("properties");
    }
    for case in suite.results() {
        write_case(xml, suite, &case);
    }
    if !suite.output.is_empty() {
        xml.text("system-out", &[], &suite.output);
    }
    xml.close("testsuite");
}

fn write_case(xml: &mut Xml, suite: &Suite, case: &Case) {
    let mut attributes =
        vec![("classname", class(&suite.file)), ("name", case.name.clone()), ("time", seconds(case.duration))];
    if !case.tags.is_empty() {
        attributes.push(("group", case.tags.join(" ")));
    }
    xml.open("testcase", &attributes);
    match &case.outcome {
        Outcome::Passed => {}
        Outcome::Failed(failure) => xml.text("failure", &kind("failed", failure), &failure.lines(&suite.file)),
        Outcome::Error(failure) => xml.text("error", &kind("error", failure), &failure.lines(&suite.file)),
        Outcome::Skipped(reason) => xml.empty("skipped", &[("message", reason.clone())]),
    }
    for attempt in &case.attempts {
        let (element, failure) = match (&attempt.outcome, case.is_flaky()) {
            (Outcome::Failed(failure), true) => ("flakyFailure", failure),
            (Outcome::Error(failure), true) => ("flakyError", failure),
            (Outcome::Failed(failure), false) => ("rerunFailure", failure),
            (Outcome::Error(failure), false) => ("rerunError", failure),
            (Outcome::Passed | Outcome::Skipped(_), _) => continue,
        };
        xml.open(element, &kind(attempt.outcome.name(), failure));
        xml.text("stackTrace", &[], &failure.lines(&suite.file));
        xml.close(element);
    }
    let recording = case.recording.iter().map(|path| format!("[[ATTACHMENT|{path}]]"));
    let output: Vec<_> = case.output.iter().cloned().chain(recording).collect();
    if !output.is_empty() {
        xml.text("system-out", &[], &output);
    }
    xml.close("testcase");
}

type Attribute = (&'static str, String);

fn numbers(counts: Counts) -> [Attribute; 3] {
    [
        ("tests", counts.total().to_string()),
        ("failures", counts.failed.to_string()),
        ("errors", counts.errors.to_string()),
    ]
}

fn kind(kind: &str, failure: &Failure) -> [Attribute; 2] {
    [("type", kind.to_owned()), ("message", failure.message.clone())]
}

fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

/// Readers take a class for a package and a name with a dot between: `tests.chat` for `tests/chat.test.rhai`.
fn class(file: &str) -> String {
    let parts = Path::new(file).components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let parts: Vec<_> = parts.collect();
    let class = parts.join(".");
    let Some(name) = parts.last() else { return class };
    let suffix = name.char_indices().skip(1).find(|(_, c)| *c == '.').map_or(0, |(at, _)| name.len() - at);
    class[..class.len() - suffix].to_owned()
}

/// The document so far.
struct Xml(String);

impl Xml {
    fn open(&mut self, element: &str, attributes: &[Attribute]) {
        self.tag(element, attributes, ">\n");
    }

    fn close(&mut self, element: &str) {
        let _ = writeln!(self.0, "</{element}>");
    }

    fn empty(&mut self, element: &str, attributes: &[Attribute]) {
        self.tag(element, attributes, "/>\n");
    }

    fn text(&mut self, element: &str, attributes: &[Attribute], lines: &[String]) {
        self.tag(element, attributes, ">");
        self.0.push_str(&markup(&lines.join("\n"), false));
        self.close(element);
    }

    fn tag(&mut self, element: &str, attributes: &[Attribute], end: &str) {
        let _ = write!(self.0, "<{element}");
        for (name, value) in attributes {
            let _ = write!(self.0, " {name}=\"{}\"", markup(value, true));
        }
        self.0.push_str(end);
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_class_has_a_package() {
        for (file, expected) in [
            ("tests/chat.test.rhai", "tests.chat"),
            ("./chat.test.rhai", "chat"),
            ("/srv/tests/a.b/chat.rhai", "srv.tests.a.b.chat"),
            ("../.hidden.rhai", ".hidden"),
            ("tests/é.rhai", "tests.é"),
            ("chat", "chat"),
            ("", ""),
        ] {
            assert_eq!(class(file), expected, "{file}");
        }
    }

    #[test]
    fn a_run_of_each_outcome() {
        let run = samples::run();
        let xml = render(&run);
        for part in [
            "<testsuites name=\"wscope\" time=\"0.612\" tests=\"7\" failures=\"1\" errors=\"2\">\n",
            "<testsuite name=\"tests/chat.test.rhai\" time=\"0.544\" timestamp=\"2026-11-23T04:20:00Z\" tests=\"6\" \
             failures=\"1\" errors=\"1\" skipped=\"2\">\n<properties>\n<property name=\"seed\" \
             value=\"18446744073709551615\"/>\n<property name=\"shard\" value=\"1/3\"/>\n</properties>\n<testcase \
             classname=\"tests.chat\" name=\"echoes\" time=\"0.500\" group=\"smoke fast\">\n</testcase>\n",
            "<failure type=\"failed\" message=\"expected the field n to be 2\">at tests/chat.test.rhai:12:5\n      \
             expect(message.n).to_be(2);\n      ^\n- n: 2\n+ n: 3\nframes:\n  ▲ 1    0.002  text        7 B  \
             {&quot;n&quot;:3}\n",
            "<rerunError type=\"error\" message=\"connection refused\">\n<stackTrace>at tests/lib.rhai</stackTrace>\n\
             </rerunError>\n<system-out>joined as ann\n[[ATTACHMENT|target/recordings/joins.wsrec]]</system-out>\n",
            "name=\"sometimes\" time=\"0.003\">\n<flakyFailure type=\"failed\" message=",
            "<skipped message=\"no server\"/>\n",
            "<testcase classname=\"tests.broken\" name=\"(suite)\" time=\"0.000\">\n<error type=\"error\" \
             message=\"expecting &#39;;&#39; to end this statement\">at tests/broken.test.rhai:1:3\n  te st(\n    ^</error>\n",
        ] {
            assert!(xml.contains(part), "{part}\nis not in\n{xml}");
        }
    }

    #[test]
    fn no_text_is_markup_or_forbidden() {
        let xml = render(&samples::named(samples::NASTY));
        assert!(!xml.contains("<script") && !xml.contains("]]>"));
        assert!(!xml.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{xml:?}");
        assert!(xml.contains("name=\"a\\x00\\x01\\x1b[31m\\u{9b}\\r&#10;&#9;&lt;script&gt;alert("), "{xml}");
    }
}
