//! The prompt: a dot that tells the connection's state while one types, and the connection's name.
//!
//! rustyline lays a line out with the prompt it was given, so the text after the dot stays as it is until the next line; the
//! dot has one column in every state and is drawn anew with every repaint. So is the number of messages that are held, of which
//! a proxy's prompt tells: it has as many columns whatever it is.

use std::sync::{Arc, Mutex, PoisonError};

use crate::proxy::Gate;
use crate::session::State;

use super::link::Link;

/// The connection that the prompt is about, and the proxy. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Prompt {
    link: Arc<Mutex<Option<Arc<dyn Link>>>>,
    gate: Option<Gate>,
}

impl Prompt {
    pub(super) fn new(gate: Option<Gate>) -> Prompt {
        Prompt { gate, ..Prompt::default() }
    }

    /// The prompt from now on is about this connection.
    pub(super) fn watch(&self, link: Option<Arc<dyn Link>>) {
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = link;
    }

    /// The prompt as plain text, for a connection with this label.
    pub(super) fn text(&self, label: Option<&str>) -> String {
        let label = label.unwrap_or(if self.gate.is_some() { "proxy" } else { "wscope" });
        format!("{} {label}{}", self.dot().0, self.tail())
    }

    /// The same prompt with its dot as it is now, coloured if wanted.
    pub(super) fn refreshed(&self, text: &str, coloured: bool) -> String {
        let (dot, colour) = self.dot();
        let tail = self.tail();
        let label = text.get(dot.len_utf8()..text.len().saturating_sub(tail.len())).unwrap_or_default();
        let rest = format!("{label}{tail}");
        if coloured { format!("\x1b[{colour}m{dot}\x1b[0;1m{rest}\x1b[0m") } else { format!("{dot}{rest}") }
    }

    /// What is behind the label: of a proxy how many messages are held, in as many columns whatever it is.
    fn tail(&self) -> String {
        self.gate.as_ref().map_or("> ".into(), |gate| format!(" {:>4} held> ", gate.count().min(9999)))
    }

    /// The state as a character of one column, and its colour.
    fn dot(&self) -> (char, &'static str) {
        let link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let serves = self.gate.as_ref().is_some_and(|gate| gate.clients() > 0);
        match link.as_ref().map(|link| link.state()).or(serves.then_some(State::Open)) {
            None | Some(State::Closed) => ('○', "2"),
            Some(State::Connecting) => ('◌', "33"),
            Some(State::Open) => ('●', "32"),
            Some(State::Closing) => ('◐', "33"),
        }
    }
}
