//! A file that a command makes of another: whole or not at all, for its owner only, and never in place of what is there unless
//! that is asked for. `-` is standard output.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal as _, Stdout, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;
use tempfile::NamedTempFile;

use super::interrupt;
use crate::cli::report::stdout_written;
use crate::cli::{Exit, Report};
use crate::transport::in_words;

/// What is written to. Dropped before [`Save::end`], it leaves nothing behind.
pub(super) struct Save {
    to: To,
    interrupted: Arc<AtomicBool>,
}

enum To {
    Stdout(Stdout),
    /// What is there and no regular file: a pipe, a device.
    There(File, PathBuf),
    /// Beside the file, in whose place it will be.
    Beside {
        file: NamedTempFile,
        path: PathBuf,
        force: bool,
    },
}

impl Save {
    /// Begins; `force`: overwrites a file that is there. From now on Ctrl-C makes the next write fail.
    ///
    /// # Errors
    /// The file is there, can't be made, or is `original`, which is never written to.
    pub(super) fn new(path: &Path, force: bool, original: &Path) -> Result<Save, Report> {
        let cannot = |error| Report::new(Exit::Failed, format!("cannot watch for Ctrl-C: {}", in_words(&error)));
        let interrupted = interrupt::interrupted().map_err(cannot)?;
        Ok(Save { to: To::new(path, force, original)?, interrupted })
    }

    /// What a failed write means: Ctrl-C, a reader of standard output that has gone away, or an error.
    ///
    /// # Errors
    /// The last of these.
    pub(super) fn failed(&self, error: &io::Error) -> Result<Exit, Report> {
        if self.interrupted.load(Ordering::Acquire) {
            return Ok(Exit::Interrupted);
        }
        match &self.to {
            To::Stdout(_) => stdout_written(Err(io::Error::new(error.kind(), in_words(error)))),
            To::There(_, path) | To::Beside { path, .. } => Err(cannot_write(path, error)),
        }
    }

    /// Puts what was written in its place.
    ///
    /// # Errors
    /// It can't be.
    pub(super) fn end(self) -> Result<Exit, Report> {
        match self.to {
            To::Stdout(mut out) => stdout_written(out.flush()),
            To::There(..) => Ok(Exit::Success),
            To::Beside { file, path, force } => {
                let kept = if force { file.persist(&path) } else { file.persist_noclobber(&path) };
                kept.map(|_| Exit::Success).map_err(|lost| cannot_write(&path, &lost.error))
            }
        }
    }
}

impl To {
    fn new(path: &Path, force: bool, original: &Path) -> Result<To, Report> {
        if path == Path::new("-") {
            if stdout().is_terminal() {
                // What a peer sent reaches no terminal as it is.
                let report = Report::new(Exit::Usage, "standard output is a terminal");
                return Err(report.hint("-o FILE, or a pipe; wscope show FILE shows a recording"));
            }
            return Ok(To::Stdout(stdout()));
        }
        if is_same(path, original) {
            let message = format!("\"{}\" can't be written in place of itself", original.display());
            return Err(Report::new(Exit::Usage, message).hint("-o names another file"));
        }
        let failed = |error: io::Error| cannot_write(path, &error);
        if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
            let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
            return Ok(To::There(file, path.to_owned()));
        }
        if !force && path.symlink_metadata().is_ok() {
            return Err(failed(Errno::EXIST.into()));
        }
        // The file that a link points to is replaced, not the link.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new().prefix(".wscope-").tempfile_in(folder).map_err(failed)?;
        Ok(To::Beside { file, path, force })
    }
}

impl Write for Save {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.interrupted.load(Ordering::Acquire) {
            return Err(io::Error::other("interrupted"));
        }
        match &mut self.to {
            To::Stdout(out) => out.write(bytes),
            To::There(file, _) => file.write(bytes),
            To::Beside { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Stdout(out) => out.flush(),
            To::There(file, _) => file.flush(),
            To::Beside { file, .. } => file.flush(),
        }
    }
}

/// What is told when a file can't be written, or is there already.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Report {
    let report = Report::new(Exit::File, format!("cannot write \"{}\": {}", path.display(), in_words(error)));
    if error.kind() == io::ErrorKind::AlreadyExists { report.hint("--force overwrites it") } else { report }
}

/// Whether two paths lead to one file.
pub(super) fn is_same(a: &Path, b: &Path) -> bool {
    a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}
