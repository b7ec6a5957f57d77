//! What the text of an option's value means: durations, sizes, the parameters of permessage-deflate.
//!
//! Clap puts the option and the value in front of these errors, so they say only what is wrong and what would be right.

use std::time::Duration;

use super::connect::ReconnectChoice;
use crate::cli::nearest;
use crate::handshake::DeflateOffer;
use crate::render::quantity::parse_duration;
use crate::session::options::{Compress, ProxyChoice, Reconnect};

/// `10s`, `200ms`, `1m30s`; a bare number is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a duration looks like 10s, 200ms or 1m30s; a bare number is seconds".to_owned())
}

/// `NAME=VALUE`.
pub(super) fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("a variable looks like NAME=VALUE".to_owned()),
    }
}

/// A duration that something can happen in.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it must be longer than 0s".to_owned()),
        duration => Ok(duration),
    }
}

/// Bytes: `65536`, `64KiB`, `1.5M`. `k`, `M` and `G` are powers of 1000, `KiB`, `MiB` and `GiB` of 1024.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let factor: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1000 * 1000,
        "g" | "gb" => 1000 * 1000 * 1000,
        "ki" | "kib" => 1 << 10,
        "mi" | "mib" => 1 << 20,
        "gi" | "gib" => 1 << 30,
        _ => return Err(format!("unknown unit \"{unit}\": a size is in bytes or ends with k, M, G, KiB, MiB or GiB")),
    };
    let bytes = match number.parse::<u64>() {
        Ok(whole) => whole.checked_mul(factor),
        Err(_) => number.parse::<f64>().ok().and_then(|number| whole_bytes(number, factor)),
    };
    match bytes {
        Some(0) => Err("it must be more than 0 bytes".to_owned()),
        Some(bytes) => Ok(bytes),
        None => Err("a size looks like 65536, 64KiB or 1.5M".to_owned()),
    }
}

/// The name of a header or of a query parameter.
pub(super) fn name(text: &str) -> Result<String, String> {
    let is_name = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b':' | b'=' | b'&' | b'?' | b'#');
    if !text.is_empty() && text.bytes().all(is_name) {
        return Ok(text.to_owned());
    }
    Err("the name alone of a header or of a query parameter".to_owned())
}

/// How many of something there must be at least one of.
pub(super) fn count(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("it is a whole number from 1".to_owned()),
        Ok(count) => Ok(count),
    }
}

/// What to offer of permessage-deflate: `on`, `off`, or parameters as in the header (RFC 7692 section 7.1), with or without the
/// extension's name before them.
pub(super) fn compress(text: &str) -> Result<Compress, String> {
    match text.trim() {
        "on" => return Ok(Compress::default()),
        "off" => return Ok(Compress::Off),
        _ => {}
    }
    let mut offer = DeflateOffer::default();
    let mut seen: Vec<&str> = Vec::new();
    for part in text.split(';').map(str::trim) {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(value.trim().trim_matches('"'))),
            None => (part, None),
        };
        if name == "permessage-deflate" && value.is_none() && seen.is_empty() {
            continue;
        }
        if seen.contains(&name) {
            return Err(format!("{name} is there twice"));
        }
        seen.push(name);
        match name {
            "server_no_context_takeover" => offer.server_no_context_takeover = valueless(name, value)?,
            "client_no_context_takeover" => offer.client_no_context_takeover = valueless(name, value)?,
            "server_max_window_bits" => {
                let value = value.ok_or("server_max_window_bits needs a value from 8 to 15")?;
                offer.server_max_window_bits = Some(window_bits(name, value)?);
            }
            "client_max_window_bits" => {
                offer.client_max_window_bits = Some(value.map(|value| window_bits(name, value)).transpose()?);
            }
            _ => return Err(unknown_parameter(name)),
        }
    }
    Ok(Compress::Offer(offer))
}

/// `on` (for ever), `off`, or how many times in a row.
pub(super) fn reconnect(text: &str) -> Result<ReconnectChoice, String> {
    Ok(ReconnectChoice(match text.trim() {
        "on" => Some(Reconnect { attempts: None }),
        "off" => None,
        number => match number.parse() {
            Ok(0) => None,
            Ok(attempts) => Some(Reconnect { attempts: Some(attempts) }),
            Err(_) => return Err("a number of attempts, on (for ever) or off".to_owned()),
        },
    }))
}

/// `none`, or the URL of a proxy, checked where it is used.
#[allow(clippy::unnecessary_wraps, reason = "the shape of a value parser")]
pub(super) fn proxy(text: &str) -> Result<ProxyChoice, String> {
    Ok(if text == "none" { ProxyChoice::Direct } else { ProxyChoice::Url(text.to_owned()) })
}

