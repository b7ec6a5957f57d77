//! Events to and from lines of the recording format.
//!
//! Version 1 (`.wsrec`) is JSON Lines in UTF-8: a header, then one object an event; see [`mod@line`] for the schema. Text where
//! it is UTF-8 and base64 else, so that `grep`, `jq` and `git diff` read it and no byte is lost.

mod blocks;
mod bound;
mod copy;
mod error;
mod glance;
pub mod json;
pub mod line;
mod literals;
pub mod mask;
mod parse;
mod pattern;
mod plain;
mod reader;
mod scan;
mod seek;
mod sieve;
mod sink;
pub mod stats;
mod switch;
mod text;
mod writer;

pub use bound::Bound;
pub use copy::{Copy, CopyError};
pub use error::ReadError;
pub use glance::{FrameGlance, Glance};
pub use line::{Base, Lines};
pub use mask::{JsonPath, Masks, Secrets};
pub use pattern::{Pattern, why_no_regex};
pub use reader::{Damage, Entry, Header, Look, Place, Reader};
pub use sieve::Sieve;
pub use sink::JsonLines;
pub use switch::Switch;
pub use text::Text;
pub use writer::{Existing, WriteError, Writer};
