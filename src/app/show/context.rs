//! What is around a hit, as grep shows it: groups of neighbours, with `--` between those that are apart.

use std::collections::VecDeque;

use super::Item;
use super::out::Out;
use super::printer::Printer;

/// Decides what is shown, and holds back what may come before a hit.
#[derive(Debug)]
pub(super) struct Context {
    /// Frames before and after a hit.
    size: u64,
    before: VecDeque<Item>,
    frames_before: u64,
    /// Frames that are still to be shown after a hit.
    after: u64,
    /// Whether anything was shown, and whether something was left out since.
    shown: bool,
    apart: bool,
}

impl Context {
    pub(super) const fn new(size: u64) -> Context {
        Context { size, before: VecDeque::new(), frames_before: 0, after: 0, shown: false, apart: false }
    }

    pub(super) fn take(&mut self, item: Item, hit: bool, printer: &mut Printer, out: &mut Out) {
        if hit {
            if self.size > 0 && self.shown && self.apart {
                printer.separator(out);
            }
            (self.shown, self.apart) = (true, false);
            for earlier in self.before.drain(..) {
                printer.show(&earlier, out);
            }
            self.frames_before = 0;
            printer.show(&item, out);
            // What belongs to a hit frame and is none itself takes nothing of what follows.
            self.after = if item.is_frame() { self.size } else { self.after };
        } else if self.after > 0 {
            self.after -= u64::from(item.is_frame());
            printer.show(&item, out);
        } else {
            self.hold(item, printer);
        }
    }

    /// Keeps it for a hit to come, and no more frames before than are wanted.
    fn hold(&mut self, item: Item, printer: &mut Printer) {
        self.frames_before += u64::from(item.is_frame());
        self.before.push_back(item);
        while self.frames_before > self.size || self.before.front().is_some_and(|first| !first.is_frame()) {
            let Some(first) = self.before.pop_front() else { break };
            self.frames_before -= u64::from(first.is_frame());
            self.apart = true;
            printer.pass_over(&first);
        }
    }
}
