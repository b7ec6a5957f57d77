//! The interactive shell on real connections: what the settings say, `/connect` with the flags of the command line.

use std::sync::Arc;

use super::{output, scripts, sessions};
use crate::cli::args;
use crate::cli::args::output::Format;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{OutputSettings, RecordingSettings, Sources};
use crate::proxy::Gate;
use crate::recording::WriteError;
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
    parts.autosave(recording, clock);
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
    /// With what the settings say; the recording that is asked for begins.
    ///
    /// # Errors
    /// What is to be recorded can't be written.
    pub fn new(settings: &OutputSettings, recording: &RecordingSettings, clock: Clock) -> Result<Parts, Report> {
        let recorder = Recorder { masks: recording.masks.clone(), ..Recorder::default() };
        drop(recorder.asked.replace(output::recording(recording, clock)?));
        let renderer = output::renderer(settings, clock);
        let coloured = renderer.options().palette.is_coloured();
        let view = View::new(renderer, settings.format == Some(Format::Json), recording.masks.clone());
        let (memory, audience) = (Memory::default(), Audience::default());
        Ok(Parts { recorder, memory, screen: Screen::new(view), audience, coloured })
    }

    /// Begins the session's own recording, unless the settings say otherwise. That there can be none is told, and no reason not
    /// to have a session.
    pub fn autosave(&self, settings: &RecordingSettings, clock: Clock) {
        let Some(folder) = sessions::folder().filter(|_| settings.autosave) else { return };
        let begun = sessions::begin(&folder, &clock, &settings.masks);
        let told = |error| Report::from(error).hint("--no-autosave keeps no copy of the session").print();
        drop(self.recorder.session.replace(begun.map_err(told).ok()));
    }

    /// What shows what happens.
    #[must_use]
    pub const fn screen(&self) -> &Screen {
        &self.screen
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
