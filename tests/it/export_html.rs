//! `wscope export -o page.html` as its user meets it: the page in a real browser, with keys and a mouse.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::browser::watch_on;
use crate::support::command::wscope;

const HEADER: &str = r#"{"wscope":1,"created":"2026-11-23T06:52:23.054305Z","by":"wscope 0.1.0","secrets":"masked"}"#;

/// What each script begins with: texts of the page as a reader sees them.
const EYES: &str = r##"
    const texts = (selector, root = document) => Array.from(root.querySelectorAll(selector), (e) => e.innerText);
    const rows = (view = "frames") => Array.from(document.querySelectorAll(`#${view} .rows .row`))
      .sort((a, b) => a.getAttribute("aria-rowindex") - b.getAttribute("aria-rowindex"));
    const says = (view) => rows(view).map((row) => row.lastChild.innerText);
    const until = async (is) => {
      for (let turn = 0; !is(); turn += 1) {
        if (turn > 2000) throw new Error(`never: ${is}`);
        await new Promise((resume) => setTimeout(resume, 5));
      }
    };
    const found = (text) => until(() => document.querySelector("#found").innerText === text);
    const inspector = document.querySelector("#inspector");
"##;

/// The page of a recording with these lines, and what a script saw on it; `None` without a browser. Whatever the script
/// does, the page fetches nothing and fails nowhere.
fn on_page(lines: &str, script: &str) -> Option<Value> {
    let folder = page(lines);
    let url = format!("file://{}", folder.path().join("page.html").display());
    let (result, seen) = watch_on(&url, &format!("{EYES}{script}"))?;
    assert_eq!(seen, [format!("request {url}")], "the page is all that is asked for, and nothing goes wrong");
    Some(result)
}

fn page(lines: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("session.wsrec"), format!("{HEADER}\n{lines}")).unwrap();
    wscope(["export", "session.wsrec", "-o", "page.html"]).inside(folder.path()).run().success("");
    folder
}

/// A conversation with everything in it that a page has to show.
fn conversation() -> String {
    let mut lines = String::new();
    for mut event in [
        json!({"ev": "open", "role": "client", "url": "ws://h/<b>chat</b>", "addr": "127.0.0.1:80"}),
        json!({"ev": "request", "raw": "GET /chat HTTP/1.1\r\nHost: h\r\n\r\n"}),
        json!({"ev": "response", "raw": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "status": 101}),
        json!({"ev": "ready", "subprotocol": "chat.v2", "extensions": "permessage-deflate", "deflate": {}, "upgrade": 0.001}),
        json!({"ev": "frame", "dir": "sent", "op": "text", "mask": "9f2c11aa", "text": "{\"id\":12345678901234567890,\"id\":1.50}"}),
        json!({"ev": "frame", "dir": "received", "op": "text", "text": "</script><script>window.owned = 1</script><!--"}),
        json!({"ev": "frame", "dir": "received", "op": "text", "text": "<img src=x onerror=\"window.owned = 2\">"}),
        json!({"ev": "frame", "dir": "received", "op": "text", "text": "\u{1b}[31mred\u{7}\u{202e}\u{2028}\nend"}),
        json!({"ev": "frame", "dir": "received", "op": "text", "fin": false, "fragment": [5, 1], "text": "in two "}),
        json!({"ev": "frame", "dir": "received", "op": "ping", "text": "still here?"}),
        json!({"ev": "frame", "dir": "sent", "op": "pong", "mask": "00000001", "auto": true, "text": "still here?"}),
        json!({"ev": "frame", "dir": "received", "op": "continuation", "fragment": [5, 2], "text": "fragments"}),
        json!({"ev": "frame", "dir": "received", "op": "text", "rsv": 4, "wire": "ykjNyclXyEAnAQA=", "text": "hello hello hello hello"}),
        json!({"ev": "frame", "dir": "received", "op": "binary", "b64": "AAH/"}),
        json!({"ev": "frame", "dir": "received", "op": 3, "b64": "wyg="}),
        json!({"ev": "violation", "rule": "reserved opcode", "section": "5.2", "frame": 11, "detail": "opcode 3", "bytes": "8302", "offset": 0}),
        json!({"ev": "close", "by": "us", "code": 1002, "clean": false, "detail": "failed by a violation"}),
    ] {
        // A silence of two seconds before the ping.
        let time = if lines.contains("ping") || event["op"] == "ping" { 2.5 } else { 0.5 };
        event["t"] = json!(time);
        event["c"] = json!(1);
        writeln!(lines, "{event}").unwrap();
    }
    lines
}

