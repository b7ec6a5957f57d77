//! `wscope serve` with a script: its functions, in order and with what they keep, for clients that others have written.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Error, Message};

use crate::support::command::wscope;
use crate::support::peers::{peers, skip};
use crate::support::serving::Serve;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A script in a folder of its own, and a server that does what it wants.
struct Scripted {
    server: Serve,
    script: PathBuf,
    _folder: TempDir,
}

fn written(text: &str) -> (PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("s.rhai");
    std::fs::write(&script, text).unwrap();
    (script, folder)
}

fn scripted(text: &str) -> Scripted {
    let (script, folder) = written(text);
    let server = Serve::start(&["--script", script.to_str().unwrap(), "--no-compress"]);
    assert_eq!(server.said, format!("serving script on ws://127.0.0.1:{}/\n", server.port));
    Scripted { server, script, _folder: folder }
}

fn text(text: &str) -> Message {
    Message::text(text)
}

/// The lines that the script has printed, of all that was shown.
fn printed(shown: &str) -> Vec<&str> {
    shown.lines().filter_map(|line| line.strip_prefix("= ")).collect()
}

#[test]
fn functions_are_called_in_order_and_keep_what_is_of_their_connection() {
    let it = scripted(
        "const GREETING = \"hello\";
         fn on_request(r) { this.path = r.path; print(`= request ${r.path}`); }
         fn on_open(ws) { this.count = 0; print(`= open ${ws.number}`); ws.send(`${global::GREETING} ${this.path}`); }
         fn on_message(ws, m) { this.count += m.size; print(`= message ${ws.number}`); ws.send(`${this.count}`); }
         fn on_close(ws, c) { broadcast(ws.others, `closed ${ws.number} ${c.clean} ${c.by} ${this.count}`); }",
    );
    let mut one = it.server.client_at("/one");
    assert_eq!(one.read().unwrap(), text("hello /one"));
    let mut two = it.server.client_at("/two");
    assert_eq!(two.read().unwrap(), text("hello /two"));
    for (sent, total) in [("ab", "2"), ("c", "3"), ("def", "6")] {
        one.send(text(sent)).unwrap();
        assert_eq!(one.read().unwrap(), text(total));
    }
    two.send(Message::binary(vec![0; 5])).unwrap();
    assert_eq!(two.read().unwrap(), text("5"));
    one.close(None).unwrap();
    assert_eq!(two.read().unwrap(), text("closed 1 true peer 6"));
    let (code, shown) = it.server.end();
    let all = ["request /one", "open 1", "request /two", "open 2", "message 1", "message 1", "message 1", "message 2"];
    assert_eq!((code, printed(&shown)), (Some(130), all.to_vec()), "{shown}");
}

#[test]
fn a_request_is_answered_as_the_script_wants() {
    let it = scripted(
        "fn on_request(r) {
             if r.path == \"/broken\" { return 7; }
             if r.headers[\"authorization\"] != \"Bearer t\" {
                 return #{ status: 401, headers: #{ \"WWW-Authenticate\": \"Bearer\" }, body: `no ${r.path}` };
             }
             if \"v2\" in r.subprotocols { #{ subprotocol: \"v2\", headers: #{ \"X-Id\": 5 } } }
         }
         fn on_message(ws, m) { ws.send(m); }",
    );
    let connect = |path: &str, headers: &[(&'static str, &str)]| {
        let mut request = format!("ws://{}{path}", it.server.url()).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        tungstenite::connect(request)
    };
    match connect("/a", &[]) {
        Err(Error::Http(response)) => {
            assert_eq!(response.status(), 401);
            assert_eq!(response.headers()["WWW-Authenticate"], "Bearer");
            assert_eq!(response.body().as_deref(), Some(&b"no /a"[..]));
        }
        other => panic!("{other:?}"),
    }
    let token = ("Authorization", "Bearer t");
    let (_, plain) = connect("/a", &[token]).unwrap();
    assert_eq!(plain.headers().get("X-Id"), None);
    let (mut client, response) = connect("/a", &[token, ("Sec-WebSocket-Protocol", "v1, v2")]).unwrap();
    assert_eq!(
        (&response.headers()["Sec-WebSocket-Protocol"], &response.headers()["X-Id"]),
        (&"v2".parse().unwrap(), &"5".parse().unwrap())
    );
    client.send(Message::binary(vec![1, 2])).unwrap();
    assert_eq!(client.read().unwrap(), Message::binary(vec![1, 2]));
    assert!(matches!(connect("/broken", &[]), Err(Error::Http(response)) if response.status() == 500));
    assert_eq!(it.server.told(), "wscope: error: on_request gave 7, which is no answer (on_request, connection 4)");
}

