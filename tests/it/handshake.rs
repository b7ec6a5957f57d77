//! The opening handshake on the wire: what is asked, and what is made of every answer.

use crate::support::command::wscope;
use crate::support::frames::{close, text};
use crate::support::golden::Golden;
use crate::support::server::{Peer, Server, answers, listen, serve, switching};

/// The head of the request that these arguments lead to, with `KEY` for the key and `HOST` for the server.
fn request(path: &str, user_info: &str, args: &[&str]) -> String {
    let server = answers("HTTP/1.1 500 Enough\r\nContent-Length: 0\r\n\r\n");
    let host = format!("127.0.0.1:{}", server.port);
    let ended = wscope([format!("ws://{user_info}{host}{path}")]).args(args).run();
    assert_eq!((ended.code, ended.text()), (Some(6), ""), "{}", ended.stderr);
    let head = server.saw();
    let key = head.lines().find_map(|line| line.split_once("Sec-WebSocket-Key: ")).unwrap().1;
    assert_eq!((key.len(), &key[22..]), (24, "=="), "16 bytes in base64");
    head.replace(&host, "HOST").replace(key, "KEY")
}

const START: &str = "Host: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Key: KEY\r\n";
const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

#[test]
fn a_request_is_written_in_one_order_with_nothing_else_in_it() {
    assert_eq!(request("", "", &[]), format!("GET / HTTP/1.1\r\n{START}{OFFER}\r\n"));
    assert_eq!(request("?q=1", "", &[]), format!("GET /?q=1 HTTP/1.1\r\n{START}{OFFER}\r\n"));
    assert_eq!(request("/a%20b/ü;c?x=/?", "", &[]), format!("GET /a%20b/%C3%BC;c?x=/? HTTP/1.1\r\n{START}{OFFER}\r\n"));
    assert_eq!(request("/", "", &["--no-compress"]), format!("GET / HTTP/1.1\r\n{START}\r\n"));
    let all = [
        "--compress=server_no_context_takeover;client_no_context_takeover;server_max_window_bits=9;\
                client_max_window_bits=10",
        "-s",
        "one,two",
        "-s",
        "three",
        "--origin",
        "http://o",
        "--cookie",
        "a=b",
        "--cookie",
        "c=d=e",
        "--auth",
        "ann:p:w",
    ];
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                 server_max_window_bits=9; client_max_window_bits=10\r\n";
    assert_eq!(
        request("/", "", &all),
        format!(
            "GET / HTTP/1.1\r\n{START}Origin: http://o\r\nSec-WebSocket-Protocol: one, two, three\r\n{offer}\
             Authorization: Basic YW5uOnA6dw==\r\nCookie: a=b; c=d=e\r\n\r\n"
        )
    );
}

#[test]
fn credentials_come_from_the_url_an_option_or_a_file() {
    let with = |value: &str| format!("GET / HTTP/1.1\r\n{START}Authorization: {value}\r\n\r\n");
    let off = "--no-compress";
    assert_eq!(request("/", "ann:s%40c@", &[off]), with("Basic YW5uOnNAYw=="));
    assert_eq!(request("/", "ann:x@", &[off, "--auth", "bob:"]), with("Basic Ym9iOg=="));
    assert_eq!(request("/", "", &[off, "--bearer", "t.o.k"]), with("Bearer t.o.k"));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, "from a file\n").unwrap();
    assert_eq!(request("/", "", &[off, "--bearer", &format!("@{}", file.display())]), with("Bearer from a file"));
}

#[test]
fn a_header_replaces_one_of_its_name_in_place_and_is_else_written_as_it_is_in_order() {
    let own = [
        "--no-compress",
        "-H",
        "hOST: other",
        "-H",
        "X-B: 2",
        "-H",
        "x-a: 1",
        "-H",
        "X-B:3",
        "-H",
        "Origin: null",
        "-H",
        "Empty:",
        "-H",
        "Sec-WebSocket-Version: 8",
    ];
    assert_eq!(
        request("/", "", &[&own[..], &["--origin", "http://lost"]].concat()),
        "GET / HTTP/1.1\r\nhOST: other\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n\
         Sec-WebSocket-Key: KEY\r\nOrigin: null\r\nX-B: 2\r\nx-a: 1\r\nX-B: 3\r\nEmpty: \r\n\r\n"
    );
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("headers");
    std::fs::write(&file, "X-One: 1\r\n\n# no header\nX-Two: 2").unwrap();
    assert_eq!(
        request("/", "", &["--no-compress", "-H", &format!("@{}", file.display()), "-H", "X-One: 3"]),
        format!("GET / HTTP/1.1\r\n{START}X-One: 1\r\nX-Two: 2\r\nX-One: 3\r\n\r\n")
    );
}

/// What becomes of a right answer before it is sent.
type Rewrite = Box<dyn FnOnce(String) -> String + Send>;

