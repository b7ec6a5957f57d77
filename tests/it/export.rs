//! Recordings in the formats of others: byte for byte as documented, as those who read these formats read them, and whole or
//! not at all.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::browser;
use crate::support::command::{PATIENCE, wscope};
use crate::support::golden::{self, Golden};
use crate::support::peers::{node_reader, reader};

pub(crate) const AWKWARD: &str = "tests/golden/export/awkward.wsrec";
const VERSION: &str = concat!("\"version\":\"", env!("CARGO_PKG_VERSION"), "\"");

/// The recording in a format, from standard output.
fn exported(format: &str, args: &[&str]) -> String {
    let ended = wscope(["export", AWKWARD, "--to", format, "-o", "-"]).args(args).run();
    ended.success(&ended.stdout);
    ended.text().to_owned()
}

#[test]
fn each_format_byte_for_byte() {
    for format in ["har", "csv", "jsonl", "txt"] {
        let text = exported(format, &[]).replacen(VERSION, "\"version\":\"0.0.0\"", 1);
        golden::check(&format!("tests/golden/export/awkward.{format}"), &text);
    }
}

#[test]
fn a_transcript_is_what_show_prints() {
    for conn in [&[][..], &["--conn", "2"]] {
        let shown = wscope(["show", AWKWARD]).args(conn).run();
        assert_eq!(exported("txt", conn), shown.text());
    }
}

/// Python's reader of CSV has each payload as the recording has it.
#[test]
fn csv_for_a_strict_reader() {
    let script = "import csv, sys, io, json\n\
        text = sys.stdin.buffer.read().decode()\n\
        rows = list(csv.DictReader(io.StringIO(text, newline=''), strict=True))\n\
        print(json.dumps([[r['frame'], r['opcode'], r['text'], r['base64'], r['violations']] for r in rows]))";
    let Some(python) = reader("python3", &["-c", script], &exported("csv", &[])) else { return };
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    let rows: Vec<[String; 5]> = serde_json::from_slice(&python.stdout).unwrap();
    let row = |number: usize| rows[number - 1].each_ref().map(String::as_str);
    assert_eq!(rows.len(), 16);
    assert_eq!(row(1), ["1", "text", "say \"hi\", she said", "", ""]);
    assert_eq!(row(3)[2], "two\r\nlines\tand \0 and \x1b[31mred\x1b[0m, \\ and ☃");
    assert_eq!(row(5), ["5", "binary", "", "AP/+", ""]);
    assert_eq!(row(7)[2], "=1+1");
    assert_eq!(row(13), ["13", "3", "", "wyg=", "reserved opcode"]);
    assert_eq!(row(15), ["15", "text", "", "w7zDKA==", "text that is not UTF-8"]);
}

#[test]
fn messages_for_a_reader_of_json() {
    let script = "import json, sys\n\
        print(json.dumps([[m['frame'], m['direction'], m.get('text'), m.get('base64'), m['size']] for m in map(json.loads, \
        sys.stdin.buffer.read().decode().split('\\n')[:-1])]))";
    let Some(python) = reader("python3", &["-c", script], &exported("jsonl", &[])) else { return };
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    let rows: Value = serde_json::from_slice(&python.stdout).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 10);
    assert_eq!(rows[1], serde_json::json!([2, "sent", "", null, 0]));
    assert_eq!(rows[8], serde_json::json!([12, "received", "üü", null, 4]));
    assert_eq!(rows[9], serde_json::json!([15, "received", null, "w7zDKA==", 4]));
}

/// The schema of HAR 1.2, and what browsers have of a WebSocket.
#[test]
fn har_for_a_validator_and_for_browsers() {
    let text = exported("har", &[]);
    let har: Value = serde_json::from_str(&text).unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    let status = |entry: &Value| entry["response"]["status"].as_u64().unwrap();
    assert_eq!(entries.iter().map(status).collect::<Vec<_>>(), [101, 101, 401]);
    assert_eq!(entries[2]["response"]["content"]["text"], "who, you?");
    let messages = entries[0]["_webSocketMessages"].as_array().unwrap();
    let shape = |message: &Value| {
        let string = |name: &str| message[name].as_str().unwrap().to_owned();
        (string("type"), message["opcode"].as_u64().unwrap(), string("data"))
    };
    assert_eq!(shape(&messages[0]), ("send".into(), 1, "say \"hi\", she said".into()));
    assert_eq!(shape(&messages[2]), ("receive".into(), 2, "AP/+".into()));
    assert_eq!(shape(&messages[5]), ("receive".into(), 1, "hello hello hello hello".into()));
    assert!(text.contains("\"time\":1795407601.004990,"), "{text}");
    assert_eq!(shape(&entries[1]["_webSocketMessages"][0]), ("send".into(), 1, String::new()));
    let script = "const { har } = require('har-validator'); let text = ''; process.stdin.on('data', d => text += d);\
        process.stdin.on('end', () => har(JSON.parse(text)).then(() => console.log('valid'), e => console.log(e.errors)));";
    let Some(valid) = node_reader("har-validator", script, &text) else { return };
    assert_eq!(String::from_utf8_lossy(&valid.stdout), "valid\n", "{}", String::from_utf8_lossy(&valid.stderr));
}

