//! Rhai in the shell: `=` at the prompt, and scripts run from files, both on the shell's timeline and connections.
//!
//! A script runs on a thread of its own while the thread that reads keys has the screen go on, so what a script prints and
//! what its connections do is seen as it happens, and Ctrl-C reaches it. See `handlers` for what runs on.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};

use crate::event::Event;
use crate::render::escape::escape;
use crate::script::{self, Bound, Console, Host, Inbox, Limits, Program, STACK, Stop, folder};
use crate::session::{ConnectOptions, State, Timeline};
use crate::transport::in_words;

use super::audience::Audience;
use super::connections::Connections;
use super::error::ShellError;
use super::handlers::Running;
use super::hub::Hub;
use super::link::{Link, OpenLink};
use super::repl::{LOOK, Shell};

/// What is kept of a connection for whoever asks at the prompt, and for a function that is called for its events.
pub(super) const KEPT: Bound = Bound { bytes: 16 << 20, events: 10_000 };

/// A script may take the time it takes: there is Ctrl-C.
const LIMITS: Limits = Limits { operations: 0, size: 64 << 20, depth: 64 };

/// What a shell has for its scripts.
pub(super) struct Scripting {
    pub(super) audience: Audience,
    pub(super) hub: Arc<Hub>,
    /// What happened on the connections since the first `=`.
    inbox: Inbox,
    console: Option<Console>,
    pub(super) handlers: Vec<Running>,
}

impl Scripting {
    pub(super) fn new(open: Arc<OpenLink>, audience: Audience) -> Scripting {
        let hub = Arc::new(Hub::new(open));
        Scripting { audience, hub, inbox: Inbox::bounded(KEPT), console: None, handlers: Vec::new() }
    }

    /// Begins to open a connection.
    pub(super) fn open(&self, options: ConnectOptions, timeline: Timeline, number: u32) -> io::Result<Arc<dyn Link>> {
        (self.hub.link)(options, timeline, number)
    }

    /// Takes note of the connections that there are.
    pub(super) fn know(&self, connections: &Connections) {
        self.hub.know(connections);
    }

    /// Keeps a connection's events for the prompt from now on, if anything was asked there so far.
    pub(super) fn attend(&self, connection: u32, opening: &[Event]) {
        if self.console.is_some() && !self.inbox.watches(connection) {
            self.inbox.join(connection, opening);
        }
    }
}

impl Shell {
    /// Evaluates an expression in which `ws` is the connection named, or else the one in use.
    pub(super) fn evaluate(&mut self, to: Option<&str>, text: &str) -> Result<(), ShellError> {
        let ws = self.script_connection(to, text)?;
        self.asking(|shell, console| {
            let before = ws.as_ref().map(script::Connection::number);
            let answer = shell.beside(|| console.evaluate(ws.as_ref(), text));
            shell.adopt();
            // An input that sets `ws` chooses the connection in use.
            if let Some(chosen) = console.current().map(|ws| ws.number()).filter(|number| Some(*number) != before) {
                shell.connections.select_number(chosen);
                shell.scripting.know(&shell.connections);
            }
            shell.learn_variables(console.names());
            for line in answer?? {
                shell.screen.print(&format!("  {line}"));
            }
            Ok(())
        })
    }

    /// Does something with the prompt's engine, which is made when it is first wanted.
    pub(super) fn asking<T>(&mut self, ask: impl FnOnce(&mut Shell, &mut Console) -> T) -> T {
        let mut console = self.scripting.console.take().unwrap_or_else(|| {
            self.scripting.audience.enter(&self.scripting.inbox);
            Console::new(self.host(self.scripting.inbox.clone(), &self.interrupted, None, Vec::new()), LIMITS)
        });
        self.join(&self.scripting.inbox);
        let asked = ask(self, &mut console);
        self.scripting.console = Some(console);
        asked
    }

