//! The HTML report: one page that needs no network, no script and no other file, so it can be kept as a CI's artefact, mailed,
//! and opened years later.
//!
//! It runs nothing: the filter is radio buttons and CSS, and a content security policy forbids scripts and loading whatever a
//! peer may have sent. All text is escaped besides.

use std::fmt::Write as _;

use super::result::{Case, Counts, Failure, Outcome, Run, Suite};
use super::text::markup;
use super::time::{short, stamp};

const STYLE: &str = include_str!("page.css");

/// The page.
#[must_use]
pub fn render(run: &Run) -> String {
    let counts = run.counts();
    let verdict = if counts.is_success() { "passed" } else { "failed" };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{verdict}: {}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n",
        counts.in_words()
    );
    write_head(&mut out, run, counts, verdict);
    write_filter(&mut out, counts);
    out.push_str("<main>\n");
    for suite in &run.suites {
        write_suite(&mut out, suite);
    }
    if run.suites.is_empty() {
        out.push_str("<p class=\"none\">There were no tests.</p>\n");
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn write_head(out: &mut String, run: &Run, counts: Counts, verdict: &str) {
    let mark = if counts.is_success() { "✓" } else { "✗" };
    let _ = write!(
        out,
        "<header class=\"{verdict}\">\n<h1><span class=\"mark\">{mark}</span> {verdict}</h1>\n<p class=\"sum\">{}</p>\n",
        counts.in_words()
    );
    out.push_str("<div class=\"bar\" aria-hidden=\"true\">");
    for (class, count) in shares(counts) {
        if count > 0 {
            let _ = write!(out, "<i class=\"{class}\" style=\"flex-grow:{count}\"></i>");
        }
    }
    out.push_str("</div>\n<dl>\n");
    let shard = run.shard.map(|shard| shard.to_string());
    let seed = run.seed.map(|seed| seed.to_string());
    for (name, value) in
        [("started", stamp(run.started)), ("took", Some(short(run.duration))), ("shard", shard), ("seed", seed)]
    {
        if let Some(value) = value {
            let _ = writeln!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", markup(&value, false));
        }
    }
    out.push_str("</dl>\n</header>\n");
}

/// What the bar is made of: a flaky case is no clean pass.
fn shares(counts: Counts) -> [(&'static str, usize); 5] {
    [
        ("passed", counts.passed - counts.flaky),
        ("flaky", counts.flaky),
        ("failed", counts.failed),
        ("error", counts.errors),
        ("skipped", counts.skipped),
    ]
}

fn write_filter(out: &mut String, counts: Counts) {
    out.push_str("<nav aria-label=\"filter\">\n");
    let all = [
        ("all", "all", counts.total()),
        ("bad", "failed", counts.failed + counts.errors),
        ("flaky", "flaky", counts.flaky),
        ("skipped", "skipped", counts.skipped),
        ("passed", "passed", counts.passed),
    ];
    for (id, label, count) in all {
        let checked = if id == "all" { " checked" } else { "" };
        let disabled = if count == 0 && id != "all" { " disabled" } else { "" };
        let _ = writeln!(
            out,
            "<label><input type=\"radio\" name=\"show\" id=\"{id}\"{checked}{disabled}> {label} <b>{count}</b></label>"
        );
    }
    out.push_str("</nav>\n");
}

fn write_suite(out: &mut String, suite: &Suite) {
    let counts = suite.counts();
    let mut classes = String::from("suite");
    for (class, count) in [
        ("has-bad", counts.failed + counts.errors),
        ("has-flaky", counts.flaky),
        ("has-skipped", counts.skipped),
        ("has-passed", counts.passed),
    ] {
        if count > 0 {
            let _ = write!(classes, " {class}");
        }
    }
    let _ = write!(
        out,
        "<section class=\"{classes}\">\n<h2><span class=\"file\">{}</span><span class=\"sum\">{}</span><span \
         class=\"time\">{}</span></h2>\n",
        markup(&suite.file, false),
        counts.in_words(),
        short(suite.duration())
    );
    for case in suite.results() {
        write_case(out, suite, &case);
    }
    if !suite.output.is_empty() {
        out.push_str("<details class=\"case log\"><summary><span class=\"name\">output of the file</span></summary>\n");
        block(out, "output", &suite.output);
        out.push_str("</details>\n");
    }
    out.push_str("</section>\n");
}

fn write_case(out: &mut String, suite: &Suite, case: &Case) {
    let (class, mark) = match &case.outcome {
        Outcome::Passed if case.is_flaky() => ("passed flaky", "↻"),
        Outcome::Passed => ("passed", "✓"),
        Outcome::Failed(_) => ("failed bad", "✗"),
        Outcome::Error(_) => ("error bad", "!"),
        Outcome::Skipped(_) => ("skipped", "–"),
    };
    let mut body = String::new();
    if let Some(failure) = case.outcome.failure() {
        write_failure(&mut body, suite, failure);
    }
    for (number, attempt) in (1..).zip(&case.attempts) {
        let _ =
            writeln!(body, "<h3>attempt {number}: {} after {}</h3>", attempt.outcome.name(), short(attempt.duration));
        if let Some(failure) = attempt.outcome.failure() {
            write_failure(&mut body, suite, failure);
        }
    }
    if let Some(path) = &case.recording {
        let _ = writeln!(body, "<p class=\"recording\">recording <code>{}</code></p>", markup(path, false));
    }
    block(&mut body, "output", &case.output);

    let mut line = format!(
        "<span class=\"mark\" title=\"{}\">{mark}</span><span class=\"name\">{}</span>",
        case.outcome.name(),
        markup(&case.name, false)
    );
    for tag in &case.tags {
        let _ = write!(line, "<span class=\"tag\">{}</span>", markup(tag, false));
    }
    if let Outcome::Skipped(reason) = &case.outcome {
        let _ = write!(line, "<span class=\"reason\">{}</span>", markup(reason, false));
    }
    if !case.duration.is_zero() {
        let _ = write!(line, "<span class=\"time\">{}</span>", short(case.duration));
    }
    if body.is_empty() {
        let _ = writeln!(out, "<div class=\"case {class}\">{line}</div>");
    } else {
        let open = if case.outcome.failure().is_some() { " open" } else { "" };
        let _ = write!(
            out,
            "<details class=\"case {class}\"{open}><summary>{line}</summary>\n<div class=\"body\">\n{body}</div></details>\n"
        );
    }
}

fn write_failure(out: &mut String, suite: &Suite, failure: &Failure) {
    let (message, place) = (markup(&failure.message, false), markup(&failure.place(&suite.file), false));
    let _ = writeln!(out, "<p class=\"message\">{message}</p>\n<p class=\"place\">{place}</p>");
    block(out, "source", &failure.excerpt());
    block(out, "difference", &failure.detail);
    block(out, "frames", &failure.frames);
}

/// Lines as they are, each coloured by how it begins.
fn block(out: &mut String, name: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(out, "<pre class=\"{name}\" aria-label=\"{name}\">");
    for line in lines {
        let class = match (name, line.trim_start().chars().next()) {
            ("difference", Some('-')) => "expected",
            ("difference", Some('+')) => "got",
            ("frames", Some('▲')) => "sent",
            ("frames", Some('▼')) => "received",
            ("frames", Some('✗')) => "wrong",
            _ => "plain",
        };
        // The line ends inside, where it makes no line of its own, and is there for whoever copies the text.
        let _ = write!(out, "<span class=\"{class}\">{}\n</span>", markup(line, false));
    }
    out.push_str("</pre>\n");
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_page_says_what_failed_where_and_how() {
        let page = render(&samples::run());
        for part in [
            "<title>failed: 7 cases: 2 passed (1 flaky), 1 failed, 2 errors, 2 skipped</title>",
            "<p class=\"message\">expected the field n to be 2</p>\n<p class=\"place\">tests/chat.test.rhai:12:5</p>",
            "<span class=\"expected\">- n: 2\n</span><span class=\"got\">+ n: 3\n</span>",
            "<span class=\"received\">▼ 2    0.002  text        7 B  {&quot;n&quot;:3}\n</span>",
            "recording <code>target/recordings/joins.wsrec</code>",
            "<span class=\"reason\">no server</span>",
            "<div><dt>shard</dt><dd>1/3</dd></div>",
            "failed <b>3</b>",
            "<h3>attempt 1: failed after 7.0 ms</h3>",
        ] {
            assert!(page.contains(part), "{part}\nis not in\n{page}");
        }
        assert!(render(&samples::empty()).contains("There were no tests."));
    }

    #[test]
    fn a_page_loads_nothing_and_runs_nothing() {
        for run in [samples::run(), samples::named(samples::NASTY), samples::named("<img src=http://evil/ onerror=x>")]
        {
            let page = render(&run);
            for forbidden in ["<script", "<img", "<link", "src=\"", "href", "url(", "@import", "]]>"] {
                assert!(!page.contains(forbidden), "{forbidden} in\n{page}");
            }
            assert!(!page.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        }
    }
}
