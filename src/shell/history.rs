//! The lines typed, kept for the next time: one file for all shells, each entry appended under a lock as soon as it is typed.
//!
//! Not kept: lines that begin with a blank, and lines that hold a secret (a password, a token, a cookie). They stay in the
//! running shell's memory only.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// Lines kept.
pub(super) const LINES: usize = 10_000;

/// The user's folder for what programs keep: `XDG_STATE_HOME`, or else `~/.local/state`.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    state.or_else(|| Some(std::env::home_dir()?.join(".local/state")))
}

/// A history file.
#[derive(Clone, Debug)]
pub struct HistoryFile {
    path: PathBuf,
}

impl HistoryFile {
    /// The file at this path, made when the first line is appended.
    #[must_use]
    pub fn new(path: PathBuf) -> HistoryFile {
        HistoryFile { path }
    }

    /// `wscope/history` in the state directory: `XDG_STATE_HOME`, or else `~/.local/state`.
    #[must_use]
    pub fn standard() -> Option<HistoryFile> {
        Some(HistoryFile::new(state_folder()?.join("wscope/history")))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lines in it, oldest first, at most 10,000; a file grown well beyond that is cut.
    ///
    /// # Errors
    /// It is there but can't be read.
    pub fn load(&self) -> io::Result<Vec<String>> {
        let mut file = match OpenOptions::new().read(true).write(true).open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened?,
        };
        flock(&file, FlockOperation::LockExclusive)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        let kept = &lines[lines.len().saturating_sub(LINES)..];
        if lines.len() > LINES + LINES / 10 {
            rewrite(&mut file, kept)?;
        }
        Ok(kept.iter().map(|line| unescape(line)).collect())
    }

    /// Appends a line, unless it is one that is not kept. Whether it was.
    ///
    /// # Errors
    /// The file or its directory can't be made or written.
    pub fn append(&self, line: &str) -> io::Result<bool> {
        if line.trim().is_empty() || line.starts_with(' ') || holds_secret(line) {
            return Ok(false);
        }
        if let Some(directory) = self.path.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        flock(&file, FlockOperation::LockExclusive)?;
        file.write_all((escape(line) + "\n").as_bytes())?;
        Ok(true)
    }
}

/// Whether a line holds what should not be written to a file: credentials in flags, headers, user info or a URL's query.
#[must_use]
pub(super) fn holds_secret(line: &str) -> bool {
    const FLAGS: &[&str] = &["--bearer", "--auth", "--cookie"];
    const WORDS: &[&str] = &["authorization", "cookie:", "x-api-key", "api-key", "api_key", "apikey"];
    const QUERY: &[&str] = &["token", "key", "secret", "password", "passwd", "auth", "session", "sig", "signature"];
    let line = line.to_lowercase();
    let flag = || line.split_whitespace().any(|word| FLAGS.iter().any(|flag| word.split('=').next() == Some(flag)));
    let user_info = || {
        line.match_indices("://").any(|(at, _)| {
            let authority = line[at + 3..].split(|c: char| c == '/' || c == '?' || c.is_whitespace()).next();
            authority.is_some_and(|authority| authority.contains('@'))
        })
    };
    let query = || {
        line.split(['?', '&']).skip(1).any(|pair| {
            let name = pair.split_once('=').map_or("", |(name, _)| name);
            QUERY.iter().any(|secret| name.contains(secret)) && !name.contains(char::is_whitespace)
        })
    };
    flag() || WORDS.iter().any(|word| line.contains(word)) || user_info() || query()
}

/// Overwrites from the start and cuts, in this order: being killed in between costs duplicates, not lines.
fn rewrite(file: &mut File, lines: &[&str]) -> io::Result<()> {
    let text = lines.join("\n") + "\n";
    file.rewind()?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

/// One entry on one line.
fn escape(entry: &str) -> String {
    entry.replace('\\', r"\\").replace('\n', r"\n").replace('\r', r"\r")
}

fn unescape(line: &str) -> String {
    let mut entry = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => entry.push('\n'),
                Some('r') => entry.push('\r'),
                Some('\\') | None => entry.push('\\'),
                Some(other) => entry.extend(['\\', other]),
            },
            c => entry.push(c),
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn history(directory: &tempfile::TempDir) -> HistoryFile {
        HistoryFile::new(directory.path().join("state/wscope/history"))
    }

    #[test]
    fn lines_come_back_as_typed_and_only_the_owner_reads_them() {
        let directory = tempfile::tempdir().expect("a directory");
        let history = history(&directory);
        assert_eq!(history.load().expect("no file is no error"), Vec::<String>::new());
        let lines = ["hello", "two\nlines\\n\\", "/json {\"a\": \"\\u00e9\"}", "héllo"];
        for line in lines {
            assert!(history.append(line).expect("writable"));
        }
        assert_eq!(history.load().expect("readable"), lines);
        let mode = std::fs::metadata(history.path()).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn several_shells_lose_no_lines() {
        let directory = tempfile::tempdir().expect("a directory");
        let (one, other) = (history(&directory), history(&directory));
        std::thread::scope(|scope| {
            for shell in [&one, &other] {
                scope.spawn(move || (0..200).for_each(|n| drop(shell.append(&format!("line {n}")))));
            }
        });
        let lines = one.load().expect("readable");
        assert_eq!(lines.len(), 400);
        assert_eq!(lines.iter().filter(|line| *line == "line 199").count(), 2);
    }

    #[test]
    fn a_long_file_is_cut_to_its_newest_lines() {
        let directory = tempfile::tempdir().expect("a directory");
        let history = history(&directory);
        history.append("first").expect("writable");
        let many: String = (0..12_000).map(|n| ["line ", &n.to_string(), "\n"].concat()).collect();
        std::fs::write(history.path(), many).expect("writable");
        assert_eq!(history.load().expect("readable")[0], "line 2000");
        assert_eq!(std::fs::read_to_string(history.path()).expect("readable").lines().count(), LINES);
    }

    #[test]
    fn secrets_are_not_written() {
        for line in [
            " a line that begins with a blank",
            "/connect ws://h -H 'Authorization: Bearer x'",
            "/connect ws://h --bearer abc",
            "/connect ws://h --bearer=abc",
            "/connect ws://h --auth user:pass",
            "/connect ws://h --cookie a=b",
            "/connect ws://h -H \"Cookie: a=b\"",
            "/connect ws://user:pass@h/",
            "/connect ws://h/?access_token=abc",
            "/connect ws://h/?a=1&Session_Id=abc",
        ] {
            let directory = tempfile::tempdir().expect("a directory");
            assert!(!history(&directory).append(line).expect("nothing to write"), "{line}");
        }
        for line in ["/connect ws://h/@a?b=c", "my key = 1", "what? token is = x", "hello"] {
            assert!(!holds_secret(line), "{line}");
        }
    }
}
