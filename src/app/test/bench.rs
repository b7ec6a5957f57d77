//! What all files of a run have in common: what they are given, what is secret, and whether to go on.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::app::scripts::{self, Given};
use crate::cli::args::test::TestArgs;
use crate::cli::report::Report;
use crate::cli::settings::RecordingSettings;
use crate::recording::Masks;
use crate::script::STACK;

pub(super) struct Bench<'a> {
    pub(super) args: &'a TestArgs,
    pub(super) given: Given,
    /// For all that is written.
    pub(super) masks: Masks,
    pub(super) interrupted: Arc<AtomicBool>,
    /// A case has failed that is to be the last.
    halted: AtomicBool,
    /// Why a recording is not there that is wanted; the first.
    unrecorded: Mutex<Option<Report>>,
}

impl Bench<'_> {
    pub(super) fn new<'a>(args: &'a TestArgs, recording: &RecordingSettings) -> Result<Bench<'a>, Report> {
        let given = Given::new(&args.given)?;
        Ok(Bench {
            args,
            masks: given.masks(&recording.masks),
            given,
            interrupted: scripts::interrupts()?,
            halted: AtomicBool::new(false),
            unrecorded: Mutex::default(),
        })
    }

    /// A text without secret values: all that is printed or reported of a script comes through here.
    pub(super) fn masked(&self, text: &str) -> String {
        self.masks.without_values(text).into_owned()
    }

    /// Begins no further case.
    pub(super) fn halt(&self) {
        self.halted.store(true, Ordering::Relaxed);
    }

    /// Whether the user has had enough.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Why no further case is begun.
    pub(super) fn ends(&self) -> Option<&'static str> {
        if self.is_interrupted() {
            return Some("not run: interrupted");
        }
        self.halted.load(Ordering::Relaxed).then_some("not run: a case has failed before")
    }

    pub(super) fn not_recorded(&self, report: impl Into<Report>) {
        self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(report.into());
    }

    pub(super) fn unrecorded(&self) -> Option<Report> {
        self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Does the work for each item, as many at the same time as there are jobs; what comes of them is in their order.
    pub(super) fn each<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        let count = items.len();
        let queue: Mutex<VecDeque<_>> = Mutex::new(items.into_iter().enumerate().collect());
        let done = Mutex::new(Vec::with_capacity(count));
        let worker = || {
            while let Some((at, item)) = { queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front() } {
                let result = work(item);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
            }
        };
        thread::scope(|scope| {
            let jobs = count.min(self.args.jobs.into());
            for _ in 1..jobs {
                // Where there is no thread to be had, the others do its work.
                let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, worker);
            }
            worker();
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, result)| result).collect()
    }
}
