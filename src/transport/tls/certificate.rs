//! A certificate in words, from its DER encoding (RFC 5280).

use std::net::IpAddr;

use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

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

impl Certificate {
    /// Reads a DER encoding. One that can't be read has a hash and nothing else.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Certificate {
        let sha256 = Sha256::digest(der).into();
        let Ok((_, certificate)) = X509Certificate::from_der(der) else {
            return Certificate { sha256, ..Certificate::default() };
        };
        let alternative = certificate.subject_alternative_name().ok().flatten();
        Certificate {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            names: alternative
                .map(|names| names.value.general_names.iter().filter_map(name_in_words).collect())
                .unwrap_or_default(),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            sha256,
        }
    }
}

fn name_in_words(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            _ => None,
        },
        _ => None,
    }
}
