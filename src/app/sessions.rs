//! The flight recorder: every session of the shell is recorded, and the last ones are kept.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::cli::{Exit, Report};
use crate::recording::{Existing, Masks, WriteError, Writer};
use crate::session::Clock;
use crate::shell::state_folder;

/// How many sessions are kept.
pub const KEPT: usize = 20;

/// Where they are: `wscope/sessions` in the state folder.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    Some(state_folder()?.join("wscope/sessions"))
}

/// Begins the recording of a session, and removes the oldest if there are too many.
///
/// # Errors
/// When it can't be written.
pub fn begin(folder: &Path, clock: &Clock, masks: &Masks) -> Result<Writer, WriteError> {
    let failed = |error| WriteError::Open { path: folder.to_owned(), error };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let time = jiff::Timestamp::try_from(clock.created()).unwrap_or_default();
    let name = format!("{}-{}.wsrec", time.strftime("%Y%m%dT%H%M%S.%6fZ"), std::process::id());
    let writer = Writer::open(&folder.join(name), clock, masks, Existing::Refuse)?;
    // A session too many is no reason not to begin.
    let _ = prune(folder);
    Ok(writer)
}

/// The newest session.
///
/// # Errors
/// When there is none.
pub fn newest() -> Result<PathBuf, Report> {
    let newest = folder().and_then(|folder| all(&folder).ok()?.pop());
    newest.ok_or_else(|| {
        Report::new(Exit::File, "no session of the shell was recorded yet").hint("wscope URL on a terminal begins one")
    })
}

/// All sessions, the oldest first.
fn all(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let is_session = |path: &PathBuf| path.extension().is_some_and(|suffix| suffix == "wsrec");
    let mut sessions: Vec<PathBuf> =
        fs::read_dir(folder)?.flatten().map(|entry| entry.path()).filter(is_session).collect();
    // Their names begin with their times.
    sessions.sort();
    Ok(sessions)
}

/// Removes the oldest sessions over [`KEPT`], but none that is being recorded.
fn prune(folder: &Path) -> io::Result<()> {
    let sessions = all(folder)?;
    for old in &sessions[..sessions.len().saturating_sub(KEPT)] {
        if flock(File::open(old)?, FlockOperation::NonBlockingLockExclusive).is_ok() {
            fs::remove_file(old)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sessions_are_kept_and_those_that_run() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sessions = folder.path().join("new/sessions");
        let running = begin(&sessions, &Clock::start(), &Masks::default()).expect("room");
        for number in 0..30 {
            fs::write(sessions.join(format!("2099{number:02}.wsrec")), "").expect("room");
        }
        fs::write(sessions.join("0.txt"), "mine").expect("room");
        prune(&sessions).expect("they are ours");
        let mut left: Vec<_> = fs::read_dir(&sessions).expect("readable").flatten().map(|e| e.file_name()).collect();
        left.sort();
        assert_eq!(left.len(), KEPT + 2);
        assert_eq!(left[0], "0.txt");
        assert_eq!(Some(left[1].as_os_str()), running.path().file_name());
        assert_eq!(left[2], "209910.wsrec");
    }
}
