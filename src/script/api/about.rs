//! What a connection tells of itself, and what a failure tells.

use rhai::plugin::*;
use rhai::{Dynamic, INT, Map};

use crate::handshake::{Headers, ResponseReader};
use crate::script::connection::Connection;
use crate::script::failure::Failure;
use crate::script::failure::FailureKind;
use crate::script::host::Host;
use crate::script::inbox::Opening;
use crate::script::value::{count, text};
use crate::session::OpenError;

#[export_module]
pub mod api {
    /// The URL as it was asked for.
    #[rhai_fn(get = "url", pure)]
    pub fn url(ws: &mut Connection) -> String {
        ws.url().to_owned()
    }

    /// Its number in the recording, from 1.
    #[rhai_fn(get = "number", pure)]
    pub fn number(ws: &mut Connection) -> INT {
        INT::from(ws.number())
    }

    /// Whether it is open still.
    #[rhai_fn(get = "is_open", pure)]
    pub fn is_open(context: NativeCallContext, ws: &mut Connection) -> bool {
        ws.is_open(&Host::of(&context))
    }

    /// The opening handshake: `#{ request, response, status, reason, headers, body }`. `request` and `response` are the
    /// heads as on the wire, `headers` those of the response with lower-case names.
    #[rhai_fn(get = "handshake", pure)]
    pub fn handshake(context: NativeCallContext, ws: &mut Connection) -> Map {
        super::handshake(&opening(&context, ws))
    }

    /// The subprotocol that was agreed on, or `()`.
    #[rhai_fn(get = "subprotocol", pure)]
    pub fn subprotocol(context: NativeCallContext, ws: &mut Connection) -> Dynamic {
        maybe(opening(&context, ws).ready.and_then(|ready| ready.negotiated.subprotocol))
    }

    /// The extensions that were agreed on, as the server wrote them, or `()`.
    #[rhai_fn(get = "extensions", pure)]
    pub fn extensions(context: NativeCallContext, ws: &mut Connection) -> Dynamic {
        maybe(opening(&context, ws).ready.and_then(|ready| ready.negotiated.extensions))
    }

    /// What TLS agreed on: `#{ version, cipher, alpn, server_name, subject, issuer }`, or `()` without TLS.
    #[rhai_fn(get = "tls", pure)]
    pub fn tls(context: NativeCallContext, ws: &mut Connection) -> Dynamic {
        let Some((_, tls)) = opening(&context, ws).open.and_then(|open| open.tls) else { return Dynamic::UNIT };
        let (subject, issuer) = tls.certificate.map(|it| (it.subject, it.issuer)).unzip();
        Dynamic::from(Map::from_iter([
            ("version".into(), maybe(tls.version)),
            ("cipher".into(), maybe(tls.cipher)),
            ("alpn".into(), maybe(tls.alpn)),
            ("server_name".into(), maybe(tls.server_name)),
            ("subject".into(), maybe(subject)),
            ("issuer".into(), maybe(issuer)),
        ]))
    }

    /// Counters so far: `#{ sent: #{ frames, messages, bytes }, received: #{ ... }, violations }`, bytes of payload.
    #[rhai_fn(get = "stats", pure)]
    pub fn stats(context: NativeCallContext, ws: &mut Connection) -> Map {
        let tally = ws.queue(&Host::of(&context), |queue| queue.tally);
        let way = |at: usize| {
            Dynamic::from(Map::from_iter([
                ("frames".into(), count(tally.frames[at]).into()),
                ("messages".into(), count(tally.messages[at]).into()),
                ("bytes".into(), count(tally.bytes[at]).into()),
            ]))
        };
        Map::from_iter([
            ("received".into(), way(0)),
            ("sent".into(), way(1)),
            ("violations".into(), count(tally.violations).into()),
        ])
    }

    /// `Connection 1 to ws://...`
    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub fn connection_to_string(ws: &mut Connection) -> String {
        format!("connection {} to {}", ws.number(), ws.url())
    }

    /// One line about what went wrong.
    #[rhai_fn(get = "message", pure)]
    pub fn failure_message(failure: &mut Failure) -> String {
        failure.message.clone()
    }

    /// `"expectation"`, `"open"` (no connection), `"send"`, `"file"` or `"usage"`.
    #[rhai_fn(get = "kind", pure)]
    pub fn failure_kind(failure: &mut Failure) -> String {
        failure.kind.name().to_owned()
    }

    /// The status of a refused opening handshake, or `()`.
    #[rhai_fn(get = "status", pure)]
    pub fn failure_status(failure: &mut Failure) -> Dynamic {
        match &failure.kind {
            FailureKind::Open(error) => match &**error {
                OpenError::Refused { status, .. } => INT::from(*status).into(),
                _ => Dynamic::UNIT,
            },
            _ => Dynamic::UNIT,
        }
    }

    /// The line about what went wrong.
    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub fn failure_to_string(failure: &mut Failure) -> String {
        failure.message.clone()
    }
}

fn opening(context: &NativeCallContext<'_>, ws: &Connection) -> Opening {
    ws.queue(&Host::of(context), |queue| queue.opening.clone())
}

fn handshake(opening: &Opening) -> Map {
    let raw = |bytes: &[u8]| text(String::from_utf8_lossy(bytes).into_owned());
    let mut map = Map::new();
    map.insert("request".into(), opening.request.as_deref().map_or(Dynamic::UNIT, raw));
    let Some(response) = &opening.response else { return map };
    map.insert("response".into(), raw(&response.raw));
    map.insert("status".into(), INT::from(response.status).into());
    map.insert("body".into(), raw(&response.body));
    if let Ok(Some((parsed, _))) = ResponseReader::default().receive(&response.raw) {
        map.insert("reason".into(), text(parsed.reason));
        map.insert("headers".into(), Dynamic::from(headers(&parsed.headers)));
    }
    map
}

/// Names in lower case; a header that is there twice has its values joined by `, `.
pub fn headers(headers: &Headers) -> Map {
    let names = headers.iter().map(|header| header.name.clone());
    let value = |name: &str| maybe(headers.joined(name));
    names.map(|name| (name.to_lowercase().into(), value(&name))).collect()
}

pub fn maybe(value: Option<String>) -> Dynamic {
    value.map_or(Dynamic::UNIT, text)
}
