//! Options of running tests: which cases, how, and what is told of them.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::output::{ColorWhen, Secrets};
use super::recording::OwnMasks;
use super::report::ReportArgs;
use super::script::GivenArgs;
use super::values;
use crate::report::Shard;

/// Which cases are run, and how.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tests")]
pub struct TestArgs {
    /// Scripts, and folders that are searched for *.test.rhai [default: the current folder]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Run this many files at the same time
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: u16,
    /// Try a case that fails again, at most N times
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub retry: u32,
    /// Stop a case after this time
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = values::timeout)]
    pub timeout: Duration,
    /// Only cases with this text in 'FILE › NAME'
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Only cases with this tag, or with !TAG without it; may be repeated
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Begin no further case once one has failed
    #[arg(long)]
    pub fail_fast: bool,
    /// Run files, and the cases of each, in an order by chance, or in that of a seed
    #[arg(long, value_name = "SEED", num_args = 0..=1, require_equals = true)]
    #[allow(clippy::option_option, reason = "without it, without a seed, with one")]
    pub shuffle: Option<Option<u64>>,
    /// Run each case N times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// Only this part of the cases: 1/3 is the first of three
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// List the cases, and run none
    #[arg(long)]
    pub list: bool,
    /// Record the connections of each case that fails to a file in this folder
    #[arg(long, value_name = "DIR")]
    pub record_failures: Option<PathBuf>,
    #[command(flatten)]
    pub told: ToldArgs,
    #[command(flatten)]
    pub given: GivenArgs,
    #[command(flatten)]
    pub reports: ReportArgs,
}

/// How a run is told. What the environment can set too has the names that it has elsewhere.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct ToldArgs {
    /// Show failures and the summary only
    #[arg(short, long)]
    pub quiet: bool,
    /// Show each case, and what it printed even if it passed
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Auto: a terminal without NO_COLOR
    #[arg(long, value_name = "auto|always|never", value_enum, default_value_t, hide_possible_values = true)]
    pub color: ColorWhen,
    /// Recorded credentials: *** or as is
    #[arg(long, value_name = "mask|keep", value_enum, default_value_t, hide_possible_values = true)]
    pub secrets: Secrets,
    #[command(flatten)]
    pub own: OwnMasks,
}
