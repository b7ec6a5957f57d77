//! A recorded client that said several things before any answer came, and live ones that say one at a time.

use super::{Mock, Recording, ask, close, hear};
use crate::support::peers::{websockets_client, ws_client};

#[test]
fn each_of_them_is_answered_by_itself_and_in_any_order() {
    let said = Recording::new().opened(1, "/").sent(1, "one").sent(1, "2").sent(1, "{\"n\":3}");
    let recording = said.received(1, "ONE").received(1, "TWO").received(1, "THREE");
    let others = [("{ \"n\": 3 }", "THREE"), ("one", "ONE"), ("2", "TWO")];
    let mock = Mock::start(&recording.path(), &["--match", "json", "--loop", "-q"]);
    let url = mock.url("/");
    let args: Vec<&str> = [url.as_str()].into_iter().chain(others.map(|(text, _)| text)).collect();
    for client in [ws_client(&args), websockets_client(&args)].into_iter().flatten() {
        assert!(client.line().starts_with("open "));
        assert_eq!([(); 3].map(|()| client.line()), others.map(|(_, answer)| format!("message {answer}")));
        assert_eq!(client.line().trim_end(), "close 1000");
    }
    assert_eq!(mock.interrupt().0, Some(130));

    let others = [("{\"n\":3}", "THREE"), ("one", "ONE"), ("2", "TWO")];
    for matching in ["exact", "regex"] {
        let mock = Mock::start(&recording.path(), &["--match", matching, "--expect", "same", "-q"]);
        let mut client = mock.client("/");
        assert_eq!(others.map(|(text, _)| ask(&mut client, text)), others.map(|(_, answer)| answer));
        close(client);
        assert_eq!(mock.end().0, Some(0));
    }
}

#[test]
fn any_message_gets_the_next_answer_and_in_order_they_come_after_the_last() {
    let recording = || {
        let said = Recording::new().opened(1, "/").sent(1, "a").sent(1, "b");
        said.received(1, "A").received(1, "B").received(1, "news")
    };
    let mock = Mock::start(&recording().path(), &["--match", "any", "-q"]);
    let mut client = mock.client("/");
    assert_eq!([ask(&mut client, "x"), ask(&mut client, "y"), hear(&mut client)], ["A", "B", "news"]);
    close(client);
    assert_eq!(mock.end().0, Some(0));

    let mock = Mock::start(&recording().path(), &["--expect", "same", "-q"]);
    let mut client = mock.client("/");
    client.send("a".into()).unwrap();
    client.send(tungstenite::Message::Ping("still nothing?".into())).unwrap();
    assert_eq!(hear(&mut client), "Pong(b\"still nothing?\")");
    assert_eq!([ask(&mut client, "b"), hear(&mut client), hear(&mut client)], ["A", "B", "news"]);
    close(client);
    assert_eq!(mock.end().0, Some(0));
}

/// The fragments of an answer stay together, with what came between them.
#[test]
fn frames_are_dealt_out_by_the_message() {
    let frame = |rest: &str| {
        let line = format!("{{\"t\":2.0,\"c\":1,\"ev\":\"frame\",\"dir\":\"received\",{rest}}}");
        serde_json::from_str(&line).unwrap()
    };
    let recording = Recording::new()
        .opened(1, "/")
        .sent(1, "a")
        .sent(1, "b")
        .event(frame("\"op\":\"text\",\"fin\":false,\"text\":\"A\""))
        .event(frame("\"op\":\"ping\",\"text\":\"between\""))
        .event(frame("\"op\":\"continuation\",\"text\":\"a\""))
        .event(frame("\"op\":\"text\",\"text\":\"B\""));
    let mock = Mock::start(&recording.path(), &["--match", "exact", "--frames", "-q"]);
    let mut client = mock.client("/");
    assert_eq!([ask(&mut client, "b"), ask(&mut client, "a")], ["B", "Ping(b\"between\")"]);
    assert_eq!(hear(&mut client), "Aa");
    close(client);
    assert_eq!(mock.end().0, Some(0));
}
