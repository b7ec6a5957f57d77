//! The shell: reads lines, has them carried out, says what was wrong, and leaves with a closing handshake.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustyline::error::ReadlineError;

use crate::command::Command;
use crate::protocol::OnViolation;
use crate::proxy::Gate;
use crate::script::{self, OpenOptions};
use crate::session::{ConnectOptions, State, Timeline};
use crate::transport::in_words;

use super::aliases::Aliases;
use super::audience::Audience;
use super::completion::Known;
use super::connections::{Connection, Connections};
use super::error::ShellError;
use super::history::{HistoryFile, LINES};
use super::link::{self, Link, OpenLink};
use super::memory::Memory;
use super::parse::parse;
use super::prompt::Prompt;
use super::recorder::Recorder;
use super::request::Action;
use super::screen::Screen;
use super::scripting::Scripting;
use super::terminal::Terminal;

/// How long leaving waits for the closing handshakes.
pub(super) const CLOSING: Duration = Duration::from_secs(2);

/// How often a wait looks again.
pub(super) const LOOK: Duration = Duration::from_millis(5);

/// How deep files may be nested by /source.
const DEPTH: usize = 8;

/// What a shell works with. The timeline feeds `memory`, `screen` and `audience`.
pub struct Setup {
    pub timeline: Timeline,
    pub memory: Memory,
    pub screen: Screen,
    pub recorder: Recorder,
    pub audience: Audience,
    pub options: Arc<OpenOptions>,
    /// Flags that /connect completes: `--header`.
    pub flags: Vec<String>,
    /// `None`: lines typed are forgotten at the end.
    pub history: Option<HistoryFile>,
    /// The user's own commands, if there are any.
    pub aliases: Option<PathBuf>,
    pub coloured: bool,
    /// Of the proxy whose timeline this is.
    pub gate: Option<Gate>,
}

/// Whether the shell goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Continue,
    Quit,
}

/// The interactive prompt, and what it holds.
pub struct Shell {
    pub(super) timeline: Timeline,
    pub(super) memory: Memory,
    pub(super) screen: Screen,
    pub(super) recorder: Recorder,
    pub(super) gate: Option<Gate>,
    pub(super) scripting: Scripting,
    pub(super) aliases: Aliases,
    pub(super) aliases_file: Option<PathBuf>,
    pub(super) options: Arc<OpenOptions>,
    history: Option<HistoryFile>,
    coloured: bool,
    pub(super) connections: Connections,
    prompt: Prompt,
    pub(super) known: Arc<Mutex<Known>>,
    /// Lines typed, of earlier times too, oldest first.
    pub(super) typed: VecDeque<String>,
    /// What /set on-violation says; `None`: what the options of a connection say.
    pub(super) on_violation: Option<OnViolation>,
    terminal: Option<Terminal>,
    pub(super) interrupted: Arc<AtomicBool>,
    depth: usize,
}

impl Shell {
    /// A shell without a connection.
    #[must_use]
    pub fn new(setup: Setup) -> Shell {
        Shell::with_links(setup, Arc::new(link::open))
    }

    /// One that opens its connections like this.
    fn with_links(setup: Setup, open: Arc<OpenLink>) -> Shell {
        let known = Known { flags: setup.flags, ..Known::default() };
        Shell {
            timeline: setup.timeline,
            memory: setup.memory,
            screen: setup.screen,
            recorder: setup.recorder,
            scripting: Scripting::new(open, setup.audience),
            aliases: Aliases::default(),
            aliases_file: setup.aliases,
            options: setup.options,
            history: setup.history,
            coloured: setup.coloured,
            connections: Connections::default(),
            prompt: Prompt::new(setup.gate.clone()),
            gate: setup.gate,
            known: Arc::new(Mutex::new(known)),
            typed: VecDeque::new(),
            on_violation: None,
            terminal: None,
            interrupted: Arc::new(AtomicBool::new(false)),
            depth: 0,
        }
    }

