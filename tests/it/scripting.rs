//! `wscope run` as whoever writes a script sees it: where and how an error is told, what is not there, functions that keep a
//! connection, several at a time, Ctrl-C, and what a script may use up.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use wscope::app::demo::Server;

use crate::support::command::{Ended, wscope};
use crate::support::golden::{self, Golden};

/// Scripts in a folder of their own.
struct Scripts(TempDir);

impl Scripts {
    fn new(files: &[(&str, &str)]) -> Scripts {
        let scripts = Scripts(tempfile::tempdir().unwrap());
        for (name, text) in files {
            scripts.write(name, text);
        }
        scripts
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs `main.rhai` with an echo for its argument.
    fn run(&self, options: &[&str], main: &str) -> Ended {
        self.write("main.rhai", main);
        wscope(["run"]).args(options).arg(self.0.path().join("main.rhai")).arg(echo()).run()
    }

    fn place(&self) -> &str {
        self.0.path().to_str().unwrap()
    }
}

fn echo() -> String {
    Server::start(0).unwrap().url("/echo")
}

/// Runs a script that prints what it is about.
#[track_caller]
fn prints(main: &str, lines: &str) {
    Scripts::new(&[]).run(&[], main).success(lines);
}

#[test]
fn the_definitions_are_those_of_the_program() {
    let said = wscope(["run", "--api"]).run();
    golden::check("docs/wscope.d.rhai", said.text());
}

#[test]
fn an_error_has_its_place() {
    let mut golden = Golden::of("scripts/errors");
    let scripts = Scripts::new(&[
        (
            "lib/x.rhai",
            "import \"deep/y\" as y;\nfn bottom() { y::bottom() }\nfn check(map) {\n    assert_eq(map.a, 2)\n}\nfn made() { || 1 }\n",
        ),
        ("lib/deep/y.rhai", "fn bottom() {\n    throw #{ code: 7 };\n}\n"),
        ("lib/broken.rhai", "let x = = 1;\n"),
        ("lib/fails.rhai", "let x = nothing;\n"),
        ("lib/self.rhai", "import \"self\" as again;\n"),
    ]);
    for (what, main) in [
        ("in a function", "fn inner(a) {\n    assert_eq(a, 2, \"inner\")\n}\nfn outer(a) { inner(a) }\nouter(1);"),
        ("in a closure", "let check = |a| assert_eq(a, 2);\nretry(2, \"1ms\", || check.call(1));"),
        (
            "in a handler",
            "let ws = connect(arg(0));\nws.on_message(|m| {\n    fail(`it was ${m.text}`);\n});\nws.send(\"x\");\nrun(\"5s\");",
        ),
        ("in parallel", "parallel([\n    || 1,\n    || assert(false, \"two\"),\n    || 3,\n]);"),
        ("in a module", "import \"lib/x\" as x;\nx::check(#{ a: 1, b: 2 });"),
        ("in a module of a module", "import \"lib/x\" as x;\nx::bottom();"),
        ("in the head of a module", "import \"lib/fails\" as x;"),
        ("a module that is none", "import \"lib/broken\" as x;"),
        ("a module that is not there", "let a = 1;\nimport \"lib/none\" as x;"),
        ("a module that imports itself", "import \"lib/self\" as x;"),
        ("a function out of a module", "import \"lib/x\" as x;\nlet f = x::made();\nf.call();"),
        ("a script that is none", "let ws = connect(\"x\";"),
        ("a variable that is not there", "let x = 1;\nlet y = x + z;"),
        ("a function that is not there", "let ws = connect(arg(0));\nws.sendd(\"x\");"),
        ("a value that a function does not take", "let ws = connect(arg(0));\nws.send(1.5);"),
        ("a field of a frame that is none", "let ws = connect(arg(0));\nws.frame(#{ mask: \"half\" });"),
        ("no such argument", "let url = arg(0);\nlet count = parse_int(arg(1));"),
        ("an argument that is no number", "let count = parse_int(arg(0));"),
        ("a method of what is not there", "let m = json(`{\"a\":1}`);\nprint(m.b.c.len());"),
        ("its own words", "throw \"enough\";"),
    ] {
        let ended = scripts.run(&[], main);
        let server =
            ended.stderr.find("ws://127.0.0.1:").map(|at| ended.stderr[at..].split(['/', '"']).nth(2).unwrap());
        let server = server.unwrap_or("ws://").to_owned();
        golden.case(what, &ended, &[(scripts.place(), "SCRIPTS"), (&server, "SERVER")]);
    }
    golden.check();
}

#[test]
fn what_a_script_uses_up_is_limited() {
    let mut golden = Golden::of("scripts/limits");
    let scripts = Scripts::new(&[]);
    let doubled = "let all = \"0123456789abcdef\";\nloop {\n    all += all;\n}";
    for (what, options, main) in [
        ("operations", &["--max-operations", "10000"][..], "let n = 0;\nloop { n += 1; }"),
        ("the size of a text", &[], doubled),
        ("calls within calls", &[], "fn down(n) { down(n + 1) }\ndown(0);"),
        ("calls within calls at the same time", &[], "fn down(n) { down(n + 1) }\nparallel(2, |n| down(0));"),
        ("time", &["--timeout", "50ms"], "loop {}"),
        ("time while it waits", &["--timeout", "50ms"], "sleep(\"1h\");"),
    ] {
        golden.case(what, &scripts.run(options, main), &[(scripts.place(), "SCRIPTS")]);
    }
    golden.check();
}

#[test]
fn what_is_not_there_is_nothing() {
    prints(
        "let ws = connect(arg(0));
        ws.send(\"no json\");
        let m = ws.recv();
        print([m.json, m.json.a.b, m.json.a[\"b\"].c ?? 7]);
        ws.send(`{\"a\":{\"b\":1}}`);
        let m = ws.recv();
        print([m.json.a.b, m.json.a.c.d, m.json.x.y == 1]);
        ws.send(\"no json\"); ws.send(\"[1]\"); ws.send(`{\"a\":{\"b\":2}}`);
        print(ws.expect(|m| m.json.a.b > 1).json);",
        "[(), (), 7]\n[1, (), false]\n#{\"a\": #{\"b\": 2}}\n",
    );
}

#[test]
fn functions_may_keep_connections_and_change_variables() {
    prints(
        "let a = connect(arg(0));
        let b = connect(arg(0));
        let seen = [];
        a.on_message(|m| { seen.push(`a ${m.text}`); if m.text.len < 3 { b.send(m.text + \"!\") } else { stop() } });
        b.on_message(|m| { seen.push(`b ${m.text}`); a.send(m.text + \"?\") });
        a.send(\"x\");
        run(\"10s\");
        print(seen);",
        "[\"a x\", \"b x!\", \"a x!?\"]\n",
    );
}

#[test]
fn a_message_is_sent_on_as_it_came() {
    prints(
        "let a = connect(arg(0));
        let b = connect(arg(0));
        for data in [\"für\", from_hex(\"00ff\")] {
            a.send(data);
            b.send(a.recv());
            let m = b.recv();
            print(`${m.opcode} ${hex(m.blob)}`);
        }",
        "text 66c3bc72\nbinary 00ff\n",
    );
}

#[test]
fn several_at_a_time() {
    prints(
        "let url = arg(0);
        let greeting = \"hello\";
        print(parallel(8, |n| {
            let ws = connect(url);
            for m in 0..20 {
                ws.send(`${greeting} ${n} ${m}`);
                ws.expect(`${greeting} ${n} ${m}`);
            }
            ws.close(3001 + n);
            ws.expect_close().code
        }));
        print(parallel([|| 1, || \"two\"]));",
        "[3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008]\n[1, \"two\"]\n",
    );
}

#[test]
fn the_peers_close_frame_is_seen_whoever_began() {
    prints(
        "let ws = connect(arg(0));
        ws.frame(#{ op: \"close\", payload: from_hex(\"03\") });
        let answer = ws.expect_close_frame();
        print(answer.code);
        ws.drop();
        ws.drop();
        print(ws.is_open);",
        "1002\nfalse\n",
    );
}

#[test]
fn columns_and_bars() {
    prints(
        "print(`${left(\"ab\", 4)}|${right(7, 4)}|${right(\"longer\", 3)}|`);
        print(`${fixed(2.0 / 3.0, 2)} ${fixed(5, 1)} ${time_text(0.00042)} ${time_text(3)} ${size_text(2048)}`);
        print(`${bar(5, 10, 4)}|${bar(0, 10, 4)}|${bar(1, 1000, 4)}`);",
        "ab  |   7|longer|\n0.67 5.0 0.4 ms 3.0 s 2.0 KiB\n██||▏\n",
    );
}

#[test]
fn a_text_is_found_by_what_is_around_it() {
    prints(
        r#"print("sid=8f3a; x".capture("sid=([0-9a-f]+);") + capture("a 12 b", "[0-9]+"));
        try { "x".capture("y(.)"); } catch (error) { print(error.message); }"#,
        "8f3a12\n\"y(.)\" finds nothing in \"x\"\n",
    );
}

#[test]
fn any_number_of_connections_one_after_the_other() {
    prints(
        "let echoed = 0;
        for n in 0..300 {
            let ws = connect(arg(0));
            ws.on_message(|m| { echoed += 1; ws.close() });
            ws.send(\"x\");
            run();
        }
        print(echoed);",
        "300\n",
    );
}

#[test]
fn an_interrupt_ends_whatever_a_script_does() {
    for (what, script) in [
        ("a loop", "loop {}"),
        ("a wait", "sleep(\"1h\")"),
        ("recv", "ws.recv(\"1h\")"),
        ("expect", "ws.expect(\"x\", \"1h\")"),
        ("expect_close", "ws.expect_close(1000, \"1h\")"),
        ("run", "run()"),
        ("a loop in a handler", "ws.on_message(|m| { loop {} }); ws.send(\"x\"); run()"),
        ("retry", "retry(1000000, \"10s\", || fail(\"again\"))"),
        ("a loop that catches", "loop { try { ws.recv(\"1h\") } catch {} }"),
        ("parallel", "parallel([|| sleep(\"1h\"), || { loop {} }, || ws.recv(\"1h\"), || ws.expect_ping(\"1h\")])"),
        ("matching", "ws.send(\"x\"); ws.expect(|m| { loop {} }, \"1h\")"),
    ] {
        let scripts = Scripts::new(&[]);
        scripts.write(
            "main.rhai",
            &format!("let ws = connect(arg(0));\nprint(\"ready\");\n{script};\nprint(\"not reached\");"),
        );
        let running = wscope(["run"]).arg(scripts.0.path().join("main.rhai")).arg(echo()).start_seen("ready\n".len());
        running.interrupt();
        let ended = running.end();
        assert_eq!((ended.code, ended.text()), (Some(130), "ready\n"), "{what}: {ended:?}");
        assert!(ended.stderr.contains("interrupted"), "{what}: {ended:?}");
    }
}

#[test]
fn a_module_is_beside_the_file_that_imports_it_wherever_one_stands() {
    let scripts = Scripts::new(&[
        ("main.rhai", "import \"lib/x\" as x;\nprint(x::name());"),
        ("lib/x.rhai", "import \"y\" as y;\nimport \"../z\" as z;\nfn name() { `x ${y::name()} ${z::name()}` }"),
        ("lib/y.rhai", "fn name() { \"y\" }"),
        ("z.rhai", "fn name() { \"z\" }"),
    ]);
    let folder = Path::new(scripts.place());
    for main in [folder.join("main.rhai"), folder.join("lib/../main.rhai")] {
        wscope(["run"]).arg(main).run().success("x y z\n");
    }
}
