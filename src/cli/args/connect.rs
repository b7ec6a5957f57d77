//! Options of how a connection comes to be and is kept: the opening handshake, the way to the peer, TLS.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::protocol::OnViolation;
use crate::session::options::{Compress, ProxyChoice, Reconnect};
use crate::transport::TlsVersion;

use super::values;

/// What the opening handshake says (RFC 6455 section 4.1).
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Opening handshake")]
pub struct HandshakeArgs {
    /// Add a 'Name: value', or those of a file, one a line; may be repeated
    #[arg(short = 'H', long, value_name = "HEADER|@FILE")]
    pub header: Vec<String>,
    /// Send this Origin
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Option<String>,
    /// Offer a subprotocol; repeated or a comma list, preferred first
    #[arg(short, long, value_name = "NAME", value_delimiter = ',', value_parser = values::subprotocol)]
    pub subprotocol: Vec<String>,
    /// Basic authorization; @FILE keeps it out of the process list
    #[arg(long, value_name = "USER:PASS|@FILE", conflicts_with = "bearer")]
    pub auth: Option<String>,
    /// Bearer authorization
    #[arg(long, value_name = "TOKEN|@FILE")]
    pub bearer: Option<String>,
    /// Send a cookie; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::cookie)]
    pub cookie: Vec<String>,
    /// Follow redirects, at most 10
    #[arg(short = 'L', long)]
    pub follow_redirects: bool,
    /// Offer permessage-deflate with these parameters
    /// [default: client_max_window_bits]
    #[arg(long, value_name = "PARAMS", num_args = 0..=1, require_equals = true, default_missing_value = "on",
          value_parser = values::compress, conflicts_with = "no_compress")]
    pub compress: Option<Compress>,
    /// Offer no compression
    #[arg(long)]
    pub no_compress: bool,
}

/// The way to the peer, and what keeps the connection.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connecting")]
pub struct ConnectArgs {
    #[command(flatten)]
    pub reach: ReachArgs,
    /// Send a ping this often; 0: never [default: 0]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub ping_interval: Option<Duration>,
    /// Give up when a pong takes longer; 0: never [default: 0]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub ping_timeout: Option<Duration>,
    /// Connect again after a loss, at most N times in a row
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "on",
          value_parser = values::reconnect)]
    pub reconnect: Option<ReconnectChoice>,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// The way to the peer.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connecting")]
pub struct ReachArgs {
    /// Go through an http:// or socks5:// proxy, or 'none' through none
    /// [default: HTTPS_PROXY, ALL_PROXY and NO_PROXY]
    #[arg(long, value_name = "URL|none", value_parser = values::proxy)]
    pub proxy: Option<ProxyChoice>,
    /// Connect to this unix socket instead of the URL's host and port
    #[arg(long, value_name = "PATH")]
    pub unix: Option<PathBuf>,
    /// Time to be connected, name resolution and TLS included
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = values::timeout)]
    pub connect_timeout: Duration,
    /// Time for the opening handshake
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = values::timeout)]
    pub handshake_timeout: Duration,
}

/// What is accepted of the peer.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Connecting")]
pub struct LimitArgs {
    /// Largest message accepted, compressed or not
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = values::size)]
    pub max_message: u64,
    /// What to do when the peer breaks a rule
    #[arg(long, value_name = "fail|continue", value_enum, default_value = "fail", hide_possible_values = true)]
    pub on_violation: ViolationChoice,
}

/// How TLS is done, for wss://.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsArgs {
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Client certificate chain, PEM
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// Whom TLS trusts, and how far.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "TLS")]
pub struct TrustArgs {
    /// Trust the certificates of this PEM file too
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Accept any certificate
    #[arg(short = 'k', long)]
    pub insecure: bool,
    /// Send no server name
    #[arg(long)]
    pub no_sni: bool,
    /// Lowest version of TLS
    #[arg(long, value_name = "1.0|1.1|1.2|1.3", value_enum, hide_possible_values = true)]
    pub min_tls: Option<MinTls>,
}

/// `--reconnect`, which a stronger source can turn off again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReconnectChoice(pub Option<Reconnect>);

/// `--on-violation`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ViolationChoice {
    Fail,
    Continue,
}

impl From<ViolationChoice> for OnViolation {
    fn from(choice: ViolationChoice) -> OnViolation {
        match choice {
            ViolationChoice::Fail => OnViolation::Fail,
            ViolationChoice::Continue => OnViolation::Continue,
        }
    }
}

/// `--min-tls`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum MinTls {
    #[value(name = "1.0")]
    V1_0,
    #[value(name = "1.1")]
    V1_1,
    #[value(name = "1.2")]
    V1_2,
    #[value(name = "1.3")]
    V1_3,
}

impl From<MinTls> for TlsVersion {
    fn from(version: MinTls) -> TlsVersion {
        match version {
            MinTls::V1_0 => TlsVersion::V1_0,
            MinTls::V1_1 => TlsVersion::V1_1,
            MinTls::V1_2 => TlsVersion::V1_2,
            MinTls::V1_3 => TlsVersion::V1_3,
        }
    }
}
