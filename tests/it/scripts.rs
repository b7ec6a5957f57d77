//! The scripts that ship, each run as its head says, against servers that others have written: the demo, npm's `ws`, Python's
//! `websockets`, tungstenite, and the chats of examples/.

use std::net::TcpListener;
use std::path::Path;
use std::thread;

use regex::Regex;
use tungstenite::Message;
use wscope::app::demo::Server;

use crate::support::command::{Ended, Wscope, wscope};
use crate::support::peers::{Peer, chat_server, node_chat, redis, servers};
use crate::support::server::{Peer as Raw, listen};
use crate::support::{frames, golden};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A run of a script with these words of its command line.
fn script<'a>(name: &str, arguments: impl IntoIterator<Item = &'a str>) -> Wscope {
    script_with([], name, arguments)
}

/// The same with options of `wscope run`.
fn script_with<'a, const N: usize>(
    options: [&str; N],
    name: &str,
    arguments: impl IntoIterator<Item = &'a str>,
) -> Wscope {
    let file = Path::new(ROOT).join("scripts").join(name).with_extension("rhai");
    wscope(["run"]).args(options).arg(file).args(arguments.into_iter().collect::<Vec<_>>())
}

fn demo(path: &str) -> String {
    Server::start(0).unwrap().url(path)
}

/// A server made with tungstenite, which sends back what it gets for as long as the tests run.
fn tungstenite_echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || {
                let mut socket = tungstenite::accept(stream.unwrap()).unwrap();
                while let Ok(message) = socket.read() {
                    if (message.is_text() || message.is_binary()) && socket.send(message).is_err() {
                        break;
                    }
                }
            });
        }
    });
    url
}

/// What it printed matches, line by line, and it went well.
#[track_caller]
fn prints(ended: &Ended, patterns: &[&str]) {
    assert!(ended.code == Some(0) && ended.stderr.is_empty(), "{ended:?}\n{}", ended.stderr);
    let lines: Vec<&str> = ended.text().lines().collect();
    assert_eq!(lines.len(), patterns.len(), "{}", ended.text());
    for (line, pattern) in lines.iter().zip(patterns) {
        assert!(Regex::new(&format!("^{pattern}$")).unwrap().is_match(line), "{line:?} is not {pattern:?}");
    }
}

#[test]
fn smoke() {
    let mut urls = vec![demo("/echo"), tungstenite_echo()];
    let peers = [servers(&[]), servers(&["--deflate"])].into_iter().flatten().collect::<Vec<_>>();
    urls.extend(peers.iter().map(|(_, peer)| peer.url("/")));
    for url in urls {
        let first = format!("{}: 101 Switching Protocols", regex::escape(&url));
        let all =
            ["text comes back", "binary comes back", "a ping is answered", "fragments are joined", "closed with 1000"];
        let facts = "  subprotocol none, extensions (none|permessage-deflate.*)";
        let lines: Vec<String> = all.iter().map(|line| format!("  {line}")).collect();
        let patterns: Vec<&str> = [&first, facts].into_iter().chain(lines.iter().map(String::as_str)).collect();
        prints(&script("smoke", [url.as_str()]).run(), &patterns);
    }
}

