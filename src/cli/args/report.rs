//! Options of the reports of a test run.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::HelpArgs;

/// Which reports are written.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Reports")]
pub struct ReportArgs {
    /// Write JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write TAP, version 14
    #[arg(long, value_name = "FILE")]
    pub tap: Option<PathBuf>,
    /// Write all of it as JSON, which wscope report merge joins
    // Where settings are looked for, `json` is how JSON is shown.
    #[arg(id = "json_report", long = "json", value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write one page that needs no other file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Print what failed as annotations of GitHub Actions
    #[arg(long)]
    pub github: bool,
}

impl ReportArgs {
    /// Whether any is.
    #[must_use]
    pub const fn any(&self) -> bool {
        let ReportArgs { junit, tap, json, html, github } = self;
        *github || junit.is_some() || tap.is_some() || json.is_some() || html.is_some()
    }
}

/// What is done with reports.
#[derive(Clone, Debug, Subcommand)]
pub enum ReportCommand {
    /// Join the JSON reports of shards; exit code 1 if a case failed or a shard is missing
    #[command(disable_help_flag = true)]
    Merge {
        #[command(flatten)]
        merge: MergeArgs,
        #[command(flatten)]
        help: HelpArgs,
    },
}

/// Which reports are joined.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Merging")]
pub struct MergeArgs {
    /// The JSON reports
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Write the joined JSON report
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub reports: ReportArgs,
}
