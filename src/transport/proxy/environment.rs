//! Which proxy the environment asks for, as curl reads it: a pure function of the variables.

use std::net::IpAddr;

use super::{ProxyUrl, split_port};
use crate::transport::TransportError;

/// The proxy for `host` (without brackets) and `port`, `secure` for wss.
///
/// For wss `https_proxy` or `HTTPS_PROXY`, for ws `http_proxy` (only in lower case, since a CGI server sets `HTTP_PROXY`
/// from a request's header), then for both `all_proxy` or `ALL_PROXY`; the lower case wins and an empty one is none.
/// None for what `no_proxy` or `NO_PROXY` lists: `*`, or names (`example.org` is also `www.example.org`), addresses and
/// networks (`10.0.0.0/8`), separated by commas or spaces, each with `:port` if it is about one port only.
///
/// A loopback target (`localhost`, `*.localhost`, `127.0.0.0/8`, `::1`) is never reached through the environment's
/// proxy, which would look for it on another machine; only an explicit proxy is used there.
///
/// # Errors
/// [`TransportError::ProxyUrl`] naming the variable if its value is not a proxy's URL.
pub fn from_environment(
    lookup: &dyn Fn(&str) -> Option<String>,
    secure: bool,
    host: &str,
    port: u16,
) -> Result<Option<ProxyUrl>, TransportError> {
    let set = |names: &[&'static str]| {
        names.iter().find_map(|name| Some((*name, lookup(name).filter(|value| !value.is_empty())?)))
    };
    let own: &[&str] = if secure { &["https_proxy", "HTTPS_PROXY"] } else { &["http_proxy"] };
    let Some((name, value)) = set(own).or_else(|| set(&["all_proxy", "ALL_PROXY"])) else { return Ok(None) };
    let target = Target::new(host, port);
    if target.is_loopback() || set(&["no_proxy", "NO_PROXY"]).is_some_and(|(_, list)| target.is_listed(&list)) {
        return Ok(None);
    }
    ProxyUrl::parse(&value).map(Some).map_err(|error| match error {
        TransportError::ProxyUrl { value, reason } => {
            TransportError::ProxyUrl { value, reason: format!("{reason} (from {name})") }
        }
        other => other,
    })
}

struct Target {
    /// Lower case, without a trailing dot.
    host: String,
    address: Option<IpAddr>,
    port: u16,
}

impl Target {
    fn new(host: &str, port: u16) -> Target {
        let host = host.trim_start_matches('[').trim_end_matches([']', '.']).to_ascii_lowercase();
        Target { address: host.parse().ok(), host, port }
    }

    fn is_loopback(&self) -> bool {
        match self.address {
            Some(address) => address.to_canonical().is_loopback(),
            None => self.host == "localhost" || self.host.ends_with(".localhost"),
        }
    }

    fn is_listed(&self, list: &str) -> bool {
        list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).any(|entry| self.is_meant_by(entry))
    }

    fn is_meant_by(&self, entry: &str) -> bool {
        if entry == "*" {
            return true;
        }
        if let (Some((network, bits)), Some(address)) = (entry.split_once('/'), self.address) {
            let network = network.trim_start_matches('[').trim_end_matches(']');
            return match (network.parse(), bits.parse()) {
                (Ok(network), Ok(bits)) => is_within(address, network, bits),
                _ => false,
            };
        }
        let Some((host, port)) = split_port(entry) else { return false };
        if port.is_some_and(|port| port.parse() != Ok(self.port)) {
            return false;
        }
        if let Some(address) = self.address {
            return host.parse() == Ok(address);
        }
        let name = host.trim_start_matches("*.").trim_matches('.').to_ascii_lowercase();
        let before = self.host.strip_suffix(&name);
        !name.is_empty() && before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }
}

