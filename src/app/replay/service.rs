//! What a mock does with each of its clients: serves it, says how it was, and judges it.

use std::cell::Cell;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use super::clients::{Clients, Judged};
use super::{note, stopped};
use crate::app::server::{self, Guest, HANDSHAKE_TIMEOUT};
use crate::cli::report::{Exit, Report};
use crate::recording::Masks;
use crate::render;
use crate::replay::server::{Mismatch, Mock, Played, Remark, Served};
use crate::replay::{Hooks, NoHooks, Stop, Stopped, compare};
use crate::report::{Failure, Outcome, Suite};
use crate::script::Replaying;
use crate::session::{Incoming, Timeline, Waker};
use crate::transport::Acceptor;

/// The most of a message that is quoted, in characters.
const QUOTED: usize = 60;

/// What is done with each client.
pub(super) struct Service {
    pub(super) mock: Mock,
    /// What takes part, for each client anew.
    pub(super) script: Option<Replaying>,
    pub(super) acceptor: Option<Acceptor>,
    pub(super) timeline: Timeline,
    pub(super) masks: Masks,
    pub(super) quiet: bool,
    /// Whether a client has to be as recorded.
    pub(super) expected: bool,
    pub(super) clients: Clients,
    /// The recording of it was lost, which has been said.
    pub(super) unrecorded: AtomicBool,
    pub(super) waker: Waker,
}

impl Service {
    pub(super) fn serve(&self, guest: Guest) -> io::Result<()> {
        self.clients.enter();
        let peer = guest.peer;
        let served = server::attend(guest, self.acceptor.as_ref(), self.timeline.clock(), |incoming| {
            self.play(incoming, peer);
            Ok(())
        });
        self.clients.leave();
        self.waker.wake();
        served
    }

    /// How the program ends, if it is time.
    pub(super) fn ended(&self) -> Option<Result<Exit, Report>> {
        self.clients.ended(self.mock.is_over())
    }

    /// Says what is lost; the clients are served all the same.
    pub(super) fn lose(&self, error: io::Error) {
        if let Some(report) = Report::lost(error) {
            report.print();
            self.unrecorded.store(true, Ordering::Release);
        }
    }

    /// Its exit code where it ends without an error: without its recording, if that was lost.
    pub(super) fn exit(&self, exit: Exit) -> Exit {
        if self.unrecorded.load(Ordering::Acquire) { Exit::File } else { exit }
    }

    /// What came of all clients, for a report.
    pub(super) fn suite(&self, file: String) -> Suite {
        let left = self.mock.left().map(|(number, resource)| (number, self.masks.text(resource).into_owned()));
        let suite = self.clients.suite(file, left);
        suite.rewritten(&|text| self.masks.without_values(text).into_owned())
    }

    /// Plays its part to a client, and judges that.
    fn play(&self, incoming: Incoming, peer: SocketAddr) {
        let number = Cell::new(None);
        let remark = |remark| self.tell(peer, &number, remark);
        let mut script = self.script.as_ref().map(Replaying::for_another);
        let hooks: &mut dyn Hooks = match &mut script {
            Some(script) => script,
            None => &mut NoHooks,
        };
        let served = self.mock.serve(incoming, HANDSHAKE_TIMEOUT, &self.timeline, hooks, &remark);
        let mut judged = self.judge(peer, served, hooks);
        // Its own words say more than that it ended the replay.
        if let Some(fault) = script.and_then(|mut script| script.fault()) {
            let fault = Report::from(fault).masked(&self.masks);
            judged = Judged { outcome: Outcome::Error(fault.failure()), failure: Some(fault), fatal: true };
        }
        match number.get() {
            Some(number) => self.clients.judge(number, judged).iter().for_each(Report::print),
            // It was no client, and fails nothing.
            None => judged.failure.iter().for_each(|report| self.note(&report.message)),
        }
    }

