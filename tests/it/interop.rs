//! With servers and proxies that others have written: `ws` of npm, `websockets` of Python, and proxies on nothing but Python.

use std::path::Path;

use crate::support::certificates::{Authority, Files};
use crate::support::command::{Ended, Wscope, wscope};
use crate::support::golden::Golden;
use crate::support::peers::{Peer, proxy, servers, websockets, ws};
use crate::support::server::serve;

fn at(url: impl AsRef<str>) -> Wscope {
    wscope([url.as_ref()])
}

/// Both ways to speak to a server: with compression and without it.
const COMPRESSION: [&str; 2] = ["--compress", "--no-compress"];

#[test]
fn text_comes_back_as_it_was_sent() {
    let mut thousand = (0..1000).map(|n| format!("message {n} {}\n", "x".repeat(n))).collect::<Vec<_>>().concat();
    thousand += "\n𝄞 🦀 \u{10ffff} é\n\n";
    for (name, peer) in [servers(&[]), servers(&["--deflate"])].into_iter().flatten() {
        for compression in COMPRESSION {
            let ended = at(peer.url("/echo")).arg(compression).stdin(thousand.as_str()).run();
            assert_eq!((ended.text(), ended.stderr.as_str()), (thousand.as_str(), ""), "{name} {compression}");
            assert_eq!(peer.line(), "open /echo");
            assert_eq!(peer.line().trim_end(), "close 1000");
        }
    }
}

#[test]
fn binary_comes_back_as_it_was_sent() {
    let bytes: Vec<u8> = (0..1_000_000u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
    for (name, peer) in [servers(&[]), servers(&["--deflate"])].into_iter().flatten() {
        for compression in COMPRESSION {
            let ended = at(peer.url("/")).args([compression, "--binary", "--one"]).stdin(bytes.as_slice()).run();
            assert!(ended.stdout == bytes && ended.stderr.is_empty(), "{name} {compression}: {}", ended.stderr);
            at(peer.url("/")).args([compression, "--one", "--count", "1"]).stdin("").run().success("\n");
        }
    }
}

#[test]
fn every_window_size_and_no_context_takeover_works_with_others() {
    let text = "abcabcabcabc, a text that repeats itself: abcabcabcabc\n".repeat(50);
    for (options, expected) in [
        ("--compress=server_max_window_bits=9", "server_max_window_bits=9"),
        ("--compress=client_max_window_bits=9", "client_max_window_bits=9"),
        ("--compress=server_no_context_takeover", "server_no_context_takeover"),
        ("--compress=client_no_context_takeover", "client_no_context_takeover"),
    ] {
        for (name, peer) in servers(&["--deflate"]) {
            at(peer.url("/")).arg(options).stdin(text.as_str()).run().success(&text);
            let shown = at(peer.url("/")).args([options, "-x", "a", "--count", "1", "--format", "json"]).run();
            assert!(shown.text().contains(expected), "{name} {options}: {}", shown.text());
        }
    }
}

#[test]
fn a_subprotocol_is_agreed_on() {
    for (name, peer) in servers(&["--subprotocol", "chat.v2"]) {
        let ended = at(peer.url("/")).args(["-s", "chat.v1,chat.v2", "--format", "short", "--wait", "0"]).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{name}");
        assert!(ended.text().contains("  subprotocol chat.v2"), "{name}: {}", ended.text());
    }
}

#[test]
fn the_exit_code_tells_how_the_peer_closed() {
    for (name, peer) in servers(&[]) {
        for (query, code, stderr) in [
            ("code=1000&reason=bye", 0, ""),
            ("code=1001", 0, ""),
            ("code=1011&reason=oops", 8, "wscope: error: closed with 1011 internal error: \"oops\"\n"),
            ("code=4001", 8, "wscope: error: closed with 4001 application\n"),
        ] {
            let ended = at(peer.url(&format!("/close?{query}"))).arg("--until-close").run();
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(code), stderr), "{name} {query}");
        }
    }
}

