//! What can be told of a line without decoding its payload: the fixed fields, and how large the payload is.

use std::time::Duration;

use crate::event::Direction;
use crate::protocol::{LengthForm, MaskKey, Opcode};

use super::plain::Plain;
use super::scan::{Members, Value};
use super::text::Text;

/// The fixed fields of an event's line.
#[derive(Clone, Copy, Debug)]
pub struct Glance<'a> {
    /// `t`, since the recording's `created`.
    pub time: Duration,
    /// `c`, 0 for none.
    pub connection: u32,
    /// `ev`.
    pub name: &'a [u8],
    /// Set if that is `frame`.
    pub frame: Option<FrameGlance<'a>>,
    /// The whole line, without its end.
    pub line: &'a [u8],
    /// Where it begins in the file, in bytes.
    pub offset: u64,
}

/// The fixed fields of a frame.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "one a member")]
pub struct FrameGlance<'a> {
    /// Its number on the timeline, from 1.
    pub number: u64,
    /// Whether the line says it, rather than leaving it to be counted.
    pub says_number: bool,
    pub direction: Direction,
    pub opcode: Opcode,
    pub fin: bool,
    pub rsv: u8,
    pub mask: Option<MaskKey>,
    pub form: LengthForm,
    /// The payload's length as the header claims it, in bytes.
    pub length: u64,
    /// The number of the message's first frame, and this one's index in it from 1.
    pub fragment: Option<(u64, u32)>,
    pub automatic: bool,
    /// Whether something of the payload was taken out.
    pub masked: bool,
    pub after: Option<Duration>,
    /// Whether it completes a message.
    pub ends_message: bool,
    /// Set in a compressed message: the payload as on the wire.
    pub wire: Option<Text<'a>>,
    /// The payload, or the inflated message, if it is UTF-8.
    pub text: Option<Text<'a>>,
    /// The same in base64 if it is not.
    pub base64: Option<Text<'a>>,
}

impl FrameGlance<'_> {
    /// The payload's size on the wire, in bytes.
    #[must_use]
    pub fn payload_size(&self) -> u64 {
        self.wire.map_or_else(|| self.content_size(), |wire| wire.base64_size() as u64)
    }

    /// The size of what [`FrameGlance::text`] or [`FrameGlance::base64`] stands for, in bytes.
    #[must_use]
    pub fn content_size(&self) -> u64 {
        let size = self.text.map(Text::size).or(self.base64.map(Text::base64_size));
        size.unwrap_or_default() as u64
    }
}

impl<'a> Glance<'a> {
    /// Looks at a line; `next_frame` is the number of the next frame, and is moved on by one.
    ///
    /// The error says what is wrong with the line.
    #[inline]
    pub(super) fn of(line: &'a [u8], next_frame: &mut u64) -> Result<Glance<'a>, &'static str> {
        match Plain::of(line) {
            Some(plain) => {
                let glance = Glance::of_plain(line, &plain, *next_frame);
                *next_frame = next_frame.saturating_add(1);
                Ok(glance)
            }
            None => Glance::of_any(line, next_frame),
        }
    }

    #[inline]
    fn of_plain(line: &'a [u8], plain: &Plain<'a>, number: u64) -> Glance<'a> {
        let Plain { time, connection, direction, mask, after, text } = *plain;
        let length = text.size() as u64;
        let frame = FrameGlance {
            number,
            says_number: false,
            direction,
            opcode: Opcode::TEXT,
            fin: true,
            rsv: 0,
            mask,
            form: LengthForm::minimal(length),
            length,
            fragment: None,
            automatic: false,
            masked: false,
            after,
            ends_message: true,
            wire: None,
            text: Some(text),
            base64: None,
        };
        Glance { time, connection, name: b"frame", frame: Some(frame), line, offset: 0 }
    }

    /// The same for any line, whatever its members and their order.
    pub(super) fn of_any(line: &'a [u8], next_frame: &mut u64) -> Result<Glance<'a>, &'static str> {
        let mut fields = Fields::default();
        let mut members = Members::of(line);
        for (name, value) in members.by_ref() {
            fields.take(name.raw(), value);
        }
        if !members.is_whole() {
            return Err(if line.trim_ascii_end().ends_with(b"}") { "not a JSON object" } else { "torn" });
        }
        let name = fields.name.ok_or("no ev")?.raw();
        let frame = if name == b"frame" { Some(fields.frame(next_frame)?) } else { None };
        let time = fields.time.ok_or("no t in seconds")?;
        let connection = fields.connection.map_or(Some(0), |c| c.number()?.try_into().ok()).ok_or("a bad c")?;
        Ok(Glance { time, connection, name, frame, line, offset: 0 })
    }
}

