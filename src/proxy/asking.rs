//! What the server is asked for when a client asks us: the same resource and headers, in an opening handshake of our own.

use crate::handshake::{HeaderError, Request, Target, TargetError, deflate_offers};
use crate::session::ConnectOptions;
use crate::session::options::{Authorization, Compress};

/// Headers that each leg has its own of; the host is the server's.
const OWN: [&str; 5] =
    ["Host", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions", "Sec-WebSocket-Accept"];

/// The server, and how to connect to it.
pub(super) struct Upstream {
    pub(super) options: ConnectOptions,
    pub(super) target: Target,
}

impl Upstream {
    pub(super) fn new(options: ConnectOptions) -> Result<Upstream, TargetError> {
        let target = Target::parse(&options.url)?;
        let user_info = target.user_info.clone().map(|(user, password)| Authorization::Basic { user, password });
        let authorization = options.authorization.clone().or(user_info);
        // What keeps a connection is up to its two ends.
        let options =
            ConnectOptions { authorization, ping_interval: None, ping_timeout: None, reconnect: None, ..options };
        Ok(Upstream { options, target })
    }

    /// Whether the server is offered the compression that the client offers.
    pub(super) fn offers_as_the_client(&self) -> bool {
        self.options.compress == Compress::default()
    }

    /// Where a client's request goes.
    pub(super) fn target(&self, request: &Request) -> Target {
        Target { resource: join(&self.target.resource, &request.resource), user_info: None, ..self.target.clone() }
    }

    /// How to open the server's leg for this request.
    pub(super) fn options(&self, request: &Request) -> ConnectOptions {
        let mut headers = request.headers.passed_on(&self.replaced(), &self.options.headers);
        let mut compress = self.options.compress.clone();
        if self.offers_as_the_client() {
            compress = Compress::Off;
            headers.extend(deflate_offers(request).map(|offers| ("Sec-WebSocket-Extensions".to_owned(), offers)));
        }
        let url = self.target(request).url();
        ConnectOptions { url, headers, compress, ..self.options.clone() }
    }

    /// What goes to the server for a request that is no opening handshake.
    pub(super) fn http_request(&self, request: &Request, target: &Target) -> Result<Request, HeaderError> {
        let set = self.set().map(|(name, value)| (name.to_owned(), value));
        let changes: Vec<_> = self.options.headers.iter().cloned().chain(set).collect();
        request.passed_on(target, &["Host"], &changes)
    }

    /// Headers of the client that an opening handshake of ours has something else for.
    fn replaced(&self) -> Vec<&'static str> {
        let subprotocols = (!self.options.subprotocols.is_empty()).then_some("Sec-WebSocket-Protocol");
        OWN.into_iter().chain(subprotocols).chain(self.set().map(|(name, _)| name)).collect()
    }

    /// Headers that have options of their own, as far as those are given.
    fn set(&self) -> impl Iterator<Item = (&'static str, String)> {
        let ConnectOptions { origin, authorization, cookies, .. } = &self.options;
        let set = [
            ("Origin", origin.clone()),
            ("Authorization", authorization.as_ref().map(Authorization::value)),
            ("Cookie", (!cookies.is_empty()).then(|| cookies.join("; "))),
        ];
        set.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

/// The path of the URL that was given, then the client's; both queries, the client's first. A client that asks for `/` asks
/// for the URL as it was given, and without a path in that the client's resource stays as it is.
fn join(given: &str, asked: &str) -> String {
    let (path, query) = given.split_once('?').unwrap_or((given, ""));
    let (asked_path, asked_query) = asked.split_once('?').unwrap_or((asked, ""));
    let path = match asked_path {
        "/" => path.to_owned(),
        asked => format!("{}{asked}", path.trim_end_matches('/')),
    };
    let queries: Vec<&str> = [asked_query, query].into_iter().filter(|query| !query.is_empty()).collect();
    if queries.is_empty() { path } else { format!("{path}?{}", queries.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::RequestReader;

    fn request(text: &str) -> Request {
        let text = format!("{}\r\n\r\n", text.replace('\n', "\r\n"));
        RequestReader::default().receive(text.as_bytes()).expect("a request").expect("all of it").0
    }

    #[test]
    fn a_path_of_the_url_goes_before_the_clients() {
        for (given, asked, joined) in [
            ("/", "/", "/"),
            ("/", "/chat?x=1", "/chat?x=1"),
            ("/live", "/", "/live"),
            ("/live/", "/", "/live/"),
            ("/live", "/chat", "/live/chat"),
            ("/live/", "/chat?x=1", "/live/chat?x=1"),
            ("/live?key=a", "/?x=1", "/live?x=1&key=a"),
            ("/?key=a", "/chat", "/chat?key=a"),
        ] {
            assert_eq!(join(given, asked), joined, "{given} {asked}");
        }
    }

    #[test]
    fn the_clients_headers_go_along_and_ours_stand_in_for_them() {
        let mut options = ConnectOptions::new("ws://ann:secret@server:9/base");
        options.headers = vec![("X-Debug".into(), "1".into()), ("user-agent".into(), String::new())];
        options.cookies = vec!["a=b".into()];
        let upstream = Upstream::new(options).expect("a URL");
        let asked = request(
            "GET /chat HTTP/1.1\nHost: localhost:9000\nConnection: Upgrade, X-Hop\nUpgrade: websocket\nX-Hop: 1\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\nOrigin: http://page\n\
             Sec-WebSocket-Extensions: x-other, permessage-deflate; client_max_window_bits\nSec-WebSocket-Protocol: chat, soap\n\
             Cookie: session=1\nAuthorization: Bearer x\nUser-Agent: browser\nX-Debug: 0",
        );
        let options = upstream.options(&asked);
        let headers: Vec<String> = options.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(
            headers,
            [
                "Origin: http://page",
                "Sec-WebSocket-Protocol: chat, soap",
                "X-Debug: 1",
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
            ]
        );
        assert_eq!(options.url, "ws://server:9/base/chat");
        assert_eq!(options.compress, Compress::Off);
        let basic = Authorization::Basic { user: "ann".into(), password: "secret".into() };
        assert_eq!((options.authorization, options.cookies), (Some(basic), vec!["a=b".to_owned()]));
    }
}
