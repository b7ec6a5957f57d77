//! `wscope replay FILE --listen ADDR`: the server's part of a recording.

use std::net::SocketAddr;

use super::read;
use crate::cli::args::replay::ReplayArgs;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{OutputSettings, RecordingSettings};

/// Says what the server said to whoever connects.
///
/// # Errors
/// The report that ends the program.
pub fn run(
    args: &ReplayArgs,
    address: SocketAddr,
    _output: &OutputSettings,
    _recording: &RecordingSettings,
) -> Result<Exit, Report> {
    read(&args.file)?;
    Err(Report::new(Exit::Usage, format!("cannot listen on {address}: this build replays clients only")))
}
