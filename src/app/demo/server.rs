//! The embedded server: a listener on this machine, and a thread a connection.
//!
//! It speaks through the same driver as a client, so what it can break on purpose is what a [`Command`] can say. Nothing that
//! a client does may cost more than that client's connection.
//!
//! [`Command`]: crate::command::Command

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use super::client::Client;
use super::paths::{self, Room};
use crate::session::{Clock, Timeline, accept};
use crate::transport::Tcp;

/// The most connections at a time; a further one is answered with 503.
const CONNECTIONS: usize = 256;

/// How long a client may take for its opening handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long what a client still says is read after our end of the stream is closed. Without that the system would answer
/// with a reset, which may cost the client what we said last.
const LINGER: Duration = Duration::from_secs(1);

/// How long to wait after the system had no descriptor or thread left for a connection.
const EXHAUSTED: Duration = Duration::from_millis(50);

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
    // Each connection holds one more of them.
    let seats = Arc::new(());
    loop {
        let Ok((stream, peer)) = listener.accept() else {
            std::thread::sleep(EXHAUSTED);
            continue;
        };
        if Arc::strong_count(&seats) > most {
            let _ = turn_away(stream, most);
            continue;
        }
        let (room, seat) = (Arc::clone(&room), Arc::clone(&seats));
        let spawned = Builder::new().name(format!("demo client {peer}")).spawn(move || {
            // A client that goes away in the middle is no news.
            let _ = serve(stream, peer, room);
            drop(seat);
        });
        if spawned.is_err() {
            std::thread::sleep(EXHAUSTED);
        }
    }
}

fn serve(stream: TcpStream, peer: SocketAddr, room: Arc<Room>) -> io::Result<()> {
    let rest = stream.try_clone()?;
    let timeline = Timeline::new(Clock::start(), Vec::new());
    let transport = Box::new(Tcp::new(stream)?);
    if let Ok((request, driver)) = accept(transport, Some(peer), HANDSHAKE_TIMEOUT, &timeline, paths::answer)
        && let Some(path) = paths::find(&request.resource)
    {
        path.serve(Client::new(driver, request.resource, room));
    }
    linger(rest, timeline.clock())
}

/// Ends our direction of the stream, then waits for the client to end its own.
fn linger(mut stream: TcpStream, clock: Clock) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_nonblocking(false)?;
    let until = clock.elapsed() + LINGER;
    let mut sink = [0; 4096];
    loop {
        let left = until.saturating_sub(clock.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        stream.set_read_timeout(Some(left))?;
        if stream.read(&mut sink)? == 0 {
            return Ok(());
        }
    }
}

/// Says that there are too many connections, once the request (or a piece of it) is there.
fn turn_away(mut stream: TcpStream, most: usize) -> io::Result<()> {
    stream.set_read_timeout(Some(EXHAUSTED))?;
    let _ = stream.read(&mut [0; 4096]);
    let (response, body) =
        paths::plain(503, &[], &format!("{most} connections are open already, which is the limit\n"));
    stream.write_all(&[&response.raw[..], &body[..]].concat())
}
