//! Options of scripts: what they are given, and how far they may go.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values;

/// Which script, and its own arguments.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Script")]
pub struct RunArgs {
    /// The script; - for standard input
    #[arg(required_unless_present = "api")]
    pub file: Option<PathBuf>,
    /// What the script gets as args()
    #[arg(value_name = "ARGUMENT", allow_hyphen_values = true, trailing_var_arg = true)]
    pub arguments: Vec<String>,
    /// Print what scripts can call, all or what has this in its name
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub api: Option<String>,
    /// Stop the script after this time [default: never]
    #[arg(long, value_name = "DURATION", value_parser = values::timeout)]
    pub timeout: Option<Duration>,
    #[command(flatten)]
    pub given: GivenArgs,
}

/// What every script is given.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Script")]
pub struct GivenArgs {
    /// Set a variable, which the script gets as variable("NAME"); may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::variable)]
    pub var: Vec<(String, String)>,
    /// Set variables from a file: one NAME=VALUE a line, or a JSON object
    #[arg(long, value_name = "FILE")]
    pub vars_file: Vec<PathBuf>,
    /// Set a variable whose value is masked wherever it is written; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::variable)]
    pub secret: Vec<(String, String)>,
    /// Let scripts read and write files outside of their folder
    #[arg(long)]
    pub allow_files: bool,
    /// The most operations of a script; 0: any number
    #[arg(long, value_name = "N", default_value_t = 1_000_000_000)]
    pub max_operations: u64,
}

/// All variables, those on the command line before those of files.
pub type Variables = BTreeMap<String, String>;
