//! Wires everything: one file a subcommand.

mod completions;
mod damage;
pub mod demo;
mod diff;
mod export;
mod import;
mod interrupt;
mod man;
mod mask;
mod outcome;
mod output;
mod pipe;
mod proxy;
mod record;
mod replay;
pub mod report;
mod run;
mod save;
mod scripts;
mod serve;
mod server;
mod sessions;
mod shell;
mod show;
mod stats;
mod test;
mod words;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use crate::cli::args::{self, Action};
use crate::cli::report::{Exit, Report, stdout_written};
use crate::cli::settings::{self, Sources};
use crate::render::escape::escape;

/// Does what a command line asks for, the program's name first, and says on stderr what went wrong.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> Exit {
    args::parse(argv).inspect(|_| warn_of_slips()).and_then(dispatch).unwrap_or_else(|report| {
        report.print();
        report.exit
    })
}

/// A variable with a name that is not quite right would set nothing without a word.
fn warn_of_slips() {
    for (name, meant) in settings::slips(std::env::vars_os().map(|(name, _)| name)) {
        let name = escape(name.as_bytes());
        // With stderr gone there is nobody left to tell.
        let _ = writeln!(io::stderr(), "wscope: warning: {name} sets nothing: did you mean {meant}?");
    }
}

fn dispatch(action: Action) -> Result<Exit, Report> {
    match action {
        Action::Connect(flags) => {
            let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
            if terminal && !flags.names_a_url() {
                let (output, recording) = settings::resolve_output(&flags, Sources::system())?;
                return shell::run(&output, &recording, None);
            }
            let settings = settings::resolve(&flags, Sources::system())?;
            if terminal && settings.pipe.execute.is_empty() {
                return shell::run(&settings.output, &settings.recording, Some(settings.connect));
            }
            pipe::run(&settings)
        }
        Action::Record(args, flags) => record::run(args, &settings::resolve(&flags, Sources::system())?),
        Action::Replay(args, way, flags) => replay::run(&args, &way, &flags),
        Action::Serve(args, flags) => {
            let (output, recording) = settings::resolve_output(&flags, Sources::system())?;
            serve::run(&args, &output, &recording)
        }
        Action::Proxy(args, flags) => proxy::run(&args, &settings::resolve(&flags, Sources::system())?),
        Action::Run(args, flags) => {
            let (output, recording) = settings::resolve_output(&flags, Sources::system())?;
            run::run(&args, &output, &recording)
        }
        Action::Test(args, flags) => {
            let (output, recording) = settings::resolve_output(&flags, Sources::system())?;
            test::run(&args, &output, &recording)
        }
        Action::Mask(args) => mask::run(args),
        Action::Export(args) => export::run(args),
        Action::Import(args) => import::run(args),
        Action::Stats(args) => stats::run(&args),
        Action::Diff(args, flags) => {
            let (output, _) = settings::resolve_output(&flags, Sources::system())?;
            diff::run(&args, &output)
        }
        Action::Report(command) => report::run(&command),
        Action::Demo(args, flags) => {
            let (output, recording) = settings::resolve_output(&flags, Sources::system())?;
            demo::run(args, &output, &recording)
        }
        Action::Show(file, args, flags) => {
            let (output, _) = settings::resolve_output(&flags, Sources::system())?;
            let file = file.map_or_else(sessions::newest, Ok)?;
            show::run(&file, &args, &output)
        }
        Action::Completions(shell) => print(&completions::script(shell)),
        Action::Man(command) => print(&man::page(&command)?),
        Action::Help(help) => stdout_written(help.print()),
    }
}

/// Writes to stdout; a reader that has gone away is no error.
fn print(bytes: &[u8]) -> Result<Exit, Report> {
    let mut stdout = io::stdout().lock();
    stdout_written(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}
