//! Lines of a recording that could not be read: told on standard error, one by one once a pager is out of the way, or in a line.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use crate::recording::Damage;
use crate::render::escape::escape;

/// How many are told one by one.
const TOLD: u64 = 20;

/// Says in a line what is not compared.
pub(in crate::app) fn tell(path: &Path, damages: &[Damage]) {
    let Some(first) = damages.first() else { return };
    let more = if damages.len() > 1 { format!(", and {} lines more", damages.len() - 1) } else { String::new() };
    let line = format!("\"{}\": {first}{more}", path.display());
    // With stderr gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "wscope: warning: {}", escape(line.as_bytes()));
}

/// What was damaged so far.
#[derive(Debug, Default)]
pub(in crate::app) struct Damages {
    count: u64,
    /// Still to be told.
    waiting: String,
}

impl Damages {
    /// One more; `later`: it would be in the way now.
    pub(in crate::app) fn note(&mut self, damage: &Damage, later: bool) {
        self.count += 1;
        if self.count <= TOLD {
            // Writing to a String does not fail.
            let _ = writeln!(self.waiting, "wscope: warning: {}", escape(damage.to_string().as_bytes()));
        }
        if !later {
            self.tell();
        }
    }

    /// Tells what is left to tell.
    pub(in crate::app) fn end(&mut self) {
        if self.count > TOLD {
            let _ = writeln!(self.waiting, "wscope: warning: {} more damaged lines skipped", self.count - TOLD);
        }
        self.tell();
    }

    fn tell(&mut self) {
        // With stderr gone there is nobody left to tell.
        let _ = io::stderr().write_all(self.waiting.as_bytes());
        self.waiting.clear();
    }
}
