//! An echo server by tungstenite that does what a message tells it to, on a free port, and tells what it saw.
//!
//! `flood RATE` sends so many messages a second until `calm` comes; `drop` ends the stream without a close frame; `close`
//! begins the closing handshake; `escapes` sends what a terminal would obey. All else comes back as it went.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message, WebSocket};

use crate::support::command::PATIENCE;

/// Between two looks at what there is to send.
const TICK: Duration = Duration::from_millis(5);

/// What a terminal would obey: colours, a title, a cleared screen, a hidden cursor, and the same by C1 controls.
const ESCAPES: &str = "\x1b[31mred\x1b]0;taken over\x07\x1b[2J\x1b[?25l\u{9b}2J\u{9d}0;taken over\u{9c}\r\x08end";

/// What the server saw of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Text(String),
    Binary(Vec<u8>),
    /// A close frame, with its code.
    Close(Option<u16>),
}

/// A running server.
pub(super) struct Peer {
    pub(super) port: u16,
    seen: Receiver<Seen>,
    wire: Arc<Mutex<Vec<u8>>>,
}

impl Peer {
    pub(super) fn start() -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (told, seen) = channel();
        let wire = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&wire);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let tap = Tap { stream, wire: Arc::clone(&kept) };
                let told = told.clone();
                std::thread::spawn(move || drop(serve(tap, &told)));
            }
        });
        Peer { port, seen, wire }
    }

    pub(super) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/", self.port)
    }

    /// The next thing that it saw.
    #[track_caller]
    pub(super) fn saw(&self) -> Seen {
        self.seen.recv_timeout(PATIENCE).expect("something to see")
    }

    /// Every byte that it received, the opening handshakes included.
    pub(super) fn wire(&self) -> Vec<u8> {
        self.wire.lock().expect("unpoisoned").clone()
    }
}

fn serve(tap: Tap, told: &Sender<Seen>) -> Result<(), Box<dyn std::error::Error>> {
    tap.stream.set_nodelay(true)?;
    let mut socket = tungstenite::accept(tap).map_err(|error| error.to_string())?;
    let mut flood: Option<Flood> = None;
    loop {
        if let Some(flood) = &mut flood {
            flood.go_on(&mut socket)?;
        }
        socket.get_ref().stream.set_read_timeout(flood.as_ref().map(|_| TICK))?;
        let message = match socket.read() {
            Ok(message) => message,
            Err(Error::Io(error)) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match message {
            Message::Text(text) => match text.as_str().split_once(' ').unwrap_or((text.as_str(), "")) {
                ("flood", rate) => flood = Some(Flood::begin(rate.parse()?)),
                ("calm", _) => {
                    flood = None;
                    socket.send(Message::text("it is calm"))?;
                }
                ("drop", _) => return Ok(()),
                ("close", _) => socket.close(Some(CloseFrame { code: CloseCode::Away, reason: "enough".into() }))?,
                ("escapes", _) => socket.send(Message::text(ESCAPES))?,
                _ => {
                    told.send(Seen::Text(text.to_string()))?;
                    socket.send(Message::Text(text))?;
                }
            },
            Message::Binary(data) => {
                told.send(Seen::Binary(data.to_vec()))?;
                socket.send(Message::Binary(data))?;
            }
            // The answer to it is on its way, and the last frame.
            Message::Close(frame) => {
                flood = None;
                told.send(Seen::Close(frame.map(|frame| frame.code.into())))?;
            }
            _ => {}
        }
    }
}

/// Messages at a rate, caught up with at every look.
struct Flood {
    /// Messages a second.
    rate: u32,
    begun: Instant,
    sent: u32,
}

impl Flood {
    #[allow(clippy::disallowed_methods, reason = "a test has no timeline")]
    fn begin(rate: u32) -> Flood {
        Flood { rate, begun: Instant::now(), sent: 0 }
    }

    fn go_on(&mut self, socket: &mut WebSocket<Tap>) -> tungstenite::Result<()> {
        let due = self.begun.elapsed().as_secs_f64() * f64::from(self.rate);
        while f64::from(self.sent) < due {
            self.sent += 1;
            socket.write(Message::text(format!("drop {} in a flood", self.sent)))?;
        }
        socket.flush()
    }
}

/// A stream that keeps what it receives.
struct Tap {
    stream: TcpStream,
    wire: Arc<Mutex<Vec<u8>>>,
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.stream.read(buffer)?;
        self.wire.lock().expect("unpoisoned").extend_from_slice(&buffer[..size]);
        Ok(size)
    }
}

impl Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