#[test]
fn what_could_not_be_read_is_told_in_its_place() {
    let lines = r#"{"t":1,"c":1,"ev":"frame","dir":"received","op":"text","text":"one"}
{"t":2,"c":1,"ev":"frame","dir":"received","op":"text","te<b>
{"t":3,"c":1,"ev":"frame","dir":"received","op":"text","text":"two"}
{"t":4,"c":1,"ev":"fra"#;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("session.wsrec"), format!("{HEADER}\n{lines}")).unwrap();
    let ended = wscope(["export", "session.wsrec", "-o", "page.html"]).inside(folder.path()).run();
    let damages: Vec<&str> = ended.stderr.lines().map(|line| line.strip_prefix("wscope: warning: ").unwrap()).collect();
    assert!(ended.code == Some(0) && damages.len() == 2 && damages[0].starts_with("line 3 "), "{}", ended.stderr);
    let url = format!("file://{}", folder.path().join("page.html").display());
    let script = r#"
        await found("2 frames");
        await until(() => says().length === 4);
        return [says(), rows().map((row) => row.className)];
    "#;
    let Some((seen, _)) = watch_on(&url, &format!("{EYES}{script}")) else { return };
    let note = |at: usize| format!("damaged recording: {}", damages[at]);
    assert_eq!(seen[0], json!(["one", note(0), "two", note(1)]));
    assert_eq!([&seen[1][1], &seen[1][3]].map(|class| class.to_string().contains("automatic")), [true, true], "{seen}");
}

#[test]
fn what_peers_sent_is_text_on_the_page_and_nothing_of_it_runs() {
    let script = r##"
        await found("11 frames");
        await press("2");
        await press("1");
        await click("#connections summary");
        return [says().slice(4, 8), window.owned ?? null, texts("#connections td")[1], document.title,
          document.querySelectorAll("img, iframe, b b, script:not([type='module'], [type='application/json'])").length];
    "##;
    let Some(seen) = on_page(&conversation(), script) else { return };
    let rows = [
        r#"{"id":12345678901234567890,"id":1.50}"#,
        "</script><script>window.owned = 1</script><!--",
        "<img src=x onerror=\"window.owned = 2\">",
        "ESC[31mredBELU+202EU+2028LFend",
    ];
    assert_eq!(seen, json!([rows, null, "ws://h/<b>chat</b>", "session.wsrec", 0]));
}

#[test]
fn frames_are_filtered_and_searched() {
    let script = r##"
        const seen = [];
        const note = async (text) => { await found(text); seen.push(says()); };
        const numbers = () => rows().map((row) => row.firstChild.innerText).filter(Boolean).join(" ");
        await click("#directions button:nth-child(2)");
        await found("2 of 11 frames");
        seen.push(numbers());
        await click("#directions button:nth-child(1)");
        await click("#opcodes button[title='1 frame']:has-text('ping')");
        await click("#opcodes button:has-text('pong')");
        await found("2 of 11 frames");
        seen.push(numbers());
        await click("#opcodes button:has-text('ping')");
        await click("#opcodes button:has-text('pong')");
        await found("11 frames");
        await click("#violations");
        await note("1 of 11 frames");
        await click("#violations");
        await press("/");
        await type("HELLO hello");
        // What is typed is looked for as it grows.
        await until(() => texts("#frames mark")[0] === "hello hello");
        await note("1 of 11 frames");
        seen.push(texts("#frames mark"));
        await press("Escape");
        await found("11 frames");
        await type("/^in |FRAG/i");
        await note("2 of 11 frames");
        await press("Escape");
        await type("/(/");
        await until(() => document.querySelector("#found.wrong"));
        await press("Escape");
        await found("11 frames");
        return seen;
    "##;
    let Some(seen) = on_page(&conversation(), script) else { return };
    let broken = ["✗ c3 28", "reserved opcode: opcode 3 (RFC 6455 section 5.2)"];
    let expected =
        json!(["1 7", "6 7", broken, ["hello hello hello hello"], ["hello hello"], ["in two ", "fragments"]]);
    assert_eq!(seen, expected);
}

#[test]
fn a_frame_is_looked_into() {
    let script = r#"
        const open = async (number) => {
          rows().find((row) => row.firstChild.innerText === number).click();
          await until(() => inspector.querySelector("h2")?.innerText === `frame ${number}`);
        };
        await found("11 frames");
        const seen = {};
        await press("j"); await press("End"); await press("Home");
        for (let step = 0; step < 4; step += 1) await press("j");
        await press("Enter");
        seen.title = texts(".title", inspector)[0].split("\n").slice(0, 2);
        seen.json = texts(".json .leaf", inspector);
        seen.fields = texts(".fields tr", inspector).map((row) => row.split("\t").map((cell) => cell.trim()));
        seen.drawn = texts(".header tbody tr", inspector).length;
        seen.dump = texts(".dump", inspector)[0].split("\n")[0];
        await open("8");
        seen.message = texts(".card:first-of-type pre", inspector);
        seen.fragments = texts(".fragments button", inspector);
        await click(".fragments button:first-child");
        seen.first = texts("h2", inspector);
        await open("9");
        seen.inflated = texts(".card:first-of-type", inspector);
        await open("11");
        seen.violation = texts(".card.violation h3", inspector);
        await press("Escape");
        seen.closed = inspector.hidden;
        await press("2");
        seen.diagram = says("diagram").filter((text) => /silence|GET|101|closed/.test(text));
        seen.arrows = rows("diagram").map((row) => row.lastChild.className.replace("lane ", "")).join(" ");
        return seen;
    "#;
    let Some(seen) = on_page(&conversation(), script) else { return };
    assert_eq!(seen["title"], json!(["frame 1", "▲ sent text"]));
    assert_eq!(seen["json"], json!([r#""id": 12345678901234567890"#, r#""id": 1.50"#]), "as sent, and both");
    let fields = json!([
        ["FIN", "1", "1", "last frame of its message"],
        ["RSV1", "0", "0", ""],
        ["RSV2", "0", "0", ""],
        ["RSV3", "0", "0", ""],
        ["opcode", "0001", "1", "text"],
        ["MASK", "1", "1", "masked"],
        ["payload len", "0100101", "37", "37 bytes"],
        ["masking key", "", "9f2c11aa", ""],
    ]);
    assert_eq!(seen["fields"], fields);
    assert_eq!(seen["drawn"], 2);
    assert_eq!(seen["dump"], "000000  7b 22 69 64 22 3a 31 32  33 34 35 36 37 38 39 30  {\"id\":1234567890");
    assert_eq!(seen["message"], json!(["in two fragments"]));
    assert_eq!(seen["fragments"], json!(["frame 5  text  FIN 0  7 B", "frame 8  continuation  FIN 1  9 B"]));
    assert_eq!(seen["first"], json!(["frame 5"]));
    let inflated = seen["inflated"][0].as_str().unwrap();
    assert!(inflated.starts_with("Messagetext, 23 B, inflated from 11 B"), "{inflated}");
    assert!(inflated.ends_with("hello hello hello hello"), "{inflated}");
    assert_eq!(seen["violation"], json!(["✗ reserved opcodeRFC 6455 section 5.2"]));
    assert_eq!(seen["closed"], true);
    let diagram = [
        "GET /chat HTTP/1.1",
        "HTTP/1.1 101 Switching Protocols",
        "silence, 2.00 s",
        "closed by us: 1002 protocol error, not clean: failed by a violation",
    ];
    assert_eq!(seen["diagram"], json!(diagram));
    let arrows = "between right left between right left left left left lane left right left left left left between end";
    assert_eq!(seen["arrows"], arrows);
}

#[test]
fn a_hundred_thousand_frames_scroll_in_few_rows() {
    let mut lines = String::new();
    for number in 1..=100_000 {
        let time = f64::from(number) / 1000.0;
        writeln!(
            lines,
            r#"{{"t":{time:.6},"c":1,"ev":"frame","dir":"received","op":"text","text":"message {number}"}}"#
        )
        .unwrap();
    }
    let script = r##"
        const list = document.querySelector("#frames .list");
        const seen = [];
        let most = 0;
        const note = () => { most = Math.max(most, document.querySelectorAll(".row").length); seen.push(says().at(-1)); };
        const at = async (text) => { await until(() => says().includes(text)); note(); };
        await found("100,000 frames");
        note();
        list.scrollTop = list.scrollHeight / 2;
        await at("message 50000");
        await click("#frames .list");
        await wheel(2400);
        await at("message 50100");
        await press("End");
        await at("message 100000");
        const current = () => document.getElementById(list.getAttribute("aria-activedescendant"))?.lastChild.innerText;
        seen.push(current());
        await press("k");
        seen.push(current(), list.getAttribute("aria-rowcount"));
        await press("/");
        await type("/ge 9999[89]/");
        await found("2 of 100,000 frames");
        seen.push(says());
        await press("3");
        await press("Escape");
        await press("Escape");
        await press("3");
        await until(() => document.querySelectorAll("#charts figure svg").length === 3);
        seen.push(document.querySelector("#charts svg").getAttribute("aria-label"));
        return [most < 120, seen.slice(3)];
    "##;
    let Some(seen) = on_page(&lines, script) else { return };
    let rate = "At most 0/s sent and 1,000/s received.";
    let expected = json!([
        "message 100000",
        "message 100000",
        "message 99999",
        "100001",
        ["message 99998", "message 99999"],
        rate
    ]);
    assert_eq!(seen, json!([true, expected]));
}

#[test]
fn it_is_dark_or_light_as_the_system_is_until_told_otherwise() {
    let script = r##"
        const paper = () => getComputedStyle(document.body).backgroundColor;
        const theme = document.querySelector("#theme");
        const seen = [];
        const note = () => seen.push(theme.innerText, paper());
        await look(1200, 800, "light");
        await until(() => theme.innerText === "Dark");
        note();
        await look(400, 700, "dark");
        await until(() => theme.innerText === "Light");
        note();
        seen.push(document.documentElement.scrollWidth);
        await click("#theme");
        note();
        seen.push(localStorage.length + sessionStorage.length);
        return seen;
    "##;
    let Some(seen) = on_page(&conversation(), script) else { return };
    let (light, dark) = ("rgb(246, 247, 249)", "rgb(16, 19, 23)");
    assert_eq!(seen, json!(["Dark", light, "Light", dark, 400, "Dark", light, 0]));
}
