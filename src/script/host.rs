//! What a script runs with: its timeline and inbox, how it connects, prints and stops. The API's functions find it in the
//! engine's tag, so there are no globals, and any number of scripts run side by side.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rhai::NativeCallContext;

use crate::command::Command;
use crate::event::Event;
use crate::recording::{Masks, Switch};
use crate::render::{Options, Renderer, WallClock};
use crate::session::{CLOSE_TIMEOUT, ConnectOptions, Link, Timeline};

use super::connection::{Connection, Port};
use super::failure::Failure;
use super::inbox::Inbox;
use super::stop::Stop;
use super::suite::Cases;

/// From a URL and flags, as on the command line, to options, or what is wrong with them.
pub type OpenOptions = dyn Fn(&[String]) -> Result<ConnectOptions, Failure> + Send + Sync;

/// Takes a line that a script prints.
pub type Print = dyn Fn(&str) + Send + Sync;

/// Where a script's connections come from, and which are there without it.
pub trait Hub: Send + Sync {
    /// Begins to open connection `number` of the timeline, and returns at once; what comes of it is told there.
    ///
    /// # Errors
    /// When there is no thread or file descriptor left.
    fn open(&self, options: ConnectOptions, timeline: Timeline, number: u32) -> io::Result<Arc<dyn Port>>;

    /// Those that are there already, by name.
    fn known(&self) -> Vec<(String, Connection)>;

    /// The one that is `ws` from the script's beginning.
    fn current(&self) -> Option<Connection>;
}

/// A script of its own has the connections that it opens.
pub struct Alone;

impl Hub for Alone {
    fn open(&self, options: ConnectOptions, timeline: Timeline, number: u32) -> io::Result<Arc<dyn Port>> {
        Ok(Arc::new(Link::open(options, timeline, number)?))
    }

    fn known(&self) -> Vec<(String, Connection)> {
        Vec::new()
    }

    fn current(&self) -> Option<Connection> {
        None
    }
}

/// Everything outside of the script.
pub struct Setup {
    /// Its last sink is `inbox`.
    pub timeline: Timeline,
    pub inbox: Inbox,
    /// A sink of the timeline before that: where `record(path)` records to.
    pub record: Switch,
    pub masks: Masks,
    pub options: Box<OpenOptions>,
    pub print: Box<Print>,
    pub stop: Stop,
    /// What stands behind the script on the command line.
    pub arguments: Vec<String>,
    /// What `--var` and its like set.
    pub variables: BTreeMap<String, String>,
    /// Files below this folder can be read and written; `None`: all files.
    pub folder: Option<PathBuf>,
    pub hub: Arc<dyn Hub>,
}

/// The same, for the API. Clones share it.
#[derive(Clone)]
pub struct Host(Arc<Shared>);

struct Shared {
    setup: Setup,
    opened: Mutex<Vec<Connection>>,
    cases: Mutex<Cases>,
    /// The script wants its `run` to end.
    leaves: AtomicBool,
}

impl Host {
    #[must_use]
    pub fn new(setup: Setup) -> Host {
        Host(Arc::new(Shared {
            setup,
            opened: Mutex::default(),
            cases: Mutex::default(),
            leaves: AtomicBool::new(false),
        }))
    }

    /// The host of the script that makes this call.
    #[must_use]
    pub fn of(context: &NativeCallContext<'_>) -> Host {
        let tag = context.tag().and_then(|tag| tag.read_lock::<Host>().map(|host| host.clone()));
        tag.expect("the engine is made with a host as its tag")
    }

    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.0.setup
    }

    /// The cases that the script has defined.
    pub fn cases(&self) -> MutexGuard<'_, Cases> {
        self.0.cases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[must_use]
    pub fn now(&self) -> Duration {
        self.0.setup.timeline.clock().elapsed()
    }

    /// Writes a note into the recording.
    pub fn note(&self, connection: u32, text: &str) {
        self.setup().timeline.note(connection, text);
    }

    /// Whether `run` is to end.
    #[must_use]
    pub fn leaves(&self) -> bool {
        self.0.leaves.load(Ordering::Relaxed)
    }

    /// Has `run` end, or go on.
    pub fn leave(&self, leave: bool) {
        self.0.leaves.store(leave, Ordering::Relaxed);
    }

    /// Keeps a connection open until the script or its case ends. What came on those that are over, and that the script has
    /// let go of, is forgotten: a script may open any number, one after the other.
    pub fn keep(&self, connection: Connection) {
        let mut opened = self.opened();
        opened
            .iter()
            .filter(|connection| connection.is_done())
            .for_each(|done| self.setup().inbox.forget(done.number()));
        opened.push(connection);
    }

    /// The connections opened so far.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        self.opened().clone()
    }

    /// Closes with 1000 what was opened after the first `kept`, waits for the peers as long as a closing handshake may
    /// take, and drops the rest.
    pub fn close(&self, kept: usize) {
        let opened = {
            let mut opened = self.opened();
            let kept = kept.min(opened.len());
            opened.split_off(kept)
        };
        let still_open = || opened.iter().filter(|connection| !connection.port().is_over());
        let end = self.now() + CLOSE_TIMEOUT + Stop::LOOK;
        for connection in still_open() {
            let close = Command::Close { code: Some(1000), reason: String::new(), force: false };
            let _ = connection.port().send(close, &|| self.now() > end || self.setup().stop.check().is_err());
        }
        while still_open().next().is_some() && self.now() < end {
            std::thread::sleep(Stop::LOOK / 10);
        }
        for connection in still_open() {
            let _ = connection.port().send(Command::Drop, &|| true);
        }
        for connection in &opened {
            self.setup().inbox.forget(connection.number());
        }
    }

    /// Events as the viewer shows them, without colour, in lines.
    #[must_use]
    pub fn shown<'a>(&self, events: impl IntoIterator<Item = &'a Event>) -> Vec<String> {
        let options = Options { max_payload: 1024, ..Options::default() };
        let mut renderer = Renderer::new(options, WallClock::local(self.setup().timeline.clock().created()));
        let mut text = String::new();
        for event in events {
            renderer.event(event, &mut text);
        }
        text.lines().map(str::to_owned).collect()
    }

    fn opened(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.0.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