    /// Reads and carries out lines until the user leaves, then closes what is open.
    ///
    /// # Errors
    /// The terminal can't be read.
    pub fn run(&mut self) -> Result<(), ShellError> {
        let flag = Arc::clone(&self.interrupted);
        let guard = signal_hook::flag::register(signal_hook::consts::SIGINT, flag).map_err(ReadlineError::from)?;
        self.load_history();
        self.load_aliases();
        let history: Vec<String> = self.typed.iter().cloned().collect();
        let terminal = Terminal::open(&self.screen, &self.prompt, &self.known, self.coloured, &history)?;
        self.terminal = Some(terminal);
        let left = self.read_lines();
        self.note_held();
        self.close_all();
        self.terminal = None;
        signal_hook::low_level::unregister(guard);
        left
    }

    /// Carries out a line as if typed, and says on the screen what was wrong with it.
    pub fn run_line(&mut self, line: &str) -> Flow {
        self.carry_out(line).unwrap_or_else(|error| {
            self.complain(&error);
            Flow::Continue
        })
    }

    /// Opens a connection and uses it from now on.
    ///
    /// # Errors
    /// There is no thread or file descriptor left. Everything else arrives on the timeline.
    pub fn connect(&mut self, mut options: ConnectOptions, name: Option<&str>) -> Result<(), ShellError> {
        if let Some(on_violation) = self.on_violation {
            options.on_violation = on_violation;
        }
        // Named before anything can be told of it.
        let number = self.timeline.open_connection();
        if let Some(name) = name {
            self.screen.compose(|view, _| view.name(number, name));
        }
        self.scripting.attend(number, &[]);
        let link = self.scripting.open(options.clone(), self.timeline.clone(), number).map_err(|error| {
            let hint = "are too many connections open? /connections lists them";
            let why = in_words(&error);
            ShellError::refused(format!("cannot open \"{}\": {why}", options.url.escape_debug()), hint)
        })?;
        let named = name.is_some();
        let name = name.map_or_else(|| number.to_string(), str::to_owned);
        self.put(name, named, options, link);
        Ok(())
    }

    /// Puts a connection in and uses it.
    pub(super) fn put(&mut self, name: String, named: bool, options: ConnectOptions, link: Arc<dyn Link>) {
        let scripted = script::Connection::new(Arc::clone(&link) as Arc<dyn script::Port>, options.url.clone());
        self.connections.tidy();
        self.connections.put(Connection { name, named, options, link, scripted });
        self.learn_names();
    }

    /// Closes every connection with 1000, waits at most 2 s for the peers, and drops the rest.
    pub fn close_all(&mut self) {
        let links: Vec<Arc<dyn Link>> = self.connections.all().iter().map(|known| Arc::clone(&known.link)).collect();
        self.close(&links);
        self.end_handlers();
    }

