//! In the middle between a client and a server: every frame of both legs is seen, and may be changed on its way.
//!
//! ```text
//! client  --->  leg of the client (we are its server)  --->  leg of the server (we are its client)  --->  server
//! ```
//!
//! A leg is a connection of its own on the timeline: its own opening handshake, masking keys and permessage-deflate. What is
//! said over it is the other end's, pings, pongs and close frames included: nothing is answered in the middle.

mod asking;
mod faults;
mod gate;
mod http;
mod lane;
mod middle;
mod random;
mod tamper;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::command::Command;
use crate::handshake::{self, DeflateOffer, HeaderError, Response, ServerOffer, TargetError};
use crate::session::options::Compress;
use crate::session::{
    Answer, Asked, ConnectOptions, Driver, Incoming, OpenError, Refused, Timeline, Waited, open_answered,
};

use asking::Upstream;
pub use faults::{Delay, FaultPlan, Faults, Share};
pub use gate::{Gate, GateError, Held};
use middle::Middle;
pub use tamper::{Chain, Crossing, End, Opened, Outcome, Peer, Tamper};

/// Makes what may change the messages of a client, whose number among all clients is given, from 1.
pub type Tampering = Box<dyn Fn(u64) -> Chain + Send + Sync>;

/// Told of a sink that takes no more events; the proxy goes on without it.
pub type OnLost = Box<dyn Fn(io::Error) + Send + Sync>;

/// A proxy for any number of clients at a time.
pub struct Proxy {
    upstream: Upstream,
    response_headers: Vec<(String, String)>,
    handshake_timeout: Duration,
    timeline: Timeline,
    tampering: Tampering,
    on_lost: OnLost,
    clients: AtomicU64,
}

impl Proxy {
    /// A proxy to the server that `upstream` is about. Its headers replace those of the client, and one with an empty value
    /// takes them away; [`Compress::default`] offers the server what the client offers. Both legs have its limit of a message and its
    /// choice of what to do on a violation.
    ///
    /// # Errors
    /// When its URL is none.
    pub fn new(upstream: ConnectOptions, timeline: Timeline, on_lost: OnLost) -> Result<Proxy, TargetError> {
        Ok(Proxy {
            handshake_timeout: upstream.handshake_timeout,
            upstream: Upstream::new(upstream)?,
            response_headers: Vec::new(),
            timeline,
            tampering: Box::new(|_| Chain::default()),
            on_lost,
            clients: AtomicU64::new(0),
        })
    }

    /// With headers for the answer to a client: each replaces the server's, and one with an empty value takes them away.
    #[must_use]
    pub fn with_response_headers(self, response_headers: Vec<(String, String)>) -> Proxy {
        Proxy { response_headers, ..self }
    }

    /// With something that may change messages.
    #[must_use]
    pub fn with_tampering(self, tampering: Tampering) -> Proxy {
        Proxy { tampering, ..self }
    }

    /// Serves a client until both legs are over.
    ///
    /// # Errors
    /// Why the server could not be reached, which the client has been told with a 502. What else goes wrong is on the timeline.
    pub fn serve(&self, incoming: Incoming) -> Result<(), OpenError> {
        let number = self.timeline.open_connection();
        let Ok(asked) = Asked::read(number, incoming, self.handshake_timeout, &self.timeline) else { return Ok(()) };
        if !asked.request.headers.has_token("Upgrade", "websocket") {
            return http::pass_on(&self.upstream, asked, &self.timeline);
        }
        let none = ServerOffer::default();
        if handshake::accept(&asked.request, &none).is_err() {
            // The server can't get what it would say to such a request: the handshake with it is ours, and right.
            let _ = asked.answer(Answer::Accept(none));
            return Ok(());
        }
        let options = self.upstream.options(&asked.request);
        let number = self.timeline.open_connection();
        self.timeline.note(asked.number(), format!("the leg to the server is connection {number}"));
        match open_answered(&options, &self.timeline, number) {
            Ok((server, response)) => self.join(asked, server, &response),
            Err(OpenError::Refused { answer, .. }) => {
                let _ = asked.answer(self.refusal(*answer));
            }
            Err(error) => {
                let _ = asked.answer(bad_gateway(&error.to_string()));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Answers the client as the server did, and has them talk.
    fn join(&self, asked: Asked, mut server: Driver, response: &Response) {
        let answer = match self.offer(&server, response) {
            Ok(offer) => Answer::Accept(offer),
            Err(error) => bad_gateway(&error.to_string()),
        };
        let Ok((request, client)) = asked.answer(answer) else {
            let reason = "the client is gone".to_owned();
            let _ = server.send(Command::Close { code: Some(GOING_AWAY), reason, force: false });
            while !matches!(server.wait(None), Waited::Over) {}
            return;
        };
        let client_number = self.clients.fetch_add(1, Ordering::Relaxed) + 1;
        let options = &self.upstream.options;
        Middle::new(client, server, (self.tampering)(client_number), options, &*self.on_lost).run(request.resource);
    }

    /// What the client gets of the server's 101.
    fn offer(&self, server: &Driver, response: &Response) -> Result<ServerOffer, HeaderError> {
        const OWN: [&str; 4] =
            ["Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Content-Length"];
        let headers = response.headers.passed_on(&OWN, &self.response_headers);
        let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // What can't be written is found out before the client has half of an answer.
        Response::new(101, &pairs)?;
        let agreed = server.connection().config().deflate.map(DeflateOffer::from);
        let deflate = match self.upstream.options.compress {
            Compress::Off => None,
            // As the server wants it, if the client can; else the legs differ, and messages are compressed anew.
            _ if self.upstream.offers_as_the_client() => agreed,
            Compress::Offer(_) => Some(agreed.unwrap_or_default()),
        };
        let subprotocols = response.headers.joined("Sec-WebSocket-Protocol").into_iter().collect();
        Ok(ServerOffer { subprotocols, deflate, headers })
    }

    /// The server's refusal or redirect, for the client.
    fn refusal(&self, refused: Refused) -> Answer {
        let Refused { response, body } = refused;
        match response.passed_on(body.data.len(), &self.response_headers) {
            Ok(response) => Answer::Respond { response, body: body.data },
            Err(error) => bad_gateway(&error.to_string()),
        }
    }
}

/// RFC 6455 section 7.4.1.
const GOING_AWAY: u16 = 1001;

/// Says in a line why there is no answer of the server.
fn bad_gateway(why: &str) -> Answer {
    let (response, body) = Response::plain(502, &[], &format!("{why}\n")).expect("our own headers are valid");
    Answer::Respond { response, body }
}
