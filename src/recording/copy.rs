//! A recording written again with more of it masked.

use std::fs::File;
use std::io::{self, Write};
use std::time::SystemTime;

use super::line::{self, Base};
use super::{Entry, Glance, Lines, Look, Masks, ReadError, Reader};

/// How much is gathered before it is written, in bytes.
const BATCH: usize = 256 << 10;

/// Which of the two files failed.
#[derive(Debug)]
pub enum CopyError {
    Read(ReadError),
    Write(io::Error),
}

/// Copies recordings by way of their events.
#[derive(Debug)]
pub struct Copy {
    masks: Masks,
}

impl Copy {
    #[must_use]
    pub const fn new(masks: Masks) -> Copy {
        Copy { masks }
    }

    /// Writes all that `reader` has; `told` gets each line that is left out, in words.
    ///
    /// # Errors
    /// When one of the files fails.
    pub fn all(
        &self,
        reader: &mut Reader<File>,
        out: &mut impl Write,
        told: &mut dyn FnMut(String),
    ) -> Result<(), CopyError> {
        let mut buffer = Vec::new();
        let mut lines = Lines::new(self.masks.clone());
        line::header(reader.header().created.unwrap_or(SystemTime::UNIX_EPOCH), self.masks.secrets(), &mut buffer);
        loop {
            let mut masked = false;
            let mut look = |glance: &Glance<'_>| {
                masked = glance.frame.is_some_and(|frame| frame.masked);
                Look::Take
            };
            let Some(entry) = reader.entry_if(&mut look).map_err(CopyError::Read)? else { break };
            match entry {
                Entry::Event(event) => lines.again(&event, masked, &mut buffer),
                Entry::Append(header) => {
                    let created = header.created.unwrap_or(SystemTime::UNIX_EPOCH);
                    lines = lines.append(Base::default(), reader.time(), created, &mut buffer);
                }
                Entry::Unknown(line) => {
                    self.masks.line(&line, &mut buffer);
                    buffer.push(b'\n');
                }
                Entry::Damaged(damage) => told(damage.to_string()),
            }
            if buffer.len() >= BATCH {
                out.write_all(&buffer).map_err(CopyError::Write)?;
                buffer.clear();
            }
        }
        out.write_all(&buffer).and_then(|()| out.flush()).map_err(CopyError::Write)
    }
}