/// A server that answers with a rewritten right answer, says "hello", and closes when asked to.
fn rewriting(rewrite: impl FnOnce(String) -> String + Send + 'static) -> Server<()> {
    serve(move |mut peer| {
        let head = peer.head();
        peer.say(rewrite(switching(&head, "")).as_bytes());
        peer.say(&text("hello"));
        peer.finish();
    })
}

#[test]
fn an_answer_is_taken_for_what_it_means_not_for_how_it_is_spelled() {
    let spellings: [fn(String) -> String; 4] = [
        |answer| answer.replace("Connection: Upgrade", "connection: keep-alive, upgrade"),
        |answer| answer.replace("Upgrade: websocket", "UPGRADE: WebSocket"),
        |answer| answer.replace(" Switching Protocols", ""),
        |answer| answer.replace("\r\n", "\n"),
    ];
    for spelling in spellings {
        let server = rewriting(spelling);
        wscope([server.url()]).args(["--count", "1"]).run().success("hello\n");
    }
}

#[test]
fn a_wrong_answer_is_a_diagnosis_and_no_connection() {
    let with =
        |header: &'static str| move |answer: String| answer.replace("\r\n\r\n", &format!("\r\n{header}\r\n\r\n"));
    let rows: Vec<(&str, Rewrite, &[&str])> = vec![
        ("a wrong accept key", Box::new(|answer| answer.replace("Accept: ", "Accept: x")), &[]),
        ("no accept key", Box::new(|answer| answer.replace("Sec-WebSocket-Accept: ", "X: ")), &[]),
        ("no Upgrade", Box::new(|answer| answer.replace("Upgrade: websocket\r\n", "")), &[]),
        ("another Upgrade", Box::new(|answer| answer.replace("websocket", "h2c")), &[]),
        ("another Connection", Box::new(|answer| answer.replace(": Upgrade", ": close")), &[]),
        ("two faults", Box::new(|answer| answer.replace("websocket", "h2c").replace(": Upgrade", ": close")), &[]),
        ("a subprotocol unasked for", Box::new(with("Sec-WebSocket-Protocol: chat")), &[]),
        ("another subprotocol", Box::new(with("Sec-WebSocket-Protocol: chat")), &["-s", "a,b"]),
        ("another extension", Box::new(with("Sec-WebSocket-Extensions: x-foo")), &[]),
        (
            "an extension unasked for",
            Box::new(with("Sec-WebSocket-Extensions: permessage-deflate")),
            &["--no-compress"],
        ),
        ("a parameter", Box::new(with("Sec-WebSocket-Extensions: permessage-deflate; x=1")), &[]),
        ("a control character", Box::new(with("X-Evil: \u{1b}[2J")), &[]),
    ];
    let mut golden = Golden::new("wrong-handshake");
    for (what, rewrite, args) in rows {
        let server = rewriting(rewrite);
        let host = format!("127.0.0.1:{}", server.port);
        let ended = wscope([server.url()]).args(args).run();
        // The key is random: 28 characters of it.
        let key = ended.stderr.split("-Accept: expected ").nth(1).map_or("\0", |text| &text[..28]).to_owned();
        golden.case(what, &ended, &[(&host, "HOST"), (&key, "KEY")]);
    }
    golden.check();
}

#[test]
fn a_wrong_answer_can_be_looked_past() {
    let server = rewriting(|answer| answer.replace("Accept: ", "Accept: x"));
    let ended = wscope([server.url()]).args(["--on-violation", "continue", "--wait", "0"]).run();
    assert_eq!((ended.code, &*ended.stdout), (Some(6), &b"hello\n"[..]), "used all the same, but not forgotten");
    assert!(ended.stderr.starts_with("wscope: error: the opening handshake was wrong: "), "{}", ended.stderr);
}

#[test]
fn a_refusal_is_shown_whole() {
    let mut golden = Golden::new("refusals");
    for (status, body) in [
        ("401 Unauthorized", "who are you?\nI ask"),
        ("403 Forbidden", "\u{1b}[2J"),
        ("404 Not Found", "{\"error\":\"no such path\"}"),
        ("426 Upgrade Required", ""),
        ("500 Internal Server Error", ""),
        ("302 Found", "moved"),
    ] {
        let headers = format!("x-WHY: because\r\nX-Why: again\r\nLocation: /b\r\nContent-Length: {}\r\n", body.len());
        let server = answers(&format!("HTTP/1.1 {status}\r\n{headers}\r\n{body}"));
        let host = format!("127.0.0.1:{}", server.port);
        let mut ended = wscope([server.url()]).args(["--format", "short", "--timestamps", "none"]).run();
        let shown = ended.text().lines().filter(|line| !line.starts_with('>'));
        ended.stderr = shown.chain(ended.stderr.lines()).collect::<Vec<_>>().join("\n") + "\n";
        ended.stdout.clear();
        golden.case(status, &ended, &[(&host, "HOST")]);
        // In pipe mode there is only the error.
        let server = answers(&format!("HTTP/1.1 {status}\r\n{headers}\r\n{body}"));
        assert_eq!(wscope([server.url()]).run().text(), "");
    }
    golden.check();
}

