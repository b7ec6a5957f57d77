//! Why a recording can't be read.

use std::io;

use super::line::VERSION;
use crate::transport::in_words;

/// Why a file is not read as a recording. Damage further on is no such error: readers skip it and tell.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot read \"{name}\": {}", in_words(error))]
    Io { name: String, error: io::Error },
    #[error("\"{name}\" is empty: nothing was recorded")]
    Empty { name: String },
    /// The first line, at byte 0, is not the header of a recording.
    #[error("\"{name}\" is no recording: {problem} at byte {at}, where a recording begins with {{\"wscope\":1,")]
    Foreign { name: String, problem: &'static str, at: u64 },
    #[error("\"{name}\" is a recording of version {version}, this wscope reads up to version {VERSION}")]
    Newer { name: String, version: u64 },
}

impl ReadError {
    /// The next step.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            ReadError::Io { .. } => "is the path right, and the file yours?",
            ReadError::Empty { .. } => "was the recorder stopped before it began?",
            ReadError::Foreign { .. } => "wscope record URL -o FILE makes a recording",
            ReadError::Newer { .. } => "a newer wscope wrote it and reads it",
        }
    }
}
