//! What errors and endings of the lower floors mean to whoever started the program: an exit code, and a hint.

use std::io;

use crate::exchange::export::ExportError;
use crate::exchange::import::ImportError;
use crate::protocol::{Closed, SendError, Side};
use crate::recording::{ReadError, WriteError};
use crate::replay::ScoreError;
use crate::report;
use crate::script::{FailureKind as Thrown, Fault, Reason};
use crate::session::OpenError;
use crate::transport::FailureKind;

use super::{Exit, Report, stdout_written};

impl Exit {
    /// How the program ends when its connection ended like this; `violated`: the peer broke a rule of the protocol.
    #[must_use]
    pub fn of(closed: &Closed, violated: bool) -> Exit {
        match (closed.by, closed.code) {
            _ if violated => Exit::Violation,
            (Side::Us, _) | (Side::Peer, None) if closed.clean => Exit::Success,
            (Side::Peer, Some(1000 | 1001)) => Exit::Success,
            _ => Exit::Abnormal,
        }
    }
}

impl From<SendError> for Report {
    fn from(error: SendError) -> Report {
        let report = Report::new(Exit::Usage, error.to_string());
        match error {
            SendError::NotUtf8(_) => report.hint("--binary sends bytes as they are"),
            _ => report,
        }
    }
}

impl From<WriteError> for Report {
    fn from(error: WriteError) -> Report {
        Report::from(&error)
    }
}

impl From<&WriteError> for Report {
    fn from(error: &WriteError) -> Report {
        Report::new(Exit::File, error.to_string()).hint(error.hint())
    }
}

impl Report {
    /// What a sink could not take, a recording or standard output; `None` if the latter's reader has gone away.
    #[must_use]
    pub fn lost(error: io::Error) -> Option<Report> {
        match WriteError::of(&error) {
            Some(recording) => Some(recording.into()),
            None => stdout_written(Err(error)).err(),
        }
    }
}

impl From<ReadError> for Report {
    fn from(error: ReadError) -> Report {
        Report::new(Exit::File, error.to_string()).hint(error.hint())
    }
}

impl From<ScoreError> for Report {
    fn from(error: ScoreError) -> Report {
        match error {
            ScoreError::Unreadable(error) => error.into(),
            ScoreError::NoSuch { .. } => Report::new(Exit::Usage, error.to_string()),
            ScoreError::Empty { .. } => Report::new(Exit::File, error.to_string()),
        }
    }
}

impl From<ExportError> for Report {
    fn from(error: ExportError) -> Report {
        match error {
            ExportError::Read(error) => error.into(),
            ExportError::NoConnection { highest: 0, .. } => {
                Report::new(Exit::Usage, error.to_string()).hint("it has no connections")
            }
            ExportError::NoConnection { highest, .. } => {
                Report::new(Exit::Usage, error.to_string()).hint(format!("its connections are 1 to {highest}"))
            }
            ExportError::Write(_) => Report::new(Exit::File, error.to_string()),
        }
    }
}

impl From<ImportError> for Report {
    fn from(error: ImportError) -> Report {
        Report::new(Exit::File, error.to_string()).hint(error.hint())
    }
}

impl From<report::ReadError> for Report {
    fn from(error: report::ReadError) -> Report {
        Report::new(Exit::File, error.to_string()).hint(error.hint())
    }
}

impl From<report::MergeError> for Report {
    fn from(error: report::MergeError) -> Report {
        Report::new(Exit::File, error.to_string()).hint("give the reports of one run, one file a shard")
    }
}

impl From<OpenError> for Report {
    fn from(error: OpenError) -> Report {
        let answered = matches!(
            error,
            OpenError::Wrong { .. }
                | OpenError::Refused { hint: None, .. }
                | OpenError::Redirect { .. }
                | OpenError::TooManyRedirects { .. }
        );
        // A pipe has shown nothing yet.
        let shown = answered.then(|| "--format short shows what was asked and answered".to_owned());
        let hint = [error.hint(), shown].into_iter().flatten().reduce(|hint, shown| format!("{hint}; {shown}"));
        Report { hint, ..Report::new(Exit::from(&error), error.to_string()) }
    }
}

impl From<&OpenError> for Exit {
    fn from(error: &OpenError) -> Exit {
        match error {
            OpenError::Target(_) | OpenError::Header(_) => Exit::Usage,
            OpenError::Transport { error, .. } => match error.kind() {
                FailureKind::Usage => Exit::Usage,
                FailureKind::Resolve => Exit::Resolve,
                FailureKind::Connect => Exit::Connect,
                FailureKind::Tls => Exit::Tls,
                FailureKind::Timeout => Exit::Timeout,
                FailureKind::File => Exit::File,
            },
            OpenError::Timeout { .. } => Exit::Timeout,
            OpenError::Head { .. }
            | OpenError::Refused { .. }
            | OpenError::Wrong { .. }
            | OpenError::Redirect { .. }
            | OpenError::TooManyRedirects { .. }
            | OpenError::Broken { .. } => Exit::Handshake,
        }
    }
}

impl From<&Reason> for Exit {
    fn from(reason: &Reason) -> Exit {
        match reason {
            Reason::Failed(Thrown::Open(error)) => Exit::from(&**error),
            Reason::Failed(Thrown::Expectation | Thrown::Send) => Exit::Failed,
            Reason::Failed(Thrown::Skipped) => Exit::Success,
            Reason::Failed(Thrown::File) => Exit::File,
            Reason::Failed(Thrown::Usage) | Reason::Script => Exit::Script,
            Reason::Interrupted => Exit::Interrupted,
            Reason::TimedOut => Exit::Timeout,
        }
    }
}

impl From<Box<Fault>> for Report {
    fn from(fault: Box<Fault>) -> Report {
        let report = Report::new(Exit::from(&fault.reason), fault.line());
        Report { detail: fault.more(), hint: fault.hint, ..report }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn only_a_normal_closure_is_a_success() {
        for (by, code, clean, violated, exit) in [
            (Side::Peer, Some(1000), true, false, Exit::Success),
            (Side::Peer, Some(1001), true, false, Exit::Success),
            (Side::Peer, Some(1000), false, false, Exit::Success),
            (Side::Peer, None, true, false, Exit::Success),
            (Side::Peer, None, false, false, Exit::Abnormal),
            (Side::Peer, Some(1011), true, false, Exit::Abnormal),
            (Side::Peer, Some(4001), true, false, Exit::Abnormal),
            (Side::Us, Some(1000), true, false, Exit::Success),
            (Side::Us, Some(4001), true, false, Exit::Success),
            (Side::Us, Some(1000), false, false, Exit::Abnormal),
            (Side::Us, Some(1002), true, true, Exit::Violation),
            (Side::Us, None, false, true, Exit::Violation),
        ] {
            let closed = Closed { by, code, reason: Bytes::new(), clean, detail: None };
            assert_eq!(Exit::of(&closed, violated), exit, "{closed:?} {violated}");
        }
    }

    #[test]
    fn text_that_is_none_leads_to_binary() {
        let expected = Report::new(Exit::Usage, "text is not UTF-8: byte 3").hint("--binary sends bytes as they are");
        assert_eq!(Report::from(SendError::NotUtf8(3)), expected);
    }
}
