//! Items to text, in the format that is asked for: the renderer's, payloads alone, or the recording's own lines.

use std::fmt::Write as _;
use std::io::{IsTerminal, stdout};
use std::time::SystemTime;

use super::super::output;
use super::Item;
use super::out::Out;
use crate::cli::args::output::Format;
use crate::cli::settings::OutputSettings;
use crate::event::{Direction, Event, Kind, Open};
use crate::recording::{Header, Lines, Secrets};
use crate::render::{self, Options, Renderer, WallClock};

/// Shows items.
#[derive(Debug)]
pub(super) struct Printer {
    format: Format,
    renderer: Renderer,
    options: Options,
    wall: WallClock,
    /// Whether payloads that were sent count as those that were received do.
    sent: bool,
    terminal: bool,
    /// The number that the next line has if it says none.
    next_frame: u64,
    /// After a jump: what a connection is taken for whose beginning was not seen, and those that are known by now.
    presumed: Option<Box<Open>>,
    known: Vec<u32>,
    text: String,
}

impl Printer {
    pub(super) fn new(settings: &OutputSettings, header: &Header, sent: bool) -> Printer {
        let format = settings.format.unwrap_or(Format::Short);
        let terminal = stdout().is_terminal();
        let options = Options {
            width: output::width(),
            ..output::options(&OutputSettings { format: Some(format), ..*settings })
        };
        let wall = WallClock::local(header.created.unwrap_or(SystemTime::UNIX_EPOCH));
        Printer {
            format,
            renderer: Renderer::new(options, wall.clone()),
            options,
            wall,
            sent,
            terminal,
            next_frame: 1,
            presumed: None,
            known: Vec::new(),
            text: String::new(),
        }
    }

    /// Whether lines are shown as they are in the recording.
    pub(super) fn is_verbatim(&self) -> bool {
        self.format == Format::Json
    }

    /// What comes before all events.
    pub(super) fn begin(&mut self, first_line: &[u8], out: &mut Out) {
        if self.is_verbatim() {
            self.line(first_line, out);
        }
    }

    /// Connections whose beginning is not seen are taken to be like this one.
    pub(super) fn presume(&mut self, open: Option<Box<Open>>) {
        self.presumed = open;
    }

    /// What was known of connections holds no longer.
    pub(super) fn forget(&mut self) {
        self.renderer = Renderer::new(self.options, self.wall.clone());
    }

    /// Takes note of what is not shown, for what is shown after it.
    pub(super) fn pass_over(&mut self, item: &Item) {
        if matches!(self.format, Format::Short | Format::Full) {
            self.introduce(&item.event);
            self.renderer.pass_over(&item.event);
        }
    }

    pub(super) fn show(&mut self, item: &Item, out: &mut Out) {
        match self.format {
            Format::Json => self.verbatim(item, out),
            Format::Raw => self.raw(&item.event, out),
            Format::Short | Format::Full => {
                self.introduce(&item.event);
                self.text.clear();
                self.renderer.event(&item.event, &mut self.text);
                out.text(&self.text);
            }
        }
    }

    /// Between groups that are apart.
    pub(super) fn separator(&self, out: &mut Out) {
        if matches!(self.format, Format::Short | Format::Full) {
            out.text("--\n");
        }
    }

    /// Tells the renderer of a connection whose beginning lies before a jump.
    fn introduce(&mut self, event: &Event) {
        let Some(open) = &self.presumed else { return };
        let connection = event.connection;
        if connection == 0 || self.known.contains(&connection) {
            return;
        }
        self.known.push(connection);
        self.renderer.pass_over(&Event { kind: Kind::Open(open.clone()), ..event.clone() });
    }

    fn raw(&mut self, event: &Event, out: &mut Out) {
        let mut event = event.clone();
        if let Kind::Frame(frame) = &mut event.kind
            && self.sent
        {
            frame.direction = Direction::Received;
        }
        if self.terminal {
            self.text.clear();
            self.renderer.event(&event, &mut self.text);
            out.text(&self.text);
        } else {
            out.fill(|bytes| render::raw(&event, bytes));
        }
    }

    /// The line as it is in the recording; a frame says its number where it can no longer be counted.
    fn verbatim(&mut self, item: &Item, out: &mut Out) {
        let line = &item.sight.line;
        let Kind::Frame(frame) = &item.event.kind else { return self.line(line, out) };
        let counted = frame.number == self.next_frame;
        self.next_frame = frame.number + 1;
        if line.is_empty() {
            // A message that was put together has no line: a frame of its own, which is no fragment.
            let mut event = item.event.clone();
            if let Kind::Frame(frame) = &mut event.kind {
                frame.fragment = None;
            }
            let mut written = Vec::new();
            Lines::new(Secrets::Keep).event(&event, &mut written);
            self.line(written.trim_ascii_end(), out);
        } else if counted || item.sight.says_number {
            self.line(line, out);
        } else {
            let at = memchr::memchr(b'{', line).map_or(0, |at| at + 1);
            let number = format!("\"n\":{},", frame.number);
            self.line(&[&line[..at], number.as_bytes(), &line[at..]].concat(), out);
        }
    }

    /// A line of JSON, in which no control character reaches a terminal.
    fn line(&self, line: &[u8], out: &mut Out) {
        if !self.terminal {
            out.fill(|bytes| {
                bytes.extend_from_slice(line);
                bytes.push(b'\n');
            });
            return;
        }
        let mut text = String::with_capacity(line.len() + 1);
        for c in String::from_utf8_lossy(line).chars() {
            if c.is_control() {
                // Writing to a String does not fail.
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            } else {
                text.push(c);
            }
        }
        text.push('\n');
        out.text(&text);
    }
}
