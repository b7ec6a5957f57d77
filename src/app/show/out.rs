//! Where it is shown: standard output, through a pager if that is a terminal.

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGINT;

/// How much is gathered before it is written, in bytes.
const BATCH: usize = 64 << 10;

/// An output that is written in large pieces.
pub(super) struct Out {
    buffer: Vec<u8>,
    pager: Option<Child>,
    failed: Option<io::Error>,
}

impl Out {
    /// `paged`: through a pager, on a terminal.
    pub(super) fn new(paged: bool) -> Out {
        let child = if paged && io::stdout().is_terminal() { start_pager() } else { None };
        Out { buffer: Vec::with_capacity(2 * BATCH), pager: child, failed: None }
    }

    /// Whether a pager has the terminal.
    pub(super) const fn is_paged(&self) -> bool {
        self.pager.is_some()
    }

    /// Whether nobody takes any more.
    pub(super) const fn is_gone(&self) -> bool {
        self.failed.is_some()
    }

    pub(super) fn text(&mut self, text: &str) {
        self.fill(|buffer| buffer.extend_from_slice(text.as_bytes()));
    }

    pub(super) fn fill(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        fill(&mut self.buffer);
        if self.buffer.len() >= BATCH {
            self.flush();
        }
    }

    /// Writes what was gathered. A failure is told at the end.
    pub(super) fn flush(&mut self) {
        if self.failed.is_none() {
            let pager = self.pager.as_mut().and_then(|pager| pager.stdin.as_mut());
            let written = if let Some(pager) = pager {
                pager.write_all(&self.buffer)
            } else {
                let mut stdout = io::stdout().lock();
                stdout.write_all(&self.buffer).and_then(|()| stdout.flush())
            };
            self.failed = written.err();
        }
        self.buffer.clear();
        // A payload of many MiB must not hold on to its memory.
        self.buffer.shrink_to(2 * BATCH);
    }

    /// Writes the rest and waits until the user leaves the pager; one that is left early is no error.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.flush();
        if let Some(mut pager) = self.pager.take() {
            drop(pager.stdin.take());
            pager.wait()?;
        }
        self.failed.take().map_or(Ok(()), Err)
    }
}

/// `$PAGER`, or else less; `None` if there is none or it is not wanted.
fn start_pager() -> Option<Child> {
    let chosen = std::env::var_os("PAGER");
    if chosen.as_deref().is_some_and(|pager| pager.is_empty() || pager == OsStr::new("cat")) {
        return None;
    }
    let mut command = match chosen {
        Some(chosen) => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(chosen);
            shell
        }
        None => Command::new("less"),
    };
    if std::env::var_os("LESS").is_none() {
        // Colours as they are, no page for what fits on the screen, and what was shown stays there.
        command.env("LESS", "FRX");
    }
    let pager = command.stdin(Stdio::piped()).spawn().ok()?;
    // Ctrl-C is the pager's: without us it would be left behind without a terminal.
    let _ = signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false)));
    Some(pager)
}
