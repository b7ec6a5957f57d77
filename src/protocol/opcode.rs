//! The four bits that say what a frame is (RFC 6455 section 5.2), reserved values included.

use std::fmt;
use std::str::FromStr;

/// A frame's opcode: any of the sixteen values, since a peer may send any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Opcode(u8);

impl Opcode {
    pub const CONTINUATION: Opcode = Opcode(0x0);
    pub const TEXT: Opcode = Opcode(0x1);
    pub const BINARY: Opcode = Opcode(0x2);
    pub const CLOSE: Opcode = Opcode(0x8);
    pub const PING: Opcode = Opcode(0x9);
    pub const PONG: Opcode = Opcode(0xA);

    /// The six opcodes that the RFC defines.
    pub const DEFINED: [Opcode; 6] =
        [Self::CONTINUATION, Self::TEXT, Self::BINARY, Self::CLOSE, Self::PING, Self::PONG];

    /// The opcode in the low four bits of a frame's first byte; the high four are ignored.
    #[must_use]
    pub const fn from_bits(byte: u8) -> Opcode {
        Opcode(byte & 0x0F)
    }

    /// The value, 0 to 15.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Close, ping, pong and the reserved 11 to 15 (RFC 6455 section 5.5).
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.0 & 0x8 != 0
    }

    /// 3 to 7 and 11 to 15: reserved for further frames, so an error without an extension that defines them.
    #[must_use]
    pub const fn is_reserved(self) -> bool {
        matches!(self.0, 0x3..=0x7 | 0xB..=0xF)
    }

    /// The RFC's word for it; `None` for a reserved opcode.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::CONTINUATION => "continuation",
            Self::TEXT => "text",
            Self::BINARY => "binary",
            Self::CLOSE => "close",
            Self::PING => "ping",
            Self::PONG => "pong",
            _ => return None,
        })
    }
}

impl fmt::Display for Opcode {
    /// The name, or the number of a reserved opcode.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => f.pad(&self.0.to_string()),
        }
    }
}

/// What was given is neither an opcode's name nor a number from 0 to 15.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown opcode \"{0}\": one of continuation, text, binary, close, ping, pong, or 0 to 15")]
pub struct UnknownOpcode(String);

impl FromStr for Opcode {
    type Err = UnknownOpcode;

    /// A name, or a number in decimal (`9`) or hexadecimal (`0x9`).
    fn from_str(text: &str) -> Result<Opcode, UnknownOpcode> {
        let named = Self::DEFINED.into_iter().find(|opcode| opcode.name() == Some(text));
        let number = || match text.strip_prefix("0x") {
            Some(hex) => u8::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        };
        named.or_else(|| number().filter(|n| *n < 16).map(Opcode)).ok_or_else(|| UnknownOpcode(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_defined_or_reserved_and_reads_back_from_its_own_text() {
        for bits in 0..16 {
            let opcode = Opcode::from_bits(bits);
            assert_eq!(opcode.is_reserved(), opcode.name().is_none());
            assert_eq!(opcode.to_string().parse(), Ok(opcode));
            assert_eq!(opcode.is_control(), bits >= 8);
        }
        assert_eq!("0xb".parse(), Ok(Opcode(11)));
        assert!("16".parse::<Opcode>().is_err());
        assert!("txt".parse::<Opcode>().is_err());
    }
}
