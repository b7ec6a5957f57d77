//! /show, /last and /find: frames of the past, whatever the screen has shown of them.

use std::fmt::Write as _;

use regex::bytes::Regex;

use crate::event::{Event, FrameEvent, Kind};
use crate::render::Meaning;

use super::error::ShellError;
use super::past::{self, Past};
use super::repl::Shell;
use super::request::Which;
use super::ring::{Bounds, Entry, Ring, content};

/// The most matches that /find shows, the latest of them, and bytes of their payloads.
const MATCHES: Bounds = Bounds { frames: 100, payload: 16 << 20 };

/// How much text goes to the screen at once, in bytes.
const PIECE: usize = 32 << 10;

impl Shell {
    pub(super) fn show(&self, which: Which) -> Result<(), ShellError> {
        let goes_on = || self.goes_on();
        let mut past = self.past(&goes_on)?;
        let newest = past.newest();
        let number = match which {
            Which::Number(number) => number,
            Which::FromEnd(back) => newest.saturating_sub(back as u64 - 1).max(1),
        };
        if number > newest {
            let problem = format!("there is no frame {number} yet");
            return Err(ShellError::refused(problem, format!("the newest is {newest}")));
        }
        let Some((entry, fragments)) = past.whole(number)? else {
            return Err(match past.missing() {
                Some(missing) => ShellError::refused(format!("frame {number} is no longer held"), missing),
                None => ShellError::refused(
                    format!("frame {number} is not in the session's recording"),
                    "has something else written to its file?",
                ),
            });
        };
        let fragments: Vec<&FrameEvent> = fragments.iter().collect();
        self.screen.compose(|view, out| view.inspect(&entry, &fragments, out));
        Ok(())
    }

    pub(super) fn show_last(&self, count: usize) -> Result<(), ShellError> {
        let goes_on = || self.goes_on();
        let mut past = self.past(&goes_on)?;
        let first = past.newest().saturating_sub(count as u64 - 1).max(1);
        past.seek(first)?;
        let mut again = self.screen.compose(|view, _| view.again());
        let (mut text, mut shown, mut oldest) = (String::new(), false, None);
        while let Some(event) = past.next()? {
            match &event.kind {
                Kind::Frame(frame) => _ = oldest.get_or_insert(frame.number),
                Kind::Violation { .. } => {}
                _ => continue,
            }
            again.event(&event, &mut text);
            if text.len() >= PIECE {
                self.screen.print(&std::mem::take(&mut text));
                shown = true;
                if !goes_on() {
                    return Err(past::stopped());
                }
            }
        }
        shown |= !text.is_empty();
        self.screen.print(&text);
        if oldest != Some(first) {
            self.say_missing(&past);
        }
        if shown {
            return Ok(());
        }
        let problem = format!("nothing to show of the last {}", past.newest() - first + 1);
        Err(ShellError::refused(problem, "the format raw shows received messages alone; /set format short shows all"))
    }

    pub(super) fn find(&self, pattern: &Regex) -> Result<(), ShellError> {
        let goes_on = || self.goes_on();
        let mut past = self.past(&goes_on)?;
        past.want(pattern);
        let mut found = Ring::new(MATCHES);
        let mut matches: u64 = 0;
        let ended = loop {
            match past.next() {
                Ok(None) => break Ok(()),
                Ok(Some(event)) => match &event.kind {
                    Kind::Frame(frame) if pattern.is_match(content(frame)) => {
                        matches += 1;
                        found.push(&event);
                    }
                    Kind::Violation { .. } => found.push(&event),
                    _ => {}
                },
                // What was found until then is shown.
                Err(error) => break Err(error),
            }
        };
        if matches == 0 {
            ended?;
            let problem = format!("nothing matches {}", pattern.as_str().escape_debug());
            let searched = format!("all {} frames were searched", past.newest());
            let searched = past.missing().unwrap_or(&searched);
            return Err(ShellError::refused(problem, format!("{searched}; (?i) ignores case")));
        }
        let shown = found.frames().count();
        self.screen.compose(|view, out| {
            if shown as u64 != matches {
                let _ = writeln!(out, "  the last {shown} of {matches} matches:");
            }
            let mut again = view.again();
            found.frames().flat_map(Entry::events).for_each(|event: Event| again.event(&event, out));
        });
        self.say_missing(&past);
        ended
    }

    /// The frames so far, of which there is one at least: those of the session's recording, or else the latest.
    fn past<'a>(&self, goes_on: &'a dyn Fn() -> bool) -> Result<Past<'a>, ShellError> {
        // Asked before the flush: what has come in until now is in the file then.
        let newest = self.memory.lock().latest.newest();
        if newest == 0 {
            return Err(ShellError::refused("no frames yet", "send something, or wait for the peer"));
        }
        while let Err(error) = self.timeline.flush() {
            self.complain(&ShellError::refused(error.to_string(), "what was recorded before is in the file"));
        }
        if let Some(path) = self.recorder.session.path() {
            match Past::recorded(&path, newest, goes_on) {
                Ok(past) => return Ok(past),
                Err(error) if goes_on() => self.complain(&past::refused(error)),
                Err(error) => return Err(past::refused(error)),
            }
        }
        Ok(Past::latest(&self.memory.lock().latest))
    }

    /// Says which frames an answer leaves out because they are gone.
    fn say_missing(&self, past: &Past<'_>) {
        if let Some(missing) = past.missing() {
            self.screen.compose(|view, out| view.paragraph(Meaning::Dim, "note:", missing, out));
        }
    }
}
