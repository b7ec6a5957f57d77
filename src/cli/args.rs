//! The command line: one table of commands and options (clap's), which feeds parsing, help, completions and the manual.
//!
//! Parsing is pure: no environment, no files. What an option's value means is in `values`, where it comes from in
//! [`super::settings`].

#![allow(clippy::doc_markdown, reason = "the documentation of an option is its help, which is no Markdown")]

mod commands;
pub mod compare;
pub mod connect;
pub mod exchange;
mod faults;
mod help;
pub mod output;
pub mod pipe;
pub mod proxy;
pub mod recording;
pub mod replay;
pub mod report;
pub mod script;
pub mod serve;
pub mod show;
pub mod stats;
pub mod test;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args as _, CommandFactory, FromArgMatches, Parser};
use clap_complete::Shell;

use commands::Command;

use super::nearest;
use super::report::{Exit, Report};

/// What the command line asks for.
#[derive(Debug)]
pub enum Action {
    /// A shell on a terminal, pipe mode otherwise.
    Connect(Flags),
    /// A recording, headless.
    Record(recording::RecordArgs, Flags),
    /// A recording played again.
    Replay(Box<replay::ReplayArgs>, Box<replay::WayArgs>, Flags),
    /// A server of one's own.
    Serve(Box<serve::ServeArgs>, Flags),
    /// A proxy between clients and a server.
    Proxy(Box<proxy::ProxyArgs>, Flags),
    /// A script.
    Run(Box<script::RunArgs>, Flags),
    /// Tests.
    Test(Box<test::TestArgs>, Flags),
    /// Secrets taken out of a recording.
    Mask(recording::MaskArgs),
    /// A recording in another format.
    Export(exchange::ExportArgs),
    /// A recording of what others recorded.
    Import(exchange::ImportArgs),
    /// A recording in numbers.
    Stats(stats::StatsArgs),
    /// Two recordings held against each other.
    Diff(Box<compare::DiffArgs>, Flags),
    /// Something done with the reports of test runs.
    Report(report::ReportCommand),
    /// The embedded server and a shell on it.
    Demo(DemoArgs, Flags),
    /// A recording, or one frame of it, on stdout; without a file the newest session of the shell.
    Show(Option<PathBuf>, Box<show::ShowArgs>, Flags),
    /// A completion script on stdout.
    Completions(Shell),
    /// A manual page on stdout: of a command (`report merge` is two names), or of the whole.
    Man(Vec<String>),
    /// Help or version, for stdout.
    Help(Box<clap::Error>),
}

/// The options on the command line, for [`super::settings::resolve`].
#[derive(Debug)]
pub struct Flags {
    /// A URL or `@profile`.
    pub(super) url: Option<String>,
    /// Of the program, then of the command.
    pub(super) matches: Vec<ArgMatches>,
}

impl Flags {
    /// Whether there is something to connect to.
    #[must_use]
    pub const fn names_a_url(&self) -> bool {
        self.url.is_some()
    }

    /// Whether the option with this id is on the command line.
    #[must_use]
    pub fn names(&self, id: &str) -> bool {
        let given = |matches: &ArgMatches| {
            matches!(matches.try_contains_id(id), Ok(true))
                && matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
        };
        self.matches.iter().any(given)
    }
}

/// Every option that the environment and profiles can set too.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    pub handshake: connect::HandshakeArgs,
    #[command(flatten)]
    pub connect: connect::ConnectArgs,
    #[command(flatten)]
    pub tls: connect::TlsArgs,
    #[command(flatten)]
    pub output: output::OutputArgs,
    #[command(flatten)]
    pub recording: recording::RecordingArgs,
    #[command(flatten)]
    pub pipe: pipe::PipeArgs,
}

/// The whole table: commands, options, help.
#[must_use]
pub fn command() -> clap::Command {
    Program::command()
}

