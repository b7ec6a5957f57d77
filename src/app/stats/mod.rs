//! `wscope stats`: a recording in numbers, as tables and plots for people or as one JSON object for programs.

mod json;
mod text;

use crate::cli::args::stats::{StatsArgs, StatsFormat};
use crate::cli::report::{Exit, Report};
use crate::recording::stats::Stats;
use crate::recording::{Header, Reader};

/// What is shown.
#[derive(Debug)]
struct Shown<'a> {
    name: &'a str,
    header: &'a Header,
    stats: &'a Stats,
}

/// Counts the recording and prints it to stdout.
///
/// # Errors
/// When the file can't be read, or the connection that is asked for is not in it.
pub fn run(args: &StatsArgs) -> Result<Exit, Report> {
    let mut reader = Reader::open(&args.file)?;
    let stats = Stats::new(args.conn, args.polling).within(args.from, args.to).all(&mut reader)?;
    let name = args.file.display().to_string();
    if let Some(number) = args.conn.filter(|_| stats.connections == 0 && args.from.is_none() && args.to.is_none()) {
        let report = Report::new(Exit::Usage, format!("no connection {number} in \"{name}\""));
        return Err(report.hint(match stats.highest {
            0 => "it has no connections".to_owned(),
            highest => format!("its connections are 1 to {highest}"),
        }));
    }
    let shown = Shown { name: &name, header: reader.header(), stats: &stats };
    let out = match args.format {
        StatsFormat::Text => text::report(&shown),
        StatsFormat::Json => json::report(&shown),
    };
    super::print(out.as_bytes())
}
