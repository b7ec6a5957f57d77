//! The prompt: a dot that tells the connection's state while one types, and the connection's name.
//!
//! rustyline lays a line out with the prompt it was given, so the text after the dot stays as it is until the next line; the
//! dot has one column in every state and is drawn anew with every repaint.

use std::sync::{Arc, Mutex, PoisonError};

use crate::session::State;

use super::link::Link;

/// The connection that the prompt is about. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Prompt {
    link: Arc<Mutex<Option<Arc<dyn Link>>>>,
}

impl Prompt {
    /// The prompt from now on is about this connection.
    pub(super) fn watch(&self, link: Option<Arc<dyn Link>>) {
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = link;
    }

    /// The prompt as plain text, for a connection with this label.
    pub(super) fn text(&self, label: Option<&str>) -> String {
        format!("{} {}> ", self.dot().0, label.unwrap_or("wscope"))
    }

    /// The same prompt with its dot as it is now, coloured if wanted.
    pub(super) fn refreshed(&self, text: &str, coloured: bool) -> String {
        let (dot, colour) = self.dot();
        let rest: String = text.chars().skip(1).collect();
        if coloured { format!("\x1b[{colour}m{dot}\x1b[0;1m{rest}\x1b[0m") } else { format!("{dot}{rest}") }
    }

    /// The state as a character of one column, and its colour.
    fn dot(&self) -> (char, &'static str) {
        let link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        match link.as_ref().map(|link| link.state()) {
            None | Some(State::Closed) => ('○', "2"),
            Some(State::Connecting) => ('◌', "33"),
            Some(State::Open) => ('●', "32"),
            Some(State::Closing) => ('◐', "33"),
        }
    }
}
