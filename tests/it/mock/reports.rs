//! What a mock reports of its clients, and how it ends when one was wrong.

use std::path::Path;

use serde_json::{Value, json};

use super::{Mock, Recording, ask, close};
use crate::support::command::wscope;
use crate::support::peers::{websockets_client, ws_client};

fn two() -> Recording {
    let first = Recording::new().opened(1, "/a?token=***").sent(1, "a").received(1, "A");
    first.opened(2, "/b").sent(2, "b").received(2, "B")
}

/// Name, outcome and reason of each case in a JSON report.
fn cases(report: &Path) -> Vec<(String, String, Value)> {
    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(report["suites"].as_array().unwrap().len(), 1);
    let cases = report["suites"][0]["cases"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    cases.map(|case| (text(&case["name"]), text(&case["outcome"]), case["why"].clone())).collect()
}

fn case(name: &str, outcome: &str, why: Value) -> (String, String, Value) {
    (name.to_owned(), outcome.to_owned(), why)
}

#[test]
fn each_client_is_a_case_of_every_report() {
    let recording = two();
    let [json, junit, html] = ["r.json", "r.xml", "r.html"].map(|name| recording.path().with_file_name(name));
    let reports =
        ["--json", json.to_str().unwrap(), "--junit", junit.to_str().unwrap(), "--html", html.to_str().unwrap()];
    let mock =
        Mock::start(&recording.path(), &[&reports[..], &["--match", "exact", "--unmatched", "ignore", "-q"]].concat());
    // Whoever looks whether it is there yet, and is no client.
    let away = super::handshake::raw(&mock, "GET /health HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(away.starts_with("HTTP/1.1 404 "), "{away}");
    let other = super::handshake::response_from(&mock, "h", "/c?key=hush", "");
    assert!(other.starts_with("HTTP/1.1 404 "), "{other}");
    let mut first = mock.client("/a?token=hush");
    assert_eq!(ask(&mut first, "a"), "A");
    let mut second = mock.client("/b");
    second.send("x\u{1b}".into()).unwrap();
    assert_eq!(ask(&mut second, "b"), "B");
    close(first);
    close(second);
    assert_eq!(mock.end().0, Some(0));
    let refused = "is refused with 404: it asks for \"/c?key=***\", and the recording has \"/a?token=***\", \"/b\"";
    let [third, expected @ ..] = &mut cases(&json)[..] else { panic!("three clients") };
    assert_eq!(*third, case("client 1 /c?key=***", "error", json!({"message": refused})));
    let number = regex::Regex::new("#\\d+").unwrap();
    let unexpected = &expected[1].2;
    let message = number.replace(unexpected["message"].as_str().unwrap(), "#N").into_owned();
    assert_eq!(message, "unexpected received #N: was not recorded");
    assert_eq!(unexpected["detail"][1], "  + x\\x1b");
    assert_eq!(expected[0], case("client 2 /a?token=***", "passed", Value::Null));
    assert_eq!((expected[1].0.as_str(), expected[1].1.as_str()), ("client 3 /b", "failed"));
    let [junit, html] = [junit, html].map(|path| std::fs::read_to_string(path).unwrap());
    assert!(junit.contains("tests=\"3\"") && junit.contains("name=\"client 3 /b\""), "{junit}");
    assert!(html.contains("client 3 /b") && !html.contains("hush") && !junit.contains("hush"));
}

#[test]
fn a_report_had_a_recorded_token_that_nobody_came_with() {
    let recording = Recording::new().opened(1, "/a?token=hush").received(1, "A");
    let report = recording.path().with_file_name("r.json");
    let mock = Mock::start(&recording.path(), &["--json", report.to_str().unwrap(), "-q"]);
    assert_eq!(mock.interrupt().0, Some(130));
    assert_eq!(cases(&report), [case("connection 1 /a?token=***", "skipped", json!("no client came for it"))]);
}

#[test]
fn what_ends_the_program_is_in_the_report() {
    let recording = two();
    let report = recording.path().with_file_name("r.json");
    let args = ["--json", report.to_str().unwrap(), "--expect", "same", "-q"];
    let mock = Mock::start(&recording.path(), &args);
    let mut there = mock.client("/b");
    assert_eq!(ask(&mut there, "b"), "B");
    let mut wrong = mock.client("/a?token=1");
    assert_eq!(ask(&mut wrong, "other"), "A");
    close(wrong);
    assert_eq!(mock.end().0, Some(1));
    let still = json!("it was still connected when the program ended");
    let reported = cases(&report);
    assert_eq!(reported[0], case("client 1 /b", "skipped", still));
    assert_eq!((reported[1].0.as_str(), reported[1].1.as_str()), ("client 2 /a?token=***", "failed"));

    let mock = Mock::start(&recording.path(), &args);
    let answer = super::handshake::response_from(&mock, "h", "/c", "");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert_eq!(mock.end().0, Some(1));
    let nobody = |name: &str| case(name, "skipped", json!("no client came for it"));
    let reported = cases(&report);
    assert_eq!(reported[0].1, "error");
    assert_eq!(reported[1..], [nobody("connection 1 /a?token=***"), nobody("connection 2 /b")]);
}

/// A wrong client costs a mock that goes on its good name, and no other client anything.
#[test]
fn a_loop_goes_on_after_a_wrong_client_and_says_so_at_its_end() {
    let recording = Recording::new().opened(1, "/").sent(1, "a").received(1, "A");
    let report = recording.path().with_file_name("r.json");
    let args = ["--loop", "--match", "exact", "--unmatched", "error", "--json", report.to_str().unwrap(), "-q"];
    let mock = Mock::start(&recording.path(), &args);
    let (url, mut wrongs) = (mock.url("/"), 1);
    let good = |text: &str| {
        let mut client = mock.client("/");
        assert_eq!(ask(&mut client, text), "A");
        close(client);
    };
    good("a");
    let closed = "close 1008 the recording has no such message";
    let mut wrong = mock.client("/");
    assert_eq!(ask(&mut wrong, "wrong"), closed);
    while wrong.read().is_ok() {}
    for client in [ws_client(&[&url, "wrong"]), websockets_client(&[&url, "wrong"])].into_iter().flatten() {
        assert!(client.line().starts_with("open "));
        assert_eq!(client.line().trim_end(), closed);
        wrongs += 1;
    }
    good("a");
    // The last one asked for is served to its end before the report is written.
    let mut last = mock.client("/");
    assert_eq!(ask(&mut last, "a"), "A");
    let (code, _, said) = mock.interrupt();
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.matches("wscope: error: ").count(), wrongs + 1, "{said}");
    let clients = wrongs + 3;
    assert!(said.ends_with(&format!("wscope: error: {wrongs} of {clients} clients failed\n")), "{said}");
    let outcomes: Vec<_> = cases(&report).into_iter().map(|(_, outcome, _)| outcome).collect();
    let expected = [&["passed"][..], &vec!["failed"; wrongs], &["passed", "skipped"]].concat();
    assert_eq!(outcomes, expected);
}

#[test]
fn a_mock_replaces_no_recording() {
    let recording = two();
    let said = "wscope: error: --update replaces a recording by the session of its client's part: --listen has none\n\
                hint: -o FILE records what is served to another file\n";
    wscope(["replay"]).arg(recording.path()).args(["--listen", "0", "--update"]).run().check(2, "", said);
}
