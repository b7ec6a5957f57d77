//! Lines of kinds that are not known here, with what is secret in their strings masked and every other byte as it was.

use crate::recording::json;
use crate::recording::text::Text;

use super::{MASK, Masks, replaced};

impl Masks {
    /// Appends a line that is a whole JSON object. A member that is named like a header with a secret value is masked; any
    /// other string is taken to be a head, a URL, a message or text about them. What is in base64 is not looked into.
    pub(in crate::recording) fn line(&self, line: &[u8], out: &mut Vec<u8>) {
        let (mut rest, mut secret) = (line, false);
        while let Some(quote) = memchr::memchr(b'"', rest) {
            let Some((text, behind)) = Text::split(&rest[quote + 1..]) else { break };
            out.extend_from_slice(&rest[..quote]);
            let is_name = behind.trim_ascii_start().first() == Some(&b':');
            let masked = if is_name {
                secret = text.decode().is_some_and(|name| self.hides_header(name.as_bytes()));
                None
            } else {
                text.decode().and_then(|value| self.value(&value, secret))
            };
            match masked {
                Some(masked) => json::string(&masked, out),
                None => out.extend_from_slice(&rest[quote..rest.len() - behind.len()]),
            }
            rest = behind;
        }
        out.extend_from_slice(rest);
    }

    /// A string without what is secret in it; `None` if nothing is.
    fn value(&self, value: &str, secret: bool) -> Option<String> {
        if secret {
            return Some(MASK.to_owned());
        }
        let message = self.message(value.as_bytes());
        let bytes = message.as_deref().unwrap_or(value.as_bytes());
        let secrets = self.in_head(bytes);
        // Cut at ASCII characters, so it still is UTF-8.
        let masked = || String::from_utf8_lossy(&replaced(bytes, &secrets)).into_owned();
        (message.is_some() || !secrets.is_empty()).then(masked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Secrets;

    #[test]
    fn strings_are_masked_wherever_they_are_and_all_else_stays() {
        let masks = Masks::new(Secrets::Mask, &["X-Room".to_owned()], vec!["**.pin".parse().unwrap()]);
        let line = [
            r#"{"t":1.50,"ev":"proxy" , "url":"ws://u:p@h/?token=1","hop":{"Cookie": "c","n":[1,"x"],"x-room":"7"},"#,
            r#""raw":"GET /?a=1 HTTP/1.1\r\nCookie: c\r\nX: \u00e9","text":"{\"pin\":\"12345\"}","e":"\u00e9\/"}"#,
        ];
        let masked = [
            r#"{"t":1.50,"ev":"proxy" , "url":"ws://***@h/?token=***","hop":{"Cookie": "***","n":[1,"x"],"x-room":"***"},"#,
            r#""raw":"GET /?a=1 HTTP/1.1\r\nCookie: ***\r\nX: é","text":"{\"pin\":\"***\"  }","e":"\u00e9\/"}"#,
        ];
        let mut out = Vec::new();
        masks.line(line.concat().as_bytes(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), masked.concat());
    }
}
