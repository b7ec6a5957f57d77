//! `=`, `/run`, `/on` and `/alias`.

use super::*;

/// Until something holds that another thread sees to.
#[track_caller]
fn eventually(what: &str, holds: impl FnMut() -> bool) {
    let looks = std::iter::repeat_with(holds).inspect(|_| std::thread::sleep(Duration::from_millis(2)));
    assert!(looks.take(5000).any(|holds| holds), "{what}");
}

impl Bench {
    /// Until this is all that was sent.
    #[track_caller]
    fn sends(&self, expected: &[(u32, Command)]) {
        let mut sent = Vec::new();
        eventually("what is sent", || {
            sent.extend(self.sent());
            sent.len() >= expected.len()
        });
        assert_eq!(sent, expected);
    }

    /// A message that everybody is told of.
    fn comes(&self, text: &str) {
        self.received(text);
        self.shell.timeline.flush().expect("room");
    }
}

#[test]
fn an_expression_is_evaluated_and_what_it_defines_stays() {
    let mut bench = Bench::new();
    for (line, shown) in [
        ("= 6 * 7", "  42\n"),
        ("= let x = [1, #{b: \"two\"}];", ""),
        ("= x", "  [1,{\"b\":\"two\"}]\n"),
        ("= fn twice(n) {\n  2 * n\n}", ""),
        ("= let more = |n| n + x[0];", ""),
        ("= more.call(twice(4))", "  9\n"),
        ("= x[0] = 5; more.call(1)", "  6\n"),
        ("= ()", ""),
        ("= \"two\\nlines \\u202e\"", "  \"two\\nlines \\u{202e}\"\n"),
        ("= print(\"\\x1b[31mred\\nend\")", "  \\x1b[31mred\n  end\n"),
        ("= [regex(\"a+\"), 1]", "  [0] regex(\"a+\")\n  [1] 1\n"),
    ] {
        assert_eq!(bench.run(line), shown, "{line}");
    }
    let shown = bench.run("= let all = []; for n in 0..30 { all.push(`number ${n}`) } all");
    assert!(shown.starts_with("  [\n    \"number 0\",\n") && shown.ends_with("    \"number 29\"\n  ]\n"), "{shown}");
    bench.run("/connect ws://a");
    bench.run("== no expression");
    assert_eq!(bench.sent(), [text(1, "= no expression")]);
}

#[test]
fn an_error_shows_the_line_with_a_caret() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.run("= 1 + nothing"),
        "  error: variable not found: nothing\n    1 | 1 + nothing\n      |     ^\n"
    );
    assert_eq!(bench.run("= fn bad() {\n  missing(1)\n}"), "");
    let shown = bench.run("= bad()");
    assert!(shown.starts_with("  error: function not found: missing (int)\n    2 |   missing(1)\n"), "{shown}");
    let shown = bench.run("= 1 + ]");
    assert!(shown.contains("    1 | 1 + ]\n      |     ^\n"), "{shown}");
    let shown = bench.run("= ws.send(\"hi\")");
    assert!(shown.ends_with("  hint: /connect URL opens a connection, which is ws then\n"), "{shown}");
    let shown = bench.run("= connection(\"eve\")");
    assert!(shown.starts_with("  error: no connection is named \"eve\"\n"), "{shown}");
    let shown = bench.run("= assert_eq(#{a: 1, b: 2}, #{a: 1, b: 3})");
    assert!(shown.contains("b  expected 3  got 2\n"), "{shown}");
    assert_eq!(bench.run("= 1"), "  1\n");
}

#[test]
fn ws_is_the_connection_in_use_or_the_one_named() {
    let mut bench = Bench::new();
    bench.run("/connect ws://a");
    bench.run("/connect ws://b as bob");
    for line in ["= ws.send(\"one\")", "@1 = ws.send(\"two\")", "= connection(\"1\").send(\"three\")"] {
        assert_eq!(bench.run(line), "", "{line}");
    }
    bench.run("/use 1");
    bench.run("= ws.send(\"four\")");
    bench.run("= ws = connection(\"bob\");");
    bench.run("five");
    bench.run("= let c = connect(\"ws://ready\"); c.send(\"six\")");
    bench.run("seven");
    bench.run("= ws = c;");
    bench.run("eight");
    let (two, one, three) = (|words| text(2, words), |words| text(1, words), |words| text(3, words));
    bench.sends(&[
        two("one"),
        one("two"),
        one("three"),
        one("four"),
        two("five"),
        three("six"),
        two("seven"),
        three("eight"),
    ]);
    let shown = bench.run("/connections");
    assert!(shown.ends_with("> 3            #3    open        ready\n"), "{shown}");
    assert_eq!(bench.run("= ws"), "  connection 3 to ws://ready\n");
}

#[test]
fn what_comes_waits_for_the_one_who_asks_up_to_a_bound() {
    let mut bench = Bench::new();
    bench.run("/connect ws://a");
    bench.comes("before");
    bench.run("= 1");
    for message in ["one", "{\"id\":2}", "three"] {
        bench.comes(message);
    }
    bench.shown();
    assert_eq!(bench.run("= ws.expect(#{id: 2}).json.id"), "  2\n");
    assert_eq!(bench.run("= ws.messages()"), "  [0] #2 text \"one\"\n  [1] #4 text \"three\"\n");
    assert_eq!(bench.run("= ws.recv()"), "  #2 text \"one\"\n");
    for number in 0..10_100 {
        bench.received(&number.to_string());
    }
    bench.live();
    assert_eq!(bench.run("= ws.messages().len()"), "  10000\n");
    assert_eq!(bench.run("= ws.recv().text"), "  \"100\"\n");
}

