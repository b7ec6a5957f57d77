//! Ctrl-C (and a request to terminate): the first ends what is under way in good order, the second ends the program at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level::pipe};

use crate::cli::{Exit, Report};
use crate::session::{Waker, waker};
use crate::transport::in_words;

/// What asks for it.
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// Set by the first one, for whoever looks at it often enough; the second ends the program at once.
///
/// # Errors
/// When the system refuses a signal handler.
pub fn interrupted() -> io::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in SIGNALS {
        flag::register_conditional_shutdown(signal, Exit::Interrupted as i32, Arc::clone(&interrupted))?;
        flag::register(signal, Arc::clone(&interrupted))?;
    }
    Ok(interrupted)
}

/// Has something begin that others do then, and waits until the user has had enough of it.
///
/// # Errors
/// When it can't begin, or the system refuses a signal handler.
pub fn until_interrupted(begin: impl FnOnce() -> Result<(), Report>) -> Result<Exit, Report> {
    let cannot = |error: io::Error| Report::new(Exit::Failed, format!("cannot watch for Ctrl-C: {}", in_words(&error)));
    let (waker, wakened) = waker().map_err(cannot)?;
    let interrupt = Interrupt::watch(waker).map_err(cannot)?;
    begin()?;
    while !interrupt.happened() {
        let _ = wakened.wait(Duration::from_secs(3600));
    }
    Ok(Exit::Interrupted)
}

/// Whether the user wants us to stop; a wait on the waker's other half ends when it happens.
#[derive(Clone, Debug)]
pub struct Interrupt {
    flag: Arc<AtomicBool>,
    /// Whether the next one ends the program at once.
    at_once: Arc<AtomicBool>,
    waker: Waker,
}

impl Interrupt {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system refuses a signal handler.
    pub fn watch(waker: Waker) -> io::Result<Interrupt> {
        let (flag, at_once) = (interrupted()?, Arc::new(AtomicBool::new(false)));
        for signal in SIGNALS {
            flag::register_conditional_shutdown(signal, Exit::Interrupted as i32, Arc::clone(&at_once))?;
            pipe::register(signal, waker.descriptor()?)?;
        }
        Ok(Interrupt { flag, at_once, waker })
    }

    /// Whether already the first ends the program at once: for as long as nothing waits on the waker.
    pub fn ends_at_once(&self, at_once: bool) {
        self.at_once.store(at_once, Ordering::Release);
    }

    /// Whether it has happened.
    #[must_use]
    pub fn happened(&self) -> bool {
        self.flag.load(Ordering::Acquire)
    }

    /// Set once it has happened.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    /// What it wakes by; whoever else wants to interrupt the same wait uses it too.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }
}
