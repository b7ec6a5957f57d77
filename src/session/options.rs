//! How to open a connection: every choice, resolved. `cli` fills this in from flags, environment and profiles.

use std::path::PathBuf;
use std::time::Duration;

use crate::handshake::{DeflateOffer, basic, bearer};
use crate::protocol::OnViolation;
use crate::transport::TlsOptions;

/// Everything that opening and keeping a connection depends on.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// As the user typed it: `ws://host/path`, `wss://...`, `http(s)://...`, `host:port/path`, `:8080/path`.
    pub url: String,
    /// Headers in order. One that the handshake would write itself (Host, Origin, ...) replaces that one in its place;
    /// others are appended. Name and value are written as they are.
    pub headers: Vec<(String, String)>,
    /// Names of headers in the order and spelling that they are to have; others follow.
    pub order: Vec<String>,
    pub origin: Option<String>,
    pub subprotocols: Vec<String>,
    pub authorization: Option<Authorization>,
    /// `name=value`, one a cookie; joined into one `Cookie` header.
    pub cookies: Vec<String>,
    pub follow_redirects: bool,
    pub proxy: ProxyChoice,
    /// Connect to this socket instead of the URL's host and port.
    pub unix: Option<PathBuf>,
    pub tls: TlsOptions,
    pub compress: Compress,
    pub connect_timeout: Duration,
    pub handshake_timeout: Duration,
    pub ping_interval: Option<Duration>,
    pub ping_timeout: Option<Duration>,
    pub reconnect: Option<Reconnect>,
    /// Bytes; a frame's and an (inflated) message's limit.
    pub max_message: u64,
    pub on_violation: OnViolation,
}

impl ConnectOptions {
    /// The defaults, for this URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> ConnectOptions {
        ConnectOptions {
            url: url.into(),
            headers: Vec::new(),
            order: Vec::new(),
            origin: None,
            subprotocols: Vec::new(),
            authorization: None,
            cookies: Vec::new(),
            follow_redirects: false,
            proxy: ProxyChoice::Environment,
            unix: None,
            tls: TlsOptions::default(),
            compress: Compress::default(),
            connect_timeout: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(10),
            ping_interval: None,
            ping_timeout: None,
            reconnect: None,
            max_message: 64 << 20,
            on_violation: OnViolation::Fail,
        }
    }
}

/// The `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    Basic { user: String, password: String },
    Bearer(String),
}

impl Authorization {
    /// The header's value.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Authorization::Basic { user, password } => basic(user, password),
            Authorization::Bearer(token) => bearer(token),
        }
    }
}

/// Which proxy to go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyChoice {
    /// As `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    Environment,
    /// None.
    Direct,
    /// `http://[user:pass@]host:port` or `socks5://...`.
    Url(String),
}

/// What to offer of permessage-deflate (RFC 7692).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compress {
    /// Nothing.
    Off,
    /// This.
    Offer(DeflateOffer),
}

impl Default for Compress {
    /// `permessage-deflate; client_max_window_bits`, as browsers do.
    fn default() -> Compress {
        Compress::Offer(DeflateOffer { client_max_window_bits: Some(None), ..DeflateOffer::default() })
    }
}

/// Connect again after a connection is lost or can't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// How many times in a row; `None`: for ever.
    pub attempts: Option<u32>,
}

impl Reconnect {
    /// Whether the attempt with this number (from 1) is still wanted.
    #[must_use]
    pub fn allows(self, attempt: u32) -> bool {
        self.attempts.is_none_or(|most| attempt <= most)
    }

    /// How long to wait before the attempt with this number (from 1): 0.25 s doubled each time, at most 30 s.
    #[must_use]
    pub fn backoff(attempt: u32) -> Duration {
        Duration::from_millis(250u64 << attempt.saturating_sub(1).min(7)).min(Duration::from_secs(30))
    }
}