#[test]
fn ctrl_c_stops_an_expression() {
    let mut bench = Bench::new();
    bench.shell.interrupted.store(true, Ordering::Relaxed);
    for line in ["= loop {}", "= sleep(60)", "= fn f() { f() } loop { print(1) }"] {
        assert_eq!(bench.run(line), "  error: stopped by Ctrl-C\n", "{line}");
    }
    bench.shell.interrupted.store(false, Ordering::Relaxed);
    assert!(
        bench
            .run("= fn deep(n) { deep(n + 1) } deep(0)")
            .starts_with("  error: calls are nested too deep: 64 levels are the most\n")
    );
}

#[test]
fn a_script_runs_on_the_connection_in_use() {
    let folder = tempfile::tempdir().expect("a directory");
    let write = |name: &str, script: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, script).expect("writable");
        path.to_str().expect("UTF-8").to_owned()
    };
    let good = write(
        "good.rhai",
        "let mine = 1;\nws.send(args()[0]);\nconnect(\"ws://ready\").send(\"x\");\nprint(\"done\");",
    );
    let bad = write("bad.rhai", "// one\nws.frob();");
    let mut bench = Bench::new();
    bench.run("/connect ws://a");
    bench.run("/connect ws://b as bob");
    let shown = bench.run(&format!("@1 /run {good} 'an argument'"));
    assert!(shown.ends_with("  done\n"), "{shown}");
    let closed = Command::Close { code: Some(1000), reason: String::new(), force: false };
    bench.sends(&[text(1, "an argument"), text(3, "x"), (3, closed)]);
    assert!(bench.run("/connections").ends_with("> bob          #2    open        b\n"));
    assert!(bench.run("= mine").starts_with("  error: variable not found: mine\n"));
    let shown = bench.run(&format!("/run {bad}"));
    let place = format!("  error: {bad}:2:4: function not found: frob (Connection)\n    2 | ws.frob();\n");
    assert!(shown.starts_with(&place), "{shown}");
    assert!(bench.run("/run /no/such").starts_with("  error: cannot read the script \"/no/such\": "));
}

#[test]
fn a_function_is_called_for_what_comes() {
    let mut bench = Bench::new();
    bench.run("/connect ws://a");
    bench.run("= let count = 0; fn answer(m) { \"got \" + m.text }");
    assert_eq!(bench.run("/on message |m| { count += 1; ws.send(answer(m)) }"), "");
    bench.run("/connect ws://b");
    bench.comes("one");
    bench.comes("two");
    bench.sends(&[text(1, "got one"), text(1, "got two")]);
    bench.shown();
    assert_eq!(bench.run("= count"), "  2\n");
    assert_eq!(bench.run("/on"), "  #1   message    |m| { count += 1; ws.send(answer(m)) }\n");
    bench.run("@1 /on message off");
    bench.comes("three");
    bench.shown();
    assert!(bench.run("/on").starts_with("  nothing is called; "));
    assert!(bench.run("/on message off").starts_with("  error: nothing is called on message of this connection\n"));
    let shown = bench.run("/on frob |m| m");
    assert!(
        shown.starts_with("  error: /on: \"frob\" is not one of open, message, ping, close, violation\n"),
        "{shown}"
    );
    assert!(bench.run("/on message 5").starts_with("  error: 5 is no function\n"));
    assert_eq!(bench.sent(), []);
}

#[test]
fn a_function_that_fails_is_shown_once_and_called_no_more() {
    let mut bench = Bench::new();
    bench.run("/connect ws://a");
    bench.run("/on message |m| m.frob()");
    bench.comes("one");
    bench.comes("two");
    let mut shown = String::new();
    eventually("the failure", || {
        shown += &bench.shown();
        shown.contains("called no more")
    });
    let error = "  error: on message: function not found: frob (Message); it is called no more\n    1 | |m| m.frob()\n";
    assert!(shown.contains(error), "{shown}");
    eventually("none in the list", || bench.run("/on").starts_with("  nothing is called; "));
}

#[test]
fn functions_are_called_for_a_connection_that_is_opened_again() {
    let mut bench = Bench::new();
    bench.run("/connect ws://a");
    bench.run("/on close |end| ws.send(\"never\")");
    bench.run("/reconnect");
    assert_eq!(bench.run("/on"), "  #2   close      |end| ws.send(\"never\")\n");
    bench.shell.close_all();
    assert!(bench.shell.scripting.handlers.is_empty());
}

#[test]
fn an_alias_stands_for_a_line() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("aliases");
    std::fs::write(&path, "# mine\nhi = hello, $1\n\nping = x\nno text\n").expect("writable");
    let mut bench = Bench::new();
    bench.shell.aliases_file = Some(path.clone());
    bench.shell.load_aliases();
    let file = path.display();
    let shown = bench.shown();
    assert!(shown.contains(&format!("  error: {file}:4: /ping is a command already\n")), "{shown}");
    assert!(shown.contains(&format!("  error: {file}:5: \"no text\" has no =\n")), "{shown}");
    bench.run("/connect ws://a");
    bench.run("/alias double = = 2 * $1");
    bench.run("/alias greet = /hi $*");
    assert_eq!(bench.run("/double 21"), "  42\n");
    bench.run("/greet you");
    bench.run("@1 /hi bob");
    assert_eq!(bench.sent(), [text(1, "hello, you"), text(1, "hello, bob")]);
    assert_eq!(bench.run("/alias"), "  /double = = 2 * $1\n  /greet = /hi $*\n  /hi = hello, $1\n");
    bench.run("/alias hi =");
    assert!(bench.run("/greet you").starts_with("  error: unknown command \"/hi\"\n"));
    bench.run("/alias one = /two");
    bench.run("/alias two = /one");
    assert!(bench.run("/one").starts_with("  error: the alias /one stands for itself\n"));
}
