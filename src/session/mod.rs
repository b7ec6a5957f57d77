//! The only loop that touches a socket, the clock, and the sinks that events go to.

mod accept;
mod clock;
mod dialogue;
mod driver;
mod keepalive;
mod keys;
mod latency;
mod link;
mod open;
pub mod options;
mod sinks;
mod waker;

pub use accept::{AcceptError, Answer, Incoming, accept, accept_as};
pub use clock::Clock;
pub use driver::{CLOSE_TIMEOUT, Driver, OUTPUT_FULL, Waited};
pub use keepalive::KeepAlive;
pub use keys::os_keys;
pub use latency::Latency;
pub use link::{Link, LinkError, State};
pub use open::{OpenError, open};
pub use options::ConnectOptions;
pub use sinks::{Sink, Timeline};
pub use waker::{Wakened, Waker, waker};
