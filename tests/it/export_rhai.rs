//! `wscope export -o session.rhai`: a recorded session as a test, which passes against the server that it was recorded with and
//! fails against one that answers something else.

use std::fmt::Write as _;

use tempfile::TempDir;
use wscope::app::demo::Server;

use crate::support::command::{Ended, wscope};
use crate::support::server::{answers, says_last};
use crate::support::serving::Serve;
use crate::support::{frames, golden, peers};

/// A recording, and the script that it became.
struct Exported {
    folder: TempDir,
    script: String,
}

impl Exported {
    /// Of a session that this script makes, with the server as its argument.
    fn session(url: &str, script: &str) -> Exported {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("client.rhai"), script).unwrap();
        let args = ["run", "--record", "session.wsrec", "client.rhai", url];
        wscope(args).inside(folder.path()).run().success("");
        Exported::export(folder)
    }

    /// Of a recording with these lines.
    fn recording(lines: &str) -> Exported {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("session.wsrec"), lines).unwrap();
        Exported::export(folder)
    }

    fn export(folder: TempDir) -> Exported {
        wscope(["export", "session.wsrec", "--to", "rhai"]).inside(folder.path()).run().success("");
        let script = std::fs::read_to_string(folder.path().join("session.rhai")).unwrap();
        Exported { folder, script }
    }

    /// Runs the script as its head says.
    fn test(&self, vars: &[&str]) -> Ended {
        let vars = vars.iter().flat_map(|var| ["--var", var]);
        wscope(["test"]).args(vars).arg("session.rhai").inside(self.folder.path()).run()
    }

    /// That it passes, against the recorded server and under a URL that is given.
    #[track_caller]
    fn passes(&self, vars: &[&str]) {
        let ended = self.test(vars);
        assert_eq!(ended.code, Some(0), "{}{}\n{}", ended.text(), ended.stderr, self.script);
    }

    #[track_caller]
    fn fails(&self, vars: &[&str]) {
        let ended = self.test(vars);
        assert_eq!(ended.code, Some(1), "{}{}\n{}", ended.text(), ended.stderr, self.script);
    }
}

/// A client's script that hears all that a server has to say.
const LISTEN: &str = "connect(arg(0)).expect_close();";

