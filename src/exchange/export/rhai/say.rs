//! What a case sends, as it was sent.

use std::cmp::Reverse;

use super::case::Script;
use super::literal::{Node, Part, bytes, interpolated, string};
use super::talk::Payload;
use super::text::{places, words};
use crate::protocol::{Frame, LengthForm, close};

impl Script<'_> {
    /// What is sent: values that came before are taken from where they came.
    pub(super) fn payload(&mut self, payload: &Payload) -> String {
        let Some(text) = payload.text() else { return bytes(&payload.data) };
        let mut parts =
            if payload.masked { self.head.parts(text, "secret") } else { vec![Part::Text(text.to_owned())] };
        let mut found: Vec<&str> = words(text).filter(|word| self.captured.contains_key(*word)).collect();
        // The longest first: it may have others in it.
        found.sort_unstable_by_key(|word| (Reverse(word.len()), *word));
        found.dedup();
        for word in found {
            let variable = &self.captured[word].variable;
            parts = parts.into_iter().flat_map(|part| split(part, word, variable)).collect();
        }
        interpolated(&parts)
    }
}

/// A text with a variable wherever this word stands.
fn split(part: Part, word: &str, variable: &str) -> Vec<Part> {
    let Part::Text(text) = part else { return vec![part] };
    let mut parts = Vec::new();
    let mut rest = 0;
    for place in places(&text, word) {
        parts.push(Part::Text(text[rest..place.start].to_owned()));
        parts.push(Part::Variable(variable.to_owned()));
        rest = place.end;
    }
    parts.push(Part::Text(text[rest..].to_owned()));
    parts.retain(|part| *part != Part::Text(String::new()));
    parts
}

/// The argument that a control frame's payload is; nothing if there is none.
pub(super) fn text_or_bytes(payload: &[u8]) -> String {
    match std::str::from_utf8(payload) {
        Ok("") => String::new(),
        Ok(text) => string(text),
        Err(_) => bytes(payload),
    }
}

/// The call that begins the closing handshake.
pub(super) fn closing(payload: &bytes::Bytes) -> String {
    match close::parse(payload) {
        (None, _) => "close_without_code()".to_owned(),
        (Some(code), reason) => match std::str::from_utf8(&reason) {
            Ok("") => format!("close({code})"),
            Ok(reason) => format!("close({code}, {})", string(reason)),
            Err(_) => format!("frame(#{{ op: \"close\", payload: {} }})", bytes(payload)),
        },
    }
}

/// A frame as the script's `frame` takes it.
pub(super) fn fields(frame: &Frame) -> Node {
    let header = &frame.header;
    let mut all = Vec::new();
    let mut add = |name: &str, value: String| all.push((name.to_owned(), Node::Is(value)));
    add("op", header.opcode.name().map_or_else(|| header.opcode.bits().to_string(), string));
    if !header.fin {
        add("fin", "false".to_owned());
    }
    if header.rsv != 0 {
        add("rsv", header.rsv.to_string());
    }
    if header.mask.is_none() {
        add("mask", string("none"));
    }
    if header.form != LengthForm::minimal(header.length) {
        add("len", header.form.bits().to_string());
    }
    if header.length != frame.payload.len() as u64 {
        add("length", header.length.cast_signed().to_string());
    }
    if !frame.payload.is_empty() {
        add("payload", text_or_bytes(&frame.payload));
    }
    Node::Map(all)
}
