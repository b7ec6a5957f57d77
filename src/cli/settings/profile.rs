//! Profiles: named sets of options in `config.toml`, used as `wscope @name`.
//!
//! ```toml
//! [profile.staging]
//! url = "wss://staging.example.org/live"
//! headers = { X-Team = "blue", X-Trace = "1" }     # or ["X-Team: blue", "@headers.txt"]
//! ca = "staging-ca.pem"                            # relative to this file
//! connect-timeout = "3s"
//! ```

use std::ffi::OsString;
use std::path::Path;

use clap::Arg;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Sources;
use super::layer::{Layer, Setting, Value, is_switch, long, on_or_off, takes_on_and_off};
use crate::cli::report::{Exit, Report};
use crate::cli::{args, nearest};

/// What a profile says.
#[derive(Debug, Default)]
pub(super) struct Profile {
    pub(super) url: Option<String>,
    pub(super) layer: Layer,
}

/// Reads the profile with this name.
pub(super) fn load(name: &str, file: &Path, sources: Sources<'_>) -> Result<Profile, Report> {
    let text = sources.text(file).map_err(|report| {
        report.hint(format!("profiles are written there: [profile.{name}] and url = \"ws://host/path\""))
    })?;
    Config { file, text: &text }.profile(name)
}

/// The file while it is read: its path and text say where an error is.
struct Config<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Config<'_> {
    fn profile(&self, name: &str) -> Result<Profile, Report> {
        let config = DeTable::parse(self.text).map_err(|error| self.wrong(error.span(), error.message()))?.into_inner();
        for (key, value) in &config {
            if key.get_ref() != "profile" {
                let what = format!("unknown key \"{}\"", key.get_ref());
                return Err(self
                    .wrong(Some(key.span()), &what)
                    .hint("settings stand in tables like [profile.staging]"));
            } else if !value.get_ref().is_table() {
                return Err(self.wrong(Some(value.span()), "profile is not a table like [profile.staging]"));
            }
        }
        let profiles = config.get("profile").and_then(|value| value.get_ref().as_table());
        let Some(value) = profiles.and_then(|profiles| profiles.get(name)) else {
            let names: Vec<&str> =
                profiles.into_iter().flat_map(DeTable::keys).map(|key| key.get_ref().as_ref()).collect();
            let hint = match nearest(name, names.iter().copied()) {
                Some(near) => format!("did you mean @{near}?"),
                None if names.is_empty() => "there are no profiles in it".to_owned(),
                None => format!("there are: {}", names.join(", ")),
            };
            let message = format!("unknown profile \"{name}\" in \"{}\"", self.file.display());
            return Err(Report::new(Exit::Usage, message).hint(hint));
        };
        let Some(table) = value.get_ref().as_table() else {
            return Err(self.wrong(Some(value.span()), &format!("profile.{name} is not a table")));
        };
        let mut profile = Profile::default();
        for (key, value) in in_order(table) {
            self.take(&mut profile, key, value)?;
        }
        Ok(profile)
    }

    fn take(&self, profile: &mut Profile, key: &Spanned<Key<'_>>, value: &Spanned<DeValue<'_>>) -> Result<(), Report> {
        let name = key.get_ref().as_ref();
        if name == "url" {
            let url = value.get_ref().as_str().ok_or_else(|| self.wrong(Some(value.span()), "url is not a string"))?;
            profile.url = Some(url.to_owned());
            return Ok(());
        }
        let options = args::options();
        let name = long_name(name, value.get_ref());
        let Some(arg) = options.get_arguments().find(|arg| arg.get_long() == Some(name)) else {
            let names: Vec<String> = options.get_arguments().map(long).collect();
            let near = nearest(name, names.iter().map(String::as_str).chain(["url"]));
            let hint = near
                .map_or_else(|| "wscope --help lists the options".to_owned(), |near| format!("did you mean {near}?"));
            return Err(self.wrong(Some(key.span()), &format!("unknown option \"{name}\"")).hint(hint));
        };
        let value = self
            .value(arg, value.get_ref())
            .map_err(|what| self.wrong(Some(value.span()), &format!("{name} {what}")))?;
        profile.layer.set(arg, Setting { place: self.place(Some(key.span())), value })
    }

    /// What a TOML value means to an option, or what is wrong with it.
    fn value(&self, arg: &Arg, value: &DeValue<'_>) -> Result<Value, String> {
        if is_switch(arg) {
            return value.as_bool().map(Value::Switch).ok_or_else(|| format!("is true or false, not {}", kind(value)));
        }
        let texts: Vec<String> = match value {
            DeValue::Boolean(on) if takes_on_and_off(arg) => return Ok(Value::Texts(vec![on_or_off(*on)])),
            DeValue::Table(table) if ["header", "cookie"].contains(&arg.get_id().as_str()) => {
                let sign = if arg.get_id() == "header" { ": " } else { "=" };
                let pair = |(key, value): (&Spanned<Key<'_>>, &Spanned<DeValue<'_>>)| {
                    Ok(format!("{}{sign}{}", key.get_ref(), scalar(value.get_ref())?))
                };
                in_order(table).into_iter().map(pair).collect::<Result<_, String>>()?
            }
            DeValue::Array(items) if matches!(arg.get_action(), clap::ArgAction::Append) => {
                items.iter().map(|item| scalar(item.get_ref())).collect::<Result<_, _>>()?
            }
            value => vec![scalar(value)?],
        };
        Ok(Value::Texts(texts.iter().map(|text| self.beside(arg, text)).collect()))
    }

    /// Paths are relative to the file that names them.
    fn beside(&self, arg: &Arg, text: &str) -> OsString {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        match (arg.get_id().as_str(), text.strip_prefix('@')) {
            ("ca" | "cert" | "key" | "unix", _) => folder.join(text).into(),
            ("header" | "auth" | "bearer", Some(path)) => {
                let mut text = OsString::from("@");
                text.push(folder.join(path));
                text
            }
            _ => text.into(),
        }
    }

    fn wrong(&self, span: Option<std::ops::Range<usize>>, what: &str) -> Report {
        Report::new(Exit::Usage, what).at(&self.place(span))
    }

    /// `config.toml:4`.
    fn place(&self, span: Option<std::ops::Range<usize>>) -> String {
        let before = span.and_then(|span| self.text.get(..span.start));
        let line = before.map(|before| format!(":{}", before.matches('\n').count() + 1)).unwrap_or_default();
        format!("{}{line}", self.file.display())
    }
}

type Key<'a> = std::borrow::Cow<'a, str>;

/// Entries in the order of the file, which a TOML table has no claim to but headers have.
fn in_order<'t, 'a>(table: &'t DeTable<'a>) -> Vec<(&'t Spanned<Key<'a>>, &'t Spanned<DeValue<'a>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// Lists read better in the plural. `headers` is an option of its own too, but a word, not a list.
fn long_name<'k>(key: &'k str, value: &DeValue<'_>) -> &'k str {
    match key {
        "headers" if !value.is_str() => "header",
        "cookies" => "cookie",
        "subprotocols" => "subprotocol",
        key => key,
    }
}

fn scalar(value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.as_str().to_owned()),
        DeValue::Float(number) => Ok(number.as_str().to_owned()),
        other => Err(format!("takes text, not {}", kind(other))),
    }
}

fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Boolean(on) => on.to_string(),
        other => format!("a {}", other.type_str()),
    }
}
