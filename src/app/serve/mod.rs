//! `wscope serve`: a server for the client that is to be debugged. It echoes, lets its clients chat, takes everything, floods
//! them or does what a script wants, and shows and records every frame of every connection.

mod modes;
mod script;

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::Builder;

use super::interrupt::until_interrupted;
use super::output;
use super::server::{self, Client, HANDSHAKE_TIMEOUT, Room, acceptor, incoming, linger};
use crate::cli::args::output::Format;
use crate::cli::args::serve::{Conduct as Wanted, Mode, ServeArgs};
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{OutputSettings, RecordingSettings};
use crate::handshake::{DeflateOffer, Request, ServerOffer};
use crate::script::{STACK, Serving};
use crate::session::{Answer, Clock, Timeline, accept, accept_as};
use crate::transport::{Acceptor, in_words};

/// The most connections at a time.
const CONNECTIONS: usize = 10_000;

/// Serves until the user has enough.
///
/// # Errors
/// When it can't listen, or a file can't be read or written.
pub fn run(args: &ServeArgs, output: &OutputSettings, recording: &RecordingSettings) -> Result<Exit, Report> {
    let wanted = args.conduct()?;
    let acceptor = acceptor(&args.certificate)?;
    let clock = Clock::start();
    let settings = OutputSettings { format: Some(output.format.unwrap_or(Format::Short)), ..*output };
    let (timeline, conduct) = match wanted {
        Wanted::Script(script) => {
            let serving = script::read(script, args, &settings, recording, clock)?;
            (serving.timeline().clone(), Conduct::Script(Box::new(serving)))
        }
        Wanted::Mode(mode) => {
            let timeline = Timeline::new(clock, output::sinks(&settings, recording, None, clock)?);
            (timeline, Conduct::Mode { mode, size: args.size as usize, room: Arc::default() })
        }
    };
    let ended = until_interrupted(|| {
        let listener = server::bind(args.listen)?;
        let address = listener.local_addr().unwrap_or(args.listen);
        announce(address, acceptor.is_some(), wanted.name());
        let service = Service { acceptor, timeline: timeline.clone(), offer: offer(args), conduct };
        let stack = service.stack();
        let serve =
            move || server::listen(&listener, CONNECTIONS, stack, move |stream, peer| service.serve(stream, peer));
        let spawned = Builder::new().name("server".into()).spawn(serve);
        let cannot = |error| Report::new(Exit::Connect, format!("cannot serve: {}", in_words(&error)));
        spawned.map(drop).map_err(cannot)
    })?;
    timeline.flush().err().and_then(Report::lost).map_or(Ok(ended), Err)
}

/// Says where it listens, on standard error: standard output is the frames'.
fn announce(address: SocketAddr, secure: bool, mode: &str) {
    let scheme = if secure { "wss" } else { "ws" };
    server::announce(&format!("serving {mode} on {scheme}://{address}/"), address);
}

/// What it is ready for.
fn offer(args: &ServeArgs) -> ServerOffer {
    ServerOffer {
        subprotocols: args.subprotocol.clone(),
        deflate: (!args.no_compress).then(DeflateOffer::default),
        headers: Vec::new(),
    }
}

/// What is done with each connection.
struct Service {
    acceptor: Option<Acceptor>,
    timeline: Timeline,
    offer: ServerOffer,
    conduct: Conduct,
}

/// What it does with its clients.
enum Conduct {
    /// `size` is that of a flood's messages, in bytes.
    Mode {
        mode: Mode,
        size: usize,
        room: Arc<Room>,
    },
    Script(Box<Serving>),
}

impl Service {
    /// What a connection's thread needs of it, in bytes.
    const fn stack(&self) -> usize {
        match self.conduct {
            Conduct::Mode { .. } => server::STACK,
            Conduct::Script(_) => STACK,
        }
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
        let clock = self.timeline.clock();
        let rest = stream.try_clone()?;
        let incoming = incoming(stream, peer, self.acceptor.as_ref(), clock)?;
        match &self.conduct {
            Conduct::Mode { mode, size, room } => {
                let answer = |_: &Request| Answer::Accept(self.offer.clone());
                if let Ok((request, driver)) = accept(incoming, HANDSHAKE_TIMEOUT, &self.timeline, answer) {
                    modes::serve(*mode, *size, Client::new(driver, request.resource, Arc::clone(room)));
                }
            }
            Conduct::Script(serving) => {
                let mut client = serving.comes();
                let (number, answer) = (client.number(), |request: &Request| client.answer(request, &self.offer));
                let accepted = accept_as(number, incoming, HANDSHAKE_TIMEOUT, &self.timeline, answer);
                if let Ok((request, driver)) = accepted {
                    client.serve(driver, request.resource)?;
                }
            }
        }
        linger(rest, clock)
    }
}
