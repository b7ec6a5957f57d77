//! How long answers took: a pong after its ping, the first message after a sent message.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use crate::event::Direction;
use crate::protocol::{Frame, Opcode};

/// The pings that are remembered while they wait for their pongs.
const OUTSTANDING: usize = 64;

/// What has been sent and not answered yet.
#[derive(Debug, Default)]
pub struct Latency {
    pings: VecDeque<(Bytes, Duration)>,
    message: Option<Duration>,
}

impl Latency {
    /// Takes note of a frame at `now`: for an answer, how long it took. A pong answers the oldest ping with its payload, and
    /// with it all pings before (RFC 6455 section 5.5.3).
    pub fn after(&mut self, now: Duration, direction: Direction, frame: &Frame, message: bool) -> Option<Duration> {
        let sent_at = match (direction, frame.header.opcode) {
            (Direction::Sent, Opcode::PING) => {
                if self.pings.len() == OUTSTANDING {
                    self.pings.pop_front();
                }
                self.pings.push_back((frame.payload.clone(), now));
                None
            }
            (Direction::Received, Opcode::PONG) => {
                let ping = self.pings.iter().position(|(payload, _)| *payload == frame.payload);
                ping.and_then(|at| self.pings.drain(..=at).next_back()).map(|(_, at)| at)
            }
            (Direction::Sent, _) if message => {
                self.message = Some(now);
                None
            }
            (Direction::Received, _) if message => self.message.take(),
            _ => None,
        };
        sent_at.map(|at| now.saturating_sub(at))
    }
}
