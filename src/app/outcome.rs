//! What became of a connection, as an exit code and an error line.

use std::io;
use std::time::Duration;

use crate::cli::report::{Exit, Report};
use crate::event::{Closed, Event, Kind, Violation};
use crate::handshake::Fault;
use crate::protocol::Rule;
use crate::protocol::close::code_name;
use crate::recording::WriteError;
use crate::transport::in_words;

/// What a run has seen that decides how it ends.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What ends the run with an error whatever the connection does then.
    failure: Option<Report>,
    /// The recording was lost, which has been said, and the rest went on.
    unrecorded: bool,
    interrupted: bool,
    /// What was wrong with the opening handshake of a connection that is used all the same.
    fault: Option<Box<Fault>>,
    violation: Option<Box<Violation>>,
    closed: Option<Box<Closed>>,
    /// Nobody reads what we write any more, as after `head`: no end is an error then.
    unread: bool,
}

impl Outcome {
    /// The run has failed, however the connection ends. The first failure counts.
    pub fn fail(&mut self, report: Report) {
        self.failure.get_or_insert(report);
    }

    /// Takes note of an event.
    pub fn note(&mut self, event: &Event) {
        match &event.kind {
            Kind::Violation { violation, .. } if self.violation.is_none() => {
                self.violation = Some(violation.clone());
            }
            Kind::Fault(fault) if self.fault.is_none() => self.fault = Some(fault.clone()),
            Kind::Close(closed) => self.closed = Some(closed.clone()),
            _ => {}
        }
    }

    /// Another connection is made; what was lost of the recording stays lost.
    pub fn begin_anew(&mut self) {
        *self = Outcome { unrecorded: self.unrecorded, ..Outcome::default() };
    }

    /// The user had enough.
    pub const fn interrupted(&mut self) {
        self.interrupted = true;
    }

    /// The peer stayed silent before the wanted number of messages had come.
    pub fn too_few(&mut self, received: u64, wanted: u64, idle: Duration) {
        let message = format!("{received} of {wanted} messages, and then none for {idle:?}");
        self.fail(Report::new(Exit::Timeout, message).hint("--wait sets how long to wait for the next"));
    }

    /// A sink takes no more: whether to go on without it. That is so for a recording; of standard output, a reader that has
    /// gone away is no error.
    pub fn sink_failed(&mut self, error: &io::Error) -> bool {
        if let Some(lost) = WriteError::of(error) {
            Report::from(lost).print();
            self.unrecorded = true;
            return true;
        }
        if error.kind() == io::ErrorKind::BrokenPipe {
            self.unread = true;
        } else {
            self.fail(Report::new(Exit::File, format!("cannot write the output: {}", in_words(error))));
        }
        false
    }

    /// The connection ended before the wanted number of messages had come.
    pub fn closed_early(&mut self, received: u64, wanted: u64) {
        if !self.interrupted && self.violation.is_none() && self.abnormal().is_none() {
            let message = format!("the connection was closed after {received} of {wanted} messages");
            self.fail(Report::new(Exit::Failed, message));
        }
    }

    /// Whether the connection broke, so that another may do better.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.failure.is_none()
            && !self.interrupted
            && !self.unread
            && self.violation.is_none()
            && self.abnormal().is_some()
    }

    /// How the run ends.
    ///
    /// # Errors
    /// The report of what went wrong.
    pub fn report(&self) -> Result<Exit, Report> {
        if self.interrupted {
            return Ok(Exit::Interrupted);
        }
        if self.unread {
            return Ok(Exit::Success);
        }
        if let Some(report) = &self.failure {
            return Err(report.clone());
        }
        if let Some(Fault { rule, expected, got, .. }) = self.fault.as_deref() {
            let message = format!("the opening handshake was wrong: {rule}: expected {expected}, got {got}");
            return Err(Report::new(Exit::Handshake, message));
        }
        if let Some(violation) = &self.violation {
            // A limit is ours: the peer broke no rule by going over it.
            return Err(match violation.rule {
                Rule::FrameTooLarge | Rule::MessageTooLarge => {
                    Report::new(Exit::Violation, violation.to_string()).hint("--max-message sets the limit")
                }
                rule => {
                    let report = Report::new(Exit::Violation, format!("the peer broke the protocol: {violation}"));
                    let failed = self.closed.as_ref().is_some_and(|closed| closed.code == Some(rule.close_code()));
                    if failed { report.hint("--on-violation continue goes on and shows what follows") } else { report }
                }
            });
        }
        self.abnormal().map_or(Ok(self.success()), |message| Err(Report::new(Exit::Abnormal, message)))
    }

    /// How a run ends that went well: without its recording, if that was lost.
    #[must_use]
    pub const fn success(&self) -> Exit {
        if self.unrecorded { Exit::File } else { Exit::Success }
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
