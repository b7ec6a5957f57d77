//! Certificates for tests, made when they are wanted: an authority, and what it signs.

use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, date_time_ymd,
};

/// A certificate authority that only a test trusts, and a directory for its files.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: tempfile::TempDir,
}

/// A certificate and its key, as PEM files.
pub(crate) struct Files {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = named("Test Authority", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Authority { issuer, directory: tempfile::tempdir().unwrap() }
    }

    /// Its own certificate, for `--ca`.
    pub(crate) fn file(&self) -> PathBuf {
        self.write("ca.pem", &self.issuer.pem())
    }

    /// A certificate for these names and addresses, valid now.
    pub(crate) fn issue(&self, names: &[&str]) -> Files {
        self.issue_for_years(names, 2020, 2900)
    }

    /// The same, valid from the first of January of one year to that of another.
    pub(crate) fn issue_for_years(&self, names: &[&str], from: i32, to: i32) -> Files {
        let key = KeyPair::generate().unwrap();
        let mut params = named("Test Peer", names);
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        self.files(&cert.pem(), &key.serialize_pem())
    }

    /// A certificate that signs itself.
    pub(crate) fn self_signed(&self, names: &[&str]) -> Files {
        let key = KeyPair::generate().unwrap();
        let cert = named("Test Loner", names).self_signed(&key).unwrap();
        self.files(&cert.pem(), &key.serialize_pem())
    }

    /// Any text as a file of the directory.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn files(&self, cert: &str, key: &str) -> Files {
        let count = std::fs::read_dir(self.directory.path()).unwrap().count();
        Files { cert: self.write(&format!("cert{count}.pem"), cert), key: self.write(&format!("key{count}.pem"), key) }
    }
}

fn named(name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
