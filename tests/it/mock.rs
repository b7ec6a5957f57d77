//! The server's side of a recording played to real clients: npm's `ws`, `websockets` of Python, a browser, tungstenite and wscope.

mod handshake;
mod matching;
mod memory;
mod pipelined;
mod redirects;
mod reports;
mod script;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

use crate::readme::Demo;
use crate::support::browser;
use crate::support::command::wscope;
use crate::support::peers::{Peer, websockets, websockets_client, ws, ws_client};
use crate::support::serving::Serve;

/// The mock while it runs. It ends with the test.
struct Mock {
    server: Serve,
}

impl Mock {
    fn start(recording: &Path, args: &[&str]) -> Mock {
        Mock { server: Serve::run(wscope(["replay"]).arg(recording).args(["--listen", "0"]).args(args)) }
    }

    fn url(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.server.port)
    }

    fn client(&self, path: &str) -> Client {
        tungstenite::connect(self.url(path)).unwrap().0
    }

    /// Waits for its end: its exit code, what it showed, and what it said after its first line, with the ports of clients as
    /// in no run in particular.
    fn end(self) -> (Option<i32>, String, String) {
        let said = self.server.said.clone();
        let ended = self.server.ended();
        let port = regex::Regex::new(r"client 127\.0\.0\.1:\d+").unwrap();
        let time = regex::Regex::new(r"( \d+ )\d+\.\d{3} ").unwrap();
        let stderr = ended.stderr.strip_prefix(&said).unwrap();
        let stderr = time.replace_all(&port.replace_all(stderr, "client ADDRESS"), "${1}TIME ").into_owned();
        (ended.code, ended.text().to_owned(), stderr)
    }

    /// Ends it as Ctrl-C does.
    fn interrupt(self) -> (Option<i32>, String, String) {
        self.server.interrupt();
        self.end()
    }
}

type Client = WebSocket<MaybeTlsStream<TcpStream>>;

/// Sends a text and gives the answer.
fn ask(client: &mut Client, text: &str) -> String {
    client.send(Message::text(text)).unwrap();
    hear(client)
}

fn hear(client: &mut Client) -> String {
    match client.read().unwrap() {
        Message::Text(text) => text.as_str().to_owned(),
        Message::Close(Some(close)) => format!("close {} {}", close.code, close.reason),
        other => format!("{other:?}"),
    }
}

/// Closes, and reads to the end.
fn close(mut client: Client) {
    let code = tungstenite::protocol::frame::coding::CloseCode::Normal;
    client.close(Some(tungstenite::protocol::CloseFrame { code, reason: "".into() })).unwrap();
    while client.read().is_ok() {}
}

/// A recording with these lines, each of which is an event.
struct Recording {
    folder: TempDir,
    lines: Vec<serde_json::Value>,
}

impl Recording {
    fn new() -> Recording {
        let head = json!({"wscope": 1, "created": "2026-11-23T04:20:00Z", "by": "wscope"});
        Recording { folder: tempfile::tempdir().unwrap(), lines: vec![head] }
    }

    /// Connection `c` of a client that asked for `path`, and the head of the answer, without its status line's version.
    fn open(self, c: u32, path: &str, answer: &str, body: &str) -> Recording {
        self.open_at(c, ("ws://example.org", path), answer, body)
    }

    /// The same of a server elsewhere.
    fn open_at(mut self, c: u32, (origin, path): (&str, &str), answer: &str, body: &str) -> Recording {
        let (_, host) = origin.split_once("//").unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let response = format!("HTTP/1.1 {}\r\n\r\n", answer.trim_end().replace('\n', "\r\n"));
        let status: u16 = answer[..3].parse().unwrap();
        let url = format!("{origin}{path}");
        self.lines.push(json!({"t": 0.0, "c": c, "ev": "open", "role": "client", "url": url}));
        self.lines.push(json!({"t": 0.1, "c": c, "ev": "request", "raw": request}));
        let mut line = json!({"t": 0.2, "c": c, "ev": "response", "raw": response, "status": status});
        if !body.is_empty() {
            line["body"] = body.into();
        }
        self.lines.push(line);
        self
    }

    /// The usual answer.
    fn opened(self, c: u32, path: &str) -> Recording {
        self.open(c, path, "101 Switching Protocols\nServer: recorded/1", "")
    }

    fn sent(mut self, c: u32, text: &str) -> Recording {
        self.lines.push(json!({"t": 1.0, "c": c, "ev": "frame", "dir": "sent", "op": "text", "text": text}));
        self
    }

    fn received(mut self, c: u32, text: &str) -> Recording {
        self.lines.push(json!({"t": 1.0, "c": c, "ev": "frame", "dir": "received", "op": "text", "text": text}));
        self
    }

    /// Any event.
    fn event(mut self, event: serde_json::Value) -> Recording {
        self.lines.push(event);
        self
    }

