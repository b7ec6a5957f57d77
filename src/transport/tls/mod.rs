//! TLS by the system's library, and what it agreed on.

use std::path::PathBuf;

/// How TLS is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// A PEM file of further trusted certificates.
    pub ca: Option<PathBuf>,
    /// The client's certificate chain, PEM.
    pub cert: Option<PathBuf>,
    /// Its private key, PEM (PKCS#8, PKCS#1 or SEC1).
    pub key: Option<PathBuf>,
    /// Accept any certificate.
    pub insecure: bool,
    /// Send no server name.
    pub no_sni: bool,
    pub min_version: Option<TlsVersion>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    V1_0,
    V1_1,
    V1_2,
    V1_3,
}

/// What a TLS handshake agreed on, and the peer's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsInfo {
    /// `TLS 1.3`.
    pub version: Option<String>,
    /// The cipher suite's name: `TLS_AES_256_GCM_SHA384`.
    pub cipher: Option<String>,
    /// The protocol chosen by ALPN.
    pub alpn: Option<String>,
    /// The server name sent (SNI); `None` if none was.
    pub server_name: Option<String>,
    pub certificate: Option<Certificate>,
}

/// A peer's certificate in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// `CN=example.org, O=Example`.
    pub subject: String,
    pub issuer: String,
    /// Subject alternative names: DNS names and addresses.
    pub names: Vec<String>,
    /// Seconds since the Unix epoch.
    pub not_before: i64,
    /// Seconds since the Unix epoch.
    pub not_after: i64,
    /// SHA-256 of the DER encoding.
    pub sha256: [u8; 32],
}
