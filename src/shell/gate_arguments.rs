//! The arguments of the commands between a client and a server.

use crate::proxy::Peer;

use super::arguments::none;
use super::content::{Content, Plain};
use super::parse::head;
use super::request::{Action, Gating};

type Parsed = Result<Action, String>;

pub(super) fn hold(rest: &str) -> Parsed {
    let gating = match rest.trim() {
        "" => Gating::Hold(Peer::ALL.to_vec()),
        "off" => Gating::Pass,
        way => Gating::Hold(vec![end(way).ok_or_else(|| unknown(way, "to-server, to-client or off"))?]),
    };
    Ok(Action::Gate(gating))
}

pub(super) fn held(rest: &str) -> Parsed {
    none(rest, Action::Gate(Gating::List))
}

pub(super) fn release(rest: &str) -> Parsed {
    let gating = match rest.trim() {
        "" => Gating::Release(None),
        "all" => Gating::ReleaseAll,
        typed => Gating::Release(Some(number(typed)?)),
    };
    Ok(Action::Gate(gating))
}

pub(super) fn edit(rest: &str) -> Parsed {
    let (typed, rest) = head(rest.trim_start());
    Ok(Action::Gate(Gating::Edit(number(typed)?, Content::parse(rest, Plain::Text)?)))
}

pub(super) fn discard(rest: &str) -> Parsed {
    Ok(Action::Gate(Gating::Discard(number(rest.trim())?)))
}

pub(super) fn inject(rest: &str) -> Parsed {
    let (way, rest) = head(rest.trim_start());
    let to = end(way).ok_or_else(|| unknown(way, "to-server or to-client, before the message"))?;
    Ok(Action::Gate(Gating::Inject(to, Content::parse(rest, Plain::Text)?)))
}

/// Where a way leads.
fn end(way: &str) -> Option<Peer> {
    match way {
        "to-server" => Some(Peer::Server),
        "to-client" => Some(Peer::Client),
        _ => None,
    }
}

fn unknown(typed: &str, known: &str) -> String {
    format!("\"{}\" is not {known}", typed.escape_debug())
}

fn number(typed: &str) -> Result<u64, String> {
    typed.parse().map_err(|_| format!("\"{}\" is not a held message's number; /held lists them", typed.escape_debug()))
}
