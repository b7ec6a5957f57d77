//! What an importer has to say: events, stamped with the packet that brought them and numbered as on a timeline.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::micros;
use crate::event::{Event, Kind};

/// Events that are to be told, and what counts them.
#[derive(Debug, Default)]
pub(super) struct Out {
    pub(super) events: VecDeque<Event>,
    /// Of the packet that is being read, since the Unix epoch.
    pub(super) now: Duration,
    /// Of the first packet.
    pub(super) begun: Duration,
    /// Of the event before: time never runs backwards.
    latest: Duration,
    frames: u64,
    pub(super) connections: u32,
    /// Streams that were looked at.
    pub(super) streams: u64,
    /// Packets of which the capture has a part only.
    pub(super) cut: u64,
    /// Streams that are TLS: client and server.
    pub(super) tls: Others,
    /// Streams whose beginning is not in the capture, and which are not known to be anything: some end and the other.
    pub(super) midway: Others,
}

/// Streams that are not decoded.
#[derive(Debug, Default)]
pub(super) struct Others {
    pub(super) count: u64,
    pub(super) first: Option<(SocketAddr, SocketAddr)>,
}

impl Others {
    pub(super) fn add(&mut self, from: SocketAddr, to: SocketAddr) {
        self.count += 1;
        self.first.get_or_insert((from, to));
    }

    /// Tells of them, if there are any.
    fn note(&self, why: &str) -> Option<Kind> {
        let (from, to) = self.first?;
        let text = format!("TCP streams that are not decoded, since {why}: {}, the first {from} -> {to}", self.count);
        Some(Kind::Note(text))
    }
}

impl Out {
    /// An event of the packet that is being read.
    pub(super) fn tell(&mut self, connection: u32, kind: Kind) {
        self.tell_at(self.now, connection, kind);
    }

    /// An event of an earlier one.
    pub(super) fn tell_at(&mut self, time: Duration, connection: u32, kind: Kind) {
        // To the microsecond at both ends, so that the wall time is the packet's.
        self.latest = self.latest.max(micros(time).saturating_sub(micros(self.begun)));
        self.events.push_back(Event { time: self.latest, connection, kind });
    }

    /// Tells what else was in the capture.
    pub(super) fn tell_of_others(&mut self) {
        let tls = self.tls.note("they are TLS");
        let midway = self.midway.note("their beginning is not in the capture");
        let cut =
            (self.cut > 0).then(|| Kind::Note(format!("packets that are cut short in the capture: {}", self.cut)));
        for note in [tls, midway, cut].into_iter().flatten() {
            self.tell(0, note);
        }
    }

    /// The number of the next frame.
    pub(super) fn number(&mut self) -> u64 {
        self.frames += 1;
        self.frames
    }

    /// The number of the frame before; 0 if there is none.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// The number of the next connection.
    pub(super) fn connection(&mut self) -> u32 {
        self.connections += 1;
        self.connections
    }
}
