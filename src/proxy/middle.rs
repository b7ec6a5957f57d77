//! The two legs of one client, on one thread: what comes by one goes out by the other.

use std::io;
use std::time::Duration;

use super::GOING_AWAY;
use super::lane::{Item, Lane};
use super::tamper::{Chain, Crossing, Opened, Outcome, Peer, Tamper};
use crate::command::{Command, FrameSpec};
use crate::event::{Closed, Direction, Event, FrameEvent, Kind};
use crate::protocol::{Opcode, SendError, close};
use crate::session::{ConnectOptions, Driver, Either, Timeline, Waited, wait_either};

/// What a leg is closed with when the other end broke the protocol (RFC 6455 section 7.4.1).
const PROTOCOL_ERROR: u16 = 1002;

/// What the client's leg is closed with when the server is gone. 1014, "bad gateway", would say more, but it was registered after
/// RFC 6455, and who knows that alone (tungstenite, for one) takes it for a violation.
const INTERNAL_ERROR: u16 = 1011;

/// Both legs, and what is on its way. A leg and a lane are those of the end that they lead to.
pub(super) struct Middle<'a> {
    legs: [Driver; 2],
    lanes: [Lane; 2],
    chain: Chain,
    timeline: Timeline,
    on_lost: &'a dyn Fn(io::Error),
}

