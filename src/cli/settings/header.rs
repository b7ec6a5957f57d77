//! Headers and cookies: the options that add up over layers, a stronger layer's replacing a weaker's of the same name.

use std::ffi::OsStr;
use std::path::Path;

use super::Sources;
use super::layer::{Layer, Value};
use crate::cli::report::{Exit, Report};

/// Name and value, as they will be written.
pub(super) type Pair = (String, String);

/// The pairs of this option in all layers, the weakest first. Within one layer duplicates stay: they may be meant.
pub(super) fn adding_up(
    layers: &[Layer],
    option: &str,
    read: impl Fn(&str) -> Result<Vec<Pair>, Report>,
) -> Result<Vec<Pair>, Report> {
    let mut all: Vec<Pair> = Vec::new();
    for setting in layers.iter().filter_map(|layer| layer.settings.get(option)) {
        let Value::Texts(texts) = &setting.value else { continue };
        let mut pairs = Vec::new();
        for text in texts {
            let read = read(&utf8(option, text)?);
            let place = if setting.place.is_empty() { format!("--{option}") } else { setting.place.clone() };
            pairs.extend(read.map_err(|report| if report.exit == Exit::File { report } else { report.at(&place) })?);
        }
        all.retain(|(weaker, _)| !pairs.iter().any(|(name, _)| name.eq_ignore_ascii_case(weaker)));
        all.extend(pairs);
    }
    Ok(all)
}

/// `Name: value`, or `@file` with one header a line, where empty lines and those that begin with `#` are skipped.
pub(super) fn read(text: &str, sources: Sources<'_>) -> Result<Vec<Pair>, Report> {
    let Some(path) = text.strip_prefix('@') else {
        return Ok(vec![header(text)?]);
    };
    let mut pairs = Vec::new();
    for (index, line) in sources.text(Path::new(path))?.lines().enumerate() {
        if !line.trim().is_empty() && !line.starts_with('#') {
            pairs.push(header(line).map_err(|report| report.at(&format!("{path}:{}", index + 1)))?);
        }
    }
    Ok(pairs)
}

/// `name=value`, checked by the table of options already.
#[allow(clippy::unnecessary_wraps, reason = "the shape of a reader")]
pub(super) fn cookie(text: &str) -> Result<Vec<Pair>, Report> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    Ok(vec![(name.to_owned(), value.to_owned())])
}

/// Refuses only what could not be told from another header on the wire.
fn header(text: &str) -> Result<Pair, Report> {
    let wrong = |what: &str| {
        Report::new(Exit::Usage, format!("invalid header {text:?}: {what}")).hint("a header looks like 'Name: value'")
    };
    if text.contains(['\r', '\n']) {
        return Err(wrong("it holds a line break"));
    }
    match text.split_once(':') {
        None => Err(wrong("no colon after the name")),
        Some((name, _)) if name.trim().is_empty() => Err(wrong("no name before the colon")),
        Some((name, value)) => Ok((name.to_owned(), value.trim().to_owned())),
    }
}

fn utf8(option: &str, text: &OsStr) -> Result<String, Report> {
    text.to_str().map(str::to_owned).ok_or_else(|| {
        Report::new(Exit::Usage, format!("invalid value \"{}\" for --{option}: it is not UTF-8", text.display()))
    })
}