#[test]
fn a_function_that_fails_costs_its_connection_alone_and_is_told_with_its_place() {
    let it = scripted(
        "fn on_message(ws, m) {\n    if m.text == \"bad\" { throw \"no more\"; }\n    ws.send(m);\n}\n\
         fn on_close(ws, c) { broadcast(ws.others, `${c.code} ${c.by}`); }",
    );
    let (mut well, mut bad) = (it.server.client(), it.server.client());
    well.send(text("one")).unwrap();
    assert_eq!(well.read().unwrap(), text("one"));
    for said in ["bad", "never heard"] {
        bad.send(text(said)).unwrap();
    }
    match bad.read().unwrap() {
        Message::Close(Some(close)) => {
            assert_eq!((u16::from(close.code), close.reason.as_str()), (1011, "on_message failed"));
        }
        other => panic!("{other:?}"),
    }
    assert!(bad.read().is_err(), "what came after the failure is not answered");
    assert_eq!(well.read().unwrap(), text("1011 us"));
    let script = it.script.display();
    let told: Vec<String> = (0..3).map(|_| it.server.told()).collect();
    assert_eq!(
        told,
        [
            format!("wscope: error: {script}:2:26: the script threw \"no more\" (on_message, connection 2)"),
            "  2 |     if m.text == \"bad\" { throw \"no more\"; }".into(),
            "    |                          ^".into()
        ]
    );
    well.send(text("two")).unwrap();
    assert_eq!(well.read().unwrap(), text("two"));
    let mut later = it.server.client();
    later.send(text("three")).unwrap();
    assert_eq!(later.read().unwrap(), text("three"));
}

#[test]
fn a_function_that_takes_its_time_keeps_nobody_else_waiting_nor_its_own_pings() {
    let it = scripted(
        "fn on_message(ws, m) { if m.text == \"wait\" { ws.send(ws.expect(\"go\", \"60s\")); } else { ws.send(m); } }",
    );
    let (mut slow, mut other) = (it.server.client(), it.server.client());
    slow.send(text("wait")).unwrap();
    slow.send(text("later")).unwrap();
    slow.send(Message::Ping(b"still there?".to_vec().into())).unwrap();
    assert_eq!(slow.read().unwrap(), Message::Pong(b"still there?".to_vec().into()));
    other.send(text("hi")).unwrap();
    assert_eq!(other.read().unwrap(), text("hi"));
    slow.send(text("go")).unwrap();
    assert_eq!([slow.read().unwrap(), slow.read().unwrap()], [text("go"), text("later")]);
}

#[test]
fn a_client_that_sends_faster_than_its_function_takes_is_read_no_further() {
    let it = scripted("fn on_open(ws) { ws.expect(\"never\", \"60s\"); }");
    let mut client = it.server.client();
    client.get_ref().set_write_timeout(Some(std::time::Duration::from_millis(500))).unwrap();
    let message = "x".repeat(1 << 20);
    let taken = (0..256).take_while(|_| client.send(text(&message)).is_ok()).count();
    assert!(taken < 64, "{taken} MiB were taken");
    let peak = it.server.peak();
    assert!(peak.is_none_or(|peak| peak < 100 << 10), "{peak:?} KiB");
}

