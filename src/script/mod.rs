//! Rhai scripts: the only floor that names Rhai. A script drives connections, expects messages, and is a test if it likes.
//!
//! `Host` is what a script runs with, `engine` makes an engine for it, `api` is what scripts call, `Program` reads and
//! runs a file and says where and why it failed; `runner` runs the cases that files define, `Hooks` is a file whose functions
//! others call.

mod answer;
mod answering;
mod api;
mod callback;
mod connection;
mod console;
mod difference;
mod engine;
mod expect;
mod failure;
mod fault;
mod filter;
mod hooks;
mod host;
mod inbox;
mod matcher;
mod message;
mod modules;
mod occasion;
mod program;
mod proxying;
mod recorded;
mod reference;
mod replay;
mod replaying;
pub mod runner;
mod serving;
mod stage;
mod stop;
mod suite;
mod value;

pub use connection::{Connection, Port};
pub use console::{Console, Handler, is_unfinished};
pub use engine::{Limits, STACK};
pub use failure::{Failure, FailureKind};
pub use fault::{Fault, Place, Reason};
pub use filter::Filter;
pub use hooks::{Hooks, Tell, This};
pub use host::{Alone, Host, Hub, OpenOptions, Print, Setup};
pub use inbox::{Bound, Inbox};
pub use occasion::Occasion;
pub use program::{Program, folder};
pub use proxying::{PROXYING, Proxying};
pub use reference::{Names, names, reference};
pub use replaying::Replaying;
pub use serving::{Clients, SERVING, Served, Serving};
pub use stop::{Stop, Stopped};
pub use suite::{Case, Cases};
