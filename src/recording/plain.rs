//! Frames as most lines have them, read in a fraction of the time that it takes to read any line: a text message in one frame,
//! without a number of its own, as this program writes it.
//!
//! Only what [`Glance::of`](super::Glance) would read in the same way is read here: whatever is unusual is left to it.

use std::time::Duration;

use crate::event::Direction;
use crate::protocol::MaskKey;

use super::text::Text;

/// What such a line says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain<'a> {
    pub(super) time: Duration,
    pub(super) connection: u32,
    pub(super) direction: Direction,
    pub(super) mask: Option<MaskKey>,
    pub(super) after: Option<Duration>,
    pub(super) text: Text<'a>,
}

impl<'a> Plain<'a> {
    /// Reads a line; `None`: it is not one of these.
    #[inline]
    pub(super) fn of(line: &'a [u8]) -> Option<Plain<'a>> {
        let (time, rest) = seconds(line.strip_prefix(b"{\"t\":")?)?;
        let (connection, rest) = digits(rest.strip_prefix(b",\"c\":")?)?;
        let rest = rest.strip_prefix(b",\"ev\":\"frame\",\"dir\":\"")?;
        let (direction, rest) = match rest.strip_prefix(b"received") {
            Some(rest) => (Direction::Received, rest),
            None => (Direction::Sent, rest.strip_prefix(b"sent")?),
        };
        let mut rest = rest.strip_prefix(b"\",\"op\":\"text\",\"")?;
        let mut mask = None;
        if let Some(behind) = rest.strip_prefix(b"mask\":\"") {
            let (key, behind) = behind.split_first_chunk::<8>()?;
            mask = Some(masking_key(*key)?);
            rest = behind.strip_prefix(b"\",\"")?;
        }
        let mut after = None;
        if let Some(behind) = rest.strip_prefix(b"after\":") {
            let (passed, behind) = seconds(behind)?;
            after = Some(passed);
            rest = behind.strip_prefix(b",\"")?;
        }
        let text = Text::whole(rest.strip_prefix(b"text\":")?.strip_suffix(b"\"}")?)?;
        Some(Plain { time, connection, direction, mask, after, text })
    }
}

/// Seconds with six decimals, and what is behind them.
#[inline]
fn seconds(bytes: &[u8]) -> Option<(Duration, &[u8])> {
    let (whole, rest) = digits(bytes)?;
    let (decimals, rest) = rest.strip_prefix(b".")?.split_first_chunk::<6>()?;
    let (micros, wrong) = decimals.iter().fold((0, false), |(value, wrong), byte| {
        let digit = byte.wrapping_sub(b'0');
        (value * 10 + u32::from(digit), wrong || digit > 9)
    });
    if wrong { None } else { Some((Duration::new(u64::from(whole), micros * 1000), rest)) }
}

/// A number of one digit to nine, and what is behind it.
#[inline]
fn digits(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (mut value, mut count) = (0, 0);
    while let Some(digit) = bytes.get(count).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit <= 9) {
        if count == 9 {
            return None;
        }
        value = value * 10 + u32::from(digit);
        count += 1;
    }
    (count > 0).then(|| (value, &bytes[count..]))
}

fn masking_key(digits: [u8; 8]) -> Option<MaskKey> {
    let value = digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))?;
    Some(value.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recording::Glance;

    const LINE: &str =
        r#"{"t":1.000020,"c":1,"ev":"frame","dir":"received","op":"text","after":0.010000,"text":"{\"a\":1}"}"#;

    #[test]
    fn most_lines_are_plain() {
        let plain = Plain::of(LINE.as_bytes()).unwrap();
        assert_eq!((plain.time, plain.after), (Duration::from_micros(1_000_020), Some(Duration::from_millis(10))));
        assert_eq!((plain.text.size(), plain.text.decode().as_deref()), (7, Some("{\"a\":1}")));
        for unusual in
            [("\"c\":1", "\"c\":1,\"n\":3"), ("\"c\":1", "\"c\":1234567890"), ("\"}", "\"} "), ("1}", "1\\\\\"}")]
        {
            assert!(Plain::of(LINE.replacen(unusual.0, unusual.1, 1).as_bytes()).is_none(), "{unusual:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_any_line_says(
            text in "[ab\"\\\\/\\n u]{0,12}",
            sent: bool,
            insert in proptest::option::of((0usize..90, "[\"\\\\,{}n:0a]{1,3}")),
            cut in proptest::option::of(0usize..120),
        ) {
            let payload = serde_json::to_string(&text).unwrap();
            let head = if sent { "\"sent\",\"op\":\"text\",\"mask\":\"00fF01a9\"" } else { "\"received\",\"op\":\"text\"" };
            let mut line = format!("{{\"t\":10.000001,\"c\":1,\"ev\":\"frame\",\"dir\":{head},\"text\":{payload}}}");
            if let Some((at, insert)) = insert {
                line.insert_str(at.min(line.len()), &insert);
            }
            line.truncate(cut.unwrap_or(usize::MAX).min(line.len()));
            if let Some(plain) = Plain::of(line.as_bytes()) {
                let (mut next, mut same) = (7, 7);
                let any = Glance::of_any(line.as_bytes(), &mut next).unwrap();
                prop_assert_eq!(format!("{any:?}"), format!("{:?}", Glance::of(line.as_bytes(), &mut same).unwrap()));
                prop_assert_eq!((next, same), (8, 8));
                prop_assert_eq!(any.frame.unwrap().text.unwrap(), plain.text);
            }
        }
    }
}
