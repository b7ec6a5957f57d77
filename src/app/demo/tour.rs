//! The tour: what a shell would show, in seven steps, for whoever has no terminal: a pipe, a CI, a bug report.

use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;

use super::super::output;
use super::Server;
use crate::cli::args::output::Format;
use crate::cli::report::stdout_written;
use crate::cli::settings::{OutputSettings, RecordingSettings};
use crate::cli::{Exit, Report};
use crate::command::Command;
use crate::event::{Direction, Event, Kind};
use crate::protocol::Opcode;
use crate::render::Meaning;
use crate::session::options::{Compress, ProxyChoice};
use crate::session::{Clock, ConnectOptions, Driver, Timeline, Waited, open};

/// How long the server, which runs in this process, may take for one step.
const PATIENCE: Duration = Duration::from_secs(10);

/// Plays the tour on standard output.
///
/// # Errors
/// When the server does not do what the tour shows, or the output can't be written.
pub(super) fn play(server: &Server, settings: &OutputSettings, recording: &RecordingSettings) -> Result<Exit, Report> {
    // A tour is for people, unless they say otherwise.
    let shown = OutputSettings { format: settings.format.or(Some(Format::Short)), ..*settings };
    let clock = Clock::start();
    let timeline = Timeline::new(clock, output::sinks(&shown, recording, None, clock)?);
    let guide = Guide { server, settings: shown, timeline };
    guide.echo()?;
    guide.violation()?;
    guide.say(&format!(
        "That was the tour. On a terminal, `wscope demo` is a shell on this server, and `wscope demo --serve` the server \
         alone, with {} paths.",
        super::PATHS.len()
    ))?;
    stdout_written(guide.timeline.flush())
}

struct Guide<'a> {
    server: &'a Server,
    settings: OutputSettings,
    timeline: Timeline,
}

impl Guide<'_> {
    /// Six steps on one connection.
    fn echo(&self) -> Result<(), Report> {
        self.say("1. The opening handshake, as on the wire, and what both ends agreed on")?;
        let mut driver = self.open("/echo")?;
        self.say("2. A text message, and its echo")?;
        self.send(&mut driver, Command::Text(r#"{"hello":"world"}"#.into()), is_message)?;
        self.say("3. A binary message, every byte visible")?;
        self.send(&mut driver, Command::Binary(Bytes::from_static(b"\x00\x01\xfe\xff\x1b[31m")), is_message)?;
        self.say("4. A ping, and the pong with its round trip")?;
        self.send(&mut driver, Command::Ping("tick".into()), |event| is_received(event, Opcode::PONG))?;
        self.say("5. A message in three fragments")?;
        let parts = ["in three ", "frag", "ments"].map(Bytes::from).to_vec();
        self.send(&mut driver, Command::Fragments { binary: false, parts }, is_message)?;
        self.say("6. The closing handshake")?;
        let close = Command::Close { code: Some(1000), reason: "bye".into(), force: false };
        self.send(&mut driver, close, |event| matches!(event.kind, Kind::Close(_)))
    }

    /// The last step, on a connection of its own.
    fn violation(&self) -> Result<(), Report> {
        self.say("7. A server that breaks the protocol: the offending bytes, the rule, and how the connection fails")?;
        let mut driver = self.open("/bad/reserved-opcode")?;
        self.wait(&mut driver, |event| matches!(event.kind, Kind::Violation { .. }))?;
        self.wait(&mut driver, |event| matches!(event.kind, Kind::Close(_)))
    }

    fn open(&self, path: &str) -> Result<Driver, Report> {
        let options = ConnectOptions {
            proxy: ProxyChoice::Direct,
            // So that a reader sees the bytes that were meant.
            compress: Compress::Off,
            ..ConnectOptions::new(self.server.url(path))
        };
        Ok(open(&options, &self.timeline, self.timeline.open_connection())?)
    }

    /// Sends, and waits for what should follow.
    fn send(&self, driver: &mut Driver, command: Command, follows: fn(&Event) -> bool) -> Result<(), Report> {
        driver.send(command).map_err(|error| failed(&error.to_string()))?;
        self.wait(driver, follows)
    }

    fn wait(&self, driver: &mut Driver, until: fn(&Event) -> bool) -> Result<(), Report> {
        let deadline = self.timeline.clock().elapsed() + PATIENCE;
        loop {
            match driver.wait(Some(deadline)) {
                Waited::Event(event) if until(&event) => return Ok(()),
                Waited::Event(_) | Waited::Woken | Waited::Writable => {}
                Waited::Timeout => return Err(failed(&format!("no answer within {PATIENCE:?}"))),
                Waited::SinkFailed(error) => return stdout_written(Err(error)).map(drop),
                Waited::Over => return Err(failed("the connection ended too early")),
            }
        }
    }

    /// A line between the steps, where what is shown is for people.
    fn say(&self, text: &str) -> Result<(), Report> {
        if matches!(self.settings.format, Some(Format::Raw | Format::Json)) || self.settings.quiet {
            return Ok(());
        }
        let mut line = String::new();
        output::options(&self.settings).palette.paint(Meaning::Dim, &format!("# {text}"), &mut line);
        line.push('\n');
        // What happened so far comes before it.
        let written = self.timeline.flush().and_then(|()| io::stdout().write_all(line.as_bytes()));
        stdout_written(written).map(drop)
    }
}

fn is_message(event: &Event) -> bool {
    matches!(&event.kind, Kind::Frame(frame) if frame.direction == Direction::Received && frame.message.is_some())
}

fn is_received(event: &Event, opcode: Opcode) -> bool {
    matches!(&event.kind, Kind::Frame(frame)
        if frame.direction == Direction::Received && frame.frame.header.opcode == opcode)
}

fn failed(why: &str) -> Report {
    Report::new(Exit::Failed, format!("the tour went wrong: {why}"))
}
