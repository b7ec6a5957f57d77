//! Where a connection was opened, as its recording tells, and where its answer sent the client.

use super::score::Score;
use crate::event::Role;
use crate::handshake::{Request, RequestReader, Response, ResponseReader, Target, redirect};
use crate::recording::mask::MASK;

impl Score {
    /// The recorded request in parts.
    #[must_use]
    pub fn asked(&self) -> Option<Request> {
        Some(RequestReader::default().receive(self.request.as_ref()?).ok()??.0)
    }

    /// The recorded answer in parts.
    #[must_use]
    pub fn answered(&self) -> Option<Response> {
        Some(ResponseReader::default().receive(&self.response.as_ref()?.raw).ok()??.0)
    }

    /// Path and query that were asked for, with secrets masked.
    #[must_use]
    pub fn resource(&self) -> String {
        let line = self.request.as_ref().and_then(|request| request.split(|byte| *byte == b'\n').next());
        let asked = line.and_then(|line| std::str::from_utf8(line).ok()?.split(' ').nth(1).map(str::to_owned));
        asked.unwrap_or_else(|| match self.role {
            Role::Server => self.url.clone(),
            Role::Client => Target::parse(&self.url).map_or_else(|_| "/".to_owned(), |target| target.resource),
        })
    }

    /// Whether a target is where this was opened, whatever the scheme: a server does not always know its own.
    #[must_use]
    pub fn is_at(&self, target: &Target) -> bool {
        let same_host = |own: Target| own.host_header().eq_ignore_ascii_case(&target.host_header());
        self.target().is_some_and(same_host) && is_same_resource(&self.resource(), &target.resource)
    }

    /// Where its answer sent the client, if it was a redirect that can be followed.
    #[must_use]
    pub fn redirect(&self) -> Option<Target> {
        let next = redirect(&self.target()?, &self.answered()?);
        Some(next.ok()??.target)
    }

    /// What it was opened to; of a server what its client said.
    fn target(&self) -> Option<Target> {
        match self.role {
            Role::Client => Target::parse(&self.url).ok(),
            Role::Server => Target::parse(&format!("ws://{}{}", self.asked()?.headers.get("Host")?, self.url)).ok(),
        }
    }
}

/// Whether what is asked for is what was; a masked value stands for any.
pub(super) fn is_same_resource(recorded: &str, live: &str) -> bool {
    let (path, query) = split(recorded);
    let (live_path, live_query) = split(live);
    let is_same = |(recorded, live): (&str, &str)| match (recorded.split_once('='), live.split_once('=')) {
        (Some((name, MASK)), Some((live, _))) => name == live,
        _ => recorded == live,
    };
    path == live_path && query.len() == live_query.len() && query.into_iter().zip(live_query).all(is_same)
}

fn split(resource: &str) -> (&str, Vec<&str>) {
    let (path, query) = resource.split_once('?').unwrap_or((resource, ""));
    (path, query.split('&').filter(|part| !part.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Reader;

    /// An attempt to open connection 1, with its answer.
    fn attempt(url: &str, answer: &str) -> String {
        let open = serde_json::json!({"t": 0, "c": 1, "ev": "open", "role": "client", "url": url});
        let status: u16 = answer[..3].parse().expect("a status");
        let raw = format!("HTTP/1.1 {answer}\r\n\r\n");
        format!("{open}\n{}\n", serde_json::json!({"t": 0, "c": 1, "ev": "response", "raw": raw, "status": status}))
    }

    #[track_caller]
    fn hops(attempts: &[(&str, &str)], expected: &[&str]) {
        let lines: String = attempts.iter().map(|(url, answer)| attempt(url, answer)).collect();
        let recording = format!("{{\"wscope\":1,\"created\":\"2026-11-23T04:20:00Z\"}}\n{lines}");
        let reader = Reader::new(recording.as_bytes(), "r").expect("a recording");
        let (scores, _) = Score::of(reader, "r").expect("a connection");
        assert_eq!(scores.len(), 1);
        assert_eq!(scores[0].url, attempts[attempts.len() - 1].0);
        assert_eq!(scores[0].hops.iter().map(|hop| hop.url.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_redirect_that_was_followed_is_kept_and_an_attempt_that_failed_is_not() {
        let to_b = ("ws://a/?token=***", "302 Found\r\nLocation: https://B/?token=***");
        let (busy, b) = (("wss://b/?token=***", "503 Busy"), ("wss://b/?token=***", "101 Switching"));
        hops(&[to_b, b], &[to_b.0]);
        hops(&[to_b, busy, to_b, b], &[to_b.0]);
        hops(&[to_b, to_b, b], &[to_b.0]);
        hops(&[busy, b], &[]);
        hops(&[("ws://c/", "301 Moved\r\nLocation: //a/?token=1"), to_b, b], &["ws://c/", to_b.0]);
    }
}
