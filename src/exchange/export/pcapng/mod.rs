//! pcapng, for Wireshark and its like: each connection as a TCP stream that is made up around the bytes that were recorded.
//!
//! Heads and frames are byte for byte what went over the wire (what was masked in the recording aside), each with the time of
//! its event to the microsecond. TLS is left out, and servers are on a port on which HTTP is looked for unasked, so that
//! nothing need be set to see frames; what the recording knows beyond packets stands in their comments.

mod blocks;
mod segment;
mod stream;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use blocks::Blocks;
use stream::Stream;

use super::wall::Wall;
use super::{ExportError, Pass, Source};
use crate::event::{Closed, Direction, Event, FrameEvent, Kind, Open, Response, Role, Side};
use crate::handshake::ResponseReader;
use crate::protocol::mask;
use crate::recording::Entry;
use crate::render::escape::escape;
use crate::render::quantity::duration;

/// Writes all connections.
///
/// # Errors
/// One of the two can't be read or written.
pub(super) fn write(source: &Source, out: &mut dyn Write) -> Result<(), ExportError> {
    let mut pass = source.pass()?;
    let mut packets = Packets {
        wall: Wall::new(source.header().created),
        blocks: Blocks::begin(out)?,
        streams: HashMap::new(),
        count: 0,
        last: 0,
        wire: Vec::new(),
    };
    while let Some(entry) = pass.entry()? {
        if let Entry::Event(event) = entry {
            packets.event(&event, &pass)?;
        }
    }
    packets.blocks.release()?;
    Ok(())
}

/// The streams that are open.
struct Packets<'a> {
    wall: Wall,
    blocks: Blocks<'a>,
    streams: HashMap<u32, Stream>,
    /// How many there were.
    count: u32,
    /// The connection of the packet written last.
    last: u32,
    /// What is being sent.
    wire: Vec<u8>,
}

