//! A file of tests: read with an engine, a timeline and a host of its own, and its cases run, tried again and recorded.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::bench::Bench;
use super::plan::Planned;
use crate::cli::report::{Exit, Report};
use crate::recording::{Existing, Switch, Writer};
use crate::report::{Case, Outcome};
use crate::script::runner::{Ended, Suite, tried};
use crate::script::{FailureKind, Fault, Host, Program, Reason, Setup};
use crate::session::Clock;
use crate::transport::in_words;

/// The most lines of a case that are kept.
const MOST_LINES: usize = 10_000;

/// A file that has been read, or why not.
pub(super) struct File {
    /// As a person names it.
    pub(super) name: String,
    pub(super) suite: Result<Suite, Box<Fault>>,
    /// What it printed while it was read.
    pub(super) output: Vec<String>,
    printed: Printed,
    record: Switch,
}

/// What became of a case.
pub(super) struct Done {
    pub(super) case: Case,
    /// Of what kind the failure is.
    pub(super) exit: Option<Exit>,
    /// Not if the run was over before.
    pub(super) was_run: bool,
}

impl File {
    /// Runs the top level of a file.
    pub(super) fn read(bench: &Bench<'_>, path: &Path) -> File {
        let (name, printed, record) = (path.display().to_string(), Printed::default(), Switch::default());
        let suite =
            program(bench, path, &name, &printed, &record).and_then(|program| Suite::read(program, bench.args.timeout));
        let output = printed.take();
        File { name, suite, output, printed, record }
    }

    /// Runs a case, again if it fails and may be tried again.
    pub(super) fn run(&self, bench: &Bench<'_>, suite: &Suite, planned: &Planned) -> Done {
        let listed = suite.cases().nth(planned.case).expect("a case that was listed");
        let case = Case { name: planned.name.clone(), line: listed.line, tags: listed.tags.clone(), ..Case::default() };
        if let Some(why) = bench.ends() {
            let case = Case { outcome: Outcome::Skipped(why.to_owned()), ..case };
            return Done { case, exit: None, was_run: false };
        }
        let (earlier, last) = tried(bench.args.retry, || self.attempt(bench, suite, planned));
        let recording = planned.recording.as_ref().filter(|path| last.failed().is_some() && path.exists());
        let exit = last.failed().map(Exit::from);
        if exit.is_some() && bench.args.fail_fast {
            bench.halt();
        }
        let case = Case {
            duration: last.duration,
            outcome: last.outcome(&self.name),
            attempts: earlier.iter().map(|earlier| earlier.attempt(&self.name)).collect(),
            recording: recording.map(|path| path.display().to_string()),
            output: self.printed.take(),
            ..case
        };
        Done { case, exit, was_run: true }
    }

    fn attempt(&self, bench: &Bench<'_>, suite: &Suite, planned: &Planned) -> Ended {
        // What is kept is of the last attempt.
        drop(self.printed.take());
        let setup = suite.host().setup();
        if let Some(path) = &planned.recording {
            match Writer::open(path, &setup.timeline.clock(), &bench.masks, Existing::Overwrite) {
                Ok(writer) => drop(self.record.replace(Some(writer))),
                Err(error) => bench.not_recorded(error),
            }
        }
        let ended = suite.attempt(planned.case, bench.args.timeout);
        while let Err(error) = setup.timeline.end() {
            if let Some(report) = Report::lost(error) {
                bench.not_recorded(report);
            }
        }
        let recorded = self.record.replace(None).map(|writer| writer.path().to_owned());
        if let Some(path) = recorded.filter(|_| ended.failed().is_none()) {
            // What can't be removed can't do harm either.
            let _ = fs::remove_file(path);
        }
        ended
    }
}

fn program(
    bench: &Bench<'_>,
    path: &Path,
    name: &str,
    printed: &Printed,
    record: &Switch,
) -> Result<Program, Box<Fault>> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(&in_words(&error)))?;
    let sinks: Vec<Box<dyn crate::session::Sink>> = vec![Box::new(record.clone())];
    let setup = bench.given.setup(path, &[], &bench.masks, Clock::start(), &bench.interrupted, sinks);
    let printed = printed.clone();
    let host = Host::new(Setup { print: Box::new(move |line| printed.add(line)), ..setup });
    Program::read(host, bench.given.limits, name, &text)
}

fn unreadable(why: &str) -> Box<Fault> {
    Box::new(Fault::new(Reason::Failed(FailureKind::File), format!("cannot read the script: {why}")))
}

/// Where a case that fails is recorded: its title in letters that every system takes, told apart by a number.
pub(super) fn recording(folder: &Path, title: &str, taken: &mut dyn FnMut(&str) -> bool) -> PathBuf {
    let mut name = String::new();
    for c in title.chars().take(100) {
        match c {
            c if c.is_alphanumeric() || matches!(c, '.' | '_') => name.push(c),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_matches(['-', '.']);
    let several = |number: usize| if number == 1 { String::new() } else { format!("-{number}") };
    let names = (1..).map(|number| format!("{name}{}.wsrec", several(number)));
    folder.join(names.into_iter().find(|name| !taken(name)).expect("numbers have no end"))
}

/// Lines that a script prints, kept until the case has ended.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    kept: Vec<String>,
    more: usize,
}

impl Printed {
    fn add(&self, text: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for line in text.split('\n') {
            if lines.kept.len() < MOST_LINES {
                lines.kept.push(line.to_owned());
            } else {
                lines.more += 1;
            }
        }
    }

    fn take(&self) -> Vec<String> {
        let Lines { mut kept, more } = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if more > 0 {
            kept.push(format!("… and {more} more lines"));
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_recording_has_a_name_of_its_own_that_every_system_takes() {
        let mut names = BTreeSet::new();
        let mut name = |title: &str| {
            let path = recording(Path::new("r"), title, &mut |name| !names.insert(name.to_owned()));
            path.display().to_string()
        };
        assert_eq!(name("tests/chat.test.rhai › says \"hi\"/../x\0"), "r/tests-chat.test.rhai-says-hi-..-x.wsrec");
        assert_eq!(name("tests/chat.test.rhai › says hi .. x"), "r/tests-chat.test.rhai-says-hi-..-x-2.wsrec");
        assert_eq!(name("../é › ü"), "r/é-ü.wsrec");
        assert_eq!(name("???"), "r/.wsrec");
    }

    #[test]
    fn a_script_that_prints_for_ever_is_cut() {
        let printed = Printed::default();
        printed.add("a\nb");
        assert_eq!(printed.take(), ["a", "b"]);
        (0..MOST_LINES + 3).for_each(|_| printed.add("x"));
        assert_eq!(printed.take().last().unwrap(), "… and 3 more lines");
        assert_eq!(printed.take(), [""; 0]);
    }
}
