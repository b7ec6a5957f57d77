//! What of a recording is wanted. Decided twice: by a line's fixed fields, so that most lines need not be read, and then by the
//! event itself, which alone decides what is shown.

use super::Item;
use crate::cli::args::show::{JsonMatch, SelectionArgs};
use crate::event::{Direction, FrameEvent, Kind};
use crate::protocol::Opcode;
use crate::recording::{Bound, FrameGlance, Glance, Look, Pattern};
use crate::script::{Fault, Filter};

/// What only the line says of an event.
#[derive(Clone, Debug, Default)]
pub(super) struct Sight {
    /// The line itself, if it is to be shown.
    pub(super) line: Vec<u8>,
    /// Whether it says its frame's number.
    pub(super) says_number: bool,
    /// Whether the payload is compressed.
    pub(super) compressed: bool,
}

/// What is wanted.
pub(super) struct Selection {
    direction: Option<Direction>,
    opcodes: Vec<Opcode>,
    pattern: Option<Pattern>,
    json: Vec<JsonMatch>,
    filter: Option<Filter>,
    /// What went wrong in it, which ends the reading.
    fault: Option<Box<Fault>>,
    connections: Vec<u32>,
    from: Option<Bound>,
    to: Option<Bound>,
    /// Whether what is around a hit is wanted too.
    around: bool,
    /// The number of the frame that was hit last.
    last: Option<u64>,
    /// Nothing further on is wanted.
    over: bool,
}

impl Selection {
    /// # Errors
    /// The expression can't be read.
    pub(super) fn new(args: &SelectionArgs, around: bool) -> Result<Selection, Box<Fault>> {
        Ok(Selection {
            direction: match (args.sent, args.received) {
                (true, false) => Some(Direction::Sent),
                (false, true) => Some(Direction::Received),
                _ => None,
            },
            opcodes: args.op.clone(),
            pattern: args.grep.clone().map(Pattern::new),
            json: args.json_path.clone(),
            filter: args.filter.as_deref().map(Filter::new).transpose()?,
            fault: None,
            connections: args.conn.clone(),
            from: args.from,
            to: args.to,
            around,
            last: None,
            over: false,
        })
    }

    /// What went wrong while it was decided what is wanted.
    pub(super) fn fault(&mut self) -> Option<Box<Fault>> {
        self.fault.take()
    }

    /// Whether the end of what is wanted was reached.
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    /// Whether what is wanted has begun, as it may not have in a file without a way to jump there.
    pub(super) fn has_begun(&mut self, item: &Item) -> bool {
        let begun = match (self.from, &item.event.kind) {
            (None, _) => return true,
            (Some(Bound::Time(from)), _) => item.event.time >= from,
            (Some(Bound::Frame(from)), Kind::Frame(frame)) => frame.number >= from,
            (Some(Bound::Frame(_)), _) => false,
        };
        if begun {
            self.from = None;
        }
        begun
    }

    /// What lets text messages fall that are surely not wanted, if that alone decides.
    pub(super) fn sieve(&self) -> Option<Pattern> {
        // Beyond its end a recording is not to be read.
        self.pattern.clone().filter(|_| !self.around && self.to.is_none())
    }

    /// Whether a line's event is wanted, or needed to understand those that are.
    pub(super) fn look(&mut self, glance: &Glance<'_>, verbatim: bool, sight: &mut Sight) -> Look {
        if self.to.is_some_and(|to| to.is_passed(glance)) {
            self.over = true;
            return Look::End;
        }
        if !self.may_be_wanted(glance) {
            return Look::Skip;
        }
        *sight = Sight {
            line: if verbatim { glance.line.to_vec() } else { Vec::new() },
            says_number: glance.frame.is_some_and(|frame| frame.says_number),
            compressed: glance.frame.is_some_and(|frame| frame.wire.is_some()),
        };
        Look::Take
    }

    /// Whether an event is selected; those that are not may still be shown around one that is.
    pub(super) fn is_hit(&mut self, item: &Item) -> bool {
        let Kind::Frame(frame) = &item.event.kind else {
            // A rule that a frame broke belongs to it.
            let of_hit = matches!(item.event.kind, Kind::Violation { frame: Some(n), .. } if self.last == Some(n));
            return of_hit || !self.selects_frames();
        };
        let hit = self.direction.is_none_or(|direction| direction == frame.direction)
            && (self.opcodes.is_empty() || self.opcodes.contains(&frame.frame.header.opcode))
            && self.pattern.as_ref().is_none_or(|pattern| greps(pattern, frame, item.sight.compressed))
            && self.json.iter().all(|wanted| has(wanted, frame))
            && self.filter.as_mut().is_none_or(|filter| {
                filter.holds(&item.event).unwrap_or_else(|fault| {
                    self.over = true;
                    self.fault.get_or_insert(fault);
                    false
                })
            });
        if hit {
            self.last = Some(frame.number);
        }
        hit
    }

    /// Whether it is frames that are selected, by what they are.
    fn selects_frames(&self) -> bool {
        self.direction.is_some()
            || !self.opcodes.is_empty()
            || self.pattern.is_some()
            || !self.json.is_empty()
            || self.filter.is_some()
    }

    fn may_be_wanted(&mut self, glance: &Glance<'_>) -> bool {
        if !self.connections.is_empty() && !self.connections.contains(&glance.connection) {
            return false;
        }
        // Other events are few, and what comes after them depends on them.
        let Some(frame) = &glance.frame else { return true };
        self.around || self.may_be_hit(frame)
    }

    fn may_be_hit(&mut self, frame: &FrameGlance<'_>) -> bool {
        if self.direction.is_some_and(|direction| direction != frame.direction) {
            return false;
        }
        // What a fragment's message is shows at its end.
        if frame.fragment.is_some() {
            return true;
        }
        (self.opcodes.is_empty() || self.opcodes.contains(&frame.opcode))
            && self.pattern.as_mut().is_none_or(|pattern| pattern.may_match(frame))
    }
}

/// Whether a frame's payload matches, or the message that it completes.
fn greps(pattern: &Pattern, frame: &FrameEvent, compressed: bool) -> bool {
    let whole = frame.message.as_ref().is_some_and(|message| pattern.is_match(&message.data));
    let own = frame.message.is_none() || frame.fragment.is_some();
    whole || own && !compressed && pattern.is_match(&frame.frame.payload)
}

/// Whether the message that a frame completes has this in its JSON.
fn has(wanted: &JsonMatch, frame: &FrameEvent) -> bool {
    let Some(message) = &frame.message else { return false };
    let mut there = false;
    wanted.path.find(&message.data, &mut |found| {
        there |= wanted.value.as_ref().is_none_or(|value| is_value(found, value));
    });
    there
}

/// Whether JSON is this value: the same JSON, or the string that this is.
fn is_value(found: &[u8], value: &str) -> bool {
    let Ok(found) = serde_json::from_slice::<serde_json::Value>(found) else { return false };
    found.as_str() == Some(value) || serde_json::from_str(value).is_ok_and(|value: serde_json::Value| value == found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_json_or_a_string_without_quotes() {
        for (found, value, expected) in [
            ("5", "5", true),
            ("\"5\"", "5", true),
            ("\"5\"", "\"5\"", true),
            ("5", "\"5\"", false),
            ("50", "5", false),
            ("null", "null", true),
            ("{\"a\": 1}", "{\"a\":1}", true),
            ("\"a\\u0062\"", "ab", true),
            ("\"\"", "", true),
        ] {
            assert_eq!(is_value(found.as_bytes(), value), expected, "{found} {value}");
        }
    }
}
