//! `wscope test`: the cases of scripts, and how they ended.
//!
//! All files are read first, which runs their top level and defines their cases, so that a part of them can be selected and
//! counted. Then their cases run, those of one file in turn, as many files at the same time as there are jobs. What they came to
//! is data of a test run, without secrets from there on: the screen and all reports are made of it.

mod bench;
mod file;
mod find;
mod plan;
mod screen;
mod text;
mod verdict;

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{output, print, report};
use crate::cli::args::test::TestArgs;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{OutputSettings, RecordingSettings};
use crate::render::escape::escape;
use crate::report::{self as reports, Case, Run};
use crate::script::runner::{Key, Suite};
use crate::session::Clock;
use crate::transport::in_words;
use bench::Bench;
use file::{Done, File};
use plan::Work;
use screen::Screen;

/// Runs tests.
///
/// # Errors
/// No test was found, or a file can't be read or written.
pub fn run(args: &TestArgs, output: &OutputSettings, recording: &RecordingSettings) -> Result<Exit, Report> {
    let clock = Clock::start();
    let paths = find::find(&args.paths)?;
    let bench = Bench::new(args, recording)?;
    if let Some(folder) = &args.record_failures {
        fs::create_dir_all(folder).map_err(|error| {
            Report::new(Exit::File, format!("cannot make the folder \"{}\": {}", folder.display(), in_words(&error)))
        })?;
    }
    let files = bench.each(paths, |path| File::read(&bench, &path));
    let seed = args.shuffle.map(|seed| seed.unwrap_or_else(any_seed));
    let planned = plan::plan(&bench, &files, seed);
    let palette = output::options(output).palette;
    if args.list {
        let listed = planned.and_then(|works| list(&bench, &files, &works));
        files.iter().flat_map(|file| &file.suite).for_each(Suite::end);
        return listed;
    }
    let works = planned?;
    let total = works.iter().map(|work| work.cases.len()).sum();
    let screen = Mutex::new(Screen::new(&args.told, output.quiet, palette, total));
    let (suites, mut exits) = unreadable(&bench, &files, &mut lock(&screen));
    let idle = files.iter().enumerate().filter(|(at, _)| works.iter().all(|work| work.file != *at));
    idle.flat_map(|(_, file)| &file.suite).for_each(Suite::end);
    let ended = bench.each(works, |work| cases(&bench, &files[work.file], &work, &screen));
    let suites = ended.into_iter().fold(suites, |mut suites, (at, suite, failures)| {
        suites.insert(at, suite);
        exits.extend(failures);
        suites
    });
    let suites = suites.into_values().collect();
    let run = Run { started: clock.created(), duration: clock.elapsed(), shard: args.shard, seed, suites };
    lock(&screen).print("");
    let written = report::write(&run, &args.reports);
    lock(&screen).print(&text::summary(&run, palette));
    written?;
    let verdict = verdict::verdict(&exits, bench.is_interrupted());
    match bench.unrecorded() {
        Some(report) if verdict == Exit::Success => Err(report),
        Some(report) => {
            report.print();
            Ok(verdict)
        }
        None => Ok(verdict),
    }
}

/// The files that could not be read, by their place among all, and what each would end a script with.
fn unreadable(bench: &Bench<'_>, files: &[File], screen: &mut Screen) -> (BTreeMap<usize, reports::Suite>, Vec<Exit>) {
    let mut suites = BTreeMap::new();
    let mut exits = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let Err(fault) = &file.suite else { continue };
        let error = Some(fault.failure(&file.name));
        let suite =
            reports::Suite { file: file.name.clone(), output: file.output.clone(), error, ..reports::Suite::default() };
        let suite = suite.rewritten(&|text| bench.masked(text));
        screen.file_error(&suite);
        exits.push(Exit::from(&fault.reason));
        suites.insert(at, suite);
    }
    if bench.args.fail_fast && !exits.is_empty() {
        bench.halt();
    }
    (suites, exits)
}

/// Runs the cases of one file: its place among all, what they came to, and what each failure would end a script with.
fn cases(bench: &Bench<'_>, file: &File, work: &Work, screen: &Mutex<Screen>) -> (usize, reports::Suite, Vec<Exit>) {
    let masked = |text: &str| bench.masked(text);
    let name = masked(&file.name);
    let (mut exits, mut ended) = (Vec::new(), Vec::new());
    let suite = file.suite.as_ref().expect("a file with cases was read");
    for planned in &work.cases {
        let title = Key { file: &file.name, name: &planned.name, tags: &[] }.title();
        lock(screen).begins(&masked(&title));
        let Done { case, exit, was_run } = file.run(bench, suite, planned);
        let case = case.rewritten(&masked);
        lock(screen).ended(&name, &case, was_run);
        exits.extend(exit);
        ended.push((planned.case, case));
    }
    suite.end();
    // In the order of the file, however they were shuffled.
    ended.sort_by_key(|(at, _)| *at);
    let cases: Vec<Case> = ended.into_iter().map(|(_, case)| case).collect();
    let suite = reports::Suite { file: file.name.clone(), output: file.output.clone(), cases, error: None };
    (work.file, suite.rewritten(&masked), exits)
}

/// The selected cases, a line each, with their tags.
fn list(bench: &Bench<'_>, files: &[File], works: &[Work]) -> Result<Exit, Report> {
    let mut lines = String::new();
    for work in works {
        let file = &files[work.file];
        let listed: Vec<_> = file.suite.iter().flat_map(Suite::cases).collect();
        for planned in &work.cases {
            let tags = &listed[planned.case].tags;
            let title = Key { file: &file.name, name: &planned.name, tags }.title();
            let tags = if tags.is_empty() { String::new() } else { format!("  [{}]", tags.join(", ")) };
            let line = bench.masked(&format!("{title}{tags}"));
            lines.extend([&*escape(line.as_bytes()), "\n"]);
        }
    }
    print(lines.as_bytes())?;
    let mut exits = Vec::new();
    for fault in files.iter().filter_map(|file| file.suite.as_ref().err()) {
        Report::from(fault.clone()).masked(&bench.masks).print();
        exits.push(Exit::from(&fault.reason));
    }
    Ok(verdict::verdict(&exits, bench.is_interrupted()))
}

/// Short enough to be typed again.
fn any_seed() -> u64 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    u32::from_le_bytes(bytes).into()
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
