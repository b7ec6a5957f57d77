//! `wscope export --repeat`: the same session recorded again tells what of it changes, against servers that give out something
//! new each time.

use std::fmt::Write as _;
use std::path::Path;

use tempfile::TempDir;

use crate::support::command::{Ended, wscope};
use crate::support::peers;

/// A client that uses what the server gave it, in text and in JSON.
const CLIENT: &str = r#"
    let ws = connect(arg(0));
    let sid = ws.recv().text.capture("sid=([0-9a-f]+)");
    let ticket = ws.recv().json.ticket;
    ws.send("join " + sid); ws.recv();
    ws.send(`{"ticket": ${ticket}}`); ws.recv();
    ws.expect_close();
"#;

fn recorded(folder: &Path, name: &str, url: &str) {
    std::fs::write(folder.join("client.rhai"), CLIENT).unwrap();
    wscope(["run", "--record", name, "client.rhai", url]).inside(folder).run().success("");
}

fn export(folder: &Path, args: &[&str]) -> Ended {
    wscope(["export", "a.wsrec", "-o", "smoke.rhai", "--force"]).args(args).inside(folder).run()
}

fn exported(folder: &Path, args: &[&str]) -> String {
    export(folder, args).success("");
    std::fs::read_to_string(folder.join("smoke.rhai")).unwrap()
}

fn test(folder: &Path, args: &[&str]) -> Ended {
    wscope(["test"]).args(args).arg("smoke.rhai").inside(folder).run()
}

