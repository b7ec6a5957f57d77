//! Reports as those who read them read them: xmllint with a schema, the strict TAP parser of npm, Python's JSON and HTML; and
//! `wscope report merge`, which writes them all from the JSON reports of shards.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::command::{Ended, wscope};
use crate::support::peers::reader;

/// What breaks a format that is written without care.
const NASTY: [&str; 8] = [
    "a\0\x01\x1b[31m\u{7f}\u{9b}\r\n\t\u{202e}\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}",
    "<script>alert('&amp;\"')</script>]]><!-- --> </pre></style>",
    "# SKIP # TODO \\# \\",
    "line one\n---\n...\n    not ok 1 - {",
    "::error file=a,line=1::b%0A,%",
    "漢字 👩‍🚀 e\u{301} ß",
    " - ok 1 {",
    "",
];

fn failure(text: &str) -> Value {
    json!({
        "message": text, "file": text, "line": 3, "column": 4, "source": text, "detail": [text, text], "frames": [text, text],
    })
}

/// Cases with this text in every place, one an outcome.
fn suite(text: &str) -> Value {
    let case = |outcome: &str, why: Value| {
        let attempts = json!([{ "duration": 0.5, "outcome": "error", "why": failure(text) }]);
        json!({
            "name": text, "line": 1, "tags": [text, "smoke"], "duration": 0.25, "outcome": outcome, "why": why,
            "attempts": attempts, "recording": text, "output": [text, text],
        })
    };
    let mut passed = case("passed", Value::Null);
    passed.as_object_mut().unwrap().remove("why");
    let cases = [passed, case("failed", failure(text)), case("error", failure(text)), case("skipped", json!(text))];
    json!({ "file": text, "cases": cases, "output": [text], "error": failure(text) })
}

fn run(shard: Option<(u32, u32)>, suites: &[Value]) -> Value {
    let started = "2026-11-23T04:20:00.123456Z";
    let shard = shard.map(|(index, count)| json!({ "index": index, "count": count }));
    json!({ "wscope_report": 1, "started": started, "duration": 1.5, "shard": shard, "seed": 7, "suites": suites })
}

/// A run with nothing but nasty strings, and an empty suite.
fn nasty() -> Value {
    let long = "long ".repeat(5_000);
    let texts = NASTY.iter().copied().chain([&*long]);
    let empty = json!({ "file": "empty.test.rhai", "cases": [] });
    run(None, &texts.map(suite).chain([empty]).collect::<Vec<_>>())
}

