//! The client's end of TLS.

use std::path::Path;

use native_tls::{Identity, Protocol, TlsConnector};

use super::failure::Asked;
use super::stream::{End, handshake};
use super::{TlsInfo, TlsOptions, TlsVersion, failure, pem};
use crate::transport::error::in_words;
use crate::transport::{Deadline, Transport, TransportError};

/// What every TLS connection with the same options shares. Reading the system's trusted certificates takes about 67 ms,
/// so it is made only when TLS is wanted, and can be used again.
pub struct Connector {
    library: TlsConnector,
    sends_name: bool,
    has_certificate: bool,
    min_version: TlsVersion,
}

impl Connector {
    /// Reads the files that `options` name.
    ///
    /// # Errors
    /// [`TransportError::File`] for a file that can't be read or used, [`TransportError::Io`] if the library fails.
    pub fn new(options: &TlsOptions) -> Result<Connector, TransportError> {
        let min_version = options.min_version.unwrap_or(TlsVersion::V1_2);
        let mut builder = TlsConnector::builder();
        builder
            .use_sni(!options.no_sni)
            .danger_accept_invalid_certs(options.insecure)
            .danger_accept_invalid_hostnames(options.insecure)
            .request_alpns(&["http/1.1"])
            .min_protocol_version(Some(match min_version {
                TlsVersion::V1_0 => Protocol::Tlsv10,
                TlsVersion::V1_1 => Protocol::Tlsv11,
                TlsVersion::V1_2 => Protocol::Tlsv12,
                TlsVersion::V1_3 => Protocol::Tlsv13,
            }));
        if let Some(path) = &options.ca {
            for der in pem::certificates(&read(path)?).map_err(|reason| unusable(path, reason))? {
                let certificate = native_tls::Certificate::from_der(&der);
                builder.add_root_certificate(certificate.map_err(|error| unusable(path, not_x509(&error)))?);
            }
        }
        match (&options.cert, &options.key) {
            (Some(cert), key) => {
                builder.identity(identity(cert, key.as_deref().unwrap_or(cert))?);
            }
            (None, Some(key)) => {
                return Err(unusable(key, "a key needs its certificate: give it with --cert FILE"));
            }
            (None, None) => {}
        }
        let library = builder.build().map_err(|error| match &options.cert {
            Some(cert) => mismatch(cert, &error),
            None => TransportError::Io(format!("cannot set up TLS: {error}")),
        })?;
        Ok(Connector { library, sends_name: !options.no_sni, has_certificate: options.cert.is_some(), min_version })
    }

    /// Shakes hands over `transport` with the server named `host` (without brackets), and leaves it non-blocking.
    ///
    /// # Errors
    /// [`TransportError::Tls`] saying what failed, or [`TransportError::Timeout`].
    pub fn connect(
        &self,
        transport: Box<dyn Transport>,
        host: &str,
        deadline: &Deadline<'_>,
    ) -> Result<(Box<dyn Transport>, TlsInfo), TransportError> {
        // The root's dot is no part of a server name (RFC 6066 section 3).
        let host = host.strip_suffix('.').unwrap_or(host);
        let asked = Asked { host, min_version: self.min_version, gave_certificate: self.has_certificate };
        let end = End::Client { gave_certificate: self.has_certificate };
        let begin = |tap| self.library.connect(host, tap);
        let explain = |text: &str, watch: &_| failure::explain(text, watch, &asked);
        let (stream, info) = handshake(transport, end, deadline, begin, explain)?;
        let is_name = host.parse::<std::net::IpAddr>().is_err();
        let server_name = (self.sends_name && is_name).then(|| host.to_owned());
        Ok((stream, TlsInfo { server_name, ..info }))
    }
}

/// A certificate chain and its key, from their files.
pub(super) fn identity(cert: &Path, key: &Path) -> Result<Identity, TransportError> {
    let chain = pem::certificates(&read(cert)?).map_err(|reason| unusable(cert, reason))?;
    let private = pem::private_key(&read(key)?).map_err(|reason| unusable(key, reason))?;
    for der in &chain {
        native_tls::Certificate::from_der(der).map_err(|error| unusable(cert, not_x509(&error)))?;
    }
    let identity = Identity::from_pkcs8(pem::encode_certificates(&chain).as_bytes(), private.as_bytes());
    identity.map_err(|error| unusable(key, format!("the private key can't be read: {error}")))
}

/// The library takes certificate and key apart and compares them late.
pub(super) fn mismatch(cert: &Path, error: &native_tls::Error) -> TransportError {
    let text = error.to_string();
    if text.contains("mismatch") {
        return unusable(cert, "the private key does not belong to this certificate");
    }
    unusable(cert, text)
}

fn not_x509(error: &native_tls::Error) -> String {
    format!("it is not an X.509 certificate: {error}")
}

fn read(path: &Path) -> Result<Vec<u8>, TransportError> {
    std::fs::read(path).map_err(|error| unusable(path, in_words(&error)))
}

fn unusable(path: &Path, reason: impl Into<String>) -> TransportError {
    TransportError::File { path: path.to_owned(), reason: reason.into() }
}
