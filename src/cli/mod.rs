//! Arguments, environment and profiles to settings; errors to one line, a hint and an exit code.
//!
//! ```text
//! command line -> args::Action -> settings::resolve(flags, environment, profile) -> Settings -> the rest of the house
//! any error    -> report::Report -> `wscope: error: ...`, `hint: ...`, exit code
//! ```
//!
//! Flags stop here: what lies below gets settings, so it works the same when it is used as a library.

pub mod args;
pub mod report;
pub mod settings;

pub use args::command;
pub use report::{Exit, Report};
pub use settings::Settings;

/// The candidate that `word` is most likely a slip of the finger for: at most one edit in three letters away.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
