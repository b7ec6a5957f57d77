//! What the server does on which path: one table, which feeds routing, the index and the documentation.

mod bad;
mod plain;
mod refusals;
mod rpc;
mod ticker;

use crate::app::server::{Client, plain, room};
use crate::handshake::{DeflateOffer, Request, ServerOffer};
use crate::session::Answer;

/// One path of the server.
#[derive(Debug)]
pub struct Path {
    /// As in the request line, without its query.
    pub path: &'static str,
    /// A query that it understands, question mark included; mostly empty.
    pub query: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// What the opening handshake is answered with.
    answer: fn(&Request) -> Answer,
    /// What happens on the open connection, to its end.
    serve: fn(Client),
}

/// Every path of the server, in the order of the index.
pub static PATHS: &[Path] = &[
    path("/", "sends back what it gets, as /echo", accepted, Client::echo_all),
    path("/echo", "sends back what it gets", accepted, Client::echo_all),
    path("/chat", "sends what it gets to everyone else there", accepted, room::serve),
    path("/ticker", "a price as JSON every 200 ms (?after=N)", accepted, ticker::serve),
    path("/rpc", "JSON-RPC 2.0: echo add time subscribe unsubscribe", accepted, rpc::serve),
    path("/binary", "binary messages of several shapes, then an echo", accepted, plain::binary),
    path("/fragments", "messages in three fragments with a ping inside", accepted, plain::fragments),
    Path { query: "?code=4001&reason=bye", ..path("/close", "closes at once", refusals::close, refusals::serve_close) },
    path("/slow", "sends back what it gets, a second later", accepted, plain::slow),
    path("/auth", "401, or an echo with `Authorization: Bearer demo`", refusals::auth, Client::echo_all),
    path("/redirect", "302 to /echo", refusals::redirect, Client::echo_all),
    path("/bad/reserved-opcode", "a frame with opcode 3", bare, bad::reserved_opcode),
    path("/bad/rsv", "a text with RSV2 set", bare, bad::rsv),
    path("/bad/masked", "a masked text", bare, bad::masked),
    path("/bad/utf8", "a text that is not UTF-8", bare, bad::utf8),
    path("/bad/long-control", "a ping of 126 bytes", bare, bad::long_control),
    path("/bad/fragmented-control", "a ping without FIN", bare, bad::fragmented_control),
    path("/bad/continuation", "a continuation of nothing", bare, bad::continuation),
    path("/bad/interleaved", "a text inside an unfinished text", bare, bad::interleaved),
    path("/bad/length", "a length of 5 in 16 bits", bare, bad::length),
    path("/bad/huge", "a header that claims 2^62 bytes", bare, bad::huge),
    path("/bad/cut", "3 of 10 bytes, then the end of the stream", bare, bad::cut),
    path("/bad/deflate", "RSV1 on what is no DEFLATE data", accepted, bad::deflate),
    path("/bad/close-code", "a close frame with 1006", bare, bad::close_code),
    path("/bad/close-length", "a close frame with half a status code", bare, bad::close_length),
    path("/bad/accept-key", "Sec-WebSocket-Accept for another key", bad::accept_key, Client::echo_all),
    path("/bad/extension", "an extension that nobody asked for", bad::extension, Client::echo_all),
    path("/bad/subprotocol", "a subprotocol that nobody asked for", bad::subprotocol, Client::echo_all),
];

const fn path(path: &'static str, about: &'static str, answer: fn(&Request) -> Answer, serve: fn(Client)) -> Path {
    Path { path, query: "", about, answer, serve }
}

impl Path {
    pub(super) fn serve(&self, client: Client) {
        (self.serve)(client);
    }
}

/// The path of a request line, its query left aside.
pub(super) fn find(resource: &str) -> Option<&'static Path> {
    let (wanted, _) = split(resource);
    PATHS.iter().find(|path| path.path == wanted)
}

/// The answer to any request.
pub(super) fn answer(request: &Request) -> Answer {
    match find(&request.resource) {
        None => refuse(404, &[], &index("")),
        // An ordinary HTTP client, or a person with a browser.
        Some(_) if request.method == "GET" && !request.headers.has_token("Upgrade", "websocket") => {
            refuse(426, &[("Connection", "Upgrade, close"), ("Upgrade", "websocket")], &index(""))
        }
        Some(path) => (path.answer)(request),
    }
}

/// The paths as text, a line each, `base` (`ws://127.0.0.1:7000` or nothing) before each.
#[must_use]
pub fn index(base: &str) -> String {
    let width = PATHS.iter().map(|path| path.path.len() + path.query.len()).max().unwrap_or_default();
    let line = |path: &Path| {
        let address = format!("{}{}", path.path, path.query);
        format!("{base}{address:width$}  {}\n", path.about)
    };
    PATHS.iter().map(line).collect()
}

fn refuse(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let (response, body) = plain(status, headers, body);
    Answer::Respond { response, body }
}

/// Shakes hands with compression if it is asked for.
fn accepted(_: &Request) -> Answer {
    Answer::Accept(ServerOffer { deflate: Some(DeflateOffer::default()), ..ServerOffer::default() })
}

/// Shakes hands without any extension, so that what follows has the same bytes for every client.
fn bare(_: &Request) -> Answer {
    Answer::Accept(ServerOffer::default())
}

/// Path and query, the question mark in neither.
fn split(resource: &str) -> (&str, &str) {
    resource.split_once('?').unwrap_or((resource, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_there_once_and_finds_itself_with_any_query() {
        for (index, path) in PATHS.iter().enumerate() {
            let with_query = format!("{}?a=1?b=2", path.path);
            let found = find(&with_query).map(|found| found.path);
            assert_eq!(found, Some(path.path));
            assert!(PATHS[..index].iter().all(|other| other.path != path.path), "{} is there twice", path.path);
        }
        assert!(find("/echo/").is_none());
        assert!(find("").is_none());
    }

    #[test]
    fn the_index_is_a_line_a_path_within_100_columns() {
        let index = index("ws://127.0.0.1:65535");
        assert_eq!(index.lines().count(), PATHS.len());
        assert!(index.contains("ws://127.0.0.1:65535/close?code=4001&reason=bye  closes at once\n"), "{index}");
        for line in index.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
