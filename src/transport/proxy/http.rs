//! HTTP `CONNECT` (RFC 9110 section 9.3.6), with Basic authentication (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Dialogue, ProxyFailure, Stop, beginning};
use crate::transport::{Prefixed, Transport};

/// Bytes of a response head, at most.
const MAX_HEAD: usize = 64 << 10;
/// Bytes of a refusal's body worth showing.
const MAX_BODY: usize = 512;

/// Asks for the tunnel. What came behind the head of a 2xx belongs to the tunnel.
pub(super) fn connect(
    mut dialogue: Dialogue<'_, '_>,
    login: Option<&(String, String)>,
) -> Result<Box<dyn Transport>, Stop> {
    let target = &dialogue.target;
    let authorization = login.map(|(user, password)| {
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        format!("Proxy-Authorization: Basic {credentials}\r\n")
    });
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{}\r\n", authorization.unwrap_or_default());
    dialogue.say(request.as_bytes())?;

    let mut received = Vec::new();
    let head = loop {
        hear_more(&mut dialogue, &mut received)?;
        if let Some(head) = head(&received)? {
            break head;
        }
        if received.len() > MAX_HEAD {
            return Err(ProxyFailure::TooLong { what: "answer's head", length: received.len(), limit: MAX_HEAD }.into());
        }
    };
    let mut body = received.split_off(head.length);
    if (200..300).contains(&head.status) {
        return Ok(Prefixed::wrap(body, dialogue.stream));
    }
    // The rest of a body that never comes must not hide the refusal.
    while body.len() < head.body.min(MAX_BODY) && hear_more(&mut dialogue, &mut body).is_ok() {}
    body.truncate(MAX_BODY);
    let status_line = received.split(|&byte| byte == b'\r' || byte == b'\n').next().unwrap_or_default();
    Err(ProxyFailure::Refused {
        status: head.status,
        status_line: String::from_utf8_lossy(status_line).escape_debug().to_string(),
        body: String::from_utf8_lossy(&body).trim().to_owned(),
    }
    .into())
}

struct Head {
    /// Bytes, blank line included.
    length: usize,
    status: u16,
    /// `Content-Length`, 0 if there is none.
    body: usize,
}

/// The response's head, once it is whole.
fn head(received: &[u8]) -> Result<Option<Head>, ProxyFailure> {
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(received) {
        Ok(httparse::Status::Partial) => Ok(None),
        Ok(httparse::Status::Complete(length)) => {
            let named = |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case("content-length");
            let value = response.headers.iter().find(named).map(|header| header.value);
            let body = value.and_then(|value| std::str::from_utf8(value).ok()?.trim().parse().ok()).unwrap_or(0);
            Ok(Some(Head { length, status: response.code.unwrap_or(0), body }))
        }
        Err(_) => Err(ProxyFailure::OtherProtocol { protocol: "HTTP", received: beginning(received) }),
    }
}

fn hear_more(dialogue: &mut Dialogue<'_, '_>, received: &mut Vec<u8>) -> Result<(), Stop> {
    let mut buffer = [0; 4096];
    let count = dialogue.hear(&mut buffer)?;
    received.extend_from_slice(&buffer[..count]);
    Ok(())
}
