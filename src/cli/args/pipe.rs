//! Options of pipe mode: what is read from stdin as a message, and when to stop.

use std::time::Duration;

use clap::Args;

use super::values;

/// What is sent, and until when answers are waited for.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "one a flag")]
#[command(next_help_heading = "Pipe mode (stdin is not a terminal, or -x)")]
pub struct PipeArgs {
    /// Send this message instead of reading stdin; may be repeated
    #[arg(short = 'x', long, value_name = "MESSAGE", allow_hyphen_values = true)]
    pub execute: Vec<String>,
    /// A message ends at a NUL byte instead of a line feed
    #[arg(short = '0', long, conflicts_with = "one")]
    pub null: bool,
    /// The whole input is one message
    #[arg(long)]
    pub one: bool,
    /// Send binary messages instead of text
    #[arg(long)]
    pub binary: bool,
    /// Stop when nothing comes for so long after the end of input [default: 1s]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub wait: Option<Duration>,
    /// Stop after this many received messages
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub count: Option<u64>,
    /// Stop when the peer closes the connection
    #[arg(long, conflicts_with = "wait")]
    pub until_close: bool,
}