impl<'a> Middle<'a> {
    pub(super) fn new(
        mut client: Driver,
        server: Driver,
        mut chain: Chain,
        options: &ConnectOptions,
        on_lost: &'a dyn Fn(io::Error),
    ) -> Middle<'a> {
        let timeline = client.timeline().clone();
        if let Some(wakened) = chain.wakened() {
            client = client.with_waker(wakened);
        }
        let mut legs = [client, server];
        for leg in &mut legs {
            let connection = leg.connection_mut();
            connection.set_auto_answer(false);
            connection.set_on_violation(options.on_violation);
            connection.set_max_message(options.max_message);
        }
        let [client, server] = legs.each_ref().map(|leg| leg.connection().config().deflate);
        let lanes = [(); 2].map(|()| Lane::new(client != server));
        Middle { legs, lanes, chain, timeline, on_lost }
    }

    /// Passes on whatever comes, until both legs are over; `resource` is what the client asked for.
    pub(super) fn run(mut self, resource: String) {
        let [client, server] = self.legs.each_ref().map(Driver::number);
        let opened = self.chain.opened(&Opened { client, server, resource });
        self.carry_out(opened, None);
        let over = loop {
            self.release();
            self.balance();
            let next = self.lanes.iter().filter_map(Lane::next).min();
            let [client, server] = &mut self.legs;
            let (leg, waited) = wait_either(client, server, next);
            let from = if leg == Either::First { Peer::Client } else { Peer::Server };
            match waited {
                Waited::Event(event) => self.hear(from, event),
                Waited::SinkFailed(error) => (self.on_lost)(error),
                Waited::Over => break from,
                Waited::Woken => {
                    let outcome = self.chain.woken();
                    self.carry_out(outcome, None);
                }
                Waited::Timeout | Waited::Writable => {}
            }
        };
        for to in Peer::ALL {
            self.clear(to);
        }
        self.chain = Chain::default();
        self.finish(over.other());
    }

    /// Sees the leg that is left to its end. What comes by it can go nowhere any more.
    fn finish(&mut self, left: Peer) {
        loop {
            self.release();
            let next = self.lane(left).next();
            let leg = self.leg(left);
            leg.hold_reading(false);
            match leg.wait(next) {
                Waited::Over => return,
                Waited::SinkFailed(error) => (self.on_lost)(error),
                _ => {}
            }
        }
    }

    fn hear(&mut self, from: Peer, event: Event) {
        match event.kind {
            Kind::Frame(frame) if frame.direction == Direction::Received => {
                let connection = self.leg(from).connection();
                // What a connection failed over is evidence, and would be the other's failure too. What the end of the stream
                // has cut can't be said: it would be whole there.
                if !(connection.has_failed() && connection.blames_last() || frame.frame.is_cut()) {
                    self.pass(from.other(), frame);
                }
            }
            Kind::Violation { violation, .. } if self.leg(from).connection().has_failed() => {
                let reason = format!("the {} broke the protocol: {}", from.name(), violation.rule.name());
                self.end(from.other(), PROTOCOL_ERROR, reason);
            }
            Kind::Close(closed) => self.hear_end(from, &closed),
            _ => {}
        }
    }

    /// A leg is over. If its end did not say so in a close frame, we say it to the other.
    fn hear_end(&mut self, from: Peer, closed: &Closed) {
        let code = if from == Peer::Client { GOING_AWAY } else { INTERNAL_ERROR };
        let why = closed.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
        self.end(from.other(), code, format!("the {} is gone{why}", from.name()));
    }

    /// Closes a leg behind what is on its way to its end, unless that is under way.
    fn end(&mut self, to: Peer, code: u16, reason: String) {
        if !self.lane(to).closed {
            self.close(to, Item::End { code, reason });
        }
    }

    /// Sends a close frame behind what was kept for this end.
    fn close(&mut self, to: Peer, item: Item) {
        self.clear(to);
        self.push(to, Duration::ZERO, item);
    }

    /// Nothing is kept for this end any more.
    fn clear(&mut self, to: Peer) {
        let outcome = self.chain.closing(to);
        self.carry_out(outcome, None);
    }

    /// Passes on a frame, at once unless something may become of its message.
    fn pass(&mut self, to: Peer, frame: FrameEvent) {
        let header = &frame.frame.header;
        let alone = frame.fragment.is_none() && frame.message.is_none();
        if header.opcode == Opcode::CLOSE {
            return self.close(to, Item::Close(frame));
        }
        let (changes, lane) = (!self.chain.is_empty(), &mut self.lanes[to as usize]);
        // A control frame, or one that belongs to no message.
        if alone || !changes && !lane.recodes {
            let _ = self.leg(to).relay(frame);
            return;
        }
        lane.frames.push(frame);
        let Some(message) = lane.frames.last().and_then(|frame| frame.message.clone()) else { return };
        let mut crossing = Crossing::whole(to, &message, std::mem::take(&mut lane.frames));
        if changes {
            let outcome = self.chain.message(crossing);
            self.carry_out(outcome, Some(to));
        } else {
            crossing.forget_frames();
            self.deliver(to, Item::Message(crossing));
        }
    }

    /// Does what became of a message to `to`, or of none.
    fn carry_out(&mut self, outcome: Outcome, to: Option<Peer>) {
        let client = self.leg(Peer::Client).number();
        let now = self.timeline.clock().elapsed();
        for note in outcome.notes {
            self.timeline.emit(now, client, Kind::Note(note));
        }
        for peer in Peer::ALL {
            let mut there = outcome.crossings.iter().filter(|crossing| crossing.to == peer);
            let same = match (there.next(), there.next()) {
                (None, None) => to != Some(peer),
                (Some(only), None) => to == Some(peer) && only.is_unaltered(),
                _ => false,
            };
            // What its end has in its window is no longer what the other end compresses with. Where nothing is compressed, the
            // frames of every other message stay as they are.
            self.lane(peer).recodes |= !same && self.compresses();
        }
        for mut crossing in outcome.crossings {
            if self.lane(crossing.to).recodes {
                crossing.forget_frames();
            }
            self.push(crossing.to, now + crossing.delay, Item::Message(crossing));
        }
        if let Some(end) = outcome.end {
            for peer in Peer::ALL {
                self.end(peer, end.code, end.reason.clone());
            }
        }
    }

    fn compresses(&self) -> bool {
        self.legs.iter().any(|leg| leg.connection().config().deflate.is_some())
    }

    fn push(&mut self, to: Peer, time: Duration, item: Item) {
        self.lane(to).push(time, item);
    }

    /// Sends what is due.
    fn release(&mut self) {
        if self.lanes.iter().all(|lane| lane.next().is_none()) {
            return;
        }
        let now = self.timeline.clock().elapsed();
        for to in Peer::ALL {
            while let Some(item) = self.lane(to).pop(now) {
                self.deliver(to, item);
            }
        }
    }

    /// Sends it. A leg that is closing takes no more: what it did not take is on the timeline as received, and not as sent.
    fn deliver(&mut self, to: Peer, item: Item) {
        let leg = self.leg(to);
        match item {
            Item::Message(mut crossing) if crossing.is_unaltered() => {
                for frame in crossing.take_frames() {
                    let _ = leg.relay(frame);
                }
            }
            Item::Message(crossing) => say(leg, crossing),
            Item::Close(frame) => {
                let _ = leg.relay(frame);
            }
            Item::End { .. } if leg.connection().owes_close() => leg.connection_mut().answer_close(),
            Item::End { code, reason } => {
                let reason = close::fitting(&reason).to_owned();
                let _ = leg.send(Command::Close { code: Some(code), reason, force: false });
            }
        }
    }

    /// Reads an end no further while the other does not take what it says.
    fn balance(&mut self) {
        for to in Peer::ALL {
            let full = self.leg(to).is_full() | self.lane(to).is_full() | self.chain.is_full(to);
            self.leg(to.other()).hold_reading(full);
        }
    }

    const fn leg(&mut self, peer: Peer) -> &mut Driver {
        &mut self.legs[peer as usize]
    }

    const fn lane(&mut self, peer: Peer) -> &mut Lane {
        &mut self.lanes[peer as usize]
    }
}

/// Says a message in a frame of our own. A text that is none, which may come where violations are passed, is not compressed.
fn say(leg: &mut Driver, crossing: Crossing) {
    let Crossing { binary, data, .. } = crossing;
    if let Err(SendError::NotUtf8(_)) = leg.send(Command::message(binary, data.clone())) {
        let _ = leg.send(Command::Frame(FrameSpec::new(Opcode::TEXT, data)));
    }
}
