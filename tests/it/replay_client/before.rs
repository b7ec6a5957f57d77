//! `fn before(ws)` of a replay's script: what it does with the connection before the recording has it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

use serde_json::{Value, json};
use tempfile::TempDir;
use wscope::event::Direction;

use super::{conversation, received, recording, replay, said, sent};
use crate::support::command::{PATIENCE, wscope};
use crate::support::frames::text;
use crate::support::peers::servers;
use crate::support::server::{Frame, Server, listen, serve};

const GOOD_BYE: (u8, &[u8]) = (0x88, &[0x03, 0xe8]);

fn script(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("hooks.rhai");
    fs::write(&path, text).unwrap();
    path
}

fn with(script: &Path, more: &[&str]) -> Vec<String> {
    let args = ["--script", script.to_str().unwrap()].into_iter().chain(more.iter().copied());
    args.map(str::to_owned).collect()
}

fn replay_with(file: &Path, url: &str, args: &[String]) -> crate::support::command::Ended {
    replay(file, url, &args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A server that takes what comes: all frames.
fn silent() -> Server<Vec<Frame>> {
    serve(|mut peer| {
        peer.upgrade();
        peer.finish()
    })
}

#[test]
fn it_logs_in_where_a_server_wants_that_and_what_it_says_is_no_part_of_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let [get, bye] = ["get", "bye"].map(|op| format!(r#"{{"op":"{op}","token":"old"}}"#));
    let file = recording(&folder, &[sent(1, &get), received(2, &get), sent(3, &bye), received(4, &bye)].concat());
    let hooks = script(
        &folder,
        "fn before(ws) {\n\
             ws.send_json(#{ login: \"ann\" });\n\
             this.token = ws.expect(#{ token: regex(\".\") }).json.token;\n\
         }\n\
         fn on_send(m) { let it = m.json; it.token = this.token; it }",
    );
    let live = folder.path().join("live.wsrec");
    for (name, peer) in servers(&[]) {
        let args = with(&hooks, &["--ignore", "token", "--expect", "same", "--force", "-o", live.to_str().unwrap()]);
        let ended = replay_with(&file, &peer.url("/login"), &args);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
        let verdict = "\n✓ 2 messages: 2 matched, 0 changed, 0 missing, 0 unexpected, 0 out of order";
        assert!(ended.stderr.contains(verdict), "{name}: {}", ended.stderr);
        // All of it is in the recording, the token too.
        let live = conversation(&live);
        let first: Value = serde_json::from_slice(&said(&live, Direction::Received)[0].1).unwrap();
        let token = first["token"].as_str().unwrap();
        let went = [
            json!({ "login": "ann" }).to_string(),
            json!({ "op": "get", "token": token }).to_string(),
            json!({ "op": "bye", "token": token }).to_string(),
        ];
        let recorded: Vec<_> = said(&live, Direction::Sent).into_iter().map(|message| message.1).collect();
        assert_eq!(recorded, went.clone().map(String::into_bytes), "{name}");
        assert_eq!(peer.line(), "open /login", "{name}");
        for message in went {
            assert_eq!(peer.line(), format!("got {message}"), "{name}");
        }
        assert_eq!(peer.line().trim_end(), "close 1000", "{name}");
        assert_eq!(said(&live, Direction::Received).len(), 3, "{name}");
    }
}

#[test]
fn what_it_does_not_take_is_held_against_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let file = recording(&folder, &[received(1, "welcome"), sent(2, "a"), received(3, "A")].concat());
    let hooks = "fn before(ws) { ws.send(\"login\"); ws.expect(\"token\"); ws.expect(\"more\"); }";
    let hooks = script(&folder, hooks);
    let server = serve(|mut peer| {
        peer.upgrade();
        peer.say(&text("welcome"));
        let first = peer.frame().unwrap();
        peer.say(&[text("token"), text("odd"), text("more")].concat());
        let second = peer.frame().unwrap();
        peer.say(&text("A"));
        [vec![first, second], peer.finish()].concat()
    });
    let ended = replay_with(&file, &server.url(), &with(&hooks, &["-q", "--format", "raw", "--expect", "same"]));
    let verdict = "✗ 2 messages recorded, 3 came: 2 matched, 0 changed, 0 missing, 1 unexpected, 0 out of order";
    assert!(ended.code == Some(1) && ended.stderr.starts_with(verdict), "{ended:?}");
    assert!(ended.stderr.contains("  odd\n"), "{}", ended.stderr);
    assert_eq!(ended.text(), "welcome\ntoken\nodd\nmore\nA\n");
    let frames = [(0x81, &b"login"[..]), (0x81, b"a"), GOOD_BYE];
    assert_eq!(server.saw(), frames.map(|(first, payload)| (first, payload.to_vec())));
}

#[test]
fn if_it_fails_nothing_is_replayed_and_all_is_as_in_a_script_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = recording(&folder, &[sent(1, "a"), received(2, "b")].concat());
    for (statement, code) in [
        ("ws.expect(\"token\", \"10ms\");", 1),
        ("ws.nothing();", 10),
        ("throw \"a fit\";", 10),
        ("read_file(\"/none\");", 11),
        ("connect(\"ws://127.0.0.1:1\");", 4),
        ("skip(\"not today\");", 0),
    ] {
        let server = silent();
        let hooks = script(&folder, &format!("fn before(ws) {{\n    {statement}\n}}"));
        let ended = replay_with(&file, &server.url(), &with(&hooks, &["-q", "--format", "raw", "--allow-files"]));
        assert_eq!(server.saw(), [(GOOD_BYE.0, GOOD_BYE.1.to_vec())], "{statement}");
        let server = silent();
        script(&folder, &format!("let ws = connect(\"{}\");\n    {statement}\n", server.url()));
        let alone = wscope(["run", "--allow-files"]).arg(&hooks).run();
        server.saw();
        assert_eq!(alone.code, Some(code), "{statement}: {}", alone.stderr);
        ended.check(code, &alone.stdout, &alone.stderr);
        assert_eq!(ended.stderr.contains("hooks.rhai:2:"), code != 0, "{statement}: {}", ended.stderr);
    }
}

#[test]
fn what_is_wrong_with_the_connection_is_told_as_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = recording(&folder, &sent(1, "a"));
    for (hooks, count) in [("fn before(ws) { ws.send(\"login\"); }", 3), ("fn on_receive(m) {}", 2)] {
        let hooks = script(&folder, hooks);
        let server = serve(|mut peer| {
            peer.head();
            peer.say(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Accept: wrong\r\n\r\n",
            );
            peer.finish()
        });
        let args = with(&hooks, &["-q", "--format", "raw", "--on-violation", "continue"]);
        let ended = replay_with(&file, &server.url(), &args);
        let told = "wscope: error: the opening handshake was wrong: ";
        assert!(ended.code == Some(6) && ended.stderr.contains(told), "{ended:?}");
        assert_eq!(server.saw().len(), count);
    }
}

