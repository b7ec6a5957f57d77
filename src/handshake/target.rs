//! Where to connect: what a user types, or a server's `Location`, taken apart (RFC 6455 section 3).
//!
//! By hand rather than with a URL crate, since those normalise: a debugger sends the path and query as they were typed.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// A WebSocket URL in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `wss` or `https`.
    pub secure: bool,
    /// A name or an address as typed, IPv6 without its brackets.
    pub host: String,
    pub port: u16,
    /// Path and query as they stand in the request line, never empty. Only non-ASCII is percent-encoded.
    pub resource: String,
    /// User and password, percent-decoded; no part of [`Target::url`].
    pub user_info: Option<(String, String)>,
}

/// Why a URL can't be used. What it quotes never holds the user info.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    #[error("no host in {url:?}: write ws://host/path, host:port/path, or :port/path for localhost")]
    NoHost { url: String },
    #[error("no \"//\" after the scheme in {url:?}: write ws://host/path")]
    Slashes { url: String },
    #[error("unknown scheme {scheme:?} in {url:?}: use ws, wss, http or https")]
    Scheme { scheme: String, url: String },
    #[error("bad port {port:?} in {url:?}: a port is a number from 1 to 65535")]
    Port { port: String, url: String },
    #[error("bad host {host:?}: {character:?} is not allowed in a host name{hint}")]
    Host { host: String, character: char, hint: &'static str },
    #[error("bad IPv6 address {address:?}: write it in brackets, as in ws://[::1]:8080/")]
    Ipv6 { address: String },
    #[error("{character:?} at byte {at} of {url:?}: write it percent-encoded, as %{code:02X}", code = u32::from(*character))]
    Character { character: char, at: usize, url: String },
    #[error(
        "{url:?} has a fragment, which a WebSocket URL can't have (RFC 6455 section 3): remove it, or write # as %23"
    )]
    Fragment { url: String },
    #[error("the user info in {url:?} is not percent-encoded UTF-8: write % as %25")]
    UserInfo { url: String },
}

impl Target {
    /// Takes `url` apart: `ws`, `wss`, `http`, `https` in any case; without a scheme `ws`; `:8080/x` is localhost.
    ///
    /// # Errors
    /// What is wrong with it, and how to write it.
    pub fn parse(url: &str) -> Result<Target, TargetError> {
        if let Some((at, character)) = url.char_indices().find(|(_, c)| *c == ' ' || c.is_control()) {
            return Err(TargetError::Character { character, at, url: without_user_info(url) });
        }
        if url.contains('#') {
            return Err(TargetError::Fragment { url: without_user_info(url) });
        }
        let (secure, rest) = match split_scheme(url) {
            Some((scheme, rest)) => (is_secure(scheme, url)?, rest),
            None => (false, url),
        };
        let (authority, resource) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user_info, host_port) = match authority.rsplit_once('@') {
            Some((user_info, host_port)) => (decode_user_info(user_info, url)?, host_port),
            None => (None, authority),
        };
        let (host, port) = split_port(host_port, url)?;
        let port = match port {
            // `ws:/host` and `ws:host` are no hosts named ws.
            Some(port) if rest.len() == url.len() && is_scheme(host) && read_port(port, url).is_err() => {
                return Err(TargetError::Slashes { url: without_user_info(url) });
            }
            None | Some("") => default_port(secure),
            Some(port) => read_port(port, url)?,
        };
        let host = match host {
            // `:8080/path`, but not `ws://:8080/path`, where the host was forgotten.
            "" if rest.len() == url.len() && host_port.len() > 1 => "localhost".to_owned(),
            "" => return Err(TargetError::NoHost { url: without_user_info(url) }),
            host => host.to_owned(),
        };
        Ok(Target { secure, host, port, resource: origin_form(resource), user_info })
    }

    /// Whether a URL says what to ask the host for, if only with a slash.
    #[must_use]
    pub fn names_resource(url: &str) -> bool {
        split_scheme(url).map_or(url, |(_, rest)| rest).contains(['/', '?'])
    }

    /// The value of `Host`: the port left out when it is the scheme's own, IPv6 in brackets without its zone.
    #[must_use]
    pub fn host_header(&self) -> String {
        let host = match self.host.split_once('%') {
            Some((address, _zone)) => address,
            None => &self.host,
        };
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        if self.port == default_port(self.secure) { host } else { format!("{host}:{}", self.port) }
    }

    /// The URL without user info: `wss://example.org/chat?x=1`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}{}", if self.secure { "wss" } else { "ws" }, self.host_header(), self.resource)
    }

    /// Whether both are the same server under the same scheme, so that credentials may go to either.
    #[must_use]
    pub fn same_origin(&self, other: &Target) -> bool {
        self.secure == other.secure && self.port == other.port && self.host.eq_ignore_ascii_case(&other.host)
    }

    /// The target that a `Location` header means (RFC 3986 section 5.2), absolute or relative; its fragment is dropped.
    ///
    /// User info goes along only to the same origin.
    ///
    /// # Errors
    /// What is wrong with the location.
    pub fn join(&self, location: &str) -> Result<Target, TargetError> {
        let location = location.split('#').next().unwrap_or_default();
        let path = self.resource.split('?').next().unwrap_or_default();
        let mut target = if split_scheme(location).is_some() {
            Target::parse(location)?
        } else if location.starts_with("//") {
            Target::parse(&format!("{}:{location}", if self.secure { "wss" } else { "ws" }))?
        } else {
            let resource = match location.as_bytes().first() {
                None => self.resource.clone(),
                Some(b'?') => format!("{path}{location}"),
                Some(b'/') => without_dots(location),
                Some(_) => match location.split(['/', '?']).next().and_then(|first| first.split_once(':')) {
                    Some((scheme, _)) => {
                        return Err(TargetError::Scheme { scheme: scheme.to_owned(), url: location.to_owned() });
                    }
                    None => without_dots(&format!("{}/{location}", &path[..path.rfind('/').unwrap_or(0)])),
                },
            };
            // Parsed again for the checks on its characters.
            let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
            let scheme = if self.secure { "wss" } else { "ws" };
            Target::parse(&format!("{scheme}://{host}:{}{resource}", self.port))?
        };
        if target.user_info.is_none() && target.same_origin(self) {
            target.user_info.clone_from(&self.user_info);
        }
        Ok(target)
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(url: &str) -> Result<Target, TargetError> {
        Target::parse(url)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url())
    }
}

const fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// `scheme` and what follows `://`, if `url` begins with a scheme (RFC 3986 section 3.1).
fn split_scheme(url: &str) -> Option<(&str, &str)> {
    url.split_once("://").filter(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

fn is_scheme(word: &str) -> bool {
    ["ws", "wss", "http", "https"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

fn is_secure(scheme: &str, url: &str) -> Result<bool, TargetError> {
    match scheme.to_ascii_lowercase().as_str() {
        "ws" | "http" => Ok(false),
        "wss" | "https" => Ok(true),
        _ => Err(TargetError::Scheme { scheme: scheme.to_owned(), url: without_user_info(url) }),
    }
}

/// Host (without brackets) and port text.
fn split_port<'a>(host_port: &'a str, url: &str) -> Result<(&'a str, Option<&'a str>), TargetError> {
    if let Some(rest) = host_port.strip_prefix('[') {
        let bad = || TargetError::Ipv6 { address: host_port.to_owned() };
        let (address, after) = rest.split_once(']').ok_or_else(bad)?;
        // A zone, `fe80::1%eth0`, means something to this machine only (RFC 4007 section 11).
        let number = address.split('%').next().unwrap_or_default();
        number.parse::<Ipv6Addr>().map_err(|_| bad())?;
        return match after {
            "" => Ok((address, None)),
            _ => match after.strip_prefix(':') {
                Some(port) => Ok((address, Some(port))),
                None => Err(TargetError::Port { port: after.to_owned(), url: without_user_info(url) }),
            },
        };
    }
    let (host, port) = match host_port.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (host_port, None),
    };
    if host_port.parse::<Ipv6Addr>().is_ok() {
        return Err(TargetError::Ipv6 { address: host_port.to_owned() });
    }
    match host.chars().find(|c| !c.is_ascii_alphanumeric() && !"-._~".contains(*c)) {
        None => Ok((host, port)),
        Some(character) => {
            let hint = if character.is_ascii() { "" } else { "; write an international name in its xn-- form" };
            Err(TargetError::Host { host: host.to_owned(), character, hint })
        }
    }
}

fn read_port(port: &str, url: &str) -> Result<u16, TargetError> {
    // `u16::from_str` alone would take a plus sign.
    let digits = port.bytes().all(|b| b.is_ascii_digit());
    match port.parse() {
        Ok(number) if digits && number != 0 => Ok(number),
        _ => Err(TargetError::Port { port: port.to_owned(), url: without_user_info(url) }),
    }
}

fn decode_user_info(text: &str, url: &str) -> Result<Option<(String, String)>, TargetError> {
    if text.is_empty() {
        return Ok(None);
    }
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    match (percent_decode(user), percent_decode(password)) {
        (Some(user), Some(password)) => Ok(Some((user, password))),
        _ => Err(TargetError::UserInfo { url: without_user_info(url) }),
    }
}

/// Text with its percent escapes resolved (RFC 3986 section 2.1); `None` if an escape is not two hexadecimal digits, or the
/// outcome is not UTF-8.
#[must_use]
pub fn percent_decode(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut out = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        if !code.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        out.push(u8::from_str_radix(code, 16).ok()?);
        out.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(out).ok()
}

/// Path and query as the request line has them (RFC 9112 section 3.2.1): a slash first, and ASCII only.
fn origin_form(resource: &str) -> String {
    let mut out = String::with_capacity(resource.len() + 1);
    if !resource.starts_with('/') {
        out.push('/');
    }
    for byte in resource.bytes() {
        if byte.is_ascii() {
            out.push(char::from(byte));
        } else {
            // An IRI becomes a URI by encoding its UTF-8 (RFC 3987 section 3.1).
            out.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 0xF)]);
        }
    }
    out
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase()
}

/// The path without its `.` and `..` segments (RFC 3986 section 5.2.4), the query kept.
fn without_dots(resource: &str) -> String {
    let (path, query) = resource.split_at(resource.find('?').unwrap_or(resource.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let dots = matches!(segment, "." | "..");
        if segment == ".." {
            kept.pop();
        }
        if !dots {
            kept.push(segment);
        } else if segments.peek().is_none() {
            kept.push("");
        }
    }
    format!("/{}{query}", kept.join("/"))
}

/// `url` for an error message, with `***` for a user and password.
fn without_user_info(url: &str) -> String {
    let start = split_scheme(url).map_or(0, |(scheme, _)| scheme.len() + 3);
    let rest = &url[start..];
    let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    match authority.rfind('@') {
        Some(at) => format!("{}***{}", &url[..start], &rest[at..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
