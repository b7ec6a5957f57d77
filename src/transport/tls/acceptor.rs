//! The server's end of TLS. `native-tls` with OpenSSL serves TLS 1.2 and no newer.

use std::path::Path;

use native_tls::{Identity, TlsAcceptor};

use super::failure::explain_client;
use super::stream::{End, handshake};
use super::{TlsInfo, connector};
use crate::transport::{Deadline, Transport, TransportError};

/// A server's certificate and key.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

impl Acceptor {
    /// Reads a certificate chain and its private key (PKCS#8, PKCS#1 or SEC1), PEM. Both may be in one file.
    ///
    /// # Errors
    /// [`TransportError::File`] for a file that can't be read or used.
    pub fn from_files(cert: &Path, key: &Path) -> Result<Acceptor, TransportError> {
        let identity = connector::identity(cert, key)?;
        TlsAcceptor::new(identity).map(Acceptor).map_err(|error| connector::mismatch(cert, &error))
    }

    /// The same from memory: a certificate chain and its key (PKCS#8), PEM.
    ///
    /// # Errors
    /// When they can't be used together.
    pub fn from_pem(cert: &[u8], key: &[u8]) -> Result<Acceptor, native_tls::Error> {
        TlsAcceptor::new(Identity::from_pkcs8(cert, key)?).map(Acceptor)
    }

    /// Shakes hands with the client at the other end of `transport`, and leaves it non-blocking.
    ///
    /// # Errors
    /// [`TransportError::Tls`] saying what failed, or [`TransportError::Timeout`].
    pub fn accept(
        &self,
        transport: Box<dyn Transport>,
        deadline: &Deadline<'_>,
    ) -> Result<(Box<dyn Transport>, TlsInfo), TransportError> {
        handshake(transport, End::Server, deadline, |tap| self.0.accept(tap), explain_client)
    }
}
