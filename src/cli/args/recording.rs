//! Options of what is written to a file, and what of it is masked.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::recording::JsonPath;

use super::values;

/// Where everything is recorded.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Recording")]
pub struct RecordingArgs {
    /// Record to this file; a recording that is there is appended to
    #[arg(short = 'o', long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Overwrite the file if it is there
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub own: OwnMasks,
    /// Keep no copy of the shell's session
    #[arg(long)]
    pub no_autosave: bool,
}

/// What is masked besides credentials.
#[derive(Clone, Debug, Args)]
pub struct OwnMasks {
    /// Mask this header or query parameter too; may be repeated
    #[arg(long, value_name = "NAME", value_parser = values::name)]
    pub mask: Vec<String>,
    /// Mask a value in JSON messages: params.token, users.*.email, **.password; may be repeated
    #[arg(long, value_name = "PATH")]
    pub mask_json: Vec<JsonPath>,
}

/// Options of recording without a shell.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Until when")]
pub struct RecordArgs {
    /// Stop after this time [default: when the peer closes the connection]
    #[arg(long = "for", value_name = "DURATION", value_parser = values::timeout)]
    pub duration: Option<Duration>,
}

/// Options of masking a recording that is there.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Masking")]
pub struct MaskArgs {
    /// The recording
    pub file: PathBuf,
    /// Write to this file [default: standard output]
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Overwrite it if it is there
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub own: OwnMasks,
}
