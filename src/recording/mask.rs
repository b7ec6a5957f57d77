//! Secrets taken out of what is written: credentials in headers, in a URL's user info and in its query.
//!
//! What is secret is replaced by `***`; every other byte stays as it was. To hide more, add to [`HEADERS`] or
//! [`QUERY_WORDS`], or give [`Masks`] names of one's own.

mod json;
mod unknown;
mod values;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

pub use json::{JsonPath, JsonPathError};
use values::Values;

/// Headers whose value is a secret, in lower case.
pub const HEADERS: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"];

/// A query parameter whose name holds one of these words, in any case, has a secret value: `access_token`, `apiKey`.
pub const QUERY_WORDS: [&str; 6] = ["token", "key", "secret", "password", "auth", "session"];

/// What a secret is replaced by.
pub const MASK: &str = "***";

/// Whether secrets are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    /// As `***`.
    #[default]
    Mask,
    /// As they are.
    Keep,
}

impl Secrets {
    /// `masked` or `kept`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Secrets::Mask => "masked",
            Secrets::Keep => "kept",
        }
    }
}

/// What is masked in what is written. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    secrets: Secrets,
    own: Arc<Own>,
}

/// What one user wants masked besides.
#[derive(Debug, Default)]
struct Own {
    /// Headers and query parameters, in lower case.
    names: Vec<Vec<u8>>,
    paths: Vec<JsonPath>,
    values: Values,
}

impl From<Secrets> for Masks {
    fn from(secrets: Secrets) -> Masks {
        Masks { secrets, own: Arc::default() }
    }
}

impl Masks {
    /// The usual secrets as said; and always the headers and query parameters with one of these names, in any case, and
    /// the values at these places of a message that is JSON.
    #[must_use]
    pub fn new(secrets: Secrets, names: &[String], paths: Vec<JsonPath>) -> Masks {
        let names = names.iter().map(|name| name.to_ascii_lowercase().into_bytes()).collect();
        Masks { secrets, own: Arc::new(Own { names, paths, values: Values::default() }) }
    }

    /// These values too, wherever they stand, as they are, in JSON or in a URL.
    #[must_use]
    pub fn with_values(&self, values: impl IntoIterator<Item = String>) -> Masks {
        let Own { names, paths, values: before } = &*self.own;
        let own = Own { names: names.clone(), paths: paths.clone(), values: before.with(values) };
        Masks { secrets: self.secrets, own: Arc::new(own) }
    }

