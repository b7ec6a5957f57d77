//! From options to an open connection: resolve, connect, shake hands, follow redirects, and tell every step.

mod error;

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tungstenite::handshake::client::generate_key;

use super::dialogue::Dialogue;
use super::options::{Authorization, Compress, ProxyChoice};
use super::{ConnectOptions, Driver, KeepAlive, Timeline, keys};
use crate::event::{Event, Kind, Open, Ready};
use crate::handshake::{
    Body, BodyReader, HeadError, MAX_REDIRECTS, Negotiated, Opening, Request, Response, ResponseReader, Target, check,
    redirect,
};
use crate::protocol::{Config, Connection, OnViolation, Role};
use crate::transport::proxy::{ProxyUrl, from_environment};
use crate::transport::{Blocking, Plan, Transport, TransportError};

pub use error::{OpenError, Refused};

/// Opens connection `number` on the timeline.
///
/// # Errors
/// Why there is none; the error is on the timeline too.
pub fn open(options: &ConnectOptions, timeline: &Timeline, number: u32) -> Result<Driver, OpenError> {
    open_telling(options, timeline, number, &|| ())
}

/// The same, and the answer that opened it.
///
/// # Errors
/// As for [`open`].
pub fn open_answered(
    options: &ConnectOptions,
    timeline: &Timeline,
    number: u32,
) -> Result<(Driver, Response), OpenError> {
    Opener { options: options.clone(), timeline, number, ready: &|| () }.told(Opener::run)
}

/// Connects without an opening handshake, as [`open`] would: a stream for what is no WebSocket.
///
/// # Errors
/// As for [`open`].
pub fn dial(
    options: &ConnectOptions,
    target: &Target,
    timeline: &Timeline,
    number: u32,
) -> Result<Box<dyn Transport>, OpenError> {
    Opener { options: options.clone(), timeline, number, ready: &|| () }.told(|opener| opener.connect(target))
}

/// The same, and calls `ready` before anybody is told that frames may flow.
///
/// # Errors
/// As for [`open`].
pub(super) fn open_telling(
    options: &ConnectOptions,
    timeline: &Timeline,
    number: u32,
    ready: &dyn Fn(),
) -> Result<Driver, OpenError> {
    Opener { options: options.clone(), timeline, number, ready }.told(Opener::run).map(|(driver, _)| driver)
}

struct Opener<'a> {
    /// As given, less what a redirect to another host leaves behind.
    options: ConnectOptions,
    timeline: &'a Timeline,
    number: u32,
    ready: &'a dyn Fn(),
}

