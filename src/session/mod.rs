//! The only loop that touches a socket, the clock, and the sinks that events go to.

pub mod clock;
pub mod options;
pub mod sinks;

pub use clock::Clock;
pub use options::ConnectOptions;
pub use sinks::{Sink, Timeline};
