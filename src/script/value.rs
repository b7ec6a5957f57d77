//! Values of scripts and values of ours: JSON, durations, bytes, and how a value is written in an answer to the user.

use std::time::Duration;

use bytes::Bytes;
use rhai::{Blob, Dynamic, FnPtr, INT, ImmutableString};

use crate::render::escape::escape;
use crate::render::quantity::parse_duration;

use super::failure::{Failure, Raised};

/// A JSON text as a value; `None` if it is none. Objects are maps, `null` is `()`.
#[must_use]
pub fn from_json(text: &[u8]) -> Option<Dynamic> {
    serde_json::from_slice(text).ok()
}

/// A value as JSON text in one line. A map's keys are sorted.
///
/// # Errors
/// When there is something in it that JSON has not: a function, bytes.
pub fn to_json(value: &Dynamic) -> Raised<String> {
    serde_json::to_string(value).map_err(|error| {
        Failure::usage(
            format!("no JSON can be made of {}: {error}", written(value)),
            "base64(bytes) makes text of bytes",
        )
        .into()
    })
}

/// `"2s"`, `"200ms"`, `"1m30s"`; a number is seconds.
///
/// # Errors
/// When it is none of these.
pub fn duration(value: &Dynamic) -> Raised<Duration> {
    let text = if let Ok(text) = value.as_immutable_string_ref() { text.to_string() } else { value.to_string() };
    parse_duration(&text).ok_or_else(|| {
        let hint = "a duration looks like \"10s\", \"200ms\" or \"1m30s\"; a bare number is seconds";
        Failure::usage(format!("{} is no duration", written(value)), hint).into()
    })
}

/// The bytes of a string or a blob.
///
/// # Errors
/// When it is neither.
pub fn bytes(value: &Dynamic) -> Raised<Bytes> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(Bytes::copy_from_slice(text.as_bytes()));
    }
    if let Ok(blob) = value.as_blob_ref() {
        return Ok(Bytes::copy_from_slice(&blob));
    }
    let hint = "a string or a blob can be sent; send_json takes anything else";
    Err(Failure::usage(format!("{} is neither text nor bytes", written(value)), hint).into())
}

/// A blob of these bytes.
#[must_use]
pub fn blob(bytes: &[u8]) -> Blob {
    bytes.to_vec()
}

/// A value as one would write it in a script, on one line, safe for a terminal, at most so many characters.
#[must_use]
pub fn written(value: &Dynamic) -> String {
    const MOST: usize = 200;
    let text = if let Ok(text) = value.as_immutable_string_ref() {
        return cut(&format!("{:?}", text.as_str()), MOST);
    } else if let Ok(blob) = value.as_blob_ref() {
        format!("{} bytes {}", blob.len(), crate::render::hexdump::hex(&blob[..blob.len().min(64)]))
    } else if value.is_unit() {
        "()".to_owned()
    } else if value.is::<FnPtr>() {
        "a function".to_owned()
    } else if value.is_map() || value.is_array() {
        serde_json::to_string(value).unwrap_or_else(|_| format!("{value:?}"))
    } else {
        value.to_string()
    };
    cut(&escape(text.as_bytes()), MOST)
}

/// The beginning of a text, with an ellipsis if there is more.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// How many, as a script has it; the largest number that it has for what is beyond.
pub fn count(things: impl TryInto<INT>) -> INT {
    things.try_into().unwrap_or(INT::MAX)
}

/// Text as a script has it.
pub fn text(text: impl Into<ImmutableString>) -> Dynamic {
    Dynamic::from(text.into())
}
