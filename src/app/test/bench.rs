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
use crate::recording::mask::MASK;

/// As much as the main thread has: functions of scripts call each other deeply.
const STACK: usize = 8 << 20;

/// Bytes of a secret's beginning that give nothing away yet, plus one.
const LEAST: usize = 4;

pub(super) struct Bench<'a> {
    pub(super) args: &'a TestArgs,
    pub(super) given: Given,
    /// For recordings.
    pub(super) masks: Masks,
    pub(super) interrupted: Arc<AtomicBool>,
    /// A case has failed that is to be the last.
    halted: AtomicBool,
    /// Why a recording is not there that is wanted; the first.
    unrecorded: Mutex<Option<Report>>,
    secrets: Vec<String>,
}

impl Bench<'_> {
    pub(super) fn new<'a>(args: &'a TestArgs, recording: &RecordingSettings) -> Result<Bench<'a>, Report> {
        let mut secrets: Vec<String> = args.given.secret.iter().map(|(_, value)| value.clone()).collect();
        secrets.retain(|value| !value.is_empty());
        // One that another begins with must not cut it in two.
        secrets.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Ok(Bench {
            args,
            given: Given::new(&args.given)?,
            masks: recording.masks.clone(),
            interrupted: scripts::interrupts()?,
            halted: AtomicBool::new(false),
            unrecorded: Mutex::default(),
            secrets,
        })
    }

    /// A text without secret values: all that is printed or reported of a script comes through here.
    pub(super) fn masked(&self, text: &str) -> String {
        let whole = self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, MASK));
        self.secrets.iter().fold(whole, |text, secret| without_beginning(&text, secret))
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

/// A text without what is left of a secret where a long line was cut: its beginning, before an ellipsis.
fn without_beginning(text: &str, secret: &str) -> String {
    let beginning = |before: &&str| {
        let ends = secret.char_indices().map(|(at, c)| at + c.len_utf8());
        let lengths: Vec<_> = ends.filter(|&end| end >= LEAST && before.ends_with(&secret[..end])).collect();
        lengths.last().copied().unwrap_or_default()
    };
    let mut pieces = text.split('…');
    let last = pieces.next_back().unwrap_or_default();
    let cut = pieces.map(|before| match beginning(&before) {
        0 => format!("{before}…"),
        length => format!("{}{MASK}…", &before[..before.len() - length]),
    });
    cut.chain([last.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_secret_in_a_line_that_was_cut_is_masked() {
        let masked = |text| without_beginning(text, "hunterß2");
        assert_eq!(masked("got \"hunterß…\" and \"hunt…\""), "got \"***…\" and \"***…\"");
        assert_eq!(masked("hun… hunter"), "hun… hunter");
        assert_eq!(masked("more…"), "more…");
        assert_eq!(masked(""), "");
    }
}
