//! Payloads as a person types them: text, hexadecimal, base64 or a file.
//!
//! Parsing stays pure: a file is only named here, and read when the line is carried out.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::error::ShellError;
use crate::transport::in_words;

/// A payload, or where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Text(String),
    Bytes(Bytes),
    File(PathBuf),
}

/// How content without a prefix reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    Text,
    Hex,
}

impl Content {
    /// Reads `text:...`, `hex:...`, `base64:...`, `@file`, or what `plain` says.
    ///
    /// # Errors
    /// What is wrong with the hexadecimal or base64 digits, and where.
    pub(super) fn parse(typed: &str, plain: Plain) -> Result<Content, String> {
        if let Some(text) = typed.strip_prefix("text:") {
            return Ok(Content::Text(text.into()));
        }
        if let Some(digits) = typed.strip_prefix("hex:") {
            return hex(digits).map(Content::Bytes);
        }
        if let Some(digits) = typed.strip_prefix("base64:") {
            return base64(digits).map(Content::Bytes);
        }
        if let Some(path) = typed.strip_prefix('@').filter(|path| !path.is_empty()) {
            return Ok(Content::File(expand_home(path)));
        }
        match plain {
            Plain::Text => Ok(Content::Text(typed.into())),
            Plain::Hex => hex(typed).map(Content::Bytes),
        }
    }

    /// The bytes, read from the file if it is one.
    ///
    /// # Errors
    /// The file can't be read.
    pub(super) fn load(self) -> Result<Bytes, ShellError> {
        match self {
            Content::Text(text) => Ok(text.into()),
            Content::Bytes(bytes) => Ok(bytes),
            Content::File(path) => std::fs::read(&path).map(Bytes::from).map_err(|error| {
                let problem = format!("cannot read \"{}\": {}", path.display(), in_words(&error));
                ShellError::refused(problem, "@ names a file to send; text: before it sends the text itself")
            }),
        }
    }
}

/// `~/x` with the home directory put in.
pub(super) fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => path.into(),
    }
}

/// The last place between characters that is not after byte `at`.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Hexadecimal digits in pairs; blanks, `:` and `,` may stand between pairs, and `0x` before one.
pub(super) fn hex(typed: &str) -> Result<Bytes, String> {
    let mut bytes = Vec::with_capacity(typed.len() / 2);
    for group in typed.split(|c: char| c.is_whitespace() || c == ':' || c == ',').filter(|group| !group.is_empty()) {
        let digits = group.strip_prefix("0x").unwrap_or(group);
        if let Some(bad) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(format!("{bad:?} in \"{}\" is not a hexadecimal digit", group.escape_debug()));
        }
        if digits.len() % 2 != 0 {
            return Err(format!("\"{group}\" has an odd number of hexadecimal digits ({})", digits.len()));
        }
        let pairs = digits.as_bytes().chunks_exact(2);
        bytes.extend(pairs.map(|pair| digit(pair[0]) << 4 | digit(pair[1])));
    }
    Ok(bytes.into())
}

/// Base64 with its standard alphabet; blanks are skipped, missing padding is put in.
fn base64(typed: &str) -> Result<Bytes, String> {
    let mut digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '=').collect();
    digits.extend(std::iter::repeat_n('=', (4 - digits.len() % 4) % 4));
    STANDARD.decode(digits).map(Bytes::from).map_err(|error| format!("not base64: {error}").to_lowercase())
}

fn digit(hexadecimal: u8) -> u8 {
    match hexadecimal {
        b'0'..=b'9' => hexadecimal - b'0',
        other => (other | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(typed: &str) -> Result<Vec<u8>, String> {
        Content::parse(typed, Plain::Hex).map(|content| content.load().expect("no file").to_vec())
    }

    #[test]
    fn hexadecimal_and_base64_in_the_ways_people_paste_them() {
        for typed in
            ["deadbeef", "de ad be ef", "DE:AD:BE:EF", "0xde, 0xad, 0xbe, 0xef", "base64:3q2+7w==", "base64:3q2+7w"]
        {
            assert_eq!(bytes(typed), Ok(vec![0xde, 0xad, 0xbe, 0xef]), "{typed}");
        }
        assert_eq!(bytes(""), Ok(vec![]));
        assert_eq!(bytes("text:de ad"), Ok(b"de ad".to_vec()));
    }

    #[test]
    fn a_wrong_digit_is_named() {
        assert_eq!(bytes("xyz").unwrap_err(), "'x' in \"xyz\" is not a hexadecimal digit");
        assert_eq!(bytes("abc").unwrap_err(), "\"abc\" has an odd number of hexadecimal digits (3)");
        assert!(bytes("base64:a").is_err());
    }

    #[test]
    fn a_file_is_named_and_read_later() {
        let file = Content::parse("@/no/such/file", Plain::Text).expect("only named");
        assert_eq!(file, Content::File("/no/such/file".into()));
        assert!(file.load().unwrap_err().to_string().starts_with("cannot read \"/no/such/file\""));
    }
}
