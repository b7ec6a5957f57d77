//! A server's side of the opening handshake (RFC 6455 section 4.2): a request accepted or refused, with the bytes to say so.

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use tungstenite::handshake::derive_accept_key;

use super::extensions::{EXTENSIONS, MalformedExtension, extensions};
use super::headers::HeaderError;
use super::request::Request;
use super::response::Response;
use super::{DeflateOffer, Negotiated, deflate};

/// What a server is ready for.
#[derive(Clone, Debug, Default)]
pub struct ServerOffer {
    /// Those that it speaks; of these, the client's first choice is taken.
    pub subprotocols: Vec<String>,
    /// What it wants of permessage-deflate for itself, to be combined with the client's offer; `None`: not spoken.
    pub deflate: Option<DeflateOffer>,
    /// Further headers of the response. One with the name of one that the handshake writes replaces it in its place, which is
    /// how a wrong `Sec-WebSocket-Accept` or an unsolicited extension is sent on purpose.
    pub headers: Vec<(String, String)>,
}

/// A request accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The 101, ready to send.
    pub response: Response,
    pub negotiated: Negotiated,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("method {0:?}: an opening handshake is a GET")]
    Method(String),
    #[error("HTTP/1.0: an opening handshake needs HTTP/1.1")]
    HttpVersion,
    #[error("{0} Host headers: there must be one")]
    Host(usize),
    #[error("no \"Upgrade: websocket\" header: this is a WebSocket endpoint")]
    Upgrade,
    #[error("no \"Connection: Upgrade\" header")]
    Connection,
    #[error("Sec-WebSocket-Version {0:?}: this server speaks 13")]
    Version(String),
    #[error("Sec-WebSocket-Key {0:?}: there must be one, 16 bytes in base64")]
    Key(String),
    #[error("{0}")]
    Extension(#[from] MalformedExtension),
    /// A fault of the server's own configuration.
    #[error("the server is misconfigured: {0}")]
    OwnHeader(#[from] HeaderError),
}

impl Refusal {
    /// The status that says so.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Refusal::Method(_) => 405,
            // RFC 9110 section 15.5.22, and RFC 6455 section 4.4.
            Refusal::Upgrade | Refusal::Version(_) => 426,
            Refusal::OwnHeader(_) => 500,
            _ => 400,
        }
    }

    /// Head and body, ready to send; the connection is to be closed then.
    #[must_use]
    pub fn response(&self) -> (Response, Bytes) {
        let body = format!("{self}\n");
        let length = body.len().to_string();
        let mut headers = vec![
            ("Connection", "close"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", length.as_str()),
        ];
        match self {
            Refusal::Method(_) => headers.push(("Allow", "GET")),
            Refusal::Version(_) => headers.push(("Sec-WebSocket-Version", "13")),
            Refusal::Upgrade => {
                headers[0].1 = "Upgrade, close";
                headers.push(("Upgrade", "websocket"));
            }
            _ => {}
        }
        let own: Vec<_> = headers.into_iter().map(|(name, value)| (name, Some(value.to_owned()))).collect();
        let response = Response::with(self.status(), &own, &[]).expect("our own headers are valid");
        (response, body.into())
    }
}

/// Accepts a client's request, or says why not.
///
/// # Errors
/// The first rule of RFC 6455 section 4.2.1 that the request breaks.
pub fn accept(request: &Request, offer: &ServerOffer) -> Result<Accepted, Refusal> {
    let headers = &request.headers;
    if request.method != "GET" {
        return Err(Refusal::Method(request.method.clone()));
    }
    if request.version == 0 {
        return Err(Refusal::HttpVersion);
    }
    match headers.all("Host").count() {
        1 => {}
        other => return Err(Refusal::Host(other)),
    }
    if !headers.has_token("Upgrade", "websocket") {
        return Err(Refusal::Upgrade);
    }
    if !headers.has_token("Connection", "Upgrade") {
        return Err(Refusal::Connection);
    }
    let version = headers.joined("Sec-WebSocket-Version").unwrap_or_default();
    if version != "13" {
        return Err(Refusal::Version(version));
    }
    let key = headers.joined("Sec-WebSocket-Key").unwrap_or_default();
    if !BASE64_STANDARD.decode(&key).is_ok_and(|bytes| bytes.len() == 16) {
        return Err(Refusal::Key(key));
    }
    // Malformed extensions fail the handshake even where none is spoken (RFC 6455 section 9.1).
    let offers = extensions(headers).collect::<Result<Vec<_>, _>>()?;

    let deflate = offer.deflate.as_ref().and_then(|wants| deflate::choose(&offers, wants));
    let mut asked = headers.list("Sec-WebSocket-Protocol").map(|(name, _)| name);
    let subprotocol =
        asked.find_map(|name| offer.subprotocols.iter().find(|spoken| spoken.as_bytes() == name)).cloned();
    let (deflate, answer) = deflate.unzip();
    let own = [
        ("Upgrade", Some("websocket".to_owned())),
        ("Connection", Some("Upgrade".to_owned())),
        ("Sec-WebSocket-Accept", Some(derive_accept_key(key.as_bytes()))),
        ("Sec-WebSocket-Protocol", subprotocol.clone()),
        (EXTENSIONS, answer.clone()),
    ];
    let response = Response::with(101, &own, &offer.headers)?;
    Ok(Accepted { response, negotiated: Negotiated { subprotocol, extensions: answer, deflate } })
}

#[cfg(test)]
mod tests;
