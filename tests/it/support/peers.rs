//! Peers written by others, from tests/peers: `ws` of npm, `websockets` of Python, and two proxies in plain Python; the chats
//! of examples/, with the Redis that joins them; and programs that read what wscope writes.
//!
//! Where one is not installed, its tests say so and pass; `scripts/setup tests` installs them.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};

use tempfile::TempDir;

use super::command::PATIENCE;

/// A running peer. It ends with its standard input, so even a killed test leaves none behind.
pub(crate) struct Peer {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// Of 127.0.0.1; 0 for a unix socket.
    pub(crate) port: u16,
}

/// A running Redis that keeps nothing.
pub(crate) struct Redis {
    /// `redis://127.0.0.1:PORT`
    pub(crate) url: String,
    _peer: Peer,
    _folder: TempDir,
}

/// A server made with `ws` of npm, with these arguments of `tests/peers/ws_server.js`.
pub(crate) fn ws(args: &[&str]) -> Option<Peer> {
    let mut peer = node("ws", "ws_server.js", args)?;
    peer.learn_port();
    Some(peer)
}

/// A script of `tests/peers` that needs this package of npm.
pub(crate) fn node(package: &str, script: &str, args: &[&str]) -> Option<Peer> {
    let installed = peers().join("node_modules").join(package).exists();
    start(package, installed, Path::new("node"), script, args)
}

/// A server made with `websockets` of Python, with these arguments of `tests/peers/websockets_server.py`.
pub(crate) fn websockets(args: &[&str]) -> Option<Peer> {
    let mut peer = python("websockets_server.py", args)?;
    peer.learn_port();
    Some(peer)
}

/// A client made with `ws` of npm, with these arguments of `tests/peers/ws_client.js`.
pub(crate) fn ws_client(args: &[&str]) -> Option<Peer> {
    node("ws", "ws_client.js", args)
}

/// A client made with `websockets` of Python, with these arguments of `tests/peers/websockets_client.py`.
pub(crate) fn websockets_client(args: &[&str]) -> Option<Peer> {
    python("websockets_client.py", args)
}

/// A script of `tests/peers` that needs `websockets` of Python.
fn python(script: &str, args: &[&str]) -> Option<Peer> {
    let python = peers().join("python/bin/python");
    start("websockets", python.exists(), &python, script, args)
}

/// A proxy: `connect_proxy.py` or `socks5_proxy.py`.
pub(crate) fn proxy(script: &str, args: &[&str]) -> Option<Peer> {
    let mut peer = start(script, true, Path::new("python3"), script, args)?;
    peer.learn_port();
    Some(peer)
}

/// A program that reads what wscope wrote: how it ended, or nothing if it is not installed. One that npm installed is found in
/// `tests/peers`' own folder, any other on the path.
pub(crate) fn reader(name: &str, args: &[&str], input: &str) -> Option<Output> {
    let installed = peers().join("node_modules/.bin").join(name);
    let program = if installed.exists() { installed } else { PathBuf::from(name) };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            skip(&format!("skipped: {name}: it is not installed; scripts/setup tests does that"));
            return None;
        }
        spawned => spawned.unwrap(),
    };
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_owned());
    let fed = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // A reader that has had enough reads no further: its exit code says what it thinks.
    let _ = fed.join().unwrap();
    Some(output)
}

/// The same for a script for Node.js that needs a package of `tests/peers`.
pub(crate) fn node_reader(package: &str, script: &str, input: &str) -> Option<Output> {
    let modules = peers().join("node_modules");
    if !modules.join(package).exists() {
        missing(package);
        return None;
    }
    let script = format!("module.paths.push({:?});{script}", modules.display().to_string());
    reader("node", &["-e", &script], input)
}

/// `examples/chat_server.rs`, of its own or joined with all others on the same Redis.
pub(crate) fn chat_server(redis: Option<&Redis>) -> Peer {
    let mut command = Command::new(chat_server_program());
    if let Some(redis) = redis {
        command.args(["--redis", &redis.url]);
    }
    listening(&command)
}

/// `examples/node_chat.js`, which is made with `ws` of npm.
pub(crate) fn node_chat() -> Option<Peer> {
    let modules = peers().join("node_modules");
    if !modules.join("ws").exists() || !runs("node") {
        missing("ws");
        return None;
    }
    let mut command = Command::new("node");
    command.arg(root().join("examples/node_chat.js")).env("NODE_PATH", modules);
    Some(listening(&command))
}

