//! A recording in the formats of others: one streaming writer a format, in memory that does not grow with the recording.

mod csv;
mod har;
mod html;
mod jsonl;
mod parquet;
mod pcapng;
mod rhai;
mod rows;
mod source;
mod txt;
mod wall;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::str::FromStr;

use crate::recording::ReadError;
use crate::transport::in_words;

pub use rhai::may_repeat;
pub use source::{Pass, Repeats, Source, Tally};

/// How much is gathered before it is written, in bytes.
const BATCH: usize = 256 << 10;

/// A format that recordings are taken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// What browsers write, with messages and what it has no place for.
    Har,
    /// A row a frame (RFC 4180).
    Csv,
    /// Packets, for Wireshark and its like.
    Pcapng,
    /// A page for a browser.
    Html,
    /// A JSON object a message.
    Jsonl,
    /// What `wscope show` prints.
    Txt,
    /// A script that makes the session again.
    Rhai,
    /// Columns, a row a frame.
    Parquet,
}

impl Format {
    pub const ALL: [Format; 8] = [
        Format::Har,
        Format::Pcapng,
        Format::Html,
        Format::Csv,
        Format::Jsonl,
        Format::Txt,
        Format::Rhai,
        Format::Parquet,
    ];

    /// Its name, which is the suffix of its files too.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Format::Har => "har",
            Format::Csv => "csv",
            Format::Pcapng => "pcapng",
            Format::Html => "html",
            Format::Jsonl => "jsonl",
            Format::Txt => "txt",
            Format::Rhai => "rhai",
            Format::Parquet => "parquet",
        }
    }

    /// The one that a file's name ends in.
    ///
    /// # Errors
    /// No format does, or the name has no suffix.
    pub fn of(path: &Path) -> Result<Format, UnknownFormat> {
        path.extension().unwrap_or_default().to_string_lossy().parse()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What was given is no name of a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format \"{0}\": one of {names}", names = Format::ALL.map(Format::name).join(", "))]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Format, UnknownFormat> {
        let found = Format::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// Why a recording is not written in another format.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("cannot write: {}", in_words(.0))]
    Write(#[from] io::Error),
    /// `highest`: the highest number of a connection that is there; 0 if there is none.
    #[error("no connection {wanted} in \"{name}\"")]
    NoConnection { name: String, wanted: u32, highest: u32 },
}

/// Writes a recording in a format, and says how much of it there was.
///
/// # Errors
/// The recording can't be read, the output not be written, or a connection that is asked for is not there.
pub fn export(format: Format, source: &Source, out: &mut (dyn Write + Send)) -> Result<Tally, ExportError> {
    let mut out = BufWriter::with_capacity(BATCH, out);
    match format {
        Format::Har => har::write(source, &mut out),
        Format::Csv => csv::write(source, &mut out),
        Format::Pcapng => pcapng::write(source, &mut out),
        Format::Html => html::write(source, &mut out),
        Format::Jsonl => jsonl::write(source, &mut out),
        Format::Txt => txt::write(source, &mut out),
        Format::Rhai => rhai::write(source, &mut out),
        Format::Parquet => parquet::write(source, &mut out),
    }?;
    source.check()?;
    out.flush()?;
    Ok(source.tally())
}
