//! The program itself, run without a terminal.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use wscope::app::demo::PATHS;

fn wscope(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    // Nothing of whoever runs the tests, and a proxy that must not be asked for this machine.
    command.env_clear().env("ALL_PROXY", "http://127.0.0.1:1").args(args).stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = wscope(args).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// These stand in the text in this order, each after the one before.
#[track_caller]
fn in_order(text: &str, wanted: &[&str]) {
    let mut rest = text;
    for wanted in wanted {
        let Some(at) = rest.find(wanted) else { panic!("{wanted:?} is not in what follows:\n{rest}\nof\n{text}") };
        rest = &rest[at + wanted.len()..];
    }
}

#[test]
fn without_a_terminal_the_demo_is_a_tour() {
    let (code, tour, errors) = run(&["demo"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{tour}");
    assert!(!tour.contains('\u{1b}'), "no colour in a pipe");
    in_order(
        &tour,
        &[
            "# 1. ",
            "> GET /echo HTTP/1.1\n",
            "> Sec-WebSocket-Key: ",
            "< HTTP/1.1 101 Switching Protocols\n",
            "< Sec-WebSocket-Accept: ",
            "● connected  ws://127.0.0.1:",
            "# 2. ",
            "▲ 1 ",
            "text",
            "17 B  {\"hello\":\"world\"}\n",
            "▼ 2 ",
            "# 3. ",
            "▲ 3 ",
            "binary",
            "00 01 fe ff 1b 5b 33 31 6d",
            "▼ 4 ",
            "# 4. ",
            "▲ 5 ",
            "ping",
            "▼ 6 ",
            "pong",
            "\"tick\"",
            "# 5. ",
            "#7.1 FIN=0",
            "#7.2 FIN=0",
            "#7.3",
            "▼ 10 ",
            "in three fragments",
            "# 6. ",
            "▲ 11 ",
            "close   1000 normal  \"bye\"\n",
            "▼ 12 ",
            "closed  1000 normal",
            "# 7. ",
            "> GET /bad/reserved-opcode HTTP/1.1\n",
            "▼ 13 ",
            "c3 28",
            "violation  reserved opcode",
            "(RFC 6455 5.2)",
            "▲ 14 ",
            "1002 protocol error",
            "closed abnormally",
            "# That was the tour.",
        ],
    );
}

#[test]
fn two_tours_differ_in_times_ports_and_keys_only() {
    let tour = || {
        let (_, tour, _) = run(&["demo", "--timestamps", "none", "--headers", "none"]);
        let word = |word: &str| {
            let is_time = word.starts_with('+') || word.parse::<f64>().is_ok() || ["µs", "ms", "s"].contains(&word);
            if is_time || word.starts_with("ws://") { "..." } else { word }.to_owned()
        };
        tour.lines().map(|line| line.split_whitespace().map(word).collect()).collect::<Vec<Vec<String>>>()
    };
    assert_eq!(tour(), tour());
}

#[test]
fn the_tour_as_json_is_json_and_nothing_else() {
    let (code, tour, errors) = run(&["demo", "--format", "json"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    for line in tour.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line.is_object(), "{line}");
    }
    in_order(&tour, &["\"wscope\":1", "\"request\"", "\"frame\"", "\"violation\"", "\"close\""]);
}

#[test]
fn a_port_that_is_taken_is_an_error_with_the_next_step() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, output, errors) = run(&["demo", "--port", &port]);
    assert_eq!((code, output.as_str()), (Some(4), ""));
    assert_eq!(
        errors,
        format!(
            "wscope: error: cannot listen on 127.0.0.1:{port}: address already in use\n\
             hint: without --port any port that is free will do\n"
        )
    );
}

#[test]
fn the_server_alone_tells_its_urls_and_runs_until_it_is_interrupted() {
    let mut child = wscope(&["demo", "--serve"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut urls = Vec::new();
    while urls.len() < PATHS.len() {
        let mut line = String::new();
        assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "a line a path: {urls:?}");
        urls.push(line.split(' ').next().unwrap().trim_end().to_owned());
    }
    let echo = urls.iter().find(|url| url.ends_with("/echo")).unwrap().clone();
    let stream = std::net::TcpStream::connect(echo.trim_start_matches("ws://").trim_end_matches("/echo")).unwrap();
    let (mut client, _) = tungstenite::client(echo, stream).unwrap();
    client.send("here".into()).unwrap();
    assert_eq!(client.read().unwrap(), "here".into());
    let signalled = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(signalled.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}
