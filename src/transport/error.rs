//! Why there is no stream to the peer, in words that a person can act on.
//!
//! The text goes behind `cannot connect to URL: `, so it does not repeat the URL.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::{ProxyFailure, TlsFailure};

/// What went wrong while a connection was opened.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No address for the name; `reason` in the system's words.
    #[error("cannot resolve {host:?}: {reason}")]
    Resolve { host: String, reason: String },
    /// No address took the connection. The most telling attempt is the first.
    #[error("{}", attempts_in_words(.0))]
    Connect(Vec<Attempt>),
    /// The unix socket did not.
    #[error("{reason} ({})", path.display())]
    Unix { path: PathBuf, reason: String, hint: Option<&'static str> },
    /// The proxy itself could not be reached; `proxy` is without its password.
    #[error("cannot reach the proxy {proxy}: {error}")]
    ToProxy { proxy: String, error: Box<TransportError> },
    /// The proxy would not let us through; `proxy` is without its password.
    #[error("the proxy {proxy} {failure}")]
    Proxy { proxy: String, failure: ProxyFailure },
    /// The proxy's URL makes no sense; `value` is without its password.
    #[error("invalid proxy {value:?}: {reason}")]
    ProxyUrl { value: String, reason: String },
    /// TLS failed.
    #[error("{0}")]
    Tls(#[from] TlsFailure),
    /// The time was over.
    #[error("timed out after {limit:?} while {step}")]
    Timeout { step: String, limit: Duration },
    /// A certificate or key could not be used.
    #[error("cannot use {}: {reason}", path.display())]
    File { path: PathBuf, reason: String },
    /// The system refused something that should always work.
    #[error("{0}")]
    Io(String),
}

/// An address tried, and why it failed.
#[derive(Debug)]
pub struct Attempt {
    pub address: SocketAddr,
    pub error: io::Error,
}

/// What kind of failure it was; an exit code each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// What the user asked for makes no sense.
    Usage,
    Resolve,
    /// TCP, unix socket or proxy.
    Connect,
    Tls,
    Timeout,
    File,
}

impl TransportError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            TransportError::Resolve { .. } => FailureKind::Resolve,
            TransportError::Connect(_)
            | TransportError::Unix { .. }
            | TransportError::Proxy { .. }
            | TransportError::Io(_) => FailureKind::Connect,
            TransportError::ToProxy { error, .. } => error.kind(),
            TransportError::ProxyUrl { .. } => FailureKind::Usage,
            TransportError::Tls(_) => FailureKind::Tls,
            TransportError::Timeout { .. } => FailureKind::Timeout,
            TransportError::File { .. } => FailureKind::File,
        }
    }

    /// The next step, where there is one to recommend.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            TransportError::Resolve { .. } => "check the name, and that this machine has a working DNS",
            TransportError::Connect(attempts) => match attempts.first().map(|attempt| attempt.error.kind()) {
                Some(io::ErrorKind::ConnectionRefused) => "is the server listening? try wscope demo",
                Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
                    "check the network, or name a proxy with --proxy URL"
                }
                _ => return None,
            },
            TransportError::Unix { hint, .. } => return hint.map(str::to_owned),
            TransportError::ToProxy { error, .. } if error.kind() == FailureKind::Tls => return error.hint(),
            TransportError::ToProxy { .. } => {
                "the proxy comes from --proxy, HTTPS_PROXY or ALL_PROXY; NO_PROXY lists hosts to reach without it"
            }
            TransportError::Proxy { failure, .. } => return failure.hint(),
            TransportError::ProxyUrl { .. } => {
                "write http://[USER:PASSWORD@]HOST:PORT, https://... or socks5://..., special characters as %XX"
            }
            TransportError::Tls(failure) => return failure.hint(),
            TransportError::Timeout { .. } => "--connect-timeout sets the limit",
            TransportError::File { .. } | TransportError::Io(_) => return None,
        };
        Some(hint.to_owned())
    }

    /// The typed error inside of an I/O error of [`super::Transport::read`] or `write`.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&TransportError> {
        error.get_ref()?.downcast_ref()
    }
}

/// The system's words for an error, as a sentence of ours goes on: lower case, without its number.
#[must_use]
pub fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(text);
    // Abbreviations keep their case.
    if text.chars().nth(1).is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// `connection refused ([::1]:9, 127.0.0.1:9), network is unreachable (...)`.
fn attempts_in_words(attempts: &[Attempt]) -> String {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for Attempt { address, error } in attempts {
        let reason = in_words(error);
        match groups.iter_mut().find(|group| group.0 == reason) {
            Some(group) => group.1.push(address.to_string()),
            None => groups.push((reason, vec![address.to_string()])),
        }
    }
    let groups = groups.iter().map(|(reason, addresses)| format!("{reason} ({})", addresses.join(", ")));
    groups.collect::<Vec<_>>().join(", ")
}
