//! A connection as a script has it: the same in a script of its own and in the shell.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::command::Command;
use crate::session::{ConnectOptions, Link, LinkError, OpenError};

use super::callback::Callback;
use super::failure::{Failure, FailureKind, Raised};
use super::host::Host;
use super::inbox::Queue;
use super::occasion::Occasion;

/// How long an expectation waits unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a script needs of a connection that runs on a thread of its own.
pub trait Port: Send + Sync {
    /// Its number on the timeline.
    fn number(&self) -> u32;

    /// Has a command carried out, however long that takes, unless `give_up` says so.
    ///
    /// # Errors
    /// When it was not sent.
    fn send(&self, command: Command, give_up: &dyn Fn() -> bool) -> Result<(), LinkError>;

    /// Has a command carried out, or left out where the peer is far behind in reading.
    ///
    /// # Errors
    /// When the connection is closed, or the command can't be encoded.
    fn offer(&self, command: Command) -> Result<(), LinkError>;

    /// What was sent and could not be written yet, in bytes.
    fn unwritten(&self) -> usize;

    /// Whether nothing can happen on it any more.
    fn is_over(&self) -> bool;

    /// Why the last attempt to open it failed, if it did; asked once.
    fn failure(&self) -> Option<OpenError>;
}

impl Port for Link {
    fn number(&self) -> u32 {
        Link::number(self)
    }

    fn send(&self, command: Command, give_up: &dyn Fn() -> bool) -> Result<(), LinkError> {
        self.send_patiently(command, give_up)
    }

    fn offer(&self, command: Command) -> Result<(), LinkError> {
        Link::offer(self, command)
    }

    fn unwritten(&self) -> usize {
        Link::unwritten(self)
    }

    fn is_over(&self) -> bool {
        Link::is_over(self)
    }

    fn failure(&self) -> Option<OpenError> {
        Link::failure(self)
    }
}

/// Clones share it.
#[derive(Clone)]
pub struct Connection(Arc<Shared>);

struct Shared {
    port: Arc<dyn Port>,
    url: String,
    state: Mutex<State>,
}

/// What a script has set on a connection.
#[derive(Default)]
pub struct State {
    /// How long an expectation waits; `None`: [`PATIENCE`].
    pub patience: Option<Duration>,
    /// Functions that are called while the script runs its connections.
    pub handlers: BTreeMap<Occasion, Callback>,
    /// Up to here the handlers have been told.
    pub told: u64,
}

impl Connection {
    /// A connection that is open already.
    #[must_use]
    pub fn new(port: Arc<dyn Port>, url: String) -> Connection {
        Connection(Arc::new(Shared { port, url, state: Mutex::default() }))
    }

    /// Opens one and waits until frames may flow.
    ///
    /// # Errors
    /// Why there is none, or the script is to stop.
    pub fn open(host: &Host, options: ConnectOptions) -> Raised<Connection> {
        let setup = host.setup();
        let number = setup.timeline.open_connection();
        setup.inbox.watch(number);
        let url = options.url.clone();
        let link = setup.hub.open(options, setup.timeline.clone(), number).map_err(|error| {
            let why = format!("cannot open {url:?}: {}", crate::transport::in_words(&error));
            Failure::new(FailureKind::Send, why).hint("are too many connections open?")
        })?;
        let connection = Connection::new(Arc::clone(&link), url);
        host.keep(connection.clone());
        let opened = setup.inbox.wait(None, &setup.stop, |queues| {
            let over = link.is_over();
            let ready = queues.get(&number).is_some_and(|queue| queue.opening.ready.is_some());
            if ready { Some(true) } else { over.then_some(false) }
        });
        if opened.inspect_err(|_| drop(link.send(Command::Drop, &|| true)))? == Some(true) {
            return Ok(connection);
        }
        let failure = link.failure().map(Failure::from);
        let failure =
            failure.unwrap_or_else(|| Failure::new(FailureKind::Send, "the connection ended while it was opened"));
        Err(failure.into())
    }

    #[must_use]
    pub fn number(&self) -> u32 {
        self.0.port.number()
    }

    /// As it was asked for.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    #[must_use]
    pub fn port(&self) -> &dyn Port {
        &*self.0.port
    }

    /// Whether nothing can happen on it any more, and only one clone is left.
    #[must_use]
    pub fn is_done(&self) -> bool {
        Arc::strong_count(&self.0) == 1 && self.0.port.is_over()
    }

    /// Whether it is open still.
    #[must_use]
    pub fn is_open(&self, host: &Host) -> bool {
        !self.queue(host, |queue| queue.is_closed()) && !self.0.port.is_over()
    }

    /// What the script has set on it.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long an expectation waits on it.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.state().patience.unwrap_or(PATIENCE)
    }

    /// Has a command carried out, waiting for the peer to read what was sent before.
    ///
    /// # Errors
    /// When it was not, or the script is to stop.
    pub fn send(&self, host: &Host, command: Command) -> Raised<()> {
        let stop = &host.setup().stop;
        let sent = self.0.port.send(command, &|| stop.check().is_err());
        stop.check()?;
        sent.map_err(|error| self.cannot_send(host, error).into())
    }

    /// Looks at its queue.
    pub fn queue<T>(&self, host: &Host, look: impl FnOnce(&mut Queue) -> T) -> T {
        host.setup().inbox.with(self.number(), look)
    }

    fn cannot_send(&self, host: &Host, error: LinkError) -> Failure {
        let frames = self.queue(host, |queue| host.shown(&queue.latest));
        Failure { frames, ..Failure::from(error) }
    }
}
