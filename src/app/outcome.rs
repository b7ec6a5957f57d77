//! What became of a connection, as an exit code and an error line.

use std::io;
use std::time::Duration;

use crate::cli::report::{Exit, Report, io_reason};
use crate::event::{Closed, Event, Kind};
use crate::protocol::close::code_name;

/// What a run has seen that decides how it ends.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What ends the run with an error whatever the connection does then.
    failure: Option<Report>,
    interrupted: bool,
    violation: Option<String>,
    closed: Option<Box<Closed>>,
}

impl Outcome {
    /// Takes note of an event.
    pub fn note(&mut self, event: &Event) {
        match &event.kind {
            Kind::Violation { violation, .. } if self.violation.is_none() => {
                self.violation = Some(violation.to_string());
            }
            Kind::Close(closed) => self.closed = Some(closed.clone()),
            _ => {}
        }
    }

    /// The user had enough.
    pub const fn interrupted(&mut self) {
        self.interrupted = true;
    }

    /// The peer stayed silent before the wanted number of messages had come.
    pub fn too_few(&mut self, received: u64, wanted: u64, idle: Duration) {
        let message = format!("{received} of {wanted} messages, and then none for {idle:?}");
        self.failure
            .get_or_insert(Report::new(Exit::Timeout, message).hint("--wait sets how long to wait for the next"));
    }

    /// Standard output takes no more. A reader that has gone away is no error.
    pub fn sink_failed(&mut self, error: &io::Error) {
        if error.kind() != io::ErrorKind::BrokenPipe {
            let message = format!("cannot write the output: {}", io_reason(error));
            self.failure.get_or_insert(Report::new(Exit::File, message));
        }
    }

    /// The connection ended before the wanted number of messages had come.
    pub fn closed_early(&mut self, received: u64, wanted: u64) {
        if !self.interrupted && self.violation.is_none() && self.abnormal().is_none() {
            let message = format!("the connection was closed after {received} of {wanted} messages");
            self.failure.get_or_insert(Report::new(Exit::Failed, message));
        }
    }

    /// Whether the connection broke, so that another may do better.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.failure.is_none() && !self.interrupted && self.violation.is_none() && self.abnormal().is_some()
    }

    /// How the run ends.
    ///
    /// # Errors
    /// The report of what went wrong.
    pub fn report(&self) -> Result<Exit, Report> {
        if let Some(report) = &self.failure {
            return Err(report.clone());
        }
        if self.interrupted {
            return Ok(Exit::Interrupted);
        }
        if let Some(violation) = &self.violation {
            let report = Report::new(Exit::Violation, format!("the peer broke the protocol: {violation}"));
            return Err(report.hint("--on-violation continue goes on and shows what follows"));
        }
        self.abnormal().map_or(Ok(Exit::Success), |message| Err(Report::new(Exit::Abnormal, message)))
    }

    /// What was abnormal about the connection's end.
    fn abnormal(&self) -> Option<String> {
        let closed = self.closed.as_ref().filter(|closed| Exit::of(closed, false) != Exit::Success)?;
        let Some(code) = closed.code.filter(|_| closed.clean) else {
            let detail = closed.detail.as_deref().unwrap_or("no close frame");
            return Some(format!("the connection ended without a closing handshake: {detail}"));
        };
        let name = code_name(code).map(|name| format!(" {name}")).unwrap_or_default();
        let reason = String::from_utf8_lossy(&closed.reason);
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason:?}") };
        Some(format!("closed with {code}{name}{reason}"))
    }
}
