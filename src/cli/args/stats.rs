//! Options of the statistics of a recording.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{show, values};
use crate::recording::Bound;

/// What is counted, and how it is shown.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Statistics")]
pub struct StatsArgs {
    /// The recording
    pub file: PathBuf,
    /// Count this connection only
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub conn: Option<u32>,
    /// Count from this time (1.5s, 1m30s) or frame (#120) on
    #[arg(long, value_name = "TIME|#N", value_parser = show::bound)]
    pub from: Option<Bound>,
    /// Count up to this time or frame
    #[arg(long, value_name = "TIME|#N", value_parser = show::bound)]
    pub to: Option<Bound>,
    /// Interval of the HTTP polling that it is compared with
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = values::timeout)]
    pub polling: Duration,
    /// For people, or one JSON object for programs
    #[arg(long, value_name = "text|json", value_enum, default_value_t, hide_possible_values = true)]
    pub format: StatsFormat,
}

/// How statistics are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum StatsFormat {
    /// Tables and plots, 80 columns wide.
    #[default]
    Text,
    /// One object on a line.
    Json,
}
