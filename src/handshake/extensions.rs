//! `Sec-WebSocket-Extensions` taken apart (RFC 6455 section 9.1).

use std::ops::Range;

use super::headers::{Headers, is_token, split};

/// The header that extensions are offered and answered in.
pub(super) const EXTENSIONS: &str = "Sec-WebSocket-Extensions";

/// One extension of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    pub name: String,
    pub parameters: Vec<Parameter>,
    /// Its place in the raw head.
    pub at: Range<usize>,
}

/// One parameter of an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    /// Without its quotes.
    pub value: Option<String>,
    /// Its place in the raw head.
    pub at: Range<usize>,
}

/// A list element that the grammar does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed {EXTENSIONS} {element:?}: {what}")]
pub struct MalformedExtension {
    /// The whole element.
    pub element: String,
    pub what: &'static str,
    /// Its place in the raw head.
    pub at: Range<usize>,
}

/// Every extension that `headers` list, in order.
pub fn extensions(headers: &Headers) -> impl Iterator<Item = Result<Extension, MalformedExtension>> {
    headers.list(EXTENSIONS).map(|(element, at)| parse(element, at))
}

fn parse(element: &[u8], at: Range<usize>) -> Result<Extension, MalformedExtension> {
    let mut parts = split(element, 0..element.len(), b';');
    let name = parts.next().unwrap_or_default();
    let malformed = |what| {
        let element = String::from_utf8_lossy(element).into_owned();
        MalformedExtension { element, what, at: at.clone() }
    };
    let name = token(&element[name]).ok_or_else(|| malformed("an extension's name is a token"))?;
    let parameters = parts.map(|part| {
        let place = at.start + part.start..at.start + part.end;
        let text = &element[part];
        let (name, value) = match memchr::memchr(b'=', text) {
            None => (text, None),
            Some(equals) => (&text[..equals], Some(&text[equals + 1..])),
        };
        let name = token(name.trim_ascii()).ok_or_else(|| malformed("a parameter's name is a token"))?;
        let value = match value {
            None => None,
            Some(value) => Some(
                unquoted(value.trim_ascii())
                    .ok_or_else(|| malformed("a parameter's value is a token, quoted or not"))?,
            ),
        };
        Ok(Parameter { name, value, at: place })
    });
    let parameters = parameters.collect::<Result<_, _>>()?;
    Ok(Extension { name, parameters, at })
}

fn token(bytes: &[u8]) -> Option<String> {
    if is_token(bytes) { String::from_utf8(bytes.to_vec()).ok() } else { None }
}

/// A token, or a quoted string that holds one.
fn unquoted(value: &[u8]) -> Option<String> {
    let Some(rest) = value.strip_prefix(b"\"") else { return token(value) };
    let quoted = rest.strip_suffix(b"\"")?;
    let mut out = Vec::new();
    let mut bytes = quoted.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return None,
            b'\\' => out.push(*bytes.next()?),
            _ => out.push(*byte),
        }
    }
    token(&out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Response;
    use proptest::prelude::*;

    fn read(value: &str) -> Result<Vec<String>, String> {
        let response = Response::new(101, &[(EXTENSIONS, value)]).expect("a good header");
        extensions(&response.headers)
            .map(|extension| {
                let extension = extension.map_err(|error| error.to_string())?;
                let parameters = extension.parameters.iter().map(|p| match &p.value {
                    Some(value) => format!(";{}={value}", p.name),
                    None => format!(";{}", p.name),
                });
                Ok(parameters.fold(extension.name, |all, one| all + one.as_str()))
            })
            .collect()
    }

    #[test]
    fn the_grammar_of_section_9_1() {
        for (value, parsed) in [
            ("foo", vec!["foo"]),
            ("foo, bar; baz=2", vec!["foo", "bar;baz=2"]),
            (r#"a ; x = "1\0" ;y,b"#, vec!["a;x=10;y", "b"]),
            ("", vec![]),
        ] {
            assert_eq!(read(value), Ok(parsed.into_iter().map(str::to_owned).collect()), "{value}");
        }
        let value = "a parameter's value is a token, quoted or not";
        for (element, what) in [
            ("fo o", "an extension's name is a token"),
            (";x", "an extension's name is a token"),
            ("a;", "a parameter's name is a token"),
            ("a;=1", "a parameter's name is a token"),
            ("a;x=", value),
            (r#"a;x="""#, value),
            (r#"a;x="1"#, value),
            (r#"a;x="1"2"#, value),
            (r#"a;x="1 2""#, value),
        ] {
            assert_eq!(read(element), Err(format!("malformed Sec-WebSocket-Extensions {element:?}: {what}")));
        }
    }

    #[test]
    fn places_are_those_of_the_raw_head() {
        let response = Response::new(101, &[("X", "y"), (EXTENSIONS, "a, b; x=1")]).expect("good headers");
        let second = extensions(&response.headers).nth(1).expect("two").expect("well formed");
        assert_eq!(&response.raw[second.at], b"b; x=1");
        assert_eq!(&response.raw[second.parameters[0].at.clone()], b"x=1");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(element in prop::collection::vec(prop::sample::select(b"ab;=,\"\\ \t\xff\0".to_vec()), 0..24)) {
            if let Ok(extension) = parse(&element, 0..element.len()) {
                prop_assert!(is_token(extension.name.as_bytes()));
            }
        }
    }
}
