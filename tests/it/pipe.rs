//! Pipe mode as a script uses it: what goes in is sent, what comes back goes out, and nothing else does.

use std::io::Write;
use std::sync::mpsc::channel;

use crate::support::command::{Wscope, wscope};
use crate::support::frames::{close, frame, text};
use crate::support::server::{Frame, Peer, Server, listen, says, says_last, serve};

/// The payloads of the data frames among what a server saw.
fn messages(frames: &[Frame]) -> Vec<&str> {
    let data = frames.iter().filter(|(first, _)| matches!(first & 0xf, 0..=2));
    data.map(|(_, payload)| std::str::from_utf8(payload).unwrap()).collect()
}

/// A run against a server that only listens: what it was sent.
fn sent(run: impl FnOnce(Wscope) -> Wscope) -> Vec<Frame> {
    let server = says([]);
    run(wscope([server.url()])).args(["--no-compress", "--wait", "0"]).run().success("");
    server.saw()
}

#[test]
fn each_line_is_a_message_and_then_the_connection_is_closed_normally() {
    let close = (0x88, vec![0x03, 0xe8]);
    let text = |text: &str| (0x81, text.as_bytes().to_vec());
    let (one, empty, last) = (text("one"), text(""), text("last"));
    assert_eq!(sent(|run| run.stdin("one\n\nlast")), [one.clone(), empty.clone(), last.clone(), close.clone()]);
    assert_eq!(sent(|run| run.stdin("one\r\n")), [text("one\r"), close.clone()]);
    assert_eq!(
        sent(|run| run.stdin("one\nline\0\0last").arg("-0")),
        [text("one\nline"), empty.clone(), last, close.clone()]
    );
    assert_eq!(sent(|run| run.stdin("one\n\nlast\n").arg("--one")), [text("one\n\nlast\n"), close.clone()]);
    assert_eq!(sent(|run| run.stdin("").arg("--one")), [empty, close.clone()]);
    assert_eq!(sent(|run| run.stdin(b"\xff\n").arg("--binary")), [(0x82, vec![0xff]), close.clone()]);
    assert_eq!(sent(|run| run.stdin("not read\n").args(["-x", "one", "-x", "-x"])), [one, text("-x"), close]);
}

#[test]
fn standard_input_may_be_anything() {
    let close = || (0x88, vec![0x03, 0xe8]);
    assert_eq!(sent(|run| run.stdin_file("/dev/null".as_ref())), [close()]);
    assert_eq!(sent(Wscope::stdin_closed), [close()]);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("input");
    std::fs::write(&file, "from a file\n").unwrap();
    assert_eq!(sent(|run| run.stdin_file(&file)), [(0x81, b"from a file".to_vec()), close()]);
}

#[test]
fn an_input_that_can_not_be_read_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let server = says([]);
    let ended = wscope([server.url()]).stdin_file(directory.path()).run();
    ended.check(11, "", "wscope: error: cannot read standard input: is a directory\n");
}

#[test]
fn what_is_sent_before_the_connection_is_open_waits_for_it() {
    let (go, gone) = channel();
    let server = listen(move |listener| {
        gone.recv().unwrap();
        let mut peer = Peer::accept(&listener);
        peer.upgrade();
        peer.finish()
    });
    let running = wscope([server.url()]).args(["--no-compress", "--wait", "0"]).stdin("one\ntwo\n").start();
    go.send(()).unwrap();
    running.end().success("");
    assert_eq!(messages(&server.saw()), ["one", "two"]);
}

#[test]
fn the_last_words_of_a_peer_are_received() {
    let many: Vec<u8> = (0..20_000).flat_map(|n| text(format!("message {n}"))).collect();
    let server = says_last([many, close(1000, "bye")].concat());
    let expected = (0..20_000).map(|n| format!("message {n}\n")).collect::<Vec<_>>().concat();
    wscope([server.url()]).arg("--until-close").run().success(&expected);

    // And those after our own close frame.
    let server = serve(|mut peer| {
        peer.upgrade();
        while peer.frame().is_some_and(|(first, _)| first != 0x88) {}
        peer.say(&[text("late"), close(1000, "")].concat());
        peer.end();
    });
    wscope([server.url()]).args(["--wait", "0"]).run().success("late\n");
}

#[test]
fn a_count_of_messages_is_exact() {
    let server =
        says([text("one"), frame(0x01, b"tw"), frame(0x89, b"ping"), frame(0x80, b"o"), text("three")].concat());
    wscope([server.url()]).args(["--count", "2"]).stdin_open().run().success("one\ntwo\n");
}

