//! `wscope serve` with clients that others have written, and with wscope itself: echo, chat, sink and flood, over ws and wss.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use tungstenite::Message;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::support::certificates::Authority;
use crate::support::command::wscope;
use crate::support::peers::{peers, skip};
use crate::support::serving::Serve;

#[test]
fn an_echo_sends_back_what_it_gets_and_shows_every_frame() {
    let server = Serve::start(&["--headers", "none", "--timestamps", "none"]);
    assert_eq!(server.said, format!("serving echo on ws://127.0.0.1:{}/\n", server.port));
    let mut client = server.client();
    client.send(Message::text("hällo")).unwrap();
    client.send(Message::binary(vec![0, 255])).unwrap();
    client.send(Message::Ping(b"p".to_vec().into())).unwrap();
    assert_eq!(client.read().unwrap(), Message::text("hällo"));
    assert_eq!(client.read().unwrap(), Message::binary(vec![0, 255]));
    assert_eq!(client.read().unwrap(), Message::Pong(b"p".to_vec().into()));
    let bye = CloseFrame { code: CloseCode::Normal, reason: "bye".into() };
    client.close(Some(bye)).unwrap();
    assert!(matches!(client.read().unwrap(), Message::Close(Some(answer)) if answer.code == CloseCode::Normal));
    // All of it is shown by the end of the stream.
    assert!(client.read().is_err());
    let (code, shown) = server.end();
    let frames: Vec<String> = shown
        .lines()
        .filter(|line| line.starts_with(['▲', '▼', '○']))
        .map(|line| line.split("  +").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        (code, frames.join("\n").as_str()),
        (
            Some(130),
            "▼ 1 text 6 B hällo\n▲ 2 text 6 B hällo\n▼ 3 binary 2 B 00 ff |..|\n▲ 4 binary 2 B 00 ff |..|\n▼ 5 ping 1 B \"p\"\n\
             ▲ 6 pong 1 B \"p\" (automatic)\n▼ 7 close 1000 normal \"bye\"\n▲ 8 close 1000 normal (automatic)\n\
             ○ closed 1000 normal \"bye\" by the peer"
        )
    );
}

#[test]
fn in_a_chat_all_others_hear_what_one_says() {
    let server = Serve::start(&["--mode", "chat"]);
    let (mut ann, mut bob, mut cay) = (server.client(), server.client(), server.client());
    // Who is there is known once their pings are answered.
    for client in [&mut ann, &mut bob, &mut cay] {
        client.send(Message::Ping(Vec::new().into())).unwrap();
        assert_eq!(client.read().unwrap(), Message::Pong(Vec::new().into()));
    }
    ann.send(Message::text("from ann")).unwrap();
    assert_eq!(bob.read().unwrap(), Message::text("from ann"));
    bob.send(Message::text("from bob")).unwrap();
    assert_eq!(ann.read().unwrap(), Message::text("from bob"));
    assert_eq!([cay.read().unwrap(), cay.read().unwrap()], [Message::text("from ann"), Message::text("from bob")]);
}

#[test]
fn a_flood_fills_what_the_client_reads_and_hears_it_close() {
    let server = Serve::start(&["--mode", "flood", "--size", "1k", "--no-compress", "--format", "raw"]);
    let url = format!("ws://{}", server.url());
    let ended = wscope([&url, "--count", "1000"]).run();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(ended.stdout.len(), 1000 * 1001);
    assert!(ended.text().starts_with("00000000 9e3779b9 "));
}

#[test]
fn a_sink_takes_everything_and_says_nothing() {
    let server = Serve::start(&["--mode", "sink", "--format", "raw"]);
    let mut client = server.client();
    for _ in 0..100 {
        client.send(Message::text("x".repeat(10_000))).unwrap();
    }
    client.close(None).unwrap();
    assert_eq!(client.read().unwrap(), Message::Close(None));
    assert!(client.read().is_err());
    assert_eq!(server.end().1.len(), 100 * 10_001);
}

