//! The program as a server, as a user starts it: `serve`, `proxy` and `replay --listen`; and clients for it.

use std::net::TcpStream;

use tungstenite::WebSocket;

use super::command::{Ended, PATIENCE, Running, Wscope, wscope};

/// The server, what it said first, and its port. It ends with the test.
pub(crate) struct Serve {
    running: Running,
    pub(crate) said: String,
    pub(crate) port: u16,
}

impl Serve {
    /// `wscope serve` with these arguments.
    pub(crate) fn start(args: &[&str]) -> Serve {
        Serve::run(wscope(["serve"]).args(args))
    }

    /// A command that says first where it listens.
    pub(crate) fn run(command: Wscope) -> Serve {
        let running = command.start();
        let said = running.line();
        let port = said.split("://127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
        let port = port.unwrap_or_else(|| panic!("it does not serve: {said}"));
        Serve { running, said, port }
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
        self.running.line().trim_end_matches('\n').to_owned()
    }

    /// The next line on its standard output.
    #[track_caller]
    pub(crate) fn shown(&self) -> String {
        self.running.shown().trim_end_matches('\n').to_owned()
    }

    /// The most memory that it has had, in KiB, where the system tells.
    pub(crate) fn peak(&self) -> Option<u64> {
        self.running.peak()
    }

    /// As Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        self.running.interrupt();
    }

    /// Waits for its end.
    pub(crate) fn ended(self) -> Ended {
        self.running.end()
    }

    /// Ends it as Ctrl-C does: its exit code and what it showed.
    pub(crate) fn end(self) -> (Option<i32>, String) {
        self.interrupt();
        let ended = self.ended();
        (ended.code, ended.text().to_owned())
    }
}
