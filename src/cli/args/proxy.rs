//! Options of the proxy between a client and a server.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::connect::{HandshakeArgs, LimitArgs, ReachArgs, TrustArgs};
use super::faults;
use super::script::GivenArgs;
use super::serve::{CertificateArgs, listen};
use crate::proxy::FaultPlan;

/// Where clients come, and what happens to what they say and hear.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Proxy")]
pub struct ProxyArgs {
    /// Listen there: 9000 or 127.0.0.1:9000 is this machine alone, 0.0.0.0:9000 every network; port 0 any that is free
    #[arg(long, value_name = "[ADDR:]PORT", default_value = "127.0.0.1:0", value_parser = listen)]
    pub listen: SocketAddr,
    /// Answer clients with this header, instead of the server's; 'Name:' takes that away; may be repeated
    #[arg(long, value_name = "HEADER", value_parser = header)]
    pub response_header: Vec<(String, String)>,
    /// Show the frames of both legs, and not those of the client's alone
    #[arg(long)]
    pub both_legs: bool,
    /// Do to data messages what a network may do: drop=1%, corrupt=0.1%, duplicate=1%, delay=50ms..200ms, close-after=10
    #[arg(long, value_name = "FAULT,...", value_parser = faults::plan)]
    pub fault: Option<FaultPlan>,
    /// Do the same again: the seed of an earlier run [default: another one each time]
    #[arg(long, value_name = "N", requires = "fault")]
    pub seed: Option<u64>,
    /// A script whose functions say what becomes of messages: on_open, to_server, to_client
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Look at what goes through in the shell, where messages can be held, edited, dropped and added: /help hold
    #[arg(long)]
    pub shell: bool,
    #[command(flatten)]
    pub certificate: CertificateArgs,
    #[command(flatten)]
    pub given: GivenArgs,
}

/// How to connect to the server: the options of a connection, less those that are for its ends alone.
#[derive(Clone, Debug, Args)]
pub struct UpstreamArgs {
    #[command(flatten)]
    pub handshake: HandshakeArgs,
    #[command(flatten)]
    pub reach: ReachArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub trust: TrustArgs,
    #[command(flatten)]
    pub own: OwnCertificate,
}

/// A certificate for the server, under other names than what the clients are shown.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "TLS")]
pub struct OwnCertificate {
    /// Client certificate chain for the server, PEM
    #[arg(id = "cert", long = "client-cert", value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(id = "key", long = "client-key", value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err("a header looks like 'Name: value'".to_owned()),
    }
}