/// The command with this name, as [`command`] has it; the name of a command's command is two words.
///
/// # Errors
/// When there is none: a usage error with the nearest.
pub fn find(names: &[String]) -> Result<clap::Command, Report> {
    let mut found = command();
    found.build();
    for name in names {
        let Some(inner) = found.find_subcommand(name) else {
            let names = || found.get_subcommands().map(clap::Command::get_name);
            let report = Report::new(Exit::Usage, format!("unknown command {name:?}"));
            return Err(match nearest(name, names()) {
                Some(near) => report.hint(format!("did you mean {near}?")),
                None if names().next().is_none() => report.hint(format!("{} has no commands", found.get_name())),
                None => report.hint(format!("there are: {}", names().collect::<Vec<_>>().join(", "))),
            });
        };
        found = inner.clone();
    }
    Ok(found)
}

/// Reads a command line, the program's name first.
///
/// # Errors
/// A usage error, with a hint where there is a next step.
pub fn parse(argv: impl IntoIterator<Item = OsString>) -> Result<Action, Report> {
    let argv: Vec<OsString> = argv.into_iter().collect();
    let matches = match command().try_get_matches_from(&argv) {
        Ok(matches) => matches,
        Err(error) => return help_or_usage(error, &argv),
    };
    let program = Program::from_arg_matches(&matches).map_err(Report::from)?;
    if let (Some(url), Some((name, _))) = (&program.url, matches.subcommand()) {
        let message = format!("unexpected \"{url}\" before the command {name}");
        return Err(Report::new(Exit::Usage, message).hint(format!("wscope {name} --help shows what it takes")));
    }
    match program.command {
        Some(Command::Completions { shell, .. }) => Ok(Action::Completions(shell)),
        Some(Command::Man { command, .. }) => Ok(Action::Man(command)),
        Some(Command::Help { command, .. }) => {
            find(&command)?;
            let names = command.iter().map(String::as_str);
            parse(std::iter::once("wscope").chain(names).chain(["--help"]).map(OsString::from))
        }
        Some(Command::Demo { demo, .. }) => {
            Ok(Action::Demo(demo, Flags { url: None, matches: with_subcommand(matches) }))
        }
        Some(Command::Record { url, record, .. }) => {
            Ok(Action::Record(record, Flags { url, matches: with_subcommand(matches) }))
        }
        Some(Command::Serve { serve, .. }) => {
            Ok(Action::Serve(serve, Flags { url: None, matches: with_subcommand(matches) }))
        }
        Some(Command::Replay { replay, way, .. }) => {
            let flags = Flags { url: replay.to.clone(), matches: with_subcommand(matches) };
            Ok(Action::Replay(replay, way, flags))
        }
        Some(Command::Proxy { url, proxy, .. }) => {
            Ok(Action::Proxy(proxy, Flags { url, matches: with_subcommand(matches) }))
        }
        Some(Command::Run { run, .. }) => Ok(Action::Run(run, Flags { url: None, matches: with_subcommand(matches) })),
        Some(Command::Test { test, .. }) => {
            Ok(Action::Test(test, Flags { url: None, matches: with_subcommand(matches) }))
        }
        Some(Command::Mask { mask, .. }) => Ok(Action::Mask(mask)),
        Some(Command::Show { file, show, .. }) => {
            Ok(Action::Show(Some(file), show, Flags { url: None, matches: with_subcommand(matches) }))
        }
        Some(Command::Last { show, .. }) => {
            Ok(Action::Show(None, show, Flags { url: None, matches: with_subcommand(matches) }))
        }
        Some(Command::Export { export, .. }) => Ok(Action::Export(export)),
        Some(Command::Import { import, .. }) => Ok(Action::Import(import)),
        Some(Command::Stats { stats, .. }) => Ok(Action::Stats(stats)),
        Some(Command::Diff { diff, .. }) => {
            Ok(Action::Diff(diff, Flags { url: None, matches: with_subcommand(matches) }))
        }
        Some(Command::Report { command, .. }) => Ok(Action::Report(command)),
        Some(Command::Connect { url, .. }) => Ok(Action::Connect(Flags { url, matches: with_subcommand(matches) })),
        None => {
            let url = program.url;
            if let Some(url) = &url {
                check_url(url)?;
            }
            Ok(Action::Connect(Flags { url, matches: vec![matches] }))
        }
    }
}

