//! Clients and servers that others have written, directly and with the proxy between them: they can't tell the difference.

use std::process::{Command, Output};

use crate::support::between::Between;
use crate::support::browser;
use crate::support::certificates::Authority;
use crate::support::command::wscope;
use crate::support::peers::{Peer, node, peers, servers, ws};

/// What a client of npm's `ws` sees of a server that echoes.
const WS_CLIENT: &str = r#"
    const W = require("ws"); const got = [];
    const w = new W(process.argv[1], ["v0", "v1"], { perMessageDeflate: { threshold: 0 }, rejectUnauthorized: false });
    w.on("open", () => {
        w.send("in ", { fin: false }); w.send("two pieces");
        w.send("again and again"); w.send("again and again"); w.send(Buffer.from([1, 2, 3])); w.send("x".repeat(100000));
        w.ping("there?");
    });
    w.on("pong", (data) => got.push("pong " + data));
    w.on("message", (m, binary) => { got.push(binary ? [...m] : m.length < 100 ? String(m) : m.length); });
    w.on("message", () => { if (got.filter((it) => !String(it).startsWith("pong")).length === 5) w.close(4000, "done"); });
    w.on("unexpected-response", (request, response) => console.log(response.statusCode));
    w.on("error", (error) => console.log(error.message));
    w.on("close", (code, reason) => console.log(JSON.stringify([w.protocol, w.extensions, got.sort(), code, String(reason)])));
"#;

fn js(script: &str, url: &str) -> String {
    let mut command = Command::new("node");
    command.args(["-e", script, url]).env("NODE_PATH", peers().join("node_modules"));
    said(command.output().unwrap())
}

fn python(url: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/proxy_client.py");
    said(Command::new(peers().join("python/bin/python")).args([script, url]).output().unwrap())
}

