//! A server whose behaviour is a script's: its functions are called for what happens on each connection, on a thread of its
//! own, in order. A function that takes its time keeps neither other connections nor the pings of its own from an answer.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::{Dynamic, FuncArgs};

use crate::command::Command;
use crate::handshake::{Request, ServerOffer};
use crate::session::{Answer, CLOSE_TIMEOUT, ConnectOptions, Driver, Link, LinkError, Timeline};

use super::answering::{answer, failed, requested};
use super::connection::{Connection, Port};
use super::fault::Fault;
use super::hooks::{Hooks, Tell, This};
use super::host::{Alone, Hub};
use super::inbox::{Inbox, Received};
use super::occasion::{Occasion, argument};

/// The functions that a server's script can define.
pub const SERVING: [&str; 4] = ["on_request(r)", "on_open(ws)", "on_message(ws, m)", "on_close(ws, c)"];

/// Serves connections as a script wants.
pub struct Serving {
    hooks: Hooks,
    clients: Arc<Clients>,
    tell: Box<Tell>,
}

/// One of them, from its request on.
pub struct Served<'a> {
    serving: &'a Serving,
    number: u32,
    this: This,
}

/// The connections that are open.
#[derive(Default)]
pub struct Clients(Mutex<BTreeMap<u32, Connection>>);

impl Clients {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub for Clients {
    fn open(&self, options: ConnectOptions, timeline: Timeline, number: u32) -> io::Result<Arc<dyn Port>> {
        Alone.open(options, timeline, number)
    }

    fn known(&self) -> Vec<(String, Connection)> {
        self.lock().iter().map(|(number, connection)| (number.to_string(), connection.clone())).collect()
    }

    fn current(&self) -> Option<Connection> {
        None
    }
}

impl Serving {
    /// `clients` is the hub of the script's host.
    #[must_use]
    pub fn new(hooks: Hooks, clients: Arc<Clients>, tell: Box<Tell>) -> Serving {
        Serving { hooks, clients, tell }
    }

    /// What its connections are told on.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.hooks.host().setup().timeline
    }

    /// A connection that comes, which gets its number here.
    #[must_use]
    pub fn comes(&self) -> Served<'_> {
        let number = self.timeline().open_connection();
        self.inbox().watch(number);
        Served { serving: self, number, this: self.hooks.this() }
    }

    fn inbox(&self) -> &Inbox {
        &self.hooks.host().setup().inbox
    }
}

impl Served<'_> {
    /// Its number on the timeline.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// What the script answers to the request: a handshake with this offer, unless it says otherwise.
    pub fn answer(&mut self, request: &Request, offer: &ServerOffer) -> Answer {
        let given = self.call("on_request", (requested(request),));
        given.and_then(|given| answer(&given.unwrap_or(Dynamic::UNIT), offer)).unwrap_or_else(|fault| {
            self.tell("on_request", fault);
            failed()
        })
    }

    /// Serves it to its end; `resource` is what it asked for.
    ///
    /// # Errors
    /// When there is no thread or file descriptor left.
    pub fn serve(mut self, driver: Driver, resource: String) -> io::Result<()> {
        let (ring, bell) = sync_channel(1);
        let (inbox, number) = (self.serving.inbox().clone(), self.number);
        let link = Link::accepted(driver, move || {
            // One ring is enough for all that has come.
            let _ = ring.try_send(());
            inbox.with(number, |queue| queue.is_much())
        })?;
        let ws = Connection::new(Arc::new(link), resource);
        self.serving.clients.lock().insert(self.number, ws.clone());
        self.converse(&ws, &bell);
        Ok(())
    }

    /// Calls the functions for what happens, to the end. After one has failed only the end is told.
    fn converse(&mut self, ws: &Connection, bell: &Receiver<()>) {
        let mut well = self.tried(ws, "on_open", (ws.clone(),));
        loop {
            let over = bell.recv().is_err();
            while let Some(received) = self.next() {
                let it = argument(ws, &received);
                match Occasion::of(&received.event) {
                    Some(Occasion::Message) if well => well = self.tried(ws, "on_message", (ws.clone(), it)),
                    Some(Occasion::Close) => {
                        self.serving.clients.lock().remove(&self.number);
                        self.tried(ws, "on_close", (ws.clone(), it));
                    }
                    _ => {}
                }
            }
            if over {
                return;
            }
        }
    }

    /// The oldest event that nobody has taken.
    fn next(&self) -> Option<Arc<Received>> {
        self.serving.inbox().with(self.number, |queue| {
            let oldest = queue.from(0)?;
            queue.take(oldest.place)
        })
    }

    /// Calls a function; one that fails ends the connection with 1011 (RFC 6455 section 7.4.1).
    fn tried(&mut self, ws: &Connection, name: &str, values: impl FuncArgs) -> bool {
        let Err(fault) = self.call(name, values) else { return true };
        self.tell(name, fault);
        let host = self.serving.hooks.host();
        let end = host.now() + CLOSE_TIMEOUT;
        let close = Command::Close { code: Some(1011), reason: format!("{name} failed"), force: false };
        if matches!(ws.port().send(close, &|| host.now() > end), Err(LinkError::Busy)) {
            let _ = ws.port().send(Command::Drop, &|| true);
        }
        false
    }

    fn call(&mut self, name: &str, values: impl FuncArgs) -> Result<Option<Dynamic>, Box<Fault>> {
        self.serving.hooks.call(name, &mut self.this, values)
    }

    fn tell(&self, name: &str, fault: Box<Fault>) {
        (self.serving.tell)(name, self.number, fault);
    }
}

impl Drop for Served<'_> {
    fn drop(&mut self) {
        self.serving.clients.lock().remove(&self.number);
        self.serving.inbox().forget(self.number);
    }
}
