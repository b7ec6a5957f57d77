//! The packets of tests/captures/chromium.pcap, to be taken apart and written in every form that captures have.

use std::fs;
use std::ops::Range;

/// An IPv4 packet with a TCP segment.
#[derive(Clone)]
pub(super) struct Packet {
    /// Since the Unix epoch.
    pub(super) micros: u64,
    /// From its IP header on.
    pub(super) ip: Vec<u8>,
    /// How many bytes the capture lacks at its end.
    pub(super) cut: usize,
}

/// Where the TCP header begins: none of the packets has IP options.
const TCP: usize = 20;

impl Packet {
    /// The data of its segment.
    pub(super) fn data(&self) -> &[u8] {
        &self.ip[self.data_at()..]
    }

    fn data_at(&self) -> usize {
        TCP + usize::from(self.ip[TCP + 12] >> 4) * 4
    }

    /// The ports that it goes from and to.
    pub(super) fn ports(&self) -> [u16; 2] {
        [TCP, TCP + 2].map(|at| u16::from_be_bytes([self.ip[at], self.ip[at + 1]]))
    }

    /// The same with other data, which begins so many bytes later.
    fn with(&self, later: usize, data: &[u8]) -> Packet {
        let mut ip = [&self.ip[..self.data_at()], data].concat();
        let length = ip.len() as u16;
        ip[2..4].copy_from_slice(&length.to_be_bytes());
        let sequence = &mut ip[TCP + 4..TCP + 8];
        let number = u32::from_be_bytes((&*sequence).try_into().unwrap()).wrapping_add(later as u32);
        sequence.copy_from_slice(&number.to_be_bytes());
        Packet { ip, ..self.clone() }
    }

    /// A piece of its data as a segment of its own.
    pub(super) fn piece(&self, of: Range<usize>) -> Packet {
        self.with(of.start, &self.data()[of])
    }

    /// What its end sends next.
    pub(super) fn followed_by(&self, data: &[u8]) -> Packet {
        self.with(self.data().len(), data)
    }

    /// A reset in its place.
    pub(super) fn reset(&self) -> Packet {
        let mut packet = self.with(0, b"");
        packet.ip[TCP + 13] = 0x14;
        packet
    }

    /// The capture has so many bytes of it, at most.
    pub(super) fn cut_to(mut self, length: usize) -> Packet {
        self.cut = self.ip.len().saturating_sub(length);
        self.ip.truncate(length);
        self
    }
}

/// All of them, from a capture of Ethernet, little-endian, with microseconds.
pub(super) fn packets() -> Vec<Packet> {
    let file = fs::read("tests/captures/chromium.pcap").unwrap();
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let mut packets = Vec::new();
    let mut at = 24;
    while at < file.len() {
        let end = at + 16 + number(at + 8) as usize;
        let micros = u64::from(number(at)) * 1_000_000 + u64::from(number(at + 4));
        packets.push(Packet { micros, ip: file[at + 16 + 14..end].to_vec(), cut: 0 });
        at = end;
    }
    packets
}

/// A link layer: its `LINKTYPE_`, and a packet in it.
#[derive(Clone, Copy)]
pub(super) struct Link(pub(super) u32, pub(super) fn(&[u8]) -> Vec<u8>);

pub(super) const RAW: Link = Link(101, <[u8]>::to_vec);

/// The byte order of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    fn bytes<const N: usize>(self, little: [u8; N]) -> Vec<u8> {
        match self {
            Order::Little => little.to_vec(),
            Order::Big => little.into_iter().rev().collect(),
        }
    }

    fn u16(self, number: u16) -> Vec<u8> {
        self.bytes(number.to_le_bytes())
    }

    pub(super) fn u32s(self, numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| self.bytes(number.to_le_bytes())).collect()
    }
}

/// A classic capture, with times in these units of a second.
pub(super) fn pcap(order: Order, units: u64, Link(link, wrap): Link, packets: &[Packet]) -> Vec<u8> {
    let magic = if units == 1_000_000 { 0xA1B2_C3D4 } else { 0xA1B2_3C4D };
    let mut file = [order.u32s(&[magic]), order.u16(2), order.u16(4), order.u32s(&[0, 0, 65535, link])].concat();
    for packet in packets {
        let bytes = wrap(&packet.ip);
        let seconds = packet.micros / 1_000_000;
        let part = packet.micros % 1_000_000 * (units / 1_000_000);
        let length = bytes.len() as u32;
        file.extend(order.u32s(&[seconds as u32, part as u32, length, length + packet.cut as u32]));
        file.extend(bytes);
    }
    file
}

/// The capture that most tests need.
pub(super) fn raw(packets: &[Packet]) -> Vec<u8> {
    pcap(Order::Little, 1_000_000, RAW, packets)
}

/// An interface of pcapng: its link layer, the power of ten that is its resolution, and the seconds that its times lack.
#[derive(Clone, Copy)]
pub(super) struct Interface(pub(super) Link, pub(super) u8, pub(super) u32);

/// Anything of pcapng.
pub(super) fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
    let size = order.u32s(&[(12 + body.len() + padding.len()) as u32]);
    [&order.u32s(&[kind]), &size, body, &padding, &size].concat()
}

/// How a section begins.
pub(super) fn section_head(order: Order, interfaces: &[Interface]) -> Vec<u8> {
    let head = [order.u32s(&[0x1A2B_3C4D]), order.u16(1), order.u16(0), order.u32s(&[u32::MAX; 2])].concat();
    let mut file = block(order, 0x0A0D_0D0A, &head);
    for Interface(Link(link, _), power, lacking) in interfaces {
        let resolution = [order.u16(9), order.u16(1), vec![*power, 0, 0, 0]];
        // A number of 64 bits.
        let offset = if order == Order::Little { [*lacking, 0] } else { [0, *lacking] };
        let offset = [order.u16(14), order.u16(8), order.u32s(&offset)];
        let interface = [order.u16(*link as u16), order.u16(0), order.u32s(&[0])];
        let end = order.u32s(&[0]);
        file.extend(block(order, 1, &[interface.concat(), resolution.concat(), offset.concat(), end].concat()));
    }
    file
}

/// The packets of a section, from one interface after the other.
pub(super) fn section_body(order: Order, interfaces: &[Interface], packets: &[Packet]) -> Vec<u8> {
    let mut file = Vec::new();
    for (packet, number) in packets.iter().zip((0..interfaces.len()).cycle()) {
        let Interface(Link(_, wrap), power, lacking) = interfaces[number];
        let bytes = wrap(&packet.ip);
        let stamp = (packet.micros - u64::from(lacking) * 1_000_000) * 10u64.pow(u32::from(power) - 6);
        let length = bytes.len() as u32;
        let head = [number as u32, (stamp >> 32) as u32, stamp as u32, length, length + packet.cut as u32];
        file.extend(block(order, 6, &[order.u32s(&head), bytes].concat()));
    }
    file
}

/// Both.
pub(super) fn section(order: Order, interfaces: &[Interface], packets: &[Packet]) -> Vec<u8> {
    [section_head(order, interfaces), section_body(order, interfaces, packets)].concat()
}

/// A packet without time and interface.
pub(super) fn simple(order: Order, packet: &Packet) -> Vec<u8> {
    block(order, 3, &[order.u32s(&[packet.ip.len() as u32]), packet.ip.clone()].concat())
}