/// A cookie is a pair.
pub(super) fn cookie(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((name, _)) if !name.is_empty() && !text.contains(['\r', '\n']) => Ok(text.to_owned()),
        _ => Err("a cookie is name=value on one line".to_owned()),
    }
}

/// A subprotocol is written as it is, only not an empty one or one that ends the header.
pub(super) fn subprotocol(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a subprotocol has a name".to_owned()),
        name if name.contains(['\r', '\n']) => Err("a subprotocol is on one line".to_owned()),
        name => Ok(name.to_owned()),
    }
}

const PARAMETERS: [&str; 4] =
    ["server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits"];

fn valueless(name: &str, value: Option<&str>) -> Result<bool, String> {
    match value {
        None => Ok(true),
        Some(value) => Err(format!("{name} takes no value, got \"{value}\"")),
    }
}

/// RFC 7692 section 7.1.2: 8 to 15, without leading zeros.
fn window_bits(name: &str, value: &str) -> Result<u8, String> {
    match value.parse() {
        Ok(bits @ 8..=15) if !value.starts_with(['0', '+']) => Ok(bits),
        _ => Err(format!("{name} is from 8 to 15, got \"{value}\"")),
    }
}

fn unknown_parameter(name: &str) -> String {
    match nearest(name, PARAMETERS) {
        Some(near) => format!("unknown parameter \"{name}\": did you mean {near}?"),
        None => format!("unknown parameter \"{name}\": there are {}", PARAMETERS.join(", ")),
    }
}

/// Of a fraction of a unit, if it is within what a `u64` of bytes can say exactly.
#[allow(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "checked to be within 2^53")]
fn whole_bytes(number: f64, factor: u64) -> Option<u64> {
    let bytes = number * factor as f64;
    (0.0..9e15).contains(&bytes).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("10s", Some(10_000)),
            ("200ms", Some(200)),
            ("1m30s", Some(90_000)),
            ("1.5s", Some(1500)),
            ("3", Some(3000)),
            ("0.25", Some(250)),
            ("0", Some(0)),
            ("2h", Some(7_200_000)),
            ("-1", None),
            ("-1s", None),
            ("inf", None),
            ("nan", None),
            ("1e300", None),
            ("10x", None),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(duration(text).ok(), expected.map(Duration::from_millis), "{text:?}");
        }
        assert_eq!(timeout("0s"), Err("it must be longer than 0s".to_owned()));
    }

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("64MiB", Some(64 << 20)),
            ("64 MiB", Some(64 << 20)),
            ("1KiB", Some(1024)),
            ("2GiB", Some(2 << 30)),
            ("10k", Some(10_000)),
            ("1M", Some(1_000_000)),
            ("1.5M", Some(1_500_000)),
            ("65536", Some(65536)),
            ("7B", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("99999999999GiB", None),
            ("0", None),
            ("-1", None),
            ("1.2.3k", None),
            ("1x", None),
            ("MiB", None),
            ("", None),
        ] {
            assert_eq!(size(text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn compression_offers() {
        let offer = |offer| Ok(Compress::Offer(offer));
        assert_eq!(compress("on"), Ok(Compress::default()));
        assert_eq!(compress("off"), Ok(Compress::Off));
        assert_eq!(compress("permessage-deflate"), offer(DeflateOffer::default()));
        assert_eq!(
            compress("server_no_context_takeover; client_max_window_bits=10"),
            offer(DeflateOffer {
                server_no_context_takeover: true,
                client_max_window_bits: Some(Some(10)),
                ..DeflateOffer::default()
            })
        );
        assert_eq!(
            compress("client_no_context_takeover;server_max_window_bits = \"15\";client_max_window_bits"),
            offer(DeflateOffer {
                client_no_context_takeover: true,
                server_max_window_bits: Some(15),
                client_max_window_bits: Some(None),
                ..DeflateOffer::default()
            })
        );
        for (text, error) in [
            ("server_max_window_bits", "server_max_window_bits needs a value from 8 to 15"),
            ("server_max_window_bits=16", "server_max_window_bits is from 8 to 15, got \"16\""),
            ("client_max_window_bits=08", "client_max_window_bits is from 8 to 15, got \"08\""),
            ("client_no_context_takeover=1", "client_no_context_takeover takes no value, got \"1\""),
            (
                "client_max_window_bit=9",
                "unknown parameter \"client_max_window_bit\": did you mean client_max_window_bits?",
            ),
            ("client_max_window_bits; client_max_window_bits=9", "client_max_window_bits is there twice"),
        ] {
            assert_eq!(compress(text), Err(error.to_owned()), "{text:?}");
        }
        assert!(
            compress("x").unwrap_err().starts_with("unknown parameter \"x\": there are server_no_context_takeover, ")
        );
    }
}
