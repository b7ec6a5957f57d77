//! Standard output as a sink of events, in the format that the settings ask for.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Stdout, Write, stdout};

use rustix::termios::tcgetwinsize;

use crate::cli::args::output::{ColorWhen, Format, HeadersShown, JsonShown, Timestamps};
use crate::cli::report::{Report, no_color};
use crate::cli::settings::{OutputSettings, RecordingSettings};
use crate::event::{Direction, Event, Kind};
use crate::recording::{JsonLines, Masks, Writer};
use crate::render::{self, ColourChoice, Options, Palette, Renderer, Screen, WallClock};
use crate::session::{Clock, Sink};

/// The recording that the settings ask for, if they do.
///
/// # Errors
/// When it can't be written.
pub fn recording(settings: &RecordingSettings, clock: Clock) -> Result<Option<Writer>, Report> {
    let Some(file) = &settings.file else { return Ok(None) };
    Ok(Some(Writer::open(file, &clock, &settings.masks, settings.existing)?))
}

/// All sinks without a shell: the recording first, then standard output, with at most so many payloads.
///
/// # Errors
/// When the recording can't be written.
pub fn sinks(
    settings: &OutputSettings,
    recorded: &RecordingSettings,
    count: Option<u64>,
    clock: Clock,
) -> Result<Vec<Box<dyn Sink>>, Report> {
    let recording = recording(recorded, clock)?.map(|writer| Box::new(writer) as Box<dyn Sink>);
    Ok(recording.into_iter().chain([counted_sink(settings, &recorded.masks, count, clock)]).collect())
}

/// The sink for a standard output that a program reads: payloads alone, unless asked for more.
pub fn sink(settings: &OutputSettings, masks: &Masks, clock: Clock) -> Box<dyn Sink> {
    match settings.format.unwrap_or(Format::Raw) {
        Format::Json => Box::new(JsonLines::<Stdout>::new(stdout(), clock.created(), masks.clone())),
        format => {
            let settings = OutputSettings { format: Some(format), ..*settings };
            let (renderer, masks) = (renderer(&settings, clock), masks.clone());
            Box::new(Screen::new(renderer, Masked { masks, writer: stdout() }))
        }
    }
}

/// A writer that is given whole lines or payloads, and writes them without secret values.
struct Masked<W> {
    masks: Masks,
    writer: W,
}

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.masks.bytes(bytes) {
            Cow::Borrowed(bytes) => self.writer.write(bytes),
            Cow::Owned(starred) => self.writer.write_all(&starred).map(|()| bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// The same, with no more payloads than `count`, even if more come before the connection is closed.
fn counted_sink(settings: &OutputSettings, masks: &Masks, count: Option<u64>, clock: Clock) -> Box<dyn Sink> {
    let all = sink(settings, masks, clock);
    match count.filter(|_| settings.format.is_none_or(|format| format == Format::Raw)) {
        Some(left) => Box::new(Counted { left, sink: all }),
        None => all,
    }
}

/// Passes on the first messages received, and everything that is no message.
struct Counted {
    left: u64,
    sink: Box<dyn Sink>,
}

impl Sink for Counted {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if matches!(&event.kind, Kind::Frame(frame) if frame.direction == Direction::Received && frame.message.is_some())
        {
            if self.left == 0 {
                return Ok(());
            }
            self.left -= 1;
        }
        self.sink.event(event)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }

    fn is_full(&self) -> bool {
        self.sink.is_full()
    }
}

/// What renders events for the terminal, or for whatever standard output is.
#[must_use]
pub fn renderer(settings: &OutputSettings, clock: Clock) -> Renderer {
    Renderer::new(options(settings), WallClock::local(clock.created()))
}

/// The columns of standard output, if it is a terminal that says how many.
#[must_use]
pub fn width() -> Option<usize> {
    let size = if stdout().is_terminal() { tcgetwinsize(stdout()).ok() } else { None };
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Settings as the renderer has them. JSON lines are not its business: asked for them, it shows what a person reads.
#[must_use]
pub fn options(settings: &OutputSettings) -> Options {
    let terminal = stdout().is_terminal();
    let colour = match settings.color {
        ColorWhen::Auto => ColourChoice::Auto,
        ColorWhen::Always => ColourChoice::Always,
        ColorWhen::Never => ColourChoice::Never,
    };
    Options {
        format: match settings.format {
            None | Some(Format::Short | Format::Json) => render::Format::Short,
            Some(Format::Full) => render::Format::Full,
            Some(Format::Raw) => render::Format::Raw,
        },
        timestamps: match settings.timestamps {
            Timestamps::Relative => render::Timestamps::Relative,
            Timestamps::Delta => render::Timestamps::Delta,
            Timestamps::Clock => render::Timestamps::Clock,
            Timestamps::None => render::Timestamps::None,
        },
        headers: match settings.headers {
            HeadersShown::None => render::HeadersShown::None,
            HeadersShown::Short => render::HeadersShown::Short,
            HeadersShown::Full => render::HeadersShown::Full,
        },
        json: match settings.json {
            JsonShown::Compact => render::JsonShown::Compact,
            JsonShown::Pretty => render::JsonShown::Pretty,
        },
        quiet: settings.quiet,
        palette: Palette::choose(colour, terminal, no_color()),
        ..Options::default()
    }
}
