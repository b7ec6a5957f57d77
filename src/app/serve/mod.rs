//! `wscope serve`: a server for the client that is to be debugged. It echoes, lets its clients chat, takes everything or floods
//! them, and shows and records every frame of every connection.

mod modes;

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::Builder;

use super::interrupt::until_interrupted;
use super::output;
use super::server::{self, Client, HANDSHAKE_TIMEOUT, Room, acceptor, incoming, linger};
use crate::cli::args::output::Format;
use crate::cli::args::serve::{Mode, ServeArgs};
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{OutputSettings, RecordingSettings};
use crate::handshake::{DeflateOffer, ServerOffer};
use crate::session::{Answer, Clock, Timeline, accept};
use crate::transport::{Acceptor, in_words};

/// The most connections at a time.
const CONNECTIONS: usize = 10_000;

/// Serves until the user has enough.
///
/// # Errors
/// When it can't listen, or a file can't be read or written.
pub fn run(args: &ServeArgs, output: &OutputSettings, recording: &RecordingSettings) -> Result<Exit, Report> {
    let acceptor = acceptor(&args.certificate)?;
    let clock = Clock::start();
    let settings = OutputSettings { format: Some(output.format.unwrap_or(Format::Short)), ..*output };
    let timeline = Timeline::new(clock, output::sinks(&settings, recording, None, clock)?);
    let ended = until_interrupted(|| {
        let listener = server::bind(args.listen)?;
        let address = listener.local_addr().unwrap_or(args.listen);
        announce(address, acceptor.is_some(), args.mode);
        let service = Service::new(args, acceptor, timeline.clone());
        let serve = move || {
            server::listen(&listener, CONNECTIONS, server::STACK, move |stream, peer| service.serve(stream, peer))
        };
        let spawned = Builder::new().name("server".into()).spawn(serve);
        let cannot = |error| Report::new(Exit::Connect, format!("cannot serve: {}", in_words(&error)));
        spawned.map(drop).map_err(cannot)
    })?;
    timeline.flush().err().and_then(Report::lost).map_or(Ok(ended), Err)
}

/// Says where it listens, on standard error: standard output is the frames'.
fn announce(address: SocketAddr, secure: bool, mode: Mode) {
    let scheme = if secure { "wss" } else { "ws" };
    server::announce(&format!("serving {} on {scheme}://{address}/", mode.name()), address);
}

/// What is done with each connection.
struct Service {
    acceptor: Option<Acceptor>,
    timeline: Timeline,
    offer: ServerOffer,
    mode: Mode,
    size: usize,
    room: Arc<Room>,
}

impl Service {
    fn new(args: &ServeArgs, acceptor: Option<Acceptor>, timeline: Timeline) -> Service {
        let offer = ServerOffer {
            subprotocols: args.subprotocol.clone(),
            deflate: (!args.no_compress).then(DeflateOffer::default),
            headers: Vec::new(),
        };
        Service { acceptor, timeline, offer, mode: args.mode, size: args.size as usize, room: Arc::default() }
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
        let clock = self.timeline.clock();
        let rest = stream.try_clone()?;
        let incoming = incoming(stream, peer, self.acceptor.as_ref(), clock)?;
        let accepted = accept(incoming, HANDSHAKE_TIMEOUT, &self.timeline, |_| Answer::Accept(self.offer.clone()));
        if let Ok((request, driver)) = accepted {
            modes::serve(self.mode, self.size, Client::new(driver, request.resource, Arc::clone(&self.room)));
        }
        linger(rest, clock)
    }
}
