//! One JSON object on a line, written member by member into a buffer: fast enough for millions of events a second.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// An object being written. [`Object::end`] closes it.
#[derive(Debug)]
pub struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Begins it at the end of the buffer.
    pub fn begin(out: &'a mut Vec<u8>) -> Object<'a> {
        out.push(b'{');
        Object { out, empty: true }
    }

    /// Closes it.
    pub fn end(self) {
        self.out.push(b'}');
    }

    /// A string.
    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        string(value, self.out);
    }

    /// A string, if there is one.
    pub fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A list of strings.
    pub fn strings(&mut self, name: &str, values: &[String]) {
        self.name(name);
        self.out.push(b'[');
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                self.out.push(b',');
            }
            string(value, self.out);
        }
        self.out.push(b']');
    }

    /// A whole number.
    pub fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        digits(value, self.out);
    }

    /// A whole number that may be below zero.
    pub fn signed(&mut self, name: &str, value: i64) {
        self.name(name);
        if value < 0 {
            self.out.push(b'-');
        }
        digits(value.unsigned_abs(), self.out);
    }

    /// `[a,b]`.
    pub fn pair(&mut self, name: &str, (a, b): (u64, u64)) {
        self.name(name);
        self.out.push(b'[');
        digits(a, self.out);
        self.out.push(b',');
        digits(b, self.out);
        self.out.push(b']');
    }

    /// True or false.
    pub fn flag(&mut self, name: &str, value: bool) {
        self.name(name);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// Seconds with six decimals.
    pub fn seconds(&mut self, name: &str, value: Duration) {
        self.name(name);
        seconds(value, self.out);
    }

    /// Bytes as `text` where they are UTF-8, else as base64 under another name.
    pub fn bytes(&mut self, text: &str, base64: &str, value: &[u8]) {
        match simdutf8::basic::from_utf8(value) {
            Ok(value) => self.text(text, value),
            Err(_) => self.base64(base64, value),
        }
    }

    /// Bytes as base64.
    pub fn base64(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.out.push(b'"');
        base64(value, self.out);
        self.out.push(b'"');
    }

    /// Bytes as lower-case hexadecimal without blanks.
    pub fn hex(&mut self, name: &str, value: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.name(name);
        self.out.push(b'"');
        let digits = value.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0xF)]]);
        self.out.extend(digits);
        self.out.push(b'"');
    }

    /// An object inside this one.
    pub fn object(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        let mut inner = Object::begin(self.out);
        write(&mut inner);
        inner.end();
    }

    /// Names are ours and need no escaping.
    fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }
}

/// How many bytes of a string are looked at together.
const CHUNK: usize = 32;

/// What follows the backslash for each byte that must be escaped (RFC 8259 section 7); 0 for those that need not be.
const ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        escapes[byte] = b'u';
        byte += 1;
    }
    escapes[b'\n' as usize] = b'n';
    escapes[b'\r' as usize] = b'r';
    escapes[b'\t' as usize] = b't';
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes
};

/// A JSON string with its quotes: only what must be escaped is. Most text needs nothing, and is copied in chunks.
pub fn string(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + text.len() / 8 + 2);
    out.push(b'"');
    for chunk in text.as_bytes().chunks(CHUNK) {
        // Without a branch a byte, so that the compiler looks at many at once.
        let special = |byte: u8| u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\');
        if chunk.iter().fold(0, |any, byte| any | special(*byte)) != 0 {
            escaped(chunk, out);
        } else {
            out.extend_from_slice(chunk);
        }
    }
    out.push(b'"');
}

/// At most [`CHUNK`] bytes, some of which must be escaped.
fn escaped(chunk: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut buffer = [0; 6 * CHUNK];
    let mut size = 0;
    for byte in chunk {
        match ESCAPES[usize::from(*byte)] {
            0 => {
                buffer[size] = *byte;
                size += 1;
            }
            b'u' => {
                let digits = [b'\\', b'u', b'0', b'0', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xF)]];
                buffer[size..size + 6].copy_from_slice(&digits);
                size += 6;
            }
            escape => {
                buffer[size..size + 2].copy_from_slice(&[b'\\', escape]);
                size += 2;
            }
        }
    }
    out.extend_from_slice(&buffer[..size]);
}

/// Bytes as base64, without quotes.
pub fn base64(value: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + value.len().div_ceil(3) * 4, 0);
    // The room is exactly what padded base64 takes.
    let written = STANDARD.encode_slice(value, &mut out[start..]).unwrap_or(0);
    out.truncate(start + written);
}

/// Seconds with six decimals.
pub fn seconds(value: Duration, out: &mut Vec<u8>) {
    digits(value.as_secs(), out);
    out.push(b'.');
    let mut micros = value.subsec_micros();
    let mut decimals = [b'0'; 6];
    for decimal in decimals.iter_mut().rev() {
        *decimal += (micros % 10) as u8;
        micros /= 10;
    }
    out.extend_from_slice(&decimals);
}

/// A number in decimal.
pub fn digits(mut value: u64, out: &mut Vec<u8>) {
    let mut buffer = [0; 20];
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&buffer[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(text in "\\PC*|[\\x00-\\x7f]*", number: u64, signed: i64, bytes: Vec<u8>) {
            let mut out = Vec::new();
            let mut object = Object::begin(&mut out);
            object.text("text", &text);
            object.number("number", number);
            object.signed("signed", signed);
            object.base64("base64", &bytes);
            object.object("inner", |inner| inner.strings("strings", &[text.clone(), String::new()]));
            object.end();
            prop_assert!(!out.contains(&b'\n'));
            let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(&read["text"], &text);
            prop_assert_eq!(&read["number"], number);
            prop_assert_eq!(&read["signed"], signed);
            prop_assert_eq!(STANDARD.decode(read["base64"].as_str().unwrap()).unwrap(), bytes);
            prop_assert_eq!(&read["inner"]["strings"][0], &text);
        }

        #[test]
        fn seconds_have_six_decimals(micros in 0u64..1 << 40) {
            let mut out = Vec::new();
            let mut object = Object::begin(&mut out);
            object.seconds("t", Duration::from_micros(micros));
            object.end();
            let expected = format!("{{\"t\":{}.{:06}}}", micros / 1_000_000, micros % 1_000_000);
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
