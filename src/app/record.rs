//! `wscope record`: a connection recorded without a shell, for as long as it lasts or as is asked for.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use super::output;
use super::pipe::{self, Limits};
use crate::cli::args::recording::RecordArgs;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{PipeSettings, Settings};
use crate::event::{Event, Kind};
use crate::render::quantity;
use crate::session::{Clock, Sink, Timeline};

/// How often the progress is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// Records until the peer closes the connection, the time is up, the messages have come, or the user has had enough.
///
/// # Errors
/// The report that ends the program.
pub fn run(args: RecordArgs, settings: &Settings) -> Result<Exit, Report> {
    let clock = Clock::start();
    let Some(writer) = output::recording(&settings.recording, clock)? else {
        let hint = "-o FILE names it: wscope record ws://HOST/PATH -o session.wsrec";
        return Err(Report::new(Exit::Usage, "no file to record to").hint(hint));
    };
    let path = writer.path().display().to_string();
    let sinks: Vec<Box<dyn Sink>> = vec![Box::new(writer)];
    let progress = (io::stderr().is_terminal() && !settings.output.quiet).then(|| Progress::new(path));
    let limits = Limits { stdin: false, end: args.duration.map(|duration| clock.elapsed() + duration), progress };
    let settings = Settings { pipe: PipeSettings { idle: None, ..settings.pipe.clone() }, ..settings.clone() };
    pipe::run_with(&settings, &Timeline::new(clock, sinks), limits)
}

/// A line on standard error that says how far a recording is: frames, bytes and rate.
#[derive(Debug)]
pub struct Progress {
    path: String,
    frames: u64,
    /// Of payloads, as on the wire.
    bytes: u64,
    next: Duration,
    /// When it was shown last, and how many frames there were.
    shown: (Duration, u64),
}

impl Progress {
    fn new(path: String) -> Progress {
        Progress { path, frames: 0, bytes: 0, next: Duration::ZERO, shown: (Duration::ZERO, 0) }
    }

    /// When it is to be shown again.
    #[must_use]
    pub const fn next(&self) -> Duration {
        self.next
    }

    /// Counts an event, and shows the progress if it is time.
    pub fn note(&mut self, event: &Event) {
        if let Kind::Frame(frame) = &event.kind {
            self.frames += 1;
            self.bytes += frame.frame.payload.len() as u64;
        }
        self.show(event.time);
    }

    /// Shows the progress if it is time.
    pub fn show(&mut self, now: Duration) {
        if now >= self.next {
            self.next = now + SHOWN_EVERY;
            draw(&self.line(now), "");
            self.shown = (now, self.frames);
        }
    }

    /// Shows it for the last time.
    pub fn end(&mut self, now: Duration) {
        self.shown = (Duration::ZERO, 0);
        draw(&self.line(now), "\n");
    }

    /// Frames a second since it was shown last.
    fn line(&self, now: Duration) -> String {
        let Progress { path, frames, bytes, shown, .. } = self;
        let passed = now.saturating_sub(shown.0).as_secs_f64().max(1e-3);
        #[allow(clippy::cast_precision_loss, reason = "whole frames are shown")]
        let rate = (frames - shown.1) as f64 / passed;
        let (time, size) = (quantity::seconds(now), quantity::size(*bytes));
        format!("recording to {path}  {time} s  {frames} frames  {size}  {rate:.0} frames/s")
    }
}

fn draw(line: &str, end: &str) {
    // With stderr gone there is nobody left to look.
    let _ = write!(io::stderr(), "\r\x1b[K{}{end}", line.escape_debug());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::samples::{at, received};
    use crate::protocol::Opcode;

    #[test]
    fn the_line_says_frames_bytes_and_rate() {
        let mut progress = Progress::new("a.wsrec".into());
        progress.next = Duration::MAX;
        for number in 1..=3 {
            progress.note(&at(number, Kind::Frame(received(number, Opcode::TEXT, b"hello"))));
        }
        progress.shown = (Duration::from_secs(1), 1);
        let line = progress.line(Duration::from_millis(1500));
        assert_eq!(line, "recording to a.wsrec  1.500 s  3 frames  15 B  4 frames/s");
    }
}
