//! The only loop that touches a socket, the clock, and the sinks that events go to.

mod accept;
mod clock;
mod dialogue;
mod driver;
mod exchange;
mod keepalive;
mod keys;
mod latency;
mod link;
mod open;
pub mod options;
mod sinks;
mod waker;

pub use accept::{AcceptError, Answer, Asked, Incoming, accept, accept_as};
pub use clock::Clock;
pub use driver::{CLOSE_TIMEOUT, Driver, Either, OUTPUT_FULL, Waited, wait_either};
pub use exchange::exchange;
pub use keepalive::KeepAlive;
pub use keys::os_keys;
pub use latency::Latency;
pub use link::{Link, LinkError, State};
pub use open::{OpenError, Refused, dial, open, open_answered};
pub use options::ConnectOptions;
pub use sinks::{Sink, Timeline};
pub use waker::{Wakened, Waker, waker};
