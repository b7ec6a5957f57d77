//! What a connection's replay came to: the live session held against the recorded one, told, reported, and as an exit code.

use std::io::{self, IsTerminal, Write};

use super::stopped;
use crate::app::outcome::Outcome;
use crate::app::output;
use crate::cli::args::compare::Expect;
use crate::cli::args::replay::ReplayArgs;
use crate::cli::report::{Exit, Report, no_color};
use crate::cli::settings::Settings;
use crate::event::Closed;
use crate::render::{ColourChoice, Options, Palette};
use crate::replay::compare::{Verdict, compare_by, render, to_suite};
use crate::replay::{Hooks, Played, Score, Stopped};
use crate::report::{Case, Failure, Outcome as Ended, Suite};

/// How many messages that are the same are shown around one that is not.
const CONTEXT: usize = 1;

/// A replay that is over.
pub(super) struct Ending<'a> {
    pub(super) args: &'a ReplayArgs,
    pub(super) score: &'a Score,
    pub(super) played: &'a Played,
    pub(super) outcome: &'a Outcome,
}

impl Ending<'_> {
    /// Holds the live session against the recording.
    pub(super) fn judge(&self, hooks: &mut dyn Hooks) -> Verdict {
        let rules = self.args.judged.compare.rules();
        // A hook that fails has told why, and leaves it to the content.
        let mut matches = |recorded: &_, live: &_| hooks.matches(recorded, live).unwrap_or(None);
        compare_by(&self.score.conversation(), &self.played.live, &rules, &mut matches)
    }

    /// The verdict for a report, under this name.
    pub(super) fn suite(&self, name: &str, verdict: &Verdict) -> Suite {
        let mut suite = to_suite(name, verdict);
        if let Some(why) = &self.played.stopped {
            let outcome = Ended::Failed(Failure::new(why.to_string()));
            suite.cases.push(Case { name: "the whole part is played".to_owned(), outcome, ..Case::default() });
        }
        suite
    }

    /// How the program ends: a connection that ended as the recorded one did has ended well.
    ///
    /// # Errors
    /// Why the replay did not come to its end.
    pub(super) fn exit(&self, verdict: &Verdict) -> Result<Exit, Report> {
        match &self.played.stopped {
            Some(Stopped::Interrupted) => return Ok(Exit::Interrupted),
            Some(why) => return Err(stopped(why)),
            None => {}
        }
        if self.args.judged.expect.expect == Some(Expect::Same) && !verdict.is_same() {
            return Ok(Exit::Failed);
        }
        let how = |closed: &Closed| (closed.by, closed.code, closed.clean);
        let recorded = verdict.end.recorded.as_ref().map(how);
        if recorded.is_some() && recorded == verdict.end.live.as_ref().map(how) {
            return Ok(self.outcome.success());
        }
        self.outcome.report()
    }
}

/// Shows the verdict on standard error.
pub(super) fn tell(verdict: &Verdict, settings: &Settings) {
    if settings.output.quiet && verdict.is_same() {
        return;
    }
    let palette = Palette::choose(ColourChoice::Auto, io::stderr().is_terminal(), no_color());
    let options = Options { palette, ..output::options(&settings.output) };
    let text = render(verdict, &options, CONTEXT);
    // With stderr gone there is nobody left to tell.
    let _ = io::stderr().write_all(settings.recording.masks.without_values(&text).as_bytes());
}
