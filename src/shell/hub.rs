//! The shell's connections as its scripts find them, and those that scripts open as the shell finds them.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::script::{self, Port};
use crate::session::{ConnectOptions, Timeline};

use super::connections::Connections;
use super::link::{Link, OpenLink};

/// Shared by all scripts of a shell.
pub(super) struct Hub {
    pub(super) link: Arc<OpenLink>,
    known: Mutex<Known>,
    opened: Mutex<Vec<Opened>>,
}

#[derive(Default)]
struct Known {
    named: Vec<(String, script::Connection)>,
    current: Option<script::Connection>,
}

/// A connection that a script has opened.
pub(super) struct Opened {
    pub(super) options: ConnectOptions,
    pub(super) link: Arc<dyn Link>,
}

impl Hub {
    pub(super) fn new(link: Arc<OpenLink>) -> Hub {
        Hub { link, known: Mutex::default(), opened: Mutex::default() }
    }

    /// Takes note of the connections that there are.
    pub(super) fn know(&self, connections: &Connections) {
        let named = connections.all().iter().map(|known| (known.name.clone(), known.scripted.clone())).collect();
        let current = connections.current().map(|current| current.scripted.clone());
        *lock(&self.known) = Known { named, current };
    }

    /// This one is `ws` for a script that begins now.
    pub(super) fn bind(&self, ws: Option<script::Connection>) {
        lock(&self.known).current = ws;
    }

    /// What scripts have opened since this was asked the last time.
    pub(super) fn opened(&self) -> Vec<Opened> {
        std::mem::take(&mut *lock(&self.opened))
    }
}

impl script::Hub for Hub {
    fn open(&self, options: ConnectOptions, timeline: Timeline, number: u32) -> io::Result<Arc<dyn Port>> {
        let link = (self.link)(options.clone(), timeline, number)?;
        lock(&self.opened).push(Opened { options, link: Arc::clone(&link) });
        Ok(link)
    }

    fn known(&self) -> Vec<(String, script::Connection)> {
        lock(&self.known).named.clone()
    }

    fn current(&self) -> Option<script::Connection> {
        lock(&self.known).current.clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
