//! The viewer on a small recording: every format byte for byte, every selector, files that are damaged or none, a file that is
//! being written, and the pager on a real terminal. What is shown whole is in tests/golden/show.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::support::command::wscope;
use crate::support::tmux::{Terminal, is_installed};

/// Two connections: JSON, a ping, a message in fragments around it, bytes, and a broken rule.
const CHAT: &str = r#"{"wscope":1,"created":"2026-11-23T04:20:00.123456Z","by":"wscope 0.1.0","secrets":"masked"}
{"t":0.001000,"c":1,"ev":"open","role":"client","url":"ws://127.0.0.1:7000/chat","addr":"127.0.0.1:7000","tcp":0.0001}
{"t":0.001100,"c":1,"ev":"request","raw":"GET /chat HTTP/1.1\r\nHost: 127.0.0.1:7000\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"}
{"t":0.001900,"c":1,"ev":"response","raw":"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n","status":101}
{"t":0.002000,"c":1,"ev":"ready","upgrade":0.0008}
{"t":1.000000,"c":1,"ev":"frame","dir":"sent","op":"text","mask":"9f2c11aa","text":"{\"id\":1,\"method\":\"login\",\"user\":\"ann\"}"}
{"t":1.010000,"c":1,"ev":"frame","dir":"received","op":"text","after":0.01,"text":"{\"id\":1,\"result\":{\"name\":\"Ann\",\"tags\":[\"a\",\"b\"]}}"}
{"t":2.000000,"c":1,"ev":"frame","dir":"received","op":"text","fin":false,"fragment":[3,1],"text":"in thr"}
{"t":2.100000,"c":1,"ev":"frame","dir":"sent","op":"ping","mask":"00112233","text":"tick"}
{"t":2.200000,"c":1,"ev":"frame","dir":"received","op":"continuation","fin":false,"fragment":[3,2],"text":"ee fra"}
{"t":2.300000,"c":1,"ev":"frame","dir":"received","op":"pong","after":0.2,"text":"tick"}
{"t":2.400000,"c":1,"ev":"frame","dir":"received","op":"continuation","fragment":[3,3],"text":"gments"}
{"t":60.000000,"c":2,"ev":"open","role":"client","url":"ws://127.0.0.1:7000/bytes","addr":"127.0.0.1:7000","tcp":0.0001}
{"t":60.001000,"c":2,"ev":"ready","extensions":"permessage-deflate","deflate":{},"upgrade":0.0008}
{"t":61.000000,"c":2,"ev":"frame","n":8,"dir":"sent","op":"binary","mask":"01020304","b64":"AP/+G1sxbQ=="}
{"t":62.000000,"c":2,"ev":"frame","dir":"received","op":"text","rsv":4,"wire":"ykjNyclXyEAnAQA=","text":"hello hello hello hello"}
{"t":63.000000,"c":2,"ev":"frame","dir":"received","op":3,"text":"?!"}
{"t":63.000000,"c":2,"ev":"violation","rule":"reserved opcode","section":"5.2","frame":10,"detail":"opcode 3","bytes":"8302","offset":0}
{"t":63.100000,"c":2,"ev":"close","by":"us","code":1002,"reason":"reserved opcode","clean":false,"detail":"failed by a violation"}
{"t":90.000000,"c":1,"ev":"frame","dir":"sent","op":"close","mask":"05060708","b64":"A+g="}
{"t":90.100000,"c":1,"ev":"frame","dir":"received","op":"close","b64":"A+g="}
{"t":90.100000,"c":1,"ev":"close","by":"us","code":1000,"clean":true}
{"t":91.000000,"ev":"note","text":"that was all"}
"#;

/// A folder with a recording in it.
fn recording(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.wsrec");
    fs::write(&path, text).unwrap();
    (folder, path)
}

/// What the viewer shows of the recording with these arguments.
#[track_caller]
fn shown(args: &[&str]) -> String {
    let (_folder, path) = recording(CHAT);
    let ended = wscope(["show", path.to_str().unwrap()]).args(args).run();
    ended.check(0, &ended.stdout, "");
    ended.text().to_owned()
}

