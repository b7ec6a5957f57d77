//! RFC 6455 and RFC 7692 without input or output: bytes in, facts out, bytes to write out.
//!
//! No socket, no clock and no randomness in here: a test gives bytes and looks at values. Our own codec, since a debugger
//! must keep what a library throws away: reserved opcodes, the form of a length, the masking key, a frame cut short.

pub mod close;
pub mod connection;
pub mod decoder;
pub mod deflate;
pub mod frame;
pub mod mask;
pub mod message;
mod opcode;
pub mod utf8;
pub mod violation;

pub use connection::{
    Closed, Config, Connection, Fact, FrameFact, FrameSpec, Masking, OnViolation, Role, SendError, Side,
};
pub use deflate::DeflateParams;
pub use frame::{Frame, Header, LengthForm, MaskKey};
pub use message::{Direction, Message};
pub use opcode::{Opcode, UnknownOpcode};
pub use violation::{Rule, Violation};
