//! The interactive shell on real connections: what the settings say, `/connect` with the flags of the command line.

use std::sync::Arc;

use super::{output, scripts, sessions};
use crate::cli::args;
use crate::cli::args::output::Format;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{OutputSettings, RecordingSettings, Sources};
use crate::proxy::Gate;
use crate::recording::{WriteError, Writer};
use crate::session::{Clock, ConnectOptions, Sink, Timeline};
use crate::shell::{Audience, HistoryFile, Memory, Recorder, Screen, Setup, Shell, View};

/// Runs the shell until the user leaves it, connected from the start if there are options for that.
///
/// # Errors
/// The terminal can't be read.
pub fn run(
    settings: &OutputSettings,
    recording: &RecordingSettings,
    connect: Option<ConnectOptions>,
) -> Result<Exit, Report> {
    let clock = Clock::start();
    let parts = Parts::new(settings, recording, clock)?;
    let timeline = Timeline::new(clock, parts.sinks());
    parts.run(timeline, connect, None)
}

/// A shell before there is a timeline.
pub struct Parts {
    recorder: Recorder,
    memory: Memory,
    screen: Screen,
    audience: Audience,
    coloured: bool,
}

impl Parts {
    /// With what the settings say; the recordings begin.
    ///
    /// # Errors
    /// What is to be recorded can't be written.
    pub fn new(settings: &OutputSettings, recording: &RecordingSettings, clock: Clock) -> Result<Parts, Report> {
        let recorder = Recorder { masks: recording.masks.clone(), ..Recorder::default() };
        drop(recorder.asked.replace(output::recording(recording, clock)?));
        if recording.autosave {
            drop(recorder.session.replace(autosave(&clock, recording)));
        }
        let renderer = output::renderer(settings, clock);
        let coloured = renderer.options().palette.is_coloured();
        let view = View::new(renderer, settings.format == Some(Format::Json), recording.masks.clone());
        let (memory, audience) = (Memory::default(), Audience::default());
        Ok(Parts { recorder, memory, screen: Screen::new(view), audience, coloured })
    }

    /// What its timeline is to feed, in this order.
    #[must_use]
    pub fn sinks(&self) -> Vec<Box<dyn Sink>> {
        vec![
            Box::new(self.recorder.session.clone()),
            Box::new(self.recorder.asked.clone()),
            Box::new(self.memory.clone()),
            Box::new(self.screen.clone()),
            Box::new(self.audience.clone()),
        ]
    }

    /// Runs it until the user leaves it, connected or between the clients of a proxy and their server.
    ///
    /// # Errors
    /// The terminal can't be read.
    pub fn run(self, timeline: Timeline, connect: Option<ConnectOptions>, gate: Option<Gate>) -> Result<Exit, Report> {
        let told = timeline.clone();
        let Parts { recorder, memory, screen, audience, coloured } = self;
        let mut shell = Shell::new(Setup {
            timeline,
            memory,
            screen,
            recorder,
            audience,
            options: Arc::new(scripts::options),
            flags: args::command()
                .get_arguments()
                .filter_map(|arg| arg.get_long())
                .map(|flag| format!("--{flag}"))
                .collect(),
            history: HistoryFile::standard(),
            aliases: Some(Sources::system().folder().join("aliases")),
            coloured,
            gate,
        });
        let outcome = match connect {
            Some(options) => shell.connect(options, None),
            None => Ok(()),
        };
        let outcome = outcome.and_then(|()| shell.run()).map_err(|error| Report::new(Exit::File, error.to_string()));
        // What happened while the shell was leaving; what could not be written there is told here.
        while let Err(error) = told.flush() {
            WriteError::of(&error).map(Report::from).inspect(Report::print);
        }
        outcome.map(|()| Exit::Success)
    }
}

/// The session's own recording. That there can be none is told, and no reason not to have a session.
fn autosave(clock: &Clock, settings: &RecordingSettings) -> Option<Writer> {
    let begun = sessions::begin(&sessions::folder()?, clock, &settings.masks);
    begun.map_err(|error| Report::from(error).hint("--no-autosave keeps no copy of the session").print()).ok()
}
