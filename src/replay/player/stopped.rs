//! Why a replay did not come to its end, in words.

use std::time::Duration;

use crate::event::Closed;
use crate::protocol::close::code_name;
use crate::protocol::{DeflateParams, SendError};
use crate::replay::change::ChangeError;
use crate::replay::conversation::Message;
use crate::replay::part::{Action, Cue};

/// Why a replay did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The peer did not say what was to be answered.
    #[error("waited {limit:?} for message {} of the peer{}, before {}: {heard} of {wanted} came", *heard + 1, recorded(message.as_deref()), name(before))]
    Unheard {
        limit: Duration,
        heard: usize,
        wanted: usize,
        /// As recorded.
        message: Option<Box<Message>>,
        before: Box<Cue>,
    },
    /// A client said nothing for so long.
    #[error("waited {limit:?} for the client: {heard} of {wanted} messages came")]
    Silent { limit: Duration, heard: usize, wanted: usize },
    /// A client said what was not recorded.
    #[error("message {number} of the client is not in the recording")]
    Unmatched { number: usize },
    #[error("the peer read nothing for {limit:?}, with {unwritten} bytes still to be written")]
    Unread { limit: Duration, unwritten: usize },
    #[error("waited {limit:?} for the peer to close the connection, as it did in the recording")]
    Unclosed { limit: Duration },
    /// The peer ended the connection before all was said.
    #[error("the connection ended{} before frame {frame} was sent: {unsent} left to send", how(closed.as_deref()))]
    Closed { frame: u64, unsent: usize, closed: Option<Box<Closed>> },
    #[error("cannot send frame {frame} again: {error}")]
    Unsendable { frame: u64, error: SendError },
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error(
        "the recorded frames are compressed with {}, and this connection agreed on {}: they can't be sent as they were",
        params(Some(recorded)),
        params(live.as_ref())
    )]
    OtherDeflate { recorded: DeflateParams, live: Option<DeflateParams> },
    /// A hook ended it, and knows why.
    #[error("a hook ended the replay")]
    Hook,
    #[error("interrupted")]
    Interrupted,
    /// A sink takes no more, and nothing is to happen without it.
    #[error("nothing more can be written")]
    Unrecorded,
}

/// The most of a message that an error quotes, in characters.
const QUOTED: usize = 60;

fn recorded(message: Option<&Message>) -> String {
    message.map_or_else(String::new, |message| {
        format!(" (frame {} of the recording: {})", message.number, quoted(message))
    })
}

/// The beginning of a message.
fn quoted(message: &Message) -> String {
    let size = message.data.len();
    if message.binary {
        return format!("{size} bytes of binary");
    }
    let text = String::from_utf8_lossy(&message.data[..size.min(4 * QUOTED)]);
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}... of {size} bytes", &text[..end]),
        None => text.into_owned(),
    }
}

fn name(cue: &Cue) -> String {
    match cue.action {
        Action::Message { .. } | Action::Frame(_) => format!("frame {} is sent", cue.number),
        _ => "the connection ends".to_owned(),
    }
}

fn how(closed: Option<&Closed>) -> String {
    match closed {
        Some(Closed { code: Some(code), reason, .. }) => {
            let name = code_name(*code).map(|name| format!(" {name}")).unwrap_or_default();
            let reason = String::from_utf8_lossy(reason);
            let reason = if reason.is_empty() { String::new() } else { format!(": {reason:?}") };
            format!(" ({code}{name}{reason})")
        }
        Some(Closed { detail: Some(detail), .. }) => format!(" ({detail})"),
        _ => String::new(),
    }
}

/// As in the header of the opening handshake, less what is the default.
fn params(params: Option<&DeflateParams>) -> String {
    let Some(params) = params else { return "no compression".to_owned() };
    let bits = |name: &str, bits: u8| (bits < 15).then(|| format!("{name}_max_window_bits={bits}"));
    let parts = [
        params.server_no_context_takeover.then(|| "server_no_context_takeover".to_owned()),
        params.client_no_context_takeover.then(|| "client_no_context_takeover".to_owned()),
        bits("server", params.server_max_window_bits),
        bits("client", params.client_max_window_bits),
    ];
    std::iter::once("permessage-deflate".to_owned()).chain(parts.into_iter().flatten()).collect::<Vec<_>>().join("; ")
}
