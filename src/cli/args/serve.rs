//! Options of the server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::script::GivenArgs;
use super::values;
use crate::cli::report::{Exit, Report};

/// Where to listen, and what to do with whoever comes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub struct ServeArgs {
    /// Listen there: 9000 or 127.0.0.1:9000 is this machine alone, 0.0.0.0:9000 every network; port 0 any that is free
    #[arg(long, value_name = "[ADDR:]PORT", default_value = "127.0.0.1:0", value_parser = listen)]
    pub listen: SocketAddr,
    /// What it does with its clients [default: script with a script, else echo]
    #[arg(long, value_name = "MODE", value_enum)]
    mode: Option<Named>,
    /// A script whose functions are called: on_request, on_open, on_message, on_close
    #[arg(value_name = "SCRIPT")]
    file: Option<PathBuf>,
    /// The script; it needs no --mode then
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    script: Option<PathBuf>,
    /// Size of a flood's messages
    #[arg(long, value_name = "SIZE", default_value = "100", value_parser = values::size)]
    pub size: u64,
    /// A subprotocol that it speaks; may be repeated
    #[arg(long, value_name = "NAME", value_parser = values::subprotocol)]
    pub subprotocol: Vec<String>,
    /// Speak no permessage-deflate
    #[arg(long)]
    pub no_compress: bool,
    #[command(flatten)]
    pub certificate: CertificateArgs,
    #[command(flatten)]
    pub given: GivenArgs,
}

/// With which certificate wss is served, if it is.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Server")]
pub struct CertificateArgs {
    /// Serve wss with this certificate chain, PEM
    #[arg(id = "server_cert", long = "cert", value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Its private key, PEM [default: in the same file]
    #[arg(id = "server_key", long = "key", value_name = "FILE", requires = "server_cert")]
    pub key: Option<PathBuf>,
    /// Serve wss with a certificate for localhost, made for this run
    #[arg(long, conflicts_with = "server_cert")]
    pub self_signed: bool,
}

/// What the server does with its clients, as it is written on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Named {
    /// Sends back what it gets
    Echo,
    /// Sends what one says to all others
    Chat,
    /// Takes everything
    Sink,
    /// Sends as fast as the client reads
    Flood,
    /// Does what a script wants
    Script,
}

/// What the server does with its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Sends back what it gets.
    Echo,
    /// Sends what one says to all others.
    Chat,
    /// Takes everything.
    Sink,
    /// Sends as fast as the client reads.
    Flood,
}

/// Who says what the server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct<'a> {
    Mode(Mode),
    Script(&'a Path),
}

impl ServeArgs {
    /// What it does with its clients.
    ///
    /// # Errors
    /// There is a script and another mode, or the other way round.
    pub fn conduct(&self) -> Result<Conduct<'_>, Report> {
        let mode = match (self.mode, self.script.as_deref().or(self.file.as_deref())) {
            (None | Some(Named::Script), Some(script)) => return Ok(Conduct::Script(script)),
            (Some(_), Some(script)) => {
                let message = format!("the script \"{}\" is for --mode script alone", script.display());
                return Err(Report::new(Exit::Usage, message).hint("with a script there needs to be no --mode"));
            }
            (Some(Named::Script), None) => {
                return Err(Report::new(Exit::Usage, "--mode script needs a script").hint("--script FILE names it"));
            }
            (None | Some(Named::Echo), None) => Mode::Echo,
            (Some(Named::Chat), None) => Mode::Chat,
            (Some(Named::Sink), None) => Mode::Sink,
            (Some(Named::Flood), None) => Mode::Flood,
        };
        Ok(Conduct::Mode(mode))
    }
}

impl Conduct<'_> {
    /// As it is written on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Conduct::Mode(Mode::Echo) => "echo",
            Conduct::Mode(Mode::Chat) => "chat",
            Conduct::Mode(Mode::Sink) => "sink",
            Conduct::Mode(Mode::Flood) => "flood",
            Conduct::Script(_) => "script",
        }
    }
}

/// A port alone is that of this machine alone.
pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    let text = text.replace("localhost", "127.0.0.1");
    let port = text.trim_start_matches(':').parse::<u16>().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    port.or_else(|_| text.parse())
        .map_err(|_| "it is a port, or an address and a port: 9000, 0.0.0.0:9000, [::]:9000".to_owned())
}
