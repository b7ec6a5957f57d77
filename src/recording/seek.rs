//! To a time or a frame in a file of gigabytes: the file is halved until what is left is read in a moment.
//!
//! Times never run backwards on a recording, and frame numbers only grow. Each line has its time; a frame says its number at
//! least once in [`NUMBER_EVERY`] bytes, and those between are counted.

use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

use super::error::ReadError;
use super::glance::Glance;
use super::line::NUMBER_EVERY;
use super::reader::Reader;

/// What is small enough to be read from end to end, in bytes.
const SMALL: u64 = 4 * NUMBER_EVERY as u64;

/// A line that a search came upon.
#[derive(Clone, Copy, Debug)]
struct Probe {
    /// Where it begins, and where the next line does.
    offset: u64,
    end: u64,
    time: Duration,
    /// The frame's number, if it says it itself.
    number: Option<u64>,
    is_frame: bool,
}

impl<R: Read + Seek> Reader<R> {
    /// Goes on with the first line at or after this time on the timeline.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn seek_time(&mut self, time: Duration) -> Result<(), ReadError> {
        let low = self.halve(&mut |probe| Some(probe.time < time))?;
        self.jump(low, 1)?;
        let mut found = self.offset();
        while let Some(probe) = self.probe()? {
            if probe.time >= time {
                break;
            }
            found = probe.end;
        }
        let next_frame = self.count_to(found)?;
        self.jump(found, next_frame)
    }

    /// Goes on with the frame that has this number, or else the next one.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn seek_frame(&mut self, number: u64) -> Result<(), ReadError> {
        let low = self.halve(&mut |probe| probe.number.map(|probed| probed < number))?;
        let mut next_frame = self.count_to(low)?;
        self.jump(low, next_frame)?;
        let mut found = low;
        while let Some(probe) = self.probe()? {
            let this = probe.number.unwrap_or(next_frame);
            if probe.is_frame && this >= number {
                next_frame = this;
                break;
            }
            if probe.is_frame {
                next_frame = this + 1;
            }
            found = probe.end;
        }
        self.jump(found, next_frame)
    }

    /// The latest known beginning of a line that is before what is looked for. `is_before`: whether a line is, `None` if it
    /// does not tell.
    fn halve(&mut self, is_before: &mut dyn FnMut(&Probe) -> Option<bool>) -> Result<u64, ReadError> {
        let mut low = self.body;
        let mut high = self.source.seek(SeekFrom::End(0)).map_err(|error| self.failed(error))?;
        while high.saturating_sub(low) > SMALL {
            let middle = low + (high - low) / 2;
            self.jump(middle, 1)?;
            // The rest of the line that the middle is in.
            self.glance()?;
            let mut told = None;
            while told.is_none() && self.offset() < high {
                let Some(probe) = self.probe()? else { break };
                told = is_before(&probe).map(|before| (before, probe.offset));
            }
            match told {
                Some((true, offset)) => low = offset,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// The next line that is in order, whatever damage is before it.
    fn probe(&mut self) -> Result<Option<Probe>, ReadError> {
        loop {
            // What counts frames is here, not in the reader: a number said can be told from one counted.
            self.next_frame = 0;
            let (time, frame) = match self.glance()? {
                None => return Ok(None),
                Some(Err(_)) => continue,
                Some(Ok(Glance { time, frame, .. })) => (time, frame.map(|frame| frame.number)),
            };
            let (offset, end) = (self.place().offset, self.offset());
            let number = frame.filter(|number| *number > 0);
            return Ok(Some(Probe { offset, end, time, number, is_frame: frame.is_some() }));
        }
    }

    /// The number of the first frame at or after this byte, where a line begins.
    fn count_to(&mut self, offset: u64) -> Result<u64, ReadError> {
        let mut window = SMALL;
        loop {
            let start = offset.saturating_sub(window).max(self.body);
            let mut next = (start == self.body).then_some(1);
            self.jump(start, 1)?;
            if start > self.body {
                self.glance()?;
            }
            while self.offset() < offset {
                let Some(probe) = self.probe()? else { break };
                if probe.is_frame {
                    next = probe.number.or(next).map(|number| number + 1);
                }
            }
            if let Some(next) = next {
                return Ok(next);
            }
            window *= 8;
        }
    }

    fn jump(&mut self, offset: u64, next_frame: u64) -> Result<(), ReadError> {
        self.source.seek(SeekFrom::Start(offset)).map_err(|error| self.failed(error))?;
        self.restart(offset, next_frame);
        Ok(())
    }
}
