//! Standard output while tests run: a line a case, or on a terminal one line that is rewritten and above it what failed.

use std::io::{self, IsTerminal, Write};

use rustix::termios::tcgetwinsize;

use super::text;
use crate::app::record::fit;
use crate::cli::args::test::ToldArgs;
use crate::render::escape::escape;
use crate::render::style::Palette;
use crate::report::{Case, Suite};

/// What is told, and how far the run is.
pub(super) struct Screen {
    palette: Palette,
    terminal: bool,
    quiet: bool,
    verbose: bool,
    total: usize,
    done: usize,
    failed: usize,
}

impl Screen {
    pub(super) fn new(told: &ToldArgs, quiet: bool, palette: Palette, total: usize) -> Screen {
        let terminal = io::stdout().is_terminal();
        Screen { palette, terminal, quiet, verbose: told.verbose, total, done: 0, failed: 0 }
    }

    /// A case begins.
    pub(super) fn begins(&self, title: &str) {
        if self.terminal && !self.quiet {
            let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
            let line = format!("{}/{}{failed}  {}", self.done, self.total, escape(title.as_bytes()));
            let columns = tcgetwinsize(io::stdout()).map_or(80, |size| usize::from(size.ws_col));
            write(&format!("\r\x1b[K{}", fit(&line, columns.saturating_sub(1))));
        }
    }

    /// A case has ended. One that was not run has no line of its own.
    pub(super) fn ended(&mut self, file: &str, case: &Case, was_run: bool) {
        let failed = case.outcome.failure().is_some();
        self.done += 1;
        self.failed += usize::from(failed);
        let silent = self.quiet || self.terminal && !self.verbose;
        if failed || was_run && !silent {
            self.print(&text::case(file, case, self.verbose, self.palette));
        }
    }

    /// A file could not be read.
    pub(super) fn file_error(&mut self, suite: &Suite) {
        self.failed += 1;
        self.print(&text::file_error(suite, self.palette));
    }

    /// Lines that stay.
    pub(super) fn print(&self, lines: &str) {
        let cleared = if self.terminal && !self.quiet { "\r\x1b[K" } else { "" };
        write(&format!("{cleared}{lines}"));
    }
}

/// A reader that has gone away wants no more.
fn write(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
