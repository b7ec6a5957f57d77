//! Captures of Wireshark, tcpdump and their like: WebSocket connections found in TCP streams, on any port, as their clients
//! would have recorded them.
//!
//! ```text
//! file (packets) -> link, fragments (TCP segments) -> reassembly (bytes in order) -> search (opening handshake) -> talk (frames)
//! ```
//!
//! A packet at a time is held, and of each stream what came early (to 4 MiB) and an unfinished head, frame or message.

mod file;
mod fragments;
mod link;
mod out;
mod reassembly;
mod search;
mod stream;
mod talk;

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use file::{File, Problem};
use fragments::Fragments;
use link::{Inside, Segment, inside};
use out::Out;
use stream::Stream;

pub(super) use file::is_capture;

use super::{Import, ImportError, Imported};
use crate::event::Kind;

/// The most streams that are watched at a time for a WebSocket connection to begin in them.
const WATCHED: usize = 1 << 16;

/// Reads a capture; `name` is for errors.
///
/// # Errors
/// It can't be read, is no capture, or has no WebSocket connection.
pub(super) fn read(source: impl Read + 'static, name: &str) -> Result<Import, ImportError> {
    let file = File::new(source).map_err(|problem| failed(problem, name))?;
    let mut capture = Capture {
        file: Some(file),
        name: name.to_owned(),
        fragments: Fragments::default(),
        streams: HashMap::new(),
        over: HashSet::new(),
        out: Out::default(),
        packets: 0,
        unknown: None,
    };
    while capture.out.events.is_empty() && capture.file.is_some() {
        capture.step()?;
    }
    let created = SystemTime::UNIX_EPOCH.checked_add(capture.out.begun).unwrap_or(SystemTime::UNIX_EPOCH);
    Ok(Import { format: super::Format::Pcap, created, events: Box::new(capture) })
}

/// A capture that is being read.
struct Capture<R> {
    /// `None` at its end.
    file: Option<File<R>>,
    name: String,
    fragments: Fragments,
    streams: HashMap<[SocketAddr; 2], Stream>,
    /// Between whom there was one that is over: its last packets may follow.
    over: HashSet<[SocketAddr; 2]>,
    out: Out,
    packets: u64,
    /// A link layer that is not known here.
    unknown: Option<u32>,
}

impl<R: Read> Iterator for Capture<R> {
    type Item = Result<Imported, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.out.events.pop_front() {
                return Some(Ok(Imported { event, masked: false }));
            }
            self.file.as_ref()?;
            if let Err(error) = self.step() {
                return Some(Err(error));
            }
        }
    }
}

impl<R: Read> Capture<R> {
    /// Reads a packet, or notices that there are no more.
    fn step(&mut self) -> Result<(), ImportError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let packet = match file.packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return self.end(None),
            Err(problem) => return self.end(Some(problem)),
        };
        self.out.now = packet.time;
        if self.packets == 0 {
            self.out.begun = packet.time;
        }
        self.packets += 1;
        self.out.cut += u64::from(packet.cut);
        if !link::is_known(packet.link) {
            self.unknown.get_or_insert(packet.link);
        }
        let joined;
        let segment = match inside(&packet) {
            Some(Inside::Segment(segment)) => Some(segment),
            Some(Inside::Fragment(fragment)) => {
                joined = self.fragments.take(packet.time, &fragment);
                joined.as_ref().and_then(|bytes| Segment::of(fragment.from, fragment.to, bytes))
            }
            None => None,
        };
        let Some(segment) = segment else { return Ok(()) };
        let (streams, out) = (&mut self.streams, &mut self.out);
        let mut key = [segment.from, segment.to];
        key.sort_unstable();
        if streams.get(&key).is_some_and(|stream| stream.is_over_with(&segment))
            && let Some(before) = streams.remove(&key)
        {
            before.end(None, out);
        }
        if !streams.contains_key(&key) {
            // The last acknowledgement of a stream that is over begins no other one.
            if !segment.syn && segment.payload.is_empty() {
                return Ok(());
            }
            if streams.len() >= WATCHED {
                streams.retain(|_, stream| stream.is_wanted());
            }
            out.streams += 1;
        }
        let over = &mut self.over;
        let stream = streams.entry(key).or_insert_with(|| Stream::new(&segment, over.contains(&key)));
        if stream.segment(&segment, out)
            && let Some(stream) = streams.remove(&key)
        {
            stream.end(Some(&segment).filter(|segment| segment.rst), out);
            if over.len() >= WATCHED {
                over.clear();
            }
            over.insert(key);
        }
        Ok(())
    }

    /// No more packets: because of a problem, if there is one.
    fn end(&mut self, problem: Option<Problem>) -> Result<(), ImportError> {
        let has_secrets = self.file.take().is_some_and(|file| file.has_secrets());
        let mut left: Vec<_> = self.streams.drain().collect();
        left.sort_unstable_by_key(|(ends, _)| *ends);
        for (_, stream) in left {
            stream.end(None, &mut self.out);
        }
        let (name, found) = (self.name.clone(), self.out.connections > 0);
        if found {
            self.out.tell_of_others();
        }
        match (problem, self.out.tls.first) {
            // What was read until then is kept.
            (Some(Problem::Damaged { offset, reason }), _) if found => {
                let text = format!("the capture can't be read from byte {offset} on: {reason}");
                self.out.tell(0, Kind::Note(text));
                Ok(())
            }
            (Some(problem), _) => Err(failed(problem, &name)),
            (None, _) if found => Ok(()),
            (None, Some((client, server))) => Err(ImportError::Tls { name, client, server, has_secrets }),
            (None, None) => {
                let Out { streams, cut, ref midway, .. } = self.out;
                let (packets, midway, unknown) = (self.packets, midway.count, self.unknown);
                Err(ImportError::NoConnection { name, packets, cut, streams, midway, unknown })
            }
        }
    }
}

fn failed(problem: Problem, name: &str) -> ImportError {
    let name = name.to_owned();
    match problem {
        Problem::Io(error) => ImportError::Io { name, error },
        Problem::Damaged { offset, reason } => {
            ImportError::Malformed { name, place: format!("byte {offset}"), reason: reason.to_owned() }
        }
    }
}

/// To the microsecond, and not beyond what there is.
fn micros(time: Duration) -> Duration {
    Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
