//! `wscope replay FILE --to URL` against servers that others have written, and against scripts that look at every byte.

mod all;
mod before;

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tungstenite::Message;
use wscope::event::Direction;
use wscope::replay::{Conversation, Score};

use crate::support::command::{Ended, wscope};
use crate::support::frames::{close, text};
use crate::support::golden::Golden;
use crate::support::peers::{servers, websockets};
use crate::support::server::{answers, listen, says_last, serve};

/// A recording by hand: what happens after the opening handshake, a line each.
pub(crate) fn recording(folder: &TempDir, lines: &str) -> PathBuf {
    let head = "{\"wscope\":1,\"created\":\"2026-11-23T04:20:00.123456Z\",\"by\":\"wscope 0.1.0\",\"secrets\":\"masked\"}\n\
        {\"t\":0,\"c\":1,\"ev\":\"open\",\"role\":\"client\",\"url\":\"ws://h/p?q=1\"}\n\
        {\"t\":0,\"c\":1,\"ev\":\"request\",\"raw\":\"GET /p?q=1 HTTP/1.1\\r\\nx-Odd: 1\\r\\nHost: h\\r\\n\
        Authorization: ***\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\
        Sec-WebSocket-Version: 13\\r\\n\\r\\n\"}\n\
        {\"t\":0,\"c\":1,\"ev\":\"response\",\"raw\":\"HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n\",\"status\":101}\n";
    let path = folder.path().join("session.wsrec");
    fs::write(&path, format!("{head}{lines}")).unwrap();
    path
}

fn frame(dir: &str, number: u64, rest: &str) -> String {
    format!("{{\"t\":{number}.0,\"c\":1,\"ev\":\"frame\",\"dir\":\"{dir}\",{rest}}}\n")
}

pub(crate) fn sent(number: u64, text: &str) -> String {
    frame("sent", number, &format!("\"op\":\"text\",\"mask\":\"01020304\",\"text\":{text:?}"))
}

pub(crate) fn received(number: u64, text: &str) -> String {
    frame("received", number, &format!("\"op\":\"text\",\"text\":{text:?}"))
}

fn replay(file: &Path, url: &str, args: &[&str]) -> Ended {
    wscope(["replay".as_ref(), file.as_os_str(), "--to".as_ref(), url.as_ref()]).args(args).run()
}

fn conversation(file: &Path) -> Conversation {
    let (scores, damage) = Score::all(file).unwrap();
    assert_eq!((scores.len(), damage.len()), (1, 0));
    scores[0].conversation()
}

/// What went this way, in order.
fn said(conversation: &Conversation, direction: Direction) -> Vec<(bool, Vec<u8>)> {
    let messages = conversation.messages.iter().filter(|message| message.direction == direction);
    messages.map(|message| (message.binary, message.data.to_vec())).collect()
}

#[test]
fn a_session_recorded_against_one_server_is_replayed_to_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let demo = wscope::app::demo::Server::start(0).unwrap();
    let peers = servers(&["--deflate"]);
    let mut urls: Vec<(&str, String)> = peers.iter().map(|(name, peer)| (*name, peer.url(""))).collect();
    urls.push(("wscope demo", demo.url("").trim_end_matches('/').to_owned()));
    for (from, url) in &urls {
        let file = folder.path().join("from.wsrec");
        let args = ["-x", "hällo", "-x", "", "-x", "{\"id\":1}", "--count", "3", "--force", "-o"];
        let ended = wscope([format!("{url}/echo?x=1")]).args(args).arg(&file).run();
        assert_eq!(ended.code, Some(0), "{from}: {}", ended.stderr);
        let recorded = conversation(&file);
        for (to, url) in &urls {
            for pace in ["wait", "original", "asap"] {
                let live = folder.path().join("live.wsrec");
                let args = ["--pace", pace, "--expect", "same", "-q", "--force", "-o", live.to_str().unwrap()];
                let ended = replay(&file, url, &args);
                assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{from} to {to}, {pace}");
                let live = conversation(&live);
                for direction in [Direction::Sent, Direction::Received] {
                    assert_eq!(said(&live, direction), said(&recorded, direction), "{from} to {to}, {pace}");
                }
                let (live, recorded) = (live.end.unwrap(), recorded.end.clone().unwrap());
                assert_eq!((live.by, live.code, live.clean), (recorded.by, recorded.code, recorded.clean), "{to}");
            }
        }
    }
}

