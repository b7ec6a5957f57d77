//! What a URL and flags mean that stand somewhere else than on the command line: in the shell, in a script.

use std::ffi::OsString;

use crate::cli::args::{self, Action};
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{self, Sources};
use crate::session::ConnectOptions;

/// The options that these words would give on the command line.
///
/// # Errors
/// What is wrong with them.
pub fn options(words: &[String]) -> Result<ConnectOptions, Report> {
    let records = |word: &String| word.starts_with("--record") || word.starts_with("-o");
    if let Some(word) = words.iter().find(|word| records(word)) {
        let message = format!("{word} records the whole timeline, not one connection");
        return Err(Report::new(Exit::Usage, message).hint("/record FILE or record(\"FILE\") records from now on"));
    }
    let argv = std::iter::once("wscope").chain(words.iter().map(String::as_str)).map(OsString::from);
    let settings = args::parse(argv).and_then(|action| match action {
        Action::Connect(flags) => settings::resolve(&flags, Sources::system()),
        _ => Err(Report::new(Exit::Usage, "that is no URL").hint("ws://HOST/PATH")),
    })?;
    Ok(settings.connect)
}
