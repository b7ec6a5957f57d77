//! A server's opening handshake as a script sees it: the request as a map, and what it gives back as an answer.

use rhai::{Array, Dynamic, Map};

use crate::handshake::{Request, Response, ServerOffer};
use crate::session::Answer;

use super::api;
use super::fault::{Fault, Reason};
use super::value::{text, written};

/// What a script can say to a request.
const ANSWERS: &str = "() shakes hands; #{ subprotocol: \"v1\", headers: #{} } does so with these, \
                       #{ status: 401, headers: #{}, body: \"\" } refuses";

/// A request as a map: `#{ path, headers, subprotocols }`.
pub fn requested(request: &Request) -> Map {
    let offered: Array = request
        .headers
        .list("Sec-WebSocket-Protocol")
        .map(|(name, _)| text(String::from_utf8_lossy(name).into_owned()))
        .collect();
    Map::from_iter([
        ("path".into(), text(request.resource.as_str())),
        ("headers".into(), Dynamic::from(api::headers(&request.headers))),
        ("subprotocols".into(), Dynamic::from(offered)),
    ])
}

/// What a value means as an answer; `offer` is what a handshake would be done with.
///
/// # Errors
/// It is none.
pub fn answer(given: &Dynamic, offer: &ServerOffer) -> Result<Answer, Box<Fault>> {
    if given.is_unit() {
        return Ok(Answer::Accept(offer.clone()));
    }
    let no_answer = || {
        let fault = Fault::new(Reason::Script, format!("on_request gave {}, which is no answer", written(given)));
        Box::new(Fault { hint: Some(ANSWERS.into()), ..fault })
    };
    let fields = given.as_map_ref().map_err(|_| no_answer())?;
    let known = |name: &str| ["status", "headers", "body", "subprotocol"].contains(&name);
    if !fields.keys().all(|name| known(name)) {
        return Err(no_answer());
    }
    let mut headers: Vec<(String, String)> = Vec::new();
    if let Some(given) = fields.get("headers") {
        let given = given.as_map_ref().map_err(|_| no_answer())?;
        headers.extend(given.iter().map(|(name, value)| (name.to_string(), value.to_string())));
    }
    let Some(status) = fields.get("status") else {
        let subprotocol = fields.get("subprotocol").map(ToString::to_string);
        let subprotocols = subprotocol.map_or_else(|| offer.subprotocols.clone(), |name| vec![name]);
        return Ok(Answer::Accept(ServerOffer { subprotocols, headers, ..offer.clone() }));
    };
    let status = status.as_int().ok().and_then(|status| u16::try_from(status).ok()).ok_or_else(no_answer)?;
    if !(200..600).contains(&status) {
        return Err(no_answer());
    }
    let body = fields.get("body").map(ToString::to_string).unwrap_or_default();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let (response, body) = Response::plain(status, &headers, &body)
        .map_err(|error| Box::new(Fault::new(Reason::Script, format!("on_request gave no valid headers: {error}"))))?;
    Ok(Answer::Respond { response, body })
}

/// What a client is told whose request made the script fail.
pub fn failed() -> Answer {
    let (response, body) =
        Response::plain(500, &[], "the server's script failed\n").expect("our own headers are valid");
    Answer::Respond { response, body }
}
