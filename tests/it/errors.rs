//! Everything that can go wrong: one line that says what, a hint where there is a next step, the exit code, and on standard
//! output nothing but what was received before. The words are in tests/golden/errors.

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use crate::support::command::{Ended, wscope};
use crate::support::frames::{close, frame, text};
use crate::support::golden::Golden;
use crate::support::server::{Peer, Server, answers, says, says_last, serve};

#[test]
fn a_command_line_that_makes_no_sense() {
    let mut golden = Golden::new("usage");
    let rows: &[&[&str]] = &[
        &[],
        &["ftp://h/"],
        &["ws:/h/"],
        &["wss:h"],
        &["ws://"],
        &["ws:///path"],
        &["ws://h:0/"],
        &["ws://h:65536/"],
        &["localhost:http"],
        &["ws://ann:hunter2@h:x/"],
        &["ws://h/a b"],
        &["ws://h/#a"],
        &["ws://::1/"],
        &["ws://[::1/"],
        &["ws://bücher.example/"],
        &["demmo"],
        &["myhost"],
        &[":1", ":2"],
        &["--hedaer", "a: b", ":1"],
        &["--xyzzy", ":1"],
        &[":1", "-0", "--one"],
        &[":1", "--auth", "a:b", "--bearer", "c"],
        &[":1", "--wait"],
        &[":1", "--wait", "soon"],
        &[":1", "--connect-timeout", "0"],
        &[":1", "--max-message", "1x"],
        &[":1", "--count", "0"],
        &[":1", "--format", "sort"],
        &[":1", "-H", "nocolon"],
        &[":1", "-H", "A: b\nEvil: c"],
        &[":1", "-H", "A b: c"],
        &[":1", "-H", ": c"],
        &[":1", "--cookie", "nopair"],
        &[":1", "--compress=client_max_window_bits=7"],
        &["--compress", "off", ":1"],
        &[":1", "--proxy", "ftp://ann:hunter2@p"],
        &[":1", "--key", "k.pem"],
        &[":1", "--auth", "ann"],
    ];
    for args in rows {
        golden.case(&format!("wscope {args:?}"), &wscope(*args).run(), &[]);
    }
    golden.case("WSCOPE_WAIT=soon", &wscope([":1"]).env("WSCOPE_WAIT", "soon").run(), &[]);
    golden.check();
}

#[test]
fn a_variable_with_a_name_that_is_not_quite_right_is_told() {
    let ended = wscope(["run", "--api=no_such"]).env("WSCOPE_TIMESTAMP", "none").env("WSCOPE_MINE", "1").run();
    ended.check(0, "", "wscope: warning: WSCOPE_TIMESTAMP sets nothing: did you mean WSCOPE_TIMESTAMPS?\n");
}

#[test]
fn a_profile_or_a_file_that_is_not_there_or_not_right() {
    let mut golden = Golden::new("files");
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path().to_str().unwrap();
    let write = |name: &str, text: &str| std::fs::write(Path::new(home).join(name), text).unwrap();
    std::fs::create_dir(directory.path().join("wscope")).unwrap();
    golden.case("no config.toml", &wscope(["@staging"]).env("XDG_CONFIG_HOME", home).run(), &[(home, "HOME")]);
    for (config, profile) in [
        ("[profile.staging]\nurl = \"ws://h/\"\n", "@stagign"),
        ("[profile.staging]\nwait = \"1s\"\n", "@staging"),
        ("[profile.staging]\nurl = \n", "@staging"),
        ("[profile.staging]\nurl = \"ws://h/\"\nhaeder = \"a: b\"\n", "@staging"),
        ("[profile.staging]\nurl = \"ws://h/\"\nheader = [\"a b\"]\n", "@staging"),
        ("[profile.staging]\nurl = \"ws://h/\"\nwait = \"soon\"\n", "@staging"),
    ] {
        write("wscope/config.toml", config);
        let ended = wscope([profile]).env("XDG_CONFIG_HOME", home).run();
        golden.case(&format!("{profile} with {config:?}"), &ended, &[(home, "HOME")]);
    }
    write("headers", "A: b\n\n# comment\nnocolon\n");
    write("empty", "");
    write("text.pem", "not a certificate\n");
    for args in [
        [":1", "-H", "@HOME/none"],
        [":1", "-H", "@HOME/headers"],
        [":1", "--auth", "@HOME/none"],
        [":1", "--bearer", "@HOME/empty"],
        ["wss://127.0.0.1:1", "--ca", "HOME/none"],
        ["wss://127.0.0.1:1", "--ca", "HOME/text.pem"],
        ["wss://127.0.0.1:1", "--cert", "HOME/none"],
    ] {
        let ended = wscope(args.map(|arg| arg.replace("HOME", home))).run();
        golden.case(&format!("wscope {args:?}"), &ended, &[(home, "HOME")]);
    }
    golden.check();
}