impl Packets<'_> {
    fn event(&mut self, event: &Event, pass: &Pass<'_>) -> io::Result<()> {
        let (connection, time) = (event.connection, self.wall.since_epoch(event.time));
        match &event.kind {
            Kind::Open(open) => self.open(connection, open, time)?,
            Kind::Request(raw) => self.send(connection, Role::Client, raw, time)?,
            Kind::Response(response) => self.respond(connection, response, time)?,
            Kind::Frame(frame) => self.frame(connection, frame, pass.masked(), time)?,
            Kind::Undecoded(bytes) => {
                let from = self.stream(connection, time)?.sender(Direction::Received);
                self.send(connection, from, bytes, time)?;
            }
            Kind::Fault(fault) => {
                let (rule, section) = (&fault.rule, &fault.section);
                self.tell(connection, &format!("{rule} ({section}): expected {}, got {}", fault.expected, fault.got));
            }
            Kind::Violation { violation, .. } => self.tell(connection, &violation.to_string()),
            Kind::Note(text) => self.tell(connection, text),
            Kind::Error { text, .. } => {
                self.tell(connection, text);
                self.end(connection, Role::Client, time)?;
            }
            Kind::Close(closed) => self.close(connection, closed, time)?,
            Kind::Ready(_) => {}
        }
        Ok(())
    }

    /// Begins a stream; one before on the same connection, as before a redirect, ends.
    fn open(&mut self, connection: u32, open: &Open, time: Duration) -> io::Result<()> {
        let tls = open.tls.as_ref().map_or(Duration::ZERO, |(took, _)| *took);
        let took = open.tcp.unwrap_or_default() + tls;
        self.end(connection, Role::Client, time.saturating_sub(took))?;
        let stream = Stream::new(Some(open), self.count);
        self.blocks.comment_next(&about(connection, open, &stream))?;
        self.begin(connection, stream, time, took)
    }

    /// The stream of a connection; where the recording has lost its beginning, that is made up too.
    fn stream(&mut self, connection: u32, time: Duration) -> io::Result<&mut Stream> {
        if !self.streams.contains_key(&connection) {
            let stream = Stream::new(None, self.count);
            self.blocks.comment_next(&format!("connection {connection}: its beginning is not in the recording"))?;
            self.begin(connection, stream, time, Duration::ZERO)?;
        }
        Ok(self.streams.entry(connection).or_insert_with(|| Stream::new(None, self.count)))
    }

    fn begin(&mut self, connection: u32, mut stream: Stream, time: Duration, took: Duration) -> io::Result<()> {
        self.last = connection;
        self.count = self.count.wrapping_add(1);
        stream.begin(time, took, &mut self.blocks)?;
        self.streams.insert(connection, stream);
        Ok(())
    }

    fn send(&mut self, connection: u32, from: Role, bytes: &[u8], time: Duration) -> io::Result<()> {
        self.stream(connection, time)?;
        self.last = connection;
        let Some(stream) = self.streams.get_mut(&connection) else { return Ok(()) };
        stream.send(from, bytes, time, &mut self.blocks)
    }

    /// The head, and a refusal's body as its head says that it came.
    fn respond(&mut self, connection: u32, response: &Response, time: Duration) -> io::Result<()> {
        let mut wire = response.raw.to_vec();
        if is_chunked(&response.raw) && !response.body.is_empty() {
            wire.extend(format!("{:x}\r\n", response.body.len()).bytes());
            wire.extend_from_slice(&response.body);
            wire.extend_from_slice(if response.body_cut { b"" } else { b"\r\n0\r\n\r\n" });
        } else {
            wire.extend_from_slice(&response.body);
        }
        self.send(connection, Role::Server, &wire, time)?;
        if response.body_cut {
            self.tell(connection, "the recording has not all of the body");
        }
        Ok(())
    }

    fn frame(&mut self, connection: u32, event: &FrameEvent, altered: bool, time: Duration) -> io::Result<()> {
        let from = self.stream(connection, time)?.sender(event.direction);
        let mut wire = std::mem::take(&mut self.wire);
        wire.clear();
        let header = event.frame.header.bytes();
        wire.extend_from_slice(&header);
        wire.extend_from_slice(&event.frame.payload);
        if let Some(key) = event.frame.header.mask {
            mask::apply(key, 0, &mut wire[header.len()..]);
        }
        let sent = self.send(connection, from, &wire, time);
        self.wire = wire;
        if altered {
            self.tell(connection, &format!("frame {}: something of the payload was masked", event.number));
        }
        sent
    }

    /// A clean closure ends the stream from the server's side (RFC 6455 section 7.1.1), any other resets it.
    fn close(&mut self, connection: u32, closed: &Closed, time: Duration) -> io::Result<()> {
        if closed.clean {
            return self.end(connection, Role::Server, time);
        }
        let Some(mut stream) = self.streams.remove(&connection) else { return Ok(()) };
        let by = stream.sender(if closed.by == Side::Us { Direction::Sent } else { Direction::Received });
        stream.reset(by, time, &mut self.blocks)?;
        self.last = connection;
        if let Some(detail) = &closed.detail {
            self.tell(connection, &format!("closed abnormally: {detail}"));
        }
        Ok(())
    }

    fn end(&mut self, connection: u32, by: Role, time: Duration) -> io::Result<()> {
        let Some(mut stream) = self.streams.remove(&connection) else { return Ok(()) };
        self.last = connection;
        stream.end(by, time, &mut self.blocks)
    }

    /// Says something about a connection in a comment of the packet before.
    fn tell(&mut self, connection: u32, text: &str) {
        let text = escape(text.as_bytes());
        if connection == self.last || connection == 0 {
            self.blocks.comment(&text);
        } else {
            self.blocks.comment(&format!("connection {connection}: {text}"));
        }
    }
}

/// What is known of a connection beyond its packets.
fn about(connection: u32, open: &Open, stream: &Stream) -> String {
    let mut text = format!("connection {connection}: {}", escape(open.url.as_bytes()));
    // Writing to a String does not fail.
    let mut add = |arguments: std::fmt::Arguments<'_>| {
        let _ = text.write_fmt(arguments);
    };
    match (open.role, open.address) {
        (Role::Client, Some(address)) if address == stream.server() => add(format_args!(", recorded by the client")),
        (Role::Client, Some(address)) => {
            add(format_args!(", recorded by the client; really to {address}, here {}", stream.server()));
        }
        (Role::Client, None) => add(format_args!(", recorded by the client; addresses made up")),
        (Role::Server, _) => add(format_args!(", recorded by the server, whose address is made up")),
    }
    if let Some(via) = &open.via {
        add(format_args!("; via {}", escape(via.as_bytes())));
    }
    if let Some(dns) = open.dns {
        add(format_args!("; name resolved in {}", duration(dns)));
    }
    if let Some((took, info)) = &open.tls {
        let version = info.version.as_deref().unwrap_or("TLS");
        let cipher = info.cipher.as_deref().unwrap_or("unknown cipher");
        add(format_args!("; decrypted: {version}, {cipher}, in {}", duration(*took)));
    }
    text
}

fn is_chunked(head: &[u8]) -> bool {
    let Ok(Some((response, _))) = ResponseReader::default().receive(head) else { return false };
    response.headers.list("Transfer-Encoding").last().is_some_and(|(coding, _)| coding.eq_ignore_ascii_case(b"chunked"))
}
