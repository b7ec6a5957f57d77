//! A script that takes part in the server's side.

use std::fs;

use super::{Mock, Recording, ask, close};

#[test]
fn a_script_takes_part_for_each_client_by_itself() {
    let recording = Recording::new().opened(1, "/").sent(1, "a").received(1, "A").sent(1, "b").received(1, "B");
    let path = recording.path();
    let script = path.with_file_name("hooks.rhai");
    let hooks = "fn matches(recorded, live) { if live.text.starts_with(recorded.text) { true } }\n\
        fn on_receive(m) { this.heard = `${this.heard ?? \"\"}${m.text};`; }\n\
        fn on_send(m) { if m.text == \"B\" { this.heard } }\n\
        fn after(verdict) { print(`verdict ${verdict.matched}`); }";
    fs::write(&script, hooks).unwrap();
    let args = ["--script", script.to_str().unwrap(), "--match", "exact", "--loop", "-q"];
    let mock = Mock::start(&path, &args);
    let (mut one, mut other) = (mock.client("/"), mock.client("/"));
    assert_eq!([ask(&mut one, "a1"), ask(&mut other, "a2")], ["A", "A"]);
    assert_eq!([ask(&mut one, "b1"), ask(&mut other, "b2")], ["a1;b1;", "a2;b2;"]);
    close(one);
    close(other);
    // A script is interrupted, too, and what it says of a client comes after that one has left.
    for _ in 0..2 {
        while mock.server.shown() != "verdict 2" {}
    }
    let (code, stdout, stderr) = mock.interrupt();
    assert_eq!(code, Some(130), "{stderr}");
    assert_eq!(stdout.matches("verdict 2\n").count(), 2, "{stdout}\n{stderr}");

    fs::write(&script, "fn on_receive(m) {\n    m.nothing\n}").unwrap();
    let mock = Mock::start(&path, &args);
    let mut client = mock.client("/");
    assert_eq!(ask(&mut client, "a"), "close 1011 the replay stopped");
    let (code, _, stderr) = mock.end();
    assert_eq!(code, Some(10), "{stderr}");
    assert!(stderr.contains("hooks.rhai:2:") && stderr.contains("unknown property 'nothing'"), "{stderr}");
}
