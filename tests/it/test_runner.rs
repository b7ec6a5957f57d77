//! `wscope test`, run as a user runs it: what becomes of cases, against the demo's server and against peers that follow a script.

mod choosing;
mod reports;

use std::fs;
use std::path::PathBuf;

use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;
use wscope::app::demo::Server;
use wscope::session::Clock;

use crate::support::command::{Ended, PATIENCE, Wscope, wscope};
use crate::support::server::serve;
use crate::support::tmux::{self, Terminal};

/// A folder of tests, and a server for them.
struct Place {
    folder: TempDir,
    server: Server,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap(), server: Server::start(0).unwrap() };
        for (name, text) in files {
            let path = place.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// `wscope test` in the folder, with the server's URL as a variable.
    fn test(&self, args: &[&str]) -> Wscope {
        let url = format!("url={}", self.server.url(""));
        wscope(["test", "--var", &url]).args(args).inside(self.folder.path())
    }

    /// The same to its end, which is written as JSON, too.
    fn report(&self, args: &[&str]) -> (Ended, Value) {
        let ended = self.test(args).args(["--json", "report.json"]).run();
        (ended, serde_json::from_str(&self.read("report.json")).unwrap())
    }

    /// Waits until a case has made this file.
    fn wait_for(&self, name: &str) {
        let clock = Clock::start();
        while !self.path(name).exists() {
            assert!(clock.elapsed() < PATIENCE, "no {name}");
            std::thread::yield_now();
        }
    }
}

/// Times as in no run in particular.
fn settle(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, value) in [
        (r"\d+(\.\d+)? (ms|s)\b", "0 ms"),
        (r"\b\d+\.\d{3}\b", "0.002"),
        (r" +\+0 ms", " +0 ms"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:7000"),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, value).into_owned();
    }
    text
}

/// What ended how, in the order of the report: `name outcome`.
fn outcomes(report: &Value) -> Vec<String> {
    let suites = report["suites"].as_array().unwrap().iter();
    let cases = suites.flat_map(|suite| suite["cases"].as_array().unwrap());
    cases.map(|case| format!("{} {}", case["name"].as_str().unwrap(), case["outcome"].as_str().unwrap())).collect()
}

