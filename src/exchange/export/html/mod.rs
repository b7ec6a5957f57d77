//! A recording as one page to look at in a browser: it needs nothing else, and asks for nothing.
//!
//! ```text
//! page.html [ policy, title, style | about the recording, blocks of events | script ]
//! ```
//!
//! What a peer sent is only ever data in it: JSON that holds no markup ([`embed`]), which the script puts into the page as
//! text. A policy in the page's head, should that ever fail, lets nothing run but this script, and nothing be fetched.

mod block;
mod embed;

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::event::{Event, Kind};
use crate::protocol::close;
use crate::recording::{CopyError, Entry, Glance, Look, Reader};
use block::{Blocks, LIMIT, Told};

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
/// In the order in which one part uses another.
const SCRIPT: &str = concat!(
    include_str!("page/text.js"),
    include_str!("page/data.js"),
    include_str!("page/filter.js"),
    include_str!("page/json.js"),
    include_str!("page/inspector.js"),
    include_str!("page/happening.js"),
    include_str!("page/rows.js"),
    include_str!("page/diagram.js"),
    include_str!("page/list.js"),
    include_str!("page/charts.js"),
    include_str!("page/top.js"),
    include_str!("page/page.js"),
);

/// Writes the page; `name` is what it calls the recording.
///
/// # Errors
/// When the recording can't be read or the page not be written.
pub fn write<R: Read>(reader: &mut Reader<R>, name: &str, out: &mut dyn Write) -> Result<(), CopyError> {
    let (head, tail) = PAGE.split_once("{data}").unwrap_or((PAGE, ""));
    let tail = tail.replace("{script}", SCRIPT);
    out.write_all(self::head(head, name).as_bytes()).map_err(CopyError::Write)?;
    out.write_all(&about(reader, name)).map_err(CopyError::Write)?;
    let mut blocks = Blocks::new();
    loop {
        let mut told = Told::default();
        let mut look = |glance: &Glance<'_>| {
            if let Some(frame) = glance.frame {
                told = Told { compressed: frame.wire.is_some(), masked: frame.masked };
            }
            Look::Take
        };
        let Some(entry) = reader.entry_if(&mut look).map_err(CopyError::Read)? else { break };
        let (event, more) = event(entry, reader);
        blocks.event(&event, told, out).map_err(CopyError::Write)?;
        if let Some(event) = more {
            blocks.event(&event, told, out).map_err(CopyError::Write)?;
        }
    }
    blocks.flush(out).and_then(|()| out.write_all(tail.as_bytes())).map_err(CopyError::Write)
}

/// What is shown of a line, and a remark if that is not all.
fn event<R: Read>(entry: Entry, reader: &Reader<R>) -> (Event, Option<Event>) {
    let note = |text| Event { time: reader.time(), connection: 0, kind: Kind::Note(text) };
    match entry {
        Entry::Event(Event { time, connection, kind: Kind::Undecoded(bytes) }) if bytes.len() > LIMIT => {
            let further = bytes.len() - LIMIT;
            let kind = Kind::Undecoded(bytes.slice(..LIMIT));
            (Event { time, connection, kind }, Some(note(format!("{further} further bytes are not on this page"))))
        }
        Entry::Event(event) => (event, None),
        Entry::Append(header) => (note(format!("{} goes on recording from here", header.by)), None),
        Entry::Unknown(line) => {
            let line = String::from_utf8_lossy(&line[..line.len().min(LIMIT)]).into_owned();
            (note(format!("an event that this version does not know: {line}")), None)
        }
        Entry::Damaged(damage) => (note(damage.to_string()), None),
    }
}

fn head(page: &str, name: &str) -> String {
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        digest(SCRIPT),
        digest(STYLE)
    );
    page.replace("{policy}", &policy).replace("{style}", STYLE).replace("{title}", &markup(name))
}

fn digest(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

/// A name as text between tags.
fn markup(name: &str) -> String {
    let shown = name.replace(|c: char| c.is_control(), "\u{fffd}");
    shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The recording's own header, for the script.
fn about<R: Read>(reader: &Reader<R>, name: &str) -> Vec<u8> {
    let header = reader.header();
    let created = header.created.and_then(|time| jiff::Timestamp::try_from(time).ok());
    let value = serde_json::json!({
        "name": name,
        "created": created.map(|time| format!("{time:.6}")),
        "by": header.by,
        "secrets": header.secrets,
        "limit": LIMIT,
        "codes": codes(),
    });
    let mut out = b"<script type=\"application/json\" id=\"about\">".to_vec();
    embed::json(value.to_string().as_bytes(), &mut out);
    out.extend_from_slice(b"</script>\n");
    out
}

/// The names of status codes, by number.
fn codes() -> serde_json::Map<String, serde_json::Value> {
    let named = (1000..5000).filter_map(|code| Some((code.to_string(), close::code_name(code)?.into())));
    named.filter(|(_, name)| *name != "library" && *name != "application").collect()
}

#[cfg(test)]
mod tests;
