//! Proxies: their URLs, and the dialogue that turns a stream to a proxy into a stream to the peer.

mod environment;
mod http;
mod socks5;

use std::fmt;
use std::io;

use super::error::in_words;
use super::{Deadline, Transport, TransportError};

pub use environment::from_environment;

/// A proxy, and how to log in there. Text and debug text leave the password out.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    pub scheme: ProxyScheme,
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
    /// User and password, percent-decoded.
    pub login: Option<(String, String)>,
}

/// How to talk to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyScheme {
    /// `CONNECT` (RFC 9110 section 9.3.6).
    Http,
    /// The same over TLS.
    Https,
    /// RFC 1928. The proxy resolves names, for `socks5` as for `socks5h`.
    Socks5,
}

/// Why a proxy would not let us through. The text goes behind `the proxy URL `.
#[derive(Debug, thiserror::Error)]
pub enum ProxyFailure {
    /// The answer to `CONNECT` was not 2xx; `body` is its beginning.
    #[error("refused: {status_line}{}", quoted_body(.body))]
    Refused { status: u16, status_line: String, body: String },
    /// The reply code of RFC 1928 section 6.
    #[error("refused: {words} (SOCKS5 reply {code})", code = .0, words = socks5::reply_in_words(*.0))]
    Socks(u8),
    /// It takes neither no authentication nor, if there is one, our password (RFC 1928 section 3).
    #[error("accepts none of the ways to log in that were offered: {offered}")]
    NoMethod { offered: &'static str },
    /// RFC 1929 section 2.
    #[error("refuses the user {user:?} or the password (SOCKS5 status {status})")]
    Login { user: String, status: u8 },
    /// What it said is of another protocol; `received` is its beginning.
    #[error("does not speak {protocol}: it answered {received:?}")]
    OtherProtocol { protocol: &'static str, received: String },
    #[error("closed the connection while asked for {target}")]
    Closed { target: String },
    /// Something is too long to be said in its protocol.
    #[error("can't be asked: the {what} is {length} bytes long, at most {limit}")]
    TooLong { what: &'static str, length: usize, limit: usize },
    #[error("failed: {0}")]
    Io(String),
}

impl ProxyFailure {
    pub(super) fn hint(&self) -> Option<String> {
        let hint = match self {
            ProxyFailure::Refused { status: 407, .. } | ProxyFailure::NoMethod { .. } | ProxyFailure::Login { .. } => {
                "give user and password in the proxy's URL, as in //USER:PASSWORD@HOST:PORT"
            }
            ProxyFailure::OtherProtocol { .. } => "check the proxy's scheme: http://, https:// or socks5://",
            ProxyFailure::Socks(5) => "is the server listening? the proxy was refused there",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl ProxyUrl {
    /// Reads `[scheme://][user[:password]@]host[:port]`; the scheme is `http`, `https`, `socks5` or `socks5h` and
    /// defaults to `http`, the port to 80, 443 or 1080.
    ///
    /// # Errors
    /// [`TransportError::ProxyUrl`] with the value, its password masked.
    pub fn parse(value: &str) -> Result<ProxyUrl, TransportError> {
        let invalid = |reason: String| TransportError::ProxyUrl { value: masked(value), reason };
        let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
        let (scheme, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (ProxyScheme::Http, 80),
            "https" => (ProxyScheme::Https, 443),
            "socks5" | "socks5h" => (ProxyScheme::Socks5, 1080),
            other => return Err(invalid(format!("{other:?} is not one of http, https, socks5, socks5h"))),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (login, address) = match authority.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None if rest.contains('@') => {
                return Err(invalid("write a / ? or # in user or password as %2F, %3F or %23".to_owned()));
            }
            None => (None, authority),
        };
        let login = login.map(|login| {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            let decode = |part| percent_decoded(part).ok_or_else(|| invalid("a % escape is broken".to_owned()));
            Ok::<_, TransportError>((decode(user)?, decode(password)?))
        });
        let (host, port) = split_port(address).ok_or_else(|| invalid(format!("{address:?} is not HOST:PORT")))?;
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(invalid("the host is missing or holds a space".to_owned()));
        }
        let port = match port {
            None => default_port,
            Some(port) => match port.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err(invalid(format!("{port:?} is not a port from 1 to 65535"))),
            },
        };
        Ok(ProxyUrl { scheme, host: host.to_owned(), port, login: login.transpose()? })
    }

    /// What stands between, in two words: `http proxy`.
    pub(super) fn kind(&self) -> &'static str {
        match self.scheme {
            ProxyScheme::Http => "http proxy",
            ProxyScheme::Https => "https proxy",
            ProxyScheme::Socks5 => "socks5 proxy",
        }
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.scheme {
            ProxyScheme::Http => "http://",
            ProxyScheme::Https => "https://",
            ProxyScheme::Socks5 => "socks5://",
        })?;
        if let Some((user, _)) = &self.login {
            write!(out, "{user}:***@")?;
        }
        out.write_str(&authority(&self.host, self.port))
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ProxyUrl({self})")
    }
}

/// Asks the proxy at the other end of `stream` for a stream to `host` (without brackets) and `port`.
pub(super) fn through(
    proxy: &ProxyUrl,
    stream: Box<dyn Transport>,
    host: &str,
    port: u16,
    deadline: &Deadline<'_>,
) -> Result<Box<dyn Transport>, TransportError> {
    let dialogue = Dialogue { stream, deadline, target: authority(host, port) };
    let done = match proxy.scheme {
        ProxyScheme::Http | ProxyScheme::Https => http::connect(dialogue, proxy.login.as_ref()),
        ProxyScheme::Socks5 => socks5::connect(dialogue, host, port, proxy.login.as_ref()),
    };
    done.map_err(|stop| match stop {
        Stop::Expired => deadline.expired(format!("waiting for the proxy {proxy}")),
        Stop::Failed(failure) => TransportError::Proxy { proxy: proxy.to_string(), failure },
    })
}

/// `host:port`, with brackets around an IPv6 address.
pub(super) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// A talk with a proxy.
struct Dialogue<'a, 'b> {
    stream: Box<dyn Transport>,
    deadline: &'a Deadline<'b>,
    /// What is asked for: `host:port`.
    target: String,
}

/// Why it ended without success.
enum Stop {
    Expired,
    Failed(ProxyFailure),
}

impl From<ProxyFailure> for Stop {
    fn from(failure: ProxyFailure) -> Stop {
        Stop::Failed(failure)
    }
}

impl Dialogue<'_, '_> {
    fn say(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let written = self.deadline.write_all(self.stream.as_mut(), bytes);
        written.map_err(|error| self.stop(&error))
    }

    /// At least a byte.
    fn hear(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        match self.deadline.read(self.stream.as_mut(), buffer) {
            Ok(0) => Err(ProxyFailure::Closed { target: self.target.clone() }.into()),
            Ok(count) => Ok(count),
            Err(error) => Err(self.stop(&error)),
        }
    }

    fn stop(&self, error: &io::Error) -> Stop {
        match error.kind() {
            io::ErrorKind::TimedOut => Stop::Expired,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                ProxyFailure::Closed { target: self.target.clone() }.into()
            }
            _ => ProxyFailure::Io(in_words(error)).into(),
        }
    }
}

/// The beginning of what a proxy said, made fit for a message.
fn beginning(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).trim().to_owned()
}

