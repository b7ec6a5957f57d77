//! Which entries there will be: an opening handshake each, with what is known of it and where in the recording it is.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::Bytes;

use crate::event::{Event, Kind, Open, Response};
use crate::exchange::export::{ExportError, Source};
use crate::recording::{Entry as Line, Glance, Look};

/// The entries in the order of their beginnings.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) entries: Vec<Entry>,
}

/// A connection from its opening to its closing, or to the next opening: of a redirect, of a reconnect.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) connection: u32,
    /// Since the timeline began.
    pub(super) begun: Duration,
    pub(super) ended: Duration,
    /// Where its first line begins, and its last, in bytes.
    pub(super) lines: RangeInclusive<u64>,
    pub(super) open: Option<Box<Open>>,
    pub(super) request: Option<(Duration, Bytes)>,
    pub(super) response: Option<(Duration, Box<Response>)>,
    /// What went wrong.
    pub(super) error: Option<String>,
}

impl Plan {
    /// Looks at all of a recording.
    pub(super) fn of(source: &Source) -> Result<Plan, ExportError> {
        let mut plan = Plan::default();
        // The entry that each connection is at.
        let mut current = BTreeMap::<u32, usize>::new();
        let mut pass = source.pass()?;
        loop {
            let mut look = |glance: &Glance<'_>| {
                let begins = match glance.name {
                    b"open" => true,
                    b"request" | b"frame" => !current.contains_key(&glance.connection),
                    _ => false,
                };
                if begins && glance.connection > 0 {
                    current.insert(glance.connection, plan.entries.len());
                    plan.entries.push(Entry::at(glance.connection, glance.time, glance.offset));
                }
                if let Some(number) = current.get(&glance.connection) {
                    plan.entries[*number].goes_on(glance.time, glance.offset);
                }
                if glance.frame.is_some() { Look::Skip } else { Look::Take }
            };
            match pass.entry_if(&mut look)? {
                None => return Ok(plan),
                Some(Line::Event(Event { time, connection, kind })) => {
                    if let Some(number) = current.get(&connection) {
                        plan.entries[*number].note(time, kind);
                    }
                }
                // Whoever recorded before is gone.
                Some(Line::Append(_)) => current.clear(),
                Some(Line::Unknown(_) | Line::Damaged(_)) => {}
            }
        }
    }
}

impl Entry {
    fn at(connection: u32, time: Duration, offset: u64) -> Entry {
        Entry {
            connection,
            begun: time,
            ended: time,
            lines: offset..=offset,
            open: None,
            request: None,
            response: None,
            error: None,
        }
    }

    fn goes_on(&mut self, time: Duration, offset: u64) {
        self.ended = time;
        self.lines = *self.lines.start()..=offset;
    }

    fn note(&mut self, time: Duration, kind: Kind) {
        match kind {
            Kind::Open(open) => self.open = Some(open),
            Kind::Request(raw) => self.request = Some((time, raw)),
            Kind::Response(response) => self.response = Some((time, response)),
            Kind::Error { text, .. } => self.error = Some(text),
            _ => {}
        }
    }
}
