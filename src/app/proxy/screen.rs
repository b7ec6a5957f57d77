//! The screen of a proxy says nothing twice: of the server's leg it leaves out the frames, which are those of the client's leg
//! unless a note says otherwise.

use std::collections::BTreeSet;
use std::io;

use crate::event::{Event, Kind, Role};
use crate::session::Sink;

/// Passes on everything but frames to and from the server.
pub(super) struct ClientsLeg {
    screen: Box<dyn Sink>,
    /// The numbers of the connections to the server that are open.
    servers: BTreeSet<u32>,
}

impl ClientsLeg {
    pub(super) fn new(screen: Box<dyn Sink>) -> ClientsLeg {
        ClientsLeg { screen, servers: BTreeSet::new() }
    }
}

impl Sink for ClientsLeg {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match &event.kind {
            Kind::Open(open) if open.role == Role::Client => {
                self.servers.insert(event.connection);
            }
            Kind::Close(_) => {
                self.servers.remove(&event.connection);
            }
            Kind::Frame(_) if self.servers.contains(&event.connection) => return Ok(()),
            _ => {}
        }
        self.screen.event(event)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.screen.flush()
    }

    fn is_full(&self) -> bool {
        self.screen.is_full()
    }
}