/// A Redis of this test alone.
pub(crate) fn redis() -> Option<Redis> {
    if !runs("redis-server") {
        missing("redis-server");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    // Redis finds no free port by itself, and whoever found one for it may lose it to another.
    for _ in 0..10 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
        command.arg("--dir").arg(folder.path());
        let peer = with_a_lifeline(&command);
        let mut lines = std::iter::from_fn(|| peer.lines.recv_timeout(PATIENCE).ok());
        if lines.any(|line| line.contains("Ready to accept connections")) {
            return Some(Redis { url: format!("redis://127.0.0.1:{port}"), _peer: peer, _folder: folder });
        }
    }
    panic!("redis-server gets no port");
}

/// Where `examples/chat_server.rs` was built, which `cargo test --test it` alone does not do.
pub(crate) fn chat_server_program() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--example", "chat_server"]).current_dir(root());
        // With what cargo tells this test about itself, build scripts would run again, and after that once more outside.
        let ours = |name: &OsString| {
            let name = name.to_string_lossy();
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        };
        std::env::vars_os().map(|(name, _)| name).filter(ours).for_each(|name| {
            cargo.env_remove(name);
        });
        let built = cargo.status().unwrap();
        assert!(built.success(), "the example builds");
        target().join("debug/examples/chat_server")
    })
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

    /// Gives it a line on its standard input.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.stdin.as_ref().unwrap(), "{line}").unwrap();
    }

    /// The first line of a server that a test script made: `PORT n`, or where else it listens.
    #[track_caller]
    pub(crate) fn learn_port(&mut self) {
        if let Some(port) = self.line().strip_prefix("PORT ") {
            self.port = port.parse().unwrap();
        }
    }

    /// Ends it: the lines that nobody has read.
    pub(crate) fn rest(mut self) -> Vec<String> {
        self.stdin.take();
        self.lines.iter().collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stdin.take();
        let _ = self.child.wait();
    }
}

fn start(name: &str, installed: bool, program: &Path, script: &str, args: &[&str]) -> Option<Peer> {
    if !installed || !runs(program) {
        missing(name);
        return None;
    }
    let mut command = Command::new(program);
    command.arg(root().join("tests/peers").join(script)).args(args).env("CARGO_TARGET_DIR", target());
    Some(spawn(command))
}

/// A server that says its URL first, and knows nothing of tests.
fn listening(command: &Command) -> Peer {
    let mut peer = with_a_lifeline(command);
    let url = peer.line();
    let port = url.strip_prefix("ws://127.0.0.1:").and_then(|rest| rest.strip_suffix("/chat"));
    peer.port = port.and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("no URL of a chat: {url}"));
    peer
}

/// Starts a program that would outlive its standard input: a shell ends it then, by its id. A Ctrl-C that ends the tests, and
/// with them this input, must not end the shell first.
fn with_a_lifeline(command: &Command) -> Peer {
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"trap '' INT HUP; "$0" "$@" & exec >&- 2>/dev/null; cat >/dev/null; kill $!; wait $!"#]);
    shell.arg(command.get_program()).args(command.get_args());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    spawn(shell)
}

fn spawn(mut command: Command) -> Peer {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (said, lines) = channel();
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
    Peer { stdin: child.stdin.take(), child, lines, port: 0 }
}

/// Whether there is such a program.
fn runs(program: impl AsRef<OsStr>) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

pub(crate) fn missing(name: &str) {
    skip(&format!("skipped: {name}: it is not installed; scripts/setup tests does that"));
}

/// Says it past the test harness, which swallows what a passing test prints, and in the summary of scripts/test.
pub(crate) fn skip(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
    if let Some(path) = std::env::var_os("WSCOPE_SKIPS") {
        let _ = OpenOptions::new().append(true).create(true).open(path).and_then(|mut file| writeln!(file, "{line}"));
    }
}

/// Where scripts/setup installs what the tests need.
pub(crate) fn peers() -> PathBuf {
    target().join("peers")
}

/// Where the program under test was built: `CARGO_TARGET_DIR`, or `target`.
fn target() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
