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
    /// The first stream that turned out to be TLS: client and server.
    pub(super) tls: Option<(SocketAddr, SocketAddr)>,
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