/// The numbers of the frames that are shown, with `--` where that is.
#[track_caller]
fn numbers(args: &[&str]) -> Vec<String> {
    let number = |line: &str| match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["--"] => Some("--".to_owned()),
        ["▲" | "▼", number, ..] | ["1" | "2", "▲" | "▼", number, ..] => Some(number.to_owned()),
        _ => None,
    };
    shown(args).lines().filter_map(number).collect()
}

/// Compares with a file in tests/golden/show; `WSCOPE_BLESS=1` writes it.
#[track_caller]
fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/show").join(name);
    if std::env::var_os("WSCOPE_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap_or_default(), "{} (WSCOPE_BLESS=1 writes it)", path.display());
}

#[test]
fn every_format_is_that_of_a_live_session() {
    check("short.txt", &shown(&[]));
    check("full.txt", &shown(&["--format", "full", "--headers", "full", "--timestamps", "delta"]));
    check("pretty.txt", &shown(&["--json", "pretty", "--headers", "none", "--color", "always", "--to", "1.5s"]));
    check("messages.txt", &shown(&["--messages", "--headers", "none"]));
}

#[test]
fn raw_is_the_payloads_alone() {
    let json = "{\"id\":1,\"result\":{\"name\":\"Ann\",\"tags\":[\"a\",\"b\"]}}\n";
    assert_eq!(shown(&["--format", "raw"]), format!("{json}in three fragments\nhello hello hello hello\n"));
    let (_folder, path) = recording(CHAT);
    let sent = wscope(["show", path.to_str().unwrap(), "--format", "raw", "--sent", "--op", "binary"]).run();
    sent.success(b"\x00\xff\xfe\x1b[1m");
}

#[test]
fn json_is_the_recording_itself() {
    assert_eq!(shown(&["--format", "json"]), CHAT);
    let lines = |args: &[&str]| shown(args).lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let original: Vec<&str> = CHAT.lines().collect();
    // A frame that can no longer be counted says its number; one that says it already is as it was.
    let pong = original[10].replacen('{', "{\"n\":6,", 1);
    assert_eq!(lines(&["--format", "json", "--op", "pong,binary"]), [pong.as_str(), original[14]]);
    // And what comes of it is a recording again.
    let (_folder, path) = recording(&shown(&["--format", "json", "--messages", "--received"]));
    let again = wscope(["show", path.to_str().unwrap(), "--grep", "three"]).run();
    again.success("▼ 7    2.400  text        18 B  in three fragments\n");
}

#[test]
fn selectors_select_and_combine() {
    for (args, expected) in [
        (&["--sent"][..], &["1", "4", "8", "11"][..]),
        (&["--received"], &["2", "3", "5", "6", "7", "9", "10", "12"]),
        (&["--op", "ping,pong"], &["4", "6"]),
        (&["--op", "ping", "--op", "0x3"], &["4", "10"]),
        (&["--op", "ping,pong", "--sent"], &["4"]),
        (&["--conn", "2"], &["8", "9", "10"]),
        (&["--conn", "1,2", "--op", "text"], &["1", "2", "3", "9"]),
        (&["--grep", "hello"], &["9"]),
        (&["--grep", "three"], &["7"]),
        (&["--grep", "fra"], &["5", "7"]),
        (&["--grep", "(?i)\"ANN\""], &["1", "2"]),
        (&["--grep", "\"ann\""], &["1"]),
        (&["--grep", "^tick$", "--received"], &["6"]),
        (&["--grep", r"(?-u)\x00\xff"], &["8"]),
        (&["--grep", "fra", "--messages"], &["7"]),
        (&["--op", "text", "--messages"], &["1", "2", "7", "9"]),
        (&["--json-path", "id"], &["1", "2"]),
        (&["--json-path", "id=1", "--json-path", "**.name=Ann"], &["2"]),
        (&["--json-path", "result.tags.*=\"b\""], &["2"]),
        (&["--json-path", "id=2"], &[]),
        (&["--where", "dir == \"sent\" && json.user == \"ann\""], &["1"]),
        (&["--where", "json.result.tags.contains(\"b\")"], &["2"]),
        (&["--where", "size == 4 && op != \"ping\""], &["6"]),
        (&["--where", "compressed && size > wire"], &["9"]),
        (&["--where", "frames == 3 || rsv == 4"], &["7", "9"]),
        (&["--where", "conn == 2 && time < 61.5", "--around", "1"], &["7", "8", "9"]),
        (&["--where", "after > 0.1 && op == \"pong\"", "--received"], &["6"]),
        (&["--where", "blob.len() == 7 && blob[1] == 0xff"], &["8"]),
        (&["--where", "json.nothing.at_all > 1"], &[]),
        (&["--from", "2.2s", "--to", "1m1s"], &["5", "6", "7", "8"]),
        (&["--from", "#5", "--to", "#8", "--received"], &["5", "6", "7"]),
        (&["--from", "#11"], &["11", "12"]),
        (&["--to", "#2"], &["1", "2"]),
        (&["--op", "binary", "--around", "1"], &["7", "8", "9"]),
        (&["--grep", "tick", "--around", "1"], &["3", "4", "5", "6", "7"]),
        (&["--json-path", "method", "--op", "text", "--around", "1"], &["1", "2"]),
        (&["--op", "ping,0x3", "--around", "1"], &["3", "4", "5", "--", "9", "10", "11"]),
    ] {
        assert_eq!(numbers(args), expected, "{args:?}");
    }
}

