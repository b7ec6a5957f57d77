//! What is written of a run: reports as their readers read them, recordings of failures, and no secret in any of it.

use std::fs;

use super::{Place, outcomes, settle};
use crate::support::command::wscope;
use crate::support::peers::reader;

const MIXED: &str = r##"test("passes", || { let ws = connect(variable("url") + "/echo"); ws.send("hi"); ws.expect("hi"); });
test("fails <b>&\x1b[2J]]>", ["x"], || {
    let ws = connect(variable("url") + "/echo");
    ws.send(`{"price":3}`);
    print("# ]]> \x1b[2J");
    ws.expect(#{ price: 2 }, "50ms");
});
test("is refused", || connect("ws://127.0.0.1:1/"));
test("is skipped", || skip("# why"));
"##;

const REPORTS: [&str; 8] =
    ["--junit", "out/r.xml", "--tap", "out/r.tap", "--json", "out/r.json", "--html", "out/r.html"];

fn mixed() -> Place {
    Place::new(&[("mixed.test.rhai", MIXED), ("broken.test.rhai", "let x = ;\n")])
}

#[test]
fn every_report_is_valid_for_its_readers() {
    let place = mixed();
    let ended = place.test(&REPORTS).run();
    assert_eq!((ended.code, &*ended.stderr), (Some(1), ""));
    assert!(ended.text().ends_with(" s\n") && ended.text().contains("1 passed, 1 failed, 2 errors, 1 skipped in "));
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/junit.xsd");
    let valid = |output: Option<std::process::Output>| {
        let Some(output) = output else { return };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    valid(reader("xmllint", &["--nonet", "--noout", "--schema", schema, "-"], &place.read("out/r.xml")));
    if let Some(parsed) = reader("tap-parser", &["--strict", "--json=0"], &place.read("out/r.tap")) {
        let events: serde_json::Value = serde_json::from_slice(&parsed.stdout).unwrap();
        let complete = events.as_array().unwrap().iter().find(|event| event[0] == "complete").unwrap()[1].clone();
        assert_eq!((complete["count"].as_u64(), complete["fail"].as_u64()), (Some(2), Some(2)), "{complete}");
        assert!(complete["failures"].as_array().unwrap().iter().all(|failure| failure["tapError"].is_null()));
    }
    valid(reader(
        "python3",
        &["-c", "import sys, html.parser; html.parser.HTMLParser().feed(sys.stdin.read())"],
        &place.read("out/r.html"),
    ));
    let merged = wscope(["report", "merge", "out/r.json"]).inside(place.folder.path()).run();
    assert!(merged.text().ends_with("5 cases: 1 passed, 1 failed, 2 errors, 1 skipped\n"), "{}", merged.text());
}

#[test]
fn annotations_are_before_the_summary() {
    let place = Place::new(&[("a.test.rhai", "test(\"x\", || ());\ntest(\"y\", || fail(\"no\"));\n")]);
    let ended = place.test(&["--github", "--quiet"]).run();
    let expected = "FAIL a.test.rhai › y (0 ms)\n     no\n     at a.test.rhai:2:14\n       test(\"y\", || fail(\"no\"));\n                    ^\n\
                    ::error file=a.test.rhai,line=2,col=14,title=y::no%0Aat a.test.rhai:2:14%0A  test(\"y\", || fail(\"no\"));%0A               ^\n\
                    1 passed, 1 failed in 0 ms\n";
    assert_eq!(settle(ended.text()), expected);
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_and_the_summary_is_told() {
    let place = Place::new(&[("a.test.rhai", "print(1);\n")]);
    let ended = place.test(&["--junit", "a.test.rhai/x.xml"]).run();
    assert_eq!(ended.code, Some(11));
    assert!(ended.text().contains("1 passed in ") && ended.stderr.contains("cannot write \"a.test.rhai/x.xml\""));
}

#[test]
fn the_connections_of_a_case_that_failed_are_recorded() {
    let place = mixed();
    let (ended, report) = place.report(&["mixed.test.rhai", "--record-failures", "failed", "--retry", "1"]);
    let mut names: Vec<_> = fs::read_dir(place.path("failed")).unwrap().map(|it| it.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["mixed.test.rhai-fails-b-2J.wsrec", "mixed.test.rhai-is-refused.wsrec"]);
    let path = "failed/mixed.test.rhai-fails-b-2J.wsrec";
    assert_eq!(report["suites"][0]["cases"][1]["recording"], path);
    assert!(ended.text().contains(&format!("     recorded: {path}\n")), "{}", ended.text());
    let shown = wscope(["show", path, "--messages"]).inside(place.folder.path()).run();
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    // The last attempt alone, to the end of its connection.
    let text = shown.text();
    assert_eq!((text.matches("connected").count(), text.matches("{\"price\":3}").count()), (1, 2), "{text}");
    assert!(text.contains("closed  1000 normal"), "{text}");
    // Fixed, it leaves none.
    fs::write(place.path("mixed.test.rhai"), MIXED.replace("price: 2", "price: 3")).unwrap();
    let (_, report) = place.report(&["mixed.test.rhai", "--record-failures", "failed"]);
    assert_eq!(outcomes(&report)[1], "fails <b>&\u{1b}[2J]]> passed");
    assert!(!place.path(path).exists());
}

#[test]
fn a_recording_that_cannot_be_written_is_an_error() {
    let place = Place::new(&[("a.test.rhai", "fail(\"no\");\n"), ("b.test.rhai", "print(1);\n")]);
    fs::create_dir_all(place.path("r/a.test.rhai-a.wsrec")).unwrap();
    fs::create_dir_all(place.path("r/b.test.rhai-b.wsrec")).unwrap();
    let ended = place.test(&["--record-failures", "r"]).run();
    assert_eq!(ended.code, Some(1));
    let told = "wscope: error: cannot record to \"r/a.test.rhai-a.wsrec\": ";
    assert!(ended.stderr.starts_with(told), "{}", ended.stderr);
    assert_eq!(place.test(&["b.test.rhai", "--record-failures", "r"]).run().code, Some(11));
}

#[test]
fn a_long_secret_is_not_written_in_part() {
    let text = r#"let token = variable("token");
test("a", || assert_eq(token, "b"));
test("b", || { let ws = connect(variable("url") + "/echo", #{ no_compress: true }); ws.send(token); ws.expect("b", "50ms"); });
"#;
    let place = Place::new(&[("a.test.rhai", text)]);
    let secret = format!("token=eyJhbGci{}", "x1y2".repeat(500));
    let ended = place.test(&["--secret", &secret]).args(REPORTS).run();
    assert_eq!(ended.code, Some(1));
    assert!(ended.text().contains("expected \"b\", got \"***…\n"), "{}", ended.text());
    for report in ["xml", "tap", "json", "html"].map(|kind| place.read(&format!("out/r.{kind}"))) {
        assert!(!report.contains("eyJhbGci"), "{report}");
    }
    assert!(!ended.text().contains("eyJhbGci"), "{}", ended.text());
}

#[test]
fn no_secret_is_written_anywhere() {
    let text = r#"let secret = variable("token");
print("read with " + secret);
test("case " + secret, [secret], || {
    print("printed " + secret);
    let ws = connect(variable("url") + "/echo?x=" + secret, #{ no_compress: true });
    ws.send("frame " + secret);
    ws.expect("other " + secret, "50ms");
});
test("skips", || skip("because " + secret));
test("differs", || assert_eq(#{ a: secret }, #{ a: "b" }));
test("throws", || { throw secret; });
"#;
    let broken = "print(variable(\"token\"));\ntest(\"x\", || ());\nfail(variable(\"token\"));\n";
    let place = Place::new(&[("a.test.rhai", text), ("b.test.rhai", broken)]);
    let secret = "hunter2-hunter2";
    let given = ["--secret", "token=hunter2-hunter2", "--github", "--verbose", "--retry", "1"];
    let ended = place.test(&[&given[..], &REPORTS].concat()).run();
    assert_eq!(ended.code, Some(1));
    let listed = place.test(&["--list", "--secret", "token=hunter2-hunter2"]).run();
    let mut written = vec![ended.text().to_owned(), ended.stderr, listed.text().to_owned(), listed.stderr];
    written.extend(["xml", "tap", "json", "html"].map(|kind| place.read(&format!("out/r.{kind}"))));
    for text in written {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(
        ended.stdout.windows(9).any(|word| word == b"case *** ") && listed.stdout.windows(3).any(|word| word == b"***")
    );
}
