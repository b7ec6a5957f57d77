//! Recordings as their users get them: read by jq, killed in the middle, on full disks, with two recorders, masked, old.

mod full;
mod killed;
mod progress;
mod shell;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wscope::event::{Event, Kind};
use wscope::recording::{Entry, Reader};

use crate::support::command::{Ended, wscope};
use crate::support::frames::{close, text};
use crate::support::server::{answers, says, says_last};

/// Everything in a recording.
fn entries(path: &Path) -> Vec<Entry> {
    let mut reader = Reader::open(path).unwrap();
    std::iter::from_fn(|| reader.entry().unwrap()).collect()
}

/// The received messages in a recording.
fn received(path: &Path) -> Vec<String> {
    let message = |entry| match entry {
        Entry::Event(Event { kind: Kind::Frame(frame), .. }) if frame.direction.name() == "received" => frame.message,
        _ => None,
    };
    let text = |message: wscope::event::Message| String::from_utf8(message.data.to_vec()).unwrap();
    entries(path).into_iter().filter_map(message).map(text).collect()
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wsrec");
    (folder, path)
}

fn record(url: &str, path: &Path) -> Ended {
    wscope([url, "--no-compress", "--until-close", "-o", path.to_str().unwrap()]).run()
}

#[test]
fn jq_reads_a_recording() {
    let (_folder, path) = place();
    let server = says_last([text("one"), text("{\"a\":\"ü\"}"), close(1000, "bye")].concat());
    record(&server.url(), &path).success("one\n{\"a\":\"ü\"}\n");
    let Ok(jq) = Command::new("jq")
        .args(["-c", "select(.ev == \"frame\" and .dir == \"received\") | [.c, .op, .text, .b64]"])
        .arg(&path)
        .output()
    else {
        return;
    };
    assert_eq!(
        String::from_utf8(jq.stdout).unwrap(),
        "[1,\"text\",\"one\",null]\n[1,\"text\",\"{\\\"a\\\":\\\"ü\\\"}\",null]\n[1,\"close\",null,\"A+hieWU=\"]\n"
    );
}

#[test]
fn without_a_shell_it_records_until_it_is_time() {
    let (_folder, path) = place();
    let file = path.to_str().unwrap();
    // Until the peer closes; nothing is printed.
    let server = says_last([text("one"), text("two"), close(1000, "")].concat());
    wscope(["record", &server.url(), "-o", file]).run().success("");
    // Until so many messages have come: the same file, the next connection.
    let server = says(text("three"));
    wscope(["record", &server.url(), "-o", file, "--count", "1"]).run().success("");
    // Until the time is up, whatever has come.
    let server = says(text("four"));
    wscope(["record", &server.url(), "-o", file, "--count", "9", "--for", "300ms"]).run().success("");
    assert_eq!(received(&path), ["one", "two", "three", "four"]);
    let appended = |entry: &&Entry| matches!(entry, Entry::Append(_));
    assert_eq!(entries(&path).iter().filter(appended).count(), 2);
    // Until the user has had enough.
    let server = says(text("five"));
    let running = wscope(["record", &server.url(), "-o", file, "--force"]).start();
    while !fs::read_to_string(&path).is_ok_and(|recorded| recorded.contains("five")) {
        std::thread::yield_now();
    }
    running.interrupt();
    running.end().check(130, "", "");
    assert_eq!(received(&path), ["five"]);
    wscope(["record", "ws://127.0.0.1:1"]).run().check(
        2,
        "",
        "wscope: error: no file to record to\nhint: -o FILE names it: wscope record ws://HOST/PATH -o session.wsrec\n",
    );
}

#[test]
fn a_disk_that_is_full_is_told_and_the_session_goes_on() {
    let (_folder, path) = place();
    let messages: Vec<String> = (0..2000).map(|i| format!("message {i}")).collect();
    let frames: Vec<u8> = messages.iter().flat_map(text).chain(close(1000, "")).collect();
    let server = says_last(frames);
    // As on a full disk: no file of this process may grow over 4 KiB.
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec '{}' {} --no-compress --until-close -o '{}'",
        env!("CARGO_BIN_EXE_wscope"),
        server.url(),
        path.display()
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    let told = format!(
        "wscope: error: recording to \"{}\" stopped: file too large; the session goes on without it\n\
         hint: what was recorded until then can be read\n",
        path.display()
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), told);
    assert_eq!(output.status.code(), Some(11));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), messages.join("\n") + "\n");
    let read = received(&path);
    assert!(!read.is_empty() && messages.starts_with(&read), "{} messages", read.len());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_file_system_is_named() {
    let device = says(text("x"));
    wscope([&device.url(), "-o", "/dev/full"]).run().check(
        11,
        "",
        "wscope: error: cannot record to \"/dev/full\": no space left on device\n\
         hint: is its folder there and writable, and is there room?\n",
    );
    drop(std::net::TcpStream::connect(("127.0.0.1", device.port)));
}

