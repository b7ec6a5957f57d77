//! `wscope proxy --shell`: messages between a client and a server, held and decided about at the prompt.

use std::fs;

use serde_json::Value;

use crate::support::between::Client;
use crate::support::command::wscope;
use crate::support::server;
use crate::support::tmux::{Terminal, is_installed};

#[test]
fn messages_are_held_listed_edited_released_dropped_and_added() {
    if !is_installed() {
        return;
    }
    let upstream = server::says(Vec::new());
    let terminal = Terminal::new();
    let recording = terminal.home().join("p.wsrec");
    let args =
        format!("proxy {} --shell --headers none --timestamps none -o '{}'", upstream.url(), recording.display());
    let terminal = terminal.run(&args);
    terminal.wait_for_prompt('○', "");
    let mut client = Client::connect(port(&terminal));
    terminal.enter("hello");
    terminal.wait_for("  error: the proxy's shell has no connection of its own\n");
    terminal.enter("/hold to-server");
    terminal.wait_for("  holding messages to-server\n");
    client.open("/chat");
    for (first, payload) in
        [(0x01, &b"hel"[..]), (0x80, b"lo"), (0x81, b"{\"n\":1}\x1b"), (0x82, &[7, 8]), (0x89, b"p")]
    {
        client.send(first, payload);
    }
    held(&terminal, 3);
    terminal.enter("/held");
    terminal.wait_for("  1    to-server  connection 1  text  5 B  hello\n");
    terminal.wait_for("  2    to-server  connection 1  text  8 B  {\"n\":1}\\x1b\n");
    terminal.wait_for("  3    to-server  connection 1  binary  2 B  07 08");
    for line in ["/edit 2 {\"n\":2}", "/release 2", "/inject to-server hex:00ff", "/release", "/discard 3"] {
        terminal.enter(line);
    }
    held(&terminal, 0);
    terminal.enter("/release 9");
    terminal.wait_for("  error: no message is held as 9\n");
    terminal.enter("/inject to-client hi");
    assert_eq!(client.frame(), Some((0x81, b"hi".to_vec())));
    // A close frame lets go what is held before it.
    client.send(0x81, b"last");
    held(&terminal, 1);
    client.send(0x88, &[0x03, 0xe8]);
    assert_eq!(client.rest(), [(0x88, vec![0x03, 0xe8])]);
    let went: [(u8, &[u8]); 7] = [
        (0x89, b"p"),
        (0x81, b"{\"n\":2}"),
        (0x82, &[0, 255]),
        (0x01, b"hel"),
        (0x80, b"lo"),
        (0x81, b"last"),
        (0x88, &[0x03, 0xe8]),
    ];
    assert_eq!(upstream.saw(), went.map(|(first, payload)| (first, payload.to_vec())));
    terminal.wait_for_prompt('○', "");
    terminal.press(["C-d"]);
    assert_eq!(terminal.wait_for_end(), 0);
    assert_eq!(
        notes(&fs::read_to_string(recording).expect("a recording")),
        [
            "the leg to the server is connection 2",
            "gate: held as 1 the text of 5 bytes to the server (frame 2)",
            "gate: held as 2 the text of 8 bytes to the server (frame 3)",
            "gate: held as 3 the binary of 2 bytes to the server (frame 4)",
            "by hand: changed 2, the text of 8 bytes to the server (frame 3), into the text of 7 bytes to the server",
            "by hand: released 2, the text of 7 bytes to the server (frame 3)",
            "by hand: says the binary of 2 bytes to the server",
            "by hand: released 1, the text of 5 bytes to the server (frame 2)",
            "by hand: dropped 3, the binary of 2 bytes to the server (frame 4)",
            "by hand: says the text of 2 bytes to the client",
            "gate: held as 4 the text of 4 bytes to the server (frame 12)",
            "gate: released 4 before the close, the text of 4 bytes to the server (frame 12)",
        ]
    );
}