    /// Where it is.
    fn path(&self) -> PathBuf {
        let path = self.folder.path().join("r.wsrec");
        let lines: Vec<String> = self.lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, lines.concat()).unwrap();
        path
    }
}

/// A session with this server, recorded: each text is sent once the one before has come back.
fn recorded(server: &Peer, folder: &Path, texts: &[&str]) -> PathBuf {
    let path = folder.join("real.wsrec");
    let script = "let ws = connect(arg(0)); for text in json(arg(1)) { ws.send(text); ws.expect(text); } ws.close();";
    let (url, texts) = (server.url("/echo?room=1"), json!(texts).to_string());
    let args = ["run", "-o", path.to_str().unwrap(), "-", &url, &texts];
    wscope(args).stdin(script).run().success("");
    path
}

/// Every client there is, with and without compression, gets what the recorded one got, compressed if both speak that.
#[test]
fn every_client_hears_what_the_recorded_one_heard() {
    let (Some(deflating), Some(plain)) = (ws(&["--deflate"]), websockets(&[])) else { return };
    for (server, compressed) in [(&deflating, true), (&plain, false)] {
        let folder = tempfile::tempdir().unwrap();
        let texts = ["one", "two {\"n\":2}", "three 🦀"];
        let recording = recorded(server, folder.path(), &texts);
        let mock = Mock::start(&recording, &["--loop", "--match", "exact", "-q"]);
        let url = mock.url("/echo?room=1");
        let heard = texts.map(|text| format!("message {text}"));

        for deflate in [true, false] {
            let mut args = vec![url.as_str()];
            args.extend(deflate.then_some("--deflate"));
            args.extend(texts);
            for client in [ws_client(&args), websockets_client(&args)].into_iter().flatten() {
                let open = client.line();
                assert_eq!(open.contains("permessage-deflate"), compressed && deflate, "{open}");
                assert_eq!([client.line(), client.line(), client.line()], heard);
                assert_eq!(client.line().trim_end(), "close 1000");
            }
            let compress = if deflate { "--compress" } else { "--no-compress" };
            let lines = texts.map(|text| format!("{text}\n")).concat();
            wscope([url.as_str(), compress]).stdin(lines.as_str()).run().success(lines);
        }
        let mut client = mock.client("/echo?room=1");
        assert_eq!(texts.map(|text| ask(&mut client, text)), texts);
        close(client);
        if let Some(result) = browser::run(&in_a_page(&url, &texts)) {
            let extensions = if compressed { "permessage-deflate" } else { "" };
            assert_eq!(result, json!({"extensions": extensions, "heard": texts, "code": 1000}));
        }
        let (code, _, said) = mock.interrupt();
        assert_eq!((code, said.as_str()), (Some(130), ""));
    }
}

/// A page that says these texts, each once the one before was answered.
fn in_a_page(url: &str, texts: &[&str]) -> String {
    format!(
        "const texts = {}, heard = [], socket = new WebSocket({});
         const go_on = () => heard.length < texts.length ? socket.send(texts[heard.length]) : socket.close(1000);
         socket.onopen = go_on;
         socket.onmessage = (event) => {{ heard.push(event.data); go_on(); }};
         const closed = await new Promise((resolve) => socket.onclose = resolve);
         return {{ extensions: socket.extensions.split(';')[0], heard, code: closed.code }};",
        json!(texts),
        json!(url)
    )
}

#[test]
fn a_mock_is_shown_and_recorded_as_a_server_is() {
    let recording = Recording::new().opened(1, "/a").received(1, "hello").sent(1, "a").received(1, "b");
    let path = recording.path();
    let out = path.with_file_name("out.wsrec");
    let args = ["-o", out.to_str().unwrap(), "--timestamps", "none", "--headers", "none"];
    let mock = Mock::start(&path, &args);
    let expected =
        format!("playing the server of 1 connection of {} on ws://127.0.0.1:{}/a\n", path.display(), mock.server.port);
    assert_eq!(mock.server.said, expected);
    let mut client = mock.client("/a");
    assert_eq!(hear(&mut client), "hello");
    assert_eq!(ask(&mut client, "a"), "b");
    close(client);
    let (code, shown, said) = mock.end();
    let summary = "client ADDRESS played connection 1\n✓ 1 message: 1 matched, 0 changed, 0 missing, 0 unexpected, \
                   0 out of order · closed 1000, the end was not recorded\n";
    assert_eq!((code, said.as_str()), (Some(0), summary));
    let words = |line: &str| line.split("  +").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = shown.lines().skip(1).map(words).collect();
    assert_eq!(lines[..3], ["▲ 1 text 5 B hello", "▼ 2 text 1 B a", "▲ 3 text 1 B b"]);
    // The recording of the mock is one to play as well.
    let mock = Mock::start(&out, &["--expect", "same", "-q"]);
    let mut client = mock.client("/a");
    assert_eq!(hear(&mut client), "hello");
    assert_eq!(ask(&mut client, "a"), "b");
    close(client);
    assert_eq!(mock.end().0, Some(0));
}

