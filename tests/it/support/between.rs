//! `wscope proxy` in front of a server, and a client that is written byte by byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::command::{PATIENCE, wscope};
use super::serving::Serve;

/// The key of `dGhlIHNhbXBsZSBub25jZQ==` in RFC 6455 section 1.3, and what a client masks with here.
pub(crate) const MASK: [u8; 4] = [1, 2, 3, 4];

/// A running proxy, which records. It ends with the test.
pub(crate) struct Between {
    proxy: Serve,
    pub(crate) port: u16,
    folder: TempDir,
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) shown: String,
    /// The lines of the recording, after the first.
    pub(crate) recording: Vec<Value>,
}

impl Between {
    /// To this server, with these arguments.
    pub(crate) fn start(upstream: &str, args: &[&str]) -> Between {
        let folder = tempfile::tempdir().unwrap();
        let command = wscope(["proxy", upstream]).args(args).arg("-o").arg(folder.path().join("p.wsrec"));
        let proxy = Serve::run(command);
        Between { port: proxy.port, proxy, folder }
    }

    /// The next line on standard error.
    #[track_caller]
    pub(crate) fn told(&self) -> String {
        self.proxy.told()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.port)
    }

    /// A client that has not asked for anything yet.
    pub(crate) fn client(&self) -> Client {
        Client::connect(self.port)
    }

    /// The most memory that it has taken, in MiB; `None` where the system does not say.
    pub(crate) fn most_memory(&self) -> Option<u64> {
        self.proxy.peak().map(|kib| kib >> 10)
    }

    /// Ends it as Ctrl-C does, and puts the recording there.
    pub(crate) fn end_into(self, file: &Path) {
        self.proxy.end();
        std::fs::copy(self.folder.path().join("p.wsrec"), file).unwrap();
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn end(self) -> Ended {
        let (code, shown) = self.proxy.end();
        let recording = std::fs::read_to_string(self.folder.path().join("p.wsrec")).unwrap();
        let recording = recording.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
        Ended { code, shown, recording }
    }
}

impl Ended {
    /// The frames of a connection one way, as `[op, fin, rsv, payload]`, the payload as it is recorded.
    pub(crate) fn frames(&self, connection: u64, direction: &str) -> Vec<Value> {
        let is_it = |line: &&Value| line["ev"] == "frame" && line["c"] == connection && line["dir"] == direction;
        let payload = |line: &Value| ["text", "b64", "wire"].map(|field| line[field].clone());
        let frame = |line: &Value| {
            let (fin, rsv) = (line["fin"] != false, line["rsv"].as_u64().unwrap_or(0));
            serde_json::json!([line["op"], fin, rsv, payload(line)])
        };
        self.recording.iter().filter(is_it).map(frame).collect()
    }

    /// What notes say, and rules that were broken.
    pub(crate) fn notes(&self) -> Vec<&str> {
        let text = |line: &'_ Value| match line["ev"].as_str() {
            Some("note") => Some("text"),
            Some("violation") => Some("rule"),
            _ => None,
        };
        self.recording.iter().filter_map(|line| line[text(line)?].as_str()).collect()
    }
}

/// A client's end of a connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
}

impl Client {
    /// One that has not asked for anything yet.
    pub(crate) fn connect(port: u16) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream }
    }

    /// Asks for `path` with these headers more, each ended by CRLF: the head of the answer.
    pub(crate) fn ask(&mut self, path: &str, headers: &str) -> String {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: proxy\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
        );
        self.stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap()
    }

    /// The same where that is a yes.
    pub(crate) fn open(&mut self, path: &str) {
        let head = self.ask(path, "");
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    }

    /// Sends a frame: its first byte, and its payload, which is masked.
    pub(crate) fn send(&mut self, first: u8, payload: &[u8]) {
        self.stream.write_all(&masked(first, payload)).unwrap();
    }

    /// The next frame; `None` at the end of the stream.
    pub(crate) fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut start = [0; 2];
        self.stream.read_exact(&mut start).ok()?;
        assert!(start[1] < 126, "short and unmasked, as a server's (RFC 6455 section 5.3)");
        let mut payload = vec![0; start[1].into()];
        self.stream.read_exact(&mut payload).unwrap();
        Some((start[0], payload))
    }

    /// All frames to a close frame, which is answered, or to the end of the stream.
    pub(crate) fn rest(&mut self) -> Vec<(u8, Vec<u8>)> {
        let mut frames = Vec::new();
        while let Some(frame) = self.frame() {
            if frame.0 == 0x88 {
                let _ = self.stream.write_all(&masked(0x88, &frame.1));
            }
            frames.push(frame);
        }
        frames
    }
}

/// A frame as a client sends it.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = super::frames::frame(first, &[]);
    frame.truncate(1);
    match payload.len() {
        length @ ..=125 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}
