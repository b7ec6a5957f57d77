//! Packets of a capture file: pcapng (draft-ietf-opsawg-pcapng) and classic pcap, of either byte order and any resolution.

use std::io::{self, ErrorKind, Read};
use std::time::Duration;

/// The largest block, or packet, that is held, in bytes.
const LARGEST: u32 = 16 << 20;

const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;

const OPTION_END: u16 = 0;
const RESOLUTION: u16 = 9;
const OFFSET: u16 = 14;

/// A packet as it was captured, from its link layer on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// Since the Unix epoch.
    pub(super) time: Duration,
    /// The link layer: a `LINKTYPE_`.
    pub(super) link: u32,
    /// What there is of it; `cut`: more was on the wire.
    pub(super) bytes: &'a [u8],
    pub(super) cut: bool,
}

/// Why a file is read no further, and where.
#[derive(Debug)]
pub(super) enum Problem {
    Io(io::Error),
    Damaged { offset: u64, reason: &'static str },
}

/// The packets of a file, one held at a time.
pub(super) struct File<R> {
    source: R,
    kind: Kind,
    /// Of the next byte.
    offset: u64,
    block: Vec<u8>,
    /// Whether there are keys to decrypt it with.
    has_secrets: bool,
    /// Of the packet before: one without a time of its own has that.
    time: Duration,
}

enum Kind {
    Pcapng { order: Order, interfaces: Vec<Interface> },
    Pcap { order: Order, units: u64, link: u32 },
}

/// How numbers are written.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

#[derive(Clone, Copy)]
struct Interface {
    link: u32,
    /// The most of a packet that was kept; 0 for all.
    kept: u32,
    /// Times are in this part of a second.
    units: u64,
    /// What is to be added to times, in seconds.
    offset: i64,
}

/// Whether a file that begins with these bytes is a capture.
pub(in crate::exchange::import) fn is_capture(start: &[u8]) -> bool {
    start.len() >= 4 && (start[..4] == SECTION.to_le_bytes() || pcap(&start[..4]).is_some())
}

/// The byte order and units of time of classic pcap.
fn pcap(magic: &[u8]) -> Option<(Order, u64)> {
    match magic {
        [0xD4, 0xC3, 0xB2, 0xA1] => Some((Order::Little, 1_000_000)),
        [0xA1, 0xB2, 0xC3, 0xD4] => Some((Order::Big, 1_000_000)),
        [0x4D, 0x3C, 0xB2, 0xA1] => Some((Order::Little, 1_000_000_000)),
        [0xA1, 0xB2, 0x3C, 0x4D] => Some((Order::Big, 1_000_000_000)),
        _ => None,
    }
}

impl<R: Read> File<R> {
    /// Reads what the file begins with.
    pub(super) fn new(source: R) -> Result<File<R>, Problem> {
        let kind = Kind::Pcapng { order: Order::Little, interfaces: Vec::new() };
        let mut file = File { source, kind, offset: 0, block: Vec::new(), has_secrets: false, time: Duration::ZERO };
        if !file.fill(4)? {
            return Err(Problem::Damaged { offset: 0, reason: "the file is empty" });
        }
        if let Some((order, units)) = pcap(&file.block) {
            file.rest(20, "the file ends inside its header")?;
            let link = order.u32(&file.block[20..]) & 0xFFFF;
            file.kind = Kind::Pcap { order, units, link };
        } else if file.block == SECTION.to_le_bytes() {
            file.section()?;
        } else {
            return Err(Problem::Damaged { offset: 0, reason: "neither pcapng nor pcap begins like this" });
        }
        Ok(file)
    }

    /// Whether there have been keys to decrypt packets with.
    pub(super) const fn has_secrets(&self) -> bool {
        self.has_secrets
    }

