//! TLS by the system's library, and what it agreed on.
//!
//! `native-tls` says neither version nor cipher suite, and forgets the certificate that it refuses. So a tap under the
//! stream reads what the handshake says in plaintext (`tap.rs`), and `failure.rs` puts that and the library's text together.

mod acceptor;
mod certificate;
mod cipher;
mod connector;
mod failure;
mod pem;
mod stream;
mod tap;
// The errors' texts are OpenSSL's, which is the system's library there.
#[cfg(all(test, target_os = "linux"))]
mod tests;

use std::path::PathBuf;

pub use acceptor::Acceptor;
pub use certificate::Certificate;
pub use connector::Connector;
pub use failure::TlsFailure;
pub use tap::looks_like_tls;

/// How TLS is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// A PEM file of further trusted certificates.
    pub ca: Option<PathBuf>,
    /// The client's certificate chain, PEM.
    pub cert: Option<PathBuf>,
    /// Its private key, PEM (PKCS#8, PKCS#1 or SEC1); `None`: in the certificate's file.
    pub key: Option<PathBuf>,
    /// Accept any certificate.
    pub insecure: bool,
    /// Send no server name.
    pub no_sni: bool,
    /// `None`: TLS 1.2. The system's library may refuse 1.0 and 1.1 whatever is asked for.
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

impl std::fmt::Display for TlsVersion {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            TlsVersion::V1_0 => "TLS 1.0",
            TlsVersion::V1_1 => "TLS 1.1",
            TlsVersion::V1_2 => "TLS 1.2",
            TlsVersion::V1_3 => "TLS 1.3",
        })
    }
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
