//! How two opening handshakes differ: start lines, and headers by name. Their order and the case of names don't matter.
//!
//! Left out are the headers that differ every time: `Sec-WebSocket-Key`, `Sec-WebSocket-Accept`, `Date`.

use std::fmt;

use bytes::Bytes;

use crate::handshake::{Headers, RequestReader, ResponseReader};
use crate::replay::Score;

const VOLATILE: [&str; 3] = ["sec-websocket-key", "sec-websocket-accept", "date"];

/// One that is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// `request` or `response`.
    pub(super) part: &'static str,
    /// The header's name as spelled; `None`: the start line, or all of a head that can't be read.
    pub(super) header: Option<String>,
    /// What stands there, several headers of a name in order; `None`: nothing.
    pub(super) values: [Option<String>; 2],
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.values.each_ref().map(|value| value.as_deref().unwrap_or("nothing"));
        match &self.header {
            Some(name) => write!(out, "{} {name}: {a} -> {b}", self.part),
            None => write!(out, "{}: {a} -> {b}", self.part),
        }
    }
}

/// What differs, the request first.
pub(super) fn differences(a: &Score, b: &Score, ignored: &[String]) -> Vec<Difference> {
    let is_ignored = |name: &str| {
        let same = |other: &str| other.eq_ignore_ascii_case(name);
        VOLATILE.iter().any(|other| same(other)) || ignored.iter().any(|other| same(other))
    };
    let requests = [a, b].map(|score| score.request.as_ref().map(request));
    let responses = [a, b].map(|score| score.response.as_ref().map(|response| response_head(&response.raw)));
    let mut found = Vec::new();
    for (part, heads) in [("request", requests), ("response", responses)] {
        let start_lines = heads.each_ref().map(|head| head.as_ref().map(|head| head.0.clone()));
        if start_lines[0] != start_lines[1] {
            found.push(Difference { part, header: None, values: start_lines });
        }
        let [Some((_, one)), Some((_, other))] = heads else { continue };
        let mut names: Vec<&str> = Vec::new();
        for header in one.iter().chain(&other) {
            if !names.iter().any(|name| name.eq_ignore_ascii_case(&header.name)) && !is_ignored(&header.name) {
                names.push(&header.name);
            }
        }
        for name in names {
            let values = [one.joined(name), other.joined(name)];
            if values[0] != values[1] {
                found.push(Difference { part, header: Some(name.to_owned()), values });
            }
        }
    }
    found
}

/// Start line and headers.
type Head = (String, Headers);

fn request(raw: &Bytes) -> Head {
    match RequestReader::default().receive(raw) {
        Ok(Some((request, _))) => {
            (format!("{} {} HTTP/1.{}", request.method, request.resource, request.version), request.headers)
        }
        _ => unread(raw),
    }
}

fn response_head(raw: &Bytes) -> Head {
    match ResponseReader::default().receive(raw) {
        Ok(Some((response, _))) => {
            let line = format!("HTTP/1.{} {} {}", response.version, response.status, response.reason);
            (line.trim_end().to_owned(), response.headers)
        }
        _ => unread(raw),
    }
}

fn unread(raw: &Bytes) -> Head {
    (String::from_utf8_lossy(raw).into_owned(), Headers::default())
}
