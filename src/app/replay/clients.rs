//! The clients of a mock: who is there, what came of each, and what that makes of the program's end and of its reports.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cli::report::{Exit, Report};
use crate::report::{Case, Outcome, Suite};

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Clients {
    state: Mutex<State>,
    /// One that fails does not end the program.
    goes_on: bool,
    /// There will be a report.
    reported: bool,
}

#[derive(Debug, Default)]
struct State {
    /// How many are connected.
    present: usize,
    /// How many have asked for a connection.
    asked: usize,
    failed: usize,
    /// How the first that failed did.
    first: Option<Exit>,
    /// What ends the program.
    failure: Option<Report>,
    /// One for each that has asked, if there will be a report.
    cases: Vec<Case>,
}

/// What came of a client.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) outcome: Outcome,
    /// Why it has failed.
    pub(super) failure: Option<Report>,
    /// No other client would fare better.
    pub(super) fatal: bool,
}

impl Clients {
    pub(super) fn new(goes_on: bool, reported: bool) -> Clients {
        Clients { goes_on, reported, ..Clients::default() }
    }

    /// One connects.
    pub(super) fn enter(&self) {
        self.lock().present += 1;
    }

    /// It is gone.
    pub(super) fn leave(&self) {
        self.lock().present -= 1;
    }

    /// One asks for this: its number.
    pub(super) fn ask(&self, resource: &str) -> usize {
        let state = &mut *self.lock();
        state.asked += 1;
        if self.reported {
            let name = format!("client {} {resource}", state.asked);
            let outcome = Outcome::Skipped("it was still connected when the program ended".to_owned());
            state.cases.push(Case { name, outcome, ..Case::default() });
        }
        state.asked
    }

    /// The client with this number is judged: what is to be said of it now, where the program goes on.
    pub(super) fn judge(&self, number: usize, judged: Judged) -> Option<Report> {
        let Judged { outcome, failure, fatal } = judged;
        let state = &mut *self.lock();
        if let Some(case) = state.cases.get_mut(number - 1) {
            case.outcome = outcome;
        }
        let failure = failure?;
        state.failed += 1;
        state.first.get_or_insert(failure.exit);
        if self.goes_on && !fatal {
            return Some(failure);
        }
        state.failure.get_or_insert(failure);
        None
    }

    /// How the program ends, if it is time: `over` says whether there is nothing left to play.
    pub(super) fn ended(&self, over: bool) -> Option<Result<Exit, Report>> {
        let state = &mut *self.lock();
        let failure = state.failure.take().map(Err);
        failure.or_else(|| (over && state.present == 0).then_some(Ok(Exit::Success)))
    }

    /// How it ends when the user has had enough.
    pub(super) fn interrupted(&self) -> Result<Exit, Report> {
        let state = self.lock();
        let (failed, asked) = (state.failed, state.asked);
        state
            .first
            .map_or(Ok(Exit::Interrupted), |exit| Err(Report::new(exit, format!("{failed} of {asked} clients failed"))))
    }

    /// A case for each client, and one for each of the recorded connections that nobody came for.
    pub(super) fn suite(&self, file: String, left: impl Iterator<Item = (u32, String)>) -> Suite {
        let left = left.map(|(number, resource)| Case {
            name: format!("connection {number} {resource}"),
            outcome: Outcome::Skipped("no client came for it".to_owned()),
            ..Case::default()
        });
        Suite { file, cases: self.lock().cases.iter().cloned().chain(left).collect(), ..Suite::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
