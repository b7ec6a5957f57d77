//! A recording played again over a real socket, as either side, and what came of it compared with what was recorded.
//!
//! ```text
//! recording -> Score (a connection: how it was opened, its frames) -> Part (what one side sends, and after what)
//!           -> Player, which drives a session as that side -> Conversation
//!                                                     Conversation (recorded) + Conversation (live) -> compare
//! ```

mod change;
pub mod compare;
mod conversation;
mod hooks;
mod opening;
mod part;
mod place;
mod player;
mod score;
pub mod server;
mod stage;

pub use change::{Capture, ChangeError, Changes, Setting};
pub use conversation::{Conversation, Message};
pub use hooks::{Audience, Hooks, NoHooks, Outgoing, Stop};
pub use opening::{Offer, offer};
pub use part::{Action, Cue, FrameKeys, Part};
pub use player::{Pace, Plan, Played, Player, Stopped};
pub use score::{Score, ScoreError, Step};
pub use stage::Stage;
