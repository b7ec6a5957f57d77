//! Options of taking recordings to other formats, and of bringing others in.

use std::path::PathBuf;

use clap::Args;

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
    /// The format, whatever the file is called: csv
    #[arg(long, value_name = "NAME")]
    pub to: Option<Format>,
    /// These connections only
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub conn: Vec<u32>,
    /// Overwrite the file if it is there
    #[arg(long)]
    pub force: bool,
}