/// Opened in the Network panel, as a user does: each connection, and each message with its direction, size and time.
#[test]
fn har_for_the_devtools_of_chrome() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("awkward.har");
    fs::write(&file, exported("har", &[])).unwrap();
    let script = "const texts = (elements) => elements.map(([, text]) => text.trim()).filter((text) => text);
        const messages = async (number, last) => {
            await click(`td.name-column >> nth=${number}`);
            await click('role=tab[name=\"Messages\"]');
            const rows = await all('tr:has(td.data-column):has(td.time-column)', last);
            return rows.map(([kind, text]) => [/send|receive/.exec(kind)?.[0], ...text.replaceAll('\\u00a0', ' ').split('\\t').slice(0, 3)]);
        };
        await choose('input[type=file]', FILE);
        const entries = await all('tr:has(td.name-column):has(td.status-column)', '401');
        const first = await messages(0, 'hello hello');
        await click('td.data-column:has-text(\"Binary message\") >> nth=0');
        const bytes = await all('text=/^(00|F[EF])$/', 'FE');
        return { entries: texts(entries), first, bytes: texts(bytes), second: await messages(1, '0 B') };";
    let script = script.replace("FILE", &Value::from(file.to_str().unwrap()).to_string());
    let Some(seen) = browser::run_on_network_panel(&script) else { return };
    let names = ["echo?room=a%20b&token=***\t101\twebsocket", "echo\t101\twebsocket", "auth\t401\twebsocket"];
    let entries = seen["entries"].as_array().unwrap();
    assert_eq!(entries.len(), names.len(), "{entries:?}");
    for (entry, name) in entries.iter().zip(names) {
        assert!(entry.as_str().unwrap().starts_with(name), "{entry} is not {name}");
    }
    let first = serde_json::json!([
        ["send", "say \"hi\", she said", "18", "04:20:01.004"],
        ["receive", "two lines and \0 and \x1b[31mred\x1b[0m, \\ and ☃", "42", "04:20:01.005"],
        ["receive", "Binary message", "3 B", "04:20:01.005"],
        ["receive", "Binary message", "4 B", "04:20:01.006"],
        ["receive", "=1+1", "4", "04:20:01.006"],
        ["receive", "hello hello hello hello", "23", "04:20:01.006"],
        ["receive", "üü", "2", "04:20:01.008"],
        ["receive", "ü\u{fffd}(", "3", "04:20:01.009"],
    ]);
    assert_eq!(seen["first"], first);
    assert_eq!(seen["bytes"], serde_json::json!(["00", "FF", "FE"]));
    let second = [["send", "", "0", "04:20:01.004"], ["receive", "Binary message", "0 B", "04:20:01.005"]];
    assert_eq!(seen["second"], serde_json::json!(second));
}

#[test]
fn what_goes_wrong_is_told_and_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    fs::copy(AWKWARD, path("a.wsrec")).unwrap();
    fs::write(path("there.csv"), "mine").unwrap();
    fs::write(path("foreign.wsrec"), "{}\n").unwrap();
    let run = |args: &[&str]| wscope(["export"]).args(args).inside(place.path()).run();
    let mut golden = Golden::of("export/errors");
    for args in [
        &["a.wsrec"][..],
        &["a.wsrec", "-o", "a.pdf"],
        &["a.wsrec", "-o", "-"],
        &["a.wsrec", "--to", "pdf"],
        &["a.wsrec", "-o", "there.csv"],
        &["a.wsrec", "-o", "a.wsrec", "--to", "csv", "--force"],
        &["a.wsrec", "-o", "no/such/folder.csv"],
        &["a.wsrec", "-o", "b.csv", "--conn", "2,9"],
        &["foreign.wsrec", "-o", "b.csv"],
        &["missing.wsrec", "-o", "b.csv"],
    ] {
        golden.case(&format!("export {}", args.join(" ")), &run(args), &[]);
    }
    golden.check();
    let mut left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|each| each.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["a.wsrec", "foreign.wsrec", "there.csv"]);
    assert_eq!(fs::read(path("there.csv")).unwrap(), b"mine");
    run(&["a.wsrec", "-o", "there.csv", "--force"]).success("");
    run(&["a.wsrec", "--to", "har"]).success("");
    assert_eq!(fs::metadata(path("a.har")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read(path("a.wsrec")).unwrap(), fs::read(AWKWARD).unwrap());
}

#[test]
fn a_torn_line_is_told_and_the_rest_is_there() {
    let place = tempfile::tempdir().unwrap();
    let torn = place.path().join("torn.wsrec");
    let whole = fs::read_to_string(AWKWARD).unwrap();
    fs::write(&torn, &whole[..whole.len() - 20]).unwrap();
    for format in ["har", "csv", "jsonl", "txt"] {
        let ended = wscope(["export", "-o", "-", "--to", format]).arg(&torn).run();
        let line = whole.lines().count();
        assert_eq!(ended.code, Some(0), "{format}: {}", ended.stderr);
        assert_eq!(ended.stderr.matches(&format!("line {line} ")).count(), 1, "{format}: {}", ended.stderr);
        assert!(
            ended.stderr.ends_with("skipped: torn\n") && ended.text().contains("say "),
            "{format}: {}",
            ended.stderr
        );
    }
}

/// A recording that comes through a pipe, so that it is known how far the export is when Ctrl-C comes.
#[test]
fn an_interrupted_export_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let pipe = place.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let running = wscope(["export", "pipe", "-o", "a.csv"]).inside(place.path()).start();
    let mut input = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    input.write_all(&fs::read(AWKWARD).unwrap()).unwrap();
    until(|| entries(place.path()) == 2);
    running.interrupt();
    drop(input);
    running.end().check(130, "", "");
    assert_eq!(entries(place.path()), 1);
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

fn until(mut done: impl FnMut() -> bool) {
    let mut left = PATIENCE.as_millis() / 5;
    while !done() {
        assert!(left > 0, "it does not come");
        left -= 1;
        std::thread::sleep(Duration::from_millis(5));
    }
}
