//! How the shell has events turned into text. The renderer is behind a trait so that a test can watch what is shown.

use crate::event::{Event, FrameEvent};

use super::scrollback::Entry;

/// Turns events into text for the screen.
pub trait View: Send {
    /// Appends the event's line or lines, each with its line end; nothing for an event that is not shown.
    fn event(&mut self, event: &Event, out: &mut String);

    /// Appends a frame whole: header bits, hexdump, JSON, inflated; with the rules it broke and the frames of its message.
    fn inspect(&self, entry: &Entry, fragments: &[&FrameEvent], out: &mut String);

    /// Appends events of the past as [`View::event`] would, leaving no trace in what comes next.
    fn again(&self, events: &mut dyn Iterator<Item = Event>, out: &mut String);

    /// Appends a connection's opening handshake in full (`raw`), or what came of it.
    fn opening(&self, events: &[Event], raw: bool, out: &mut String);

    /// The settings and their values, in the order of a list.
    fn settings(&self) -> &'static [Setting];

    /// A setting's value now.
    fn get(&self, setting: &Setting) -> String;

    /// Changes a setting to one of its values.
    fn set(&mut self, setting: &Setting, value: &str);

    /// From now on this connection is called this.
    fn name(&mut self, connection: u32, name: &str);
}

/// Something that /set changes.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    pub name: &'static str,
    pub values: &'static [&'static str],
}