fn quoted_body(body: &str) -> String {
    if body.is_empty() { String::new() } else { format!(": {body:?}") }
}

/// The value without its password.
fn masked(value: &str) -> String {
    let start = value.find("://").map_or(0, |at| at + 3);
    let Some(at) = value.rfind('@').filter(|&at| at >= start) else { return value.to_owned() };
    match value[start..at].find(':') {
        Some(colon) => format!("{}:***{}", &value[..start + colon], &value[at..]),
        None => value.to_owned(),
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`, or a bare IPv6 address; `None` for anything else.
fn split_port(address: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = address.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match address.split_once(':') {
        None => Some((address, None)),
        Some((host, port)) if !port.contains(':') => Some((host, Some(port))),
        Some(_) => address.parse::<std::net::Ipv6Addr>().is_ok().then_some((address, None)),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?);
            rest = &rest[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_url_is_read_whole() {
        let proxy = ProxyUrl::parse("socks5h://us%65r:p%40ss@[::1]:9050").unwrap();
        assert_eq!(proxy.scheme, ProxyScheme::Socks5);
        assert_eq!((proxy.host.as_str(), proxy.port), ("::1", 9050));
        assert_eq!(proxy.login, Some(("user".to_owned(), "p@ss".to_owned())));
        let bare = ProxyUrl::parse("proxy.lan:3128").unwrap();
        assert_eq!((bare.scheme, bare.host.as_str(), bare.port), (ProxyScheme::Http, "proxy.lan", 3128));
        assert_eq!(ProxyUrl::parse("https://p/").unwrap().port, 443);
        assert_eq!(ProxyUrl::parse("socks5://p").unwrap().port, 1080);
    }

    #[test]
    fn a_password_is_never_shown() {
        let proxy = ProxyUrl::parse("http://bob:hunter2@p:1").unwrap();
        assert_eq!(proxy.to_string(), "http://bob:***@p:1");
        assert!(!format!("{proxy:?}").contains("hunter2"));
        let error = ProxyUrl::parse("http://bob:hunter2@p:99999").unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"invalid proxy "http://bob:***@p:99999": "99999" is not a port from 1 to 65535"#
        );
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[test]
    fn a_broken_proxy_url_says_what_is_wrong() {
        let reason = |value| ProxyUrl::parse(value).unwrap_err().to_string();
        assert_eq!(
            reason("socks4://p"),
            r#"invalid proxy "socks4://p": "socks4" is not one of http, https, socks5, socks5h"#
        );
        assert_eq!(reason("http://"), r#"invalid proxy "http://": the host is missing or holds a space"#);
        assert_eq!(reason("http://u%4:x@p"), r#"invalid proxy "http://u%4:***@p": a % escape is broken"#);
        assert_eq!(
            reason("http://u:pa/ss@p"),
            r#"invalid proxy "http://u:***@p": write a / ? or # in user or password as %2F, %3F or %23"#
        );
        assert_eq!(reason("http://a:b:c"), r#"invalid proxy "http://a:b:c": "a:b:c" is not HOST:PORT"#);
    }
}
