//! The one table of commands, a file a family: parsing, help, completion and hints all come from it.

mod between;
mod looking;
mod scripts;
mod talking;

use strsim::osa_distance;

use super::request::Action;

/// A command.
pub struct Spec {
    /// Without the slash.
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// The arguments, as in a usage line; empty if there are none.
    pub synopsis: &'static str,
    /// In a few words: a column of the help.
    pub summary: &'static str,
    /// What else is worth saying, then examples, a line each.
    pub help: &'static str,
    pub complete: Complete,
    /// The arguments' text to what to do; the error says what is wrong with it.
    pub(super) parse: fn(&str) -> Result<Action, String>,
}

/// What can be completed after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complete {
    Nothing,
    /// One of these, at any place.
    Words(&'static [&'static str]),
    /// A path.
    Path,
    /// A path after `@`.
    AtPath,
    /// URLs used before, and flags.
    Connect,
    /// A connection's name.
    Connection,
    /// A command's name.
    Command,
    /// A setting, then its values.
    Setting,
    /// An expression.
    Expression,
    /// An event, then an expression.
    Handler,
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "/{}", self.name)
    }
}

impl Spec {
    /// `/close [code] [reason]`.
    #[must_use]
    pub fn usage(&self) -> String {
        format!("/{} {}", self.name, self.synopsis).trim_end().to_owned()
    }
}

/// The command with this name or alias.
#[must_use]
pub(super) fn find(name: &str) -> Option<&'static Spec> {
    commands().find(|spec| spec.name == name || spec.aliases.contains(&name))
}

/// The name nearest to a mistyped one, if one is near.
#[must_use]
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let near = |known: &&str| osa_distance(known, &name) <= 1 + name.len() / 4;
    let unfinished = || commands().map(|spec| spec.name).find(|known| name.len() > 1 && known.starts_with(&*name));
    let known = commands().flat_map(|spec| std::iter::once(&spec.name).chain(spec.aliases)).copied();
    unfinished().or_else(|| known.filter(near).min_by_key(|known| osa_distance(known, &name)))
}

/// The commands of a shell in the middle.
pub(super) fn between() -> &'static [Spec] {
    between::COMMANDS
}

/// Every command.
pub fn commands() -> impl Iterator<Item = &'static Spec> {
    [talking::COMMANDS, looking::COMMANDS, scripts::COMMANDS, between::COMMANDS].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_every_command_explains_itself() {
        let mut seen = HashSet::new();
        for spec in commands() {
            for name in std::iter::once(&spec.name).chain(spec.aliases) {
                assert!(seen.insert(*name), "/{name} twice");
                assert_eq!(find(name).map(|found| found.name), Some(spec.name));
            }
            assert!(!spec.summary.is_empty() && !spec.help.is_empty(), "/{} without help", spec.name);
        }
    }

    #[test]
    fn every_example_in_the_help_is_understood() {
        for spec in commands() {
            for example in spec.help.lines().filter(|line| line.starts_with(['/', '=']) || line.starts_with("@bob")) {
                crate::shell::parse::parse(example).unwrap_or_else(|error| panic!("{example}: {error}"));
            }
        }
    }

    #[test]
    fn a_slip_finds_its_command() {
        for (typed, meant) in [("conect", "connect"), ("hlep", "help"), ("recon", "reconnect"), ("JSON", "json")] {
            assert_eq!(nearest(typed), Some(meant), "{typed}");
        }
        assert_eq!(nearest("etc/passwd"), None);
    }
}