/// Half of a run: the cases with these names of one file, at the lines of their numbers.
fn half(index: u32, names: &[&str]) -> Value {
    let case = |name: &&str| {
        let line = name.bytes().next().unwrap() - b'a' + 1;
        json!({ "name": name, "line": line, "duration": 0.1, "outcome": "passed" })
    };
    let cases: Vec<_> = names.iter().map(case).collect();
    run(Some((index, 2)), &[json!({ "file": "tests/letters.test.rhai", "cases": cases })])
}

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn file(&self, name: &str, report: &Value) -> String {
        fs::write(self.0.path().join(name), report.to_string()).unwrap();
        self.path(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// The nasty run in every format, after the name of the format, and how that ended.
    fn nasty_reports(&self) -> Ended {
        let input = self.file("nasty.json", &nasty());
        let mut command = wscope(["report", "merge", &input, "--github"]);
        for format in ["junit", "tap", "json", "html"] {
            command = command.arg(format!("--{format}")).arg(self.path(format));
        }
        let ended = command.run();
        assert_eq!((ended.code, &*ended.stderr), (Some(1), ""));
        ended
    }
}

#[track_caller]
fn accepted(reader: &std::process::Output) {
    let said = [&*reader.stdout, &*reader.stderr].map(String::from_utf8_lossy).concat();
    let end = said.chars().rev().take(3000).collect::<Vec<_>>().into_iter().rev().collect::<String>();
    assert!(reader.status.success(), "{end}");
}

#[test]
fn junit_xml_is_valid_by_its_schema_whatever_the_tests_say() {
    let place = Place::new();
    place.nasty_reports();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/junit.xsd");
    // Some attributes are longer than libxml2 takes from strangers.
    let xmllint =
        |args: &[&str]| reader("xmllint", &[&["--huge", "--nonet"], args, &["-"]].concat(), &place.read("junit"));
    let Some(valid) = xmllint(&["--noout", "--schema", schema]) else { return };
    accepted(&valid);
    // What it reads is what was there, but for what XML can't have.
    for text in [NASTY[1], NASTY[4], NASTY[5]] {
        let quoted = if text.contains('\'') {
            format!("concat('{}')", text.replace('\'', "', \"'\", '"))
        } else {
            format!("'{text}'")
        };
        let count = format!("count(//testcase[@name={quoted}])");
        assert_eq!(xmllint(&["--xpath", &count]).unwrap().stdout, b"4\n", "{count}");
    }
    let first = "string(//testcase[starts-with(@name, 'a')]/@name)";
    let shown = String::from_utf8(xmllint(&["--xpath", first]).unwrap().stdout).unwrap();
    assert_eq!(shown, "a\\x00\\x01\\x1b[31m\\x7f\\u{9b}\\r\n\t\\u{202e}\\u{2028}\\u{2029}\u{feff}\\u{fffe}\\u{ffff}\n");
}

#[test]
fn tap_is_valid_for_a_strict_parser_whatever_the_tests_say() {
    let place = Place::new();
    place.nasty_reports();
    let Some(parsed) = reader("tap-parser", &["--strict", "--json=0"], &place.read("tap")) else { return };
    let events: Value = serde_json::from_slice(&parsed.stdout).unwrap();
    let events = events.as_array().unwrap();
    let of =
        |kind: &str| events.iter().filter(|event| event[0] == kind).map(|event| event[1].clone()).collect::<Vec<_>>();
    let complete = &of("complete")[0];
    let texts = NASTY.len() as u64 + 1;
    // Each suite but the empty one fails; no failure is an error of the format.
    let counts = ["count", "fail", "pass", "skip"].map(|key| complete[key].as_u64().unwrap());
    assert_eq!(counts, [texts + 1, texts, 1, 1], "{complete}");
    for failure in complete["failures"].as_array().unwrap() {
        assert!(failure["tapError"].is_null(), "{failure}");
    }
    assert!(of("extra").is_empty());
    // In each subtest: passed, failed, error, skipped, and the error of the suite.
    let children: Vec<_> = events.iter().filter(|event| event[0] == "child").collect();
    assert_eq!(children.len() as u64, texts + 1);
    // Merging sorts the suites by file.
    let mut files: Vec<_> = NASTY.iter().copied().chain(["empty.test.rhai", "long "]).collect();
    files.sort_unstable();
    for (text, child) in files.iter().zip(children).filter(|(text, _)| NASTY.contains(text)) {
        let child = child[1].as_array().unwrap();
        let asserts: Vec<_> = child.iter().filter(|event| event[0] == "assert").map(|event| &event[1]).collect();
        let verdicts: Vec<_> = asserts.iter().map(|point| (point["ok"].as_bool(), point["skip"] != false)).collect();
        let expected = [(true, false), (false, false), (false, false), (true, true), (false, false)];
        assert_eq!(verdicts, expected.map(|(ok, skipped)| (Some(ok), skipped)), "{text:?}");
        // YAML can have every character.
        assert_eq!(asserts[1]["diag"]["message"], *text);
        assert_eq!(asserts[1]["diag"]["frames"], json!([text, text]));
    }
}

#[test]
fn json_is_read_by_others_and_again() {
    let place = Place::new();
    place.nasty_reports();
    let report = place.read("json");
    assert!(report.starts_with("{\n  \"wscope_report\": 1,\n  \"by\": \"wscope "));
    let mut again: Value = serde_json::from_str(&report).unwrap();
    again.as_object_mut().unwrap().remove("by");
    let mut expected = nasty();
    expected.as_object_mut().unwrap().remove("shard");
    // Merging sorts the suites by file.
    let suites = expected["suites"].as_array_mut().unwrap();
    suites.sort_by(|a, b| a["file"].as_str().cmp(&b["file"].as_str()));
    assert_eq!(again, expected);
    let script =
        "import json,sys; r=json.load(sys.stdin); print(next(iter(r)), sum(len(s['cases']) for s in r['suites']))";
    let Some(python) = reader("python3", &["-c", script], &report) else { return };
    accepted(&python);
    assert_eq!(String::from_utf8(python.stdout).unwrap(), "wscope_report 36\n");
}

/// Every tag that is opened is closed, none of them is of the tests, and the text is whole.
const PAGE: &str = r#"
import sys
from html.parser import HTMLParser
class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], set(), ""
    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in ("meta", "input"): self.open.append(tag)
        for name, value in attrs: assert not name.startswith("on") and name not in ("src", "href"), name
    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()
    def handle_data(self, data): self.text += data
