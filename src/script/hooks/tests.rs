//! What a script defines, what its functions see and keep, and how what is wrong with them is told.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::*;
use crate::recording::{Masks, Switch};
use crate::script::{Alone, Failure, FailureKind, Inbox, Limits, Setup, Stop};
use crate::session::{Clock, Timeline};

const KNOWN: [&str; 3] = ["on_open(ws)", "on_message(ws, m)", "on_end()"];

fn host() -> (Host, Arc<Mutex<Vec<String>>>) {
    let (clock, printed) = (Clock::start(), Arc::new(Mutex::new(Vec::new())));
    let lines = Arc::clone(&printed);
    let setup = Setup {
        timeline: Timeline::new(clock, Vec::new()),
        inbox: Inbox::default(),
        record: Switch::default(),
        masks: Masks::default(),
        options: Box::new(|_| Err(Failure::new(FailureKind::Usage, "no connections here"))),
        print: Box::new(move |line| lines.lock().expect("no panic").push(line.to_owned())),
        stop: Stop::new(clock, Arc::new(AtomicBool::new(false))),
        arguments: Vec::new(),
        variables: BTreeMap::new(),
        folder: None,
        hub: Arc::new(Alone),
    };
    (Host::new(setup), printed)
}

fn read_at(name: &str, text: &str) -> Result<Hooks, Box<Fault>> {
    let limits = Limits { operations: 10_000, ..Limits::default() };
    Hooks::read(Program::read(host().0, limits, name, text)?, &KNOWN)
}

fn read(text: &str) -> Hooks {
    read_at("h.rhai", text).unwrap_or_else(|fault| panic!("{}", fault.line()))
}

/// What is wrong with a script, and its hint.
fn told(text: &str) -> (String, String) {
    let fault = read_at("h.rhai", text).err().expect("something is wrong with it");
    (fault.line(), fault.hint.unwrap_or_default())
}

fn int(value: Result<Option<Dynamic>, Box<Fault>>) -> i64 {
    value.unwrap_or_else(|fault| panic!("{}", fault.line())).expect("it is defined").as_int().expect("a number")
}

#[test]
fn each_this_lasts_from_call_to_call_and_is_nobody_elses() {
    let hooks = read("fn on_open(ws) { this.count = ws; }\nfn on_message(ws, m) { this.count += m; this.count }");
    let (mut one, mut other) = (hooks.this(), hooks.this());
    for (this, first) in [(&mut one, 10_i64), (&mut other, 100)] {
        assert!(hooks.call("on_open", this, (first,)).is_ok_and(|given| given.is_some_and(|given| given.is_unit())));
    }
    assert_eq!(int(hooks.call("on_message", &mut one, ((), 1_i64))), 11);
    assert_eq!(int(hooks.call("on_message", &mut other, ((), 2_i64))), 102);
    assert_eq!(int(hooks.call("on_message", &mut one, ((), 3_i64))), 14);
    assert!(hooks.has("on_message") && !hooks.has("on_end"));
    assert!(hooks.call("on_end", &mut one, ()).is_ok_and(|given| given.is_none()));
}

#[test]
fn a_function_sees_constants_imports_and_other_functions_and_the_first_level_runs_once() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("more.rhai"), "const TEN = 10; fn ten(x) { global::TEN * x }").expect("a file");
    let name = folder.path().join("h.rhai");
    let text = "import \"more\" as more;\nprint(\"run\");\nconst STEP = 7;\nfn half(x) { x / 2 }\n\
                fn on_end() { more::ten(half(8)) + global::STEP }";
    let (host, printed) = host();
    let program = Program::read(host, Limits::default(), &name.display().to_string(), text);
    let hooks = Hooks::read(program.unwrap_or_else(|fault| panic!("{}", fault.line())), &KNOWN);
    let hooks = hooks.unwrap_or_else(|fault| panic!("{}", fault.line()));
    let mut this = hooks.this();
    for _ in 0..3 {
        assert_eq!(int(hooks.call("on_end", &mut this, ())), 47);
    }
    assert_eq!(*printed.lock().expect("no panic"), ["run"]);
}

