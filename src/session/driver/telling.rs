//! What the connection says has happened, as events: with their time, their numbers, and how long after what they answer.

use super::Driver;
use crate::event::{Direction, Event, Fragment, FrameEvent, Kind};
use crate::protocol::{Fact, FrameFact, Opcode};

impl Driver {
    /// Tells the sinks what the connection has queued, now rather than at the next wait.
    pub(super) fn tell_queued(&mut self) {
        self.now = self.timeline.clock().elapsed();
        while let Some(fact) = self.connection.next_queued() {
            let commanded = matches!(&fact, Fact::Frame(f) if f.direction == Direction::Sent && !f.automatic);
            let event = self.tell(fact);
            if !commanded {
                self.inbox.push_back(event);
            }
        }
    }

    /// Stamps a fact, and tells the sinks.
    pub(super) fn tell(&mut self, fact: Fact) -> Event {
        let (now, number) = (self.now, self.number);
        match fact {
            Fact::Frame(fact) => self.tell_frame(fact),
            Fact::Violation(violation) => self.timeline.emit_numbered(now, number, |next| Kind::Violation {
                frame: Some(next.saturating_sub(1)).filter(|frame| *frame > 0),
                violation: Box::new(violation),
            }),
            Fact::Undecoded(bytes) => self.timeline.emit(now, number, Kind::Undecoded(bytes)),
            Fact::Closed(closed) => self.timeline.emit(now, number, Kind::Close(Box::new(closed))),
        }
    }

    fn tell_frame(&mut self, fact: FrameFact) -> Event {
        let FrameFact { direction, frame, fragment, message, automatic } = fact;
        if direction == Direction::Sent {
            self.now = self.timeline.clock().elapsed();
        }
        self.heard += u64::from(direction == Direction::Received && frame.header.opcode != Opcode::CLOSE);
        let after = self.latency.after(self.now, direction, &frame, message.is_some());
        let first = &mut self.first_frame[usize::from(direction == Direction::Sent)];
        self.timeline.emit_numbered(self.now, self.number, |number| {
            let fragment = fragment.map(|index| {
                if index == 1 {
                    *first = number;
                }
                Fragment { message: *first, index }
            });
            Kind::Frame(FrameEvent { number, direction, frame, fragment, message, automatic, after })
        })
    }
}
