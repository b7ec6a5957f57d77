//! The rules a peer can break, each with its section and the status code that RFC 6455 asks a failing endpoint to send.

use std::fmt;

use bytes::Bytes;

/// A rule of RFC 6455 or RFC 7692, or a limit of ours, that a frame broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    ReservedBits,
    ReservedOpcode,
    MaskedByServer,
    UnmaskedByClient,
    LengthNotMinimal,
    LengthTopBit,
    ControlTooLong,
    ControlFragmented,
    OrphanContinuation,
    InterleavedMessage,
    InvalidUtf8,
    CloseTooShort,
    CloseCodeNotAllowed,
    CloseReasonUtf8,
    FrameAfterClose,
    CompressedControl,
    CompressedContinuation,
    BadDeflate,
    FrameTooLarge,
    MessageTooLarge,
    TooManyFragments,
}

impl Rule {
    /// The rule in a few words, its section, and the status code for failing the connection over it.
    const fn facts(self) -> (&'static str, &'static str, u16) {
        match self {
            Rule::ReservedBits => ("reserved bits without an extension", "RFC 6455 5.2", 1002),
            Rule::ReservedOpcode => ("reserved opcode", "RFC 6455 5.2", 1002),
            Rule::MaskedByServer => ("masked frame from a server", "RFC 6455 5.1", 1002),
            Rule::UnmaskedByClient => ("unmasked frame from a client", "RFC 6455 5.1", 1002),
            Rule::LengthNotMinimal => ("length not in its shortest form", "RFC 6455 5.2", 1002),
            Rule::LengthTopBit => ("64-bit length with its top bit set", "RFC 6455 5.2", 1002),
            Rule::ControlTooLong => ("control frame over 125 bytes", "RFC 6455 5.5", 1002),
            Rule::ControlFragmented => ("fragmented control frame", "RFC 6455 5.5", 1002),
            Rule::OrphanContinuation => ("continuation without a message", "RFC 6455 5.4", 1002),
            Rule::InterleavedMessage => ("new message inside an unfinished one", "RFC 6455 5.4", 1002),
            Rule::InvalidUtf8 => ("text that is not UTF-8", "RFC 6455 8.1", 1007),
            Rule::CloseTooShort => ("close frame with half a status code", "RFC 6455 5.5.1", 1002),
            Rule::CloseCodeNotAllowed => ("status code not allowed on the wire", "RFC 6455 7.4", 1002),
            Rule::CloseReasonUtf8 => ("close reason that is not UTF-8", "RFC 6455 5.5.1", 1007),
            Rule::FrameAfterClose => ("frame after a close frame", "RFC 6455 5.5.1", 1002),
            Rule::CompressedControl => ("compressed control frame", "RFC 7692 6.1", 1002),
            Rule::CompressedContinuation => ("RSV1 on a continuation", "RFC 7692 6.1", 1002),
            Rule::BadDeflate => ("compressed data that does not inflate", "RFC 7692 7.2.2", 1002),
            Rule::FrameTooLarge => ("frame over the limit", "RFC 6455 10.4", 1009),
            Rule::MessageTooLarge => ("message over the limit", "RFC 6455 10.4", 1009),
            Rule::TooManyFragments => ("too many fragments in a message", "RFC 6455 10.4", 1009),
        }
    }

    /// Every rule.
    pub const ALL: [Rule; 21] = [
        Rule::ReservedBits,
        Rule::ReservedOpcode,
        Rule::MaskedByServer,
        Rule::UnmaskedByClient,
        Rule::LengthNotMinimal,
        Rule::LengthTopBit,
        Rule::ControlTooLong,
        Rule::ControlFragmented,
        Rule::OrphanContinuation,
        Rule::InterleavedMessage,
        Rule::InvalidUtf8,
        Rule::CloseTooShort,
        Rule::CloseCodeNotAllowed,
        Rule::CloseReasonUtf8,
        Rule::FrameAfterClose,
        Rule::CompressedControl,
        Rule::CompressedContinuation,
        Rule::BadDeflate,
        Rule::FrameTooLarge,
        Rule::MessageTooLarge,
        Rule::TooManyFragments,
    ];

    /// The rule with this name, as [`Rule::name`] gives it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// The rule in a few words: `reserved opcode`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().0
    }

    /// Where it stands: `RFC 6455 5.2`.
    #[must_use]
    pub const fn section(self) -> &'static str {
        self.facts().1
    }

    /// The status code to fail the connection with: 1002, 1007 or 1009 (RFC 6455 section 7.4.1).
    #[must_use]
    pub const fn close_code(self) -> u16 {
        self.facts().2
    }
}

/// A broken rule, with the bytes that broke it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub rule: Rule,
    /// What was there, with its value and the limit: `opcode 3`, `length 200, limit 125`.
    pub detail: String,
    /// The offending bytes as on the wire (a header, or the bytes around a bad payload byte), at most [`EXCERPT`].
    pub bytes: Bytes,
    /// Where the first offending byte is, in bytes from the frame's first byte on the wire; for compressed data, from the
    /// start of the inflated message.
    pub offset: u64,
}

/// The most offending bytes that a [`Violation`] carries.
pub const EXCERPT: usize = 32;

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.rule.name(), self.detail, self.rule.section())
    }
}
