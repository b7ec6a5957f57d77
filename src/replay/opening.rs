//! The recorded opening handshake offered again: its headers in their order and spelling, its subprotocols and extensions, its
//! path. What the user says is stronger, and what was masked is not sent.

use super::score::Score;
use crate::handshake::Target;
use crate::recording::mask::MASK;
use crate::session::ConnectOptions;
use crate::session::options::Compress;

/// What this connection's handshake says by itself: of its own hop, or of its own making.
const OWN: [&str; 11] = [
    "host",
    "connection",
    "upgrade",
    "sec-websocket-key",
    "sec-websocket-version",
    "content-length",
    "transfer-encoding",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "te",
];

/// How to connect as the recorded client did.
#[derive(Clone, Debug)]
pub struct Offer {
    pub options: ConnectOptions,
    /// What of the recorded request was masked, and not given otherwise: names of headers.
    pub masked: Vec<String>,
    /// Whether the recorded path, which is asked for again, has masked values.
    pub path_masked: bool,
}

/// The options with all of the recorded request that they leave open. `compress`: they say what to offer of compression.
#[must_use]
pub fn offer(score: &Score, options: ConnectOptions, compress: bool) -> Offer {
    let mut offer = Offer { options, masked: Vec::new(), path_masked: false };
    let Some(request) = score.asked() else { return offer };
    if !Target::names_resource(&offer.options.url) {
        offer.options.url += &request.resource;
        offer.path_masked = request.resource.contains(MASK);
    }
    if !compress {
        offer.options.compress = Compress::Off;
    }
    let mut recorded = Vec::new();
    for header in &request.headers {
        let given = OWN.iter().any(|own| header.name.eq_ignore_ascii_case(own))
            || is_given(&offer.options, &header.name)
            || compress && header.name.eq_ignore_ascii_case("sec-websocket-extensions");
        let value = header.text().into_owned();
        if !given && value.contains(MASK) {
            offer.masked.push(header.name.clone());
        } else if !given {
            recorded.push((header.name.clone(), value));
        }
    }
    offer.options.order = request.headers.iter().map(|header| header.name.clone()).collect();
    offer.options.headers.splice(0..0, recorded);
    offer
}

/// Whether the options say this header themselves.
fn is_given(options: &ConnectOptions, name: &str) -> bool {
    let is = |own: &str| name.eq_ignore_ascii_case(own);
    options.headers.iter().any(|(given, _)| is(given))
        || is("origin") && options.origin.is_some()
        || is("sec-websocket-protocol") && !options.subprotocols.is_empty()
        || is("cookie") && !options.cookies.is_empty()
        || is("authorization")
            && (options.authorization.is_some()
                || Target::parse(&options.url).is_ok_and(|target| target.user_info.is_some()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::event::Role;

    const REQUEST: &str = "GET /chat?room=1&token=*** HTTP/1.1\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nUser-Agent: odd/1\r\nHOST: example.org\r\nX-Two: 1\r\n\
        authorization: ***\r\nX-Two: 2\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nOrigin: http://a\r\n\
        Sec-WebSocket-Version: 13\r\nCookie: a=***; b=***\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\
        Sec-WebSocket-Protocol: v2, v1\r\n\r\n";

    fn score() -> Score {
        Score {
            number: 1,
            role: Role::Client,
            url: "ws://example.org/chat".into(),
            opened: Duration::ZERO,
            began: Duration::ZERO,
            request: Some(Bytes::from(REQUEST)),
            response: None,
            ready: None,
            steps: Vec::new(),
            end: None,
            hops: Vec::new(),
        }
    }

    fn asked(options: &ConnectOptions) -> String {
        let target = Target::parse(&options.url).expect("a URL");
        let opening = crate::handshake::Opening {
            origin: options.origin.as_deref(),
            subprotocols: &options.subprotocols,
            cookies: &options.cookies,
            headers: &options.headers,
            order: &options.order,
            ..crate::handshake::Opening::new(&target, "KEY")
        };
        String::from_utf8(opening.request().expect("good headers").raw.to_vec()).expect("text")
    }

    #[test]
    fn the_recorded_request_is_asked_again_less_what_was_masked() {
        let offer = offer(&score(), ConnectOptions::new("localhost:7000"), false);
        assert_eq!(offer.masked, ["authorization", "Cookie"]);
        assert!(offer.path_masked);
        let expected = "GET /chat?room=1&token=*** HTTP/1.1\r\nsec-websocket-key: KEY\r\nUser-Agent: odd/1\r\n\
            HOST: localhost:7000\r\nX-Two: 1\r\nX-Two: 2\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Origin: http://a\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\
            Sec-WebSocket-Protocol: v2, v1\r\n\r\n";
        assert_eq!(asked(&offer.options), expected);
    }

    #[test]
    fn what_the_user_says_is_stronger() {
        let mut options = ConnectOptions::new("ws://ann:pw@localhost:7000/other");
        options.headers = vec![("x-two".into(), "3".into()), ("X-New".into(), "4".into())];
        options.subprotocols = vec!["v3".into()];
        options.cookies = vec!["a=b".into()];
        options.origin = Some("http://b".into());
        let offer = offer(&score(), options, true);
        assert!(offer.masked.is_empty() && !offer.path_masked);
        let expected = "GET /other HTTP/1.1\r\nsec-websocket-key: KEY\r\nUser-Agent: odd/1\r\nHOST: localhost:7000\r\n\
            X-Two: 3\r\nauthorization: Basic YW5uOnB3\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://b\r\n\
            Sec-WebSocket-Version: 13\r\nCookie: a=b\r\nSec-WebSocket-Protocol: v3\r\nX-New: 4\r\n\r\n";
        assert_eq!(asked(&offer.options), expected);
    }
}