    /// The next packet; `None` at the end of the file.
    pub(super) fn packet(&mut self) -> Result<Option<Packet<'_>>, Problem> {
        loop {
            let found = match self.kind {
                Kind::Pcap { order, units, link } => self.record(order, units, link)?,
                Kind::Pcapng { .. } => self.block()?,
            };
            match found {
                Found::End => return Ok(None),
                Found::Other => {}
                Found::Packet { time, link, at, cut } => {
                    self.time = time;
                    return Ok(Some(Packet { time, link, bytes: &self.block[at], cut }));
                }
            }
        }
    }

    /// A record of classic pcap.
    fn record(&mut self, order: Order, units: u64, link: u32) -> Result<Found, Problem> {
        let start = self.offset;
        if !self.fill(16)? {
            return Ok(Found::End);
        }
        let [seconds, part, length, sent] = [0, 4, 8, 12].map(|at| order.u32(&self.block[at..]));
        if length > LARGEST {
            return Err(Problem::Damaged { offset: start, reason: "a packet of more than 16 MiB" });
        }
        self.rest(length as usize, "the file ends inside a packet")?;
        let time = Duration::from_secs(seconds.into()) + fraction(part.into(), units);
        Ok(Found::Packet { time, link, at: 16..16 + length as usize, cut: length < sent })
    }

    /// A block of pcapng.
    fn block(&mut self) -> Result<Found, Problem> {
        let start = self.offset;
        if !self.fill(4)? {
            return Ok(Found::End);
        }
        if self.block == SECTION.to_le_bytes() {
            self.section()?;
            return Ok(Found::Other);
        }
        let Kind::Pcapng { order, .. } = self.kind else { return Ok(Found::End) };
        self.rest(4, CUT)?;
        self.whole(order, start)?;
        let body = 8..self.block.len() - 4;
        let Kind::Pcapng { interfaces, .. } = &mut self.kind else { return Ok(Found::End) };
        let short = Problem::Damaged { offset: start, reason: "a block that is too short for what it is" };
        let data = &self.block[body];
        match order.u32(&self.block) {
            INTERFACE => interfaces.push(Interface::read(order, data).ok_or(short)?),
            ENHANCED_PACKET => {
                let [number, high, low, length, sent] = words(order, data).ok_or(short)?;
                let unknown = Problem::Damaged { offset: start, reason: "a packet of an interface that is not there" };
                let interface = interfaces.get(number as usize).ok_or(unknown)?;
                let at = 28..28 + length as usize;
                if data.len() < 20 + length as usize {
                    return Err(Problem::Damaged { offset: start, reason: "a packet that is longer than its block" });
                }
                let time = interface.time(u64::from(high) << 32 | u64::from(low));
                return Ok(Found::Packet { time, link: interface.link, at, cut: length < sent });
            }
            SIMPLE_PACKET => {
                let [sent] = words(order, data).ok_or(short)?;
                let unknown = Problem::Damaged { offset: start, reason: "a packet before its interface" };
                let interface = interfaces.first().ok_or(unknown)?;
                let kept = if interface.kept == 0 { sent } else { sent.min(interface.kept) };
                let at = 12..12 + (kept as usize).min(data.len() - 4);
                let cut = at.len() < sent as usize;
                return Ok(Found::Packet { time: self.time, link: interface.link, at, cut });
            }
            DECRYPTION_SECRETS => self.has_secrets = true,
            _ => {}
        }
        Ok(Found::Other)
    }

    /// The beginning of a section, whose first four bytes have been read: from here on its byte order and interfaces count.
    fn section(&mut self) -> Result<(), Problem> {
        let start = self.offset - 4;
        self.rest(8, CUT)?;
        let order = match self.block[8..] {
            [0x4D, 0x3C, 0x2B, 0x1A] => Order::Little,
            [0x1A, 0x2B, 0x3C, 0x4D] => Order::Big,
            _ => return Err(Problem::Damaged { offset: start + 8, reason: "no byte order where pcapng says it" }),
        };
        self.whole(order, start)?;
        self.kind = Kind::Pcapng { order, interfaces: Vec::new() };
        Ok(())
    }