impl Opener<'_> {
    /// Has it do something, and tells the error.
    fn told<T>(mut self, act: impl FnOnce(&mut Self) -> Result<T, OpenError>) -> Result<T, OpenError> {
        act(&mut self).inspect_err(|error| {
            self.emit(Kind::Error { text: error.to_string(), hint: error.hint() });
        })
    }

    fn run(&mut self) -> Result<(Driver, Response), OpenError> {
        let mut target = Target::parse(&self.options.url)?;
        for _ in 0..=MAX_REDIRECTS {
            match self.attempt(&target)? {
                Attempt::Open(opened) => return Ok(*opened),
                Attempt::Redirected(next) => target = next,
            }
        }
        Err(OpenError::TooManyRedirects { url: target.url() })
    }

    fn attempt(&mut self, target: &Target) -> Result<Attempt, OpenError> {
        let request = self.request(target)?;
        let mut transport = self.connect(target)?;
        let (response, tail, upgrade) = self.exchange(target, &mut *transport, &request)?;
        if response.status != 101 {
            let body = self.tell_refusal(&mut *transport, &response, &tail);
            return self.refused(target, &Refused { response, body }).map(Attempt::Redirected);
        }
        self.tell(&response, Bytes::new(), false);
        let (negotiated, faults) = check(&request, &response);
        let told = faults.iter().map(|fault| self.emit(Kind::Fault(Box::new(fault.clone())))).collect();
        let more = faults.len().saturating_sub(1);
        if let Some(fault) = faults.into_iter().next().filter(|_| self.options.on_violation == OnViolation::Fail) {
            return Err(OpenError::Wrong { url: target.url(), fault: Box::new(fault), more });
        }
        let driver = self.driver(target, transport, negotiated, upgrade, &tail)?;
        Ok(Attempt::Open(Box::new((driver.with_untold(told), response))))
    }

    fn request(&self, target: &Target) -> Result<Request, OpenError> {
        let authorization = self.options.authorization.as_ref().map(Authorization::value);
        let deflate = match &self.options.compress {
            Compress::Off => None,
            Compress::Offer(offer) => Some(offer),
        };
        let key = generate_key();
        let opening = Opening {
            origin: self.options.origin.as_deref(),
            subprotocols: &self.options.subprotocols,
            deflate,
            authorization: authorization.as_deref(),
            cookies: &self.options.cookies,
            headers: &self.options.headers,
            order: &self.options.order,
            ..Opening::new(target, &key)
        };
        Ok(opening.request()?)
    }

    fn connect(&self, target: &Target) -> Result<Box<dyn Transport>, OpenError> {
        let failed = |error| OpenError::Transport { url: target.url(), error };
        let variable = |name: &str| std::env::var(name).ok();
        let proxy = match &self.options.proxy {
            ProxyChoice::Direct => None,
            ProxyChoice::Url(url) => Some(ProxyUrl::parse(url).map_err(failed)?),
            ProxyChoice::Environment => {
                from_environment(&variable, target.secure, &target.host, target.port).map_err(failed)?
            }
        };
        let plan = Plan {
            host: target.host.clone(),
            port: target.port,
            secure: target.secure,
            unix: self.options.unix.clone(),
            proxy,
            tls: self.options.tls.clone(),
            timeout: self.options.connect_timeout,
        };
        let clock = self.timeline.clock();
        self.timeline.flush_early();
        let connected = crate::transport::connect(&plan, &|| clock.elapsed()).map_err(failed)?;
        self.emit(Kind::Open(Box::new(Open {
            role: Role::Client,
            url: target.url(),
            address: connected.address,
            via: connected.via,
            dns: connected.dns,
            tcp: Some(connected.tcp),
            tls: connected.tls,
        })));
        Ok(connected.transport)
    }

    /// Sends the request and reads the response's head: it, what came behind it, and how long that took.
    fn exchange(
        &self,
        target: &Target,
        transport: &mut dyn Transport,
        request: &Request,
    ) -> Result<(Response, Bytes, Duration), OpenError> {
        let begun = self.now();
        let mut dialogue = self.dialogue(transport);
        self.emit(Kind::Request(request.raw.clone()));
        self.timeline.flush_early();
        dialogue.write(&request.raw).map_err(|error| self.broken(target, error))?;
        let mut reader = ResponseReader::default();
        let mut early = Bytes::new();
        loop {
            let read = if early.is_empty() {
                let bytes = dialogue.read().map_err(|error| {
                    self.tell_raw(reader.received());
                    self.broken(target, error)
                })?;
                if bytes.is_empty() {
                    return Err(self.not_http(target, reader.end()));
                }
                reader.receive(bytes)
            } else {
                reader.receive(&std::mem::take(&mut early))
            };
            match read.map_err(|error| self.not_http(target, error))? {
                // The response that counts comes after it.
                Some((response, tail)) if response.is_interim() => {
                    self.tell(&response, Bytes::new(), false);
                    self.timeline.flush_early();
                    (reader, early) = (ResponseReader::default(), tail);
                }
                Some((response, tail)) => return Ok((response, tail, self.now().saturating_sub(begun))),
                None => {}
            }
        }
    }

    fn dialogue<'t>(&self, transport: &'t mut dyn Transport) -> Dialogue<'t> {
        Dialogue::new(transport, self.timeline.clock(), self.options.handshake_timeout)
    }

    /// Reads a refusal's body as far as it comes in time, and tells both.
    fn tell_refusal(&self, transport: &mut dyn Transport, response: &Response, tail: &[u8]) -> Body {
        let mut body = BodyReader::new(response);
        let mut done = body.receive(tail);
        let mut dialogue = self.dialogue(transport);
        while !done {
            match dialogue.read() {
                Ok([]) | Err(_) => break,
                Ok(bytes) => done = body.receive(bytes),
            }
        }
        let body = body.finish();
        self.tell(response, body.data.clone(), body.cut);
        body
    }

    /// What a response other than 101 leads to: a redirect that is to be followed, or an error.
    fn refused(&mut self, target: &Target, answer: &Refused) -> Result<Target, OpenError> {
        let response = &answer.response;
        let hint = match response.status {
            301 | 302 | 303 | 307 | 308 => "-L follows redirects",
            401 => "does it want --bearer TOKEN, --auth USER:PASSWORD or --cookie NAME=VALUE?",
            403 => "does it check the origin? try --origin",
            404 => "is the path right?",
            200 => "that is an ordinary HTTP answer: is it the WebSocket path?",
            _ => "",
        };
        let hint = Some(hint).filter(|hint| !hint.is_empty());
        let refused = || {
            let location = response.headers.get("Location").filter(|_| response.status / 100 == 3);
            let to = location.map(|location| format!(", to {location:?}")).unwrap_or_default();
            let reason = format!("{}{to}", response.reason);
            let (url, status) = (target.url(), response.status);
            OpenError::Refused { url, status, reason, hint, answer: Box::new(answer.clone()) }
        };
        if !self.options.follow_redirects {
            return Err(refused());
        }
        let next = redirect(target, response).map_err(|error| OpenError::Redirect { url: target.url(), error })?;
        let Some(next) = next else { return Err(refused()) };
        let leaves = if next.leaves_tls { ", leaving TLS" } else { "" };
        let mut note = format!("redirected by {} to {}{leaves}", response.status, next.target.url());
        if next.other_origin {
            note += "; credentials stay behind";
            self.leave_credentials();
        }
        self.emit(Kind::Note(note));
        Ok(next.target)
    }

    /// Another host gets none of what was meant for the first.
    fn leave_credentials(&mut self) {
        const OWN: [&str; 5] = ["authorization", "cookie", "proxy-authorization", "x-api-key", "host"];
        let options = &mut self.options;
        options.authorization = None;
        options.cookies.clear();
        options.headers.retain(|(name, _)| !OWN.iter().any(|own| name.eq_ignore_ascii_case(own)));
        (options.tls.cert, options.tls.key, options.unix) = (None, None, None);
    }

    fn driver(
        &self,
        target: &Target,
        mut transport: Box<dyn Transport>,
        negotiated: Negotiated,
        upgrade: Duration,
        tail: &[u8],
    ) -> Result<Driver, OpenError> {
        transport.set_blocking(Blocking::Never).map_err(|error| self.broken(target, error))?;
        let config = Config {
            deflate: negotiated.deflate,
            on_violation: self.options.on_violation,
            max_message: self.options.max_message,
            ..Config::new(Role::Client)
        };
        let mut connection = Connection::new(config, keys::os_keys());
        connection.receive(tail);
        (self.ready)();
        self.emit(Kind::Ready(Box::new(Ready { negotiated, upgrade })));
        let timeout = self.options.ping_timeout;
        let keep_alive = self.options.ping_interval.map(|interval| KeepAlive::new(self.now(), interval, timeout));
        let driver = Driver::new(transport, connection, self.timeline.clone(), self.number);
        Ok(driver.with_keep_alive(keep_alive))
    }

    fn broken(&self, target: &Target, error: io::Error) -> OpenError {
        let url = target.url();
        match error.downcast::<TransportError>() {
            Ok(error) => OpenError::Transport { url, error },
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                OpenError::Timeout { url, limit: self.options.handshake_timeout }
            }
            Err(error) => OpenError::Broken { url, error },
        }
    }

    fn not_http(&self, target: &Target, error: HeadError) -> OpenError {
        self.tell_raw(error.received());
        OpenError::Head { url: target.url(), error }
    }

    fn tell(&self, response: &Response, body: Bytes, body_cut: bool) {
        let (raw, status) = (response.raw.clone(), response.status);
        self.emit(Kind::Response(Box::new(crate::event::Response { raw, status, body, body_cut })));
    }

    /// Tells what came instead of a response.
    fn tell_raw(&self, received: &[u8]) {
        if !received.is_empty() {
            let raw = Bytes::copy_from_slice(received);
            let response = crate::event::Response { raw, status: 0, body: Bytes::new(), body_cut: false };
            self.emit(Kind::Response(Box::new(response)));
        }
    }

    fn emit(&self, kind: Kind) -> Event {
        self.timeline.emit(self.now(), self.number, kind)
    }

    fn now(&self) -> Duration {
        self.timeline.clock().elapsed()
    }
}

/// How far one attempt came.
enum Attempt {
    Open(Box<(Driver, Response)>),
    Redirected(Target),
}
