//! The arguments of each command but /frame, from text to [`Action`]. Each error names what was typed and what fits.

use std::path::PathBuf;

use bytes::Bytes;
use regex::bytes::Regex;

use crate::event::Direction;
use crate::protocol::close::{MAX_REASON, allowed_on_wire, code_name};
use crate::protocol::frame::MAX_CONTROL_PAYLOAD;
use crate::recording::why_no_regex;

use super::content::{Content, Plain, boundary, expand_home};
use super::request::{Action, Filter, Outgoing, Recording, Which};
use super::{json, parse, table};

type Parsed = Result<Action, String>;

/// The most frames that /fragment makes of a message.
const MAX_FRAGMENTS: usize = 100_000;

pub(super) fn none(rest: &str, action: Action) -> Parsed {
    match rest.trim() {
        "" => Ok(action),
        extra => Err(format!("takes no arguments, not \"{}\"", extra.escape_debug())),
    }
}

pub(super) fn connect(rest: &str) -> Parsed {
    let mut args = parse::words(rest)?;
    let name = match args.len().checked_sub(2) {
        Some(at) if args[at] == "as" => {
            let name = args.pop().filter(|name| parse::is_name(name) && name.parse::<u32>().is_err());
            args.truncate(at);
            Some(name.ok_or("a name is of letters, digits, -, _ and ., and not just a number")?)
        }
        _ => None,
    };
    if args.is_empty() {
        return Err("needs a URL".into());
    }
    Ok(Action::Connect { args, name })
}

pub(super) fn send(rest: &str) -> Parsed {
    if rest.is_empty() {
        return Err("needs a message".into());
    }
    Ok(Action::Send(Outgoing::Either(Content::parse(rest, Plain::Text)?)))
}

#[allow(clippy::unnecessary_wraps, reason = "the table wants one signature")]
pub(super) fn text(rest: &str) -> Parsed {
    Ok(Action::Send(Outgoing::Text(rest.into())))
}

pub(super) fn binary(rest: &str) -> Parsed {
    Ok(Action::Send(Outgoing::Binary(Content::parse(rest.trim_start(), Plain::Hex)?)))
}

pub(super) fn json(rest: &str) -> Parsed {
    if rest.trim().is_empty() {
        return Err("needs JSON".into());
    }
    Ok(Action::Send(Outgoing::Text(json::compact(rest)?)))
}

pub(super) fn ping(rest: &str) -> Parsed {
    control(rest).map(|content| Action::Send(Outgoing::Ping(content)))
}

pub(super) fn pong(rest: &str) -> Parsed {
    control(rest).map(|content| Action::Send(Outgoing::Pong(content)))
}

/// A control frame's payload (RFC 6455 section 5.5).
fn control(rest: &str) -> Result<Content, String> {
    let content = Content::parse(rest, Plain::Text)?;
    let length = match &content {
        Content::Text(text) => text.len(),
        Content::Bytes(bytes) => bytes.len(),
        Content::File(_) => 0,
    };
    if length > MAX_CONTROL_PAYLOAD {
        return Err(format!(
            "a control frame holds at most {MAX_CONTROL_PAYLOAD} bytes, this is {length}; /frame sends it"
        ));
    }
    Ok(content)
}

pub(super) fn close(rest: &str) -> Parsed {
    let rest = rest.trim_start();
    let (force, rest) = match rest.strip_prefix("--force") {
        Some(after) if after.is_empty() || after.starts_with(' ') => (true, after.trim_start()),
        _ => (false, rest),
    };
    let (code, reason) = parse::head(rest);
    let (reason, force) = match reason.strip_suffix("--force") {
        Some(before) if before.is_empty() || before.ends_with(' ') => (before.trim_end(), true),
        _ => (reason, force),
    };
    if code.is_empty() {
        return Ok(Action::Close { code: None, reason: String::new(), force });
    }
    let number: u16 = code.parse().map_err(|_| {
        format!("\"{}\" is not a status code (1000 to 4999); a reason comes after one", code.escape_debug())
    })?;
    if !force && !allowed_on_wire(number) {
        let name = code_name(number).map(|name| format!(" ({name})")).unwrap_or_default();
        return Err(format!("{number}{name} may not be on the wire (RFC 6455 7.4); --force sends it"));
    }
    if reason.len() > MAX_REASON {
        return Err(format!("a reason holds at most {MAX_REASON} bytes, this is {}", reason.len()));
    }
    Ok(Action::Close { code: Some(number), reason: reason.into(), force })
}

pub(super) fn fragment(rest: &str) -> Parsed {
    let (count, rest) = parse::head(rest);
    let count = count
        .parse()
        .ok()
        .filter(|count| (1..=MAX_FRAGMENTS).contains(count))
        .ok_or_else(|| format!("\"{}\" is not a number of frames (1 to {MAX_FRAGMENTS})", count.escape_debug()))?;
    Ok(Action::Send(Outgoing::Fragments { count, content: Content::parse(rest, Plain::Text)? }))
}

/// A message's parts: text cut between characters, else between bytes, as even as it goes.
pub(super) fn parts(data: &Bytes, count: usize) -> Vec<Bytes> {
    let text = std::str::from_utf8(data).ok();
    let mut from = 0;
    let mut part = |index: usize| {
        let even = data.len() * (index + 1) / count;
        let to = text.map_or(even, |text| boundary(text, even)).max(from);
        let part = data.slice(from..to);
        from = to;
        part
    };
    (0..count).map(&mut part).collect()
}