#[test]
fn at_a_pace_that_ends_beyond_all_time_a_client_was_dropped() {
    let recording = Recording::new().opened(1, "/").received(1, "hello");
    let mock = Mock::start(&recording.path(), &["--speed", "1e-300", "-q"]);
    let mut client = mock.client("/");
    client.close(None).unwrap();
    assert_eq!(client.read().unwrap(), Message::Close(None));
    assert!(matches!(client.read(), Err(tungstenite::Error::ConnectionClosed)));
    assert_eq!(mock.end().0, Some(0));
}

#[test]
fn the_server_ends_it_as_it_did() {
    let bye = json!({"t": 2.0, "c": 1, "ev": "frame", "dir": "received", "op": "close", "b64": "D6FieWU="});
    let end = json!({"t": 2.1, "c": 1, "ev": "close", "by": "peer", "code": 4001, "reason": "bye", "clean": true});
    let recording = Recording::new().opened(1, "/").sent(1, "a").received(1, "b").event(bye).event(end);
    let mock = Mock::start(&recording.path(), &["-q"]);
    let mut client = mock.client("/");
    assert_eq!([ask(&mut client, "a"), hear(&mut client)], ["b", "close 4001 bye"]);
    while client.read().is_ok() {}
    assert_eq!(mock.end().0, Some(0));
}

/// What no server should send is sent, byte for byte, and then the connection is dropped.
#[test]
fn frames_are_played_as_they_were() {
    let odd = json!({"t": 1.0, "c": 1, "ev": "frame", "dir": "received", "op": 3, "rsv": 2, "text": "odd"});
    let end = json!({"t": 1.1, "c": 1, "ev": "close", "by": "peer", "clean": false, "detail": "connection reset"});
    let recording = Recording::new().opened(1, "/").event(odd).event(end);
    let mock = Mock::start(&recording.path(), &["--frames", "-q"]);
    let mut stream = TcpStream::connect(("127.0.0.1", mock.server.port)).unwrap();
    let request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let expected = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nServer: recorded/1\r\n\r\n\xa3\x03odd";
    assert_eq!(bytes.escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[test]
fn a_hundred_thousand_messages_come_in_order() {
    let mut recording = Recording::new().opened(1, "/").sent(1, "go");
    for number in 0..100_000 {
        recording = recording.received(1, &number.to_string());
    }
    let mock = Mock::start(&recording.path(), &["-q", "--format", "raw"]);
    let ended = wscope([mock.url("/").as_str(), "--count", "100000"]).stdin("go\n").run();
    let expected: Vec<String> = (0..100_000).map(|number| format!("{number}\n")).collect();
    assert!(ended.code == Some(0) && ended.text() == expected.concat(), "{}", ended.stderr);
    assert_eq!(mock.end().0, Some(0));
}

#[test]
fn it_serves_wss() {
    let recording = Recording::new().opened(1, "/").sent(1, "a").received(1, "b");
    let mock = Mock::start(&recording.path(), &["--self-signed", "-q"]);
    assert!(mock.server.said.contains(" on wss://127.0.0.1:"), "{}", mock.server.said);
    let url = format!("wss://127.0.0.1:{}/", mock.server.port);
    wscope([url.as_str(), "-k", "-x", "a", "--count", "1"]).run().success("b\n");
    assert_eq!(mock.end().0, Some(0));
}

/// The example of the README, as it stands there.
#[test]
fn the_example_of_the_readme_runs() {
    let demo = Demo::start();
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, example) = readme.split_once("### As a server\n").unwrap();
    let example = example.split("```").nth(1).unwrap();
    let steps: Vec<(&str, &str)> =
        example.split("\n$ ").skip(1).map(|step| step.trim_end().split_once('\n').unwrap()).collect();
    let [(record, recorded), (play, playing), (ask, answer)] = steps[..] else { panic!("{steps:?}") };
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| {
        let output =
            Command::new("sh").args(["-c", line]).current_dir(folder.path()).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    let program = |line: &str| line.replacen("wscope", env!("CARGO_BIN_EXE_wscope"), 1);
    assert_eq!(run(&program(record).replace(":7000", &format!(":{}", demo.1))), recorded);
    let args = play.strip_prefix("wscope replay rpc.wsrec --listen 9000 ").unwrap();
    let mock = Mock::start(&folder.path().join("rpc.wsrec"), &args.split(' ').collect::<Vec<_>>());
    let said = mock.server.said.replace(&format!("{}/", folder.path().display()), "");
    assert_eq!(said.trim_end(), playing.replace(":9000", &format!(":{}", mock.server.port)));
    assert_eq!(run(&program(ask).replace(":9000", &format!(":{}", mock.server.port))), answer);
    assert_eq!(mock.end().0, Some(0));
}
