//! What Tab offers and what is hinted at while typing, from the command table and from what the shell has seen.

use std::path::Path;

use crate::script::{Occasion, names};

use super::content::expand_home;
use super::parse::{head, is_name};
use super::table::{self, Complete, commands};
use super::view::{ON_VIOLATION, SETTINGS};

/// What the shell has seen, to complete from.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// URLs used before, the latest last.
    pub(super) urls: Vec<String>,
    /// Names of connections.
    pub(super) names: Vec<String>,
    /// Flags of /connect: `--header`.
    pub(super) flags: Vec<String>,
    /// Commands of the user's own.
    pub(super) aliases: Vec<String>,
    /// Variables and functions of the prompt.
    pub(super) variables: Vec<String>,
}

impl Known {
    /// Remembers the URLs of a line that was a /connect.
    pub(super) fn learn(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix('/') else { return };
        let (name, rest) = head(rest);
        if table::find(name).is_none_or(|spec| spec.complete != Complete::Connect) {
            return;
        }
        for url in rest.split_whitespace().filter(|word| word.contains("://") || word.starts_with(':')) {
            self.urls.retain(|known| known != url);
            self.urls.push(url.to_owned());
        }
    }
}

/// What can stand at the cursor: where it begins in `line`, and each whole replacement.
#[must_use]
pub(super) fn complete(line: &str, cursor: usize, known: &Known) -> (usize, Vec<String>) {
    let typed = line.get(..cursor).unwrap_or(line);
    let start = command_start(typed);
    if typed.starts_with('@') && start == 0 {
        let names = known.names.iter().map(|name| format!("@{name} "));
        return (0, names.filter(|name| name.starts_with(typed)).collect());
    }
    if typed[start..].starts_with('=') {
        return expression(typed, known);
    }
    let Some(command) = typed[start..].strip_prefix('/').filter(|rest| !rest.starts_with('/')) else {
        return (cursor, Vec::new());
    };
    let Some((name, arguments)) = command.split_once([' ', '\n']) else {
        let space = |spec: &table::Spec| if spec.synopsis.is_empty() { "" } else { " " };
        let names = commands().filter(|spec| spec.name.starts_with(command));
        let own = known.aliases.iter().filter(|name| name.starts_with(command)).map(|name| format!("/{name} "));
        return (start, names.map(|spec| format!("/{}{}", spec.name, space(spec))).chain(own).collect());
    };
    let Some(spec) = table::find(name) else { return (cursor, Vec::new()) };
    let word_at = arguments.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let word = &arguments[word_at..];
    let from = typed.len() - word.len();
    let fitting = |words: &mut dyn Iterator<Item = &str>| {
        (from, words.filter(|known| known.starts_with(word)).map(str::to_owned).collect::<Vec<_>>())
    };
    let settings = || SETTINGS.iter().chain([&ON_VIOLATION]);
    let at_path = || {
        let at = arguments.rfind('@').filter(|at| *at == 0 || arguments[..*at].ends_with(char::is_whitespace))?;
        let path = &arguments[at + 1..];
        Some((typed.len() - path.len(), paths(path, |path| path)))
    };
    match spec.complete {
        Complete::Nothing => (cursor, Vec::new()),
        Complete::Handler if word_at == 0 => fitting(&mut Occasion::ALL.iter().map(|occasion| occasion.name())),
        Complete::Handler if arguments[..word_at].split_whitespace().count() == 1 && "off".starts_with(word) => {
            fitting(&mut std::iter::once("off"))
        }
        Complete::Expression | Complete::Handler => expression(typed, known),
        Complete::Words(words) => at_path().unwrap_or_else(|| fitting(&mut words.iter().copied())),
        Complete::AtPath => at_path().unwrap_or((cursor, Vec::new())),
        Complete::Path => (from, paths(word, |path| path.replace(' ', "\\ "))),
        Complete::Connect if word.starts_with('-') => fitting(&mut known.flags.iter().map(String::as_str)),
        Complete::Connect => {
            let urls =
                known.urls.iter().rev().filter(|url| !word.is_empty() && url.contains(word) || url.starts_with(word));
            (from, urls.cloned().collect())
        }
        Complete::Connection => fitting(&mut known.names.iter().map(String::as_str)),
        Complete::Command => fitting(&mut commands().map(|spec| spec.name)),
        Complete::Setting => match settings().find(|setting| arguments[..word_at].trim() == setting.name) {
            Some(setting) => fitting(&mut setting.values.iter().copied()),
            None if word_at == 0 => fitting(&mut settings().map(|setting| setting.name)),
            None => (cursor, Vec::new()),
        },
    }
}

/// What the name at the end of an expression may become: a member behind a point, or else what begins an expression.
fn expression(typed: &str, known: &Known) -> (usize, Vec<String>) {
    let from = typed
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map_or(0, |at| at + typed[at..].chars().next().map_or(1, char::len_utf8));
    let (before, name) = typed.split_at(from);
    let offered: Vec<&String> = if before.ends_with('.') {
        names().members.iter().collect()
    } else if name.is_empty() {
        Vec::new()
    } else {
        known.variables.iter().chain(&names().functions).collect()
    };
    (from, offered.into_iter().filter(|offered| offered.starts_with(name)).cloned().collect())
}

