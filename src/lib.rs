//! A scriptable WebSocket debugging shell and recorder.
//!
//! Three promises hold everywhere:
//!
//! 1. **Evidence is never tidied.** What arrived is kept apart from the verdict on it.
//! 2. **One event, many sinks.** Recording, screen and script are fed the same [`event::Event`], recording first.
//! 3. **Flush before wait.** Output is buffered while there is work, and flushed before the loop would block or answers the
//!    peer: the recording first, so that nobody has seen what is not in it.
//!
//! # The way of data
//!
//! ```text
//! bytes    transport -> protocol::decoder -> Frame -> protocol::connection -> Fact
//! events   session stamps an Event -> recording, then render, then script
//! commands shell, script, replay -> Command -> session -> protocol::connection -> transport
//! ```
//!
//! # The house
//!
//! Folders are floors. A module uses lower floors only, and never a sibling on floors 3, 4 and 6.
//!
//! ```text
//! floor 7  app        wires everything, one file a subcommand
//!          cli        args (clap, pure) -> settings (resolved) ; report (error, hint, exit code)
//! floor 6  shell      the prompt: line -> Command, one command table
//! floor 5  script     Rhai: the API, expectations, cases, and hooks for the floors below
//! floor 4  replay     a recording played again as either side; recorded and live compared
//!          proxy      between a client and a server: both legs, and what is changed on the way
//!          exchange   recordings to other formats, and back
//! floor 3  render     Event -> text
//!          recording  Event -> lines of the recording format, and back; numbers of a recording
//!          report     a test run as plain data -> JSON and back, JUnit XML, TAP, HTML, GitHub's annotations
//! floor 2  session    the only loop that touches a socket
//!          event      what happened
//!          command    what to do
//! floor 1  handshake  the opening handshake, raw (RFC 6455 section 4)
//!          transport  bytes only: tcp, unix, tls, proxies, memory
//! floor 0  protocol   frames, messages, closing: no socket, no clock, no randomness
//!          sequence   what two sequences have in common: messages, elements, words
//! ```

pub mod app;
pub mod cli;
pub mod command;
pub mod event;
pub mod exchange;
pub mod handshake;
pub mod protocol;
pub mod proxy;
pub mod recording;
pub mod render;
pub mod replay;
pub mod report;
pub mod script;
pub mod sequence;
pub mod session;
pub mod shell;
pub mod transport;