#[test]
fn what_a_frame_broke_is_shown_with_it() {
    check("violation.txt", &shown(&["--op", "0x3"]));
}

#[test]
fn escapes_of_another_writer_hide_nothing_from_grep() {
    let escaped = CHAT.replace("\"in thr\"", "\"in\\u0020thr\"").replace("hello hello", "\\u0068ello hello");
    let (_folder, path) = recording(&escaped);
    for (pattern, number) in [("hello hello hello", "9"), ("in three", "7")] {
        let ended = wscope(["show", path.to_str().unwrap(), "--grep", pattern, "--timestamps", "none"]).run();
        assert!(ended.text().contains(&format!("▼ {number} ")), "{pattern}: {}", ended.text());
    }
}

#[test]
fn grep_finds_what_the_payload_holds_however_it_is_written() {
    let payloads = [
        r#""text":"{\"name\":\"Zoë\",\"path\":\"C:\\\\tmp\"}""#,
        r#""text":"{\"name\":\"Zo\u00eb\",\"path\":\"C:\u005c\\tmp\"}""#,
        r#""b64":"eyJuYW1lIjoiWm/Dqyz/In0=""#,
        r#""rsv":4,"wire":"q1byUtJRUgIA","text":"{\"name\":\"Zoë\"}""#,
        r#""text":"one\ttwo\nhttp:\/\/host\/path and so on""#,
        r#""text":"one\u0009two\u000ahttp://host/path and so on""#,
        r#""text":"nothing of it, \"name\" apart""#,
        r#""fin":false,"fragment":[8,1],"text":"{\"name\":\"Z""#,
        r#""fragment":[8,2],"text":"oë\"}""#,
        r#""text":"\u0001 control""#,
    ];
    let mut text = CHAT.lines().next().unwrap().to_owned() + "\n";
    for payload in payloads {
        let op = if payload.contains("[8,2]") { "continuation" } else { "text" };
        let head = format!(r#""t":1.000000,"c":1,"ev":"frame","dir":"received","op":"{op}""#);
        text += &["{", &head, ",", payload, "}\n"].concat();
    }
    let (_folder, path) = recording(&text);
    for (pattern, expected) in [
        (r#""name":"Zo"#, &["1", "2", "3", "4", "9"][..]),
        ("\"name\":\"Z.ë\"", &["1", "2", "4", "9"]),
        ("(?i)ZOË", &["1", "2", "3", "4", "9"]),
        (r"C:\\\\tmp", &["1", "2"]),
        (r"Zo(?-u)\xc3\xab,\xff", &["3"]),
        (r"one\ttwo\n", &["5", "6"]),
        ("(ftp|http)://[a-z]+/path", &["5", "6"]),
        (r"one\s+two.*", &["5", "6"]),
        ("name\"[^:]", &["7"]),
        (r"^\x01 con", &["10"]),
        (r"[^\x00-\x7f]", &["1", "2", "3", "4", "9"]),
    ] {
        let ended = wscope(["show", path.to_str().unwrap(), "--grep", pattern]).run();
        let found = ended.text().lines().filter_map(|line| line.split_whitespace().nth(1)).collect::<Vec<_>>();
        assert_eq!(found, expected, "{pattern}: {}{}", ended.text(), ended.stderr);
    }
}

#[test]
fn one_frame_is_shown_whole() {
    check("frame-5.txt", &shown(&["5"]));
    check("frame-9.txt", &shown(&["9"]));
    check("frame-10.txt", &shown(&["10"]));
    let (_folder, path) = recording(CHAT);
    let name = path.to_str().unwrap();
    let missing = wscope(["show", name, "99"]).run();
    missing.check(2, "", &format!("wscope: error: no frame 99 in \"{name}\": the last one is 12\n"));
    let mixed = wscope(["show", name, "9", "--sent"]).run();
    assert_eq!(mixed.code, Some(2), "{}", mixed.stderr);
}

#[test]
fn damage_is_told_by_line_and_the_rest_is_shown() {
    let lines: Vec<&str> = CHAT.lines().collect();
    let mut damaged = lines.clone();
    damaged[6] = &lines[6][..60];
    damaged[9] = "not JSON";
    let torn = damaged.join("\n");
    let (_folder, path) = recording(&torn[..torn.len() - 20]);
    let ended = wscope(["show", path.to_str().unwrap(), "--headers", "none", "--op", "text,close"]).run();
    let offset = |line: usize| damaged[..line].iter().map(|line| line.len() + 1).sum::<usize>();
    let last = lines[22].len() - 20;
    let expected = format!(
        "wscope: warning: line 7 (byte {}, 60 bytes) skipped: torn\n\
         wscope: warning: line 10 (byte {}, 8 bytes) skipped: torn\n\
         wscope: warning: line 23 (byte {}, {last} bytes) skipped: torn\n",
        offset(6),
        offset(9),
        offset(22)
    );
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), expected.as_str()));
    assert_eq!(ended.text().lines().count(), 5, "{}", ended.text());
}