/// A server of several connections, each answered by what `answer` makes of its number (from 0); gives all the requests.
fn redirecting(count: usize, answer: impl Fn(usize) -> String + Send + 'static) -> Server<Vec<String>> {
    listen(move |listener| {
        let serve = |number| {
            let mut peer = Peer::accept(&listener);
            let head = peer.head();
            match answer(number) {
                answer if answer.is_empty() => {
                    peer.say(switching(&head, "").as_bytes());
                    peer.leave(&[text("arrived"), close(1000, "")].concat());
                }
                answer => {
                    peer.say(answer.as_bytes());
                    peer.end();
                }
            }
            head
        };
        (0..count).map(serve).collect()
    })
}

fn moved(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn redirects_are_followed_on_demand() {
    let steps = ["/two?x=1", "three", "../four", "?five"];
    let server =
        redirecting(5, move |n| steps.get(n).map_or(String::new(), |step| moved([301, 302, 307, 308][n], step)));
    wscope([format!("{}/a/one", server.url())])
        .args(["-L", "--auth", "ann:x", "--cookie", "a=b"])
        .run()
        .success("arrived\n");
    let heads = server.saw();
    let paths: Vec<&str> = heads.iter().filter_map(|head| head.split(' ').nth(1)).collect();
    assert_eq!(paths, ["/a/one", "/two?x=1", "/three", "/four", "/four?five"]);
    for head in heads {
        assert!(head.contains("Authorization: Basic ") && head.contains("Cookie: a=b\r\n"), "the same server: {head}");
    }
}

#[test]
fn a_redirect_takes_no_credentials_to_another_port() {
    let there = redirecting(1, |_| String::new());
    let location = format!("http://127.0.0.1:{}/", there.port);
    let here = redirecting(1, move |_| moved(302, &location));
    let args = ["-L", "--bearer", "t", "--cookie", "a=b", "-H", "X-Kept: 1", "-H", "authorization: x", "-H", "Host: h"];
    wscope([here.url()]).args(args).run().success("arrived\n");
    let [sent] = &here.saw()[..] else { panic!("one request") };
    assert!(sent.contains("Cookie: a=b\r\n") && sent.contains("authorization: x\r\n"), "{sent}");
    let [kept] = &there.saw()[..] else { panic!("one request") };
    for absent in ["ookie", "uthorization", "Host: h\r\n"] {
        assert!(!kept.contains(absent), "{absent} in {kept}");
    }
    assert!(kept.contains("X-Kept: 1\r\n"), "{kept}");
}

#[test]
fn redirects_that_lead_nowhere() {
    let mut golden = Golden::new("redirects");
    let mut case = |what: &str, server: Server<Vec<String>>| {
        let host = format!("127.0.0.1:{}", server.port);
        golden.case(what, &wscope([server.url()]).arg("-L").run(), &[(&host, "HOST")]);
        server.saw()
    };
    let round = case("eleven in a row", redirecting(11, |n| moved(302, &format!("/{n}"))));
    assert_eq!(round.len(), 11);
    case("no Location", redirecting(1, |_| "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_owned()));
    case("not a server", redirecting(1, |_| moved(302, "mailto:ann@example.org")));
    case(
        "a refusal after a redirect",
        redirecting(2, |n| if n == 0 { moved(302, "/b") } else { "HTTP/1.1 404 No\r\n\r\n".into() }),
    );
    golden.check();
}

#[test]
fn an_answer_may_dribble_and_frames_may_come_with_it() {
    let server = serve(|mut peer| {
        let head = peer.head();
        let answer = [switching(&head, "").as_bytes(), &text("first")[..], &text("second")].concat();
        for byte in answer {
            peer.say(&[byte]);
        }
        peer.finish();
    });
    wscope([server.url()]).args(["--count", "2"]).run().success("first\nsecond\n");
    let server = serve(|mut peer| {
        let head = peer.head();
        let answer = switching(&head, "");
        let early = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
        peer.leave(&[early.as_bytes(), answer.as_bytes(), &text("one segment"), &close(1000, "")].concat());
    });
    wscope([server.url()]).run().success("one segment\n");
}

#[test]
fn what_was_negotiated_is_shown() {
    let server = serve(|mut peer| {
        let head = peer.head();
        let headers = "Sec-WebSocket-Protocol: two\r\n";
        peer.say(switching(&head, headers).as_bytes());
        peer.finish();
    });
    let ended = wscope([server.url()])
        .args(["-s", "one,two", "--format", "short", "--timestamps", "none", "--headers", "short", "--wait", "0"])
        .run();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.text().contains("subprotocol two"), "{}", ended.text());
}
