//! A recording played again over a real socket, as either side, and what came of it compared with what was recorded.
//!
//! ```text
//! recording -> Score (a connection: how it was opened, its frames) -> a player, as client or as server -> Conversation
//!                                                     Conversation (recorded) + Conversation (live) -> compare
//! ```

pub mod compare;
mod conversation;
mod score;

pub use conversation::{Conversation, Message};
pub use score::{Score, ScoreError, Step};