    /// What there is to say while a client is served, which has a number once it has asked.
    fn tell(&self, peer: SocketAddr, number: &Cell<Option<usize>>, remark: Remark) {
        match remark {
            Remark::Asked(resource) => number.set(Some(self.clients.ask(&self.masks.text(&resource)))),
            Remark::Otherwise(mismatch) => {
                self.note(&format!("client {peer} is taken although {}", self.masks.text(&mismatch.to_string())));
            }
            Remark::Unmatched { binary, data } => {
                let data = self.masks.bytes(&data);
                note(&format!("client {peer} said what is not in the recording: {}", quoted(binary, &data)));
            }
            Remark::Upstream(why) => note(&format!("client {peer} has no server behind any more: {why}")),
            Remark::Lost(error) => self.lose(error),
        }
    }

    /// Says how it was with a client, and judges it.
    fn judge(&self, peer: SocketAddr, served: Served, hooks: &mut dyn Hooks) -> Judged {
        let passed = Judged { outcome: Outcome::Passed, failure: None, fatal: false };
        match served {
            Served::Played(played) => self.judge_played(peer, played, hooks),
            Served::Answered { connection, status } => {
                self.note(&format!("client {peer} was answered with {status}, as connection {connection}"));
                passed
            }
            Served::Redirected { connection, status } => {
                self.note(&format!("client {peer} was sent on with {status}, as connection {connection}"));
                passed
            }
            Served::Refused { status, why } => {
                let hint = (!matches!(why, Mismatch::Over)).then_some("--lenient takes it all the same");
                let refused = format!("is refused with {status}: {}", self.masks.text(&why.to_string()));
                self.unopened(peer, &refused, hint, true)
            }
            Served::Failed(error) => self.unopened(peer, &format!("did not connect: {error}"), None, !self.quiet),
        }
    }

    /// What a client comes to that has no connection, for this reason: it is told once, now or as what ends the program.
    fn unopened(&self, peer: SocketAddr, why: &str, hint: Option<&str>, told: bool) -> Judged {
        let report =
            Report { hint: hint.map(str::to_owned), ..Report::new(Exit::Failed, format!("client {peer} {why}")) };
        if told && !self.expected {
            [Some(report.message.as_str()), hint].into_iter().flatten().for_each(note);
        }
        Judged { outcome: Outcome::Error(Failure::new(why)), failure: self.expected.then_some(report), fatal: false }
    }

    fn judge_played(&self, peer: SocketAddr, played: Played, hooks: &mut dyn Hooks) -> Judged {
        let Played { connection, verdict, stopped: why } = played;
        if !self.quiet || !verdict.is_same() {
            let shown = compare::render(&verdict, &render::Options::default(), 1);
            // With stderr gone there is nobody left to tell.
            let shown = self.masks.without_values(&shown);
            let _ = write!(io::stderr(), "client {peer} played connection {connection}\n{shown}");
        }
        let outcome = compare::to_outcome(&verdict);
        let after = hooks.after(&verdict, why.as_ref());
        if let Some(why) = why.or(after.err().map(|Stop| Stopped::Hook)) {
            let detail = outcome.failure().map(|failure| failure.detail.clone()).unwrap_or_default();
            let outcome = Outcome::Failed(Failure { detail, ..Failure::new(why.to_string()) });
            return Judged { outcome, failure: Some(stopped(&why).at(&format!("client {peer}"))), fatal: false };
        }
        let message = format!("client {peer} was not as connection {connection}: {}", compare::summary(&verdict));
        let failure = (self.expected && !verdict.is_same()).then(|| Report::new(Exit::Failed, message));
        Judged { outcome, failure, fatal: false }
    }

    fn note(&self, text: &str) {
        if !self.quiet {
            note(text);
        }
    }
}

/// The beginning of a message.
fn quoted(binary: bool, data: &[u8]) -> String {
    if binary {
        return format!("{} bytes of binary", data.len());
    }
    let text = String::from_utf8_lossy(&data[..data.len().min(4 * QUOTED)]);
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{:?}... of {} bytes", &text[..end], data.len()),
        None => format!("{text:?}"),
    }
}