/// Whether the first `bits` of both are the same.
fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) if bits <= 32 => {
            (address.to_bits() ^ network.to_bits()).leading_zeros() >= bits
        }
        (IpAddr::V6(address), IpAddr::V6(network)) if bits <= 128 => {
            (address.to_bits() ^ network.to_bits()).leading_zeros() >= bits
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)], secure: bool, host: &str, port: u16) -> Option<String> {
        let lookup =
            |name: &str| variables.iter().find(|variable| variable.0 == name).map(|variable| variable.1.to_owned());
        from_environment(&lookup, secure, host, port).unwrap().map(|proxy| proxy.to_string())
    }

    #[test]
    fn the_scheme_decides_which_variable_counts() {
        let all = [("https_proxy", "http://s:1"), ("http_proxy", "http://p:2"), ("ALL_PROXY", "socks5://a:3")];
        assert_eq!(chosen(&all, true, "example.org", 443).unwrap(), "http://s:1");
        assert_eq!(chosen(&all, false, "example.org", 80).unwrap(), "http://p:2");
        assert_eq!(chosen(&all[2..], false, "example.org", 80).unwrap(), "socks5://a:3");
        assert_eq!(chosen(&[], true, "example.org", 443), None);
        assert_eq!(chosen(&[("HTTP_PROXY", "http://cgi:1")], false, "example.org", 80), None);
        assert_eq!(chosen(&[("HTTPS_PROXY", "http://s:1")], true, "example.org", 443).unwrap(), "http://s:1");
        assert_eq!(
            chosen(&[("https_proxy", ""), ("HTTPS_PROXY", "http://s:1")], true, "h", 443).unwrap(),
            "http://s:1"
        );
    }

    #[test]
    fn no_proxy_lists_who_is_reached_directly() {
        let direct = |list: &str, host: &str, port| {
            chosen(&[("https_proxy", "http://s:1"), ("NO_PROXY", list)], true, host, port).is_none()
        };
        assert!(direct("*", "example.org", 443));
        assert!(direct("a.b, example.org", "example.org", 443));
        assert!(direct("example.org", "WWW.Example.org.", 443));
        assert!(direct(".example.org", "www.example.org", 443));
        assert!(direct("*.example.org", "www.example.org", 443));
        assert!(!direct("example.org", "badexample.org", 443));
        assert!(!direct("www.example.org", "example.org", 443));
        assert!(direct("example.org:8443", "example.org", 8443));
        assert!(!direct("example.org:8443", "example.org", 443));
        assert!(direct("10.1.2.3", "10.1.2.3", 443));
        assert!(!direct("2.3", "10.1.2.3", 443));
        assert!(direct("10.0.0.0/8 192.168.0.0/16", "192.168.7.7", 443));
        assert!(!direct("10.0.0.0/8", "11.0.0.1", 443));
        assert!(direct("0.0.0.0/0", "11.0.0.1", 443));
        assert!(!direct("10.0.0.0/33,10.0.0.0/x", "10.0.0.0", 443));
        assert!(direct("2001:db8::/32", "2001:db8::7", 443));
        assert!(direct("[2001:db8::7]:443", "2001:db8::7", 443));
        assert!(!direct("", "example.org", 443));
    }

    #[test]
    fn loopback_is_never_reached_through_the_environment() {
        for host in ["localhost", "app.localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(chosen(&[("ALL_PROXY", "http://s:1")], false, host, 80), None, "{host}");
        }
        assert!(chosen(&[("ALL_PROXY", "http://s:1")], false, "localhost.example.org", 80).is_some());
    }

    #[test]
    fn a_broken_value_names_its_variable() {
        let lookup = |name: &str| (name == "ALL_PROXY").then(|| "ftp://u:secret@p".to_owned());
        let error = from_environment(&lookup, true, "example.org", 443).unwrap_err().to_string();
        assert_eq!(
            error,
            r#"invalid proxy "ftp://u:***@p": "ftp" is not one of http, https, socks5, socks5h (from ALL_PROXY)"#
        );
    }
}