page = Page()
page.feed(sys.stdin.read())
page.close()
assert not page.open, page.open
assert not page.tags & {"script", "link", "img", "iframe"}, page.tags
assert "<script>alert('&amp;\"')</script>]]><!-- --> </pre></style>" in page.text
"#;

#[test]
fn html_is_one_page_that_shows_what_it_is_given_and_runs_none_of_it() {
    let place = Place::new();
    place.nasty_reports();
    let Some(python) = reader("python3", &["-c", PAGE], &place.read("html")) else { return };
    accepted(&python);
}

#[test]
fn annotations_are_one_line_each() {
    let place = Place::new();
    let ended = place.nasty_reports();
    let lines: Vec<_> = ended.text().lines().collect();
    let (last, commands) = lines.split_last().unwrap();
    assert_eq!(*last, "45 cases: 9 passed (9 flaky), 9 failed, 18 errors, 9 skipped");
    assert_eq!(commands.len(), 4 * 9);
    for line in commands {
        let (head, _) = line[2..].split_once("::").unwrap();
        let (name, properties) = head.split_once(' ').unwrap();
        assert!(["error", "warning"].contains(&name), "{name}");
        let keys: Vec<_> = properties.split(',').map(|property| property.split_once('=').unwrap().0).collect();
        assert_eq!(keys, ["file", "line", "col", "title"]);
    }
    assert!(
        commands
            .iter()
            .any(|line| line.contains("title=%3A%3Aerror file=a%2Cline=1%3A%3Ab%250A%2C%25::::error file=a,"))
    );
}

#[test]
fn shards_make_the_whole_run() {
    let place = Place::new();
    let files = [place.file("2.json", &half(2, &["b", "d"])), place.file("1.json", &half(1, &["a", "c", "e"]))];
    let out = place.path("all.json");
    wscope(["report", "merge"]).args(&files).args(["-o", &out]).run().success("5 cases: 5 passed\n");
    let all: Value = serde_json::from_str(&place.read("all.json")).unwrap();
    let names: Vec<_> =
        all["suites"][0]["cases"].as_array().unwrap().iter().map(|case| case["name"].as_str().unwrap()).collect();
    assert_eq!((names.concat(), &all["shard"]), ("abcde".to_owned(), &Value::Null));
}

#[test]
fn a_missing_shard_is_told_and_no_report_of_the_rest_passes() {
    let place = Place::new();
    let (one, xml) = (place.file("1.json", &half(1, &["a"])), place.path("junit.xml"));
    let stdout = "error shard 2/2: (suite): shard 2/2 is missing: its report is not among those joined\n\
                  2 cases: 1 passed, 1 error\n";
    let stderr = "wscope: error: shard 2/2 is missing\nhint: is its report among the files?\n";
    wscope(["report", "merge", &one, "--junit", &xml]).run().check(1, stdout, stderr);
    assert!(place.read("junit.xml").contains("errors=\"1\""));
}