    /// A text without secret values, nor what is left of one before an ellipsis; URLs are left alone.
    #[must_use]
    pub fn without_values<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.own.values.is_empty() {
            return Cow::Borrowed(text);
        }
        let whole = in_text(text, &self.own.values.places(text.as_bytes()));
        Cow::Owned(self.own.values.without_beginnings(whole.into_owned()))
    }

    /// Bytes with asterisks in place of secret values, size kept.
    #[must_use]
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        self.own.values.starred(bytes)
    }

    /// Whether the usual secrets are masked.
    #[must_use]
    pub const fn secrets(&self) -> Secrets {
        self.secrets
    }

    /// Whether anything of messages is masked.
    #[must_use]
    pub fn covers_messages(&self) -> bool {
        !self.own.paths.is_empty() || !self.own.values.is_empty()
    }

    /// A message's data with what is secret in it masked, size kept; `None` if nothing is.
    #[must_use]
    pub fn message(&self, data: &[u8]) -> Option<Vec<u8>> {
        let masked = if self.own.paths.is_empty() { None } else { json::masked(data, &self.own.paths) };
        match self.bytes(masked.as_deref().unwrap_or(data)) {
            Cow::Owned(starred) => Some(starred),
            Cow::Borrowed(_) => masked,
        }
    }

    /// Text that may hold URLs, without their secrets.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        in_text(text, &self.with_places(self.in_urls(text.as_bytes()), text.as_bytes()))
    }

    /// Where the secrets of a request's or response's head are, in order.
    #[must_use]
    pub fn in_head(&self, raw: &[u8]) -> Vec<Range<usize>> {
        if self.is_idle() {
            return self.own.values.places(raw);
        }
        let mut secrets = Vec::new();
        let mut start = 0;
        // Whether the header that a folded line goes on with is secret (RFC 9112 section 5.2).
        let mut secret = false;
        for (i, line) in raw.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let folded = i > 0 && matches!(line.first(), Some(b' ' | b'\t'));
            let value = if folded { 0 } else { memchr::memchr(b':', line).map_or(line.len(), |colon| colon + 1) };
            if i > 0 && !folded {
                secret = self.hides_header(line[..value.saturating_sub(1)].trim_ascii());
            }
            if secret {
                let blanks = line[value..].len() - line[value..].trim_ascii_start().len();
                let hidden = line[value..].trim_ascii();
                if !hidden.is_empty() {
                    secrets.push(start + value + blanks..start + value + blanks + hidden.len());
                }
            } else {
                secrets.extend(self.in_urls(line).into_iter().map(|found| found.start + start..found.end + start));
            }
            start += line.len();
        }
        self.with_places(secrets, raw)
    }

    /// Whether a header with this name, in any case, has a secret value.
    #[must_use]
    pub fn hides_header(&self, name: &[u8]) -> bool {
        let usual = self.secrets == Secrets::Mask && HEADERS.iter().any(|h| name.eq_ignore_ascii_case(h.as_bytes()));
        usual || self.is_own(name)
    }

    fn hides_parameter(&self, name: &[u8]) -> bool {
        self.secrets == Secrets::Mask && is_secret(name) || self.is_own(name)
    }

    fn is_own(&self, name: &[u8]) -> bool {
        self.own.names.iter().any(|own| name.eq_ignore_ascii_case(own))
    }

    /// Places of secrets and those of secret values, in order, none in another.
    fn with_places(&self, mut secrets: Vec<Range<usize>>, bytes: &[u8]) -> Vec<Range<usize>> {
        let places = self.own.values.places(bytes);
        if !places.is_empty() {
            secrets.extend(places);
            joined(&mut secrets);
        }
        secrets
    }

    fn is_idle(&self) -> bool {
        self.secrets == Secrets::Keep && self.own.names.is_empty()
    }

    /// Where user info and secret query values are in text that holds URLs, or a request target.
    fn in_urls(&self, text: &[u8]) -> Vec<Range<usize>> {
        if self.is_idle() {
            return Vec::new();
        }
        let user_info = self.secrets == Secrets::Mask;
        in_urls(text, user_info, &|name| self.hides_parameter(name))
    }
}

/// The bytes with `***` in place of each secret.
#[must_use]
pub fn replaced<'a>(bytes: &'a [u8], secrets: &[Range<usize>]) -> Cow<'a, [u8]> {
    if secrets.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let (mut out, mut done) = (Vec::with_capacity(bytes.len()), 0);
    for secret in secrets {
        out.extend_from_slice(&bytes[done..secret.start]);
        out.extend_from_slice(MASK.as_bytes());
        done = secret.end;
    }
    out.extend_from_slice(&bytes[done..]);
    Cow::Owned(out)
}

/// Where the byte at `offset` is once the secrets are replaced; a byte of a secret is where its `***` begins.
#[must_use]
pub fn shifted(offset: usize, secrets: &[Range<usize>]) -> usize {
    let mut removed = 0;
    let mut added = 0;
    for secret in secrets.iter().take_while(|secret| secret.start < offset) {
        removed += secret.end.min(offset) - secret.start;
        added += if secret.end <= offset { MASK.len() } else { 0 };
    }
    offset - removed + added
}

