//! What a line asks for. Parsing ends here and doing begins: nothing in this file has been looked up or read yet.

use std::path::PathBuf;

use regex::bytes::Regex;

use crate::command::FrameSpec;
use crate::event::Direction;
use crate::protocol::Opcode;
use crate::proxy::Peer;
use crate::script::Occasion;

use super::content::Content;
use super::table::Spec;

/// A line, understood.
#[derive(Debug)]
pub(super) struct Request {
    /// The connection named by a leading `@name`; `None`: the one in use.
    pub(super) to: Option<String>,
    pub(super) action: Action,
}

/// What to do.
#[derive(Debug)]
pub(super) enum Action {
    /// An empty line.
    Nothing,
    Send(Outgoing),
    Close {
        code: Option<u16>,
        reason: String,
        force: bool,
    },
    Drop,
    Connect {
        /// URL and flags, as for the command line.
        args: Vec<String>,
        name: Option<String>,
    },
    Reconnect,
    Disconnect,
    Use(String),
    Connections,
    Headers,
    Info,
    Show(Which),
    /// The last so many frames again.
    Last(usize),
    Find(Regex),
    /// `None` only says what is filtered now.
    Filter(Option<Filter>),
    /// Setting and value; without a value only says it, without a setting says all.
    Set(Option<(String, Option<String>)>),
    Stats,
    /// The last so many lines typed.
    History(usize),
    Note(String),
    Source(PathBuf),
    /// An expression.
    Evaluate(String),
    /// A script, and what stands behind it.
    Run {
        file: PathBuf,
        arguments: Vec<String>,
    },
    On(Handling),
    /// A name and what it stands for; `None` lists them.
    Alias(Option<(String, String)>),
    Record(Recording),
    Gate(Gating),
    /// Copy the session's own recording.
    Save {
        path: PathBuf,
        force: bool,
    },
    Help(Option<&'static Spec>),
    Quit,
}

/// What to do about the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recording {
    /// Only say where to.
    Tell,
    Stop,
    Start {
        path: PathBuf,
        force: bool,
    },
}

/// What to do about messages that go through a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gating {
    /// Hold those to these ends.
    Hold(Vec<Peer>),
    /// Hold none.
    Pass,
    List,
    /// This one, or the first.
    Release(Option<u64>),
    ReleaseAll,
    Edit(u64, Content),
    Discard(u64),
    Inject(Peer, Content),
}

/// What to do about functions that are called for events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Handling {
    List,
    Off(Occasion),
    /// The text of the function.
    Call(Occasion, String),
}

/// Something to send.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outgoing {
    Text(String),
    /// Text if it is UTF-8, else binary.
    Either(Content),
    Binary(Content),
    Ping(Content),
    Pong(Content),
    /// In so many frames.
    Fragments {
        count: usize,
        content: Content,
    },
    /// The payload is still to be read.
    Frame(FrameSpec, Content),
}

/// Which frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// By its number on the timeline.
    Number(u64),
    /// The last one is 1.
    FromEnd(usize),
}

/// Which frames the screen shows. Only the screen: what is recorded is not filtered.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) direction: Option<Direction>,
    pub(super) opcode: Option<Opcode>,
    /// Must match somewhere in the message (or the frame's payload while there is no message).
    pub(super) pattern: Option<Regex>,
}

impl Filter {
    /// Whether it lets everything pass.
    #[must_use]
    pub(super) fn is_off(&self) -> bool {
        self.direction.is_none() && self.opcode.is_none() && self.pattern.is_none()
    }
}
