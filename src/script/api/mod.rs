//! The functions that scripts call, a file a family. Their documentation is what `wscope run --api` prints.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    clippy::wildcard_imports,
    reason = "the engine hands over owned values and takes results, and its macro wants all of its prelude"
)]

mod about;
mod checks;
mod connect;
mod events;
mod files;
mod flow;
mod listen;
mod message;
mod recordings;
mod replay;
mod talk;
mod text;
mod values;

pub use about::{headers, maybe};
pub use listen::ended;
use rhai::{Engine, exported_module};

use super::connection::Connection;
use super::failure::Failure;
use super::matcher::{Pattern, Several};
use super::message::Message;
use super::recorded::{RecordedConnection, Recording};
use super::replay::Verdict;

/// Registers all of them.
pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Connection>("Connection");
    engine.register_type_with_name::<Message>("Message");
    engine.register_type_with_name::<Failure>("Failure");
    engine.register_type_with_name::<Pattern>("Pattern");
    engine.register_type_with_name::<Several>("Matchers");
    engine.register_type_with_name::<Recording>("Recording");
    engine.register_type_with_name::<RecordedConnection>("RecordedConnection");
    engine.register_type_with_name::<Verdict>("Verdict");
    engine.register_iterator::<Recording>();
    for module in [
        exported_module!(connect::api),
        exported_module!(talk::api),
        exported_module!(listen::api),
        exported_module!(about::api),
        exported_module!(events::api),
        exported_module!(message::api),
        exported_module!(checks::api),
        exported_module!(flow::api),
        exported_module!(values::api),
        exported_module!(text::api),
        exported_module!(files::api),
        exported_module!(recordings::api),
        exported_module!(replay::api),
    ] {
        engine.register_global_module(module.into());
    }
}
