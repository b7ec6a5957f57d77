//! `/frame`: every bit of a header by name, then the payload.

use bytes::Bytes;

use crate::command::{FrameSpec, Masking};
use crate::protocol::{LengthForm, Opcode};

use super::content::{Content, Plain, hex};
use super::parse::head;
use super::request::{Action, Outgoing};

/// What completion offers.
pub(super) const FIELDS: &[&str] = &[
    "op=text",
    "op=binary",
    "op=continuation",
    "op=close",
    "op=ping",
    "op=pong",
    "fin=0",
    "fin=1",
    "rsv=4",
    "mask=none",
    "mask=random",
    "len=16",
    "len=64",
    "length=",
];

/// Fields `name=value` in any order, then the payload: everything after the first word that is not a field, or after `--`.
pub(super) fn parse(mut rest: &str) -> Result<Action, String> {
    let mut spec = FrameSpec {
        fin: true,
        rsv: 0,
        opcode: Opcode::TEXT,
        masking: Masking::ByRole,
        form: None,
        length: None,
        payload: Bytes::new(),
    };
    loop {
        rest = rest.trim_start();
        let (word, after) = head(rest);
        if word == "--" {
            rest = after;
            break;
        }
        let Some((name, value)) = word.split_once('=').filter(|(name, _)| is_field_like(name)) else { break };
        set(&mut spec, name, value)?;
        rest = after;
    }
    Ok(Action::Send(Outgoing::Frame(spec, Content::parse(rest, Plain::Text)?)))
}

fn is_field_like(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

fn set(spec: &mut FrameSpec, name: &str, value: &str) -> Result<(), String> {
    let wrong = |fits: &str| format!("{name}=\"{}\" is not {fits}", value.escape_debug());
    match name {
        "op" | "opcode" => spec.opcode = value.parse().map_err(|error| format!("{error}"))?,
        "fin" => {
            spec.fin = match value {
                "0" => false,
                "1" => true,
                _ => return Err(wrong("0 or 1")),
            }
        }
        "rsv" => spec.rsv = value.parse().ok().filter(|rsv| *rsv < 8).ok_or_else(|| wrong("0 to 7 (4 is RSV1)"))?,
        "mask" => {
            spec.masking = match value {
                "none" => Masking::None,
                "random" => Masking::Fresh,
                key => {
                    let key = hex(key).ok().and_then(|key| key.as_ref().try_into().ok());
                    Masking::Key(key.ok_or_else(|| wrong("none, random or a key of 8 hexadecimal digits"))?)
                }
            }
        }
        "len" => {
            spec.form = Some(match value {
                "7" => LengthForm::Bits7,
                "16" => LengthForm::Bits16,
                "64" => LengthForm::Bits64,
                _ => return Err(wrong("7, 16 or 64 (bits); length=N is what the header claims")),
            });
        }
        "length" => spec.length = Some(value.parse().map_err(|_| wrong("a number of bytes"))?),
        _ => {
            let name = name.escape_debug();
            return Err(format!("unknown field \"{name}\"; -- before a payload that begins with \"{name}=\""));
        }
    }
    Ok(())
}
