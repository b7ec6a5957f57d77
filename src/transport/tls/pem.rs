//! PEM files: certificates, and private keys brought into the one form that TLS takes, PKCS#8 (RFC 5958).
//!
//! OpenSSL and others still write PKCS#1 (`RSA PRIVATE KEY`) and SEC1 (`EC PRIVATE KEY`); both go into PKCS#8 as they
//! are, behind a header of a few bytes. Reasons are written to go behind `cannot use FILE: `.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The object identifiers 1.2.840.113549.1.1.1 (with its NULL) and 1.2.840.10045.2.1, DER.
const RSA_ENCRYPTION: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0];
const EC_PUBLIC_KEY: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];

const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 0x04;
const VERSION_0: &[u8] = &[0x02, 1, 0];

/// The certificates, DER, in order; at least one.
pub(super) fn certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let labels = ["CERTIFICATE", "X509 CERTIFICATE"];
    let found: Result<Vec<_>, _> =
        blocks(text).iter().filter(|block| labels.contains(&block.label.as_str())).map(Block::der).collect();
    match found?.as_slice() {
        [] if text.first() == Some(&SEQUENCE) => {
            Err("it is not PEM but DER; convert it with: openssl x509 -inform der -in FILE -out FILE.pem".to_owned())
        }
        [] => Err("it holds no certificate (-----BEGIN CERTIFICATE-----)".to_owned()),
        found => Ok(found.to_vec()),
    }
}

/// Certificates as PEM.
pub(super) fn encode_certificates(certificates: &[Vec<u8>]) -> String {
    certificates.iter().map(|der| encode("CERTIFICATE", der)).collect()
}

/// The first private key, as PKCS#8 in PEM.
pub(super) fn private_key(text: &[u8]) -> Result<String, String> {
    let blocks = blocks(text);
    let key = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY"));
    let Some(key) = key else {
        return Err("it holds no private key (-----BEGIN PRIVATE KEY-----)".to_owned());
    };
    if key.label == "ENCRYPTED PRIVATE KEY" || key.encrypted {
        return Err("the private key is encrypted; decrypt it with: openssl pkey -in FILE -out plain.pem".to_owned());
    }
    let der = key.der()?;
    let pkcs8 = match key.label.as_str() {
        "PRIVATE KEY" => der,
        "RSA PRIVATE KEY" => wrap(RSA_ENCRYPTION, &der),
        "EC PRIVATE KEY" => {
            let inside = sec1_curve(&der).map(<[u8]>::to_vec);
            let beside =
                || blocks.iter().find(|block| block.label == "EC PARAMETERS").and_then(|block| block.der().ok());
            let curve = inside.or_else(beside).ok_or(
                "the EC private key does not say its curve; convert it with: openssl pkey -in FILE -out pkcs8.pem",
            )?;
            wrap(&[EC_PUBLIC_KEY, &curve].concat(), &der)
        }
        other => {
            return Err(format!("{other:?} is not one of PRIVATE KEY, RSA PRIVATE KEY, EC PRIVATE KEY"));
        }
    };
    Ok(encode("PRIVATE KEY", &pkcs8))
}

/// One `-----BEGIN label-----` to `-----END label-----`.
struct Block {
    label: String,
    /// Base64, without its line ends.
    base64: String,
    /// `Proc-Type: 4,ENCRYPTED` (RFC 1421 section 4.6.1.1).
    encrypted: bool,
}

impl Block {
    fn der(&self) -> Result<Vec<u8>, String> {
        STANDARD.decode(&self.base64).map_err(|error| format!("its {} is not valid base64: {error}", self.label))
    }
}