#[test]
fn a_doubled_shard_is_told_and_counts_once() {
    let place = Place::new();
    let mut again = half(1, &["a", "c"]);
    again["started"] = json!("2026-11-23T05:00:00Z");
    let files = [
        place.file("new.json", &again),
        place.file("old.json", &half(1, &["a"])),
        place.file("2.json", &half(2, &["b"])),
    ];
    let stderr = format!(
        "wscope: shard 1/2 is there twice: {:?} counts, which began last, and {:?} does not\n",
        files[0], files[1]
    );
    wscope(["report", "merge"]).args(&files).run().check(0, "3 cases: 3 passed\n", &stderr);
}

#[test]
fn a_failed_case_is_named_and_ends_with_1() {
    let place = Place::new();
    let case = json!({ "name": "says\u{1b}[2J hi", "duration": 0.1, "outcome": "failed",
        "why": { "message": "no\nhi", "line": 4, "column": 2 } });
    let file = place.file("a.json", &run(None, &[json!({ "file": "hi.test.rhai", "cases": [case] })]));
    let stdout = "failed hi.test.rhai:4:2: says\\x1b[2J hi: no\\nhi\n1 case: 1 failed\n";
    wscope(["report", "merge", &file]).run().check(1, stdout, "");
}

#[test]
fn what_is_no_report_ends_with_11_and_leaves_no_output() {
    let place = Place::new();
    let good = place.file("good.json", &half(1, &["a"]));
    let torn = place.path("torn.json");
    fs::write(&torn, &half(2, &["b"]).to_string()[..200]).unwrap();
    let newer = place.file("newer.json", &json!({ "wscope_report": 99 }));
    let other = place.file("other.json", &run(Some((3, 3)), &[]));
    let hint = "--json FILE makes a report that can be read again";
    let one_run = "give the reports of one run, one file a shard";
    for (file, message, hint) in [
        ("Cargo.toml", "\"Cargo.toml\" is no JSON report: it is no JSON object".to_owned(), hint),
        ("/dev/null", "\"/dev/null\" is no JSON report: it is empty".into(), hint),
        (
            "no/such",
            "cannot read \"no/such\": no such file or directory".into(),
            "is the path right, and the file yours?",
        ),
        (
            "tests/golden/stats/exchange.json",
            "\"tests/golden/stats/exchange.json\" is no JSON report: it does not begin with \"wscope_report\": 1"
                .into(),
            hint,
        ),
        (&torn, format!("{torn:?} is no JSON report: invalid number at line 1 column 200"), hint),
        (
            &newer,
            format!("{newer:?} is a report of version 99, this wscope reads up to version 1"),
            "a newer wscope wrote it and reads it",
        ),
        (&other, format!("{good:?} is shard 1/2 and {other:?} shard 3/3: they are parts of different runs"), one_run),
    ] {
        let ended = wscope(["report", "merge", &good, file, "--html", &place.path("page.html")]).run();
        ended.check(11, "", &format!("wscope: error: {message}\nhint: {hint}\n"));
    }
    assert_eq!(place.names(), ["good.json", "newer.json", "other.json", "torn.json"]);
}

#[test]
fn a_report_that_can_not_be_written_ends_with_11() {
    let place = Place::new();
    let file = place.file("a.json", &run(None, &[]));
    let inside = Path::new(&file).join("report.xml").display().to_string();
    let ended = wscope(["report", "merge", &file, "--junit", &inside]).run();
    assert_eq!((ended.code, ended.text()), (Some(11), ""));
    assert!(ended.stderr.starts_with(&format!("wscope: error: cannot write {inside:?}: ")), "{}", ended.stderr);
    assert_eq!(place.names(), ["a.json"]);
    // A pipe or a device is written to as it is.
    let ended = wscope(["report", "merge", &file, "--tap", "/dev/stdout"]).run();
    ended.success("TAP version 14\n# seed 7\n1..0 # there were no tests\n0 cases\n");
}

#[test]
fn a_report_command_needs_a_command() {
    wscope(["report"]).run().check(2, "", "wscope: error: \"wscope report\" needs a command: merge\n");
    let stderr = "wscope: error: unknown command \"merg\"\nhint: did you mean merge?\n";
    wscope(["report", "merg"]).run().check(2, "", stderr);
    wscope(["report", "merge"]).run().check(2, "", "wscope: error: <FILE>... is missing\n");
}
