//! Each action carried out.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::command::Command;
use crate::protocol::OnViolation;
use crate::session::{LinkError, State};

use super::arguments::parts;
use super::connections::Connection;
use super::content::Content;
use super::error::ShellError;
use super::help;
use super::link;
use super::repl::Shell;
use super::request::{Action, Filter, Outgoing};
use super::view::{ON_VIOLATION, SETTINGS};

impl Shell {
    /// Carries out an action, on the connection named or else the one in use.
    pub(super) fn perform(&mut self, to: Option<&str>, action: Action) -> Result<(), ShellError> {
        match action {
            Action::Nothing | Action::Quit | Action::Source(_) => Ok(()),
            Action::Send(outgoing) => {
                let connection = self.open_connection(to)?;
                give(connection, command(outgoing)?)
            }
            Action::Close { code, reason, force } => {
                give(self.live_connection(to)?, Command::Close { code, reason, force })
            }
            Action::Drop => give(self.live_connection(to)?, Command::Drop),
            Action::Disconnect => {
                let link = Arc::clone(&self.live_connection(to)?.link);
                self.close(&[link]);
                Ok(())
            }
            Action::Connect { args, name } => self.connect_as(&args, name.as_deref()),
            Action::Reconnect => self.reconnect(to),
            Action::Use(name) => {
                self.connections.select(&name)?;
                self.scripting.know(&self.connections);
                Ok(())
            }
            Action::Connections => self.list_connections(),
            Action::Headers => self.show_opening(to, true),
            Action::Info => self.show_opening(to, false),
            Action::Show(which) => self.show(which),
            Action::Last(count) => self.show_last(count),
            Action::Find(pattern) => self.find(&pattern),
            Action::Filter(filter) => {
                self.filter(filter);
                Ok(())
            }
            Action::Set(None) => {
                self.list_settings();
                Ok(())
            }
            Action::Set(Some((name, value))) => self.set(&name, value.as_deref()),
            Action::Stats => {
                let report = self.memory.lock().stats.report(self.timeline.clock().elapsed());
                self.screen.print(&report);
                Ok(())
            }
            Action::History(count) => {
                let lines = self.typed.range(self.typed.len().saturating_sub(count)..);
                self.screen.compose(|_, out| {
                    for line in lines {
                        let _ = writeln!(out, "  {}", line.replace('\n', "\n    "));
                    }
                });
                Ok(())
            }
            Action::Evaluate(text) => self.evaluate(to, &text),
            Action::Run { file, arguments } => self.run_script(to, &file, arguments),
            Action::On(handling) => self.on(to, handling),
            Action::Alias(definition) => self.alias(definition),
            Action::Gate(gating) => self.gate(to, gating),
            Action::Record(recording) => self.record(recording),
            Action::Save { path, force } => self.save(&path, force),
            Action::Note(text) => {
                let number = self.connections.get(to).map_or(0, |connection| connection.link.number());
                self.timeline.note(number, text);
                let lost = "what follows is still shown, but no longer written there";
                self.timeline.flush().map_err(|error| ShellError::refused(error.to_string(), lost))
            }
            Action::Help(spec) => {
                let between = self.gate.is_some();
                self.screen.compose(|view, out| match spec {
                    Some(spec) => help::explain(spec, view, out),
                    None => help::list(view, between, out),
                });
                Ok(())
            }
        }
    }

    fn connect_as(&mut self, args: &[String], name: Option<&str>) -> Result<(), ShellError> {
        let options = (self.options)(args).map_err(|failure| {
            let hint = failure.hint.unwrap_or_else(|| "/help connect shows what it takes".into());
            ShellError::refused(failure.message, hint)
        })?;
        let taken = |known: &&Connection| Some(known.name.as_str()) == name && known.link.state() != State::Closed;
        if let Some(taken) = self.connections.all().iter().find(taken) {
            let problem = format!("\"{}\" is {} to {}", taken.name, link::name(taken.link.state()), taken.place());
            return Err(ShellError::refused(
                problem,
                format!("@{} /disconnect closes it; or give another name", taken.name),
            ));
        }
        self.connect(options, name)
    }

    fn reconnect(&mut self, to: Option<&str>) -> Result<(), ShellError> {
        let connection = self.connections.get(to)?;
        let (options, link) = (connection.options.clone(), Arc::clone(&connection.link));
        let before = link.number();
        let name = connection.named.then(|| connection.name.clone());
        self.close(&[link]);
        self.connect(options, name.as_deref())?;
        self.handle_again(before)
    }

    /// The connection, once it is open: one that is being opened is waited for.
    pub(super) fn open_connection(&self, to: Option<&str>) -> Result<&Connection, ShellError> {
        let connection = self.live_connection(to)?;
        if connection.link.state() == State::Connecting {
            let limit =
                connection.options.connect_timeout + connection.options.handshake_timeout + Duration::from_secs(1);
            if !self.wait_until(limit, || connection.link.state() != State::Connecting) {
                let problem = format!("nothing sent: \"{}\" is not open yet", connection.name);
                return Err(ShellError::refused(problem, "the prompt's dot is filled once it is"));
            }
            return self.live_connection(to);
        }
        Ok(connection)
    }

    fn live_connection(&self, to: Option<&str>) -> Result<&Connection, ShellError> {
        if self.gate.is_some() && to.is_none() && self.connections.current().is_none() {
            let hint = "/inject to-server TEXT (or to-client) says it between a client and the server";
            return Err(ShellError::refused("the proxy's shell has no connection of its own", hint));
        }
        let connection = self.connections.get(to)?;
        if connection.link.state() == State::Closed {
            let problem = format!("the connection to {} is closed", connection.place());
            return Err(ShellError::refused(problem, "/reconnect opens it again"));
        }
        Ok(connection)
    }

