//! `wscope demo`: everything that can be seen and done, without a server of one's own. A server on a free port of this machine
//! and, on a terminal, the shell connected to it; without one, a tour that ends by itself.

mod paths;
mod server;
mod tour;

use std::io::{self, IsTerminal};

use super::interrupt::until_interrupted;
use super::{print, shell};
use crate::cli::args::DemoArgs;
use crate::cli::settings::{OutputSettings, RecordingSettings};
use crate::cli::{Exit, Report};
use crate::session::ConnectOptions;
use crate::session::options::ProxyChoice;
use crate::transport::in_words;

pub use paths::{PATHS, Path, index};
pub use server::Server;

/// Runs the demo.
///
/// # Errors
/// When the server can't start, or the tour finds it not as it should be.
pub fn run(args: DemoArgs, output: &OutputSettings, recording: &RecordingSettings) -> Result<Exit, Report> {
    let server = Server::start(args.port).map_err(|error| {
        let message = format!("cannot listen on 127.0.0.1:{}: {}", args.port, in_words(&error));
        Report::new(Exit::Connect, message).hint("without --port any port that is free will do")
    })?;
    if args.serve {
        return serve(&server);
    }
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return explore(&server, output, recording);
    }
    tour::play(&server, output, recording)
}

/// The shell on `/echo`, after the [`greeting`].
fn explore(server: &Server, output: &OutputSettings, recording: &RecordingSettings) -> Result<Exit, Report> {
    print(greeting(server).as_bytes())?;
    let options = ConnectOptions { proxy: ProxyChoice::Direct, ..ConnectOptions::new(server.url("/echo")) };
    shell::run(output, recording, Some(options))
}

/// What the shell begins with: three things to try.
#[must_use]
pub fn greeting(server: &Server) -> String {
    let port = server.address().port();
    let bad = format!("/connect :{port}/bad/reserved-opcode");
    format!(
        "You are connected to the echo of a server that runs as long as this shell.
Three things to try:
  {:42}type anything: it goes out and back
  {:42}a message in pieces; then /show 3
  {bad:42}a server that breaks the protocol
A line that begins with = is evaluated: = ws.send(\"hi\"); ws.recv().text
/help lists what else there is.
",
        "hello", "/fragment 3 {\"fragmented\":true}"
    )
}

/// The server alone, until the user has enough.
fn serve(server: &Server) -> Result<Exit, Report> {
    until_interrupted(|| print(index(&server.url("")).as_bytes())).map(|_| Exit::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_fits_a_terminal_of_80_columns() {
        let greeting = greeting(&Server::start(0).unwrap());
        for line in greeting.lines() {
            assert!(line.chars().count() < 80, "{line}");
        }
        assert_eq!(greeting.lines().filter(|line| line.starts_with("  ")).count(), 3);
    }
}
