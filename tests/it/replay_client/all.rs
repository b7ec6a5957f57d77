//! All connections of a recording, one after the other: `--all`; and which they are where a proxy recorded.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use wscope::replay::Score;

use super::replay;
use crate::support::between::Between;
use crate::support::command::wscope;
use crate::support::frames::{close, text};
use crate::support::server::{Peer, Server, listen};
use crate::support::serving::Serve;

/// Records a line said to each of these, all in one file.
fn recorded(folder: &TempDir, urls: &[String]) -> std::path::PathBuf {
    let file = folder.path().join("all.wsrec");
    for (url, number) in urls.iter().zip(1..) {
        let said = format!("hello {number}");
        wscope([url, "-x", &said, "--count", "1", "-q", "-o"]).arg(&file).run();
    }
    file
}

/// Answers one client after another, each with what it says to its first message, or if that is nothing with a refusal; gives
/// what these were.
fn answering(answers: &'static [&str]) -> Server<Vec<String>> {
    listen(move |listener| {
        let mut asked = Vec::new();
        for answer in answers {
            let mut peer = Peer::accept(&listener);
            if answer.is_empty() {
                peer.head();
                peer.say(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
                continue;
            }
            peer.upgrade();
            asked.push(String::from_utf8(peer.frame().unwrap().1).unwrap());
            peer.say(&[text(answer), close(1000, "")].concat());
            peer.finish();
        }
        asked
    })
}

fn scores(file: &Path) -> Vec<Score> {
    Score::all(file).unwrap().0
}

#[test]
fn every_connection_is_replayed_a_refused_one_too_and_each_has_its_verdict_and_suite() {
    let folder = tempfile::tempdir().unwrap();
    let demo = wscope::app::demo::Server::start(0).unwrap();
    let url = demo.url("").trim_end_matches('/').to_owned();
    let file = recorded(&folder, &["/echo", "/auth", "/slow"].map(|path| format!("{url}{path}")));
    let report = folder.path().join("junit.xml");
    let args = ["--all", "--expect", "same", "--junit", report.to_str().unwrap()];
    let ended = replay(&file, &url, &args);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let told: Vec<&str> = ended.stderr.lines().map(|line| line.split(" · ").next().unwrap()).collect();
    let name = file.display();
    let whole = "✓ 1 message: 1 matched, 0 changed, 0 missing, 0 unexpected, 0 out of order";
    let expected = [
        &format!("wscope: replaying connection 1 of {name}, the 1. of 3"),
        whole,
        &format!("wscope: replaying connection 2 of {name}, the 2. of 3"),
        "wscope: refused with 401, as in the recording",
        &format!("wscope: replaying connection 3 of {name}, the 3. of 3"),
        whole,
    ];
    assert_eq!(told, expected);
    assert!(ended.text().contains("hello 1") && ended.text().contains("hello 3"), "{}", ended.text());
    let report = fs::read_to_string(&report).unwrap();
    let suites: Vec<String> = (1..=3).map(|number| format!("\"connection {number} of {name}\"")).collect();
    assert!(suites.iter().all(|suite| report.contains(suite)), "{report}");
    assert!(report.contains("failures=\"0\""), "{report}");
}

#[test]
fn one_that_fails_is_told_and_the_others_are_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let original = answering(&["a", "b to be kept", "c"]);
    let file = recorded(&folder, &[1, 2, 3].map(|_| original.url()));
    assert_eq!(original.saw(), ["hello 1", "hello 2", "hello 3"]);
    let bytes = fs::read(&file).unwrap();

    let changed = answering(&["a", "b to be changed", "c"]);
    let ended = replay(&file, &changed.url(), &["--all", "--expect", "same", "-q"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("✗ 1 message: 0 matched, 1 changed,"), "{}", ended.stderr);
    assert_eq!(changed.saw(), ["hello 1", "hello 2", "hello 3"]);

    let busy = answering(&["a", "", "c"]);
    let ended = replay(&file, &busy.url(), &["--all", "-q"]);
    assert_eq!(ended.code, Some(6), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("wscope: error: connection 2: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("503") && ended.stderr.contains("accepted"), "{}", ended.stderr);
    assert_eq!(busy.saw(), ["hello 1", "hello 3"]);

    // Some are not replayed.
    let ended = replay(&file, "ws://127.0.0.1:1", &["--update"]);
    let told = format!(
        "wscope: error: {} has 3 connections, and --update would leave one of them\n\
         hint: --all replays all of them, -o FILE records to another file\n",
        file.display()
    );
    ended.check(2, "", &told);
    assert!(fs::read(&file).unwrap() == bytes);

    let changed = answering(&["a", "b to be told", "c2"]);
    let ended = replay(&file, &changed.url(), &["--all", "--update", "-q"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.ends_with(": 2 of 3 connections differed\n"), "{}", ended.stderr);
    let answers: Vec<_> = scores(&file).iter().map(|score| score.conversation().messages[1].data.clone()).collect();
    assert_eq!(answers, ["a", "b to be told", "c2"]);
}

#[test]
fn what_a_proxy_recorded_is_played_once_and_not_once_a_leg() {
    let echo = Serve::start(&["--quiet"]);
    let between = Between::start(&format!("ws://{}", echo.url()), &["--quiet"]);
    for said in ["one", "two"] {
        let url = between.url("/");
        wscope([url.as_str(), "-x", said, "--count", "1"]).run().success(format!("{said}\n"));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("legs.wsrec");
    between.end_into(&file);
    assert_eq!(scores(&file).len(), 4);

    let ended = replay(&file, &format!("ws://{}", echo.url()), &["--all", "--expect", "same"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let played: Vec<&str> =
        ended.stderr.lines().filter_map(|line| line.split("replaying connection ").nth(1)).collect();
    let name = file.display();
    assert_eq!(played, [format!("2 of {name}, the 1. of 2"), format!("4 of {name}, the 2. of 2")]);

    let mock = Serve::run(wscope(["replay", file.to_str().unwrap(), "--listen", "0", "-q"]));
    assert!(mock.said.starts_with("playing the server of 2 connections of "), "{}", mock.said);
    for said in ["one", "two"] {
        wscope([format!("ws://{}/", mock.url()).as_str(), "-x", said, "--count", "1"])
            .run()
            .success(format!("{said}\n"));
    }
    assert_eq!(mock.ended().code, Some(0), "nobody is waited for any more");
}