#[test]
fn a_file_has_one_recorder_and_no_other_file_is_touched() {
    let (_folder, path) = place();
    let file = path.to_str().unwrap();
    let first = says(text("x"));
    let running = wscope(["record", &first.url(), "-o", file]).start();
    while !fs::read_to_string(&path).is_ok_and(|recorded| recorded.contains("\"text\":\"x\"")) {
        std::thread::yield_now();
    }
    for force in [&[][..], &["--force"]] {
        wscope(["record", "ws://127.0.0.1:1", "-o", file]).args(force).run().check(
            11,
            "",
            &format!(
                "wscope: error: cannot record to \"{file}\": another wscope is recording to it\nhint: record to another file\n"
            ),
        );
    }
    running.interrupt();
    running.end().check(130, "", "");
    assert_eq!(received(&path), ["x"]);

    fs::write(&path, "mine").unwrap();
    let refused = wscope(["record", "ws://127.0.0.1:1", "-o", file]).run();
    assert_eq!(refused.code, Some(11));
    assert!(refused.stderr.ends_with("\nhint: --force overwrites it\n"), "{}", refused.stderr);
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}

#[test]
fn secrets_are_nowhere_in_the_file() {
    let (_folder, path) = place();
    let secrets = ["hunter2", "aHVudGVyMg", "c00kie", "t0ken", "r00m", "b0dy", "k3y"];
    let flags = [
        "--bearer=t0ken",
        "--cookie=sid=c00kie",
        "-HX-Room: r00m",
        "-HX-Api-Key: k3y",
        "--mask=X-Room",
        "--mask=room",
        "--mask-json=**.secret",
        "--until-close",
    ];
    let answer = |head: &str| {
        format!("HTTP/1.1 302 Found\r\nLocation: {head}\r\nSet-Cookie: c00kie\r\nContent-Length: 0\r\n\r\n")
    };
    let refusing = answers(&answer("ws://u:hunter2@127.0.0.1:1/?access_token=t0ken"));
    let url = format!("ws://user:hunter2@127.0.0.1:{}/?token=t0ken&room=r00m", refusing.port);
    let file = path.to_str().unwrap();
    assert_eq!(wscope([&url]).args(flags).args(["-L", "-o", file]).run().code, Some(4));
    let server = says_last([text("{\"a\":[{\"secret\":\"b0dy\"}]}"), close(1000, "")].concat());
    wscope([&server.url()]).args(flags).args(["-o", file]).run().success("{\"a\":[{\"secret\":\"b0dy\"}]}\n");
    let recorded = fs::read_to_string(&path).unwrap();
    for secret in secrets {
        assert!(!recorded.contains(secret), "{secret} in {recorded}");
    }
    assert!(recorded.contains("X-Room: ***") && recorded.contains("{\\\"secret\\\":\\\"***\\\" }"), "{recorded}");

    // Kept, and taken out later.
    let server = says_last([text("{\"secret\":\"b0dy\"}"), close(1000, "")].concat());
    let kept = path.with_extension("kept");
    let (kept, clean) = (kept.to_str().unwrap(), path.with_extension("clean"));
    let url = format!("{}/?token=t0ken&room=r00m", server.url());
    let flags = ["--until-close", "--secrets=keep", "--bearer=hunter2", "-HX-Room: r00m", "-o", kept];
    assert_eq!(wscope([&url]).args(flags).run().code, Some(0));
    assert!(fs::read_to_string(kept).unwrap().contains("hunter2"));
    let out = clean.to_str().unwrap();
    wscope(["mask", kept, "--mask=x-room", "--mask=room", "--mask-json=secret", "-o", out]).run().success("");
    let masked = fs::read_to_string(&clean).unwrap();
    for secret in secrets {
        assert!(!masked.contains(secret), "{secret} in {masked}");
    }
    assert_eq!(entries(&clean).len(), entries(Path::new(kept)).len());
    let again = wscope(["mask", kept, "-o", out]).run();
    assert_eq!((again.code, again.stderr.ends_with("hint: --force overwrites it\n")), (Some(11), true), "{again:?}");
    assert_eq!(wscope(["mask", kept, "-o", kept, "--force"]).run().code, Some(2));
}

