//! A frame as it was on the wire (RFC 6455 section 5.2), with nothing normalised.
//!
//! A [`Header`] keeps every bit: reserved opcodes, RSV bits, the masking key and the form of the length. So the header's
//! bytes can always be had back exactly ([`Header::bytes`]), and need not be stored beside it.

use bytes::Bytes;

use super::Opcode;

/// The four bytes that a client's payload is `XOR`ed with (RFC 6455 section 5.3).
pub type MaskKey = [u8; 4];

/// The longest header: 2 bytes, 8 of length, 4 of masking key.
pub const MAX_HEADER: usize = 14;

/// The longest payload of a control frame (RFC 6455 section 5.5).
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// How a payload length is written: in 7 bits, or in 16 or 64 further ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LengthForm {
    Bits7,
    Bits16,
    Bits64,
}

impl LengthForm {
    /// The shortest form that holds `length`, the only one that the RFC allows.
    #[must_use]
    pub const fn minimal(length: u64) -> LengthForm {
        match length {
            0..=125 => LengthForm::Bits7,
            126..=0xFFFF => LengthForm::Bits16,
            _ => LengthForm::Bits64,
        }
    }

    /// 7, 16 or 64.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            LengthForm::Bits7 => 7,
            LengthForm::Bits16 => 16,
            LengthForm::Bits64 => 64,
        }
    }

    /// The largest length that this form can say.
    #[must_use]
    pub const fn max(self) -> u64 {
        match self {
            LengthForm::Bits7 => 125,
            LengthForm::Bits16 => 0xFFFF,
            LengthForm::Bits64 => u64::MAX,
        }
    }
}

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// FIN: the last (or only) frame of its message.
    pub fin: bool,
    /// The three reserved bits as a number: 4 is RSV1, 2 RSV2, 1 RSV3.
    pub rsv: u8,
    pub opcode: Opcode,
    /// The masking key, if the MASK bit is set.
    pub mask: Option<MaskKey>,
    pub form: LengthForm,
    /// The payload's length in bytes as the header claims it.
    pub length: u64,
}

impl Header {
    /// An unmasked, unfragmented frame's header with the minimal length form.
    #[must_use]
    pub const fn new(opcode: Opcode, length: u64) -> Header {
        Header { fin: true, rsv: 0, opcode, mask: None, form: LengthForm::minimal(length), length }
    }

    /// Reads a header from the front of `bytes`: itself and its size in bytes, or `None` while bytes are missing.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<(Header, usize)> {
        let [first, second, ..] = *bytes else { return None };
        let (form, length, mut size) = match second & 0x7F {
            126 => (LengthForm::Bits16, u64::from(u16::from_be_bytes(array(bytes, 2)?)), 4),
            127 => (LengthForm::Bits64, u64::from_be_bytes(array(bytes, 2)?), 10),
            length => (LengthForm::Bits7, u64::from(length), 2),
        };
        let mask = if second & 0x80 == 0 {
            None
        } else {
            size += 4;
            Some(array(bytes, size - 4)?)
        };
        let (fin, rsv) = (first & 0x80 != 0, first >> 4 & 0x7);
        Some((Header { fin, rsv, opcode: Opcode::from_bits(first), mask, form, length }, size))
    }

    /// The header's bytes, exactly as on the wire.
    ///
    /// A length that its form can't hold keeps its low bits: that is how a lying length is made.
    #[must_use]
    pub fn bytes(&self) -> HeaderBytes {
        let mut out = HeaderBytes { bytes: [0; MAX_HEADER], size: 0 };
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let low = self.length.to_be_bytes();
        out.push(&[u8::from(self.fin) << 7 | (self.rsv & 0x7) << 4 | self.opcode.bits()]);
        match self.form {
            LengthForm::Bits7 => out.push(&[masked | low[7] & 0x7F]),
            LengthForm::Bits16 => {
                out.push(&[masked | 0x7E]);
                out.push(&low[6..]);
            }
            LengthForm::Bits64 => {
                out.push(&[masked | 0x7F]);
                out.push(&low);
            }
        }
        if let Some(key) = self.mask {
            out.push(&key);
        }
        out
    }
}

/// A header's 2 to 14 bytes, without an allocation.
#[derive(Clone, Copy, Debug)]
pub struct HeaderBytes {
    bytes: [u8; MAX_HEADER],
    size: u8,
}

impl HeaderBytes {
    fn push(&mut self, more: &[u8]) {
        let start = usize::from(self.size);
        self.bytes[start..start + more.len()].copy_from_slice(more);
        self.size += more.len() as u8;
    }
}

impl std::ops::Deref for HeaderBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.size)]
    }
}

/// A frame: its header and its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub header: Header,
    /// The payload without its mask, else as on the wire (still compressed).
    ///
    /// Shorter than the header's length when the connection ended or failed inside the frame, or when the length lied.
    pub payload: Bytes,
}

impl Frame {
    /// Bytes on the wire: header and what there is of the payload.
    #[must_use]
    pub fn wire_size(&self) -> u64 {
        (self.header.bytes().len() + self.payload.len()) as u64
    }

    /// Whether the payload is shorter than the header says.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        (self.payload.len() as u64) < self.header.length
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_that_are_a_header_come_back_exactly(bytes in prop::collection::vec(any::<u8>(), MAX_HEADER)) {
            let (header, size) = Header::read(&bytes).expect("14 bytes hold any header");
            prop_assert_eq!(&*header.bytes(), &bytes[..size]);
            for short in 0..size {
                prop_assert_eq!(Header::read(&bytes[..short]), None);
            }
        }
    }

    #[test]
    fn a_length_that_does_not_fit_its_form_keeps_its_low_bits() {
        let header = Header { form: LengthForm::Bits16, length: 0x1_0005, ..Header::new(Opcode::TEXT, 0) };
        assert_eq!(&*header.bytes(), &[0x81, 126, 0x00, 0x05]);
    }
}
