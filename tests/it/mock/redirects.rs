//! Redirects that the recorded client followed: the mock gives them again, and they lead back to it.

use super::{Mock, Recording, close, hear};
use crate::readme::Demo;
use crate::support::command::wscope;
use crate::support::peers::{websockets_client, ws_client};

/// Each client that follows redirects comes to what the recorded one came to; `websockets` follows by itself.
#[track_caller]
fn everybody_hears(mock: &Mock, path: &str, messages: &[&str], answers: &[&str]) {
    let url = mock.url(path);
    let args = [&[url.as_str()][..], messages].concat();
    let following = [&args[..], &["--follow"]].concat();
    for client in [ws_client(&following), websockets_client(&args)].into_iter().flatten() {
        let open = client.line();
        assert!(open.starts_with("open "), "{open}");
        for answer in answers {
            assert_eq!(client.line(), format!("message {answer}"));
        }
        assert_eq!(client.line().trim_end(), "close 1000");
    }
    let (lines, heard) = (messages.join("\n"), answers.join("\n") + "\n");
    let count = answers.len().to_string();
    wscope([url.as_str(), "-L", "--count", &count]).stdin(lines).run().success(heard);
}

#[test]
fn a_session_that_was_redirected_is_played_from_its_first_request() {
    let demo = Demo::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.wsrec");
    let record = [&format!(":{}/redirect", demo.1), "-L", "-x", "a", "--count", "1", "-o", path.to_str().unwrap()];
    wscope(record).run().success("a\n");
    let mock = Mock::start(&path, &["--loop", "--match", "exact", "-q"]);
    assert!(mock.server.said.trim_end().ends_with("/redirect"), "{}", mock.server.said);
    everybody_hears(&mock, "/redirect", &["a"], &["a"]);
    // Nobody has to take the long way.
    everybody_hears(&mock, "/echo", &["a"], &["a"]);
    assert_eq!(mock.interrupt().0, Some(130));
}

/// What a redirect says to people stays as it is.
const BODY: &str = "<a href=\"https://www.example.org/chat\">here</a>\n";

/// To another host with the same path by a URL of this scheme, and to another path.
fn chain(scheme: &str) -> Recording {
    let (plain, secure) = (("ws://example.org", "/chat?token=***"), ("wss://www.example.org", "/chat?token=***"));
    Recording::new()
        .open_at(
            1,
            plain,
            &format!("301 Moved\nServer: old/1\nLocation: {scheme}://www.example.org/chat?token=***"),
            BODY,
        )
        .open_at(1, secure, "308 Permanent Redirect\nLocation: wss://WWW.example.org:443/v2", "")
        .open_at(1, ("wss://www.example.org", "/v2"), "101 Switching Protocols\nServer: new/1", "")
        .sent(1, "a")
        .received(1, "b")
}

#[test]
fn each_redirect_leads_back_by_the_name_that_the_client_calls_it() {
    let recording = chain("https");
    let mock = Mock::start(&recording.path(), &["--expect", "same"]);
    let first = super::handshake::response_from(&mock, "Mock.test:80", "/chat?token=abc", "");
    let head =
        "HTTP/1.1 301 Moved\r\nServer: old/1\r\nLocation: http://Mock.test:80/chat?token=***\r\nConnection: close";
    assert_eq!(first, format!("{head}\r\nContent-Length: {}\r\n\r\n{BODY}", BODY.len()));
    let second = super::handshake::response_from(&mock, "mock.test", "/chat?token=abc", "");
    let head = "HTTP/1.1 308 Permanent Redirect\r\nLocation: ws://mock.test/v2\r\n";
    assert!(second.starts_with(head), "{second}");
    let url = mock.url("/v2");
    wscope([url.as_str(), "-x", "a", "--count", "1"]).run().success("b\n");
    let (code, _, said) = mock.end();
    let first = "wscope: client ADDRESS was sent on with 301, as connection 1\n\
                 wscope: client ADDRESS was sent on with 308, as connection 1\n\
                 client ADDRESS played connection 1\n";
    assert!(code == Some(0) && said.starts_with(first), "{said}");

    // Python's takes no URL of http.
    let mock = Mock::start(&chain("wss").path(), &["--loop", "-q"]);
    everybody_hears(&mock, "/chat?token=abc", &["a"], &["b"]);
    assert_eq!(mock.interrupt().0, Some(130));
}

#[test]
fn over_tls_it_leads_back_over_tls() {
    let mock = Mock::start(&chain("HTTPS").path(), &["--self-signed", "--expect", "same", "-q"]);
    let url = format!("wss://127.0.0.1:{}/chat?token=abc", mock.server.port);
    wscope([url.as_str(), "-L", "-k", "-x", "a", "--count", "1"]).run().success("b\n");
    assert_eq!(mock.end().0, Some(0));
}

#[test]
fn what_led_elsewhere_leads_there_still() {
    let away = "302 Found\nLocation: ws://elsewhere.test/b?x=1";
    let recording = Recording::new().open(1, "/a", away, "").opened(2, "/b").received(2, "hello");
    let mock = Mock::start(&recording.path(), &["-q"]);
    let answer = super::handshake::response_from(&mock, "h", "/a", "");
    assert!(answer.contains("\r\nLocation: ws://elsewhere.test/b?x=1\r\n"), "{answer}");
    let mut client = mock.client("/b");
    assert_eq!(hear(&mut client), "hello");
    close(client);
    assert_eq!(mock.end().0, Some(0));
}