#[test]
fn pings_are_answered_and_fragments_joined() {
    for (name, peer) in servers(&[]) {
        at(peer.url("/fragments")).args(["--count", "1"]).run().success("hello there\n");
        assert_eq!(peer.line(), "open /fragments", "{name}");
        peer.line();
        at(peer.url("/ping")).run().success("");
        assert_eq!(peer.line(), "open /ping", "{name}");
        assert!(peer.line().starts_with("pong"), "{name}");
    }
}

/// An authority and a server of `ws` that shows what `issue` has it sign.
fn secure(issue: impl FnOnce(&Authority) -> Files, more: &[&str]) -> Option<(Authority, Peer)> {
    let authority = Authority::new();
    let files = issue(&authority);
    let tls = ["--tls", text(&files.cert), text(&files.key)];
    let peer = ws(&[&tls[..], more].concat())?;
    Some((authority, peer))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A message there and back with a wss URL.
fn over_tls(peer: &Peer, host: &str, args: &[&str]) -> Ended {
    at(format!("wss://{host}:{}/", peer.port)).args(["-x", "hi", "--count", "1"]).args(args).run()
}

/// Ports in what a program says.
fn port(peer: &Peer) -> String {
    format!(":{}", peer.port)
}

#[test]
fn tls_is_checked() {
    let Some((authority, peer)) = secure(|authority| authority.issue(&["localhost", "127.0.0.1"]), &[]) else { return };
    let ca = authority.file();
    for args in [&["--ca", text(&ca)][..], &["--insecure"], &["--ca", text(&ca), "--no-sni", "--min-tls", "1.3"]] {
        over_tls(&peer, "127.0.0.1", args).success("hi\n");
        over_tls(&peer, "localhost", args).success("hi\n");
    }
}

#[test]
fn each_fault_of_a_certificate_has_its_own_words() {
    let mut golden = Golden::new("certificates");
    let mut case = |what: &str, names: &[&str], years: (i32, i32), trusted: bool| {
        let issue = |authority: &Authority| authority.issue_for_years(names, years.0, years.1);
        let Some((authority, peer)) = secure(issue, &[]) else { return false };
        let other = Authority::new();
        let ca = if trusted { authority.file() } else { other.file() };
        golden.case(what, &over_tls(&peer, "localhost", &["--ca", text(&ca)]), &[(&port(&peer), ":PORT")]);
        over_tls(&peer, "localhost", &["--insecure"]).success("hi\n");
        true
    };
    let local = ["localhost"];
    let done = case("expired", &local, (2001, 2002), true)
        && case("not valid yet", &local, (2800, 2900), true)
        && case("another name", &["example.org", "127.0.0.1"], (2020, 2900), true)
        && case("another authority of the same name", &local, (2020, 2900), false);
    if let Some((_authority, peer)) = secure(|authority| authority.issue(&local), &[]) {
        golden.case("an unknown authority", &over_tls(&peer, "localhost", &[]), &[(&port(&peer), ":PORT")]);
    }
    let alone = secure(|authority| authority.self_signed(&["localhost"]), &[]);
    if let Some((_authority, peer)) = alone.filter(|_| done) {
        golden.case("self-signed", &over_tls(&peer, "localhost", &[]), &[(&port(&peer), ":PORT")]);
        golden.check();
    }
}

#[test]
fn a_client_certificate_is_asked_for_shown_and_checked() {
    let mut golden = Golden::new("client-certificates");
    let clients = Authority::new();
    let client_ca = clients.file();
    for max in ["TLSv1.2", "TLSv1.3"] {
        let more = ["--client-ca", text(&client_ca), "--max-tls", max];
        let Some((authority, peer)) = secure(|authority| authority.issue(&["127.0.0.1"]), &more) else { return };
        let ca = authority.file();
        let with = |files: &Files| {
            let args = ["--ca", text(&ca), "--cert", text(&files.cert), "--key", text(&files.key)];
            over_tls(&peer, "127.0.0.1", &args)
        };
        with(&clients.issue(&["client"])).success("hi\n");
        let masks = [(port(&peer), ":PORT")];
        let masks = masks.each_ref().map(|(port, mask)| (port.as_str(), *mask));
        golden.case(&format!("{max}, none"), &over_tls(&peer, "127.0.0.1", &["--ca", text(&ca)]), &masks);
        let other = with(&authority.issue(&["client"]));
        if max == "TLSv1.2" {
            golden.case(&format!("{max}, of another authority"), &other, &masks);
        } else {
            // The refusal comes after the handshake, as an end of the stream or as a reset, whichever is faster.
            assert!(other.code == Some(6) && other.stderr.contains("client certificate, or another one"), "{other:?}");
        }
    }
    golden.check();
}

#[test]
fn a_version_of_tls_in_common_is_needed() {
    let mut golden = Golden::new("tls-version");
    let max = ["--max-tls", "TLSv1.2"];
    let Some((authority, peer)) = secure(|authority| authority.issue(&["127.0.0.1"]), &max) else { return };
    let ca = authority.file();
    over_tls(&peer, "127.0.0.1", &["--ca", text(&ca)]).success("hi\n");
    let ended = over_tls(&peer, "127.0.0.1", &["--ca", text(&ca), "--min-tls", "1.3"]);
    golden.case("1.3 of a server of 1.2", &ended, &[(&port(&peer), ":PORT")]);
    golden.check();
}

#[test]
fn tls_is_shown() {
    let authority = Authority::new();
    let files = authority.issue(&["localhost"]);
    let Some(peer) = websockets(&["--tls", text(&files.cert), text(&files.key)]) else { return };
    let url = format!("wss://localhost:{}/", peer.port);
    let ended = at(url).args(["--ca", text(&authority.file()), "--format", "short", "-x", "hi", "--count", "1"]).run();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    for part in ["TLS 1.3", "Test Peer", "Test Authority", "localhost", "SHA-256"] {
        assert!(ended.text().contains(part), "no {part} in {}", ended.text());
    }
}

/// A proxy, and its URL with what stands before the host.
fn through(script: &str, args: &[&str], scheme: &str) -> Option<(Peer, String)> {
    let peer = proxy(script, args)?;
    let url = format!("{scheme}127.0.0.1:{}", peer.port);
    Some((peer, url))
}

#[test]
fn an_http_proxy_carries_the_connection() {
    let Some((authority, server)) = secure(|authority| authority.issue(&["localhost"]), &[]) else { return };
    let Some((open, url)) = through("connect_proxy.py", &[], "http://") else { return };
    let ca = authority.file();
    over_tls(&server, "localhost", &["--ca", text(&ca), "--proxy", &url]).success("hi\n");
    assert_eq!(open.rest(), [format!("CONNECT localhost:{}", server.port)]);

    let Some((closed, url)) = through("connect_proxy.py", &["--auth", "ann:s:c"], "http://ann:s%3Ac@") else { return };
    over_tls(&server, "localhost", &["--ca", text(&ca), "--proxy", &url]).success("hi\n");
    let mut golden = Golden::new("http-proxy");
    let masks = [(port(&server), ":PORT"), (port(&closed), ":PROXY")];
    let masks = masks.each_ref().map(|(port, mask)| (port.as_str(), *mask));
    for (what, wrong) in [("a wrong password", "ann:wrong@"), ("no password", "")] {
        let ended = over_tls(&server, "localhost", &["--proxy", &url.replace("ann:s%3Ac@", wrong)]);
        golden.case(what, &ended, &masks);
    }
    let other = serve(|mut peer| {
        peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.end();
    });
    let socks = format!("socks5://127.0.0.1:{}", other.port);
    let ended = over_tls(&server, "localhost", &["--proxy", &socks]);
    golden.case("not SOCKS", &ended, &[(&port(&server), ":PORT"), (&socks, "socks5://PROXY")]);
    golden.check();
    let target = format!("localhost:{}", server.port);
    assert_eq!(closed.rest(), [format!("CONNECT {target}"), format!("refused {target}"), format!("refused {target}")]);
}

#[test]
fn a_socks_proxy_carries_the_connection_and_resolves_the_name() {
    let Some(server) = ws(&[]) else { return };
    let Some((open, open_url)) = through("socks5_proxy.py", &[], "socks5://") else { return };
    at(server.url("/")).args(["-x", "hi", "--count", "1", "--proxy", &open_url]).run().success("hi\n");
    assert_eq!(open.line(), format!("CONNECT ipv4 127.0.0.1 {}", server.port));

    let Some((closed, url)) = through("socks5_proxy.py", &["--auth", "ann:x"], "socks5h://ann:x@") else { return };
    let target = format!("ws://localhost:{}", server.port);
    at(&target).args(["-x", "hi", "--count", "1", "--proxy", &url]).run().success("hi\n");
    let mut golden = Golden::new("socks-proxy");
    let masks = [(port(&server), ":PORT"), (port(&closed), ":PROXY"), (port(&open), ":PROXY")];
    let masks = masks.each_ref().map(|(port, mask)| (port.as_str(), *mask));
    for (what, wrong) in [("a wrong password", "ann:y@"), ("no password", "")] {
        golden.case(what, &at(&target).args(["--proxy", &url.replace("ann:x@", wrong)]).run(), &masks);
    }
    let http = url.replace("socks5h://", "http://");
    golden.case("not HTTP", &at(&target).args(["--proxy", &http]).run(), &masks);
    let ended = at("ws://127.0.0.1:1/").args(["--proxy", &open_url]).run();
    golden.case("a server that does not listen", &ended, &masks);
    golden.check();
    assert_eq!(
        closed.rest(),
        [format!("CONNECT domain localhost {}", server.port), "refused".into(), "refused".into(), "refused".into()]
    );
}

#[test]
fn the_environment_names_a_proxy_for_everything_but_loopback_and_its_exceptions() {
    let Some(server) = ws(&[]) else { return };
    let Some((proxy, url)) = through("connect_proxy.py", &[], "http://") else { return };
    let local = || at(server.url("/")).args(["-x", "hi", "--count", "1"]);
    for variable in ["ALL_PROXY", "http_proxy"] {
        local().env(variable, &url).run().success("hi\n");
    }
    // The name is for the proxy to resolve, and it says what it was asked.
    let far = |url: &str| at(url).args(["--connect-timeout", "20s"]);
    let ended = far("ws://nobody.invalid/").env("ALL_PROXY", &url).run();
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    let ended = far("wss://nobody.invalid/").env("HTTPS_PROXY", &url).run();
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    let direct = far("wss://nobody.invalid/").env("HTTPS_PROXY", &url).env("NO_PROXY", "x,.invalid").run();
    assert_eq!(direct.code, Some(3), "{}", direct.stderr);
    let direct = far("wss://nobody.invalid/").env("HTTPS_PROXY", &url).args(["--proxy", "none"]).run();
    assert_eq!(direct.code, Some(3), "{}", direct.stderr);
    assert_eq!(proxy.rest(), ["CONNECT nobody.invalid:80", "CONNECT nobody.invalid:443"]);
}

#[test]
fn a_unix_socket_is_as_good_as_a_port() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ws.sock");
    let Some(peer) = ws(&["--unix", text(&path)]) else { return };
    at("ws://any.invalid/here").args(["--unix", text(&path), "-x", "hi", "--count", "1"]).run().success("hi\n");
    assert_eq!(peer.line(), "open /here");
}