#[test]
fn what_a_server_recorded_is_replayed_as_its_client() {
    let folder = tempfile::tempdir().unwrap();
    let Some(peer) = websockets(&[]) else { return };
    let file =
        recording(&folder, &[received(1, "a"), self::sent(2, "a"), received(3, "b"), self::sent(4, "b")].concat());
    let text = fs::read_to_string(&file).unwrap().replace("\"role\":\"client\"", "\"role\":\"server\"");
    fs::write(&file, text).unwrap();
    let live = folder.path().join("live.wsrec");
    let ended = replay(&file, &peer.url(""), &["-o", live.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(said(&conversation(&live), Direction::Sent), [(false, b"a".to_vec()), (false, b"b".to_vec())]);
    assert_eq!(peer.line(), "open /p?q=1");
    assert_eq!(peer.line(), "close 1000 ");
}

#[test]
fn the_opening_handshake_is_offered_again_in_its_order_and_spelling() {
    let folder = tempfile::tempdir().unwrap();
    let file = recording(&folder, &sent(1, "a"));
    let server = serve(|mut peer| {
        let head = peer.upgrade();
        (head, peer.finish())
    });
    let (url, port) = (server.url(), server.port);
    let ended = replay(&file, &url, &["-H", "X-New: 2", "--format", "raw"]);
    let note = "wscope: Authorization was masked in the recording, and is not sent: give it with --header, --auth or --bearer\n";
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.starts_with(note), "{}", ended.stderr);
    let (head, frames) = server.saw();
    let lines: Vec<&str> = head.lines().filter(|line| !line.starts_with("Sec-WebSocket-Key: ")).collect();
    let host = format!("Host: 127.0.0.1:{port}");
    let expected = [
        "GET /p?q=1 HTTP/1.1",
        "x-Odd: 1",
        &host,
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "X-New: 2",
        "",
    ];
    assert_eq!(lines, expected);
    assert_eq!(frames, [(0x81, b"a".to_vec()), (0x88, vec![0x03, 0xe8])]);
}

#[test]
fn frames_are_sent_as_they_were_to_the_last_byte() {
    let folder = tempfile::tempdir().unwrap();
    let mask = "\"mask\":\"00000000\"";
    let lines = [
        frame("sent", 1, &format!("\"op\":\"text\",\"fin\":false,{mask},\"text\":\"he\"")),
        frame("sent", 2, &format!("\"op\":\"ping\",{mask},\"text\":\"p\"")),
        frame("received", 3, "\"op\":\"pong\",\"text\":\"p\""),
        frame("sent", 4, &format!("\"op\":\"continuation\",{mask},\"text\":\"y\"")),
        frame("sent", 5, &format!("\"op\":11,\"rsv\":3,{mask},\"b64\":\"/wA=\"")),
        frame("sent", 6, "\"op\":\"binary\",\"text\":\"bare\""),
        frame("sent", 7, &format!("\"op\":\"pong\",\"auto\":true,{mask},\"text\":\"not again\"")),
    ];
    let end = "{\"t\":8.0,\"c\":1,\"ev\":\"close\",\"by\":\"us\",\"clean\":false,\"detail\":\"dropped\"}\n";
    let file = recording(&folder, &(lines.concat() + end));
    let zero: &[u8] = &[0; 4];
    let expected: Vec<u8> = [
        &[0x01, 0x82],
        zero,
        b"he",
        &[0x89, 0x81],
        zero,
        b"p",
        &[0x80, 0x81],
        zero,
        b"y",
        &[0xbb, 0x82],
        zero,
        &[0xff, 0],
        &[0x82, 0x04],
        b"bare",
    ]
    .concat();
    for masks in ["recorded", "fresh"] {
        let server = serve(|mut peer| {
            peer.upgrade();
            let mut bytes = Vec::new();
            peer.stream.read_to_end(&mut bytes).unwrap();
            bytes
        });
        let ended = replay(&file, &server.url(), &["--frames", "--masks", masks, "--pace", "asap", "-q"]);
        // It ended as it had ended.
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{masks}");
        let bytes = server.saw();
        assert_eq!(bytes.len(), expected.len(), "{masks}");
        assert_eq!(bytes == expected, masks == "recorded", "{masks}");
    }
}

#[test]
fn a_hundred_thousand_messages_go_out_as_fast_as_they_are_read() {
    const MESSAGES: usize = 100_000;
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (1..=MESSAGES as u64).map(|number| sent(number, &format!("message {number}"))).collect();
    let file = recording(&folder, &lines);
    let server = listen(|listener: TcpListener| {
        let mut socket = tungstenite::accept(listener.accept().unwrap().0).unwrap();
        let mut count = 0;
        loop {
            match socket.read() {
                Ok(Message::Text(text)) => {
                    count += 1;
                    assert_eq!(text.as_str(), format!("message {count}"));
                }
                Ok(_) => {}
                Err(_) => return count,
            }
        }
    });
    let ended = replay(&file, &server.url(), &["--pace", "asap", "-q", "--format", "raw"]);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    assert_eq!(server.saw(), MESSAGES);
}

#[test]
fn values_are_set_and_captured() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        sent(1, r#"{"op": "login", "user": "ann"}"#),
        received(2, r#"{"token":"old"}"#),
        sent(3, r#"{"op": "get", "token": "old"}"#),
        sent(4, "bye {{name}}"),
    ];
    let file = recording(&folder, &lines.concat());
    let server = serve(|mut peer| {
        peer.upgrade();
        let first = peer.frame().unwrap().1;
        peer.say(&text(r#"{"token":"new"}"#));
        [vec![first], peer.finish().into_iter().map(|frame| frame.1).collect()].concat()
    });
    let args = [
        "--set",
        "token={{token}}",
        "--set",
        "#1:user=bob",
        "--capture",
        "token=token",
        "--var",
        "name=now",
        "--ignore",
        "token",
        "-q",
    ];
    let ended = replay(&file, &server.url(), &args);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    let came: Vec<String> = server.saw().iter().map(|payload| String::from_utf8_lossy(payload).into_owned()).collect();
    assert_eq!(came[..3], [r#"{"op": "login", "user": "bob"}"#, r#"{"op": "get", "token": "new"}"#, "bye now"]);
}

#[test]
fn a_difference_fails_where_none_is_expected_and_an_update_takes_it_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = recording(&folder, &[sent(1, "a"), received(2, r#"{"v":"old"}"#)].concat());
    let original = fs::read(&file).unwrap();
    let report = folder.path().join("junit.xml");
    let server = |answers: bool| {
        serve(move |mut peer| {
            peer.upgrade();
            peer.frame().unwrap();
            if answers {
                peer.say(&text(r#"{"v":"new"}"#));
            }
            peer.finish()
        })
    };
    let told = "✗ 1 message: 0 matched, 1 changed, 0 missing, 0 unexpected, 0 out of order";
    let expecting = ["--expect", "same", "-q", "--junit", report.to_str().unwrap()];
    let ended = replay(&file, &server(true).url(), &expecting);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.starts_with(told), "{}", ended.stderr);
    assert!(fs::read_to_string(&report).unwrap().contains("<failure"), "the report has it too");
    // One that does not come to its end leaves the recording as it is, and nothing beside it.
    let ended = replay(&file, &server(false).url(), &["--update", "-q", "--timeout", "50ms"]);
    assert_eq!((ended.code, fs::read(&file).unwrap() == original), (Some(9), true));
    let ended = replay(&file, &server(true).url(), &["--update", "-q"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("session.wsrec is the live session now"), "{}", ended.stderr);
    assert_eq!(said(&conversation(&file), Direction::Received), [(false, br#"{"v":"new"}"#.to_vec())]);
    let updated = fs::read(&file).unwrap();
    let ended = replay(&file, &server(true).url(), &["--update", "-q"]);
    assert!(ended.code == Some(0) && ended.stderr.ends_with("left as it was: the live session is the same\n"));
    assert!(fs::read(&file).unwrap() == updated);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_script_takes_part() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [sent(1, "secret"), sent(2, "{\"id\":1}"), received(3, "12:00"), sent(4, "b")];
    let file = recording(&folder, &lines.concat());
    let script = folder.path().join("hooks.rhai");
    let hooks = "fn on_send(m) { this.sent = (this.sent ?? 0) + 1; if m.text == \"secret\" { return false; }\n\
        if m.text == \"b\" { return this.heard + this.sent; } #{ id: m.json.id + 1 } }\n\
        fn on_receive(m) { this.heard = m.text; }\n\
        fn matches(recorded, live) { recorded.text.len == live.text.len }\n\
        fn after(verdict) { print(`${verdict.same}, ${verdict.matched} matched`); }";
    fs::write(&script, hooks).unwrap();
    let server = || {
        serve(|mut peer| {
            peer.upgrade();
            let first = peer.frame().unwrap();
            peer.say(&text("13:37"));
            [vec![first], peer.finish()].concat()
        })
    };
    let args = ["--script", script.to_str().unwrap(), "-q", "--format", "raw", "--expect", "same"];
    let playing = server();
    let ended = replay(&file, &playing.url(), &args);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "13:37\ntrue, 1 matched\n");
    let came: Vec<Vec<u8>> = playing.saw().into_iter().map(|frame| frame.1).collect();
    assert_eq!(came[..2], [b"{\"id\":2}".to_vec(), b"13:373".to_vec()]);
    fs::write(&script, "fn on_send(m) { m.nothing.at_all() }").unwrap();
    let ended = replay(&file, &server().url(), &args);
    assert_eq!(ended.code, Some(10), "{}", ended.stderr);
    assert!(ended.stderr.contains("hooks.rhai:1:"), "{}", ended.stderr);
}

#[test]
fn what_goes_wrong_is_told_in_a_line() {
    let mut golden = Golden::new("replay");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut case = |what: &str, ended: &Ended, port: u16| {
        let (folder, port) = (folder.path().to_str().unwrap(), format!(":{port}"));
        golden.case(what, ended, &[(folder, "DIR"), (&port, ":PORT")]);
    };
    let good = recording(&folder, &[sent(1, "{\"id\":1}"), received(2, "one"), sent(3, "{{who}}")].concat());
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("ws://127.0.0.1:{refused}");
    case("nowhere to replay to", &wscope(["replay".as_ref(), good.as_os_str()]).run(), 0);
    for args in [
        &["--speed", "0"][..],
        &["--set", "a"],
        &["--capture", "1=a"],
        &["--frames", "--set", "a=1"],
        &["--listen", "1"],
        &["--pace", "asap", "--speed", "2"],
        &["--reconnect"],
    ] {
        case(&args.join(" "), &replay(&good, &nobody, args), 0);
    }
    case("no such file", &replay(&path("none.wsrec"), &nobody, &[]), 0);
    fs::write(path("foreign.wsrec"), "hello\n").unwrap();
    case("a foreign file", &replay(&path("foreign.wsrec"), &nobody, &[]), 0);
    case("no such connection", &replay(&good, &nobody, &["--conn", "7"]), 0);
    case("a variable that nothing sets", &replay(&good, &nobody, &[]), 0);
    let who = ["--var", "who=me", "-q", "--timeout", "50ms", "--format", "raw"];
    case("a place that no message has", &replay(&good, &nobody, &[&who[..], &["--set", "name=x"]].concat()), 0);
    case("nobody listens", &replay(&good, &nobody, &who), refused);

    let server = answers("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    case("refused, and was not", &replay(&good, &server.url(), &who), server.port);
    let server = says_last([text("one"), close(1008, "no")].concat());
    case(
        "the server leaves early",
        &replay(&good, &server.url(), &[&who[..], &["--pace", "original", "--max-gap", "1"]].concat()),
        server.port,
    );
    let server = serve(|mut peer| {
        peer.upgrade();
        peer.finish()
    });
    case("the server does not answer", &replay(&good, &server.url(), &who), server.port);
    let torn = recording(&folder, &[&*sent(1, "a"), "{\"t\":2,\"c\":1,\"ev\":\"fra\n", &sent(3, "b")].concat());
    let server = serve(|mut peer| {
        peer.upgrade();
        peer.finish()
    });
    case("a torn line", &replay(&torn, &server.url(), &["-q", "--format", "raw"]), server.port);
    assert_eq!(server.saw().len(), 3);
    case("no frames", &replay(&recording(&folder, ""), &nobody, &[]), 0);
    let refusal =
        fs::read_to_string(recording(&folder, "")).unwrap().replace("101 Switching Protocols", "401 Unauthorized");
    fs::write(path("refused.wsrec"), refusal.replace("\"status\":101", "\"status\":401")).unwrap();
    let server = says_last(close(1000, ""));
    case(
        "accepted, and was not",
        &replay(&path("refused.wsrec"), &server.url(), &["-q", "--format", "raw"]),
        server.port,
    );
    let server = answers("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    case("refused as it was", &replay(&path("refused.wsrec"), &server.url(), &["-q", "--format", "raw"]), server.port);
    golden.check();
}

#[test]
fn a_pace_that_ends_beyond_all_time_was_no_end_in_good_order() {
    let folder = tempfile::tempdir().unwrap();
    let server = says_last(close(1000, "enough"));
    let ended = replay(&recording(&folder, &sent(1, "a")), &server.url(), &["--speed", "1e-300", "-q"]);
    let told = "the connection ended (1000 normal: \"enough\") before frame 1 was sent: 1 left to send";
    assert!(ended.code == Some(1) && ended.stderr.contains(told), "{:?}: {}", ended.code, ended.stderr);
    server.saw();
}