/// What is hinted at after the cursor: how a command goes on, and how much of that can be taken over.
#[must_use]
pub(super) fn hint(line: &str) -> Option<(String, usize)> {
    let start = command_start(line);
    let command = line[start..].strip_prefix('/').filter(|rest| !rest.is_empty() && !rest.starts_with('/'))?;
    if let Some((name, arguments)) = command.split_once(' ') {
        let spec = table::find(name).filter(|spec| arguments.is_empty() && !spec.synopsis.is_empty())?;
        return Some((spec.synopsis.to_owned(), 0));
    }
    let exact = table::find(command);
    let spec = exact.or_else(|| commands().find(|spec| spec.name.starts_with(command)))?;
    let rest = if exact.is_some() { "" } else { &spec.name[command.len()..] };
    let shown = format!("{rest} {}", spec.synopsis).trim_end().to_owned();
    (!shown.is_empty()).then_some((shown, rest.len()))
}

/// Where the command begins, after an `@name `.
fn command_start(line: &str) -> usize {
    match line.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
        Some((name, _)) if is_name(name) => name.len() + 2,
        _ => 0,
    }
}

/// The files and directories that a path may become, directories with a slash; hidden ones only when asked for.
fn paths(typed: &str, write: impl Fn(String) -> String) -> Vec<String> {
    let (directory, partial) =
        typed.rsplit_once('/').map_or(("", typed), |(_, name)| (&typed[..typed.len() - name.len()], name));
    let place = if directory.is_empty() { ".".into() } else { expand_home(directory) };
    let entries = std::fs::read_dir::<&Path>(place.as_ref()).into_iter().flatten().flatten();
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let fits = name.starts_with(partial) && (partial.starts_with('.') || !name.starts_with('.'));
            let slash = if entry.path().is_dir() { "/" } else { "" };
            fits.then(|| write(format!("{directory}{name}{slash}")))
        })
        .collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(line: &str, known: &Known) -> Vec<String> {
        let (start, candidates) = complete(line, line.len(), known);
        candidates.iter().map(|candidate| format!("{}{candidate}", &line[..start])).collect()
    }

    fn known() -> Known {
        let mut known = Known {
            names: vec!["alice".into(), "bob".into()],
            aliases: vec!["greet".into()],
            variables: vec!["count".into()],
            flags: vec!["--header".into(), "--insecure".into()],
            ..Known::default()
        };
        known.learn("/connect ws://one/x -H 'a: b'");
        known.learn("/connect wss://two/y as two");
        known.learn("/text ws://not/this");
        known
    }

    #[test]
    fn commands_and_what_belongs_to_each() {
        for (line, expected) in [
            ("/con", vec!["/connect ", "/connections"]),
            ("@bob /pi", vec!["@bob /ping "]),
            ("@b", vec!["@bob "]),
            ("/use a", vec!["/use alice"]),
            ("/connect ", vec!["/connect wss://two/y", "/connect ws://one/x"]),
            ("/connect on", vec!["/connect ws://one/x"]),
            ("/connect ws://h --in", vec!["/connect ws://h --insecure"]),
            ("/frame op=b", vec!["/frame op=binary"]),
            ("/frame op=ping ma", vec!["/frame op=ping mask=none", "/frame op=ping mask=random"]),
            ("/set f", vec!["/set format"]),
            ("/set format fu", vec!["/set format full"]),
            ("/help fi", vec!["/help find", "/help filter"]),
            ("/close --f", vec!["/close --force"]),
            ("= ws.expect_pi", vec!["= ws.expect_ping("]),
            ("= f(connec", vec!["= f(connect(", "= f(connection(", "= f(connections("]),
            (
                "@bob = 1 + co",
                vec![
                    "@bob = 1 + count",
                    "@bob = 1 + connect(",
                    "@bob = 1 + connection(",
                    "@bob = 1 + connections(",
                    "@bob = 1 + contains(",
                ],
            ),
            ("/on pi", vec!["/on ping"]),
            ("/on ping of", vec!["/on ping off"]),
            ("/gre", vec!["/greet "]),
            ("hello", vec![]),
            ("//con", vec![]),
            ("/text a", vec![]),
        ] {
            assert_eq!(offered(line, &known()), expected, "{line:?}");
        }
    }

    #[test]
    fn files_after_an_at_sign_and_for_source() {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["one file.txt", "other.bin", ".hidden"] {
            std::fs::write(directory.path().join(name), "").expect("writable");
        }
        std::fs::create_dir(directory.path().join("omnibus")).expect("writable");
        let place = directory.path().to_str().expect("UTF-8");
        let known = Known::default();
        for (line, expected) in [
            (format!("/binary @{place}/o"), vec!["omnibus/", "one file.txt", "other.bin"]),
            (format!("/binary @{place}/one f"), vec!["one file.txt"]),
            (format!("/frame op=text @{place}/ot"), vec!["other.bin"]),
            (format!("/source {place}/on"), vec!["one\\ file.txt"]),
            (format!("/send @{place}/.h"), vec![".hidden"]),
        ] {
            let (before, _) = line.rsplit_once('/').expect("a slash");
            let expected: Vec<String> = expected.iter().map(|name| format!("{before}/{name}")).collect();
            assert_eq!(offered(&line, &known), expected, "{line}");
        }
    }

    #[test]
    fn a_hint_says_how_the_command_goes_on() {
        assert_eq!(hint("/fra"), Some(("gment N TEXT | N hex:... | N base64:... | N @FILE".into(), 5)));
        assert_eq!(hint("/show "), Some(("[N]".into(), 0)));
        assert_eq!(hint("@bob /quit"), None);
        assert_eq!(hint("/qu"), Some(("it".into(), 2)));
        assert_eq!(hint("/show 1"), None);
        assert_eq!(hint("hello"), None);
        assert_eq!(hint("/"), None);
    }
}
