//! A script that takes part in a replay: `fn before(ws)`, `fn on_send(m)`, `fn on_receive(m)`, `fn matches(recorded, live)`,
//! `fn after(verdict)`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use rhai::{Dynamic, FuncArgs};

use super::connection::Connection;
use super::failure::FailureKind;
use super::fault::{Fault, Reason};
use super::hooks::{Hooks, This};
use super::host::Host;
use super::message::Message;
use super::program::Program;
use super::replay::Verdict;
use super::stage::Live;
use super::value::{bytes, to_json};
use crate::event::{Event, FrameEvent, Kind};
use crate::protocol::{Frame, Header, Opcode};
use crate::replay::{self, Outgoing, Stage, Stop, Stopped, compare};
use crate::session::{Driver, Link, Timeline};
use crate::transport::in_words;

/// What such a script can define. (`match` is a word of Rhai's own.)
const FUNCTIONS: [&str; 5] = ["before(ws)", "on_send(m)", "on_receive(m)", "matches(recorded, live)", "after(verdict)"];

/// The functions of one script, and what they keep in `this`.
pub struct Replaying {
    hooks: Arc<Hooks>,
    this: This,
    fault: Option<Box<Fault>>,
}

impl Replaying {
    /// Runs the script's first level.
    ///
    /// # Errors
    /// It fails, or defines none of the functions.
    pub fn read(program: Program) -> Result<Replaying, Box<Fault>> {
        let hooks = Hooks::read(program, &FUNCTIONS)?;
        Ok(Replaying { this: hooks.this(), hooks: Arc::new(hooks), fault: None })
    }

    /// The same functions for another client, with a `this` of its own.
    #[must_use]
    pub fn for_another(&self) -> Replaying {
        Replaying { this: self.hooks.this(), hooks: Arc::clone(&self.hooks), fault: None }
    }

    /// Whether it has something to say before anything of the recording is sent.
    #[must_use]
    pub fn says_first(&self) -> bool {
        self.hooks.has("before")
    }

    /// What its connections are told on, and the one that is played on.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.hooks.host().setup().timeline
    }

    /// The number of the connection that will be played on, which is about to be opened.
    #[must_use]
    pub fn comes(&self) -> u32 {
        let number = self.timeline().open_connection();
        if self.says_first() {
            self.hooks.host().setup().inbox.watch(number);
        }
        number
    }

    /// What is played on, once `before` has had the connection, if there is one. What that has not taken of what came is
    /// still to be heard. `url` is what was connected to.
    ///
    /// # Errors
    /// It failed, or there is no thread left.
    pub fn before(&mut self, driver: Driver, url: &str) -> Result<Box<dyn Stage>, Stop> {
        if !self.says_first() {
            return Ok(Box::new(driver));
        }
        let host = self.hooks.host().clone();
        let (inbox, number) = (host.setup().inbox.clone(), driver.number());
        let plays = Arc::<AtomicBool>::default();
        let played = Arc::clone(&plays);
        // A script looks for what it wants among all that came; who plays takes it all in order, and may be slower than the peer.
        let is_behind = move || played.load(Ordering::Acquire) && inbox.with(number, |queue| queue.is_much());
        let link = Link::accepted(driver, is_behind).map_err(|error| {
            let why = format!("cannot go on: {}", in_words(&error));
            self.stop(Box::new(Fault::new(Reason::Failed(FailureKind::Send), why)))
        })?;
        let ws = Connection::new(Arc::new(link), url.to_owned());
        host.keep(ws.clone());
        self.call("before", (ws.clone(),))?;
        plays.store(true, Ordering::Release);
        Ok(Box::new(Live::new(host, ws).for_itself()))
    }

    /// Whether it ended the replay.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.fault.is_some()
    }

    /// Closes what is still open of the script's connections: why it ended the replay, if it did, and what it ran with.
    #[must_use]
    pub fn end(mut self) -> Option<(Host, Box<Fault>)> {
        let host = self.hooks.host().clone();
        host.close(0);
        Some((host, self.fault()?))
    }

    /// Why it ended the replay, if it did.
    pub const fn fault(&mut self) -> Option<Box<Fault>> {
        self.fault.take()
    }

    fn stop(&mut self, fault: Box<Fault>) -> Stop {
        self.fault.get_or_insert(fault);
        Stop
    }
}

