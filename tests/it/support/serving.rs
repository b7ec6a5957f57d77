//! `wscope serve` as a user starts it, and clients for it.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use tungstenite::WebSocket;

use super::command::PATIENCE;

/// The server, what it said first, and its port. It ends with the test.
pub(crate) struct Serve {
    child: Child,
    pub(crate) said: String,
    pub(crate) port: u16,
    shown: Option<JoinHandle<String>>,
    told: Receiver<String>,
}

impl Serve {
    pub(crate) fn start(args: &[&str]) -> Serve {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
        command.arg("serve").args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        stderr.read_line(&mut said).unwrap();
        let port = said.trim_end().trim_end_matches('/').rsplit(':').next().unwrap();
        let port = port.parse().unwrap_or_else(|_| panic!("it does not serve: {said}"));
        let (tell, told) = channel();
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let mut stdout = child.stdout.take().unwrap();
        let shown = std::thread::spawn(move || {
            let mut shown = String::new();
            stdout.read_to_string(&mut shown).unwrap();
            shown
        });
        Serve { child, said, port, shown: Some(shown), told }
    }

    pub(crate) fn url(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn client(&self) -> WebSocket<TcpStream> {
        self.client_at("/chat?x=1")
    }

    pub(crate) fn client_at(&self, path: &str) -> WebSocket<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        tungstenite::client(format!("ws://127.0.0.1:{}{path}", self.port), stream).unwrap().0
    }

    /// The next line on its standard error.
    #[track_caller]
    pub(crate) fn told(&self) -> String {
        self.told.recv_timeout(PATIENCE).expect("it tells something more")
    }

    /// The most memory that it has had, in KiB, where the system tells.
    pub(crate) fn peak(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
    }

    /// Ends it as Ctrl-C does: its exit code and what it showed.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let shown = self.shown.take().unwrap().join().unwrap();
        (self.child.wait().unwrap().code(), shown)
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
