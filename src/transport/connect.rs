//! From what the user wants to a stream to the peer, through whatever stands between.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::{Connector, Deadline, ProxyScheme, ProxyUrl, TlsInfo, TlsOptions, Transport, TransportError};
use super::{proxy, tcp, unix};

/// What to connect to, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// A name or an address; an IPv6 address with or without brackets.
    pub host: String,
    pub port: u16,
    /// TLS.
    pub secure: bool,
    /// Connect to this socket instead of host and port; the host is then only the name in the certificate.
    pub unix: Option<PathBuf>,
    /// Ask this proxy for host and port; not used with `unix`.
    pub proxy: Option<ProxyUrl>,
    pub tls: TlsOptions,
    /// For everything together: name resolution, TCP, the proxy's dialogue, TLS.
    pub timeout: Duration,
}

/// A stream to the peer, non-blocking, and how it came to be.
pub struct Connected {
    pub transport: Box<dyn Transport>,
    /// The address connected to, the proxy's if there is one; `None` for a unix socket.
    pub address: Option<SocketAddr>,
    /// What stands between: `http proxy 127.0.0.1:3128`, `unix /run/app.sock`.
    pub via: Option<String>,
    /// Time of name resolution; `None` if there was none.
    pub dns: Option<Duration>,
    /// Time to connect, a proxy's dialogue included.
    pub tcp: Duration,
    /// Time of the TLS handshake with the peer, and what it agreed on.
    pub tls: Option<(Duration, TlsInfo)>,
}

/// Connects. `now` is any monotonic clock.
///
/// # Errors
/// A [`TransportError`] of each kind. Files are read first, so one that can't be used costs no connection.
pub fn connect(plan: &Plan, now: &dyn Fn() -> Duration) -> Result<Connected, TransportError> {
    let host = plan.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&plan.host);
    let connector = plan.secure.then(|| Connector::new(&plan.tls)).transpose()?;
    let proxy_connector = match &plan.proxy {
        // Our certificate is for the peer, not for the proxy.
        Some(ProxyUrl { scheme: ProxyScheme::Https, .. }) if plan.unix.is_none() => {
            Some(Connector::new(&TlsOptions { cert: None, key: None, ..plan.tls.clone() })?)
        }
        _ => None,
    };
    let deadline = Deadline::new(now, plan.timeout);
    let mut connected = match (&plan.unix, &plan.proxy) {
        (Some(path), _) => {
            let begun = now();
            let transport = Box::new(unix::connect(path, &deadline)?);
            let via = Some(format!("unix {}", path.display()));
            Connected { transport, address: None, via, dns: None, tcp: now().saturating_sub(begun), tls: None }
        }
        (None, Some(proxy)) => through_proxy(proxy, proxy_connector.as_ref(), host, plan.port, &deadline)?,
        (None, None) => reached(tcp::connect(host, plan.port, &deadline)?),
    };
    if let Some(connector) = connector {
        let begun = now();
        let (transport, info) = connector.connect(connected.transport, host, &deadline)?;
        connected = Connected { transport, tls: Some((now().saturating_sub(begun), info)), ..connected };
    }
    Ok(connected)
}

fn through_proxy(
    proxy: &ProxyUrl,
    connector: Option<&Connector>,
    host: &str,
    port: u16,
    deadline: &Deadline<'_>,
) -> Result<Connected, TransportError> {
    let to_proxy = |error| match error {
        // The text of a timeout says which step it was.
        TransportError::Timeout { .. } => error,
        _ => TransportError::ToProxy { proxy: proxy.to_string(), error: Box::new(error) },
    };
    let connected = reached(tcp::connect(&proxy.host, proxy.port, deadline).map_err(to_proxy)?);
    let begun = deadline.now();
    let mut transport = connected.transport;
    if let Some(connector) = connector {
        transport = connector.connect(transport, &proxy.host, deadline).map_err(to_proxy)?.0;
    }
    let transport = proxy::through(proxy, transport, host, port, deadline)?;
    let via = Some(format!("{} {}", proxy.kind(), proxy::authority(&proxy.host, proxy.port)));
    let tcp = connected.tcp + deadline.now().saturating_sub(begun);
    Ok(Connected { transport, via, tcp, ..connected })
}

fn reached(reached: tcp::Reached) -> Connected {
    Connected {
        transport: Box::new(reached.stream),
        address: Some(reached.address),
        via: None,
        dns: reached.dns,
        tcp: reached.tcp,
        tls: None,
    }
}