#[test]
fn an_echo_that_nobody_reads_stops_reading_and_keeps_its_memory() {
    let server = Serve::start(&["--format", "raw", "--no-compress"]);
    let mut client = server.client();
    client.get_ref().set_write_timeout(Some(std::time::Duration::from_millis(500))).unwrap();
    // 256 MiB would fill it; the sockets take a few.
    let message = "x".repeat(1 << 20);
    let taken = (0..256).take_while(|_| client.send(Message::text(message.as_str())).is_ok()).count();
    assert!(taken < 64, "{taken} MiB were taken");
    let peak = server.peak();
    assert!(peak.is_none_or(|peak| peak < 100 << 10), "{peak:?} KiB");
}

#[test]
fn over_tls_with_a_certificate_of_its_own_or_one_from_files_and_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("served.wsrec");
    let server =
        Serve::start(&["--self-signed", "--subprotocol", "v2", "--subprotocol", "v1", "-o", file.to_str().unwrap()]);
    assert_eq!(server.said, format!("serving echo on wss://127.0.0.1:{}/\n", server.port));
    let url = format!("wss://{}/a", server.url());
    let said = wscope([&url, "--insecure", "--subprotocol", "v1", "-x", "hello", "--count", "1"]).run();
    said.success("hello\n");
    let distrusted = wscope([&url, "-x", "hello"]).run();
    assert_eq!(distrusted.code, Some(5), "{}", distrusted.stderr);
    assert_eq!(server.end().0, Some(130));
    let shown = wscope(["show", file.to_str().unwrap(), "--timestamps", "none"]).run();
    let wanted = ["accepted  /a", "subprotocol v1", "TLS 1.", "▼ 1", "▲ 2", "hello", "○"];
    assert!(wanted.iter().all(|part| shown.text().contains(part)), "{}", shown.text());

    let authority = Authority::new();
    let issued = authority.issue(&["127.0.0.1"]);
    let server = Serve::start(&["--cert", issued.cert.to_str().unwrap(), "--key", issued.key.to_str().unwrap()]);
    let url = format!("wss://{}/", server.url());
    wscope([&url, "--ca", authority.file().to_str().unwrap(), "-x", "hi", "--count", "1"]).run().success("hi\n");
}

#[test]
fn a_reader_of_the_frames_that_went_away_is_no_error() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    command.arg("serve").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    let url = said.trim_end().rsplit(' ').next().unwrap();
    for text in ["still", "there"] {
        wscope([url, "-x", text, "--count", "1"]).run().success(format!("{text}\n"));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut more = String::new();
    stderr.read_to_string(&mut more).unwrap();
    assert_eq!(more, "");
}

#[test]
fn npm_ws_is_served() {
    let modules = peers().join("node_modules");
    if !modules.join("ws").exists() {
        return skip("skipped: ws: it is not installed; scripts/setup tests does that");
    }
    let server = Serve::start(&["--subprotocol", "v1"]);
    let script = format!(
        "const W = require('ws'); const w = new W('ws://{}', ['v0', 'v1']); const got = [];
         w.on('open', () => {{ w.send('text'); w.send(Buffer.from([1, 2])); w.send('x'.repeat(100000)); }});
         w.on('message', (m, b) => {{ got.push(b ? [...m] : m.length); if (got.length == 3) w.close(1000, 'done'); }});
         w.on('close', (c, r) => console.log(JSON.stringify([w.protocol, w.extensions, got, c, String(r)])));",
        server.url()
    );
    let output = Command::new("node").args(["-e", &script]).env("NODE_PATH", modules).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said, "[\"v1\",\"permessage-deflate\",[4,[1,2],100000],1000,\"\"]\n");
}

#[test]
fn what_it_can_not_listen_on_or_use_is_told() {
    let server = Serve::start(&[]);
    let taken = server.url();
    for (args, code, told) in [
        (&["--listen", &taken][..], 4, format!("cannot listen on {taken}: address already in use")),
        (&["--listen", "nowhere"], 2, "invalid value \"nowhere\" for --listen: it is a port".into()),
        (&["--cert", "/nonexistent.pem"], 11, "cannot use /nonexistent.pem: no such file or directory".into()),
        (&["--key", "k.pem"], 2, "--cert is missing".into()),
    ] {
        let ended = wscope(["serve"]).args(args).run();
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.starts_with(&format!("wscope: error: {told}")), "{}", ended.stderr);
    }
}
