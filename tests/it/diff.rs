//! `wscope diff` on two recordings that differ in every way, and on files that are none.
//!
//! `WSCOPE_BLESS=1 cargo test --test it diff` writes what it says now; reading the difference is the test then.

use std::fs;

use crate::support::command::wscope;

/// A subscription to news and its end, and a second connection.
const A: &str = "tests/golden/diff/a.wsrec";

/// The same a day later: other times, one message more, one in another place, some changed, another version of the server.
const B: &str = "tests/golden/diff/b.wsrec";

#[track_caller]
fn is_golden(name: &str, got: &str) {
    let path = format!("{}/tests/golden/diff/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("WSCOPE_BLESS").is_some() {
        fs::write(&path, got).unwrap();
    }
    assert_eq!(got, fs::read_to_string(&path).unwrap_or_default(), "{path}: WSCOPE_BLESS=1 writes it");
}

#[test]
fn what_differs_is_shown_in_its_place() {
    let ended = wscope(["diff", A, B, "--ignore", "**.ts"]).run();
    ended.check(1, &ended.stdout, "");
    is_golden("differences.txt", ended.text());
    let brief = wscope(["diff", A, B, "--conn", "1", "--ignore", "**.ts", "--context", "1"]).run();
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(readme.contains(brief.text()), "the README shows another difference than\n{}", brief.text());
    let coloured = wscope(["diff", A, B, "--ignore", "ts", "--context", "1", "--color", "always"]).run();
    coloured.check(1, &coloured.stdout, "");
    is_golden("coloured.txt", coloured.text());
}

#[test]
fn an_element_that_came_or_went_is_told_as_that() {
    let ended = wscope(["diff", "tests/golden/diff/arrays-a.wsrec", "tests/golden/diff/arrays-b.wsrec"]).run();
    ended.check(1, &ended.stdout, "");
    is_golden("arrays.txt", ended.text());
}

#[test]
fn differences_are_an_object_and_reports() {
    let folder = tempfile::tempdir().unwrap();
    let [junit, html] = ["junit.xml", "page.html"].map(|name| folder.path().join(name));
    let ended = wscope(["diff", A, B, "--ignore", "ts", "--format", "json", "--junit"])
        .arg(&junit)
        .arg("--html")
        .arg(&html)
        .run();
    ended.check(1, &ended.stdout, "");
    assert_eq!(ended.text().matches('\n').count(), 1);
    let object: serde_json::Value = serde_json::from_str(ended.text()).unwrap();
    is_golden("differences.json", &(serde_json::to_string_pretty(&object).unwrap() + "\n"));
    let junit = fs::read_to_string(junit).unwrap();
    assert!(junit.contains("tests=\"9\" failures=\"8\""), "{junit}");
    assert!(
        junit.contains("message=\"$.urgent changed\"") && junit.contains("only tests/golden/diff/a.wsrec has it"),
        "{junit}"
    );
    assert!(fs::read_to_string(html).unwrap().contains("$.urgent: added true"));
}

#[test]
fn what_is_the_same_ends_with_0() {
    let before = fs::read(A).unwrap();
    let same = wscope(["diff", A, A, "--tolerance", "time=0ms"]).run();
    same.success(&same.stdout);
    assert!(
        same.text().contains("✓ 19 messages: 19 matched, ") && same.text().contains("closed 1000 \"bye\" as recorded")
    );
    assert_eq!(fs::read(A).unwrap(), before);
    // Only the time differs between the first connection's news, and the second has nothing to do with it.
    let other = wscope(["diff", A, A, "--conn", "1:2"]).run();
    assert_eq!(other.code, Some(1));
    assert!(other.text().contains("connection 1 and 2  ws://"), "{}", other.text());
}

#[test]
fn a_tolerance_and_ignored_parts_decide_what_counts() {
    let folder = tempfile::tempdir().unwrap();
    let later = folder.path().join("later.wsrec");
    let text = fs::read_to_string(A).unwrap();
    fs::write(&later, text.replace("\"t\":0.6,", "\"t\":0.62,").replace("is open", "is open since 10:42")).unwrap();
    let ends = |args: &[&str]| wscope(["diff", A]).arg(&later).args(args).run();
    let regex = ["--ignore-regex", "open( since [0-9:]+)?"];
    assert_eq!(ends(&[]).code, Some(1));
    assert_eq!(ends(&regex).code, Some(0));
    assert_eq!(ends(&[&regex[..], &["--tolerance", "time=21%"]].concat()).code, Some(0));
    let late = ends(&[&regex[..], &["--tolerance", "time=19ms"]].concat());
    assert_eq!(late.code, Some(1));
    assert!(late.text().contains("      120.0 ms after the one before, recorded 100.0 ms\n"), "{}", late.text());
    let header = wscope(["diff", A, B, "--ignore-header", "server"]).run();
    assert!(!header.text().contains("one/1.1") && header.code == Some(1), "{}", header.text());
}

#[test]
fn what_can_not_be_compared_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let [torn, bare] = ["torn.wsrec", "bare.wsrec"].map(|name| folder.path().join(name));
    let text = fs::read_to_string(A).unwrap();
    fs::write(&torn, &text[..1500]).unwrap();
    fs::write(&bare, text.lines().next().unwrap().to_owned() + "\n").unwrap();
    let ended = wscope(["diff", A]).arg(&torn).run();
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.starts_with("wscope: warning: ") && ended.stderr.ends_with("skipped: torn\n"),
        "{}",
        ended.stderr
    );
    assert!(ended.text().contains("not closed, recorded 1000 \"bye\"\n"), "{}", ended.text());
    let ended = wscope(["diff"]).arg(&bare).arg(A).run();
    let message =
        format!("wscope: error: {} has no connection in it\nhint: wscope show tells what is in it\n", bare.display());
    ended.check(11, "", &message);
    let foreign = wscope(["diff", A, "Cargo.toml"]).run();
    assert!(
        foreign.code == Some(11) && foreign.stderr.contains("\"Cargo.toml\" is no recording"),
        "{}",
        foreign.stderr
    );
    let third = wscope(["diff", A, B, "--conn", "3"]).run();
    third.check(2, "", &format!("wscope: error: {A} has no connection 3, only 1, 2\n"));
    let wrong = wscope(["diff", A, B, "--tolerance", "20%"]).run();
    assert!(
        wrong.code == Some(2) && wrong.stderr.contains("\"20%\" for --tolerance: a tolerance is of time"),
        "{}",
        wrong.stderr
    );
}
