//! What stands before the cases: where the script comes from, how to run it, and its variables: URLs, masked secrets, and what
//! any value of a kind is called.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use super::literal::{Part, interpolated, is_name, remark, string};
use super::talk::{Talk, Talks};
use crate::exchange::export::{Source, wall::Wall};
use crate::handshake::{Request, RequestReader};
use crate::recording::mask::MASK;

/// The variables of a script.
#[derive(Debug)]
pub(super) struct Head {
    servers: Vec<Server>,
    /// What has to be given, since it was masked.
    secrets: Vec<String>,
    /// Which of [`ANY`] are used.
    any: [bool; 3],
}

/// A server that was connected to.
#[derive(Debug)]
struct Server {
    /// `ws://host:port`
    origin: String,
    /// Path and query, if there is only one.
    resource: Option<String>,
    variable: String,
}

/// Any value of a kind, and which these are.
const ANY: [(Any, &str, &str); 3] = [
    (Any::Text, "any_text", r#"|value| type_of(value) == "string""#),
    (Any::Number, "any_number", r#"|value| type_of(value) in ["i64", "f64"]"#),
    (Any::Thing, "anything", "|_| true"),
];

/// A kind of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Any {
    Text,
    Number,
    Thing,
}

impl Head {
    pub(super) fn new(talks: &Talks) -> Head {
        let mut servers: Vec<Server> = Vec::new();
        for talk in &talks.all {
            let (origin, resource) = address(talk);
            if let Some(known) = servers.iter_mut().find(|server| server.origin == origin) {
                known.resource.take_if(|known| *known != resource);
                continue;
            }
            let number = servers.len() + 1;
            let variable = if number == 1 { "url".to_owned() } else { format!("url{number}") };
            servers.push(Server { origin, resource: Some(resource), variable });
        }
        Head { servers, secrets: Vec::new(), any: [false; 3] }
    }

    /// The URL of a connection, as an expression.
    pub(super) fn url(&mut self, talk: &Talk) -> String {
        let (origin, resource) = address(talk);
        let server = self.servers.iter().find(|server| server.origin == origin);
        let Some(server) = server else { return string(&talk.url) };
        if server.resource.is_some() {
            return server.variable.clone();
        }
        let mut parts = vec![Part::Variable(server.variable.clone())];
        parts.extend(self.parts(&resource, "secret"));
        interpolated(&parts)
    }

    /// A text in which variables stand for what was masked; what has no name of its own is called `otherwise`.
    pub(super) fn parts(&mut self, text: &str, otherwise: &str) -> Vec<Part> {
        let mut parts = Vec::new();
        for (at, piece) in text.split(MASK).enumerate() {
            if at > 0 {
                let before = parts.last().map(|(Part::Text(text) | Part::Variable(text))| text.as_str());
                let name = variable(named(before.unwrap_or_default()).unwrap_or(otherwise), "secret");
                let is_url = self.servers.iter().any(|server| server.variable == name);
                let name = if is_url { format!("{name}_secret") } else { name };
                if !self.secrets.contains(&name) {
                    self.secrets.push(name.clone());
                }
                parts.push(Part::Variable(name));
            }
            if !piece.is_empty() {
                parts.push(Part::Text(piece.to_owned()));
            }
        }
        parts
    }

    /// What any value of a kind is called.
    pub(super) fn any(&mut self, kind: Any) -> String {
        let at = ANY.iter().position(|(known, ..)| *known == kind).unwrap_or_default();
        self.any[at] = true;
        ANY[at].1.to_owned()
    }

    /// Whether a variable of the script is called so.
    pub(super) fn has(&self, name: &str) -> bool {
        self.secrets.iter().any(|secret| secret == name) || self.servers.iter().any(|server| server.variable == name)
    }

    /// The beginning of the script, which belongs before all that was asked for.
    pub(super) fn text(&mut self, source: &Source, wall: &Wall, talks: &Talks) -> String {
        let urls: Vec<(String, String)> = (0..self.servers.len()).map(|at| self.server(at)).collect();
        let mut text = String::new();
        let name = remark(&source.name());
        let script = remark(&std::path::Path::new(&source.name()).with_extension("rhai").display().to_string());
        let when = source.header().created.map(|_| {
            let mut when = Vec::new();
            wall.clone().write(Duration::ZERO, &mut when);
            format!(", recorded at {}", String::from_utf8_lossy(&when))
        });
        let connections = talks.all.iter().map(|talk| talk.number.to_string()).collect::<Vec<_>>();
        let connections = match &*connections {
            [] => "no connection".to_owned(),
            [one] => format!("connection {one}"),
            all if all.len() <= 12 => format!("connections {}", all.join(", ")),
            all => format!("{} connections", all.len()),
        };
        let _ = writeln!(text, "// The session of {name}{}: {connections}.", when.unwrap_or_default());
        let _ = writeln!(
            text,
            "// It is sent again as it was, as fast as the answers come, and they are expected to be the same.\n//"
        );
        let given: Vec<String> = self.secrets.iter().map(|name| format!(" --secret {name}=VALUE")).collect();
        let given = given.concat();
        let _ = writeln!(text, "//     wscope test{given} {script}");
        let whole = self.servers.first().is_some_and(|server| server.resource.is_some());
        let another = if whole { "wss://example.org/path" } else { "wss://example.org" };
        if !self.servers.is_empty() {
            let _ = writeln!(text, "//     wscope test{given} --var url={another} {script}");
        }
        if self.any.contains(&true) {
            text += "//\n// What changes from run to run, or looks like it, may have any value.\n";
        }
        text.push('\n');
        if !self.secrets.is_empty() {
            text += "// Masked in the recording.\n";
        }
        for name in &self.secrets {
            let _ = writeln!(text, "let {name} = variable({});", string(name));
        }
        for (name, url) in urls {
            let _ = writeln!(text, "let {name} = variable({}, {url});", string(&name));
        }
        for ((_, name, is), _) in ANY.iter().zip(self.any).filter(|(_, used)| *used) {
            let _ = writeln!(text, "let {name} = {is};");
        }
        text
    }

    /// A server's variable, and its value in the recording.
    fn server(&mut self, at: usize) -> (String, String) {
        let Server { origin, resource, variable } = &self.servers[at];
        let (variable, url) = (variable.clone(), format!("{origin}{}", resource.as_deref().unwrap_or_default()));
        let parts = self.parts(&url, "secret");
        (variable, interpolated(&parts))
    }
}

/// The name of a field, a header or a parameter whose value is behind this text.
pub(super) fn named(before: &str) -> Option<&str> {
    NAMED.captures(before)?.get(1).map(|name| name.as_str())
}

static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"([A-Za-z][A-Za-z0-9_-]*)["']?\s*[:=]\s*["']?(?:\w+ )?$"#).expect("a regular expression")
});

/// A name as one of a variable.
pub(super) fn variable(name: &str, otherwise: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && words.ends_with(|c: char| c.is_ascii_lowercase()) {
            words.push('_');
        }
        words.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
    }
    if is_name(&words) { words } else { otherwise.to_owned() }
}

/// A client's request, if it can be read.
pub(super) fn request(talk: &Talk) -> Option<Request> {
    let raw = talk.opening.request.as_ref()?;
    RequestReader::default().receive(raw).ok().flatten().map(|(request, _)| request)
}

/// Scheme and host, and path and query. What a server recorded has the request's host.
fn address(talk: &Talk) -> (String, String) {
    let url = &talk.url;
    let Some((scheme, rest)) = url.split_once("://") else {
        let host = request(talk).and_then(|request| request.headers.get("Host").map(std::borrow::Cow::into_owned));
        return (format!("ws://{}", host.unwrap_or_else(|| "localhost".to_owned())), url.clone());
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    (format!("{scheme}://{}", &rest[..end]), rest[end..].to_owned())
}

/// Path and query of a connection's URL.
pub(super) fn resource(talk: &Talk) -> String {
    address(talk).1
}
