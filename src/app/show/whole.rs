//! One frame of a recording, whole: with the other fragments of its message and the rules it broke.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::super::damage::Damages;
use super::super::output;
use crate::cli::settings::OutputSettings;
use crate::cli::{Exit, Report};
use crate::event::{Event, FrameEvent, Kind, Violation};
use crate::recording::{Entry, ReadError, Reader};
use crate::render::{self, Subject};

/// The frame with this number, as text.
///
/// # Errors
/// When there is none, or the file can't be read.
pub(super) fn show(
    mut reader: Reader<File>,
    name: &Path,
    number: u64,
    settings: &OutputSettings,
    damages: &mut Damages,
) -> Result<String, Report> {
    reader.seek_frame(number)?;
    let found = match reader.glance()? {
        Some(Ok(glance)) => glance.frame.map(|frame| (frame.number, frame.fragment)),
        _ => None,
    };
    let Some((_, fragment)) = found.filter(|(found, _)| *found == number) else {
        let (last, message) = (reader.next_frame() - 1, format!("no frame {number} in \"{}\"", name.display()));
        return Err(match found {
            Some(_) => Report::new(Exit::Usage, message).hint("its line is missing: the recording is damaged there"),
            None if last == 0 => Report::new(Exit::Usage, format!("{message}: it has no frames")),
            None => Report::new(Exit::Usage, format!("{message}: the last one is {last}")),
        });
    };
    reader.seek_frame(fragment.map_or(number, |(first, _)| first))?;
    let gathered = gather(&mut reader, number, fragment.map(|(first, _)| first), damages)?;
    let mut text = String::new();
    if let Some((time, frame)) = gathered.frames.iter().find(|(_, frame)| frame.number == number) {
        let fragments: Vec<_> = match fragment {
            Some(_) => gathered.frames.iter().map(|(_, frame)| frame).collect(),
            None => Vec::new(),
        };
        let violations: Vec<_> = gathered.violations.iter().collect();
        let subject = Subject { event: frame, time: *time, violations: &violations, fragments: &fragments };
        render::inspect(&subject, &output::options(settings), &mut text);
    }
    Ok(text)
}

/// What there is to a frame.
#[derive(Default)]
struct Gathered {
    /// All of its message.
    frames: Vec<(Duration, FrameEvent)>,
    violations: Vec<Violation>,
}

/// Reads from the first frame of a message on until its connection goes on to something else. `message`: the number of its
/// first frame, if it has fragments.
fn gather(
    reader: &mut Reader<File>,
    number: u64,
    message: Option<u64>,
    damages: &mut Damages,
) -> Result<Gathered, ReadError> {
    let mut gathered = Gathered::default();
    let mut connection = None;
    // Whether its message is whole, and whether the frame itself was seen.
    let (mut whole, mut seen) = (false, false);
    while let Some(entry) = reader.entry()? {
        let Event { time, connection: of, kind } = match entry {
            Entry::Event(event) => event,
            Entry::Damaged(damage) => {
                damages.note(&damage, false);
                continue;
            }
            Entry::Append(_) => break,
            Entry::Unknown(_) => continue,
        };
        if connection.is_some_and(|connection| connection != of) {
            continue;
        }
        match kind {
            Kind::Violation { frame: Some(frame), violation } if frame == number => {
                gathered.violations.push(*violation);
            }
            Kind::Frame(_) if seen && whole => break,
            Kind::Frame(frame)
                if frame.number == number || message.is_some() && frame.fragment.map(|f| f.message) == message =>
            {
                connection = Some(of);
                seen |= frame.number == number;
                whole |= frame.frame.header.fin;
                gathered.frames.push((time, frame));
            }
            Kind::Close(_) if connection.is_some() => break,
            _ => {}
        }
    }
    Ok(gathered)
}