#[test]
fn a_script_is_before_the_gate_and_what_it_says_leaves_the_line_that_is_typed() {
    if !is_installed() {
        return;
    }
    let upstream = server::says(Vec::new());
    let terminal = Terminal::new();
    let script = terminal.home().join("s.rhai");
    fs::write(
        &script,
        "print(\"ready\");\n\
         fn on_open(conn) { print(\"a client of \" + conn.resource + \"\\x1b[2J\"); }\n\
         fn to_server(m) {\n    \
             if m.text == \"bad\" { m.nothing() }\n    \
             print(`saw ${m.text}`);\n    \
             `${m.text}, ${variable(\"who\")}`\n\
         }\n",
    )
    .expect("room");
    let recording = terminal.home().join("p.wsrec");
    let (script, file) = (script.display(), recording.display());
    let args = format!(
        "proxy {} --shell --script '{script}' --secret who=s3cret --headers none --timestamps none -o '{file}'",
        upstream.url()
    );
    let terminal = terminal.run(&args);
    terminal.wait_for_prompt('○', "");
    terminal.wait_for("  ready\n");
    terminal.enter("/hold to-server");
    terminal.wait_for("  holding messages to-server\n");
    let mut client = Client::connect(port(&terminal));
    terminal.type_text("/release 2");
    client.open("/chat");
    client.send(0x81, b"one");
    client.send(0x81, b"two");
    let prompt = "● proxy    2 held> /release 2";
    let screen = terminal.wait_until(prompt, |screen| screen.trim_end().lines().last() == Some(prompt));
    assert!(screen.contains("\n  a client of /chat\\x1b[2J\n"), "{screen}");
    assert!(screen.contains("\n  saw one\n") && screen.contains("\n  saw two\n"), "{screen}");
    // What it has made of a message is held, and goes on as it is.
    terminal.press(["Enter"]);
    terminal.enter("/held");
    terminal.wait_for("  1    to-server  connection 1  text  11 B  one, ***\n");
    assert!(!terminal.screen().contains("s3cret"), "{}", terminal.screen());
    terminal.enter("/inject to-server hi");
    terminal.type_text("/hold off");
    // What fails is told above the line, and goes on as it came, as all does from then on.
    client.send(0x81, b"bad");
    let prompt = "● proxy    2 held> /hold off";
    let screen = terminal.wait_until(prompt, |screen| screen.trim_end().lines().last() == Some(prompt));
    let told = screen.split_once("  error: ").map(|(_, told)| told.split_whitespace().collect::<String>());
    let told = told.unwrap_or_else(|| panic!("{screen}"));
    let error = "s.rhai:4:28:functionnotfound:nothing(Message)(to_server,connection1)4|if";
    assert!(told.contains(error), "{screen}");
    terminal.press(["Enter"]);
    held(&terminal, 0);
    client.send(0x88, &[0x03, 0xe8]);
    assert_eq!(client.rest(), [(0x88, vec![0x03, 0xe8])]);
    let went: [(u8, &[u8]); 5] =
        [(0x81, b"two, s3cret"), (0x81, b"hi"), (0x81, b"one, s3cret"), (0x81, b"bad"), (0x88, &[0x03, 0xe8])];
    assert_eq!(upstream.saw(), went.map(|(first, payload)| (first, payload.to_vec())));
    // Ctrl-C clears a line that is typed, and ends nothing.
    terminal.wait_for_prompt('○', "");
    terminal.type_text("half a line");
    terminal.press(["C-c"]);
    terminal.wait_for_prompt('○', "");
    terminal.press(["C-d"]);
    assert_eq!(terminal.wait_for_end(), 0);
    let recording = fs::read_to_string(recording).expect("a recording");
    assert!(!recording.contains("s3cret"), "{recording}");
    let notes = notes(&recording);
    let first = [
        "script: changed the text of 3 bytes to the server (frame 1) into the text of 11 bytes to the server",
        "gate: held as 1 the text of 11 bytes to the server (frame 1)",
    ];
    assert!(notes.windows(2).any(|two| two == first), "{notes:?}");
    assert_eq!(notes.iter().filter(|note| note.starts_with("script: ")).count(), 2, "{notes:?}");
}

#[test]
fn without_a_terminal_there_is_no_shell_and_in_another_shell_nothing_to_hold() {
    let error = "--shell needs a terminal, and standard input or output is none";
    let hint = "without it every frame is shown and recorded; --script changes messages";
    let ended = wscope(["proxy", "ws://127.0.0.1:1", "--shell"]).run();
    ended.check(2, "", &format!("wscope: error: {error}\nhint: {hint}\n"));
    if !is_installed() {
        return;
    }
    let terminal = Terminal::new().run("");
    terminal.wait_for_prompt('○', "");
    terminal.enter("/hold");
    terminal.wait_for("  error: no messages go through this shell\n");
    terminal.enter("/hold sideways");
    terminal.wait_for("  error: /hold: \"sideways\" is not to-server, to-client or off\n");
}

/// Where the proxy says that it listens.
fn port(terminal: &Terminal) -> u16 {
    let said = terminal.screen();
    let address = said.split_whitespace().find_map(|word| word.strip_prefix("ws://127.0.0.1:"));
    address.and_then(|port| port.trim_end_matches('/').parse().ok()).unwrap_or_else(|| panic!("{said}"))
}

/// Waits until the prompt says that so many messages are held, which it does without a key.
fn held(terminal: &Terminal, count: usize) {
    let prompt = format!("● proxy {count:>4} held>");
    terminal.wait_until(&prompt, |screen| screen.trim_end().lines().last() == Some(prompt.as_str()));
}

fn notes(recording: &str) -> Vec<String> {
    let lines = recording.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.filter(|line| line["ev"] == "note").map(|line| line["text"].as_str().expect("text").to_owned()).collect()
}
