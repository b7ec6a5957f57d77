//! What servers of this program share: a listener, a thread a connection, a client's turns, a room for those who talk.
//!
//! Nothing that a client does may cost more than that client's connection.

pub mod client;
mod guests;
pub mod room;
mod tls;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use bytes::Bytes;

use crate::cli::{Exit, Report};
use crate::handshake::Response;
use crate::session::{Clock, Incoming};
use crate::transport::{Acceptor, Deadline, Tcp, TlsInfo, Transport, in_words};

pub use client::{Client, Turn};
use guests::Seated;
pub use guests::{Guest, Guests};
pub use room::Room;
pub use tls::acceptor;

/// The most connections at a time; a further one is answered with 503.
pub const CONNECTIONS: usize = 256;

/// Room on the stack that a thread has where nothing unusual is done, in bytes.
pub const STACK: usize = 2 << 20;

/// How long a client may take for its opening handshake.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long what a client still says is read after our end of the stream is closed. Without that the system would answer
/// with a reset, which may cost the client what we said last.
const LINGER: Duration = Duration::from_secs(1);

/// How long to wait after the system had no descriptor or thread left for a connection.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// A stream, and of TLS how long its handshake took and what it agreed on.
type Secured = (Box<dyn Transport>, Option<(Duration, TlsInfo)>);

/// Listens there, says so, and from then on serves clients as [`listen`] does. `what` says what is served, given the URL of it
/// without a path.
///
/// # Errors
/// When the system refuses.
pub fn start(
    address: SocketAddr,
    secure: bool,
    most: usize,
    stack: usize,
    what: impl FnOnce(&str) -> String,
    serve: impl Fn(Guest) -> io::Result<()> + Send + Sync + 'static,
) -> Result<Guests, Report> {
    let listener = TcpListener::bind(address).map_err(|error| {
        let message = format!("cannot listen on {address}: {}", in_words(&error));
        Report::new(Exit::Connect, message).hint("--listen 127.0.0.1:0 takes any port that is free")
    })?;
    let address = listener.local_addr().unwrap_or(address);
    let scheme = if secure { "wss" } else { "ws" };
    announce(&what(&format!("{scheme}://{address}")), address);
    let guests = Guests::default();
    let house = guests.clone();
    let spawned = Builder::new().name("server".into()).spawn(move || listen(&listener, &house, most, stack, serve));
    spawned.map(|_| guests).map_err(|error| Report::new(Exit::Connect, format!("cannot serve: {}", in_words(&error))))
}

/// Says what is served where, on standard error: standard output is the frames'.
fn announce(what: &str, address: SocketAddr) {
    let beyond = if address.ip().is_loopback() {
        ""
    } else {
        "whoever reaches this machine can connect: it listens beyond it\n"
    };
    // With stderr gone there is nobody left to tell.
    let _ = io::stderr().write_all(format!("{what}\n{beyond}").as_bytes());
}

/// Serves a client, after a TLS handshake if TLS is served, and sees its connection to the end.
///
/// # Errors
/// When there is no TLS handshake in time, or the client is gone; or the error of `serve`.
pub fn attend(
    guest: Guest,
    acceptor: Option<&Acceptor>,
    clock: Clock,
    serve: impl FnOnce(Incoming) -> io::Result<()>,
) -> io::Result<()> {
    let Guest { stream, peer, served, connected } = guest;
    let rest = stream.try_clone()?;
    let (transport, tls) = secured(stream, acceptor, clock)?;
    let transport = Box::new(Seated::new(connected, transport));
    serve(Incoming { transport, peer: Some(peer), tls })?;
    drop(served);
    linger(rest, clock)
}

/// The stream, after a TLS handshake if TLS is served.
fn secured(stream: TcpStream, acceptor: Option<&Acceptor>, clock: Clock) -> io::Result<Secured> {
    let transport: Box<dyn Transport> = Box::new(Tcp::new(stream)?);
    let Some(acceptor) = acceptor else { return Ok((transport, None)) };
    let begun = clock.elapsed();
    let now = || clock.elapsed();
    let (transport, info) =
        acceptor.accept(transport, &Deadline::new(&now, HANDSHAKE_TIMEOUT)).map_err(io::Error::other)?;
    Ok((transport, Some((clock.elapsed().saturating_sub(begun), info))))
}

/// Accepts connections for ever, at most so many at a time, and serves each on a thread of its own, with a stack of so many
/// bytes.
pub fn listen(
    listener: &TcpListener,
    guests: &Guests,
    most: usize,
    stack: usize,
    serve: impl Fn(Guest) -> io::Result<()> + Send + Sync + 'static,
) {
    let serve = Arc::new(serve);
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
        let (serve, seat, guest) = (Arc::clone(&serve), Arc::clone(&seats), guests.enter(stream, peer));
        let spawned = Builder::new().name(format!("client {peer}")).stack_size(stack).spawn(move || {
            // A client that goes away in the middle is no news.
            let _ = serve(guest);
            drop(seat);
        });
        if spawned.is_err() {
            std::thread::sleep(EXHAUSTED);
        }
    }
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
    let (response, body) = plain(503, &[], &format!("{most} connections are open already, which is the limit\n"));
    stream.write_all(&[&response.raw[..], &body[..]].concat())
}

/// A response in plain text; headers given here replace the usual ones.
#[must_use]
pub fn plain(status: u16, headers: &[(&str, &str)], body: &str) -> (Response, Bytes) {
    Response::plain(status, headers, body).expect("our own headers are valid")
}
