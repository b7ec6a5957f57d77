//! Options of comparing conversations, and of `wscope diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use regex::bytes::Regex;

use super::output::ColorWhen;
use super::report::ReportArgs;
use super::{show, stats, values};
use crate::recording::JsonPath;
use crate::replay::compare::{Rules, Tolerance};

/// What counts, and what does not.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Comparing")]
pub struct CompareArgs {
    /// Leave out what is at this place of JSON messages: ts, items.*.id, **.time; may be repeated
    #[arg(long, value_name = "PATH")]
    pub ignore: Vec<JsonPath>,
    /// Take parts of text that this matches for the same; in JSON, of each string and number; may be repeated
    #[arg(long, value_name = "REGEX", value_parser = show::pattern, allow_hyphen_values = true)]
    pub ignore_regex: Vec<Regex>,
    /// How far the time since the message before may be off [default: any]
    #[arg(long, value_name = "time=N%|DURATION")]
    pub tolerance: Option<Tolerance>,
}

impl CompareArgs {
    /// The rules, for what was received; [`Rules::ways`] says which directions are compared.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            ignore: self.ignore.clone(),
            ignore_regex: self.ignore_regex.clone(),
            tolerance: self.tolerance,
            ..Rules::default()
        }
    }
}

/// What a replay is held against.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Comparing")]
pub struct ExpectArgs {
    /// Exit code 1 unless everything comes as recorded
    #[arg(long, value_name = "same", value_enum, hide_possible_values = true)]
    pub expect: Option<Expect>,
}

/// What is expected of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Expect {
    /// That what came is what was recorded.
    Same,
}

/// Which recordings are compared, and how that is told.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Comparing")]
pub struct DiffArgs {
    /// The recording that the other is held against
    pub a: PathBuf,
    /// The other recording
    pub b: PathBuf,
    /// Compare this connection of A with the same, or with number M, of B [default: all, in order]
    #[arg(long, value_name = "N[:M]", value_parser = connections)]
    pub conn: Option<(u32, u32)>,
    #[command(flatten)]
    pub compare: CompareArgs,
    /// Leave this header of requests and responses out; may be repeated
    #[arg(long, value_name = "NAME", value_parser = values::name)]
    pub ignore_header: Vec<String>,
    /// Show so many messages that are the same around each that differs
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Output")]
    pub context: usize,
    /// For people, or one JSON object for programs
    #[arg(
        id = "diff_format",
        long = "format",
        value_name = "text|json",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub format: stats::StatsFormat,
    /// Auto: a terminal without NO_COLOR
    #[arg(
        long,
        value_name = "auto|always|never",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub color: ColorWhen,
    #[command(flatten)]
    pub reports: ReportArgs,
}

/// `3`, `3:5`.
fn connections(text: &str) -> Result<(u32, u32), String> {
    let (one, other) = text.split_once(':').unwrap_or((text, text));
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
    number(one).zip(number(other)).ok_or_else(|| "a connection is 1 or more, and two are 1:2".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_connection_or_two() {
        assert_eq!(connections("3"), Ok((3, 3)));
        assert_eq!(connections("3:5"), Ok((3, 5)));
        for text in ["0", "1:0", ":", "1:2:3", "x", ""] {
            assert!(connections(text).is_err(), "{text}");
        }
    }
}