#[test]
fn calls_from_many_threads_have_their_own_this_and_limits() {
    let hooks =
        read("const STEP = 1; fn on_end() { for i in 0..100 { this.n = (this.n ?? 0) + global::STEP; } this.n }");
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut this = hooks.this();
                    // Far more operations than a call may have.
                    (0..50).map(|_| int(hooks.call("on_end", &mut this, ()))).last()
                })
            })
            .collect();
        for thread in threads {
            assert_eq!(thread.join().expect("no panic"), Some(5000));
        }
    });
    let endless = read("fn on_end() { loop {} }");
    let fault = endless.call("on_end", &mut endless.this(), ()).expect_err("too much");
    assert_eq!(fault.line(), "h.rhai:1: too many operations");
}

#[test]
fn a_function_that_is_called_almost_like_one_or_takes_other_values_is_told_with_its_line() {
    let (slip, known) = (
        |name: &str, place: &str| format!("h.rhai:{place}: nothing calls a function named {name}"),
        "these can be: on_open(ws), on_message(ws, m), on_end()",
    );
    for (text, message, hint) in [
        ("fn on_open(ws) {}\n\nfn on_mesage(ws, m) {}", slip("on_mesage", "3"), "did you mean on_message?"),
        ("fn onOpen(ws) {}", slip("onOpen", "1"), "did you mean on_open?"),
        ("fn on_open(ws) {}\nfn on_binary(ws, m) {}", slip("on_binary", "2"), known),
        (
            "// one\nfn on_message(m) {}",
            "h.rhai:2: on_message is called with 2 values, and this takes 1".into(),
            "write fn on_message(ws, m)",
        ),
        ("fn on_end(x) {}", "h.rhai:1: on_end is called with 0 values, and this takes 1".into(), "write fn on_end()"),
        ("fn answer(m) {}\nlet x = 1;", "h.rhai defines nothing that can be called".into(), known),
    ] {
        assert_eq!(told(text), (message, hint.to_owned()), "{text}");
    }
    assert!(read("fn on_end() {}\nfn once(x) {}\nfn opened() {}").has("on_end"));
}

#[test]
fn what_fails_in_a_function_has_its_place_and_a_hint() {
    let text = "let count = 0;\nconst MOST = 3;\nfn on_open(ws) { count += 1; }\nfn on_message(ws, m) { deep(m) }\n\
                fn deep(m) {\n  throw `no ${m}`\n}\nfn on_end() { MOST }";
    let hooks = read(text);
    let mut this = hooks.this();
    let fault = hooks.call("on_message", &mut this, ((), 5_i64)).expect_err("it throws");
    assert_eq!(fault.line(), "h.rhai:6:3: the script threw \"no 5\"");
    assert_eq!(fault.more(), ["  6 |   throw `no ${m}`", "    |   ^"]);
    for (name, line, hint) in [
        (
            "on_open",
            "h.rhai:3:18: variable not found: count",
            "a function sees no variables of the script; this.count lasts from call to call",
        ),
        ("on_end", "h.rhai:8:15: variable not found: MOST", "in a function the script's constant is global::MOST"),
    ] {
        let fault = match name {
            "on_open" => hooks.call(name, &mut this, ((),)),
            _ => hooks.call(name, &mut this, ()),
        };
        let fault = fault.expect_err("it is not seen");
        assert_eq!((fault.line().as_str(), fault.hint.as_deref()), (line, Some(hint)));
    }
    let broken = read_at(&Path::new("h.rhai").display().to_string(), "let x = 1;\nx.nothing();\nfn on_end() {}");
    let fault = broken.err().expect("its first level fails");
    assert!(fault.line().starts_with("h.rhai:2:3: function not found: nothing"), "{}", fault.line());
}
