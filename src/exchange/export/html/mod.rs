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

use std::io::Write;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::{ExportError, Source};
use crate::event::{Event, Kind};
use crate::protocol::close;
use crate::recording::Entry;
use crate::report::markup;
use block::{Blocks, LIMIT};

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

/// Writes the page.
///
/// # Errors
/// One of the two can't be read or written.
pub(super) fn write(source: &Source, out: &mut dyn Write) -> Result<(), ExportError> {
    let (head, tail) = PAGE.split_once("{data}").unwrap_or((PAGE, ""));
    out.write_all(self::head(head, &source.name()).as_bytes())?;
    out.write_all(&about(source))?;
    let mut pass = source.pass()?;
    let mut blocks = Blocks::new();
    while let Some(entry) = pass.line()? {
        for event in shown(entry, pass.time()) {
            blocks.event(&event, &pass, out)?;
        }
    }
    blocks.flush(out)?;
    out.write_all(tail.replace("{script}", SCRIPT).as_bytes())?;
    Ok(())
}

/// What is shown of an entry: no more than [`LIMIT`] of what can be long, and then a note that this is not all; of one that is
/// damaged a note of that.
fn shown(mut entry: Entry, time: Duration) -> impl Iterator<Item = Event> {
    let note = |text| Event { time, connection: 0, kind: Kind::Note(text) };
    let mut remark = None;
    match &mut entry {
        Entry::Event(Event { kind: Kind::Undecoded(bytes), .. }) if bytes.len() > LIMIT => {
            let text = format!("{} further bytes are not on this page", bytes.len() - LIMIT);
            remark = Some(note(text));
            bytes.truncate(LIMIT);
        }
        Entry::Unknown(line) => line.truncate(LIMIT),
        _ => {}
    }
    let told = entry.told(time).unwrap_or_else(|damage| note(format!("damaged recording: {damage}")));
    std::iter::once(told).chain(remark)
}

fn head(page: &str, name: &str) -> String {
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        digest(SCRIPT),
        digest(STYLE)
    );
    page.replace("{policy}", &policy).replace("{style}", STYLE).replace("{title}", &markup(name, false))
}

fn digest(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

/// The recording's own header, for the script.
fn about(source: &Source) -> Vec<u8> {
    let header = source.header();
    let created = header.created.and_then(|time| jiff::Timestamp::try_from(time).ok());
    let value = serde_json::json!({
        "name": source.name(),
        "created": created.map(|time| format!("{time:.6}")),
        "by": header.by,
        "secrets": header.secrets,
        "limit": LIMIT,
        "codes": codes(),
    });
    let mut out = b"<script type=\"application/json\" id=\"about\">".to_vec();
    embed::fit(value.to_string().as_bytes(), &mut out);
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
