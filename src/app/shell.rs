//! The interactive shell on real connections: what the settings say, `/connect` with the flags of the command line.

use std::ffi::OsString;

use super::output;
use crate::cli::args::output::Format;
use crate::cli::args::{self, Action};
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{self, OutputSettings, Sources};
use crate::session::{Clock, ConnectOptions, Timeline};
use crate::shell::{HistoryFile, Memory, Screen, Setup, Shell, ShellError, View};

/// Runs the shell until the user leaves it, connected from the start if there are options for that.
///
/// # Errors
/// The terminal can't be read.
pub fn run(settings: &OutputSettings, connect: Option<ConnectOptions>) -> Result<Exit, Report> {
    let clock = Clock::start();
    let renderer = output::renderer(settings, clock);
    let coloured = renderer.options().palette.is_coloured();
    let view = View::new(renderer, settings.format == Some(Format::Json), output::secrets(settings));
    let memory = Memory::default();
    let screen = Screen::new(view);
    let timeline = Timeline::new(clock, vec![Box::new(memory.clone()), Box::new(screen.clone())]);
    let mut shell = Shell::new(Setup {
        timeline,
        memory,
        screen,
        options: Box::new(options),
        flags: args::command()
            .get_arguments()
            .filter_map(|arg| arg.get_long())
            .map(|flag| format!("--{flag}"))
            .collect(),
        history: HistoryFile::standard(),
        coloured,
    });
    let outcome = match connect {
        Some(options) => shell.connect(options, None),
        None => Ok(()),
    };
    outcome.and_then(|()| shell.run()).map_err(|error| Report::new(Exit::File, error.to_string()))?;
    Ok(Exit::Success)
}

/// What a `/connect` with these words means: the same as on the command line.
fn options(words: &[String]) -> Result<ConnectOptions, ShellError> {
    let argv = std::iter::once("wscope").chain(words.iter().map(String::as_str)).map(OsString::from);
    let resolved = args::parse(argv).and_then(|action| match action {
        Action::Connect(flags) => settings::resolve(&flags, Sources::system()),
        _ => Err(Report::new(Exit::Usage, "that is no URL").hint("/connect ws://HOST/PATH")),
    });
    resolved.map(|settings| settings.connect).map_err(|report| {
        ShellError::refused(report.message, report.hint.unwrap_or_else(|| "/help connect shows what it takes".into()))
    })
}