#[test]
fn masking_again_keeps_what_was_masked_before_and_what_is_not_known() {
    let (_folder, path) = place();
    let lines = [
        r#"{"wscope":1,"created":"2026-11-23T04:20:00.123456Z","by":"wscope 0.1.0","secrets":"kept"}"#,
        r#"{"t":0.100000,"c":1,"ev":"frame","dir":"sent","op":"text","masked":true,"text":"{\"a\":\"***\"  }"}"#,
        r#"{"t":0.200000,"c":1,"ev":"mark","in":"ws://u:hunter2@h/?token=t0ken","n":[1, 2],"cookie":"c00kie"}"#,
        r#"{"t":0.300000,"c":1,"ev":"violation","rule":"of tomorrow","section":"1","detail":"ws://u:hunter2@h"}"#,
        r#"{"t":0.400000,"c":1,"ev":"frame","dir":"received","op":"text","text":"{\"a\":\"b0dy!\"}"}"#,
    ];
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let masked = [
        r#""secrets":"masked"}"#,
        lines[1],
        r#"{"t":0.200000,"c":1,"ev":"mark","in":"ws://***@h/?token=***","n":[1, 2],"cookie":"***"}"#,
        r#"{"t":0.300000,"c":1,"ev":"violation","rule":"of tomorrow","section":"1","detail":"ws://***@h"}"#,
        lines[4],
    ];
    let file = path.to_str().unwrap();
    let once = wscope(["mask", file]).run();
    once.success(&once.stdout);
    assert!(once.text().lines().zip(masked).all(|(line, end)| line.ends_with(end)), "{}", once.text());
    // A second time, with more to be masked: the flag of the first stays.
    fs::write(&path, once.text()).unwrap();
    let again = wscope(["mask", file, "--mask-json", "a"]).run();
    again.success(&again.stdout);
    let last =
        r#"{"t":0.400000,"c":1,"ev":"frame","dir":"received","op":"text","masked":true,"text":"{\"a\":\"***\"  }"}"#;
    assert!(again.text().lines().zip(masked).take(4).all(|(line, end)| line.ends_with(end)), "{}", again.text());
    assert_eq!(again.text().lines().last(), Some(last));
}

/// Made by version 0.1.0 of the program, and kept for ever: a line of every kind, and one that is torn.
const V1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/v1.wsrec");

#[test]
fn a_recording_of_version_1_is_read() {
    let mut reader = Reader::open(Path::new(V1)).unwrap();
    assert_eq!((reader.header().version, reader.header().secrets.as_str()), (1, "masked"));
    let mut seen = std::collections::BTreeMap::<_, u32>::new();
    let mut frames = Vec::new();
    let mut torn = Vec::new();
    while let Some(entry) = reader.entry().unwrap() {
        let name = match entry {
            Entry::Append(_) => "append",
            Entry::Unknown(line) => panic!("{}", String::from_utf8_lossy(&line)),
            Entry::Damaged(damage) => {
                torn.push(damage.place.line);
                "damaged"
            }
            Entry::Event(event) => match event.kind {
                Kind::Open(_) => "open",
                Kind::Request(_) => "request",
                Kind::Response(_) => "response",
                Kind::Fault(_) => "fault",
                Kind::Ready(_) => "ready",
                Kind::Frame(frame) => {
                    frames.push(frame);
                    "frame"
                }
                Kind::Violation { .. } => "violation",
                Kind::Undecoded(_) => "undecoded",
                Kind::Close(_) => "close",
                Kind::Error { .. } => "error",
                Kind::Note(_) => "note",
            },
        };
        *seen.entry(name).or_default() += 1;
    }
    let all = ["append", "close", "damaged", "error", "fault", "frame", "note", "open", "ready", "request", "response"];
    for name in all.iter().chain(&["undecoded", "violation"]) {
        assert!(seen.contains_key(name), "no {name} in {seen:?}");
    }
    assert_eq!(torn, [Some(V1_TORN)]);
    assert_eq!(frames.len(), V1_FRAMES);
    assert!(frames.iter().map(|frame| frame.number).eq(1..=V1_FRAMES as u64));
    let compressed = |frame: &&wscope::event::FrameEvent| frame.message.as_ref().is_some_and(|m| m.compressed);
    let inflated = frames.iter().find(compressed).and_then(|frame| frame.message.as_ref()).unwrap();
    assert_eq!(inflated.text(), Some("hello hello hello hello"));
    let mut joined = frames.iter().filter_map(|frame| frame.message.as_ref()).filter(|message| message.frames == 3);
    assert!(joined.any(|message| message.text() == Some("in three fragments")));
}

/// The line that is torn.
const V1_TORN: u64 = 95;

/// How many frames there are.
const V1_FRAMES: usize = 31;