    #[allow(clippy::unnecessary_wraps, reason = "an arm like the others")]
    fn list_connections(&self) -> Result<(), ShellError> {
        let mut text = String::new();
        let current = self.connections.current().map(|current| current.link.number());
        for connection in self.connections.all() {
            let number = connection.link.number();
            let used = if Some(number) == current { '>' } else { ' ' };
            let (name, state) = (&connection.name, link::name(connection.link.state()));
            let _ = writeln!(text, "{used} {name:<12} #{number:<4} {state:<11} {}", connection.place());
        }
        self.screen.print(if text.is_empty() { "  no connections; /connect URL opens one\n" } else { &text });
        Ok(())
    }

    fn show_opening(&self, to: Option<&str>, raw: bool) -> Result<(), ShellError> {
        let connection = self.connections.get(to)?;
        let events = self.memory.lock().opening(connection.link.number()).to_vec();
        if events.is_empty() {
            let problem = format!("\"{}\" has not got as far as an opening handshake", connection.name);
            return Err(ShellError::refused(problem, "/reconnect tries again"));
        }
        self.screen.compose(|view, out| view.opening(&events, raw, out));
        Ok(())
    }

    fn filter(&self, filter: Option<Filter>) {
        if let Some(filter) = filter {
            self.screen.set_filter(filter);
        }
        let filter = self.screen.filter();
        let words = [
            filter.direction.map(|direction| direction.name().to_owned()),
            filter.opcode.map(|opcode| format!("op={opcode}")),
            filter.pattern.as_ref().map(|pattern| pattern.as_str().escape_debug().to_string()),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        let text = if filter.is_off() { "all frames are shown".into() } else { format!("shown: {}", words.join(" ")) };
        self.screen.print(&format!("  {text}"));
    }

    fn list_settings(&self) {
        let on_violation = self.on_violation_name();
        self.screen.compose(|view, out| {
            let settings = SETTINGS.iter().map(|setting| (setting, view.get(setting)));
            for (setting, value) in settings.chain([(&ON_VIOLATION, on_violation)]) {
                let _ = writeln!(out, "  {:<14} {value:<10} {}", setting.name, setting.values.join("|"));
            }
        });
    }

    fn set(&mut self, name: &str, value: Option<&str>) -> Result<(), ShellError> {
        let all = || SETTINGS.iter().chain([&ON_VIOLATION]);
        let Some(setting) = all().find(|setting| setting.name == name) else {
            let names: Vec<&str> = all().map(|setting| setting.name).collect();
            let problem = format!("unknown setting \"{}\"", name.escape_debug());
            return Err(ShellError::refused(problem, format!("one of {}", names.join(", "))));
        };
        if let Some(value) = value {
            let Some(index) = setting.values.iter().position(|known| *known == value) else {
                let problem = format!("{name} can't be \"{}\"", value.escape_debug());
                return Err(ShellError::refused(problem, format!("one of {}", setting.values.join(", "))));
            };
            if *setting == ON_VIOLATION {
                let chosen =
                    if setting.values[index] == "continue" { OnViolation::Continue } else { OnViolation::Fail };
                self.on_violation = Some(chosen);
                for connection in self.connections.all() {
                    // A closed one has nothing to change.
                    drop(connection.link.set_on_violation(chosen));
                }
            } else {
                self.screen.compose(|view, _| view.set(setting, index));
            }
        }
        let now = if *setting == ON_VIOLATION {
            self.on_violation_name()
        } else {
            self.screen.compose(|view, _| view.get(setting))
        };
        self.screen.print(&format!("  {name} {now}"));
        Ok(())
    }

    fn on_violation_name(&self) -> &'static str {
        match self.on_violation {
            None => "as given",
            Some(OnViolation::Fail) => "fail",
            Some(OnViolation::Continue) => "continue",
        }
    }
}

/// Has a command carried out, and says why not.
fn give(connection: &Connection, command: Command) -> Result<(), ShellError> {
    connection.link.give(command).map_err(|error| {
        let hint = match error {
            LinkError::Connecting => "the prompt's dot is filled once it is open",
            LinkError::Closed => "/reconnect opens it again",
            LinkError::Busy => "it is sent once the peer reads; /drop ends the connection",
            LinkError::Send(_) => "/frame sends what the rules forbid; /reconnect opens the connection anew",
        };
        ShellError::refused(error.to_string(), hint)
    })
}

/// What to send, with files read.
fn command(outgoing: Outgoing) -> Result<Command, ShellError> {
    Ok(match outgoing {
        Outgoing::Text(text) => Command::Text(text.into()),
        Outgoing::Either(content) => {
            let (binary, data) = loaded(content)?;
            Command::message(binary, data)
        }
        Outgoing::Binary(content) => Command::Binary(content.load()?),
        Outgoing::Ping(content) => Command::Ping(content.load()?),
        Outgoing::Pong(content) => Command::Pong(content.load()?),
        Outgoing::Fragments { count, content } => {
            let (binary, data) = loaded(content)?;
            Command::Fragments { binary, parts: parts(&data, count) }
        }
        Outgoing::Frame(mut spec, content) => {
            spec.payload = content.load()?;
            Command::Frame(spec)
        }
    })
}

/// Whether a message is binary, which digits and what is not UTF-8 are; and its bytes.
pub(super) fn loaded(content: Content) -> Result<(bool, Bytes), ShellError> {
    let digits = matches!(content, Content::Bytes(_));
    let data = content.load()?;
    Ok((digits || std::str::from_utf8(&data).is_err(), data))
}