/// What the members of a line say. A value of a wrong type counts as absent where a frame can't be without it.
#[derive(Default)]
struct Fields<'a> {
    time: Option<Duration>,
    connection: Option<Value<'a>>,
    name: Option<Text<'a>>,
    number: Option<Value<'a>>,
    direction: Option<Text<'a>>,
    opcode: Option<Value<'a>>,
    fin: Option<Value<'a>>,
    rsv: Option<Value<'a>>,
    mask: Option<Text<'a>>,
    form: Option<Value<'a>>,
    length: Option<Value<'a>>,
    fragment: Option<Value<'a>>,
    automatic: Option<Value<'a>>,
    masked: Option<Value<'a>>,
    after: Option<Value<'a>>,
    message: Option<Value<'a>>,
    wire: Option<Text<'a>>,
    text: Option<Text<'a>>,
    base64: Option<Text<'a>>,
}

impl<'a> Fields<'a> {
    fn take(&mut self, name: &[u8], value: Value<'a>) {
        match name {
            b"t" => self.time = value.seconds(),
            b"c" => self.connection = Some(value),
            b"ev" => self.name = value.text(),
            b"n" => self.number = Some(value),
            b"dir" => self.direction = value.text(),
            b"op" => self.opcode = Some(value),
            b"fin" => self.fin = Some(value),
            b"rsv" => self.rsv = Some(value),
            b"mask" => self.mask = value.text(),
            b"len" => self.form = Some(value),
            b"length" => self.length = Some(value),
            b"fragment" => self.fragment = Some(value),
            b"auto" => self.automatic = Some(value),
            b"masked" => self.masked = Some(value),
            b"after" => self.after = Some(value),
            b"message" => self.message = Some(value),
            b"wire" => self.wire = value.text(),
            b"text" => self.text = value.text(),
            b"b64" => self.base64 = value.text(),
            _ => {}
        }
    }

    fn frame(&self, next_frame: &mut u64) -> Result<FrameGlance<'a>, &'static str> {
        let direction = match self.direction.map(Text::raw) {
            Some(b"sent") => Direction::Sent,
            Some(b"received") => Direction::Received,
            _ => return Err("dir is neither sent nor received"),
        };
        let opcode = self.opcode.and_then(opcode).ok_or("no op that a frame can have")?;
        let fin = self.fin.map_or(Some(true), Value::flag).ok_or("fin is neither true nor false")?;
        let rsv = self.rsv.map_or(Some(0), Value::number).filter(|rsv| *rsv < 8).ok_or("rsv is not 0 to 7")?;
        let mask = self.mask.map(|mask| hex(mask.raw()).and_then(|mask| mask.try_into().ok()));
        let fragment = match self.fragment {
            None => None,
            Some(value) => {
                let pair = value.pair().and_then(|(message, index)| Some((message, u32::try_from(index).ok()?)));
                Some(pair.ok_or("fragment is not [number, index]")?)
            }
        };
        let number = self.number.map_or(Some(*next_frame), Value::number).ok_or("n is no number")?;
        let mut frame = FrameGlance {
            number,
            says_number: self.number.is_some(),
            direction,
            opcode,
            fin,
            rsv: rsv as u8,
            mask: mask.map(|mask| mask.ok_or("mask is not 8 hexadecimal digits")).transpose()?,
            form: LengthForm::Bits7,
            length: 0,
            fragment,
            automatic: self.automatic.and_then(Value::flag).unwrap_or_default(),
            masked: self.masked.and_then(Value::flag).unwrap_or_default(),
            after: self.after.and_then(Value::seconds),
            ends_message: fin && !opcode.is_control() && !opcode.is_reserved(),
            wire: self.wire,
            text: self.text,
            base64: self.base64,
        };
        frame.ends_message &= self.message.and_then(Value::flag).unwrap_or(true);
        frame.length = match self.length {
            None => frame.payload_size(),
            Some(length) => length.number().ok_or("length is no number")?,
        };
        frame.form = match self.form.map(Value::number) {
            None => LengthForm::minimal(frame.length),
            Some(Some(7)) => LengthForm::Bits7,
            Some(Some(16)) => LengthForm::Bits16,
            Some(Some(64)) => LengthForm::Bits64,
            Some(_) => return Err("len is not 7, 16 or 64"),
        };
        *next_frame = number.saturating_add(1);
        Ok(frame)
    }
}

fn opcode(value: Value<'_>) -> Option<Opcode> {
    if let Some(text) = value.text() {
        return Opcode::DEFINED.into_iter().find(|op| op.name().is_some_and(|name| name.as_bytes() == text.raw()));
    }
    value.number().filter(|bits| *bits < 16).map(|bits| Opcode::from_bits(bits as u8))
}

/// The bytes that hexadecimal digits stand for.
pub(super) fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some((digit(*high)? << 4 | digit(*low)?) as u8)).collect();
    if rest.is_empty() { bytes } else { None }
}
