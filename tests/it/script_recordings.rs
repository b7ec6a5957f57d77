//! Recordings in scripts: what a script finds in one, and a recording played again on a connection that the script has.

use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;

use tempfile::TempDir;

use crate::replay_client::{received, recording, sent};
use crate::support::command::{Ended, wscope};
use crate::support::frames::{close, text};
use crate::support::peers::servers;
use crate::support::server::{Server, serve};

/// A script beside a recording, with the URL for its argument.
fn run(folder: &TempDir, url: &str, script: &str) -> Ended {
    let path = folder.path().join("main.rhai");
    fs::write(&path, script).unwrap();
    wscope(["run".as_ref(), path.as_os_str(), url.as_ref()]).run()
}

/// A server that says these after as many messages each, and closes as it should once asked to: the texts that it was sent.
fn talks(says: &[(usize, &'static str)]) -> Server<Vec<String>> {
    let says = says.to_vec();
    serve(move |mut peer| {
        peer.upgrade();
        let mut heard = Vec::new();
        for (after, said) in says {
            while heard.len() < after {
                heard.push(peer.frame().unwrap().1);
            }
            peer.say(&text(said));
        }
        heard.extend(peer.finish().into_iter().filter(|(first, _)| first & 0x0f == 1).map(|(_, payload)| payload));
        heard.into_iter().map(|payload| String::from_utf8(payload).unwrap()).collect()
    })
}

#[test]
fn a_recording_is_used_as_an_array_of_messages_and_has_its_connections() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/v1.wsrec");
    let torn = fs::read_to_string(fixture).unwrap() + "{\"t\":9";
    fs::write(folder.path().join("r.wsrec"), torn).unwrap();
    let script = r#"
        let rec = recording("r.wsrec");
        assert_eq(rec.len, rec.messages.len);
        assert_eq(rec.len(), rec.len);
        let all = [];
        for m in rec { all.push(m.text); }
        assert_eq(all, rec.map(|m| m.text));
        assert_eq(rec[0].text, "hello hello hello hello");
        assert_eq(rec[-1].number, rec.messages[-1].number);
        let sent = rec.filter(|m| m.dir == "sent");
        assert(sent.len > 0 && sent.all(|m| m.dir == "sent") && rec.some(|m| m.dir == "received"));
        assert_eq(rec.find(|m| m.dir == "received").number, 2);
        assert_eq(rec.find(|m| m.text == "nothing like it"), ());
        assert(rec.frames.len > rec.len);
        assert_eq(rec.damaged, 2);
        let counted = rec.connections.map(|c| c.messages.len).reduce(|sum, n| sum + n, 0);
        assert_eq(counted, rec.len);
        let one = rec.connection(1);
        print(`${one.number} ${one.role} ${one.url} ${one.status} ${one.opened}`);
        print(`${one.messages.len} messages, ${one.frames.map(|f| f.opcode)}`);
        print(`${one.closed.code} ${one.closed.clean} ${one.closed.by} ${one.subprotocol == ()}`);
        try { rec[rec.len] } catch (error) { print("nothing behind the last") }
        try { rec.connection(99) } catch (error) { print(error.message) }
    "#;
    let ended = run(&folder, "", script);
    let path = folder.path().join("r.wsrec");
    ended.success(format!(
        "1 client ws://localhost:7392/echo?token=*** 101 0.001651\n\
         2 messages, [\"text\", \"text\", \"close\", \"close\"]\n1000 true us true\nnothing behind the last\n\
         {} has no connection 99\n",
        path.display()
    ));
}

#[test]
fn a_login_first_then_the_recording_then_more_on_the_same_connection() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        received(1, "welcome"),
        sent(2, r#"{"id":1,"token":"old","user":"{{who}}"}"#),
        received(3, r#"{"id":1,"key":"k1","ts":5}"#),
        sent(4, "a secret"),
        sent(5, r#"{"id":2,"key":"{{key}}"}"#),
        received(6, "12:00"),
    ];
    recording(&folder, &lines.concat());
    let server = talks(&[
        (0, "welcome"),
        (1, "hello ann"),
        (2, r#"{"ts":9,"key":"k2","id":1}"#),
        (3, "13:37"),
        (4, "still here"),
    ]);
    let script = r##"
        let ws = connect(arg(0));
        ws.send("login ann");
        ws.expect("hello ann");
        let seen = [];
        let verdict = recording("session.wsrec").replay(ws, #{
            close: false,
            set: #{ token: "5", "#5:id": 7 },
            capture: #{ key: "key" },
            vars: #{ who: "ann" },
            ignore: ["ts", "key"],
            on_send: |m| if m.text == "a secret" { false },
            on_receive: |m| seen.push(m.number),
            matches: |recorded, live| if recorded.text == "12:00" { live.text.len == 5 },
        });
        print(verdict);
        print(`${verdict.same} ${verdict.matched} ${verdict.differences.len} ${verdict.stopped == ()} ${seen.len}`);
        ws.send("more");
        print(ws.recv().text);
        ws.close(1000);
        ws.expect_close(1000);
    "##;
    let ended = run(&folder, &server.url(), script);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    let (summary, rest) = ended.text().split_once('\n').unwrap();
    assert!(summary.starts_with("3 messages: 3 matched, 0 changed, 0 missing, 0 unexpected"), "{summary}");
    assert!(!summary.contains("closed"), "it is open: {summary}");
    assert_eq!(rest, "true 3 0 true 3\nstill here\n");
    let heard = ["login ann", r#"{"id":1,"token":"5","user":"ann"}"#, r#"{"id":7,"key":"k2"}"#, "more"];
    assert_eq!(server.saw(), heard);
}

#[test]
fn each_pace_on_servers_that_others_have_written() {
    let folder = tempfile::tempdir().unwrap();
    let end = "{\"t\":9,\"c\":1,\"ev\":\"frame\",\"dir\":\"sent\",\"op\":\"close\",\"mask\":\"01020304\",\"b64\":\"D6FieWU=\"}\n\
        {\"t\":9,\"c\":1,\"ev\":\"close\",\"by\":\"us\",\"code\":4001,\"reason\":\"bye\",\"clean\":true}\n";
    let lines = [sent(1, "a"), received(2, "a"), sent(3, "b"), received(4, "b"), end.to_owned()];
    recording(&folder, &lines.concat());
    let script = r#"
        let rec = recording("session.wsrec");
        for options in [#{}, #{ pace: "asap" }, #{ speed: 1000.0 }, #{ pace: "original", max_gap: "1ms" }, #{ frames: true }] {
            let ws = connect(arg(0));
            let verdict = rec.replay(ws, options);
            assert(verdict.same, verdict.summary);
            assert(verdict.summary.contains("closed 4001 \"bye\" as recorded") || !ws.is_open, verdict.summary);
            assert_eq(ws.expect_close(4001).reason, "bye");
        }
    "#;
    for (name, peer) in servers(&[]) {
        let ended = run(&folder, &peer.url("/"), script);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{name}: {}", ended.text());
    }
}

#[test]
fn what_the_server_does_otherwise_is_in_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    recording(&folder, &[sent(1, "a"), received(2, r#"{"v":1}"#), sent(3, "b")].concat());
    let script = r#"
        let ws = connect(arg(0));
        let verdict = recording("session.wsrec").replay(ws, #{ timeout: "100ms" });
        print(`${verdict.same} ${verdict.changed} ${verdict.missing} ${verdict.unexpected} ${verdict.moved}`);
        print(verdict.stopped);
        for difference in verdict.differences {
            let paths = (difference.fields ?? []).map(|field| field.path);
            print(`${difference.what} ${difference.recorded.text} ${paths}`);
        }
    "#;
    let server = talks(&[(1, r#"{"v":2}"#)]);
    let ended = run(&folder, &server.url(), script);
    ended.success("false 1 0 0 0\n\nchanged {\"v\":1} [\"$.v\"]\n");
    assert_eq!(server.saw(), ["a", "b"]);

    let silent = talks(&[]);
    let ended = run(&folder, &silent.url(), script);
    ended.success(
        "false 0 1 0 0\nwaited 1.1s for message 1 of the peer (frame 2 of the recording: {\"v\":1}), before frame 3 is sent: \
         0 of 1 came\nmissing {\"v\":1} []\n",
    );
    assert_eq!(silent.saw(), ["a"]);

    let leaving = serve(|mut peer| {
        peer.upgrade();
        peer.frame().unwrap();
        peer.leave(&close(1011, "no"))
    });
    let ended = run(&folder, &leaving.url(), script);
    let closed = "the connection ended (1011 internal error: \"no\") before frame 3 was sent: 1 left to send";
    ended.success(format!("false 0 1 0 0\n{closed}\nmissing {{\"v\":1}} []\n"));
}

#[test]
fn a_server_that_reads_nothing_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let large = "x".repeat(1 << 20);
    let lines: Vec<String> = (1..=24).map(|number| sent(number, &large)).collect();
    recording(&folder, &lines.concat());
    let (done, is_done) = channel::<()>();
    let server = serve(move |mut peer| {
        peer.upgrade();
        let _ = is_done.recv();
    });
    let script = r#"
        let ws = connect(arg(0), #{ compress: "off" });
        let verdict = recording("session.wsrec").replay(ws, #{ pace: "asap", timeout: "200ms" });
        assert(!verdict.same);
        assert(verdict.stopped.starts_with("the peer read nothing for 200ms, with "), verdict.stopped);
    "#;
    let ended = run(&folder, &server.url(), script);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    drop(done);
    server.saw();
}

#[test]
fn what_can_not_be_replayed_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    recording(&folder, &[sent(1, "{\"id\":1}"), received(2, "one")].concat());
    for (call, told) in [
        ("rec.replay(ws, #{ pase: 1 })", "replay takes no option \"pase\""),
        ("rec.replay(ws, #{ pace: \"fast\" })", "pace: \"fast\" is not wait, original or asap"),
        ("rec.replay(ws, #{ pace: \"asap\", speed: 2 })", "speed and max_gap are about the pace \"original\""),
        ("rec.replay(ws, #{ connection: 3 })", "session.wsrec has no connection 3, only 1"),
        (
            "rec.replay(ws, #{ set: #{ nothing: 1 } })",
            "cannot replay: nothing that is sent has what \"nothing=1\" is to set",
        ),
        (
            "rec.replay(ws, #{ set: #{ id: \"{{n}}\" } })",
            "cannot replay: frame 1 is to be sent with {{n}}, which nothing sets",
        ),
        ("rec.replay(ws, #{ ignore_regex: \"(\" })", "\"(\" is no regular expression: unclosed group"),
        ("rec.replay(ws, #{ on_send: |m| 5 })", "on_send gave 5: it gives nothing, a bool, a text, JSON or a blob"),
        ("rec.replay(ws, #{ on_receive: |m| m.nothing.at_all() })", "unknown property 'nothing'"),
        ("ws.close(); ws.expect_close(1000); rec.replay(ws)", "cannot replay: the connection is closed"),
    ] {
        let server = if call.contains("on_receive") { talks(&[(1, "one")]) } else { talks(&[]) };
        let script = format!("let ws = connect(arg(0)); let rec = recording(\"session.wsrec\");\n{call}");
        let ended = run(&folder, &server.url(), &script);
        assert!(ended.stderr.contains(told), "{call}: {}", ended.stderr);
        assert!(ended.stderr.contains("main.rhai:2:"), "{call}: {}", ended.stderr);
        assert_eq!(ended.code, Some(if told.contains("is closed") { 8 } else { 10 }), "{call}: {}", ended.stderr);
    }
}