    /// Runs a script from its first line to its last; what it has opened is closed then.
    pub(super) fn run_script(
        &mut self,
        to: Option<&str>,
        file: &Path,
        arguments: Vec<String>,
    ) -> Result<(), ShellError> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| {
            let problem = format!("cannot read the script \"{name}\": {}", in_words(&error));
            ShellError::refused(problem, "/run FILE runs a Rhai script, /source FILE the lines of a file as if typed")
        })?;
        let ws = self.script_connection(to, &text)?;
        self.scripting.hub.bind(ws);
        let inbox = Inbox::default();
        self.join(&inbox);
        self.scripting.audience.enter(&inbox);
        let host = self.host(inbox.clone(), &self.interrupted, Some(folder(file).to_owned()), arguments);
        let ran = self.beside(|| {
            let ran = Program::read(host.clone(), LIMITS, &name, &text).and_then(|program| program.run());
            host.close(0);
            ran
        });
        self.scripting.audience.leave(&inbox);
        self.adopt();
        match ran? {
            Err(fault) if fault.reason.is_skipped() => {
                self.screen.print(&format!("  skipped: {}", escape(fault.message.as_bytes())));
                Ok(())
            }
            ran => Ok(ran?),
        }
    }

    /// The connection named, or else the one in use, as scripts have it; one that is being opened is waited for if the
    /// script speaks of it.
    pub(super) fn script_connection(
        &self,
        to: Option<&str>,
        text: &str,
    ) -> Result<Option<script::Connection>, ShellError> {
        if to.is_none() && self.connections.current().is_none() {
            return Ok(None);
        }
        let connection = self.connections.get(to)?;
        if connection.link.state() == State::Connecting && text.contains("ws") {
            self.open_connection(to)?;
        }
        Ok(Some(connection.scripted.clone()))
    }

    /// Makes an inbox keep what happens on the connections that there are.
    pub(super) fn join(&self, inbox: &Inbox) {
        let memory = self.memory.lock();
        for connection in self.connections.all() {
            let number = connection.link.number();
            if !inbox.watches(number) {
                inbox.join(number, memory.opening(number));
            }
        }
    }

    /// What a script runs with here. It stops once the flag is set.
    pub(super) fn host(
        &self,
        inbox: Inbox,
        stops: &Arc<AtomicBool>,
        folder: Option<PathBuf>,
        arguments: Vec<String>,
    ) -> Host {
        let stop = Stop::new(self.timeline.clock(), Arc::clone(stops));
        let options = Arc::clone(&self.options);
        Host::new(script::Setup {
            timeline: self.timeline.clone(),
            inbox,
            record: self.recorder.asked.clone(),
            masks: self.recorder.masks.clone(),
            options: Box::new(move |words| options(words)),
            print: self.screen.printer(stop.clone()),
            stop,
            arguments,
            variables: BTreeMap::new(),
            folder,
            hub: Arc::clone(&self.scripting.hub) as Arc<dyn script::Hub>,
        })
    }

    /// Lists the connections that scripts have opened among the others.
    pub(super) fn adopt(&mut self) {
        let current = self.connections.current().map(|current| current.link.number());
        for opened in self.scripting.hub.opened() {
            let number = opened.link.number();
            if opened.link.state() != State::Closed {
                self.scripting.attend(number, &[]);
                self.put(number.to_string(), false, opened.options, opened.link);
            }
        }
        if let Some(current) = current {
            self.connections.select_number(current);
        }
        self.scripting.know(&self.connections);
    }

    /// Has work done on another thread while the screen goes on.
    pub(super) fn beside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, ShellError> {
        std::thread::scope(|scope| {
            let (done, is_done) = sync_channel(1);
            let worker = move || drop(done.send(work()));
            let started =
                std::thread::Builder::new().name("script".into()).stack_size(STACK).spawn_scoped(scope, worker);
            let thread = started.map_err(|error| {
                ShellError::refused(format!("cannot start a thread: {}", in_words(&error)), "are there too many?")
            })?;
            let result = loop {
                match is_done.recv_timeout(LOOK) {
                    Ok(result) => break Some(result),
                    Err(RecvTimeoutError::Timeout) => drop(self.goes_on()),
                    Err(RecvTimeoutError::Disconnected) => break None,
                }
            };
            let ended = thread.join();
            let panicked = || ShellError::refused("the script's engine failed", "the shell goes on without it");
            result.filter(|_| ended.is_ok()).ok_or_else(panicked)
        })
    }
}
