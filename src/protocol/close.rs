//! Status codes and close payloads (RFC 6455 sections 5.5.1 and 7.4).

use bytes::{BufMut, Bytes, BytesMut};

use super::utf8;
use super::violation::Rule;

/// The longest reason: a control frame's 125 bytes less the code's two.
pub const MAX_REASON: usize = 123;

/// A status code's name as the IANA registry has it, in short; `None` for the unregistered.
#[must_use]
pub fn code_name(code: u16) -> Option<&'static str> {
    Some(match code {
        1000 => "normal",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1004 => "reserved",
        1005 => "no status received",
        1006 => "abnormal closure",
        1007 => "invalid payload",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "mandatory extension",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        1015 => "TLS handshake",
        3000 => "unauthorized",
        3003 => "forbidden",
        3008 => "timeout",
        3001 | 3002 | 3004..=3007 | 3009..=3999 => "library",
        4000..=4999 => "application",
        _ => return None,
    })
}

/// Whether an endpoint may put this code into a close frame (RFC 6455 section 7.4.1 and 7.4.2).
///
/// 1004 is reserved; 1005, 1006 and 1015 stand for what was not on the wire; 1016 to 2999 await definition.
#[must_use]
pub const fn allowed_on_wire(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// A close frame's payload.
#[must_use]
pub fn payload(code: Option<u16>, reason: &[u8]) -> Bytes {
    let Some(code) = code else { return Bytes::new() };
    let mut out = BytesMut::with_capacity(2 + reason.len());
    out.put_u16(code);
    out.put_slice(reason);
    out.freeze()
}

/// As much of a reason as fits into a close frame.
#[must_use]
pub fn fitting(reason: &str) -> &str {
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    &reason[..end]
}

/// A close frame's code and reason as they are, right or wrong. An empty payload, or half a code, has none.
#[must_use]
pub fn parse(payload: &Bytes) -> (Option<u16>, Bytes) {
    match payload.first_chunk() {
        Some(code) => (Some(u16::from_be_bytes(*code)), payload.slice(2..)),
        None => (None, Bytes::new()),
    }
}

/// The rule that a close payload breaks, what is wrong, and at which of its bytes.
#[must_use]
pub fn fault(payload: &Bytes) -> Option<(Rule, String, usize)> {
    if payload.len() == 1 {
        return Some((Rule::CloseTooShort, "a payload of 1 byte".into(), 0));
    }
    let (code, reason) = parse(payload);
    if let Some(code) = code.filter(|code| !allowed_on_wire(*code)) {
        let name = code_name(code).map(|name| format!(", {name}")).unwrap_or_default();
        return Some((Rule::CloseCodeNotAllowed, format!("code {code}{name}"), 0));
    }
    let bad = utf8::first_error(&reason)?;
    Some((Rule::CloseReasonUtf8, format!("byte {:#04x}", reason[bad]), 2 + bad))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_stand_for_no_code_are_not_allowed_on_the_wire() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
            assert!(!allowed_on_wire(code), "{code}");
        }
        for code in [1000, 1003, 1007, 1014, 3000, 3999, 4000, 4999] {
            assert!(allowed_on_wire(code), "{code}");
        }
    }

    #[test]
    fn a_payload_reads_back_and_its_fault_is_located() {
        let bye = payload(Some(1000), b"bye");
        assert_eq!(parse(&bye), (Some(1000), Bytes::from_static(b"bye")));
        assert_eq!(fault(&bye), None);
        assert_eq!(fault(&Bytes::new()), None);
        assert_eq!(fault(&Bytes::from_static(b"\x03")).map(|f| f.0), Some(Rule::CloseTooShort));
        assert_eq!(fault(&payload(Some(1006), b"")).map(|f| f.0), Some(Rule::CloseCodeNotAllowed));
        let (rule, _, at) = fault(&payload(Some(1000), b"a\xff")).expect("0xff is never UTF-8");
        assert_eq!((rule, at), (Rule::CloseReasonUtf8, 3));
    }
}