fn blocks(text: &[u8]) -> Vec<Block> {
    let text = String::from_utf8_lossy(text);
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines().map(str::trim) {
        if let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|line| line.strip_suffix("-----")) {
            open = Some(Block { label: label.to_owned(), base64: String::new(), encrypted: false });
        } else if line.starts_with("-----END ") {
            blocks.extend(open.take());
        } else if let Some(block) = &mut open {
            // Headers hold a colon, base64 never does.
            if line.contains(':') {
                block.encrypted |= line.starts_with("Proc-Type:") && line.contains("ENCRYPTED");
            } else {
                block.base64.push_str(line);
            }
        }
    }
    blocks
}

/// `PrivateKeyInfo ::= SEQUENCE { version 0, algorithm SEQUENCE, privateKey OCTET STRING }`.
fn wrap(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[VERSION_0, &element(SEQUENCE, algorithm), &element(OCTET_STRING, key)].concat())
}

/// `ECPrivateKey ::= SEQUENCE { version, privateKey, [0] parameters OPTIONAL, .. }` (RFC 5915): the parameters.
fn sec1_curve(der: &[u8]) -> Option<&[u8]> {
    let (SEQUENCE, mut fields, _) = split(der)? else { return None };
    while let Some((tag, content, rest)) = split(fields) {
        if tag == 0xa0 {
            return Some(content);
        }
        fields = rest;
    }
    None
}

/// Tag, content and what follows the first element.
fn split(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) =
            rest.split_at_checked(usize::from(first & 0x7f)).filter(|(digits, _)| digits.len() <= 4)?;
        (digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut element = vec![tag];
    let length = content.len();
    if length < 0x80 {
        element.push(length as u8);
    } else {
        let digits = length.to_be_bytes();
        let digits = &digits[digits.iter().take_while(|&&digit| digit == 0).count()..];
        element.push(0x80 | digits.len() as u8);
        element.extend(digits);
    }
    element.extend(content);
    element
}

fn encode(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let base64 = STANDARD.encode(der);
    for line in base64.as_bytes().chunks(64) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    let _ = writeln!(text, "-----END {label}-----");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encrypted_key_tells_how_to_decrypt_it() {
        for text in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        ] {
            let reason = private_key(text.as_bytes()).unwrap_err();
            assert_eq!(reason, "the private key is encrypted; decrypt it with: openssl pkey -in FILE -out plain.pem");
        }
    }

    #[test]
    fn what_is_no_key_or_certificate_is_named() {
        let reason = |label: &str| {
            private_key(format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n").as_bytes()).unwrap_err()
        };
        assert_eq!(reason("CERTIFICATE"), "it holds no private key (-----BEGIN PRIVATE KEY-----)");
        assert_eq!(
            reason("OPENSSH PRIVATE KEY"),
            r#""OPENSSH PRIVATE KEY" is not one of PRIVATE KEY, RSA PRIVATE KEY, EC PRIVATE KEY"#
        );
        assert!(reason("EC PRIVATE KEY").contains("does not say its curve"));
        assert!(certificates(b"hello").unwrap_err().contains("holds no certificate"));
        assert!(certificates(&[0x30, 0x82, 1, 0]).unwrap_err().contains("not PEM but DER"));
        let broken = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
        assert!(certificates(broken.as_bytes()).unwrap_err().starts_with("its CERTIFICATE is not valid base64"));
    }

    #[test]
    fn a_curve_beside_a_sec1_key_is_used() {
        let key = element(SEQUENCE, &[&[0x02, 1, 1][..], &element(OCTET_STRING, &[7; 32])].concat());
        let p256 = [0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
        let text = encode("EC PARAMETERS", &p256) + encode("EC PRIVATE KEY", &key).as_str();
        let pkcs8 = private_key(text.as_bytes()).unwrap();
        let der = blocks(pkcs8.as_bytes())[0].der().unwrap();
        assert_eq!(der[..3], [SEQUENCE, 0x41, 0x02]);
        assert_eq!(der[5..7], [SEQUENCE, 19]);
        assert_eq!(der[16..26], p256);
        assert_eq!(der[26..28], [OCTET_STRING, 39]);
    }
}