#[test]
fn messages_wait_for_a_function_that_is_slow_and_none_is_lost() {
    let it = scripted(
        "fn on_open(ws) { this.n = 0; ws.expect(\"go\", \"60s\"); }
         fn on_message(ws, m) { if m.text != `${this.n}` { throw m.text; } this.n += 1; if this.n == 3000 { ws.send(\"all\"); } }",
    );
    let mut client = it.server.client();
    client.send(text("go")).unwrap();
    for n in 0..3000 {
        client.send(text(&n.to_string())).unwrap();
    }
    assert_eq!(client.read().unwrap(), text("all"));
}

#[test]
fn a_broadcast_waits_for_nobody_who_does_not_read() {
    let it = scripted(
        "fn on_open(ws) { ws.send(\"in\"); }\nfn on_message(ws, m) { broadcast(ws.others, m); ws.send(`${m.size}`); }",
    );
    let (mut deaf, mut hears, mut says) = (it.server.client(), it.server.client(), it.server.client());
    for client in [&mut deaf, &mut hears, &mut says] {
        assert_eq!(client.read().unwrap(), text("in"));
    }
    let message = Message::binary(vec![7; 1 << 20]);
    for _ in 0..40 {
        says.send(message.clone()).unwrap();
        assert_eq!(says.read().unwrap(), text("1048576"));
        assert_eq!(hears.read().unwrap(), message);
    }
    let shown = it.server.end().1;
    assert!(shown.contains("a message was not sent: the peer does not read what was sent before"), "{shown}");
}

#[test]
fn a_script_that_can_not_be_served_by_is_told_before_anything_is_served() {
    for (script, code, told) in [
        (
            "fn on_mesage(ws, m) {}",
            10,
            ":1: nothing calls a function named on_mesage\n  1 | fn on_mesage(ws, m) {}\nhint: did you mean on_message?\n",
        ),
        ("fn on_message(m) {}", 10, ":1: on_message is called with 2 values, and this takes 1\n"),
        (
            "let x = 1;",
            10,
            " defines nothing that can be called\nhint: these can be: on_request(r), on_open(ws), on_message(ws, m), on_close(ws, c)\n",
        ),
        ("fn on_open(ws) {", 10, ":1:17: "),
        ("nothing();\nfn on_open(ws) {}", 10, ":1:1: function not found: nothing"),
    ] {
        let (path, _folder) = written(script);
        let ended = wscope(["serve", "--mode", "script"]).arg(&path).run();
        assert_eq!(ended.code, Some(code), "{script}\n{}", ended.stderr);
        let told = format!("wscope: error: {}{told}", path.display());
        assert!(ended.stderr.starts_with(&told), "{}", ended.stderr);
    }
    for (args, code, told) in [
        (&["--mode", "script"][..], 2, "--mode script needs a script"),
        (&["--mode", "echo", "--script", "s.rhai"], 2, "the script \"s.rhai\" is for --mode script alone"),
        (
            &["--script", "/nonexistent.rhai"],
            11,
            "cannot read the script \"/nonexistent.rhai\": no such file or directory",
        ),
    ] {
        let ended = wscope(["serve"]).args(args).run();
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.starts_with(&format!("wscope: error: {told}")), "{}", ended.stderr);
    }
}

/// What the chat that ships is told by its clients, one of them npm's `ws` where that is installed.
#[test]
fn the_chat_that_ships_joins_those_of_a_room() {
    let script = Path::new(ROOT).join("scripts/serve_chat.rhai");
    let server = Serve::start(&["--mode", "script", script.to_str().unwrap(), "--var", "most=2"]);
    let heard = |client: &mut tungstenite::WebSocket<_>| -> Value {
        serde_json::from_str(client.read().unwrap().to_text().unwrap()).unwrap()
    };
    let mut ann = server.client_at("/chat?user=ann&room=a");
    assert_eq!(heard(&mut ann), json!({"type": "welcome", "user": "ann", "room": "a"}));
    let mut elsewhere = server.client_at("/chat?user=eve&room=b");
    assert_eq!(heard(&mut elsewhere)["type"], "welcome");
    let refused = tungstenite::connect(format!("ws://{}/chat?user=eve", server.url()));
    assert!(matches!(refused, Err(Error::Http(response)) if response.status() == 400));
    let modules = peers().join("node_modules");
    if !modules.join("ws").exists() {
        return skip("skipped: ws: it is not installed; scripts/setup tests does that");
    }
    let program = format!(
        "const W = require('ws'); const w = new W('ws://{}/chat?user=bob&room=a'); const got = [];
         w.on('message', (m) => {{ got.push(JSON.parse(m)); if (got.length == 1) w.send('hi'); else w.close(1000); }});
         w.on('close', (c) => console.log(JSON.stringify([got, c])));",
        server.url()
    );
    let bob =
        std::thread::spawn(move || Command::new("node").args(["-e", &program]).env("NODE_PATH", modules).output());
    assert_eq!(heard(&mut ann), json!({"type": "joined", "user": "bob"}));
    assert_eq!(heard(&mut ann), json!({"type": "said", "user": "bob", "text": "hi", "n": 1}));
    let full = tungstenite::connect(format!("ws://{}/chat?user=cay&room=a", server.url()));
    assert!(matches!(full, Err(Error::Http(response)) if response.status() == 503));
    ann.send(text("bye")).unwrap();
    assert_eq!(heard(&mut ann), json!({"type": "left", "user": "bob", "code": 1000}));
    let said = String::from_utf8(bob.join().unwrap().unwrap().stdout).unwrap();
    let welcome = json!({"type": "welcome", "user": "bob", "room": "a"});
    let bye = json!({"type": "said", "user": "ann", "text": "bye", "n": 1});
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap(), json!([[welcome, bye], 1000]));
    elsewhere.close(None).unwrap();
    assert_eq!(elsewhere.read().unwrap(), Message::Close(None));
}

#[test]
fn the_readmes_server_does_what_it_says() {
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let (_, section) = readme.split_once("## A server by a script\n").expect("a section");
    let (_, script) = section.split_once("```rust\n").expect("a script");
    let it = scripted(script.split_once("```").expect("its end").0);
    let connect = |token: &str| {
        let url = format!("ws://{}/", it.server.url());
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("Authorization", format!("Bearer {token}").parse().unwrap());
        tungstenite::connect(request)
    };
    assert!(matches!(connect("wrong"), Err(Error::Http(response)) if response.status() == 401));
    let mut ann = connect("demo").unwrap().0;
    assert_eq!(ann.read().unwrap(), text(r#"{"here":1,"type":"welcome"}"#));
    let mut bob = connect("demo").unwrap().0;
    assert_eq!(bob.read().unwrap(), text(r#"{"here":2,"type":"welcome"}"#));
    ann.send(text("hi")).unwrap();
    assert_eq!(bob.read().unwrap(), text("hi"));
    ann.send(text("hi again")).unwrap();
    assert_eq!(bob.read().unwrap(), text("hi again"));
    ann.send(text("quit")).unwrap();
    match ann.read().unwrap() {
        Message::Close(Some(close)) => {
            assert_eq!((u16::from(close.code), close.reason.as_str()), (1000, "3 messages"));
        }
        other => panic!("{other:?}"),
    }
}
