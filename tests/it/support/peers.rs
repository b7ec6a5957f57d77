//! Peers written by others, from tests/peers: `ws` of npm, `websockets` of Python, and two proxies in plain Python.
//!
//! Where one is not installed, its tests say so and pass; `scripts/setup tests` installs them.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use super::command::PATIENCE;

/// A running peer. It ends with its standard input, so even a killed test leaves none behind.
pub(crate) struct Peer {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// Of 127.0.0.1; 0 for a unix socket.
    pub(crate) port: u16,
}

/// A server made with `ws` of npm, with these arguments of `tests/peers/ws_server.js`.
pub(crate) fn ws(args: &[&str]) -> Option<Peer> {
    let installed = peers().join("node_modules/ws").exists();
    start("ws", installed, Path::new("node"), "ws_server.js", args)
}

/// A server made with `websockets` of Python, with these arguments of `tests/peers/websockets_server.py`.
pub(crate) fn websockets(args: &[&str]) -> Option<Peer> {
    let python = peers().join("python/bin/python");
    start("websockets", python.exists(), &python, "websockets_server.py", args)
}

/// A proxy: `connect_proxy.py` or `socks5_proxy.py`.
pub(crate) fn proxy(script: &str, args: &[&str]) -> Option<Peer> {
    start(script, true, Path::new("python3"), script, args)
}

/// Every server of the two, with these arguments.
pub(crate) fn servers(args: &[&str]) -> Vec<(&'static str, Peer)> {
    let both = [("ws", ws(args)), ("websockets", websockets(args))];
    both.into_iter().filter_map(|(name, peer)| Some((name, peer?))).collect()
}

impl Peer {
    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.port)
    }

    /// The next line that it says.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the peer says something more")
    }

    /// Ends it: the lines that nobody has read.
    pub(crate) fn rest(mut self) -> Vec<String> {
        self.stdin.take();
        self.lines.iter().collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(name: &str, installed: bool, program: &Path, script: &str, args: &[&str]) -> Option<Peer> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    let mut command = Command::new(program);
    command.arg(scripts.join(script)).args(args).env("CARGO_TARGET_DIR", target());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let spawned = if installed { command.spawn() } else { Err(io::ErrorKind::NotFound.into()) };
    let mut child = match spawned {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            skip(&format!("skipped: {name}: it is not installed; scripts/setup tests does that"));
            return None;
        }
        spawned => spawned.unwrap(),
    };
    let output = BufReader::new(child.stdout.take().unwrap());
    let (said, lines) = channel();
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
    let mut peer = Peer { stdin: child.stdin.take(), child, lines, port: 0 };
    let first = peer.line();
    if let Some(port) = first.strip_prefix("PORT ") {
        peer.port = port.parse().unwrap();
    }
    Some(peer)
}

/// Says it past the test harness, which swallows what a passing test prints, and in the summary of scripts/test.
pub(crate) fn skip(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
    if let Some(path) = std::env::var_os("WSCOPE_SKIPS") {
        let _ = OpenOptions::new().append(true).create(true).open(path).and_then(|mut file| writeln!(file, "{line}"));
    }
}

fn peers() -> PathBuf {
    target().join("peers")
}

/// Where the program under test was built: `CARGO_TARGET_DIR`, or `target`.
fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}
