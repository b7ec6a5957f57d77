//! The interactive prompt: a line becomes a command, events become lines above the prompt.
//!
//! ```text
//! keys    terminal -> parse (pure) -> Request -> perform -> Command -> a connection's thread
//! events  a connection's thread -> Timeline -> Memory, Screen -> terminal, above the prompt
//! ```
//!
//! - **A line stays whole.** One thread writes to the terminal, the one that reads keys (`terminal`). Text waits in `screen`
//!   and goes out in front of a repaint of the prompt, at most every 16 ms.
//! - **A flood costs no evidence.** What the terminal can't keep up with is counted where it would have stood. It is in the
//!   session's recording, which /last, /find and /show read (`past`), so that a long session takes no more memory than a
//!   short one. An I/O thread never waits for the terminal.
//! - **The prompt's dot is the state now,** not the one when the line was begun: a state changes between the event that tells
//!   of it and the flush after, so a flush has the prompt drawn anew (`screen`).
//! - **No key is lost.** Lines typed or pasted ahead, Ctrl-D and Ctrl-R too, wait for the next prompt (`typeahead`).
//! - **An error is a line and a next step.** What is wrong with a line is a [`ShellError`], shown as `error:` and `hint:`; what
//!   goes wrong on a connection is an event, which carries its hint, so that a shell and a pipe give the same advice.
//! - **What is typed is only sent.** It reaches a file only through `history`, which leaves out lines that hold a secret.
//!
//! - **A script is one more reader of the timeline.** `=`, `/run` and `/on` run Rhai (`scripting`, `handlers`) on the shell's
//!   connections; each has an inbox of its own, fed by the timeline's last sink (`audience`), after the recording.
//!
//! - **In the middle, nothing is decided here.** /hold and its like tell a proxy's [`Gate`](crate::proxy::Gate); what was done is
//!   a note on the timeline (`gate`).
//!
//! One table of commands feeds parsing, help, completion and hints. Parsing is pure; [`Shell`] carries out. What happens on
//! the connections reaches the shell as events only, through its [`Recorder`], its [`Memory`] (for /stats, /info) and its [`Screen`].

mod aliases;
mod arguments;
mod audience;
mod completion;
mod connections;
mod content;
mod error;
mod frame_arguments;
mod gate;
mod gate_arguments;
mod handlers;
mod help;
mod helper;
mod history;
mod hub;
mod json;
mod link;
mod lookback;
mod memory;
mod parse;
mod past;
mod perform;
mod prompt;
mod recorder;
mod repl;
mod request;
mod ring;
#[cfg(test)]
mod samples;
mod screen;
mod script_arguments;
mod scripting;
mod stats;
mod table;
mod terminal;
mod typeahead;
mod view;

pub use audience::Audience;
pub use error::ShellError;
pub use history::{HistoryFile, state_folder};
pub use memory::Memory;
pub use recorder::Recorder;
pub use repl::{Flow, Setup, Shell};
pub use screen::Screen;
pub use table::{Complete, Spec, commands};
pub use view::View;
