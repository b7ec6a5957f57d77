//! A file system that runs full while it is recorded to: a small one in memory, mounted where nobody else sees it.

use std::path::Path;
use std::process::Command;

use super::{place, received};
use crate::support::frames::{close, text};
use crate::support::peers::skip;
use crate::support::server::says_last;

/// Runs a script in which `$1` is a file system of 64 KiB; `None` where none can be mounted.
fn in_small_room(script: &str, folder: &Path, args: &[&str]) -> Option<std::process::Output> {
    const NOT_MOUNTED: i32 = 99;
    let script = format!("mount -t tmpfs -o size=64k none \"$1\" || exit {NOT_MOUNTED}; {script}");
    let output = Command::new("unshare").args(["-rm", "sh", "-c", &script, "sh"]).arg(folder).args(args).output();
    let output = output.ok().filter(|output| output.status.code() != Some(NOT_MOUNTED));
    // What unshare itself says begins with its name.
    let output = output.filter(|output| !output.stderr.starts_with(b"unshare: "));
    if output.is_none() {
        skip("skipped: a full file system: none can be mounted here (unshare -rm)");
    }
    output
}

#[test]
fn a_file_system_that_runs_full_is_told_and_the_session_goes_on() {
    let (folder, path) = place();
    let room = folder.path().join("room");
    std::fs::create_dir(&room).unwrap();
    let messages: Vec<String> = (0..5000).map(|i| format!("message {i}")).collect();
    let server = says_last(messages.iter().flat_map(text).chain(close(1000, "")).collect::<Vec<u8>>());
    let script =
        "\"$2\" \"$3\" --no-compress --until-close -o \"$1/a.wsrec\"; code=$?; cp \"$1/a.wsrec\" \"$4\"; exit $code";
    let args = [env!("CARGO_BIN_EXE_wscope"), &server.url(), path.to_str().unwrap()];
    let Some(output) = in_small_room(script, &room, &args) else {
        drop(std::net::TcpStream::connect(("127.0.0.1", server.port)));
        return;
    };
    let told = format!(
        "wscope: error: recording to \"{}/a.wsrec\" stopped: no space left on device; the session goes on without it\n\
         hint: what was recorded until then can be read\n",
        room.display()
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), told);
    assert_eq!(output.status.code(), Some(11));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), messages.join("\n") + "\n");
    let read = received(&path);
    assert!(read.len() > 100 && messages.starts_with(&read), "{} messages", read.len());
}

/// A script that hears 5000 messages and then does this, with a recording that has no room for them: how it ends, and what is
/// told of the recording.
fn heard_by_a_script(then: &str) -> Option<(std::process::Output, String)> {
    let (folder, path) = place();
    let room = folder.path().join("room");
    std::fs::create_dir(&room).unwrap();
    let messages = (0..5000).flat_map(|i| text(format!("message {i}")));
    let server = says_last(messages.chain(close(1000, "")).collect::<Vec<u8>>());
    let statements = format!(
        "let ws = connect(\"{}\", #{{ compress: \"off\" }}); ws.expect(\"message 4999\"); {then}",
        server.url()
    );
    std::fs::write(&path, statements).unwrap();
    let args = [env!("CARGO_BIN_EXE_wscope"), path.to_str().unwrap()];
    let Some(output) = in_small_room("\"$2\" run \"$3\" -o \"$1/a.wsrec\"", &room, &args) else {
        drop(std::net::TcpStream::connect(("127.0.0.1", server.port)));
        return None;
    };
    Some((output, format!("recording to \"{}/a.wsrec\" stopped: no space left on device", room.display())))
}

#[test]
fn a_script_ends_with_that_if_its_recording_was_lost() {
    let Some((output, told)) = heard_by_a_script("print(\"all\");") else { return };
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(11) && stderr.contains(&told), "{:?}: {stderr}", output.status);
    assert_eq!(output.stdout, b"all\n");
}

#[test]
fn of_a_script_that_failed_nobody_heard_that_its_recording_was_lost() {
    let Some((output, told)) = heard_by_a_script("throw \"a fit\";") else { return };
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(10) && stderr.contains(&told) && stderr.contains("a fit"), "{stderr}");
}

#[test]
fn a_mock_that_had_lost_its_recording_ended_well() {
    let (folder, path) = place();
    let room = folder.path().join("room");
    std::fs::create_dir(&room).unwrap();
    let event = |event: &str| format!("{{\"t\":0,\"c\":1,\"ev\":{event}}}\n");
    let said = (0..5000).map(|i| format!("\"frame\",\"dir\":\"received\",\"op\":\"text\",\"text\":\"message {i}\""));
    let opened = ["\"open\",\"role\":\"client\",\"url\":\"ws://h/\"", "\"ready\",\"upgrade\":0"].map(str::to_owned);
    let lines: String = opened.into_iter().chain(said).map(|it| event(&it)).collect();
    std::fs::write(&path, format!("{{\"wscope\":1,\"created\":\"2026-11-23T04:20:00Z\"}}\n{lines}")).unwrap();
    // The client hears everything, and leaves.
    let script = "\"$2\" replay \"$3\" --listen 0 -q -o \"$1/a.wsrec\" >/dev/null 2>\"$4\" & mock=$!
        until port=$(sed -n 's/.*127.0.0.1:\\([0-9]*\\).*/\\1/p;q' \"$4\") && [ -n \"$port\" ]; do
            kill -0 $mock || break; sleep 0.02
        done
        \"$2\" 127.0.0.1:$port --no-compress --count 5000 | tail -n 1; wait $mock; code=$?; cat \"$4\" >&2; exit $code";
    let said = folder.path().join("said");
    let args = [env!("CARGO_BIN_EXE_wscope"), path.to_str().unwrap(), said.to_str().unwrap()];
    let Some(output) = in_small_room(script, &room, &args) else { return };
    let told = format!(
        "wscope: error: recording to \"{}/a.wsrec\" stopped: no space left on device; the session goes on without it\n",
        room.display()
    );
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.stdout, b"message 4999\n", "{stderr}");
    assert!(output.status.code() == Some(11) && stderr.matches(&told).count() == 1, "{:?}: {stderr}", output.status);
}
