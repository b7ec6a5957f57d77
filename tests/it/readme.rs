//! The README is kept true: its transcript is what the tour prints, and each of its recipes runs.

use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use regex::{Captures, Regex};

use crate::support::command::wscope;
use crate::support::serving::Serve;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const WSCOPE: &str = env!("CARGO_BIN_EXE_wscope");
const BEGIN: &str = "<!-- tour -->\n";
const END: &str = "<!-- /tour -->";

/// `WSCOPE_BLESS=1` writes the tour of today into the README.
#[test]
fn the_transcript_is_what_the_tour_prints() {
    let output = Command::new(WSCOPE).arg("demo").stdin(Stdio::null()).output().expect("wscope runs");
    assert!(output.status.success());
    let tour = String::from_utf8(output.stdout).expect("text");
    let block = format!("\n```text\n{}```\n\n", settle(&tour));
    let readme = fs::read_to_string(README).expect("a README");
    let (before, rest) = readme.split_once(BEGIN).expect("the beginning of the tour");
    let (shown, after) = rest.split_once(END).expect("the end of the tour");
    if std::env::var_os("WSCOPE_BLESS").is_some() {
        fs::write(README, format!("{before}{BEGIN}{block}{END}{after}")).expect("a README that can be written");
    } else {
        assert_eq!(shown, block, "run the test with WSCOPE_BLESS=1 and look at the difference");
    }
}

/// Times, ports and keys as in no run in particular.
fn settle(tour: &str) -> String {
    let mut text = tour.to_owned();
    for (pattern, value) in [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:7000"),
        (r"(?m)^> Sec-WebSocket-Key: .*$", "> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
        (r"(?m)^< Sec-WebSocket-Accept: .*$", "< Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        (r"\d+(\.\d+)? (ms|µs)\b", "0.1 ms"),
        (r"\b\d+\.\d{3}\b", "0.002"),
    ] {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, |_: &Captures<'_>| value).into_owned();
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

/// The server that the recipes are run against, ended with the test.
pub(crate) struct Demo(Child, pub(crate) u16);

impl Demo {
    pub(crate) fn start() -> Demo {
        let mut child = Command::new(WSCOPE)
            .args(["demo", "--serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("wscope runs");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let port = Regex::new(r"ws://127\.0\.0\.1:(\d+)").expect("a pattern");
        let mut lines = lines.map_while(Result::ok);
        let port = lines.find_map(|line| port.captures(&line)?[1].parse().ok()).expect("the server says its port");
        // What it says later goes nowhere, but it must not be cut off.
        std::thread::spawn(move || lines.for_each(drop));
        Demo(child, port)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn each_recipe_runs() {
    let demo = Demo::start();
    let readme = fs::read_to_string(README).expect("a README");
    let recipes =
        readme.split("```sh\n").skip(1).filter_map(|block| block.split_once("```")).flat_map(|(b, _)| b.lines());
    let folder = Path::new(WSCOPE).parent().expect("a folder");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let jq = Command::new("jq").arg("--version").output().is_ok();
    let place = tempfile::tempdir().expect("a temporary folder");
    // What the recipes take for given.
    for shard in ["shard-1.json", "shard-2.json"] {
        let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/report").join(shard);
        fs::copy(report, place.path().join(shard)).expect("a report");
    }
    let (_, test) = readme.split_once("## Tests\n").and_then(|(_, rest)| rest.split_once("```rust\n")).expect("a test");
    let (test, _) = test.split_once("```").expect("its end");
    fs::create_dir(place.path().join("tests")).expect("a folder");
    fs::write(place.path().join("tests/smoke.test.rhai"), test).expect("a test");
    let mut count = 0;
    for recipe in recipes {
        if recipe.contains("jq") && !jq {
            let _ = writeln!(std::io::stderr(), "skipped: {recipe}: jq is not installed");
            continue;
        }
        let command = recipe.replace(":7000", &format!(":{}", demo.1));
        let output = Command::new("bash")
            .args(["-o", "pipefail", "-c", &command])
            .env("PATH", &path)
            .current_dir(place.path())
            .stdin(Stdio::null())
            .output()
            .expect("bash runs");
        let expected = if recipe.contains("/bad/") { 7 } else { 0 };
        let said = [&output.stderr, &output.stdout].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
        assert_eq!(output.status.code(), Some(expected), "{recipe}\n{said}");
        let quiet = ["wscope record", "wscope mask", "wscope export", "wscope import"]
            .iter()
            .any(|quiet| recipe.starts_with(quiet));
        let silent = quiet && !recipe.contains("-o -");
        assert_eq!(output.stdout.is_empty(), silent, "{recipe}\n{said}");
        count += 1;
    }
    assert!(count > 10, "the README has recipes");
}

#[test]
fn the_script_runs() {
    let demo = Demo::start();
    let readme = fs::read_to_string(README).expect("a README");
    let (_, rest) = readme.split_once("## Scripts\n").expect("a section");
    let (_, rest) = rest.split_once("```rust\n").expect("a script");
    let (script, rest) = rest.split_once("```").expect("its end");
    let run = |script: &str| {
        let script = script.replace(":7000", &format!(":{}", demo.1));
        wscope(["run", "-"]).stdin(script).run()
    };
    run(script).success("");
    // The same with the mistake that the answer below it is about.
    let wrong = script.replace("#{ id: 1 }", "#{ id: 1, result: 4 }").replace("\"2s\");          //", "\"100ms\"); //");
    let ended = run(&wrong);
    assert_eq!(ended.code, Some(1));
    let (_, told) = rest.split_once("    result  ").expect("a difference");
    let told = format!("    result  {}", told.lines().next().expect("a line"));
    assert!(ended.stderr.contains(&told), "{}", ended.stderr);
}

/// What the section on the proxy shows: its commands, the script beside them, and what they print.
#[test]
fn the_proxys_example_runs() {
    let demo = Demo::start();
    let readme = fs::read_to_string(README).expect("a README");
    let (_, section) = readme.split_once("<!-- proxy -->").expect("the example");
    let (_, block) = section.split_once("```console\n$ wscope proxy ").expect("its commands");
    let (block, rest) = block.split_once("```").expect("their end");
    let (_, script) = rest.split_once("```rust\n").expect("a script");
    let (script, _) = script.split_once("```").expect("its end");
    let place = tempfile::tempdir().expect("a temporary folder");
    fs::write(place.path().join("between.rhai"), script).expect("a script");
    let (arguments, rest) = block.split_once('\n').expect("a command");
    let arguments = arguments.replace(":7000", &format!(":{}", demo.1)).replace("--listen 9000", "--listen 0");
    let proxy = Serve::run(wscope(["proxy"]).args(arguments.split(' ')).inside(place.path()));
    assert!(proxy.said.starts_with("proxying ws://127.0.0.1:"), "{}", proxy.said);
    let path =
        format!("{}:{}", Path::new(WSCOPE).parent().expect("a folder").display(), std::env::var("PATH").unwrap());
    for step in rest.split("$ ").skip(1) {
        let (command, printed) = step.split_once('\n').expect("a command");
        let command = command.replace(":9000", &format!(":{}", proxy.port));
        let mut bash = Command::new("bash");
        bash.args(["-c", &command]).env("PATH", &path).current_dir(place.path()).stdin(Stdio::null());
        let output = bash.output().expect("bash runs");
        let shown = settle(&String::from_utf8_lossy(&output.stdout));
        assert_eq!(shown, printed, "{command}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