/// User info, and the values of the parameters that `hides` names.
fn in_urls(text: &[u8], user_info: bool, hides: &dyn Fn(&[u8]) -> bool) -> Vec<Range<usize>> {
    let ends_url = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'<' | b'>');
    let mut secrets = Vec::new();
    for scheme_end in memchr::memmem::find_iter(text, "://").filter(|_| user_info) {
        let start = scheme_end + 3;
        let authority = text[start..].iter().take_while(|byte| !ends_url(byte) && !matches!(byte, b'/' | b'?' | b'#'));
        let end = start + authority.count();
        secrets.extend(memchr::memrchr(b'@', &text[start..end]).filter(|at| *at > 0).map(|at| start..start + at));
    }
    // Behind the first `?` or `#` of a word, until its end, are parameters.
    let mut parameters = false;
    let mut name = 0..0;
    let mut value: Option<usize> = None;
    for at in 0..=text.len() {
        let byte = text.get(at);
        let separator = byte.is_none_or(|byte| ends_url(byte) || matches!(byte, b'?' | b'#' | b'&' | b';'));
        if separator {
            if let Some(value) = value.take().filter(|value| *value < at && hides(&text[name.clone()])) {
                secrets.push(value..at);
            }
            parameters = match byte {
                Some(b'?' | b'#') => true,
                Some(b'&' | b';') => parameters,
                _ => false,
            };
            name = at + 1..at + 1;
        } else if parameters && value.is_none() && byte == Some(&b'=') {
            name.end = at;
            value = Some(at + 1);
        }
    }
    joined(&mut secrets);
    secrets
}

/// In order, and those that overlap as one: a URL inside a secret value is hidden with it.
fn joined(secrets: &mut Vec<Range<usize>>) {
    secrets.sort_by_key(|secret| secret.start);
    secrets.dedup_by(|next, kept| {
        let overlap = next.start < kept.end;
        kept.end = if overlap { kept.end.max(next.end) } else { kept.end };
        overlap
    });
}

/// The text with `***` in place of each secret, all of which begin and end between characters.
fn in_text<'a>(text: &'a str, secrets: &[Range<usize>]) -> Cow<'a, str> {
    match replaced(text.as_bytes(), secrets) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(masked) => Cow::Owned(String::from_utf8_lossy(&masked).into_owned()),
    }
}