#[test]
fn what_differs_is_not_expected_and_what_does_not_is() {
    for (name, server) in peers::servers(&[]) {
        let folder = tempfile::tempdir().unwrap();
        let (folder, url) = (folder.path(), server.url("/session"));
        recorded(folder, "a.wsrec", &url);
        recorded(folder, "b.wsrec", &url);
        let script = exported(folder, &["--repeat", "b.wsrec"]);
        for line in [
            r#"regex("(?s)^welcome; sid=.+; at .+$"),"#,
            r#"#{ type: "ready", room: "r-0123456789abcdef01", ticket: any_number, load: any_number },"#,
            r#"let sid = answers[0].text.capture("(?s)^welcome; sid=(.+?); at .+?$");"#,
            "let ticket = answers[1].json.ticket;",
            "ws.send(`join ${sid}`);",
            r#"ws.expect(regex("(?s)^joined .+ as guest .+$"));"#,
            r#"ws.send(`{"ticket": ${ticket}}`);"#,
            r#"ws.expect(#{ ok: true, ticket: ticket, plan: "basic", sid: sid });"#,
        ] {
            assert!(script.contains(line), "{name}: {line}\n{script}");
        }
        let again = test(folder, &[]);
        assert_eq!(again.code, Some(0), "{name}: {}{}\n{script}", again.text(), again.stderr);
        let other = test(folder, &["--var", &format!("url={}?plan=gold", server.url("/session"))]);
        assert_eq!(other.code, Some(1), "{name}: {}", other.text());
        assert!(other.text().contains(r#"plan  expected "basic"  got "gold""#), "{name}: {}", other.text());
        // A third one, seen from the same recording, makes no difference; without any, looks decide.
        recorded(folder, "c.wsrec", &url);
        assert_eq!(exported(folder, &["--repeat", "b.wsrec", "--repeat", "c.wsrec"]), script);
        let alone = exported(folder, &[]);
        assert!(alone.contains("room: any_text") && alone.contains("load: 0."), "{name}: {alone}");
        assert!(alone.contains("ws.send(`join ${sid}`);"), "{name}: {alone}");
    }
}

/// A recording in this folder of what a client sent (`>`) and received (`<`), a connection a list.
fn written(folder: &TempDir, name: &str, connections: &[&[&str]]) {
    let mut lines = String::from("{\"wscope\":1,\"created\":\"2026-11-23T06:52:23.054305Z\"}\n");
    for (said, number) in connections.iter().zip(1..) {
        let mut line = |rest: String| writeln!(lines, "{{\"t\":{number},\"c\":{number},{rest}}}").unwrap();
        line(r#""ev":"open","role":"client","url":"ws://127.0.0.1:1/""#.into());
        line(r#""ev":"ready""#.into());
        for text in *said {
            let (way, text) = text.split_at(1);
            let (way, mask) = if way == ">" { ("sent", r#","mask":"9f2c11aa""#) } else { ("received", "") };
            let text = serde_json::to_string(text).unwrap();
            line(format!(r#""ev":"frame","dir":"{way}","op":"text"{mask},"text":{text}"#));
        }
        line(r#""ev":"close","by":"us","code":1000,"clean":true"#.into());
    }
    std::fs::write(folder.path().join(name), lines).unwrap();
}

#[test]
fn each_message_is_held_against_its_own() {
    let folder = tempfile::tempdir().unwrap();
    written(
        &folder,
        "a.wsrec",
        &[&[
            "<8f3a61c09b7e4d52",
            r#"<{"type":"hello","note":"your key is QUJD+/== now","list":[1,2],"only":1,"n":12345}"#,
            "<3 users, 17 ms",
            ">use QUJD+/== n=12345",
            "<use QUJD+/== n=12345",
            r#"<{"type":"bye","key":"QUJD+/==","n":12345,"text":"12345"}"#,
            r#"<{"type":"end","id":"looks-r4nd0m-123456789"}"#,
            ">mine is 17",
            "<mine is 17",
        ]],
    );
    written(
        &folder,
        "b.wsrec",
        &[&[
            "<77bc61c09b7e4d53",
            r#"<{"type":"hello","note":"your key is eHl6Cg== now","list":[1],"n":54321}"#,
            "<2 users",
            ">use eHl6Cg== n=54321",
            "<use eHl6Cg== n=54321",
            r#"<{"type":"bye","key":"eHl6Cg==","n":54321,"text":"54321"}"#,
            r#"<{"type":"end","id":"looks-r4nd0m-123456789"}"#,
            ">mine is 18",
            "<mine is 18",
        ]],
    );
    let script = exported(folder.path(), &["--repeat", "b.wsrec"]);
    let body = &script[script.find("test(").unwrap()..];
    crate::support::golden::check("tests/golden/export/repeat.rhai", body);
}

#[test]
fn what_is_no_repeat_is_told_with_its_message() {
    let folder = tempfile::tempdir().unwrap();
    let talk = [">hi", r#"<{"type":"a","n":1}"#, "<welcome ann", r#"<{"type":"b","n":2}"#];
    written(&folder, "a.wsrec", &[&talk]);
    let told = |connections: &[&[&str]]| {
        written(&folder, "b.wsrec", connections);
        let ended = export(folder.path(), &["--repeat", "b.wsrec"]);
        let hint = "hint: wscope diff a.wsrec b.wsrec shows all that differs\n";
        let start = "wscope: error: \"b.wsrec\" is no repeat of \"a.wsrec\": ";
        let why = ended.stderr.strip_prefix(start).and_then(|rest| rest.strip_suffix(hint));
        assert!(ended.code == Some(1) && !folder.path().join("smoke.rhai").exists(), "{}", ended.stderr);
        why.unwrap_or_else(|| panic!("{}", ended.stderr)).trim_end().to_owned()
    };
    assert_eq!(told(&[&talk[..3]]), r#"connection 1: message #4 did not come: {"type":"b","n":2}"#);
    assert_eq!(told(&[&talk[1..]]), "connection 1: message #1 was not sent: hi");
    let more = [&talk[..], &["<extra\u{1b}[2J"]].concat();
    assert_eq!(told(&[&more]), "connection 1: message #5 is there besides: extra\\x1b[2J");
    let another = [talk[0], r#"<{"type":"x","n":1}"#, talk[2], talk[3]];
    assert_eq!(told(&[&another]), r#"connection 1: message #2 is another: {"type":"a","n":1}"#);
    let other_text = [talk[0], talk[1], "<error: full", talk[3]];
    assert_eq!(told(&[&other_text]), "connection 1: message #3 did not come: welcome ann, and 1 more");
    let swapped = [talk[0], talk[3], talk[2], talk[1]];
    assert!(told(&[&swapped]).contains("is in another place"));
    assert_eq!(told(&[&talk, &talk]), "it has 2 connections, not 1");
    // JSON is JSON, whatever blanks are before it.
    let indented = |kind: &str| format!("<\n{{\"type\":\"{kind}\",\"n\":1}}");
    written(&folder, "a.wsrec", &[&[">hi", &indented("a")]]);
    assert!(told(&[&[">hi", &indented("x")]]).contains("message #2 is another"));
    let wrong = export(folder.path(), &["--repeat", "b.wsrec", "--to", "csv"]);
    let message = "wscope: error: --repeat tells what of a script changes from run to run, and csv is none\n";
    wrong.check(2, "", &format!("{message}hint: -o session.rhai makes a script\n"));
    let missing = export(folder.path(), &["--repeat", "c.wsrec"]);
    assert!(missing.code == Some(11) && missing.stderr.contains("\"c.wsrec\""), "{}", missing.stderr);
}
