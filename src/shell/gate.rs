//! What a shell in the middle does to the messages that go through a proxy.

use std::fmt::Write as _;

use crate::proxy::{Crossing, Gate, GateError, Held, Peer};
use crate::render::escape::escape;
use crate::render::{hexdump, quantity};

use super::content::boundary;
use super::error::ShellError;
use super::perform::loaded;
use super::repl::Shell;
use super::request::Gating;

/// How many bytes of a message /held shows.
const TEXT: usize = 48;
const BINARY: usize = 16;

impl From<GateError> for ShellError {
    fn from(error: GateError) -> ShellError {
        let hint = match error {
            GateError::NothingHeld => "/hold holds what comes from now on",
            GateError::NotHeld(_) => "/held lists those that are",
            GateError::NoClient => "the proxy says where it listens: a client is to connect there",
            GateError::UnknownClient(_) | GateError::Several(_) => "@N before the line says whose: @1 /inject ...",
            GateError::Closing(_) => "behind a close frame nothing can be said",
        };
        ShellError::refused(error.to_string(), hint)
    }
}

impl Shell {
    pub(super) fn gate(&self, to: Option<&str>, gating: Gating) -> Result<(), ShellError> {
        let Some(gate) = &self.gate else {
            let hint = "wscope proxy URL --shell stands between clients and a server";
            return Err(ShellError::refused("no messages go through this shell", hint));
        };
        match gating {
            Gating::Hold(ends) => {
                gate.shut(&ends);
                let ends: Vec<String> = gate.holds().into_iter().map(way).collect();
                self.screen.print(&format!("  holding messages {}", ends.join(" and ")));
            }
            Gating::Pass => {
                gate.open();
                self.screen.print("  all messages go on");
            }
            Gating::List => self.list(&gate.held()),
            Gating::Release(number) => {
                let first = || gate.held().first().map(|held| held.number).ok_or(GateError::NothingHeld);
                gate.release(number.map_or_else(first, Ok)?)?;
            }
            Gating::ReleaseAll => gate.release_all()?,
            Gating::Edit(number, content) => {
                let (binary, data) = loaded(content)?;
                gate.edit(number, binary, data)?;
            }
            Gating::Discard(number) => gate.discard(number)?,
            Gating::Inject(end, content) => {
                let (binary, data) = loaded(content)?;
                gate.say(to.map(connection).transpose()?, end, binary, data)?;
            }
        }
        Ok(())
    }

    /// Leaves a note of messages that are still held at the end, which go nowhere.
    pub(super) fn note_held(&self) {
        let count = self.gate.as_ref().map_or(0, Gate::count);
        if count > 0 {
            self.timeline.note(0, format!("gate: {count} messages were still held at the end"));
        }
    }

    fn list(&self, held: &[Held]) {
        let mut text = String::new();
        for Held { number, client, crossing } in held {
            let kind = if crossing.binary { "binary" } else { "text" };
            let size = quantity::size(crossing.data.len() as u64);
            let (way, preview) = (way(crossing.to), preview(crossing));
            let _ = writeln!(text, "  {number:<4} {way}  connection {client}  {kind}  {size}  {preview}");
        }
        self.screen.print(if text.is_empty() { "  no message is held\n" } else { &text });
    }
}

fn way(to: Peer) -> String {
    format!("to-{}", to.name())
}

/// The number of the connection that `@N` names.
fn connection(name: &str) -> Result<u32, ShellError> {
    name.parse().map_err(|_| {
        let problem = format!("\"{}\" is not a connection's number", name.escape_debug());
        ShellError::refused(problem, "the numbers of a client's connections are on the timeline, and in /held")
    })
}

/// The beginning of a message.
fn preview(crossing: &Crossing) -> String {
    let data = &crossing.data;
    if crossing.binary {
        return hexdump::line(&data[..data.len().min(BINARY + 1)]);
    }
    let end = std::str::from_utf8(data).map_or(data.len().min(TEXT), |text| boundary(text, TEXT));
    let more = if end < data.len() { "…" } else { "" };
    format!("{}{more}", escape(&data[..end]))
}
