//! `wscope record`: a connection recorded without a shell, for as long as it lasts or as is asked for.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use rustix::termios::tcgetwinsize;
use unicode_width::UnicodeWidthChar as _;

use super::output;
use super::pipe::{self, Limits};
use crate::cli::args::recording::RecordArgs;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{PipeSettings, Settings};
use crate::event::{Event, Kind};
use crate::render::escape::escape;
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

/// A line on standard error that says how far a recording is: time, frames, bytes, how fast they come, and the file.
#[derive(Debug)]
pub struct Progress {
    path: String,
    now: Progressed,
    /// How far it was when it was shown last.
    shown: Progressed,
    next: Duration,
}

/// How far a recording is.
#[derive(Clone, Copy, Debug, Default)]
struct Progressed {
    time: Duration,
    frames: u64,
    /// Of payloads, as on the wire.
    bytes: u64,
}

impl Progress {
    fn new(path: String) -> Progress {
        Progress { path, now: Progressed::default(), shown: Progressed::default(), next: Duration::ZERO }
    }

    /// When it is to be shown again.
    #[must_use]
    pub const fn next(&self) -> Duration {
        self.next
    }

    /// Counts an event, and shows the progress if it is time.
    pub fn note(&mut self, event: &Event) {
        if let Kind::Frame(frame) = &event.kind {
            self.now.frames += 1;
            self.now.bytes += frame.frame.payload.len() as u64;
        }
        self.show(event.time);
    }

    /// Shows the progress if it is time.
    pub fn show(&mut self, now: Duration) {
        if now >= self.next {
            self.next = now + SHOWN_EVERY;
            self.now.time = now;
            draw(&self.line("recording to"), "");
            self.shown = self.now;
        }
    }

    /// Shows it for the last time, with the rates of all of it.
    pub fn end(&mut self, now: Duration) {
        self.now.time = now;
        self.shown = Progressed::default();
        draw(&self.line("recorded to"), "\n");
    }

    /// The numbers first and aligned, so that they stay where they are; the file last, where it may be cut.
    fn line(&self, what: &str) -> String {
        let Progress { path, now, shown, .. } = self;
        let passed = now.time.saturating_sub(shown.time).as_micros().max(1000);
        let rate = |count: u64, before: u64| (u128::from(count - before) * 1_000_000 / passed) as u64;
        let (time, total) = (quantity::seconds(now.time), quantity::size(now.bytes));
        let (frames, bytes) = (rate(now.frames, shown.frames), quantity::size(rate(now.bytes, shown.bytes)));
        let path = escape(path.as_bytes());
        format!("{time:>10} s {:>11} frames {total:>10} {frames:>8} frames/s {bytes:>10}/s  {what} {path}", now.frames)
    }
}

/// Draws over the line before; one that is wider than the terminal would not be drawn over by the next.
fn draw(line: &str, end: &str) {
    let size = tcgetwinsize(io::stderr()).map_or(80, |size| usize::from(size.ws_col));
    let line = if end.is_empty() { fit(line, size.saturating_sub(1)) } else { line.to_owned() };
    // With stderr gone there is nobody left to look.
    let _ = write!(io::stderr(), "\r\x1b[K{line}{end}");
}

/// As much of a line as fits in so many columns.
pub(super) fn fit(line: &str, columns: usize) -> String {
    let mut width = 0;
    let fits = |c: &char| {
        width += c.width().unwrap_or_default();
        width <= columns
    };
    line.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::samples::{at, received};
    use crate::protocol::Opcode;

    #[test]
    fn the_line_says_frames_bytes_and_rates_in_columns_that_stay() {
        let mut progress = Progress::new("\x1ba.wsrec".into());
        progress.next = Duration::MAX;
        for number in 1..=3 {
            progress.note(&at(number, Kind::Frame(received(number, Opcode::TEXT, b"hello"))));
        }
        progress.shown = Progressed { time: Duration::from_secs(1), frames: 1, bytes: 5 };
        progress.now.time = Duration::from_millis(1500);
        let line = progress.line("recording to");
        let expected =
            "     1.500 s           3 frames       15 B        4 frames/s       20 B/s  recording to \\x1ba.wsrec";
        assert_eq!(line, expected);
        let frames = 99_999_999_999;
        progress.now = Progressed { time: Duration::from_secs(99_999), frames, bytes: 1 << 40 };
        progress.shown = Progressed { time: Duration::ZERO, ..progress.now };
        assert_eq!(progress.line("").find("frames/s"), line.find("frames/s"));
        assert_eq!(fit("a漢字b", 4), "a漢");
    }
}
