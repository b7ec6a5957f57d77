//! Events to and from lines of the recording format.
//!
//! Version 1 (`.wsrec`) is JSON Lines in UTF-8: a header, then one object an event; see [`mod@line`] for the schema. Text where
//! it is UTF-8 and base64 else, so that `grep`, `jq` and `git diff` read it and no byte is lost.

mod json;
pub mod line;
pub mod mask;
mod sink;

pub use line::Lines;
pub use mask::Secrets;
pub use sink::JsonLines;