#[track_caller]
fn said(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn ws_and_websockets_on_both_sides_notice_nothing() {
    for args in [&["--subprotocol", "v1"][..], &["--subprotocol", "v1", "--deflate"]] {
        for (name, server) in servers(args) {
            let between = Between::start(&server.url(""), &["--format", "raw"]);
            // Of this one the legs agree on different windows, if they do on any.
            let anew = args
                .contains(&"--deflate")
                .then(|| Between::start(&server.url(""), &["--format", "raw", "--compress=client_max_window_bits=9"]));
            for (client, run) in
                [("ws", &(|url: &str| js(WS_CLIENT, url)) as &dyn Fn(&str) -> String), ("websockets", &python)]
            {
                let direct = run(&server.url("/"));
                assert!(direct.contains("4000"), "{client} with {name}: {direct}");
                assert_eq!(run(&between.url("/")), direct, "{client} with {name} {args:?}");
                if let Some(anew) = &anew {
                    assert_eq!(run(&anew.url("/")), direct, "{client} with {name} {args:?}");
                }
            }
            let ended = between.end();
            assert_eq!(ended.frames(1, "received"), ended.frames(2, "sent"), "{name} {args:?}");
        }
    }
}

#[test]
fn pings_fragments_and_close_codes_of_a_server_reach_the_client() {
    for (name, server) in servers(&[]) {
        let between = Between::start(&server.url(""), &[]);
        for (path, until, wanted) in [
            ("/ping", &["-x", "said after it", "--count", "1"][..], "are you there"),
            ("/fragments", &["--until-close", "--count", "1"], "there"),
            ("/close?code=4001&reason=enough", &["--until-close"], "4001"),
        ] {
            let show = |url: String| {
                let args = [&url, "--format", "short", "--timestamps", "none", "--headers", "none"];
                let ended = wscope(args).args(until).run();
                // Without their numbers, which tell whether something was received before or after something was sent.
                let words = |line: &str| {
                    let mut words: Vec<_> = line.split("  +").next().unwrap().split_whitespace().collect();
                    words.remove(1);
                    words.join(" ")
                };
                let frames = ended.text().lines().filter(|line| line.starts_with(['▼', '▲']));
                let mut frames: Vec<String> = frames.map(words).collect();
                frames.sort_by_key(|frame| frame.starts_with('▲'));
                (frames, ended.code)
            };
            let (direct, through) = (show(server.url(path)), show(between.url(path)));
            assert!(direct.0.iter().any(|line| line.contains(wanted)), "{name} {path} {direct:?}");
            assert_eq!(through, direct, "{name} {path}");
        }
    }
}

#[test]
fn over_tls_on_both_legs() {
    let authority = Authority::new();
    let issued = authority.issue(&["127.0.0.1"]);
    let Some(server) = ws(&["--tls", issued.cert.to_str().unwrap(), issued.key.to_str().unwrap()]) else { return };
    let url = server.url("").replace("ws:", "wss:");
    let between = Between::start(&url, &["--ca", authority.file().to_str().unwrap(), "--self-signed"]);
    let through = between.url("/a").replace("ws:", "wss:");
    wscope([&through, "--insecure", "-x", "hello", "--count", "1"]).run().success("hello\n");
    drop(between);
    // A server that is not trusted is a 502, and the client's certificate for it has names of its own.
    let between = Between::start(&url, &[]);
    let refused = wscope([&between.url("/a"), "-x", "hello"]).run();
    assert_eq!(refused.code, Some(6), "{}", refused.stderr);
    assert!(refused.stderr.contains("502"), "{}", refused.stderr);
    assert!(between.told().contains("certificate"));
}

/// What a client of Socket.IO hears: the body of a function of `io` and `url`, with options of the client.
const SOCKET_IO: &str = r#"
    const heard = [];
    const socket = io(url, { ...options, query: { name: "ann" }, reconnection: false, forceNew: true });
    const ended = new Promise((resolve) => socket.on("disconnect", resolve));
    const hello = new Promise((resolve) => socket.on("hello", (...words) => resolve(heard.push(words))));
    socket.on("connect_error", (error) => heard.push(error.message));
    await new Promise((resolve) => socket.on("connect", resolve));
    if (options.upgraded && socket.io.engine.transport.name !== "websocket") {
        await new Promise((resolve) => socket.io.engine.on("upgrade", resolve));
    }
    await hello; // It may come together with the connection, or in the next poll.
    heard.push(socket.io.engine.transport.name);
    heard.push(await socket.emitWithAck("add", [1, 2, 39]));
    const bytes = new Promise((resolve) => socket.on("bytes", resolve));
    socket.emit("bytes", new Uint8Array([1, 2]));
    heard.push([...new Uint8Array(await bytes)]);
    socket.emit("leave");
    heard.push(await ended);
    return heard;
"#;

/// With long polling first, and then an upgrade; by WebSocket alone; and by polling alone.
const TRANSPORTS: [&str; 3] =
    ["{ upgraded: true }", r#"{ transports: ["websocket"] }"#, r#"{ transports: ["polling"] }"#];

fn socket_io() -> Option<Peer> {
    let mut server = node("socket.io", "socketio_server.js", &[])?;
    server.learn_port();
    Some(server)
}

#[test]
fn socket_io_goes_through_with_its_long_polling() {
    let Some(server) = socket_io() else { return };
    let between = Between::start(&server.url(""), &["--format", "raw"]);
    for options in TRANSPORTS {
        let script = format!(
            "const {{ io }} = require('socket.io-client'); const url = process.argv[1]; const options = {options};
             (async () => {{ {SOCKET_IO} }})().then((heard) => {{ console.log(JSON.stringify(heard)); process.exit(0); }})"
        );
        let url = |url: String| url.replace("ws:", "http:");
        let direct = js(&script, &url(server.url("")));
        assert!(direct.contains("[\"from the server\",\"ann\"]") && direct.contains(",42,[1,2,255],"), "{direct}");
        assert_eq!(js(&script, &url(between.url(""))), direct, "{options}");
    }
    let ended = between.end();
    let polled =
        ended.notes().iter().filter(|note| note.starts_with("no opening handshake: passed on to http:")).count();
    assert!(polled > 3, "{:?}", ended.notes());
    let frames = ended.recording.iter().filter(|line| line["ev"] == "frame" && line["text"] == "2probe").count();
    assert_eq!(frames, 2, "the upgrade is seen on both legs");
}

#[test]
fn an_application_in_a_browser_notices_nothing() {
    let Some(server) = socket_io() else { return };
    let between = Between::start(&server.url(""), &["--format", "raw"]);
    for options in &TRANSPORTS[..2] {
        let script = format!(
            "await new Promise((loaded, failed) => {{
                 const script = document.createElement('script');
                 Object.assign(script, {{ src: '/socket.io/socket.io.js', onload: loaded, onerror: failed }});
                 document.head.append(script);
             }});
             const url = location.origin; const options = {options}; {SOCKET_IO}"
        );
        let page = |url: String| url.replace("ws:", "http:");
        let Some(direct) = browser::run_on(&page(server.url("/")), &script) else { return };
        assert_eq!(direct[2], 42, "{direct}");
        assert_eq!(browser::run_on(&page(between.url("/")), &script), Some(direct));
    }
    let agents = between.end().recording;
    let browsers =
        agents.iter().filter_map(|line| line["raw"].as_str()).filter(|raw| raw.contains("User-Agent: Mozilla"));
    assert!(
        browsers.filter(|raw| raw.contains("Upgrade: websocket")).count() >= 4,
        "on both legs, as the browser said it"
    );
}

#[test]
fn a_browser_is_told_that_the_server_is_gone() {
    let upstream = crate::support::server::serve(|mut peer| {
        peer.upgrade();
    });
    let between = Between::start(&upstream.url(), &[]);
    let script = format!(
        "return await new Promise((resolve) => {{
             const ws = new WebSocket('{}');
             ws.onclose = (event) => resolve([event.code, event.reason, event.wasClean]);
         }})",
        between.url("/")
    );
    let Some(told) = browser::run(&script) else { return };
    assert_eq!(told, serde_json::json!([1011, "the server is gone: the peer sent no close frame", true]));
}
