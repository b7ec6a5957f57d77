//! The reports of a test run as files, and `wscope report merge`: those of shards joined.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::args::report::{MergeArgs, ReportArgs, ReportCommand};
use crate::cli::report::{Exit, Report};
use crate::render::escape::escape;
use crate::report::{self, Merged, Run};
use crate::transport::in_words;

/// Does what `wscope report` is asked for.
///
/// # Errors
/// When a file can't be read or written, or a shard is missing.
pub fn run(command: &ReportCommand) -> Result<Exit, Report> {
    let ReportCommand::Merge { merge, .. } = command;
    merge_files(merge)
}

/// Writes the reports that are asked for; none of them is left half written.
///
/// # Errors
/// When a file can't be written.
pub fn write(run: &Run, args: &ReportArgs) -> Result<(), Report> {
    let save = |path: &Option<PathBuf>, render: fn(&Run) -> String| {
        path.as_ref().map_or(Ok(()), |path| save(path, &render(run)))
    };
    save(&args.json, report::json::render)?;
    save(&args.junit, report::junit::render)?;
    save(&args.tap, report::tap::render)?;
    save(&args.html, report::html::render)?;
    if args.github {
        super::print(report::github::render(run).as_bytes())?;
    }
    Ok(())
}

fn merge_files(args: &MergeArgs) -> Result<Exit, Report> {
    let mut runs = Vec::new();
    for path in &args.files {
        runs.push((path.display().to_string(), report::json::read(path)?));
    }
    let Merged { run, missing, doubled } = report::merge(runs)?;
    for twice in &doubled {
        let line = format!(
            "shard {} is there twice: \"{}\" counts, which began last, and \"{}\" does not",
            twice.shard, twice.counted, twice.left_out
        );
        // With stderr gone there is nobody left to tell.
        let _ = writeln!(io::stderr(), "wscope: {}", escape(line.as_bytes()));
    }
    if let Some(path) = &args.output {
        save(path, &report::json::render(&run))?;
    }
    write(&run, &args.reports)?;
    let failures = if args.reports.github { String::new() } else { failures(&run) };
    super::print(format!("{failures}{}\n", run.counts().in_words()).as_bytes())?;
    match missing.as_slice() {
        [] if run.counts().is_success() => Ok(Exit::Success),
        [] => Ok(Exit::Failed),
        [one] => {
            Err(Report::new(Exit::Failed, format!("shard {one} is missing")).hint("is its report among the files?"))
        }
        several => {
            let names: Vec<_> = several.iter().map(ToString::to_string).collect();
            let message = format!("shards {} are missing", names.join(", "));
            Err(Report::new(Exit::Failed, message).hint("are their reports among the files?"))
        }
    }
}

/// A line for each case that failed.
fn failures(run: &Run) -> String {
    let mut lines = String::new();
    for suite in &run.suites {
        for case in suite.results() {
            if let Some(failure) = case.outcome.failure() {
                let line = format!("{}: {}: {}", failure.place(&suite.file), case.name, failure.message);
                let _ = writeln!(lines, "{} {}", case.outcome.name(), escape(line.as_bytes()));
            }
        }
    }
    lines
}

fn save(path: &Path, text: &str) -> Result<(), Report> {
    report::save(path, text)
        .map_err(|error| Report::new(Exit::File, format!("cannot write \"{}\": {}", path.display(), in_words(&error))))
}