    fn read_lines(&mut self) -> Result<(), ShellError> {
        loop {
            let current = self.connections.current();
            self.prompt.watch(current.map(|current| Arc::clone(&current.link)));
            let label = current.map(Connection::label);
            let Some(terminal) = &mut self.terminal else { return Ok(()) };
            let line = match terminal.read(label.as_deref()) {
                Ok(line) => line,
                Err(ReadlineError::Interrupted) => continue,
                Err(ReadlineError::Eof) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            self.interrupted.store(false, Ordering::Relaxed);
            self.remember(&line);
            if self.run_line(&line) == Flow::Quit {
                return Ok(());
            }
        }
    }

    fn carry_out(&mut self, line: &str) -> Result<Flow, ShellError> {
        let line = self.aliases.expand(line)?;
        let request = parse(&line)?;
        match request.action {
            Action::Quit => Ok(Flow::Quit),
            Action::Source(path) => self.source(&path),
            action => self.perform(request.to.as_deref(), action).map(|()| Flow::Continue),
        }
    }

    /// Runs each line of a file; one that fails is named, and the next one runs.
    fn source(&mut self, path: &Path) -> Result<Flow, ShellError> {
        let file = path.display().to_string();
        if self.depth == DEPTH {
            let hint = "does it name itself, or another file that does?";
            return Err(ShellError::refused(format!("/source goes {DEPTH} files deep at \"{file}\""), hint));
        }
        let text = std::fs::read_to_string(path).map_err(|error| {
            ShellError::refused(
                format!("cannot read \"{file}\": {}", in_words(&error)),
                "/source runs each line of a text file as if typed",
            )
        })?;
        self.depth += 1;
        let mut flow = Flow::Continue;
        for (line, number) in text.lines().zip(1..) {
            match self.carry_out(line) {
                Ok(Flow::Continue) => {}
                Ok(Flow::Quit) => flow = Flow::Quit,
                Err(error) => {
                    let error = Box::new(error);
                    self.complain(&ShellError::Sourced { file: file.clone(), line: number, error });
                }
            }
            if flow == Flow::Quit || self.is_interrupted() {
                break;
            }
        }
        self.depth -= 1;
        Ok(flow)
    }

    pub(super) fn complain(&self, error: &ShellError) {
        self.screen.compose(|view, out| error.show(view, out));
    }

    /// Waits until `done`, `limit` has passed or Ctrl-C; the screen goes on meanwhile. Whether it is done.
    pub(super) fn wait_until(&self, limit: Duration, done: impl Fn() -> bool) -> bool {
        let clock = self.timeline.clock();
        let end = clock.elapsed() + limit;
        loop {
            if !self.goes_on() || done() || clock.elapsed() >= end {
                return done();
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Lets the screen go on while a command takes its time: whether the user still wants it to.
    pub(super) fn goes_on(&self) -> bool {
        if let Some(terminal) = &self.terminal {
            terminal.drain();
        }
        !self.is_interrupted()
    }

    /// Whether Ctrl-C was pressed since the line was typed.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Closes these with 1000 and waits at most [`CLOSING`]; what is not closed then is dropped. One that is still being
    /// opened is not waited for.
    pub(super) fn close(&self, links: &[Arc<dyn Link>]) {
        let unfinished = || links.iter().filter(|link| matches!(link.state(), State::Open | State::Closing));
        for link in links.iter().filter(|link| link.state() == State::Connecting) {
            drop(link.give(Command::Drop));
        }
        for link in unfinished() {
            drop(link.give(Command::Close { code: Some(1000), reason: String::new(), force: false }));
        }
        let closed = || unfinished().next().is_none();
        if self.wait_until(CLOSING / 8, closed) {
            return;
        }
        self.screen.print("  closing… (Ctrl-C leaves at once)");
        if !self.wait_until(CLOSING / 8 * 7, closed) {
            let why = if self.is_interrupted() { "at once" } else { "the peer did not finish the closing handshake" };
            for link in unfinished() {
                self.screen.print(&format!("  connection {} dropped: {why}", link.number()));
                drop(link.give(Command::Drop));
            }
            let limit = if self.is_interrupted() { Duration::ZERO } else { CLOSING / 8 };
            self.wait_until(limit, closed);
        }
    }

    fn load_history(&mut self) {
        let Some(file) = &self.history else { return };
        match file.load() {
            Ok(lines) => {
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                for line in &lines {
                    known.learn(line);
                }
                self.typed = lines.into();
            }
            Err(error) => self.no_history(&error),
        }
    }

    /// Keeps a line for the arrow keys, for completion and, unless it holds a secret, for the next time.
    fn remember(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if let Some(terminal) = &mut self.terminal {
            terminal.remember(line);
        }
        self.known.lock().unwrap_or_else(PoisonError::into_inner).learn(line);
        self.typed.push_back(line.to_owned());
        if self.typed.len() > LINES {
            self.typed.pop_front();
        }
        if let Some(Err(error)) = self.history.as_ref().map(|file| file.append(line)) {
            self.no_history(&error);
        }
    }

    /// Says once that lines are not kept.
    fn no_history(&mut self, error: &std::io::Error) {
        if let Some(file) = self.history.take() {
            let problem = format!("cannot keep the lines typed in \"{}\": {}", file.path().display(), in_words(error));
            self.complain(&ShellError::refused(problem, "is its directory writable? XDG_STATE_HOME names another one"));
        }
    }

    pub(super) fn learn_aliases(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).aliases = self.aliases.names();
    }

    pub(super) fn learn_variables(&self, names: Vec<String>) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).variables = names;
    }

    pub(super) fn learn_names(&self) {
        let names = self.connections.all().iter().map(|known| known.name.clone()).collect();
        self.known.lock().unwrap_or_else(PoisonError::into_inner).names = names;
        self.scripting.know(&self.connections);
    }
}

#[cfg(test)]
mod tests;