pub(super) fn show(rest: &str) -> Parsed {
    let typed = rest.trim().trim_start_matches('#');
    let which = match typed.strip_prefix('-') {
        None if typed.is_empty() => Some(Which::FromEnd(1)),
        None => typed.parse().ok().filter(|number| *number > 0).map(Which::Number),
        Some(back) => back.parse().ok().filter(|back| *back > 0).map(Which::FromEnd),
    };
    which.map(Action::Show).ok_or_else(|| format!("\"{}\" is not a frame's number", typed.escape_debug()))
}

pub(super) fn last(rest: &str) -> Parsed {
    count(rest, 10).map(Action::Last)
}

pub(super) fn history(rest: &str) -> Parsed {
    count(rest, 20).map(Action::History)
}

fn count(rest: &str, default: usize) -> Result<usize, String> {
    match rest.trim() {
        "" => Ok(default),
        typed => typed
            .parse()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| format!("\"{}\" is not a number from 1", typed.escape_debug())),
    }
}

pub(super) fn find(rest: &str) -> Parsed {
    if rest.is_empty() {
        return Err("needs a regular expression".into());
    }
    regex(rest).map(Action::Find)
}

fn regex(typed: &str) -> Result<Regex, String> {
    Regex::new(typed)
        .map_err(|error| format!("\"{}\" is not a regular expression: {}", typed.escape_debug(), why_no_regex(&error)))
}

pub(super) fn filter(rest: &str) -> Parsed {
    let mut rest = rest.trim();
    match rest {
        "" => return Ok(Action::Filter(None)),
        "off" => return Ok(Action::Filter(Some(Filter::default()))),
        _ => {}
    }
    let mut filter = Filter::default();
    while !rest.is_empty() {
        let (word, after) = parse::head(rest);
        match word {
            "sent" => filter.direction = Some(Direction::Sent),
            "received" => filter.direction = Some(Direction::Received),
            _ => {
                let Some(opcode) = word.strip_prefix("op=") else {
                    filter.pattern = Some(regex(rest)?);
                    break;
                };
                filter.opcode = Some(opcode.parse().map_err(|error| format!("{error}"))?);
            }
        }
        rest = after.trim_start();
    }
    Ok(Action::Filter(Some(filter)))
}

#[allow(clippy::unnecessary_wraps, reason = "the table wants one signature")]
pub(super) fn set(rest: &str) -> Parsed {
    let rest = rest.trim();
    let (setting, value) = rest.split_once([' ', '=']).unwrap_or((rest, ""));
    let value = Some(value.trim()).filter(|value| !value.is_empty()).map(str::to_owned);
    Ok(Action::Set(Some(setting).filter(|setting| !setting.is_empty()).map(|setting| (setting.to_owned(), value))))
}

pub(super) fn use_connection(rest: &str) -> Parsed {
    match rest.trim().trim_start_matches('@') {
        "" => Err("needs a connection's name; /connections lists them".into()),
        name => Ok(Action::Use(name.into())),
    }
}

pub(super) fn note(rest: &str) -> Parsed {
    match rest.trim() {
        "" => Err("needs a text".into()),
        text => Ok(Action::Note(text.into())),
    }
}

pub(super) fn source(rest: &str) -> Parsed {
    let words = parse::words(rest)?;
    let [path] = &*words else { return Err(format!("needs one file, not {}", words.len())) };
    Ok(Action::Source(expand_home(path)))
}

pub(super) fn record(rest: &str) -> Parsed {
    let recording = match rest.trim() {
        "" => Recording::Tell,
        "stop" => Recording::Stop,
        _ => {
            let (path, force) = file(rest)?;
            Recording::Start { path, force }
        }
    };
    Ok(Action::Record(recording))
}

pub(super) fn save(rest: &str) -> Parsed {
    let (path, force) = file(rest)?;
    Ok(Action::Save { path, force })
}

/// A file to write, and whether one that is there may be overwritten.
fn file(rest: &str) -> Result<(PathBuf, bool), String> {
    let mut words = parse::words(rest)?;
    let given = words.len();
    words.retain(|word| word != "--force");
    let [path] = &*words else { return Err(format!("needs one file, not {}", words.len())) };
    Ok((expand_home(path), words.len() < given))
}

pub(super) fn help(rest: &str) -> Parsed {
    let name = rest.trim().trim_start_matches('/');
    if name.is_empty() {
        return Ok(Action::Help(None));
    }
    let unknown = || match table::nearest(name) {
        Some(nearest) => format!("no command \"{}\"; did you mean {nearest}?", name.escape_debug()),
        None => format!("no command \"{}\"", name.escape_debug()),
    };
    Ok(Action::Help(Some(table::find(name).ok_or_else(unknown)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_join_to_the_whole_and_text_is_cut_between_characters() {
        let text = Bytes::from("añoé!");
        for count in 1..10 {
            let parts = parts(&text, count);
            assert_eq!(parts.len(), count);
            assert!(parts.iter().all(|part| std::str::from_utf8(part).is_ok()));
            assert_eq!(parts.concat(), text);
        }
        assert_eq!(parts(&Bytes::from_static(&[0xff, 1, 2, 3]), 2), [&[0xff, 1][..], &[2, 3]]);
        assert_eq!(parts(&Bytes::from("hello"), 2), ["he", "llo"]);
    }
}