#[test]
fn too_few_messages_are_an_error() {
    let run = |bytes: Vec<u8>, args: &[&str]| wscope([says(bytes).url()]).args(["--count", "2"]).args(args).run();
    let stderr =
        "wscope: error: 1 of 2 messages, and then none for 10ms\nhint: --wait sets how long to wait for the next\n";
    run(text("one"), &["--wait", "10ms"]).check(9, "one\n", stderr);
    let server = says_last([text("one"), close(1000, "")].concat());
    let stderr = "wscope: error: the connection was closed after 1 of 2 messages\n";
    wscope([server.url()]).args(["--count", "2"]).run().check(1, "one\n", stderr);
}

#[test]
fn a_message_that_comes_while_closing_counts() {
    let server = serve(|mut peer| {
        peer.upgrade();
        while peer.frame().is_some_and(|(first, _)| first != 0x88) {}
        peer.say(&[text("late"), close(1000, "")].concat());
        peer.end();
    });
    wscope([server.url()]).args(["--wait", "0", "--count", "1"]).run().success("late\n");
}

#[test]
fn a_record_that_is_not_utf_8_costs_nothing_that_was_sent_before_it() {
    let server = serve(|mut peer| {
        peer.upgrade();
        let mut seen = Vec::new();
        while let Some((first, payload)) = peer.frame() {
            peer.say(&frame(first, &payload));
            if first == 0x88 {
                peer.end();
            }
            seen.push((first, payload));
        }
        seen
    });
    let ended = wscope([server.url()]).arg("--no-compress").stdin(b"one\ntwo\n\xfe\nfour\n").run();
    ended.check(
        2,
        "one\ntwo\n",
        "wscope: error: cannot send record 3 of the input: text is not UTF-8: byte 0\n\
         hint: --binary sends it as a binary message\n",
    );
    assert_eq!(messages(&server.saw()), ["one", "two"]);
}

#[test]
fn any_number_of_lines_come_back_as_they_went() {
    // Several times what is kept of output that the peer has not read.
    let input = (0..300_000).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
    let server = fast_echo();
    let ended = wscope([server.url()]).arg("--no-compress").stdin(input.as_str()).run();
    assert_eq!((ended.code, ended.stderr.as_str(), ended.stdout.len()), (Some(0), "", input.len()));
    assert!(ended.text() == input);
}

/// Sends messages back by tungstenite, many a write.
fn fast_echo() -> Server<()> {
    use tungstenite::{Message, WebSocket, protocol::Role};
    serve(|mut peer| {
        peer.upgrade();
        let buffered = std::io::BufReader::with_capacity(1 << 18, peer.stream.try_clone().unwrap());
        let mut socket = WebSocket::from_raw_socket(Both(buffered, peer.stream), Role::Server, None);
        while let Ok(message) = socket.read() {
            match message {
                Message::Text(_) => socket.write(message).unwrap(),
                _ => drop(socket.flush()),
            }
        }
    })
}

struct Both(std::io::BufReader<std::net::TcpStream>, std::net::TcpStream);

impl std::io::Read for Both {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::io::Write for Both {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.1.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    // As `head` does, with a peer that goes on for ever and never answers a close frame.
    let server = serve(|mut peer| {
        peer.upgrade();
        flood(&mut peer);
    });
    wscope([server.url()]).run_for_a_reader_of(5).success("tick\n");
}

/// Says more than anybody can take, as long as there is somebody.
fn flood(peer: &mut Peer) {
    let many = text("tick").repeat(100_000);
    while peer.stream.write_all(&many).is_ok() {}
}

#[test]
fn an_interrupt_is_heard_under_a_flood() {
    let server = serve(|mut peer| {
        peer.upgrade();
        flood(&mut peer);
    });
    let running = wscope([server.url()]).start_seen(5);
    running.interrupt();
    let ended = running.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""));
}

#[test]
fn an_interrupt_closes_the_connection_in_good_order() {
    let (told, tell) = channel();
    let server = serve(move |mut peer| {
        peer.upgrade();
        assert_eq!(peer.frame().unwrap().1, b"here");
        told.send(()).unwrap();
        peer.finish()
    });
    let running = wscope([server.url()]).args(["--no-compress", "--until-close", "-x", "here"]).start();
    tell.recv().unwrap();
    running.interrupt();
    running.end().check(130, "", "");
    assert_eq!(server.saw(), [(0x88, vec![0x03, 0xe8])]);
}

#[test]
fn an_interrupt_before_the_connection_is_open_ends_it_at_once() {
    let (told, tell) = channel();
    let server = serve(move |mut peer| {
        peer.head();
        told.send(()).unwrap();
        peer.frame()
    });
    let running = wscope([server.url()]).args(["--handshake-timeout", "1h"]).start();
    tell.recv().unwrap();
    running.interrupt();
    running.end().check(130, "", "");
}

#[test]
fn a_lost_connection_is_opened_again_on_demand() {
    let twice = || {
        listen(|listener| {
            let mut first = Peer::accept(&listener);
            first.upgrade();
            first.say(&text("before"));
            first.end();
            let mut second = Peer::accept(&listener);
            second.upgrade();
            second.leave(&[text("after"), close(1000, "")].concat());
        })
    };
    wscope([twice().url()]).args(["--reconnect", "--until-close"]).run().success("before\nafter\n");
    let ended = wscope([twice().url()]).args(["--until-close"]).run();
    assert_eq!((ended.code, ended.text()), (Some(8), "before\n"));
}

