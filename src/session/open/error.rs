//! Why a connection could not be opened, in words that a person can act on.

use std::io;
use std::time::Duration;

use crate::handshake::{Body, Fault, HeadError, HeaderError, MAX_REDIRECTS, RedirectError, Response, TargetError};
use crate::session::driver::describe;
use crate::transport::{FailureKind, TransportError};

/// Why there is no connection. What was received until then is on the timeline.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("cannot connect to {url}: {error}")]
    Transport { url: String, error: TransportError },
    /// What answered does not speak HTTP.
    #[error("no opening handshake with {url}: {error}")]
    Head { url: String, error: HeadError },
    #[error("{url} refused the opening handshake: {status}{}", spaced(reason))]
    Refused { url: String, status: u16, reason: String, hint: Option<&'static str>, answer: Box<Refused> },
    #[error("the opening handshake with {url} is wrong: {}: expected {}, got {}{}", fault.rule, fault.expected, fault.got, and_more(*more))]
    Wrong { url: String, fault: Box<Fault>, more: usize },
    #[error("{url}: {error}")]
    Redirect { url: String, error: RedirectError },
    #[error("more than {MAX_REDIRECTS} redirects, the last one to {url}")]
    TooManyRedirects { url: String },
    #[error("no complete answer to the opening handshake from {url} within {limit:?}")]
    Timeout { url: String, limit: Duration },
    /// The stream broke during the handshake.
    #[error("the connection to {url} broke during the opening handshake: {}", describe(error))]
    Broken { url: String, error: io::Error },
}

/// A response other than 101.
#[derive(Clone, Debug)]
pub struct Refused {
    pub response: Response,
    /// As far as it was read: in time, and to 64 KiB.
    pub body: Body,
}

impl OpenError {
    /// The next step, where there is one: the same for a shell and for a pipe.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            OpenError::Transport { error, .. } => error.hint(),
            OpenError::Head { error: HeadError::Nothing { .. }, url } | OpenError::Broken { url, .. } => {
                Some(unanswered(url).into())
            }
            OpenError::Head { error, .. } => error.hint().map(str::to_owned),
            OpenError::Refused { hint, .. } => hint.map(str::to_owned),
            OpenError::Wrong { .. } => Some("--on-violation continue connects all the same".into()),
            OpenError::Timeout { .. } => Some("--handshake-timeout sets the limit".into()),
            OpenError::TooManyRedirects { .. } => Some("they may go round in circles".into()),
            OpenError::Target(_) | OpenError::Header(_) | OpenError::Redirect { .. } => None,
        }
    }

    /// Whether another attempt is in vain: what is wrong is what was asked for.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        match self {
            OpenError::Target(_) | OpenError::Header(_) => true,
            OpenError::Transport { error, .. } => matches!(error.kind(), FailureKind::Usage | FailureKind::File),
            _ => false,
        }
    }
}

/// What to try where a connection ended without an answer. After a handshake of TLS the port is right; a server of TLS 1.3
/// judges a client's certificate only then.
fn unanswered(url: &str) -> &'static str {
    if url.starts_with("wss://") {
        "does it want a client certificate, or another one? see --cert"
    } else {
        "is it a TLS port? try wss://"
    }
}

fn spaced(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" {reason}") }
}

fn and_more(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more)") }
}
