//! Options of looking at a recording: which of it, and how much around it.

use clap::Args;
use regex::bytes::Regex;

use super::values;
use crate::protocol::Opcode;
use crate::recording::{Bound, JsonPath, why_no_regex};

/// What of a recording is shown.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Viewer")]
pub struct ShowArgs {
    /// The number of a frame to show whole: header bits, hexdump, message
    #[arg(value_name = "N", value_parser = values::count)]
    pub number: Option<u64>,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Join the fragments of each message
    #[arg(long)]
    pub messages: bool,
    /// Also show so many frames before and after each that is selected
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub around: Option<u64>,
    /// Wait for more at the end of the file, until Ctrl-C
    #[arg(long, conflicts_with = "number")]
    pub follow: bool,
    /// On a terminal, don't page
    #[arg(long)]
    pub no_pager: bool,
}

/// Selectors; what is shown meets them all.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Selection (all of these hold; without any, everything is shown)")]
pub struct SelectionArgs {
    /// Frames that were sent
    #[arg(long, conflicts_with = "number")]
    pub sent: bool,
    /// Frames that were received
    #[arg(long, conflicts_with = "number")]
    pub received: bool,
    /// Frames with one of these opcodes: text,ping,0xb
    #[arg(long, value_name = "NAME", value_delimiter = ',', conflicts_with = "number")]
    pub op: Vec<Opcode>,
    /// Frames whose payload, or whose message, this matches
    #[arg(long, value_name = "REGEX", value_parser = pattern, conflicts_with = "number", allow_hyphen_values = true)]
    pub grep: Option<Regex>,
    /// Messages with JSON that has this: params.id, users.*.name=ann, **.error; may be repeated
    #[arg(long, value_name = "PATH[=VALUE]", value_parser = json_match, conflicts_with = "number")]
    pub json_path: Vec<JsonMatch>,
    /// Frames of which this is true: dir == "received" && json.price > 9; with dir op text json blob size wire time after
    /// conn number fin rsv frames compressed auto
    #[arg(long = "where", value_name = "EXPR", conflicts_with = "number", allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// What happened on these connections
    #[arg(long, value_name = "N", value_delimiter = ',', conflicts_with = "number")]
    pub conn: Vec<u32>,
    /// From this time (1.5s, 1m30s) or frame (#120) on
    #[arg(long, value_name = "TIME|#N", value_parser = bound, conflicts_with = "number")]
    pub from: Option<Bound>,
    /// Up to this time or frame
    #[arg(long, value_name = "TIME|#N", value_parser = bound, conflicts_with = "number")]
    pub to: Option<Bound>,
}

/// A place in a message's JSON, and what has to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonMatch {
    pub path: JsonPath,
    /// JSON, or a string without its quotes; `None`: anything.
    pub value: Option<String>,
}

pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| why_no_regex(&error))
}

/// A time since the start, or a frame.
pub(super) fn bound(text: &str) -> Result<Bound, String> {
    match text.strip_prefix('#') {
        Some(number) => values::count(number).map(Bound::Frame).map_err(|_| "a frame is #1 or more".to_owned()),
        None => values::duration(text)
            .map(Bound::Time)
            .map_err(|_| "a place is a time since the start (1.5s, 1m30s) or a frame (#120)".to_owned()),
    }
}

fn json_match(text: &str) -> Result<JsonMatch, String> {
    let (path, value) = match text.split_once('=') {
        Some((path, value)) => (path, Some(value.to_owned())),
        None => (text, None),
    };
    let path = path.parse::<JsonPath>().map_err(|error| error.to_string())?;
    Ok(JsonMatch { path, value })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn places_and_matches() {
        assert_eq!(bound("1m30s"), Ok(Bound::Time(Duration::from_secs(90))));
        assert_eq!(bound("1.5"), Ok(Bound::Time(Duration::from_millis(1500))));
        assert_eq!(bound("#120"), Ok(Bound::Frame(120)));
        assert_eq!(bound("#0"), Err("a frame is #1 or more".to_owned()));
        assert!(bound("frame 3").is_err());
        assert_eq!(json_match("a.b=c=d").map(|each| each.value), Ok(Some("c=d".to_owned())));
        assert_eq!(json_match("a.b").map(|each| each.value), Ok(None));
        assert!(json_match("=1").is_err());
    }
}