#[test]
fn a_peer_that_can_not_be_reached() {
    let mut golden = Golden::new("unreachable");
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    for args in [
        &["ws://nobody.invalid/"][..],
        &["ws://127.0.0.1:PORT/"],
        &["ws://h/", "--unix", "/dev/null/socket"],
        &["ws://h/", "--proxy", "http://127.0.0.1:PORT"],
        &["ws://h/", "--proxy", "socks5://nobody.invalid:1"],
    ] {
        let ended = wscope(args.iter().map(|arg| arg.replace("PORT", &refusing))).run();
        // What the system says of a name depends on the system and its network.
        let resolving = ended.stderr.split("invalid\": ").nth(1).and_then(|text| text.lines().next()).unwrap_or("\0");
        golden.case(&format!("wscope {args:?}"), &ended, &[(&refusing, "PORT"), (resolving, "REASON")]);
    }
    golden.check();
}

/// A run against a server, with its address masked.
fn against<R: Send + 'static>(golden: &mut Golden, what: &str, server: Server<R>, scheme: &str, args: &[&str]) -> R {
    let host = format!("127.0.0.1:{}", server.port);
    let ended = wscope([format!("{scheme}://{host}/"), "--until-close".into()]).args(args).run();
    golden.case(what, &ended, &[(&host, "HOST")]);
    server.saw()
}