#[test]
fn an_interrupt_closes_the_connection_in_good_order_before_and_while_it_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let file = recording(&folder, &[sent(1, "a"), received(2, "b")].concat());
    for (hooks, last) in [
        ("fn before(ws) { ws.send(\"login\"); ws.expect(\"token\", \"60s\"); }", &b"login"[..]),
        ("fn before(ws) { ws.send(\"login\"); }", b"a"),
    ] {
        let hooks = script(&folder, hooks);
        let (came, waits) = channel();
        let server = serve(move |mut peer| {
            peer.upgrade();
            while peer.frame().unwrap().1 != last {}
            came.send(()).unwrap();
            peer.finish()
        });
        let args = with(&hooks, &["-q", "--format", "raw", "--timeout", "60s"]);
        let running = wscope(["replay".as_ref(), file.as_os_str(), "--to".as_ref(), server.url().as_ref()]);
        let running = running.args(args).start();
        waits.recv_timeout(PATIENCE).unwrap();
        running.interrupt();
        let ended = running.end();
        assert_eq!(ended.code, Some(130), "{}", ended.stderr);
        assert_eq!(server.saw(), [(GOOD_BYE.0, GOOD_BYE.1.to_vec())]);
        // What came of the closing was once told before it had come.
        assert!(
            last == b"login" || ended.stderr.contains(" · closed 1000, the end was not recorded"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn a_flood_is_heard_to_its_end_after_it() {
    const MESSAGES: u64 = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (1..=MESSAGES).map(|number| received(number, &format!("message {number}"))).collect();
    let file = recording(&folder, &[lines, sent(MESSAGES + 1, "thanks")].concat());
    let hooks = script(&folder, "fn before(ws) { ws.send(\"go\"); }\nfn on_receive(m) { this.last = m.text; }");
    let server = serve(|mut peer| {
        peer.upgrade();
        let first = peer.frame().unwrap();
        // Pings are nobody's in a replay, and keep nothing from being heard.
        let all = (1..=MESSAGES)
            .flat_map(|number| [text(format!("message {number}")), crate::support::frames::frame(0x89, b"")].concat());
        peer.say(&all.collect::<Vec<u8>>());
        let mut frames = peer.finish();
        frames.retain(|(first, _)| *first != 0x8a);
        frames.insert(0, first);
        frames
    });
    let ended = replay_with(&file, &server.url(), &with(&hooks, &["-q", "--format", "raw", "--expect", "same"]));
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    let frames = [(0x81, &b"go"[..]), (0x81, b"thanks"), GOOD_BYE];
    assert_eq!(server.saw(), frames.map(|(first, payload)| (first, payload.to_vec())));
}

#[test]
fn it_goes_neither_with_an_update_nor_with_the_servers_part() {
    let folder = tempfile::tempdir().unwrap();
    let file = recording(&folder, &sent(1, "a"));
    let original = fs::read(&file).unwrap();
    let hooks = script(&folder, "fn before(ws) {}");
    let nobody = listen(|_| ());
    let ended = replay_with(&file, &nobody.url(), &with(&hooks, &["--update"]));
    let told = "wscope: error: with --update what before(ws) says would be said twice by the next replay\n\
        hint: -o FILE records the live session to another file\n";
    ended.check(2, "", told);
    assert!(fs::read(&file).unwrap() == original && fs::read_dir(folder.path()).unwrap().count() == 2);
    let ended = wscope(["replay".as_ref(), file.as_os_str()]).args(with(&hooks, &["--listen", "0"])).run();
    ended.check(
        2,
        "",
        "wscope: error: before(ws) is called with --to: with --listen the recording has the first word\n",
    );
}
