//! The interactive prompt: a line becomes a command, events become lines above the prompt.
//!
//! One table of commands feeds parsing, help, completion and hints. Parsing is pure; [`Shell`] carries out. What happens on
//! the connections reaches the shell as events only, through two sinks: [`Memory`] (for /show, /find, /stats) and [`Screen`].

mod arguments;
mod completion;
mod connections;
mod content;
mod error;
mod frame_arguments;
mod help;
mod helper;
mod history;
mod json;
mod link;
mod memory;
mod parse;
mod perform;
mod prompt;
mod repl;
mod request;
#[cfg(test)]
mod samples;
mod screen;
mod scrollback;
mod stats;
mod table;
mod terminal;
mod typeahead;
mod view;

pub use error::ShellError;
pub use history::HistoryFile;
pub use memory::Memory;
pub use repl::{Flow, OpenOptions, Setup, Shell};
pub use screen::Screen;
pub use table::{COMMANDS, Complete, Spec};
pub use view::View;
