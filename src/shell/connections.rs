//! The connections of a shell by name, and which of them is in use.

use std::sync::Arc;

use crate::script;
use crate::session::{ConnectOptions, State};

use super::error::ShellError;
use super::link::Link;

/// A connection.
pub(super) struct Connection {
    /// What `@` and /use call it: the name given to it, or else its number.
    pub(super) name: String,
    /// Whether the name was given.
    pub(super) named: bool,
    pub(super) options: ConnectOptions,
    pub(super) link: Arc<dyn Link>,
    /// As scripts have it.
    pub(super) scripted: script::Connection,
}

impl Connection {
    /// What the prompt calls it: its name, or else host and path.
    pub(super) fn label(&self) -> String {
        if self.named { self.name.clone() } else { self.place() }
    }

    /// Host and path, without secrets.
    pub(super) fn place(&self) -> String {
        place(&self.options.url)
    }
}

/// All of them; the one in use is the last opened until /use says otherwise.
#[derive(Default)]
pub(super) struct Connections {
    list: Vec<Connection>,
    current: usize,
}

impl Connections {
    /// Puts a connection in and uses it. One of the same name makes way.
    pub(super) fn put(&mut self, connection: Connection) {
        let name = connection.name.clone();
        match self.list.iter_mut().find(|known| known.name == name) {
            Some(known) => *known = connection,
            None => self.list.push(connection),
        }
        self.current = self.list.iter().position(|known| known.name == name).unwrap_or(0);
    }

    /// Uses the connection with this number, if it is there.
    pub(super) fn select_number(&mut self, number: u32) {
        let found = self.list.iter().position(|known| known.link.number() == number);
        self.current = found.unwrap_or(self.current);
    }

    /// Forgets unnamed connections that are closed, but for the one in use: it can be reconnected.
    pub(super) fn tidy(&mut self) {
        let current = self.current().map(|connection| connection.name.clone());
        self.list.retain(|connection| {
            connection.named || Some(&connection.name) == current.as_ref() || connection.link.state() != State::Closed
        });
        self.current = self.list.iter().position(|known| Some(&known.name) == current.as_ref()).unwrap_or(0);
    }

    pub(super) fn all(&self) -> &[Connection] {
        &self.list
    }

    pub(super) fn current(&self) -> Option<&Connection> {
        self.list.get(self.current)
    }

    /// The connection named, or else the one in use.
    pub(super) fn get(&self, name: Option<&str>) -> Result<&Connection, ShellError> {
        match name {
            None => self.current().ok_or_else(|| {
                ShellError::refused(
                    "not connected",
                    "/connect URL opens a connection, for example /connect ws://127.0.0.1:7000/echo",
                )
            }),
            Some(name) => self.named(name, "@@ at the start of a line sends a text that begins with @"),
        }
    }

    fn named(&self, name: &str, otherwise: &str) -> Result<&Connection, ShellError> {
        self.list.iter().find(|known| known.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.list.iter().map(|known| known.name.as_str()).collect();
            let known = match &*names {
                [] => "there are no connections".into(),
                [only] => format!("the only connection is {only}"),
                _ => format!("the connections are {}", names.join(", ")),
            };
            let problem = format!("no connection named \"{}\"", name.escape_debug());
            ShellError::refused(problem, format!("{known}; {otherwise}"))
        })
    }

    /// Uses the connection with this name from now on.
    pub(super) fn select(&mut self, name: &str) -> Result<(), ShellError> {
        self.named(name, "/connect URL as NAME opens one")?;
        self.current = self.list.iter().position(|known| known.name == name).unwrap_or(self.current);
        Ok(())
    }
}

/// A URL without scheme, user info and query, as short as a prompt needs it.
fn place(url: &str) -> String {
    const LONGEST: usize = 32;
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let authority = rest.find('/').unwrap_or(rest.len());
    let host = rest[..authority].rfind('@').map_or(0, |at| at + 1);
    let place: String = rest[host..].chars().filter(|c| !c.is_control()).collect();
    let place = place.trim_end_matches('/');
    match place.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &place[..cut]),
        None => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_shows_host_and_path_and_no_secrets() {
        for (url, shown) in [
            ("ws://127.0.0.1:7000/echo", "127.0.0.1:7000/echo"),
            ("wss://user:secret@host/a@b?token=x#y", "host/a@b"),
            ("wss://host/", "host"),
            (":8080/path", ":8080/path"),
            ("ws://host/0123456789012345678901234567890123456789", "host/012345678901234567890123456…"),
        ] {
            assert_eq!(place(url), shown);
        }
    }
}