#[test]
fn what_is_no_recording_is_told_with_its_place_and_the_reason() {
    let (folder, path) = recording("GET / HTTP/1.1\r\n");
    let name = path.to_str().unwrap();
    wscope(["show", name]).run().check(
        11,
        "",
        &format!(
            "wscope: error: \"{name}\" is no recording: a line that is no header at byte 0, where a recording begins with \
             {{\"wscope\":1,\nhint: wscope record URL -o FILE makes a recording\n"
        ),
    );
    let missing = folder.path().join("none.wsrec");
    let ended = wscope(["show", missing.to_str().unwrap()]).run();
    assert_eq!(ended.code, Some(11));
    assert!(ended.stderr.contains("none.wsrec\": no such file or directory"), "{}", ended.stderr);
    let pattern = wscope(["show", name, "--grep", "("]).run();
    assert_eq!(pattern.code, Some(2));
    assert!(
        pattern.stderr.starts_with("wscope: error: invalid value \"(\" for --grep: unclosed group\n"),
        "{}",
        pattern.stderr
    );
}

#[test]
fn what_is_wrong_with_an_expression_is_told_and_what_was_found_before_is_shown() {
    let (_folder, path) = recording(CHAT);
    let told = |expression: &str| {
        let ended = wscope(["show", path.to_str().unwrap(), "--headers", "none", "--where", expression]).run();
        assert_eq!(ended.code, Some(10), "{}", ended.stderr);
        (ended.text().matches('▲').count(), ended.stderr)
    };
    let unknown = "wscope: error: --where:1:3: undefined variable: oops\n  1 | !(oops)\n    |   ^\nhint: a frame has dir, op, text, \
                   json, blob, size, wire, time, after, conn, number, fin, rsv, frames, compressed, auto\n";
    assert_eq!(told("!(oops)"), (0, unknown.to_owned()));
    let (shown, error) = told("if number < 6 { dir == \"sent\" } else { number }");
    assert_eq!(
        (shown, error.lines().next()),
        (2, Some("wscope: error: the expression gives 6, and not true or false"))
    );
}