#[test]
fn a_port_that_speaks_something_else() {
    let mut golden = Golden::new("not-websocket");
    let long = format!("HTTP/1.1 101 Switching Protocols\r\nA: {}", "a".repeat(70_000));
    for (what, bytes) in [
        ("an ordinary answer of HTTP", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi\n"),
        ("ws:// to a port of TLS", "\x15\x03\x01\x00\x02\x02\x46"),
        ("SSH", "SSH-2.0-OpenSSH_9.9\r\n"),
        ("binary data", "\x00\x01\x02\x03garbage"),
        ("a line of text", "+OK ready\r\n"),
        ("a line of escapes", "\u{1b}[2J\r\n"),
        ("nothing", ""),
        ("half a head", "HTTP/1.1 101 Switching Protocols\r\nUpgr"),
        ("a bad status line", "HTTP/1.1 abc\r\n\r\n"),
        ("headers without an end", &long),
    ] {
        against(&mut golden, what, answers(bytes), "ws", &[]);
    }
    let reset = serve(|mut peer| {
        peer.head();
        reset(&peer);
    });
    against(&mut golden, "RST", reset, "ws", &[]);
    let silent = || serve(|mut peer| io::copy(&mut peer.stream, &mut io::sink()).is_ok());
    against(&mut golden, "silence", silent(), "ws", &["--handshake-timeout", "200ms"]);
    let half = serve(|mut peer| {
        peer.head();
        peer.say(b"HTTP/1.1 101 Switching");
        io::copy(&mut peer.stream, &mut io::sink()).is_ok()
    });
    against(&mut golden, "half a head, and then silence", half, "ws", &["--handshake-timeout", "200ms"]);

    let plain = serve(|mut peer| {
        peer.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        peer.end();
    });
    against(&mut golden, "wss:// to a port of HTTP", plain, "wss", &[]);
    against(&mut golden, "wss:// to a port that closes", serve(|mut peer| peer.end()), "wss", &[]);
    against(&mut golden, "wss:// to a silent port", silent(), "wss", &["--connect-timeout", "200ms"]);
    golden.check();
}

/// Lets the end of the connection be RST instead of FIN.
fn reset(peer: &Peer) {
    rustix::net::sockopt::set_socket_linger(&peer.stream, Some(Duration::ZERO)).unwrap();
}

#[test]
fn a_peer_that_breaks_the_protocol() {
    let mut golden = Golden::new("violations");
    for (what, bytes, status) in [
        ("a length of 2^62", b"\x81\x7f\x40\0\0\0\0\0\0\0abc".to_vec(), 1009),
        ("a length of 2^63", b"\x81\x7f\x80\0\0\0\0\0\0\0abc".to_vec(), 1002),
        ("a length in a longer form", b"\x81\x7e\x00\x02hi".to_vec(), 1002),
        ("a masked frame", b"\x81\x82\0\0\0\0hi".to_vec(), 1002),
        ("a reserved opcode", frame(0x83, b"x"), 1002),
        ("a reserved bit", frame(0xc1, b"x"), 1002),
        ("bad UTF-8", text(b"a\xffb"), 1007),
        ("bad UTF-8 in an unfinished message", frame(0x01, b"a\xffb"), 1007),
        ("a frame over the limit", text("12345678901"), 1009),
        ("a message over the limit", [frame(0x01, b"123456"), frame(0x80, b"789012")].concat(), 1009),
        ("a code that may not be on the wire", close(1006, ""), 1002),
        ("a close frame of one byte", frame(0x88, b"\x03"), 1002),
        ("a long ping", frame(0x89, &[b'x'; 126]), 1002),
        ("an unfinished ping", frame(0x09, b""), 1002),
        ("a continuation of nothing", frame(0x80, b"x"), 1002),
        ("a message inside a message", [frame(0x01, b"a"), text("b")].concat(), 1002),
    ] {
        let server = says([text("before"), bytes].concat());
        let limit: &[&str] = if status == 1009 { &["--max-message", "10"] } else { &[] };
        let frames = against(&mut golden, what, server, "ws", &[limit, &["--no-compress"]].concat());
        let [(0x88, payload)] = &frames[..] else { panic!("{what}: only a close frame is sent, not {frames:?}") };
        assert_eq!(payload[..2], u16::to_be_bytes(status), "{what}");
    }
    // "before", and 100 MiB of zeros as they compress, on one stream: RFC 7692 section 7.2.1.
    let server = serve(|mut peer| {
        peer.upgrade_with("Sec-WebSocket-Extensions: permessage-deflate\r\n");
        peer.say(&[frame(0xc1, &deflated(b"before")), frame(0xc2, &deflated(&vec![0; 100 << 20]))].concat());
        peer.finish()
    });
    let frames = against(&mut golden, "a compression bomb", server, "ws", &[]);
    assert_eq!(frames[0].1[..2], u16::to_be_bytes(1009));
    let server = serve(|mut peer| {
        peer.upgrade_with("Sec-WebSocket-Extensions: permessage-deflate\r\n");
        peer.say(&[text("before"), frame(0xc1, b"\xff\xff\xff")].concat());
        peer.finish()
    });
    against(&mut golden, "data that does not inflate", server, "ws", &[]);
    golden.check();
}

fn deflated(data: &[u8]) -> Vec<u8> {
    use flate2::{Compress, Compression, FlushCompress};
    let mut out = Vec::with_capacity(data.len() / 100 + 100);
    Compress::new(Compression::fast(), false).compress_vec(data, &mut out, FlushCompress::Sync).unwrap();
    out.truncate(out.len() - 4);
    out
}

#[test]
fn a_violation_can_be_looked_past() {
    let server = says([frame(0x83, b"x"), text("after")].concat());
    let ended = wscope([server.url()]).args(["--on-violation", "continue", "--count", "1"]).run();
    let mut golden = Golden::new("looked-past");
    golden.case("a reserved opcode with --on-violation continue", &ended, &[]);
    golden.check();
}

#[test]
fn a_connection_that_ends_without_a_closing_handshake() {
    let mut golden = Golden::new("endings");
    for (what, bytes) in [
        ("the end of the stream", &b""[..]),
        ("the end in a header", b"\x81"),
        ("the end in a long header", b"\x81\x7e\x01"),
        ("the end in a payload", b"\x81\x05he"),
        ("the end in a message", b"\x01\x02he"),
    ] {
        let bytes = [&text("before"), bytes].concat();
        let server = serve(move |mut peer| {
            peer.upgrade();
            peer.say(&bytes);
            peer.end();
        });
        against(&mut golden, what, server, "ws", &[]);
    }
    let resets = serve(|mut peer| {
        peer.upgrade();
        peer.say(&text("before"));
        // Once this has come, what was said has been read.
        peer.frame();
        reset(&peer);
    });
    against(&mut golden, "RST", resets, "ws", &["-x", "hi"]);
    let deaf = serve(|mut peer| {
        peer.upgrade();
        peer.say(&text("before"));
        while peer.frame().is_some() {}
    });
    let ended = wscope([deaf.url()]).args(["--wait", "10ms"]).run();
    golden.case("a close frame without an answer", &ended, &[]);
    for (code, reason) in [(4001, "so there"), (1011, ""), (3000, "\u{1b}[2J"), (1000, "bye"), (1001, "")] {
        let server = says_last([text("before"), close(code, reason)].concat());
        against(&mut golden, &format!("closed with {code} {reason:?}"), server, "ws", &[]);
    }
    golden.check();
}

#[test]
fn a_full_disk_is_told() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let server = says(text("before"));
    let Ended { code, stderr, .. } = wscope([server.url()]).stdout_file(full).run();
    let expected = "wscope: error: cannot write the output: no space left on device\n";
    assert_eq!((code, stderr.as_str()), (Some(11), expected));
}
