//! What is run, in which order: the selected cases of all files, each as often as it is wanted.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::bench::Bench;
use super::file::{File, recording};
use crate::cli::report::{Exit, Report};
use crate::script::runner::{Key, Selection, shuffle};

/// The cases of one file.
pub(super) struct Work {
    /// Of all files, which.
    pub(super) file: usize,
    pub(super) cases: Vec<Planned>,
}

/// One run of a case.
#[derive(Clone)]
pub(super) struct Planned {
    /// Of all cases of its file, which.
    pub(super) case: usize,
    /// Its name, and which of several runs this is.
    pub(super) name: String,
    /// Where it is recorded.
    pub(super) recording: Option<PathBuf>,
}

/// Files with their selected cases; a file without any is left out.
///
/// # Errors
/// Nothing is selected of all that could be read, and all could.
pub(super) fn plan(bench: &Bench<'_>, files: &[File], seed: Option<u64>) -> Result<Vec<Work>, Report> {
    let args = bench.args;
    let mut places = Vec::new();
    let mut keys = Vec::new();
    for (at, file) in files.iter().enumerate() {
        for (number, case) in file.suite.iter().flat_map(|suite| suite.cases().enumerate()) {
            places.push((at, number));
            keys.push(Key { file: &file.name, name: &case.name, tags: &case.tags });
        }
    }
    let selection = Selection::new(args.filter.clone(), &args.tag, args.shard);
    let wanted = selection.wanted(&keys);
    if wanted.is_empty() && files.iter().all(|file| file.suite.is_ok()) {
        let report = Report::new(Exit::Usage, format!("none of {} cases is selected", keys.len()));
        return Err(report.hint("wscope test --list without --filter and --tag lists them all"));
    }
    let mut works: Vec<Work> = Vec::new();
    for at in selection.part(&keys, wanted) {
        let (file, case) = places[at];
        let planned = Planned { case, name: keys[at].name.to_owned(), recording: None };
        match works.last_mut().filter(|work| work.file == file) {
            Some(work) => work.cases.push(planned),
            None => works.push(Work { file, cases: vec![planned] }),
        }
    }
    if let Some(seed) = seed {
        shuffle(seed, &mut works);
        for work in &mut works {
            shuffle(seed, &mut work.cases);
        }
    }
    for work in &mut works {
        work.cases = work.cases.iter().flat_map(|planned| repeated(planned, args.repeat)).collect();
    }
    if let Some(folder) = &args.record_failures {
        let mut names = BTreeSet::new();
        let mut taken = |name: &str| !names.insert(name.to_owned());
        for work in &mut works {
            for planned in &mut work.cases {
                let title = Key { file: &files[work.file].name, name: &planned.name, tags: &[] }.title();
                planned.recording = Some(recording(folder, &bench.masked(&title), &mut taken));
            }
        }
    }
    Ok(works)
}

fn repeated(planned: &Planned, times: u32) -> impl Iterator<Item = Planned> {
    (1..=times).map(move |number| {
        let name = &planned.name;
        let name = if times == 1 { name.clone() } else { format!("{name} ({number} of {times})") };
        Planned { name, ..planned.clone() }
    })
}