#[test]
fn smoke_fails_where_the_answer_is_another() {
    let ended = script("smoke", [demo("/rpc").as_str()]).run();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains(r#"expected a message with "hello" within 5.0 s; one message came"#), "{ended:?}");
    let ended = script("smoke", ["ws://127.0.0.1:1"]).run();
    assert_eq!(ended.code, Some(4), "{ended:?}");
}

fn two_users_hear_each_other(here: &Peer, there: &Peer) {
    let (here, there) = (here.url("/chat"), there.url("/chat"));
    let says = |url: &str| format!(r"{}\?user=(ann|bob)&room=[0-9a-f-]{{36}}: bob says hi ann", regex::escape(url));
    prints(&script("chat", [here.as_str(), there.as_str()]).run(), &[&says(&here), &says(&there)]);
}

#[test]
fn chat_through_one_server() {
    let server = chat_server(None);
    two_users_hear_each_other(&server, &server);
    let room = script_with(["--var", "room=lobby"], "chat", [server.url("/chat").as_str()]).run();
    assert!(room.text().contains("?user=bob&room=lobby: bob says hi ann"), "{room:?}");
}

#[test]
fn chat_through_two_servers() {
    let Some(redis) = redis() else { return };
    two_users_hear_each_other(&chat_server(Some(&redis)), &chat_server(Some(&redis)));
}

#[test]
fn chat_through_two_servers_that_nothing_joins() {
    let (here, there) = (chat_server(None), chat_server(None));
    let ended = script("chat", [here.url("/chat").as_str(), there.url("/chat").as_str()]).run();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains(r#"JSON {"type":"joined","user":"bob"} within 5.0 s; no message came"#), "{ended:?}");
}

#[test]
fn chat_through_npm_ws() {
    let Some(server) = node_chat() else { return };
    two_users_hear_each_other(&server, &server);
}

#[test]
fn rpc() {
    script("rpc", [demo("/rpc").as_str()]).run().success(
        "2 + 3 = 5\nanswers are told apart by their ids\ndance: Method not found\nthree ticks, and none after unsubscribe\n",
    );
}

#[test]
fn reconnect_after_losses_of_its_own() {
    script_with(["--var", "drop=2"], "reconnect", [demo("/ticker").as_str(), "5"]).run().success(
        "connected, after 0\nlost: no close frame\nconnected, after 2\nlost: no close frame\nconnected, after 4\n\
         5 messages, 2 losses, nothing missed or repeated\n",
    );
}

/// A feed whose connection is cut in the middle of a frame, then refused once, then closed with 1012, then there to its end.
fn unsteady_feed(listener: &TcpListener) -> Vec<String> {
    let tick = |seq: u32| frames::text(format!("{{\"seq\":{seq}}}"));
    let mut asked = Vec::new();
    let mut visit = |said: &[&[u8]], refuse: bool| {
        let mut peer = Raw::accept(listener);
        let request = if refuse { peer.head() } else { peer.upgrade() };
        asked.push(request.lines().next().unwrap().to_owned());
        peer.say(&said.concat());
        peer.end();
    };
    visit(&[&tick(1), &tick(2), &tick(3)[..4]], false);
    visit(&[b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"], true);
    visit(&[&tick(3), &frames::close(1012, "restart")], false);
    visit(&[&tick(4), &tick(5)], false);
    asked
}

#[test]
fn reconnect_after_losses_of_the_server() {
    let server = listen(|listener| unsteady_feed(&listener));
    script("reconnect", [server.url().as_str(), "5"]).run().success(
        "connected, after 0\nlost: no close frame\nconnected, after 2\nlost: 1012\nconnected, after 3\n\
         5 messages, 2 losses, nothing missed or repeated\n",
    );
    let asked = [0, 2, 2, 3].map(|after| format!("GET /?after={after} HTTP/1.1"));
    assert_eq!(server.saw(), asked);
}

#[test]
fn reconnect_finds_what_is_missed() {
    let server = listen(|listener| {
        let mut peer = Raw::accept(&listener);
        peer.upgrade();
        peer.say(&frames::text(r#"{"seq":2}"#));
        peer.end();
    });
    let ended = script("reconnect", [server.url().as_str()]).run();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("the next of the feed: expected 1, got 2"), "{ended:?}");
    server.saw();
}

#[test]
fn replay() {
    let mut urls = vec![demo("/echo"), tungstenite_echo()];
    let peers = [servers(&[]), servers(&["--deflate"])].into_iter().flatten().collect::<Vec<_>>();
    urls.extend(peers.iter().map(|(_, peer)| peer.url("/")));
    for url in urls {
        let patterns = [
            r".*scripts/echo\.wsrec: connections 1, messages 8, frames 10",
            "1: ws://127.0.0.1:7000/echo, 8 messages, closed with 1000",
            r#"-> text ".*login.*""#,
            r#"<- text ".*login.*""#,
            r#"-> text "hello""#,
            r#"-> text "again""#,
            r#"<- text "hello""#,
            r#"<- text "again""#,
            "-> binary 3 bytes 00 ff 10",
            "<- binary 3 bytes 00 ff 10",
            "✓ 4 messages: 4 matched, 0 changed, 0 missing, 0 unexpected, 0 out of order.* · closed 1000 as recorded",
        ];
        prints(&script("replay", ["echo.wsrec", &url]).run(), &patterns);
    }
    let ended = script_with(["--var", "ignore=user"], "replay", ["echo.wsrec", &demo("/rpc")]).run();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = "4 messages: 0 matched, 0 changed, 4 missing, 4 unexpected, 0 out of order · closed 1000 as recorded";
    assert!(ended.stderr.contains(told), "{ended:?}");
}

#[test]
fn latency() {
    let time = r"\d+(\.\d+)? (ms|s)";
    let url = demo("/echo");
    for by in ["ping", "echo"] {
        let ended = script_with(["--var", &format!("by={by}")], "latency", [url.as_str(), "200"]).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        let mut lines = ended.text().lines();
        assert_eq!(lines.next().unwrap(), format!("200 round trips by {by} to {url}"));
        let percentiles = Regex::new(&format!("^p50 {time}  p90 {time}  p99 {time}  max {time}$")).unwrap();
        assert!(percentiles.is_match(lines.next().unwrap()), "{}", ended.text());
        let bar = Regex::new(&format!(r"^<\s+{time}\s+(?<count>\d+)  [▏▎▍▌▋▊▉█]+$")).unwrap();
        let counts = lines.map(|line| bar.captures(line).expect(line)["count"].parse::<u32>().unwrap());
        assert_eq!(counts.sum::<u32>(), 200, "{}", ended.text());
    }
    let ended = script_with(["--var", "most=0.0000001"], "latency", [url.as_str(), "10"]).run();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("the 99th percentile is "), "{ended:?}");
}

#[test]
fn load() {
    let ended = script_with(["--var", "size=1000"], "load", [demo("/echo").as_str(), "20", "30"]).run();
    let first = r"20 connections, 600 of 600 messages there and back in \d+\.\d+ m?s";
    prints(&ended, &[first, r"\d+ messages/s each way, \d+\.\d+ [KM]iB/s"]);
}

#[test]
fn load_tells_what_failed() {
    let server = listen(|listener| {
        let mut peer = Raw::accept(&listener);
        peer.upgrade();
        let (_, first) = peer.frame().unwrap();
        peer.say(&frames::text(first));
        peer.frame();
        peer.leave(&frames::close(1011, "no more"));
    });
    let ended = script("load", [server.url().as_str(), "1", "5"]).run();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.text().starts_with("1 connections, 1 of 5 messages there and back in "), "{ended:?}");
    let why = "failed after 1 messages: expected a message with \"";
    let end = "before the connection closed with 1011 internal error \"no more\"; no message came\n";
    assert!(ended.text().contains(why) && ended.text().ends_with(end), "{}", ended.text());
    assert!(ended.stderr.contains("1 of 1 connections failed"), "{ended:?}");
    server.saw();
}

/// What each server makes of each violation is kept in tests/golden/scripts; what deviates from the RFC there is known.
#[test]
fn protocol_abuse() {
    let peers = servers(&[]);
    let mut urls = vec![("demo", demo("/echo")), ("tungstenite", tungstenite_echo())];
    urls.extend(peers.iter().map(|(name, peer)| (*name, peer.url("/"))));
    for (name, url) in urls {
        let ended = script_with(["--var", "patience=1s"], "protocol_abuse", [url.as_str()]).run();
        golden::check(&format!("tests/golden/scripts/abuse-{name}.txt"), ended.text());
        let wrong = ended.text().lines().filter(|line| !line.ends_with("  ok"));
        let wrong: Vec<&str> = wrong.map(|line| line[..25].trim_end()).collect();
        assert_eq!(ended.code, Some(i32::from(!wrong.is_empty())), "{name}: {ended:?}");
        if !wrong.is_empty() {
            let known = format!("known={}", wrong.join(","));
            let ended = script_with(["--var", "patience=1s", "--var", &known], "protocol_abuse", [url.as_str()]).run();
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{name}: {}", ended.text());
            assert_eq!(ended.text().matches("  known deviation\n").count(), wrong.len(), "{name}: {}", ended.text());
        }
    }
}

/// The fuzzing server's side of the exchange, with two cases, the second of which breaks a rule: what it was asked and told.
fn fuzzing_server(listener: &TcpListener) -> Vec<String> {
    let mut saw = Vec::new();
    for _ in 0..4 {
        let (stream, _) = listener.accept().unwrap();
        let mut path = String::new();
        #[allow(clippy::result_large_err, reason = "as tungstenite has it")]
        let callback = |request: &tungstenite::handshake::server::Request, response| {
            path = request.uri().to_string();
            Ok(response)
        };
        let mut socket = tungstenite::accept_hdr(stream, callback).unwrap();
        if path == "/getCaseCount" {
            socket.send("2".into()).unwrap();
        } else if path.contains("case=1&") {
            for message in [Message::text("für"), Message::binary(vec![0, 255])] {
                socket.send(message.clone()).unwrap();
                saw.push(format!("{} {}", path, socket.read().unwrap() == message));
            }
        } else if path.contains("case=2&") {
            use std::io::Write as _;
            socket.get_mut().write_all(&frames::frame(0x83, b"x")).unwrap();
        }
        saw.push(path);
        let _ = socket.close(None);
        while let Ok(message) = socket.read() {
            saw.extend(message.is_close().then(|| "closed".to_owned()));
        }
    }
    saw
}

#[test]
fn autobahn() {
    let server = listen(|listener| fuzzing_server(&listener));
    script("autobahn", [server.url().as_str(), "me"]).run().success("ran 2 cases\n");
    let one = "/runCase?case=1&agent=me";
    let echoed = format!("{one} true");
    let two = "/runCase?case=2&agent=me";
    let all = [
        "/getCaseCount",
        "closed",
        &echoed,
        &echoed,
        one,
        "closed",
        two,
        "closed",
        "/updateReports?agent=me",
        "closed",
    ];
    assert_eq!(server.saw(), all);
}

/// Every script says how to call it, and the README does.
#[test]
fn each_command_of_the_readme_runs() {
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let (chat, demo) = (chat_server(None), Server::start(0).unwrap().address().port());
    let served = Regex::new(r"`wscope serve --script (scripts/[^` ]+)`").unwrap();
    let row = Regex::new(r"(?m)^\| `wscope (run [^`]+\.rhai [^`]+)` \|").unwrap();
    let mut shown: Vec<String> = Vec::new();
    for command in row.captures_iter(&readme).map(|row| row[1].to_owned()) {
        shown.extend(command.split(' ').find(|word| word.starts_with("scripts/")).map(str::to_owned));
        if command.contains(":9001") {
            continue; // The Autobahn TestSuite is not part of the tests; another of them plays its server.
        }
        let chats = format!(":{}", chat.port);
        let local = command.replace(":7000", &format!(":{demo}")).replace(":7001", &chats).replace(":7002", &chats);
        let ended = wscope(local.split(' ')).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{command}\n{}", ended.text());
    }
    // Another of the tests has clients for these.
    shown.extend(served.captures_iter(&readme).map(|command| command[1].to_owned()));
    let scripts = std::fs::read_dir(Path::new(ROOT).join("scripts")).unwrap().map(|entry| entry.unwrap().path());
    for path in scripts.filter(|path| path.extension().is_some_and(|extension| extension == "rhai")) {
        let name = format!("scripts/{}", path.file_name().unwrap().to_str().unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("// ") && text.contains(&name), "{name} says how to call it");
        assert!(shown.contains(&name), "the README has a command for {name}");
    }
}
