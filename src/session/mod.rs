//! The only loop that touches a socket, the clock, and the sinks that events go to.

mod clock;
mod driver;
mod keepalive;
mod latency;
pub mod options;
mod sinks;
mod waker;

pub use clock::Clock;
pub use driver::{CLOSE_TIMEOUT, Driver, OUTPUT_FULL, Waited};
pub use keepalive::KeepAlive;
pub use latency::Latency;
pub use options::ConnectOptions;
pub use sinks::{Sink, Timeline};
pub use waker::{Wakened, Waker, waker};
