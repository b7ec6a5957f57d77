//! A recording as a script has it: its messages, as an array would have them, its frames, and its connections.

use std::path::Path;
use std::sync::Arc;

use rhai::INT;

use crate::event::Role;
use crate::recording::{Entry, ReadError, Reader};
use crate::replay::Score;

use super::failure::Failure;
use super::message::Message;

/// A recording, read whole. Clones share it.
#[derive(Clone)]
pub struct Recording(Arc<Shared>);

struct Shared {
    name: String,
    scores: Vec<Score>,
    messages: Vec<Message>,
    frames: Vec<Message>,
    damaged: usize,
}

/// One connection of a recording.
#[derive(Clone)]
pub struct RecordedConnection {
    recording: Recording,
    /// Its place among the connections.
    at: usize,
}

impl Recording {
    /// The recording at this path.
    ///
    /// # Errors
    /// When there is none that can be read.
    pub fn read(path: &Path) -> Result<Recording, ReadError> {
        let mut reader = Reader::open(path)?;
        let (mut scores, mut frames, mut damaged) = (Vec::new(), Vec::new(), 0);
        while let Some(entry) = reader.entry()? {
            match entry {
                Entry::Event(event) => {
                    frames.extend(Message::recorded(event.clone()));
                    Score::add(&mut scores, event);
                }
                Entry::Damaged(_) => damaged += 1,
                Entry::Append(_) | Entry::Unknown(_) => {}
            }
        }
        let messages = frames.iter().filter(|frame| frame.is_data()).cloned().collect();
        let name = path.display().to_string();
        Ok(Recording(Arc::new(Shared { name, scores, messages, frames, damaged })))
    }

    /// Its path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Both ways, of all connections, in order.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.0.messages
    }

    /// The same of frames.
    #[must_use]
    pub fn frames(&self) -> &[Message] {
        &self.0.frames
    }

    /// How many lines could not be read.
    #[must_use]
    pub fn damaged(&self) -> usize {
        self.0.damaged
    }

    /// What can be replayed of it.
    #[must_use]
    pub fn scores(&self) -> &[Score] {
        &self.0.scores
    }

    /// In the order of their beginnings.
    pub fn connections(&self) -> impl ExactSizeIterator<Item = RecordedConnection> {
        (0..self.0.scores.len()).map(|at| RecordedConnection { recording: self.clone(), at })
    }

    /// The one with this number.
    ///
    /// # Errors
    /// There is none.
    pub fn connection(&self, number: INT) -> Result<RecordedConnection, Failure> {
        let found = self.connections().find(|connection| INT::from(connection.score().number) == number);
        found.ok_or_else(|| {
            let there: Vec<String> = self.scores().iter().map(|score| score.number.to_string()).collect();
            let hint = if there.is_empty() { "it has none".to_owned() } else { format!("it has {}", there.join(", ")) };
            Failure::usage(format!("{} has no connection {number}", self.name()), hint)
        })
    }
}

impl IntoIterator for Recording {
    type Item = Message;
    type IntoIter = std::vec::IntoIter<Message>;

    fn into_iter(self) -> Self::IntoIter {
        self.messages().to_vec().into_iter()
    }
}

impl RecordedConnection {
    /// How it was opened, what went over it, and how it ended.
    #[must_use]
    pub fn score(&self) -> &Score {
        &self.recording.0.scores[self.at]
    }

    /// `client` or `server`: who recorded it.
    #[must_use]
    pub fn role(&self) -> &'static str {
        match self.score().role {
            Role::Client => "client",
            Role::Server => "server",
        }
    }

    /// Both ways, in order.
    pub fn messages(&self) -> impl Iterator<Item = Message> {
        self.own(self.recording.messages())
    }

    /// The same of frames.
    pub fn frames(&self) -> impl Iterator<Item = Message> {
        self.own(self.recording.frames())
    }

    fn own<'a>(&self, all: &'a [Message]) -> impl Iterator<Item = Message> + use<'a> {
        let number = INT::from(self.score().number);
        all.iter().filter(move |message| message.connection() == number).cloned()
    }
}
