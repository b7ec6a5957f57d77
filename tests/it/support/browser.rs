//! A browser: JavaScript on a page in headless Chromium, by tests/peers/browser.js. One serves all tests, since it takes a
//! second or two to start, one task after the other.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};

use super::peers::{Peer, missing, node, skip};

/// Names of it on the path.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The Network panel of the DevTools that it brings along.
const NETWORK: &str = "devtools://devtools/bundled/devtools_app.html?panel=network";

/// What the body of an async function returns, as JSON, on an empty page from loopback; `None` without a browser.
#[track_caller]
pub(crate) fn run(script: &str) -> Option<Value> {
    Some(perform(&json!({ "script": script }))?.0)
}

/// The same on this page: `http://...`, `file:///...`.
#[track_caller]
pub(crate) fn run_on(page: &str, script: &str) -> Option<Value> {
    Some(perform(&json!({ "page": page, "script": script }))?.0)
}

/// The same with a user's hands (`press`, `type`, `click`, `wheel`, `look`), and what was seen from outside: each request
/// of the page, each line it logged, each error that nobody caught.
#[track_caller]
pub(crate) fn watch_on(page: &str, script: &str) -> Option<(Value, Vec<String>)> {
    let (result, seen) = perform(&json!({ "page": page, "script": script, "watched": true }))?;
    Some((result, serde_json::from_value(seen).unwrap()))
}

/// What a user with hands and eyes (`choose`, `click`, `all`) gets of the Network panel of DevTools; `None` without them.
#[track_caller]
pub(crate) fn run_on_network_panel(script: &str) -> Option<Value> {
    match ask(&json!({ "page": NETWORK, "script": script, "watched": true }))? {
        Err(error) if error.starts_with("page.goto: net::") => {
            skip("skipped: devtools: this browser does not bring them along");
            None
        }
        answer => Some(answer.unwrap_or_else(|error| panic!("DevTools: {error}")).0),
    }
}

#[track_caller]
fn perform(task: &Value) -> Option<(Value, Value)> {
    Some(ask(task)?.unwrap_or_else(|error| panic!("the page: {error}")))
}

/// Result and what was seen, or what went wrong.
#[track_caller]
fn ask(task: &Value) -> Option<Result<(Value, Value), String>> {
    static BROWSER: OnceLock<Option<Mutex<Peer>>> = OnceLock::new();
    let browser = BROWSER.get_or_init(|| start().map(Mutex::new)).as_ref();
    let Some(browser) = browser else {
        missing("chromium");
        return None;
    };
    let answer = {
        // Who failed while it had the browser has its answer too.
        let mut browser = browser.lock().unwrap_or_else(PoisonError::into_inner);
        browser.tell(&task.to_string());
        browser.line()
    };
    let mut answer: Value = serde_json::from_str(&answer).unwrap();
    if let Some(error) = answer["error"].as_str() {
        return Some(Err(error.to_owned()));
    }
    Some(Ok((answer["result"].take(), answer["seen"].take())))
}

fn start() -> Option<Peer> {
    let browser = executable()?;
    node("playwright-core", "browser.js", &[browser.to_str()?])
}

/// The first of the names that is there.
fn executable() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let places = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|place| Path::is_file(place))
}

/// A browser's own idea of a WebSocket, a file and a script that fails.
#[test]
fn a_page_gives_what_its_script_returns() {
    let Some(result) = run("return [typeof WebSocket, location.hostname, await Promise.resolve({ a: 1 })]") else {
        return;
    };
    assert_eq!(result, json!(["function", "127.0.0.1", { "a": 1 }]));
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    std::fs::write(&page, "<title>from a file</title>").unwrap();
    let title = run_on(&format!("file://{}", page.display()), "return document.title");
    assert_eq!(title, Some("from a file".into()));
    let failed = std::panic::catch_unwind(|| run("throw new Error('on purpose')"));
    let said = failed.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("on purpose"), "{said}");
    assert_eq!(run("return 2"), Some(2.into()), "it goes on");
}
