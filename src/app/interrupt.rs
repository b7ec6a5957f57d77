//! Ctrl-C (and a request to terminate): the first ends what is under way in good order, the second ends the program at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level::pipe};

use crate::cli::Exit;
use crate::session::Waker;

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
        let [flag, at_once] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        for signal in [SIGINT, SIGTERM] {
            for ends in [&flag, &at_once] {
                flag::register_conditional_shutdown(signal, Exit::Interrupted as i32, Arc::clone(ends))?;
            }
            flag::register(signal, Arc::clone(&flag))?;
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

    /// What it wakes by; whoever else wants to interrupt the same wait uses it too.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }
}