#[test]
fn a_file_that_is_being_written_is_followed() {
    let lines: Vec<&str> = CHAT.split_inclusive('\n').collect();
    let (_folder, path) = recording(&lines[..6].concat());
    let shown = ["▲ 1    1.000  text        38 B  ", "▼ 2    1.010  text        49 B  "];
    let first = wscope(["show", path.to_str().unwrap(), "--follow", "--op", "text", "--to", "1m"]);
    // A line that is only half there yet is not taken for a torn one.
    let running = first.start_seen(shown[0].len());
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    let (half, rest) = lines[6].split_at(50);
    file.write_all(half.as_bytes()).unwrap();
    file.write_all(rest.as_bytes()).unwrap();
    // What is beyond --to ends it.
    file.write_all(lines[12..14].concat().as_bytes()).unwrap();
    let ended = running.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.text().starts_with(shown[0]) && ended.text().contains(shown[1]), "{}", ended.text());
}

#[test]
fn ctrl_c_ends_following() {
    let (_folder, path) = recording(CHAT);
    let running = wscope(["show", path.to_str().unwrap(), "--follow", "--op", "pong"]).start_seen(10);
    running.interrupt();
    let ended = running.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""));
    assert_eq!(ended.text().lines().count(), 1);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let many: String = std::iter::repeat_n(CHAT.lines().nth(8).unwrap().to_owned() + "\n", 20_000).collect();
    let (_folder, path) = recording(&format!("{}\n{many}", CHAT.lines().next().unwrap()));
    let ended = wscope(["show", path.to_str().unwrap()]).run_for_a_reader_of(100);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_terminal_gets_a_pager() {
    if !is_installed() {
        return;
    }
    let many: String = std::iter::repeat_n(CHAT.lines().nth(8).unwrap().to_owned() + "\n", 20_000).collect();
    let (_folder, path) = recording(&format!("{CHAT}{many}torn"));
    let path = path.display();
    if std::process::Command::new("less").arg("--version").output().is_ok() {
        let terminal = Terminal::new().run_with("", &format!("show '{path}'"), (100, 30));
        terminal.wait_for("● connected");
        assert!(terminal.coloured().contains("\x1b["), "colours");
        // Ctrl-C is the pager's; left early it is no error, and what was damaged is not reached.
        terminal.press(["C-c"]);
        // With the Ctrl-C it may forget a key that came after it.
        terminal.wait_until("end", |screen| {
            let ended = screen.contains("ended with ");
            if !ended {
                terminal.press(["q"]);
            }
            ended
        });
        assert_eq!(terminal.wait_for_end(), 0);
        // What fits on the screen needs no page.
        let terminal = Terminal::new().run_with("", &format!("show '{path}' --to 1.5s"), (100, 30));
        assert_eq!(terminal.wait_for_end(), 0);
    }
    let terminal = Terminal::new().run_with("PAGER='tail -n 3; echo paged'", &format!("show '{path}'"), (100, 30));
    assert_eq!(terminal.wait_for_end(), 0);
    let screen = terminal.screen();
    let (page, rest) = screen.split_once("paged").unwrap_or_else(|| panic!("{screen}"));
    assert_eq!(page.lines().filter(|line| line.contains("ping")).count(), 3, "{screen}");
    assert!(rest.contains("skipped: torn"), "{screen}");
    for (variables, args) in [("PAGER=false", "--no-pager"), ("PAGER=", "")] {
        let terminal = Terminal::new().run_with(variables, &format!("show '{path}' {args} --op binary"), (100, 30));
        terminal.wait_for("00 ff fe 1b 5b 31 6d");
        assert_eq!(terminal.wait_for_end(), 0);
    }
}

#[test]
fn the_newest_session_is_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = folder.path().join("wscope/sessions");
    let last = |args: &[&str]| wscope(["last"]).args(args).env("XDG_STATE_HOME", folder.path()).run();
    last(&[]).check(
        11,
        "",
        "wscope: error: no session of the shell was recorded yet\nhint: wscope URL on a terminal begins one\n",
    );
    fs::create_dir_all(&sessions).unwrap();
    fs::write(sessions.join("20261123T042000.wsrec"), CHAT.replace("hello", "older")).unwrap();
    fs::write(sessions.join("20261123T042001.wsrec"), CHAT).unwrap();
    last(&["--grep", "hello", "--format", "raw"]).success("hello hello hello hello\n");
    assert!(last(&["9"]).text().contains("hello hello"));
}
