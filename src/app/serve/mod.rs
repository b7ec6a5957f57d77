//! `wscope serve`: a server for the client that is to be debugged. It echoes, lets its clients chat, takes everything, floods
//! them or does what a script wants, and shows and records every frame of every connection.

mod modes;
mod script;

use std::io;
use std::sync::Arc;

use super::interrupt::until_interrupted;
use super::output;
use super::server::{self, Client, Guest, HANDSHAKE_TIMEOUT, Room, acceptor};
use crate::cli::args::output::Format;
use crate::cli::args::serve::{Conduct as Wanted, Mode, ServeArgs};
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{OutputSettings, RecordingSettings};
use crate::handshake::{DeflateOffer, Request, ServerOffer};
use crate::script::{STACK, Serving};
use crate::session::{Answer, Clock, Incoming, Timeline, accept, accept_as};
use crate::transport::Acceptor;

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
    let guests = until_interrupted(|| {
        let service = Service { acceptor, timeline: timeline.clone(), offer: offer(args), conduct };
        let (secure, stack) = (service.acceptor.is_some(), service.stack());
        let what = |url: &str| format!("serving {} on {url}/", wanted.name());
        let serve = move |guest| service.serve(guest);
        server::start(args.listen, secure, CONNECTIONS, stack, what, serve)
    })?;
    guests.settle(clock);
    timeline.end().err().and_then(Report::lost).map_or(Ok(Exit::Interrupted), Err)
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

    fn serve(&self, guest: Guest) -> io::Result<()> {
        server::attend(guest, self.acceptor.as_ref(), self.timeline.clock(), |incoming| self.conduct(incoming))
    }

    fn conduct(&self, incoming: Incoming) -> io::Result<()> {
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
        Ok(())
    }
}