#[test]
fn an_interrupt_ends_the_wait_for_another_connection() {
    let refusing = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // The error of the first attempt is the first that it says, and the pause after it the first thing it waits for.
    let args = ["--reconnect", "--format", "short", "--timestamps", "none"];
    let running = wscope([format!("ws://{refusing}/")]).args(args).start_seen("✗      error  cannot connect".len());
    running.interrupt();
    let ended = running.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""));
    assert!(ended.text().contains("reconnecting in 0.25 s (attempt 1)"), "{}", ended.text());
}

#[test]
fn no_reconnecting_makes_a_wrong_command_right() {
    let ended = wscope(["ws://h:x/", "--reconnect"]).run();
    ended.check(2, "", "wscope: error: bad port \"x\" in \"ws://h:x/\": a port is a number from 1 to 65535\n");
}

#[test]
fn a_peer_that_never_pongs_is_given_up() {
    let server = serve(|mut peer| {
        peer.upgrade();
        let ping = peer.frame();
        while peer.frame().is_some() {}
        ping
    });
    let args = ["--until-close", "--ping-interval", "10ms", "--ping-timeout", "50ms"];
    let ended = wscope([server.url()]).args(args).run();
    ended.check(8, "", "wscope: error: the connection ended without a closing handshake: no pong within 0.05 s\n");
    assert_eq!(server.saw().unwrap().0, 0x89);
}

#[test]
fn json_lines_hold_every_byte() {
    let odd = b"\x00\x1b[2J\x7f\xc2\x9b \"quoted\" \\ \xf0\x9f\xa6\x80".as_slice();
    let all: Vec<u8> = (0..=255).collect();
    let server = says_last(
        [text(odd), frame(0x82, &all), frame(0x01, b"a\xc3"), frame(0x80, b"\xa9b"), close(1000, "bye")].concat(),
    );
    let ended = wscope([server.url()]).args(["--format", "json", "--until-close", "--no-compress"]).run();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let lines: Vec<serde_json::Value> = ended.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["wscope"], 1);
    let received: Vec<_> = lines.iter().filter(|line| line["dir"] == "received").collect();
    assert_eq!(received[0]["text"].as_str().unwrap().as_bytes(), odd);
    let decode = |line: &serde_json::Value| {
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, line["b64"].as_str().unwrap()).unwrap()
    };
    assert_eq!(decode(received[1]), all);
    assert_eq!((received[2]["fin"].as_bool(), decode(received[2])), (Some(false), b"a\xc3".to_vec()));
    assert_eq!(decode(received[3]), b"\xa9b");
}

#[test]
fn nothing_of_a_peer_reaches_the_terminal_as_more_than_text() {
    let evil = "\x1b[2J\x07\u{9b}31m\u{202e}desrever\r\x08";
    for format in ["short", "full"] {
        let server = serve(move |mut peer| {
            peer.upgrade_with("X-Evil: \u{9b}31m\u{202e}\r\n");
            let binary = frame(0x82, evil.as_bytes());
            peer.leave(&[text(evil), binary, frame(0x89, evil.as_bytes()), close(1000, evil)].concat());
        });
        let ended = wscope([server.url()]).args(["--format", format, "--until-close"]).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        let bad = |c: char| {
            c != '\n' && c.is_control()
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c)
        };
        assert!(!ended.text().contains(bad), "{}", ended.text().escape_debug());
        assert!(ended.text().contains("desrever") && ended.text().contains("\\x1b[2J"), "{}", ended.text());
    }
    // A close reason is quoted in an error, too.
    let server = says_last(close(4000, evil));
    let ended = wscope([server.url()]).arg("--until-close").run();
    assert_eq!(ended.code, Some(8));
    assert!(!ended.stderr.contains(|c: char| c != '\n' && c.is_control() || c == '\u{202e}'), "{:?}", ended.stderr);
}

#[test]
fn a_pipe_gets_no_colour_unless_asked_for() {
    let run = |args: &[&str]| {
        let ended = wscope([says(text("hi")).url()]).args(["--format", "short", "--wait", "0"]).args(args).run();
        assert_eq!(ended.code, Some(0));
        ended.text().contains('\x1b')
    };
    assert!(!run(&[]));
    assert!(run(&["--color", "always"]));
}

#[test]
fn raw_output_is_verbatim() {
    let server = says_last([text(b"\x1b[2J\x00"), frame(0x82, b"\xff\xfe"), close(1000, "")].concat());
    wscope([server.url()]).arg("--until-close").run().success(b"\x1b[2J\x00\n\xff\xfe");
}
