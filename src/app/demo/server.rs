//! The embedded server: a listener on this machine, and a thread a connection.
//!
//! It speaks through the same driver as a client, so what it can break on purpose is what a [`Command`] can say.
//!
//! [`Command`]: crate::command::Command

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::Builder;

use super::paths;
use crate::app::server::{self, CONNECTIONS, Client, Guest, Guests, HANDSHAKE_TIMEOUT, Room};
use crate::session::{Clock, Timeline, accept};

/// A server that runs until the process ends.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    address: SocketAddr,
}

impl Server {
    /// Listens on 127.0.0.1, on a free port if `port` is 0.
    ///
    /// # Errors
    /// When the port is taken, or the system has no thread left.
    pub fn start(port: u16) -> io::Result<Server> {
        Server::start_for(port, CONNECTIONS)
    }

    /// The same for at most `connections` at a time.
    ///
    /// # Errors
    /// As for [`Server::start`].
    pub fn start_for(port: u16, connections: usize) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        Builder::new().name("demo server".into()).spawn(move || listen(&listener, connections))?;
        Ok(Server { address })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path of it: `ws://127.0.0.1:7000/echo`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }
}

fn listen(listener: &TcpListener, most: usize) {
    let room = Arc::new(Room::default());
    server::listen(listener, &Guests::default(), most, server::STACK, move |guest| serve(guest, Arc::clone(&room)));
}

fn serve(guest: Guest, room: Arc<Room>) -> io::Result<()> {
    let timeline = Timeline::new(Clock::start(), Vec::new());
    server::attend(guest, None, timeline.clock(), |incoming| {
        if let Ok((request, driver)) = accept(incoming, HANDSHAKE_TIMEOUT, &timeline, paths::answer)
            && let Some(path) = paths::find(&request.resource)
        {
            path.serve(Client::new(driver, request.resource, room));
        }
        Ok(())
    })
}
