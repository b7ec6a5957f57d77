//! The opening handshake of a script: the options that make the same request again, and what is expected of the answer.

use super::head::{Head, request};
use super::literal::{Node, Part, interpolated, string};
use super::talk::Talk;
use crate::handshake::{Header, Request};

/// What is offered unless something else is said.
const DEFLATE: &str = "permessage-deflate; client_max_window_bits";

/// Headers that a request has by itself, and their values.
const OWN: [(&str, Option<&str>); 5] = [
    ("Connection", Some("Upgrade")),
    ("Upgrade", Some("websocket")),
    ("Sec-WebSocket-Version", Some("13")),
    ("Sec-WebSocket-Key", None),
    ("Sec-WebSocket-Protocol", None),
];

/// The lines that connect, each without its indentation: `name` is the connection from then on.
pub(super) fn lines(talk: &Talk, name: &str, head: &mut Head) -> Vec<String> {
    let options = options(talk, head);
    let url = head.url(talk);
    let connect = |indent: usize| match &options {
        Node::Map(all) if all.is_empty() => format!("connect({url})"),
        options => format!("connect({url}, {})", options.text(indent)),
    };
    if !talk.opening.failed {
        let mut lines = vec![format!("let {name} = {};", connect(4))];
        if let Some(subprotocol) = talk.opening.agreed.as_ref().and_then(|agreed| agreed.subprotocol.as_ref()) {
            lines.push(format!("assert_eq({name}.subprotocol, {}, \"the subprotocol\");", string(subprotocol)));
        }
        return lines;
    }
    let attempt = format!("    {}.drop();", connect(8));
    let refusal = talk.opening.status.filter(|status| !matches!(status, 0 | 101));
    let lines: Vec<String> = match refusal {
        Some(status) => vec![
            "let status = 101;".into(),
            "try {".into(),
            attempt,
            "} catch (failure) {".into(),
            "    status = failure.status;".into(),
            "}".into(),
            format!("assert_eq(status, {status}, \"the status of the answer\");"),
        ],
        None => vec![
            "let failed = false;".into(),
            "try {".into(),
            attempt,
            "} catch {".into(),
            "    failed = true;".into(),
            "}".into(),
            "assert(failed, \"it can't be opened\");".into(),
        ],
    };
    lines
}

fn options(talk: &Talk, head: &mut Head) -> Node {
    let is = |text: &str| Node::Is(string(text));
    let mut options = Vec::new();
    if let Some(request) = request(talk) {
        handshake(talk, &request, head, &mut options);
    }
    if talk.opening.follows {
        options.push(("follow_redirects".to_owned(), Node::Is("true".to_owned())));
    }
    if talk.went_on {
        options.push(("on_violation".to_owned(), is("continue")));
    }
    if let Some(path) = &talk.unix {
        options.push(("unix".to_owned(), is(path)));
    }
    Node::Map(options)
}

fn handshake(talk: &Talk, request: &Request, head: &mut Head, options: &mut Vec<(String, Node)>) {
    let offered: Vec<String> = request
        .headers
        .list("Sec-WebSocket-Protocol")
        .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
        .collect();
    if !offered.is_empty() {
        let offered = offered.iter().map(|name| Node::Is(string(name))).collect();
        options.push(("subprotocols".to_owned(), Node::List(offered)));
    }
    let extensions = request.headers.joined("Sec-WebSocket-Extensions");
    let is_deflate = |offer: &str| offer.starts_with("permessage-deflate") && !offer.contains(',');
    match &extensions {
        None => options.push(("no_compress".to_owned(), Node::Is("true".to_owned()))),
        Some(offer) if offer == DEFLATE => {}
        Some(offer) if is_deflate(offer) => options.push(("compress".to_owned(), Node::Is(string(offer)))),
        Some(_) => {}
    }
    let given: Vec<&Header> =
        request.headers.iter().filter(|header| is_given(talk, header, extensions.as_deref())).collect();
    let value = |header: &Header, head: &mut Head| head.parts(&header.text(), &header.name);
    let whole = |parts: &[Part]| match parts {
        [Part::Variable(name)] => name.clone(),
        parts => interpolated(parts),
    };
    let twice = |header: &Header| request.headers.all(&header.name).nth(1).is_some();
    if given.is_empty() {
        return;
    }
    let headers = if given.iter().any(|header| twice(header)) {
        let line = |header: &&Header| {
            let mut parts = vec![Part::Text(format!("{}: ", header.name))];
            parts.extend(value(header, head));
            Node::Is(interpolated(&parts))
        };
        Node::List(given.iter().map(line).collect())
    } else {
        let field = |header: &&Header| (header.name.clone(), Node::Is(whole(&value(header, head))));
        Node::Map(given.iter().map(field).collect())
    };
    options.push(("headers".to_owned(), headers));
}

/// Whether a header has to be given to be there.
fn is_given(talk: &Talk, header: &Header, extensions: Option<&str>) -> bool {
    let (name, value) = (&header.name, header.text());
    if name.eq_ignore_ascii_case("Host") {
        return talk.url.contains("://")
            && !talk.url.contains(&format!("//{value}"))
            && !talk.url.contains(&format!("@{value}"));
    }
    if name.eq_ignore_ascii_case("Sec-WebSocket-Extensions") {
        return extensions.is_some_and(|offer| !offer.starts_with("permessage-deflate") || offer.contains(','));
    }
    let own = OWN.iter().find(|(own, _)| name.eq_ignore_ascii_case(own));
    own.is_none_or(|(_, usual)| usual.is_some_and(|usual| !value.eq_ignore_ascii_case(usual)))
}
