//! Options of the server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values;

/// Where to listen, and what to do with whoever comes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub struct ServeArgs {
    /// Listen there: 9000 or 127.0.0.1:9000 is this machine alone, 0.0.0.0:9000 every network; port 0 any that is free
    #[arg(long, value_name = "[ADDR:]PORT", default_value = "127.0.0.1:0", value_parser = listen)]
    pub listen: SocketAddr,
    /// What it does with its clients
    #[arg(long, value_name = "MODE", value_enum, default_value_t)]
    pub mode: Mode,
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

/// What the server does with its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Sends back what it gets
    #[default]
    Echo,
    /// Sends what one says to all others
    Chat,
    /// Takes everything
    Sink,
    /// Sends as fast as the client reads
    Flood,
}

impl Mode {
    /// As it is written on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Echo => "echo",
            Mode::Chat => "chat",
            Mode::Sink => "sink",
            Mode::Flood => "flood",
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