impl Calling for Replaying {
    fn call(&mut self, name: &str, values: impl FuncArgs) -> Result<Option<Dynamic>, Stop> {
        let called = self.hooks.call(name, &mut self.this, values);
        called.map_err(|fault| self.stop(fault))
    }

    fn wrong(&mut self, name: &str, wanted: &str, given: &Dynamic) -> Stop {
        let message = format!("{name} gave a {}: it gives {wanted}", given.type_name());
        self.stop(Box::new(Fault::new(Reason::Script, message)))
    }
}

/// Calls the functions of a script that take part in a replay, and keeps why one ended it.
pub trait Calling {
    /// What the function of this name gives; `None` if there is none.
    ///
    /// # Errors
    /// It failed.
    fn call(&mut self, name: &str, values: impl FuncArgs) -> Result<Option<Dynamic>, Stop>;

    /// A function gave something else than it should.
    fn wrong(&mut self, name: &str, wanted: &str, given: &Dynamic) -> Stop;
}

impl<C: Calling> replay::Hooks for C {
    fn on_send(&mut self, message: &replay::Message) -> Result<Outgoing, Stop> {
        let Some(given) = self.call("on_send", (as_script(message),))? else { return Ok(Outgoing::Send) };
        outgoing(&given).map_err(|wanted| self.wrong("on_send", wanted, &given))
    }

    fn on_receive(&mut self, message: &replay::Message) -> Result<(), Stop> {
        self.call("on_receive", (as_script(message),)).map(drop)
    }

    fn matches(&mut self, recorded: &replay::Message, live: &replay::Message) -> Result<Option<bool>, Stop> {
        let Some(given) = self.call("matches", (as_script(recorded), as_script(live)))? else { return Ok(None) };
        judgement(&given).map_err(|wanted| self.wrong("matches", wanted, &given))
    }

    fn after(&mut self, verdict: &compare::Verdict, stopped: Option<&Stopped>) -> Result<(), Stop> {
        self.call("after", (Verdict::new(verdict.clone(), stopped),)).map(drop)
    }
}

/// What a function makes of a message that is due.
///
/// # Errors
/// That can't be told from what it gave: what it should give.
fn outgoing(given: &Dynamic) -> Result<Outgoing, &'static str> {
    if given.is_unit() {
        return Ok(Outgoing::Send);
    }
    if let Ok(sends) = given.as_bool() {
        return Ok(if sends { Outgoing::Send } else { Outgoing::Skip });
    }
    let data = if given.is_map() || given.is_array() { to_json(given).map(Bytes::from) } else { bytes(given) };
    data.map(Outgoing::Replace).map_err(|_| "nothing, a bool, a text, JSON or a blob")
}

/// Whether a function takes one message for another, if it says so.
///
/// # Errors
/// As for [`outgoing`].
fn judgement(given: &Dynamic) -> Result<Option<bool>, &'static str> {
    if given.is_unit() { Ok(None) } else { given.as_bool().map(Some).map_err(|_| "a bool, or nothing") }
}

/// The message as scripts have one.
fn as_script(message: &replay::Message) -> Dynamic {
    let replay::Message { direction, time, number, binary, ref data } = *message;
    let opcode = if binary { Opcode::BINARY } else { Opcode::TEXT };
    let wire = data.len() as u64;
    let frame = FrameEvent {
        number,
        direction,
        frame: Frame { header: Header::new(opcode, wire), payload: data.clone() },
        fragment: None,
        message: Some(crate::event::Message { binary, data: data.clone(), frames: 1, compressed: false, wire }),
        automatic: false,
        after: None,
    };
    let event = Event { time, connection: 1, kind: Kind::Frame(frame) };
    Message::recorded(event).map_or(Dynamic::UNIT, Dynamic::from)
}
