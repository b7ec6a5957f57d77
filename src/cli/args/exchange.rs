//! Options of taking recordings to other formats, and of bringing others in.

use std::path::PathBuf;

use clap::Args;

use super::output::Secrets;
use super::recording::OwnMasks;
use crate::exchange::export::Format;

/// Where a recording is taken to.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Export")]
pub struct ExportArgs {
    /// The recording
    pub file: PathBuf,
    /// Write to this file, whose suffix says the format; - is standard output [default: the recording's name with the format's suffix]
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// The format, whatever the file is called: har, pcapng, html, csv, jsonl, txt, rhai, parquet
    #[arg(long, value_name = "NAME")]
    pub to: Option<Format>,
    /// These connections only
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub conn: Vec<u32>,
    /// The same session recorded again: what differs is not expected by a script (rhai); may be repeated
    #[arg(long, value_name = "FILE")]
    pub repeat: Vec<PathBuf>,
    /// Overwrite the file if it is there
    #[arg(long)]
    pub force: bool,
}

/// What is brought in.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Import")]
pub struct ImportArgs {
    /// The file; its format is known by what it begins with
    #[arg(value_name = "IN")]
    pub file: PathBuf,
    /// Write to this file; - is standard output [default: the file's name with .wsrec]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite it if it is there
    #[arg(long)]
    pub force: bool,
    /// Credentials: *** or as is
    #[arg(long, value_name = "mask|keep", value_enum, default_value_t, hide_possible_values = true)]
    pub secrets: Secrets,
    #[command(flatten)]
    pub own: OwnMasks,
}
