//! The commands, each with what it takes.

use std::path::PathBuf;

use clap::Subcommand;
use clap_complete::Shell;

use super::{
    DemoArgs, HelpArgs, Options, compare, exchange, output, proxy, recording, replay, report, script, serve, show,
    stats, test,
};

/// What follows the program's name.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Connect to a URL, as without a command
    #[command(disable_help_flag = true)]
    Connect {
        /// ws://host/path, wss://..., host:port/path, :8080/path (localhost), or @PROFILE
        #[arg(value_name = "URL")]
        url: Option<String>,
        #[command(flatten)]
        options: Box<Options>,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Record a connection to a file, without a shell, until the peer closes it or Ctrl-C
    #[command(disable_help_flag = true)]
    Record {
        /// ws://host/path, wss://..., host:port/path, :8080/path (localhost), or @PROFILE
        #[arg(value_name = "URL")]
        url: Option<String>,
        #[command(flatten)]
        record: recording::RecordArgs,
        #[command(flatten)]
        options: Box<Options>,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Play a recording again, as its client or as its server
    #[command(disable_help_flag = true)]
    Replay {
        #[command(flatten)]
        replay: Box<replay::ReplayArgs>,
        #[command(flatten)]
        way: Box<replay::WayArgs>,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Serve clients that are to be debugged: echo, chat, sink, flood or a script, every frame shown
    #[command(disable_help_flag = true)]
    Serve {
        #[command(flatten)]
        serve: Box<serve::ServeArgs>,
        #[command(flatten)]
        output: output::OutputArgs,
        #[command(flatten)]
        recording: recording::RecordingArgs,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Stand between clients and a server: every frame of both legs shown and recorded
    #[command(disable_help_flag = true)]
    Proxy {
        /// The server: ws://host/path, wss://..., host:port/path, :8080/path (localhost), or @PROFILE
        #[arg(value_name = "URL")]
        url: Option<String>,
        #[command(flatten)]
        proxy: Box<proxy::ProxyArgs>,
        #[command(flatten)]
        upstream: Box<proxy::UpstreamArgs>,
        #[command(flatten)]
        output: output::OutputArgs,
        #[command(flatten)]
        recording: recording::RecordingArgs,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Run a script
    #[command(disable_help_flag = true)]
    Run {
        #[command(flatten)]
        run: Box<script::RunArgs>,
        #[command(flatten)]
        output: output::OutputArgs,
        #[command(flatten)]
        recording: recording::RecordingArgs,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Run the cases of scripts, and report how they ended
    #[command(disable_help_flag = true)]
    Test {
        #[command(flatten)]
        test: Box<test::TestArgs>,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Take the secrets out of a recording
    #[command(disable_help_flag = true)]
    Mask {
        #[command(flatten)]
        mask: recording::MaskArgs,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Write a recording in another format
    #[command(disable_help_flag = true)]
    Export {
        #[command(flatten)]
        export: exchange::ExportArgs,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Make a recording of what others recorded: HAR, pcapng, pcap
    #[command(disable_help_flag = true)]
    Import {
        #[command(flatten)]
        import: exchange::ImportArgs,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Show a recording in numbers: frames, bytes, overhead, rates, latency, closures
    #[command(disable_help_flag = true)]
    Stats {
        #[command(flatten)]
        stats: stats::StatsArgs,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Hold two recordings against each other: handshakes, messages, ends; exit code 1 if they differ
    #[command(disable_help_flag = true)]
    Diff {
        #[command(flatten)]
        diff: Box<compare::DiffArgs>,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Work with the reports of test runs
    #[command(disable_help_flag = true, disable_help_subcommand = true, arg_required_else_help = false)]
    Report {
        #[command(subcommand)]
        command: report::ReportCommand,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Start a server on this machine and a shell on it, to try things out
    #[command(disable_help_flag = true)]
    Demo {
        #[command(flatten)]
        demo: DemoArgs,
        #[command(flatten)]
        output: output::OutputArgs,
        #[command(flatten)]
        recording: recording::RecordingArgs,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Look into a recording: all of it, what is selected, or one frame whole
    #[command(disable_help_flag = true)]
    Show {
        /// The recording
        file: PathBuf,
        #[command(flatten)]
        show: Box<show::ShowArgs>,
        #[command(flatten)]
        output: output::OutputArgs,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Look into the newest session of the shell, in the same ways
    #[command(disable_help_flag = true)]
    Last {
        #[command(flatten)]
        show: Box<show::ShowArgs>,
        #[command(flatten)]
        output: output::OutputArgs,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Print a completion script for a shell
    #[command(disable_help_flag = true)]
    Completions {
        /// Which shell
        shell: Shell,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Print the manual page, or that of a command
    #[command(disable_help_flag = true)]
    Man {
        /// Which command
        command: Vec<String>,
        #[command(flatten)]
        help: HelpArgs,
    },
    /// Print all options, or those of a command
    #[command(disable_help_flag = true)]
    Help {
        /// Which command
        command: Vec<String>,
        #[command(flatten)]
        help: HelpArgs,
    },
}