#[test]
fn a_session_with_the_demo_passes_again_as_a_test() {
    let server = Server::start(0).unwrap();
    let script = r#"
        let url = arg(0);
        let ws = connect(url + "/echo");
        ws.send("hi"); ws.recv();
        ws.ping("x"); ws.expect_pong();
        ws.fragment(["in ", "two"]); ws.recv();
        ws.send(from_hex("00ff")); ws.recv();
        ws.send(random_bytes(5000)); ws.recv();
        ws.close(1000, "bye"); ws.expect_close();
        let ws = connect(url + "/echo", #{ no_compress: true });
        ws.fragment(["a", "b", ""]); ws.recv();
        ws.frame(#{ fin: false, payload: "c" }); ws.ping(); ws.frame(#{ op: 0, payload: from_hex("c3a9") }); ws.recv();
        ws.frame(#{ len: 16, payload: "d" }); ws.expect_close();
        let ws = connect(url + "/rpc");
        ws.send(`{"jsonrpc":"2.0","id":1,"method":"add","params":[1,2]}`); ws.recv();
        ws.send(`{"jsonrpc":"2.0","id":"a1","method":"time"}`); ws.recv();
        ws.send(`{"jsonrpc":"2.0","id":2,"method":"subscribe"}`); ws.recv(); ws.recv();
        ws.drop(); ws.expect_close();
        let ann = connect(url + "/chat");
        let bob = connect(url + "/chat");
        // Who is answered is in the room.
        ann.ping(); ann.expect_pong(); bob.ping(); bob.expect_pong();
        ann.send("hi bob"); bob.recv();
        bob.send(`{"hi":"ann"}`); ann.recv();
        ann.close(); ann.expect_close(); bob.close_without_code(); bob.expect_close();
        let ws = connect(url + "/ticker?after=3"); ws.recv(); ws.recv(); ws.close(); ws.expect_close();
        let ws = connect(url + "/fragments"); ws.recv(); ws.close(); ws.expect_close();
        let ws = connect(url + "/binary"); for n in 0..5 { ws.recv(); } ws.close(); ws.expect_close();
        connect(url + "/close?code=4001&reason=bye").expect_close();
        connect(url + "/redirect", #{ follow_redirects: true }).close();
        let ws = connect(url + "/auth", #{ headers: #{ Authorization: "Bearer demo", "X-A": "`\"" }, subprotocols: ["a"] });
        ws.close(); ws.expect_close();
        let ws = connect(url + "/bad/rsv", #{ on_violation: "continue" }); ws.send("go on"); ws.recv(); ws.close(); ws.expect_close();
        for path in ["auth", "redirect", "nowhere", "bad/accept-key", "bad/extension", "bad/subprotocol", "bad/reserved-opcode",
            "bad/rsv", "bad/masked", "bad/utf8", "bad/long-control", "bad/fragmented-control", "bad/continuation",
            "bad/interleaved", "bad/length", "bad/huge", "bad/cut", "bad/deflate", "bad/close-code", "bad/close-length"] {
            try { connect(`${url}/${path}`).expect_close(); } catch {}
        }
    "#;
    let exported = Exported::session(&server.url(""), script);
    exported.passes(&["authorization=Bearer demo"]);
    let other = Server::start(0).unwrap();
    exported.passes(&["authorization=Bearer demo", &format!("url={}", other.url(""))]);
    let forbidden = exported.test(&["authorization=Bearer wrong"]);
    let failed: Vec<_> = forbidden.text().lines().filter(|line| !line.starts_with([' ', 'o'])).collect();
    assert!(matches!(&*failed, [line, _] if line.contains("/auth")), "one fails: {}", forbidden.text());
}

#[test]
fn a_session_with_servers_of_others_passes_again() {
    let script = r#"
        let ws = connect(arg(0) + "/fragments", #{ subprotocols: ["chat", "other"] });
        ws.recv();
        for text in ["hello", "", "für 🦀"] { ws.send(text); ws.recv(); }
        ws.fragment("compressed or not, in three", 3); ws.recv();
        ws.close(3001, "enough"); ws.expect_close();
        let ws = connect(arg(0) + "/ping"); ws.expect_ping(); ws.close(); ws.expect_close();
        connect(arg(0) + "/close?code=4002&reason=so", #{ compress: "server_no_context_takeover" }).expect_close();
    "#;
    for args in [&["--deflate", "--subprotocol", "chat"][..], &["--subprotocol", "chat"]] {
        for (name, server) in peers::servers(args) {
            let exported = Exported::session(&server.url(""), script);
            assert!(exported.script.contains("subprotocol, \"chat\""), "{name}: {}", exported.script);
            exported.passes(&[]);
        }
    }
}

#[test]
fn another_answer_fails_the_test_and_what_changes_from_run_to_run_does_not() {
    let json = |json: &str| frames::text(json);
    let binary = |bytes: &[u8]| frames::frame(0x82, bytes);
    let long = "long ".repeat(1000);
    // What a server says, what another says instead, and whether that is as good.
    let cases: Vec<(Vec<u8>, Vec<u8>, bool)> = vec![
        (frames::text("hello"), frames::text("hullo"), false),
        (frames::text("hello"), Vec::new(), false),
        (frames::text(&long), frames::text(long.replacen("long", "Long", 1)), false),
        (frames::text(&long), frames::text(&long), true),
        (binary(b"\0\x01"), binary(b"\0\x02"), false),
        (binary(b"text"), frames::text("text"), false),
        ([frames::text("a"), frames::text("b")].concat(), [frames::text("b"), frames::text("a")].concat(), false),
        (json(r#"{"a":1,"b":[null,true]}"#), json(r#"{"b":[null,true],"a":1.0,"c":2}"#), true),
        (json(r#"{"a":1,"b":[null,true]}"#), json(r#"{"a":1,"b":[null,false]}"#), false),
        (json(r#"{"a":1,"b":[null,true]}"#), json(r#"{"a":1,"b":[null,true,1]}"#), false),
        (json(r#"{"n":12345678901234567890}"#), json(r#"{"n":12345678901234567891}"#), false),
        (
            json(r#"{"ok":1,"seq":7,"at":"2026-11-23T10:00:00Z"}"#),
            json(r#"{"ok":1,"seq":9,"at":"2027-01-01T00:00:00Z"}"#),
            true,
        ),
        (json(r#"{"ok":1,"seq":7}"#), json(r#"{"ok":1}"#), false),
        (json(r#"{"ok":1,"seq":7}"#), json(r#"{"ok":1,"seq":"7"}"#), false),
        (frames::text("it is 2026-11-23 10:00:00 (ok)"), frames::text("it is 2026-11-24 11:00:00 (ok)"), true),
        (frames::text("it is 2026-11-23 10:00:00 (ok)"), frames::text("it is 2026-11-23 10:00:00 [ok]"), false),
        (frames::frame(0x83, b"x"), frames::frame(0x81, b"x"), false),
        (frames::frame(0x89, b"ping"), Vec::new(), false),
        (frames::close(4001, ""), frames::close(4002, ""), false),
        (frames::close(4001, "so"), frames::close(4001, "or so"), false),
    ];
    let served = |bytes: &[u8]| says_last([bytes, &frames::close(1000, "")].concat());
    for (recorded, other, passes) in cases {
        let exported = Exported::session(&served(&recorded).url(), LISTEN);
        let url = format!("url={}", served(&other).url());
        if passes { exported.passes(&[&url]) } else { exported.fails(&[&url]) }
    }
    let refusal = |status: &str| answers(&format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
    let refused = Exported::session(&refusal("401 Unauthorized").url(), "try { connect(arg(0)); } catch {}");
    refused.passes(&[&format!("url={}", refusal("401 No").url())]);
    refused.fails(&[&format!("url={}", refusal("403 Forbidden").url())]);
    refused.fails(&[&format!("url={}", served(b"").url())]);
}

#[test]
fn what_the_server_gives_out_is_taken_from_its_answer_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("s.rhai");
    let server = r#"
        fn on_open(ws) { this.token = uuid(); ws.send_json(#{ hello: #{ "a b": [#{ session_token: this.token }] }, time: now() }); }
        fn on_message(ws, m) {
            if m.json.token != this.token { ws.close(4003, "who are you?"); return; }
            this.order = random(100000, 999999);
            if m.json.order != () && m.json.order != this.last { ws.close(4004, "no such order"); return; }
            this.last = this.order;
            ws.send_json(#{ id: m.json.id, token: this.token, order_id: this.order });
        }
    "#;
    std::fs::write(&script, server).unwrap();
    let recording = folder.path().join("session.wsrec");
    let args = ["--script", script.to_str().unwrap(), "--record", recording.to_str().unwrap()];
    let server = Serve::start(&args);
    let client = r#"
        let ws = connect(arg(0));
        let token = ws.recv().json.hello["a b"][0].session_token;
        ws.send(`{"id": 1, "token": "${token}"}`);
        let order = ws.recv().json.order_id;
        ws.send(`{"id": 2, "token": "${token}", "order": ${order}}`);
        ws.recv();
        ws.close(); ws.expect_close();
    "#;
    let url = format!("ws://{}/orders", server.url());
    let exported = Exported::session(&url, client);
    for line in [
        r#"let session_token = ws.expect(#{ hello: #{ "a b": [#{ session_token: any_text }] }, time: any_number }).json.hello["a b"][0].session_token;"#,
        r#"ws.send(`{"id": 1, "token": "${session_token}"}`);"#,
        r"let order_id = ws.expect(#{ id: 1, order_id: any_number, token: session_token }).json.order_id;",
        r#"ws.send(`{"id": 2, "token": "${session_token}", "order": ${order_id}}`);"#,
        r"ws.expect(#{ id: 2, order_id: any_number, token: session_token });",
    ] {
        assert!(exported.script.contains(line), "{line}\n{}", exported.script);
    }
    exported.passes(&[]);
    // What the server has recorded is the same session, seen from the other end.
    server.end();
    let seen = Exported::export(folder);
    let body =
        |script: &str| script[script.find("test(").unwrap()..].split_inclusive("});\n").next().unwrap().to_owned();
    assert_eq!(body(&seen.script), body(&exported.script));
}

/// Where each of its words stands was looked for in all of it.
#[test]
fn a_long_text_with_many_words_is_no_burden() {
    let words = (0..20_000).map(|n| format!(" word{n}")).collect::<Vec<_>>().concat();
    let lines = format!(
        r#"{{"wscope":1}}
{{"t":0,"c":1,"ev":"open","role":"client","url":"ws://h/"}}
{{"t":0,"c":1,"ev":"ready"}}
{{"t":0,"c":1,"ev":"frame","dir":"received","op":"text","text":"{{\"lines\":\"2026-11-23 04:20{words}\"}}"}}
"#
    );
    let script = Exported::recording(&lines).script;
    assert!(script.contains("ws.expect(#{ lines: any_text });"), "{}", &script[..500.min(script.len())]);
}

#[test]
fn text_of_a_peer_stays_text() {
    let texts = [
        "\"); fail(\"planted\"); (\"",
        "`${fail(\"planted\")}`",
        "${fail(1)}",
        "\\${fail(1)}\"",
        "'\\",
        "\"\\",
        "$",
        "$\"",
        "{\"",
        "\0\u{1}\u{7f}\u{85}\n\r\n\t",
        "\u{202e}\u{2028}\u{feff}\u{e0001}🦀\u{301}",
        "*/ //",
        "***",
        "let",
        "#{ a: 1 }",
        "a\"\nb`",
        "2026-11-23T10:00:00Z.*(",
        "\u{10ffff}\u{fffd}",
        "",
        " ",
        "if",
        "_",
        "0",
        "-1e5",
        "null",
        "[\"`${fail(1)}\\u0000\"]",
    ];
    let texts = serde_json::to_string(&texts).unwrap();
    let client = r#"
        let ws = connect(arg(0));
        for text in json(arg(1)) {
            ws.send(text); ws.recv();
            let map = #{ list: [text, -1.5e300, 1e-7, -7, 9223372036854775807] };
            map[text] = text;
            ws.send_json(map); ws.recv();
            ws.ping(text); ws.expect_pong();
        }
        ws.close(1000, "`${fail(1)}\"\n"); ws.expect_close();
    "#;
    let server = Server::start(0).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("client.rhai"), client).unwrap();
    let name = "a\n\"`${fail(1)}.wsrec";
    let url = server.url("/echo?`${fail(1)}'\"&x=\\");
    let args = ["run", "--record", name, "client.rhai", &url, &texts];
    wscope(args).inside(folder.path()).run().success("");
    wscope(["export", name, "-o", "session.rhai"]).inside(folder.path()).run().success("");
    let script = std::fs::read_to_string(folder.path().join("session.rhai")).unwrap();
    assert!(!script.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{script}");
    Exported { folder, script }.passes(&[]);
}

#[test]
fn a_script_reads_well() {
    let mut lines = String::from(
        r#"{"wscope":1,"created":"2026-11-23T06:52:23.054305Z","by":"wscope 0.1.0","secrets":"masked"}
{"t":0,"c":1,"ev":"open","role":"client","url":"wss://example.org/feed?token=***"}
{"t":0,"c":1,"ev":"request","raw":"GET /feed?token=*** HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\nOrigin: https://example.org\r\nSec-WebSocket-Protocol: feed.v1\r\nCookie: ***\r\n\r\n"}
{"t":0,"c":1,"ev":"response","raw":"HTTP/1.1 101 Switching Protocols\r\n\r\n","status":101}
{"t":0,"c":1,"ev":"ready","subprotocol":"feed.v1"}
{"t":0.1,"c":1,"ev":"frame","dir":"received","op":"text","text":"{\"type\":\"welcome\",\"session\":\"s-8f3a61c09b7e4d52\",\"time\":1795416743,\"user\":{\"name\":\"ann\",\"roles\":[\"reader\",\"writer\"],\"address\":\"1 Long Street, A Town With A Name, A Country\"}}"}
{"t":0.2,"c":1,"ev":"frame","dir":"sent","op":"text","mask":"9f2c11aa","text":"{\"id\":1,\"do\":\"subscribe\",\"session\":\"s-8f3a61c09b7e4d52\",\"password\":\"***\"}","masked":true}
{"t":0.3,"c":1,"ev":"frame","dir":"received","op":"text","text":"{\"id\":1,\"ok\":true}"}
{"t":0.4,"c":1,"ev":"frame","dir":"received","op":"text","text":"{\"id\":null,\"news\":\"it's \\\"on\\\"\"}"}
{"t":0.5,"c":1,"ev":"frame","dir":"sent","op":"text","mask":"9f2c11aa","text":"start"}
"#,
    );
    for n in 1..=250 {
        let (time, price) = (0.5 + f64::from(n) / 100.0, 100 + n * 7 % 13);
        let text = format!(r#"{{\"type\":\"price\",\"symbol\":\"ACME\",\"price\":{price},\"seq\":{n}}}"#);
        writeln!(lines, r#"{{"t":{time:.6},"c":1,"ev":"frame","dir":"received","op":"text","text":"{text}"}}"#)
            .unwrap();
    }
    lines += r#"{"t":9,"c":1,"ev":"frame","dir":"sent","op":"close","mask":"9f2c11aa","b64":"A+g="}
{"t":9.1,"c":1,"ev":"frame","dir":"received","op":"close","b64":"A+g="}
{"t":9.1,"c":1,"ev":"close","by":"us","code":1000,"clean":true}
{"t":10,"c":2,"ev":"open","role":"client","url":"ws://127.0.0.1:7001/chat"}
{"t":10,"c":2,"ev":"ready"}
{"t":12,"c":3,"ev":"open","role":"client","url":"ws://127.0.0.1:7001/chat?room=`${1}`"}
{"t":14,"c":2,"ev":"frame","dir":"sent","op":"text","mask":"9f2c11aa","text":"hi"}
{"t":17,"c":3,"ev":"frame","dir":"received","op":"text","text":"2: hi"}
{"t":19,"c":3,"ev":"frame","dir":"sent","op":"text","mask":"9f2c11aa","rsv":2,"len":16,"text":"hi"}
{"t":19.1,"c":3,"ev":"close","by":"us","clean":false}
"#;
    golden::check("tests/golden/export/session.rhai", &Exported::recording(&lines).script);
}

#[test]
fn what_is_too_much_for_a_script_is_counted() {
    let mut lines = String::from(
        r#"{"wscope":1}
{"t":0,"c":1,"ev":"open","role":"client","url":"ws://h/"}
{"t":0,"c":1,"ev":"ready"}
"#,
    );
    for n in 0..20_100 {
        let (direction, mask) = if n % 2 == 0 { ("sent", r#","mask":"9f2c11aa""#) } else { ("received", "") };
        writeln!(lines, r#"{{"t":0,"c":1,"ev":"frame","dir":"{direction}","op":"text"{mask},"text":"{}"}}"#, n / 2)
            .unwrap();
    }
    let script = Exported::recording(&lines).script;
    let end = "\n// 100 frames that followed are left out: a script has at most 20000 steps and 16 MiB of payload.\n";
    assert!(script.ends_with(end), "{}", &script[script.len() - 300..]);
    assert_eq!(script.matches("ws.send(").count(), 10_000);
}