fn is_secret(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    QUERY_WORDS.iter().any(|word| memchr::memmem::find(&name, word.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(raw: &str) -> String {
        let secrets = Masks::default().in_head(raw.as_bytes());
        String::from_utf8(replaced(raw.as_bytes(), &secrets).into_owned()).expect("masks are ASCII")
    }

    #[test]
    fn credentials_are_masked_in_a_head_and_nothing_else_changes() {
        assert_eq!(
            head(
                "GET /a?x=1&access_token=abc&y=2 HTTP/1.1\r\nHost: h\r\nAUTHORIZATION:  Basic dTpw \r\nCookie: a=b; c=d\n\
                 X-Api-Key:k\r\n  folded k2\r\nX-Key: shown\r\nReferer: https://u:p@h/?q=1\r\nSet-Cookie:\r\n\r\n"
            ),
            "GET /a?x=1&access_token=***&y=2 HTTP/1.1\r\nHost: h\r\nAUTHORIZATION:  *** \r\nCookie: ***\n\
             X-Api-Key:***\r\n  ***\r\nX-Key: shown\r\nReferer: https://***@h/?q=1\r\nSet-Cookie:\r\n\r\n"
        );
    }

    #[test]
    fn credentials_are_masked_in_urls_and_in_text_about_them() {
        let masked = |text| Masks::default().text(text).into_owned();
        assert_eq!(
            masked("ws://user:p@ss@h/p?apiKey=1;q=a#session_id=2"),
            "ws://***@h/p?apiKey=***;q=a#session_id=***"
        );
        assert_eq!(masked("cannot connect to ws://u@h: refused"), "cannot connect to ws://***@h: refused");
        assert_eq!(masked("wss://h/?next=ws://a:b@c&token=ws://d:e@f"), "wss://h/?next=ws://***@c&token=***");
        assert_eq!(masked("key=1 a@b ?token= &token=x"), "key=1 a@b ?token= &token=x");
        assert_eq!(Masks::from(Secrets::Keep).text("ws://u:p@h"), "ws://u:p@h");
    }

    #[test]
    fn a_place_in_the_head_moves_with_the_masks_before_it() {
        let raw = b"HTTP/1.1 101 x\r\nCookie: 1234567\r\nUpgrade: no\r\n";
        let secrets = Masks::default().in_head(raw);
        let masked = replaced(raw, &secrets);
        let at = memchr::memmem::find(raw, b"no").expect("it is there");
        assert_eq!(&masked[shifted(at, &secrets)..][..2], b"no");
        assert_eq!(shifted(26, &secrets), 24);
    }

    #[test]
    fn names_of_ones_own_are_masked_even_where_the_usual_secrets_are_kept() {
        let own = Masks::new(Secrets::Keep, &["X-Room".into(), "room".into()], Vec::new());
        let raw = b"GET /?room=12&token=1 HTTP/1.1\r\nx-room: 7\r\nCookie: c\r\n\r\n";
        let masked = replaced(raw, &own.in_head(raw)).into_owned();
        assert_eq!(masked, b"GET /?room=***&token=1 HTTP/1.1\r\nx-room: ***\r\nCookie: c\r\n\r\n");
        assert_eq!(own.text("ws://u@h/?ROOM=1&rooms=2"), "ws://u@h/?ROOM=***&rooms=2");
    }

    #[test]
    fn a_secret_value_is_masked_wherever_it_stands() {
        let masks =
            Masks::from(Secrets::Keep).with_values(["p\"ss wörd".into(), String::new()]).with_values(["abc".into()]);
        let raw = b"GET /p%22ss%20w%C3%B6rd?x=abc HTTP/1.1\r\nX: xabcabcx\r\n\r\n";
        assert_eq!(replaced(raw, &masks.in_head(raw)), &b"GET /***?x=*** HTTP/1.1\r\nX: x******x\r\n\r\n"[..]);
        assert_eq!(masks.text("it is p\"ss wörd, ab"), "it is ***, ab");
        assert_eq!(masks.without_values("token=abc ws://u@h"), "token=*** ws://u@h");
        let message = r#"{"a":"p\"ss wörd","b":"abcd"}"#;
        assert_eq!(masks.message(message.as_bytes()).unwrap(), br#"{"a":"***********","b":"***d"}"#);
        assert_eq!(masks.message(b"ab"), None);
        assert!(masks.covers_messages() && !Masks::default().with_values([String::new()]).covers_messages());
    }

    #[test]
    fn a_secret_value_inside_another_secret_is_hidden_with_it() {
        let masks = Masks::default().with_values(["abc".into(), "h/x".into()]);
        let raw = b"GET / HTTP/1.1\r\nCookie: id=abc; x\r\nReferer: ws://u@h/x\r\n\r\n";
        assert_eq!(
            replaced(raw, &masks.in_head(raw)),
            &b"GET / HTTP/1.1\r\nCookie: ***\r\nReferer: ws://***@***\r\n\r\n"[..]
        );
    }

    proptest! {
        #[test]
        fn masking_is_total_ordered_and_keeps_the_rest(raw in "[a-z:/?&=@# \\r\\n\"]{0,60}|(ws://|token=|\\?|&|@|Cookie: |\\n|a)*") {
            let secrets = Masks::default().in_head(raw.as_bytes());
            prop_assert!(secrets.windows(2).all(|pair| pair[0].end <= pair[1].start));
            let masked = replaced(raw.as_bytes(), &secrets);
            let removed: usize = secrets.iter().map(Range::len).sum();
            prop_assert_eq!(masked.len(), raw.len() - removed + secrets.len() * MASK.len());
        }
    }
}
