//! The server's certificate: from files, or one made for this run that signs itself.

use crate::cli::args::serve::CertificateArgs;
use crate::cli::report::{Exit, Report};
use crate::transport::{Acceptor, TransportError};

/// What TLS is served with, if it is: a certificate chain with its key, in the same file or in another, or one of our own.
///
/// # Errors
/// A file can't be read or used.
pub fn acceptor(args: &CertificateArgs) -> Result<Option<Acceptor>, Report> {
    let unusable = |error: TransportError| Report::new(Exit::File, error.to_string());
    match &args.cert {
        Some(cert) => Acceptor::from_files(cert, args.key.as_ref().unwrap_or(cert)).map(Some).map_err(unusable),
        None if args.self_signed => self_signed().map(Some),
        None => Ok(None),
    }
}

/// For localhost and the loopback addresses.
fn self_signed() -> Result<Acceptor, Report> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let failed = |why: String| Report::new(Exit::Tls, format!("cannot make a certificate: {why}"));
    let made = rcgen::generate_simple_self_signed(names).map_err(|error| failed(error.to_string()))?;
    let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    Acceptor::from_pem(cert.as_bytes(), key.as_bytes()).map_err(|error| failed(error.to_string()))
}
