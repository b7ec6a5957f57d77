//! Why TLS failed, told so that the next step is clear: from what the tap saw and from OpenSSL's text, since `native-tls`
//! gives nothing else. On another library the text is shown as it is.

use std::io;

use super::cipher::{alert_name, version_name};
use super::tap::{Watch, looks_like_tls};
use super::{Certificate, TlsVersion};

/// Why a TLS handshake failed, or what ended the stream after it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFailure {
    /// `until` in seconds since the Unix epoch, where the certificate could be seen (up to TLS 1.2).
    #[error("the certificate has expired{}", until.map(|until| format!(": it was valid until {}", date(until))).unwrap_or_default())]
    Expired { until: Option<i64> },
    /// `from` likewise.
    #[error("the certificate is not valid yet{}", from.map(|from| format!(": it will be from {}", date(from))).unwrap_or_default())]
    NotYetValid { from: Option<i64> },
    /// `names` are those in the certificate, where it could be seen (up to TLS 1.2).
    #[error("the certificate is not for {asked:?}{}", listed(names))]
    WrongName { asked: String, names: Vec<String> },
    #[error("the certificate is self-signed, and not among the trusted ones")]
    SelfSigned,
    #[error("the certificate is signed by an authority that is not trusted{}", issuer.as_ref().map(|issuer| format!(": {issuer}")).unwrap_or_default())]
    UnknownIssuer { issuer: Option<String> },
    /// Another reason against the certificate, in the library's words.
    #[error("the certificate is not accepted: {0}")]
    NotAccepted(String),
    /// `offered` is the lowest version we take; `chosen` what the peer wanted, if it said so.
    #[error("no common TLS version: asked for {offered} or newer, the peer {}", match chosen { Some(chosen) => format!("chose {chosen}"), None => "has none of them".to_owned() })]
    NoCommonVersion { offered: String, chosen: Option<String> },
    /// The peer sent this alert (RFC 8446 section 6).
    #[error("the peer refused with the alert {name} ({number}){meaning}", number = .0, name = alert_name(*.0), meaning = meaning(*.0))]
    Alert(u8),
    /// `given`: one was sent, and is not accepted.
    #[error("{}", if *given { "the peer does not accept the client certificate" } else { "the peer requires a client certificate" })]
    ClientCertificate { given: bool },
    /// `received` is the beginning of what came instead.
    #[error("the peer does not speak TLS: it sent {received:?}")]
    NotTls { received: String },
    /// `begun`: it had answered with a handshake of TLS before.
    #[error("the peer closed the connection during the TLS handshake{}", if *reset { " (connection reset)" } else { "" })]
    Closed { reset: bool, begun: bool },
    /// In the library's words.
    #[error("{0}")]
    Other(String),
}

impl TlsFailure {
    pub(in crate::transport) fn hint(&self) -> Option<String> {
        let hint = match self {
            TlsFailure::NotAccepted(_) => "--insecure accepts any certificate and shows it",
            TlsFailure::Expired { .. } | TlsFailure::NotYetValid { .. } => {
                "check this machine's clock; --insecure connects all the same and shows the certificate"
            }
            TlsFailure::WrongName { .. } => {
                "connect by a name in the certificate; --insecure connects all the same and shows it"
            }
            TlsFailure::SelfSigned | TlsFailure::UnknownIssuer { .. } => {
                "trust its authority with --ca FILE; --insecure accepts any certificate and shows it"
            }
            TlsFailure::NoCommonVersion { .. } => "--min-tls sets the oldest version to accept",
            TlsFailure::ClientCertificate { given: false } => "give one with --cert FILE --key FILE",
            TlsFailure::ClientCertificate { given: true } => "the peer must trust the issuer of the one in --cert",
            TlsFailure::NotTls { .. } => "try ws:// instead of wss://",
            TlsFailure::Closed { begun: true, .. } => "does it want a client certificate, or another one? see --cert",
            TlsFailure::Closed { begun: false, .. } => "does the port speak TLS? try ws:// instead of wss://",
            TlsFailure::Alert(112) => "the peer knows no such server name; --no-sni sends none",
            TlsFailure::Alert(_) | TlsFailure::Other(_) => return None,
        };
        Some(hint.to_owned())
    }

    /// What an alert of the peer means.
    pub(super) fn from_alert(alert: u8, gave_certificate: bool, offered: Option<TlsVersion>) -> TlsFailure {
        match alert {
            70 => match offered {
                Some(offered) => TlsFailure::NoCommonVersion { offered: offered.to_string(), chosen: None },
                None => TlsFailure::Alert(alert),
            },
            116 => TlsFailure::ClientCertificate { given: false },
            41..=46 | 48 | 49 | 51 if gave_certificate => TlsFailure::ClientCertificate { given: true },
            _ => TlsFailure::Alert(alert),
        }
    }
}

