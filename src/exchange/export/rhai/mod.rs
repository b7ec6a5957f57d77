//! A script that makes the session again, and expects what was received then: a recording becomes a smoke test.
//!
//! Connections become cases; those that were open at the same time share one. What was sent is sent again as it was. What was
//! received is expected in its order, up to what changes from run to run, which is only expected to be there; what the server
//! said first and the client used later is taken from the answer. At most [`MOST_STEPS`] steps with [`MOST_BYTES`] of payload
//! are taken; the script says what is missing.

mod case;
mod expect;
mod head;
mod hear;
mod literal;
mod opening;
mod say;
mod talk;
mod text;
mod volatile;

use std::io::Write;
use std::time::Duration;

use super::wall::Wall;
use super::{ExportError, Source};
use case::From;
use head::Head;
use talk::{MOST_BYTES, MOST_STEPS, Talks};
use volatile::Answers;

pub use text::may_repeat;

/// Writes the script.
///
/// # Errors
/// One of the two can't be read or written.
pub(super) fn write(source: &Source, out: &mut dyn Write) -> Result<(), ExportError> {
    let talks = Talks::read(source)?;
    let wall = Wall::new(source.header().created);
    let created = source.header().created.map(|_| wall.since_epoch(Duration::ZERO)).unwrap_or_default();
    let cases = case::together(&talks);
    let mut answers = Answers::default();
    for case in &cases {
        case.note(&talks, &mut answers);
    }
    let from = From { talks: &talks, source, answers: &answers, created };
    let mut head = Head::new(&talks);
    let mut body = String::new();
    for case in &cases {
        case.write(&from, &mut head, &mut body);
    }
    let left_out = if talks.left_out > 0 {
        let (steps, bytes) = (MOST_STEPS, MOST_BYTES >> 20);
        format!(
            "\n// {} frames that followed are left out: a script has at most {steps} steps and {bytes} MiB of payload.\n",
            talks.left_out
        )
    } else {
        String::new()
    };
    out.write_all(head.text(source, &wall, &talks).as_bytes())?;
    out.write_all(body.as_bytes())?;
    out.write_all(left_out.as_bytes())?;
    Ok(())
}