    /// The rest of a block whose type and length have been read.
    fn whole(&mut self, order: Order, start: u64) -> Result<(), Problem> {
        let size = order.u32(&self.block[4..]);
        let wrong = |reason| Err(Problem::Damaged { offset: start, reason });
        if size > LARGEST {
            return wrong("a block of more than 16 MiB");
        }
        if !size.is_multiple_of(4) || (size as usize) < self.block.len() + 4 {
            return wrong("a block of an impossible length");
        }
        self.rest(size as usize - self.block.len(), CUT)?;
        if order.u32(&self.block[self.block.len() - 4..]) != size {
            return wrong("a block whose two lengths differ");
        }
        Ok(())
    }

    /// Begins a block with its first bytes; `false` at the end of the file.
    fn fill(&mut self, count: usize) -> Result<bool, Problem> {
        self.block.clear();
        match self.read(count)? {
            0 => Ok(false),
            read if read == count => Ok(true),
            _ => Err(Problem::Damaged { offset: self.offset, reason: "the file ends inside a header" }),
        }
    }

    /// Further bytes of the block.
    fn rest(&mut self, count: usize, cut: &'static str) -> Result<(), Problem> {
        let read = self.read(count)?;
        if read < count { Err(Problem::Damaged { offset: self.offset, reason: cut }) } else { Ok(()) }
    }

    fn read(&mut self, count: usize) -> Result<usize, Problem> {
        let start = self.block.len();
        self.block.resize(start + count, 0);
        let mut read = 0;
        while read < count {
            match self.source.read(&mut self.block[start + read..]) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Problem::Io(error)),
            }
        }
        self.offset += read as u64;
        Ok(read)
    }
}

const CUT: &str = "the file ends inside a block";

enum Found {
    End,
    Other,
    Packet { time: Duration, link: u32, at: std::ops::Range<usize>, cut: bool },
}

impl Interface {
    fn read(order: Order, data: &[u8]) -> Option<Interface> {
        // The link layer's type has 16 bits; the other 16 are reserved.
        let [_, kept] = words(order, data)?;
        let mut interface = Interface { link: order.u16(data).into(), kept, units: 1_000_000, offset: 0 };
        let mut options = &data[8..];
        while let [a, b, c, d, ..] = *options {
            let (code, length) = (order.u16(&[a, b]), usize::from(order.u16(&[c, d])));
            let Some(value) = options.get(4..4 + length) else { break };
            match (code, value) {
                (OPTION_END, _) => break,
                (RESOLUTION, [power]) => interface.units = units(*power)?,
                (OFFSET, [_, _, _, _, _, _, _, _]) => interface.offset = order.u64(value).cast_signed(),
                _ => {}
            }
            options = options.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        }
        Some(interface)
    }

    fn time(&self, stamp: u64) -> Duration {
        let seconds = (stamp / self.units).saturating_add_signed(self.offset);
        Duration::from_secs(seconds) + fraction(stamp % self.units, self.units)
    }
}

/// The units of a second that a resolution says: a negative power of ten, or of two with the top bit.
fn units(resolution: u8) -> Option<u64> {
    let base: u64 = if resolution & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow((resolution & 0x7F).into())
}

fn fraction(part: u64, units: u64) -> Duration {
    Duration::from_nanos((u128::from(part) * 1_000_000_000 / u128::from(units)) as u64)
}

fn words<const N: usize>(order: Order, data: &[u8]) -> Option<[u32; N]> {
    let data = data.get(..4 * N)?;
    Some(std::array::from_fn(|at| order.u32(&data[4 * at..])))
}

impl Order {
    fn u16(self, bytes: &[u8]) -> u16 {
        let bytes = [bytes[0], bytes[1]];
        match self {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        }
    }

    fn u32(self, bytes: &[u8]) -> u32 {
        let bytes = [bytes[0], bytes[1], bytes[2], bytes[3]];
        match self {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        }
    }

    fn u64(self, bytes: &[u8]) -> u64 {
        let (first, second) = (u64::from(self.u32(bytes)), u64::from(self.u32(&bytes[4..])));
        match self {
            Order::Little => second << 32 | first,
            Order::Big => first << 32 | second,
        }
    }
}