/// What the client asked for.
pub(super) struct Asked<'a> {
    pub(super) host: &'a str,
    pub(super) min_version: TlsVersion,
    pub(super) gave_certificate: bool,
}

/// Why a client's handshake failed.
pub(super) fn explain(text: &str, watch: &Watch, asked: &Asked<'_>) -> TlsFailure {
    let received = &watch.received;
    if let Some(failure) = not_tls(&received.first) {
        return failure;
    }
    if let Some(alert) = received.alert.or_else(|| alert_in(text)) {
        // Up to TLS 1.2, a missing client certificate is refused with a general alert.
        let missing = received.certificate_requested && !asked.gave_certificate && (40..=49).contains(&alert);
        if missing {
            return TlsFailure::ClientCertificate { given: false };
        }
        return TlsFailure::from_alert(alert, asked.gave_certificate, Some(asked.min_version));
    }
    if let Some(ended) = watch.ended {
        let reset = ended == io::ErrorKind::ConnectionReset;
        return TlsFailure::Closed { reset, begun: received.hello.is_some() };
    }
    // OpenSSL 1.1 writes "self signed", 3.0 "self-signed".
    let words = text.to_lowercase().replace('-', " ");
    if words.contains("certificate verify failed") {
        let seen = received.certificate.as_deref().map(Certificate::from_der);
        return explain_certificate(&words, seen, asked.host);
    }
    if ["unsupported protocol", "wrong version number", "no protocols available"].iter().any(|end| words.contains(end))
    {
        let chosen = received.hello.map(|(version, _)| version_name(version));
        return TlsFailure::NoCommonVersion { offered: asked.min_version.to_string(), chosen };
    }
    TlsFailure::Other(text.to_owned())
}

/// Why a server's handshake failed.
pub(super) fn explain_client(text: &str, watch: &Watch) -> TlsFailure {
    if let Some(failure) = not_tls(&watch.received.first) {
        return failure;
    }
    match (watch.received.alert.or_else(|| alert_in(text)), watch.ended) {
        (Some(alert), _) => TlsFailure::Alert(alert),
        (None, Some(ended)) => TlsFailure::Closed {
            reset: ended == io::ErrorKind::ConnectionReset,
            begun: !watch.received.first.is_empty(),
        },
        (None, None) => TlsFailure::Other(text.to_owned()),
    }
}

/// The alert in OpenSSL's text `error:0A000410:...`: its reason codes for alerts are 1000 and the alert's number.
pub(super) fn alert_in(text: &str) -> Option<u8> {
    let (_, code) = text.split_once("error:")?;
    let code = u32::from_str_radix(code.get(..8)?, 16).ok()?;
    u8::try_from((code & 0xfff).checked_sub(1000)?).ok()
}

/// The verdict stands in the last parentheses.
fn explain_certificate(words: &str, seen: Option<Certificate>, host: &str) -> TlsFailure {
    let verdict = words.rsplit_once('(').map_or(words, |(_, verdict)| verdict.trim_end_matches(')'));
    let is = |texts: &[&str]| texts.iter().any(|text| verdict.contains(text));
    if is(&["has expired"]) {
        TlsFailure::Expired { until: seen.map(|seen| seen.not_after) }
    } else if is(&["not yet valid"]) {
        TlsFailure::NotYetValid { from: seen.map(|seen| seen.not_before) }
    } else if is(&["hostname mismatch", "ip address mismatch"]) {
        TlsFailure::WrongName { asked: host.to_owned(), names: seen.map(|seen| seen.names).unwrap_or_default() }
    } else if is(&["in certificate chain", "unable to get", "unable to verify", "signature failure"]) {
        // A signature fails where another authority has the name of a trusted one.
        TlsFailure::UnknownIssuer { issuer: seen.map(|seen| seen.issuer) }
    } else if is(&["self signed"]) {
        TlsFailure::SelfSigned
    } else {
        TlsFailure::NotAccepted(verdict.to_owned())
    }
}

fn not_tls(first: &[u8]) -> Option<TlsFailure> {
    let line = first.split(|&byte| byte == b'\r' || byte == b'\n').next().unwrap_or_default();
    (!looks_like_tls(first)).then(|| TlsFailure::NotTls { received: String::from_utf8_lossy(line).into_owned() })
}

/// What lies behind the alerts that people meet.
fn meaning(alert: u8) -> &'static str {
    match alert {
        40 | 71 => ": no common cipher suite, group or signature algorithm, or a client certificate is missing",
        112 => ": it does not know the server name",
        120 => ": it does not speak http/1.1 (ALPN)",
        42..=46 | 48 => ": it does not accept the certificate",
        _ => "",
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [last] => format!(" but for {last}"),
        [names @ .., last] => format!(" but for {} and {last}", names.join(", ")),
    }
}

/// `2024-01-31T00:00:00Z`.
fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}