/// The options alone, without commands and URL: what a layer of settings is read with.
pub(super) fn options() -> clap::Command {
    Options::augment_args(clap::Command::new("wscope")).no_binary_name(true)
}

/// The command line, with a connection as what it does without a command.
#[derive(Debug, Parser)]
#[command(
    name = "wscope",
    version,
    about = "A scriptable WebSocket debugging shell and recorder",
    override_usage = "wscope [OPTIONS] URL\n       wscope [OPTIONS] @PROFILE\n       wscope COMMAND",
    after_help = help::EXAMPLES,
    max_term_width = 100,
    styles = help::STYLES,
    subcommand_help_heading = "Commands",
    subcommand_value_name = "COMMAND",
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true
)]
struct Program {
    /// ws://host/path, wss://..., host:port/path, :8080/path (localhost), or @PROFILE
    #[arg(value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    help: HelpArgs,
    /// Print the version
    #[arg(short = 'V', long, action = clap::ArgAction::Version, help_heading = "Help")]
    version: (),
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options of the embedded server.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct DemoArgs {
    /// Port to listen on; 0: any that is free
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// The server alone, until Ctrl-C; prints its URLs
    #[arg(long)]
    pub serve: bool,
}

/// What every command has.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Help")]
pub struct HelpArgs {
    /// Print help: -h the common options, --help all
    #[arg(short, long, action = clap::ArgAction::HelpShort)]
    help: (),
}

fn with_subcommand(matches: ArgMatches) -> Vec<ArgMatches> {
    let inner = matches.subcommand().map(|(_, inner)| inner.clone());
    std::iter::once(matches).chain(inner).collect()
}

fn help_or_usage(error: clap::Error, argv: &[OsString]) -> Result<Action, Report> {
    match error.kind() {
        ErrorKind::DisplayHelp if argv.iter().any(|arg| arg == "-h") => {
            let brief = help::brief(command()).try_get_matches_from(argv).err();
            Ok(Action::Help(Box::new(brief.unwrap_or(error))))
        }
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Action::Help(Box::new(error))),
        _ => {
            // A value after a blank is taken for the URL, and the URL for one too many.
            let surplus = error.kind() == ErrorKind::UnknownArgument;
            // A mistyped command is taken for the URL, and what belongs to it for one too many.
            if surplus && let Some(mistyped) = argv.get(1).and_then(|arg| arg.to_str()).filter(|a| !a.starts_with('-'))
            {
                find_or_url(mistyped)?;
            }
            let detached = ["--compress", "--reconnect"].into_iter().find(|name| argv.iter().any(|arg| arg == name));
            let report = Report::from(error);
            Err(match detached {
                Some(name) if surplus && report.message.starts_with("unexpected") => {
                    report.hint(format!("{name} takes its value after an equals sign: {name}=VALUE"))
                }
                _ => report,
            })
        }
    }
}

/// A usage error if `text` is neither a command nor a URL.
fn find_or_url(text: &str) -> Result<(), Report> {
    if command().find_subcommand(text).is_some() { Ok(()) } else { check_url(text) }
}

/// Tells a URL from a mistyped command: a URL has a dot, a slash or a colon, or is `localhost`.
fn check_url(text: &str) -> Result<(), Report> {
    if text.starts_with(['[', '@']) || text.contains(['.', '/', ':']) || text.eq_ignore_ascii_case("localhost") {
        return Ok(());
    }
    let command = command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    let url = "a URL looks like ws://host/path or host:port/path";
    let hint = match nearest(&text.to_lowercase(), names) {
        Some(near) => format!("did you mean {near}? {url}"),
        None => url.to_owned(),
    };
    Err(Report::new(Exit::Usage, format!("unknown command or URL {text:?}")).hint(hint))
}

#[cfg(test)]
mod tests;
