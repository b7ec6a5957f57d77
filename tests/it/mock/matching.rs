//! Which recorded message one from the client is, what it is answered, and what becomes of one that is none.

use super::{Mock, Recording, ask, close, hear};
use crate::support::command::Ended;
use crate::support::golden::Golden;
use crate::support::peers::ws;

/// Two calls as JSON-RPC has them, and a notification.
fn calls() -> Recording {
    Recording::new()
        .opened(1, "/rpc")
        .sent(1, r#"{"id":1,"method":"add","params":[1,2]}"#)
        .received(1, r#"{"id":1,"result":3}"#)
        .sent(1, r#"{"id":2,"method":"who","params":{"id":5}}"#)
        .received(1, r#"{"id":2,"result":{"id":5,"asked":{"id":2}}}"#)
        .received(1, r#"{"method":"seen"}"#)
}

#[test]
fn in_order_whatever_is_said_is_answered_and_the_verdict_tells_what_was_said() {
    for (args, code) in [(&["-q"][..], 0), (&["--expect", "same"], 1)] {
        let mock = Mock::start(&calls().path(), args);
        let mut client = mock.client("/rpc");
        assert_eq!(ask(&mut client, "something else"), r#"{"id":1,"result":3}"#);
        assert_eq!(
            ask(&mut client, r#"{"id":2,"params":{"id":5},"method":"who"}"#),
            r#"{"id":2,"result":{"id":5,"asked":{"id":2}}}"#
        );
        assert_eq!(hear(&mut client), r#"{"method":"seen"}"#);
        close(client);
        let (ended, _, said) = mock.end();
        assert_eq!(ended, Some(code), "{said}");
        assert!(said.contains("2 messages: 1 matched, 0 changed, 1 missing, 1 unexpected"), "{said}");
    }
    let mock = Mock::start(&calls().path(), &["--match", "any", "--expect", "same", "-q"]);
    let mut client = mock.client("/rpc");
    ask(&mut client, "x");
    ask(&mut client, "y");
    close(client);
    assert_eq!(mock.end().0, Some(0));
}

#[test]
fn by_content_answers_come_in_any_order() {
    let exact = Recording::new()
        .opened(1, "/")
        .sent(1, "a")
        .received(1, "1")
        .sent(1, "b")
        .received(1, "2")
        .sent(1, "a")
        .received(1, "3");
    let mock = Mock::start(&exact.path(), &["--match", "exact", "--expect", "same"]);
    let mut client = mock.client("/");
    assert_eq!(["b", "a", "a"].map(|text| ask(&mut client, text)), ["2", "1", "3"]);
    close(client);
    assert_eq!(mock.end().0, Some(0));

    let patterns =
        Recording::new().opened(1, "/").sent(1, r"hello \w+").received(1, "1").sent(1, "{\"a\":1}").received(1, "2");
    let mock = Mock::start(&patterns.path(), &["--match", "regex", "--expect", "same"]);
    let mut client = mock.client("/");
    assert_eq!(["{\"a\":1}", "hello you"].map(|text| ask(&mut client, text)), ["2", "1"]);
    close(client);
    assert_eq!(mock.end().0, Some(0));
}

#[test]
fn json_is_found_by_its_values_and_answered_with_the_live_id() {
    let args = ["--match", "json", "--ignore", "at", "--expect", "same"];
    let mock = Mock::start(&calls().path(), &args);
    let mut client = mock.client("/rpc");
    let who = r#"{ "params": {"id": 5}, "method": "who", "id": "x-9", "at": 12345 }"#;
    assert_eq!(ask(&mut client, who), r#"{"id":"x-9","result":{"id":5,"asked":{"id":"x-9"}}}"#);
    assert_eq!(hear(&mut client), r#"{"method":"seen"}"#);
    assert_eq!(ask(&mut client, r#"{"id":77,"method":"add","params":[1,2.0]}"#), r#"{"id":77,"result":3}"#);
    close(client);
    let (code, _, said) = mock.end();
    assert!(code == Some(0) && said.contains("2 messages: 2 matched"), "{said}");

    let sequences =
        Recording::new().opened(1, "/").sent(1, r#"{"meta":{"seq":1}}"#).received(1, r#"{"to":{"seq":1},"id":1}"#);
    let mock = Mock::start(&sequences.path(), &["--match", "json", "--id", "meta.seq", "-q"]);
    let mut client = mock.client("/");
    assert_eq!(ask(&mut client, r#"{"meta":{"seq":8}}"#), r#"{"to":{"seq":8},"id":1}"#);
    close(client);
    assert_eq!(mock.end().0, Some(0));
}

#[test]
fn values_are_set_and_captured() {
    let args = ["--set", "result=41", "--capture", "name=params.name"];
    let greeting = Recording::new()
        .opened(1, "/")
        .sent(1, r#"{"params":{"name":"a"}}"#)
        .received(1, "hi {{name}}")
        .received(1, r#"{"result":1}"#);
    let mock = Mock::start(&greeting.path(), &[&args[..], &["-q"]].concat());
    let mut client = mock.client("/");
    assert_eq!(ask(&mut client, r#"{"params":{"name":"ann"}}"#), "hi ann");
    assert_eq!(hear(&mut client), r#"{"result":41}"#);
    close(client);
    assert_eq!(mock.end().0, Some(0));
}

#[test]
fn what_was_not_recorded_is_refused_ignored_or_an_error() {
    let mut golden = Golden::new("mock");
    let recording = Recording::new().opened(1, "/").sent(1, "a").received(1, "b");
    let path = recording.path();
    for (unmatched, answer) in [
        ("close", "close 1008 the recording has no such message"),
        ("error", "close 1008 the recording has no such message"),
        ("ignore", "b"),
    ] {
        let mock = Mock::start(&path, &["--match", "exact", "--unmatched", unmatched]);
        let mut client = mock.client("/");
        client.send("what\u{1b}[2J?".into()).unwrap();
        if unmatched == "ignore" {
            client.send("a".into()).unwrap();
        }
        assert_eq!(hear(&mut client), answer);
        close_quietly(client);
        let (code, _, stderr) = mock.end();
        golden.case(
            &format!("replay --listen 0 --unmatched {unmatched}"),
            &Ended { code, stdout: Vec::new(), stderr },
            &[],
        );
    }
    let mock = Mock::start(&path, &["--timeout", "20ms"]);
    let mut client = mock.client("/");
    assert_eq!(hear(&mut client), "close 1008 nothing came for too long");
    close_quietly(client);
    let (code, _, stderr) = mock.end();
    golden.case(
        "replay --listen 0 --timeout 20ms, and a silent client",
        &Ended { code, stdout: Vec::new(), stderr },
        &[],
    );
    golden.check();
}

fn close_quietly(mut client: super::Client) {
    let _ = client.close(None);
    while client.read().is_ok() {}
}

#[test]
fn a_secret_is_not_told_on_standard_error() {
    let recording = Recording::new().opened(1, "/").sent(1, "a").received(1, "b");
    let mock = Mock::start(&recording.path(), &["--match", "exact", "--secret", "key=hunter2"]);
    let mut client = mock.client("/");
    client.send("it is hunter2".into()).unwrap();
    close_quietly(client);
    let (code, shown, said) = mock.end();
    assert!(code == Some(0) && said.contains("is not in the recording: \"it is ***"), "{said}");
    assert!(!shown.contains("hunter2") && !said.contains("hunter2"), "{shown}{said}");
}

/// What the recording does not know is answered by a real server.
#[test]
fn what_was_not_recorded_is_asked_of_a_real_server() {
    let Some(real) = ws(&["--deflate"]) else { return };
    let recording = Recording::new().opened(1, "/").sent(1, "a").received(1, "b");
    let mock = Mock::start(&recording.path(), &["--match", "exact", "--forward", &real.url("/real")]);
    let mut client = mock.client("/");
    assert_eq!(["x", "a", "y"].map(|text| ask(&mut client, text)), ["x", "b", "y"]);
    assert_eq!(real.line(), "open /real");
    close(client);
    assert_eq!(real.line().trim_end(), "close 1000");
    assert_eq!(mock.end().0, Some(0));

    let mock = Mock::start(&recording.path(), &["--forward", "ws://127.0.0.1:9/"]);
    let mut client = mock.client("/");
    assert_eq!(
        ["a", "x"].map(|text| ask(&mut client, text)),
        ["b", "close 1011 the server behind ended the connection"]
    );
    close_quietly(client);
    let (code, _, said) = mock.end();
    assert!(
        code == Some(0) && said.contains("has no server behind any more: cannot connect to ws://127.0.0.1:9/"),
        "{said}"
    );
}
