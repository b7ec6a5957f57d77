//! `/on`: functions that are called for events of a connection as they come, each on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::render::escape::escape;
use crate::script::{Handler, Inbox, Occasion, Reason, STACK};
use crate::transport::in_words;

use super::error::ShellError;
use super::repl::Shell;
use super::request::Handling;
use super::scripting::KEPT;

/// For how long leaving waits for functions that are still being called.
const LEAVING: Duration = Duration::from_millis(250);

/// A function that is called as long as its connection is there. Dropped, it is called no more.
pub(super) struct Running {
    connection: u32,
    occasion: Occasion,
    text: String,
    inbox: Inbox,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Running {
    fn is(&self, connection: u32, occasion: Occasion) -> bool {
        self.connection == connection && self.occasion == occasion
    }

    fn line(&self) -> String {
        let missed = match self.inbox.with(self.connection, |queue| queue.forgotten) {
            0 => String::new(),
            missed => format!("  ({missed} events came too fast for it)"),
        };
        let connection = self.connection;
        format!("  #{connection:<3} {:<10} {}{missed}\n", self.occasion.name(), escape(self.text.as_bytes()))
    }
}

impl Shell {
    /// Lists the functions, removes one, or has one called from now on.
    pub(super) fn on(&mut self, to: Option<&str>, handling: Handling) -> Result<(), ShellError> {
        self.scripting.handlers.retain(|running| !running.thread.is_finished());
        match handling {
            Handling::List => {
                let lines: String = self.scripting.handlers.iter().map(Running::line).collect();
                let none = "  nothing is called; /on message |m| print(m) prints each message\n";
                self.screen.print(if lines.is_empty() { none } else { &lines });
                Ok(())
            }
            Handling::Off(occasion) => {
                let number = self.connections.get(to)?.link.number();
                let before = self.scripting.handlers.len();
                self.scripting.handlers.retain(|running| !running.is(number, occasion));
                if self.scripting.handlers.len() == before {
                    let problem = format!("nothing is called on {} of this connection", occasion.name());
                    return Err(ShellError::refused(problem, "/on lists what is called, and on which"));
                }
                Ok(())
            }
            Handling::Call(occasion, text) => self.call(to, occasion, &text),
        }
    }

    /// Has functions called for a connection that is opened again, as they were before.
    pub(super) fn handle_again(&mut self, before: u32) -> Result<(), ShellError> {
        let (again, others) =
            std::mem::take(&mut self.scripting.handlers).into_iter().partition(|running| running.connection == before);
        self.scripting.handlers = others;
        let again: Vec<Running> = again;
        again.iter().try_for_each(|running| self.call(None, running.occasion, &running.text))
    }

    /// Lets functions that are being called come to their end, and ends them otherwise.
    pub(super) fn end_handlers(&mut self) {
        let handlers = std::mem::take(&mut self.scripting.handlers);
        self.wait_until(LEAVING, || handlers.iter().all(|running| running.thread.is_finished()));
    }

    fn call(&mut self, to: Option<&str>, occasion: Occasion, text: &str) -> Result<(), ShellError> {
        let connection = self.connections.get(to)?;
        let (number, ws) = (connection.link.number(), connection.scripted.clone());
        let (stop, inbox) = (Arc::new(AtomicBool::new(false)), Inbox::bounded(KEPT));
        inbox.join(number, self.memory.lock().opening(number));
        let host = self.host(inbox.clone(), &stop, None, Vec::new());
        let handler = self.asking(|shell, console| shell.beside(|| console.handler(&ws, occasion, text, host)))??;
        self.scripting.handlers.retain(|running| !running.is(number, occasion));
        self.scripting.audience.enter(&inbox);
        let (audience, screen, own) = (self.scripting.audience.clone(), self.screen.clone(), inbox.clone());
        let run = move || {
            let ended = run(&handler);
            audience.leave(&own);
            if let Some(error) = ended {
                screen.fail(&error);
            }
        };
        let started = std::thread::Builder::new().name(format!("on {}", occasion.name())).stack_size(STACK).spawn(run);
        let thread = started.map_err(|error| {
            ShellError::refused(format!("cannot start a thread: {}", in_words(&error)), "/on lists what is called")
        })?;
        let running = Running { connection: number, occasion, text: text.to_owned(), inbox, stop, thread };
        self.scripting.handlers.push(running);
        Ok(())
    }
}

/// Calls the function for what happens; why it is called no more, if not because that was wanted.
fn run(handler: &Handler) -> Option<ShellError> {
    let mut fault = handler.run().err().filter(|fault| !matches!(fault.reason, Reason::Interrupted))?;
    fault.message = format!("on {}: {}; it is called no more", handler.occasion().name(), fault.message);
    Some(ShellError::Script { fault })
}
