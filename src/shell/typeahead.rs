//! The terminal between two lines, while one is carried out: keys are kept for the next line, whatever they are.
//!
//! The line editor gives the terminal back after each line as it found it. As a program usually finds it, the kernel would
//! then edit a line of its own: show keys where text is just being written, take Ctrl-D for an end of input that is soon
//! forgotten, and swallow Ctrl-R. Here it does none of that; Ctrl-C still interrupts what is carried out.

use std::io::stdin;

use rustix::termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// Puts the terminal back when dropped.
pub(super) struct Typeahead {
    /// `None`: standard input is none that can be set.
    before: Option<Termios>,
}

impl Typeahead {
    pub(super) fn keep() -> Typeahead {
        let Ok(before) = tcgetattr(stdin()) else { return Typeahead { before: None } };
        let mut between = before.clone();
        between.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
        // Enter stays what the editor takes it for.
        between.input_modes.remove(InputModes::ICRNL | InputModes::IXON);
        between.special_codes[SpecialCodeIndex::VMIN] = 1;
        between.special_codes[SpecialCodeIndex::VTIME] = 0;
        let set = tcsetattr(stdin(), OptionalActions::Now, &between);
        Typeahead { before: set.is_ok().then_some(before) }
    }
}

impl Drop for Typeahead {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // A terminal that is gone needs nothing.
            let _ = tcsetattr(stdin(), OptionalActions::Drain, before);
        }
    }
}
