//! Servers that follow a script byte by byte, each in a thread of its own. What a script returns is what it saw.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::JoinHandle;

use tungstenite::handshake::derive_accept_key;

use super::command::PATIENCE;
use super::frames;

/// A running script, and the port that it listens on.
pub(crate) struct Server<R> {
    pub(crate) port: u16,
    script: JoinHandle<R>,
}

impl<R> Server<R> {
    /// The URL of its root, without the last slash.
    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// What the script saw.
    pub(crate) fn saw(self) -> R {
        self.script.join().unwrap()
    }
}

/// A server that plays `script` with what it listens on.
pub(crate) fn listen<R: Send + 'static>(script: impl FnOnce(TcpListener) -> R + Send + 'static) -> Server<R> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    Server { port, script: std::thread::spawn(move || script(listener)) }
}

/// A server for one connection.
pub(crate) fn serve<R: Send + 'static>(script: impl FnOnce(Peer) -> R + Send + 'static) -> Server<R> {
    listen(|listener| script(Peer::accept(&listener)))
}

/// A server for one connection that does the opening handshake, says `bytes`, and closes as it should once asked to: what it
/// was sent in frames, the close frame included.
pub(crate) fn says(bytes: impl Into<Vec<u8>>) -> Server<Vec<Frame>> {
    let bytes = bytes.into();
    serve(move |mut peer| {
        peer.upgrade();
        peer.say(&bytes);
        peer.finish()
    })
}

/// The same where the server closes: the last of what it says is a close frame.
pub(crate) fn says_last(bytes: impl Into<Vec<u8>>) -> Server<Vec<Frame>> {
    let bytes = bytes.into();
    serve(move |mut peer| {
        peer.upgrade();
        peer.leave(&bytes)
    })
}

/// A server that answers the opening handshake with `response` and ends the stream; gives the request.
pub(crate) fn answers(response: &str) -> Server<String> {
    let response = response.to_owned();
    serve(move |mut peer| {
        let head = peer.head();
        peer.say(response.as_bytes());
        peer.end();
        head
    })
}

/// A server's end of a connection.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
}

/// A frame as a client sent it: its first byte, and the payload unmasked.
pub(crate) type Frame = (u8, Vec<u8>);

impl Peer {
    pub(crate) fn accept(listener: &TcpListener) -> Peer {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Peer { stream }
    }

    /// The head of a request, blank line included.
    pub(crate) fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let [byte] = self.take();
            head.push(byte);
        }
        String::from_utf8(head).unwrap()
    }

    /// The opening handshake as it should be; gives the request.
    pub(crate) fn upgrade(&mut self) -> String {
        self.upgrade_with("")
    }

    /// The same with more headers, each ended by CRLF.
    pub(crate) fn upgrade_with(&mut self, headers: &str) -> String {
        let head = self.head();
        self.say(switching(&head, headers).as_bytes());
        head
    }

    /// Says it, if anybody still listens.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// The next frame; `None` at the end of the stream.
    pub(crate) fn frame(&mut self) -> Option<Frame> {
        let mut start = [0; 2];
        self.stream.read_exact(&mut start).ok()?;
        assert_ne!(start[1] & 0x80, 0, "a client masks its frames (RFC 6455 section 5.3)");
        let length = match start[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes(self.take())),
            127 => u64::from_be_bytes(self.take()),
            length => length.into(),
        };
        let key: [u8; 4] = self.take();
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).unwrap();
        for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
            *byte ^= key;
        }
        Some((start[0], payload))
    }

    /// Reads frames to the close frame and answers that, or to the end of the stream: all frames.
    pub(crate) fn finish(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some((first, payload)) = self.frame() {
            if first == 0x88 {
                self.say(&frames::frame(0x88, &payload));
                self.end();
            }
            frames.push((first, payload));
        }
        frames
    }

    /// Says `last`, which ends in a close frame, and reads to the answer: all frames.
    pub(crate) fn leave(&mut self, last: &[u8]) -> Vec<Frame> {
        self.say(last);
        let mut frames = Vec::new();
        while let Some(frame) = self.frame() {
            if frame.0 == 0x88 {
                self.end();
            }
            frames.push(frame);
        }
        frames
    }

    /// Ends our side of the stream and reads the rest of the other, so that closing resets nothing.
    pub(crate) fn end(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = io::copy(&mut self.stream, &mut io::sink());
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }
}

/// The right answer to a request.
pub(crate) fn switching(request: &str, headers: &str) -> String {
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\
         {headers}\r\n"
    )
}