#[test]
fn a_case_can_end_in_every_way() {
    let place = Place::new(&[(
        "all.test.rhai",
        r#"let url = variable("url");
test("passes", ["smoke"], || {
    let ws = connect(url + "/echo", #{ no_compress: true });
    ws.send("hi");
    ws.expect("hi");
});
test("fails", || {
    let ws = connect(url + "/echo", #{ no_compress: true });
    ws.send_json(#{ id: 1, price: 3 });
	print("sent\x1b[2J");
    ws.expect(#{ id: 1, price: 2 }, "2s");
});
test("is skipped", || skip("no server"));
test("stumbles", || nothing());
test("ends", || ());
"#,
    )]);
    let ended = place.test(&[]).run();
    let expected = r#"ok   all.test.rhai › passes (0 ms)
FAIL all.test.rhai › fails (0 ms)
     expected a message with JSON {"id":1,"price":2} within 0 ms; one message came, and it is another
     at all.test.rhai:11:8
           ws.expect(#{ id: 1, price: 2 }, "2s");
              ^
     nearest is #6, text "{\"id\":1,\"price\":3}"
       price  expected 2  got 3
     frames:
       ▲ 5    0.002  text        18 B  {"id":1,"price":3}
       ▼ 6    0.002  text        18 B  {"id":1,"price":3} +0 ms
     printed:
       sent\x1b[2J
skip all.test.rhai › is skipped: no server
ERR  all.test.rhai › stumbles (0 ms)
     function not found: nothing ()
     at all.test.rhai:14:21
       test("stumbles", || nothing());
                           ^
ok   all.test.rhai › ends (0 ms)
2 passed, 1 failed, 1 error, 1 skipped in 0 ms
"#;
    assert_eq!(settle(ended.text()), expected);
    assert_eq!((ended.code, &*ended.stderr), (Some(1), ""));
}

#[test]
fn a_case_that_takes_too_long_is_stopped_and_the_next_one_goes_on() {
    let text = "test(\"loops\", || { loop {} });\ntest(\"waits\", || sleep(\"1h\"));\n\
                test(\"hears nothing\", || connect(variable(\"url\") + \"/echo\").expect(\"hi\", \"1h\"));\ntest(\"ends\", || ());\n";
    let (ended, report) = Place::new(&[("a.test.rhai", text)]).report(&["--timeout", "1s"]);
    assert_eq!(outcomes(&report), ["loops error", "waits error", "hears nothing error", "ends passed"]);
    for case in &report["suites"][0]["cases"].as_array().unwrap()[..3] {
        assert_eq!(case["why"]["message"], "timed out after 1.0 s");
    }
    assert_eq!(ended.code, Some(9));
}

#[test]
fn each_case_is_between_setup_and_teardown_however_it_ends() {
    let place = Place::new(&[(
        "a.test.rhai",
        r#"print("read");
setup(|| print("up"));
teardown(|| print("down"));
test("passes", || print("passes"));
test("fails", || fail("no"));
test("waits", || sleep("1h"));
test("is skipped", || skip(""));
"#,
    )]);
    let (ended, report) = place.report(&["--timeout", "300ms", "--quiet"]);
    assert_eq!(ended.code, Some(1));
    let suite = &report["suites"][0];
    assert_eq!(suite["output"], serde_json::json!(["read"]));
    let output: Vec<_> = suite["cases"].as_array().unwrap().iter().map(|case| case["output"].to_string()).collect();
    let both = r#"["up","down"]"#;
    assert_eq!(output, [r#"["up","passes","down"]"#, both, both, both]);
    assert!(ended.text().starts_with("FAIL a.test.rhai › fails ("), "{}", ended.text());
    let verbose = place.test(&["--verbose", "--filter", "passes"]).run();
    assert!(verbose.text().contains("     printed:\n       up\n       passes\n       down\n"), "{}", verbose.text());
}

#[test]
fn a_teardown_that_fails_is_a_failure_and_never_hides_one() {
    let place = Place::new(&[(
        "a.test.rhai",
        "teardown(|| fail(\"left behind\"));\ntest(\"passes\", || ());\ntest(\"fails\", || fail(\"no\"));\n\
         test(\"is skipped\", || skip(\"x\"));\n",
    )]);
    let (_, report) = place.report(&[]);
    assert_eq!(outcomes(&report), ["passes failed", "fails failed", "is skipped failed"]);
    let why = |at: usize| report["suites"][0]["cases"][at]["why"].clone();
    assert_eq!(why(0)["message"], "teardown: left behind");
    assert_eq!(why(1)["message"], "no");
    assert_eq!(why(1)["detail"][0], "the teardown failed, too: a.test.rhai:1:13: left behind");
    assert_eq!(why(2)["message"], "teardown: left behind");
}

#[test]
fn connections_of_a_case_are_closed_after_it_and_those_of_the_file_after_all() {
    let [own, common] = [(); 2].map(|()| {
        serve(|mut peer| {
            peer.upgrade();
            peer.finish()
        })
    });
    let text = format!(
        "let all = connect({:?});\ntest(\"one\", || {{ connect({:?}); all.send(\"one\"); }});\n\
         test(\"two\", || {{ assert(all.is_open); all.send(\"two\"); }});\n",
        common.url(),
        own.url()
    );
    let place = Place::new(&[("a.test.rhai", &text)]);
    let ended = place.test(&[]).run();
    assert_eq!(ended.code, Some(0), "{}", ended.text());
    let codes = |frames: Vec<(u8, Vec<u8>)>| frames.into_iter().map(|(_, payload)| payload).collect::<Vec<_>>();
    assert_eq!(codes(own.saw()), [vec![0x03, 0xe8]]);
    assert_eq!(codes(common.saw()), [b"one".to_vec(), b"two".to_vec(), vec![0x03, 0xe8]]);
}

#[test]
fn a_script_without_cases_is_one_and_runs_in_its_turn_only() {
    let place = Place::new(&[
        ("tests/chat.test.rhai", "print(\"ran\");\nwrite_file(\"ran\", \"\");\nfail(\"no\");\n"),
        ("tests/other.test.rhai", "import \"cases\" as cases;\ncases::define();\n"),
        ("tests/cases.rhai", "fn define() { test(\"hidden\", || ()); }\n"),
    ]);
    place.test(&["--list"]).run().success("tests/chat.test.rhai › chat\ntests/other.test.rhai › other\n");
    assert!(!place.path("tests/ran").exists());
    let (_, report) = place.report(&["tests"]);
    assert_eq!(outcomes(&report), ["chat failed", "other error"]);
    let cases = &report["suites"];
    assert_eq!(cases[0]["cases"][0]["why"]["line"], 3);
    assert_eq!(cases[1]["cases"][0]["why"]["message"], "the case \"hidden\" is defined by another file");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_the_others_run() {
    let place = Place::new(&[
        ("a.test.rhai", "test(\"x\", || ());\n\ntest(\"y\", || ());\ntest(\"x\", || ());\n"),
        ("b.test.rhai", "let x = ;\n"),
        ("c.test.rhai", "print(\"hm\");\nloop {}\ntest(\"never\", || ());\n"),
        ("d.test.rhai", "if false { test(\"never\", || ()); }\nfn more() { test(\"never\", || ()); }\n"),
        ("e.test.rhai", "test(\"runs\", || ());\nskip(\"not here\");\n"),
        ("f.test.rhai", "test(\"runs\", || ());\n"),
        ("g.test.rhai", "skip(\"nothing to do\");\ntest(\"never\", || ());\n"),
    ]);
    let ended = place.test(&["--timeout", "300ms"]).run();
    let expected = r#"ERR  a.test.rhai
     two cases are named "x"
     at a.test.rhai:4
       test("x", || ());
     the first is at a.test.rhai:1
ERR  b.test.rhai
     unexpected ';'
     at b.test.rhai:1:9
       let x = ;
               ^
ERR  c.test.rhai
     timed out after 0 ms
     at c.test.rhai:2:6
       loop {}
            ^
     printed:
       hm
ERR  d.test.rhai
     the file calls test(), but has defined no case
     at d.test.rhai
skip e.test.rhai › runs: not here
ok   f.test.rhai › runs (0 ms)
skip g.test.rhai › g: nothing to do
1 passed, 4 errors, 2 skipped in 0 ms
"#;
    assert_eq!(settle(ended.text()), expected);
    // Timeouts and scripts that are wrong.
    assert_eq!(ended.code, Some(1));
}

#[test]
fn the_exit_code_is_that_of_a_script_if_all_failures_are_of_one_kind() {
    let refused = "connect(\"ws://127.0.0.1:1/\");\n";
    let cases: [(&str, &[&str], i32); 8] = [
        ("test(\"a\", || ());\ntest(\"b\", || skip(\"\"));\n", &[], 0),
        ("fail(\"no\");\n", &[], 1),
        (refused, &[], 4),
        ("connect(variable(\"url\") + \"/none\");\n", &[], 6),
        ("sleep(\"1h\");\n", &["--timeout", "100ms"], 9),
        ("nothing();\n", &[], 10),
        ("read_file(\"none\");\n", &[], 11),
        ("test(\"a\", || connect(\"ws://127.0.0.1:1/\"));\ntest(\"b\", || nothing());\n", &[], 1),
    ];
    for (text, args, code) in cases {
        let ended = Place::new(&[("a.test.rhai", text)]).test(args).run();
        assert_eq!(ended.code, Some(code), "{text}{}", ended.text());
    }
}

#[test]
fn no_test_is_an_error() {
    let place = Place::new(&[("a.rhai", "test(\"a\", || ());\n")]);
    let hint = "hint: the name of a test ends with .test.rhai; any other script is run if it is named itself\n";
    place.test(&[]).run().check(2, "", &format!("wscope: error: no test found in \".\"\n{hint}"));
    let none = "wscope: error: none of 1 cases is selected\nhint: wscope test --list without --filter and --tag lists them all\n";
    place.test(&["a.rhai", "--filter", "b"]).run().check(2, "", none);
    let missing = "wscope: error: cannot read \"none\": no such file or directory\n";
    place.test(&["none"]).run().check(11, "", missing);
    assert_eq!(place.test(&["a.rhai"]).run().code, Some(0));
}

#[test]
fn a_case_that_passes_when_tried_again_is_flaky() {
    let place = Place::new(&[(
        "a.test.rhai",
        r#"let n = 0;
test("third time", || { n += 1; print(n); assert(n > 2, "too early"); });
test("never", || fail("no"));
"#,
    )]);
    let (ended, report) = place.report(&["--retry", "2"]);
    let expected = "ok   a.test.rhai › third time (0 ms, attempt 3)\nFAIL a.test.rhai › never (0 ms, attempt 3)\n     no\n     \
                    at a.test.rhai:3:18\n       test(\"never\", || fail(\"no\"));\n                        ^\n\
                    flaky a.test.rhai › third time (passed at attempt 3)\n1 passed, 1 failed in 0 ms\n";
    assert_eq!(settle(ended.text()), expected);
    assert_eq!(ended.code, Some(1));
    let flaky = &report["suites"][0]["cases"][0];
    let attempts: Vec<_> =
        flaky["attempts"].as_array().unwrap().iter().map(|it| it["why"]["message"].clone()).collect();
    assert_eq!(attempts, ["too early", "too early"]);
    assert_eq!(flaky["output"], serde_json::json!(["3"]));
}

/// Each of the two says its name until it hears the other's.
fn meets(own: &str, other: &str) -> String {
    format!(
        r#"test("meets {other}", || {{
    let ws = connect(variable("url") + "/chat");
    let met = false;
    while !met {{
        ws.send("{own}");
        try {{ ws.expect("{other}", "20ms"); met = true; }} catch {{}}
    }}
    ws.send("{own}");
}});
"#
    )
}

#[test]
fn files_run_at_the_same_time_if_there_are_jobs_for_them() {
    let place = Place::new(&[("a.test.rhai", &meets("ann", "bob")), ("b.test.rhai", &meets("bob", "ann"))]);
    let ended = place.test(&["--jobs", "2"]).run();
    assert_eq!(ended.code, Some(0), "{}", ended.text());
    assert_eq!(place.test(&["--timeout", "200ms"]).run().code, Some(9));
}

#[test]
fn ctrl_c_stops_what_runs_and_reports_it() {
    let place = Place::new(&[(
        "a.test.rhai",
        "test(\"passes\", || ());\ntest(\"runs\", || { write_file(\"running\", \"\"); loop {} });\ntest(\"never\", || ());\n",
    )]);
    let running = place.test(&["--json", "report.json"]).start();
    place.wait_for("running");
    running.interrupt();
    let ended = running.end();
    assert_eq!((ended.code, &*ended.stderr), (Some(130), ""));
    let report: Value = serde_json::from_str(&place.read("report.json")).unwrap();
    assert_eq!(outcomes(&report), ["passes passed", "runs error", "never skipped"]);
    assert_eq!(report["suites"][0]["cases"][2]["why"], "not run: interrupted");
    let text = settle(ended.text());
    assert!(text.contains("ERR  a.test.rhai › runs (0 ms)\n     interrupted\n"), "{text}");
    assert!(text.ends_with("1 passed, 1 error, 1 skipped in 0 ms\n") && !text.contains("never"), "{text}");
}

#[test]
fn a_terminal_has_one_line_that_is_rewritten_and_what_failed_above_it() {
    if !tmux::is_installed() {
        return;
    }
    let place = Place::new(&[(
        "a.test.rhai",
        r#"fn wait(name) { let there = false; while !there { try { read_file(name); there = true; } catch { sleep("10ms"); } } }
test("passes", || ());
test("fails", || fail("no"));
test("waits", || wait("go"));
"#,
    )]);
    let terminal = Terminal::new().run(&format!("test {}", place.folder.path().display()));
    let screen = terminal.wait_for("a.test.rhai › waits");
    assert!(screen.contains("2/3, 1 failed  ") && screen.contains("FAIL ") && !screen.contains("ok "), "{screen}");
    fs::write(place.path("go"), "").unwrap();
    let code = terminal.wait_for_end();
    let screen = terminal.screen();
    assert!(screen.contains("2 passed, 1 failed in ") && !screen.contains("2/3"), "{screen}");
    assert_eq!(code, 1);
}
