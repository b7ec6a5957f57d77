//! A captured packet's TCP segment, whatever carries it: Ethernet (with VLAN tags), raw IP, loopback, Linux' cooked captures.

use std::net::SocketAddr;

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};

use super::file::Packet;

// LINKTYPE_ values; 12 and 14 are raw IP too on some systems.
const NULL: u32 = 0;
const ETHERNET: u32 = 1;
const RAW_BSD: [u32; 2] = [12, 14];
const RAW: u32 = 101;
const LOOP: u32 = 108;
const LINUX_SLL: u32 = 113;
const IPV4: u32 = 228;
const IPV6: u32 = 229;
const LINUX_SLL2: u32 = 276;

/// A TCP segment (RFC 9293 section 3.1).
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "flags of the header")]
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    pub(super) syn: bool,
    pub(super) ack: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    /// What there is of it: a capture may have kept less than was sent.
    pub(super) payload: &'a [u8],
}

/// Whether packets of this link layer can be looked into.
pub(super) fn is_known(link: u32) -> bool {
    let known = [NULL, ETHERNET, RAW, LOOP, LINUX_SLL, IPV4, IPV6, LINUX_SLL2];
    known.contains(&link) || RAW_BSD.contains(&link)
}

/// The segment in a packet, if there is one.
pub(super) fn segment<'a>(packet: &Packet<'a>) -> Option<Segment<'a>> {
    let bytes = packet.bytes;
    let typed = |at: usize, payload: usize| {
        let kind = u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?);
        Some(LaxSlicedPacket::from_ether_type(EtherType(kind), bytes.get(payload..)?))
    };
    let sliced = match packet.link {
        ETHERNET => LaxSlicedPacket::from_ethernet(bytes).ok()?,
        // The address family in front says no more than the first byte of IP.
        NULL | LOOP => LaxSlicedPacket::from_ip(bytes.get(4..)?).ok()?,
        RAW | IPV4 | IPV6 => LaxSlicedPacket::from_ip(bytes).ok()?,
        link if RAW_BSD.contains(&link) => LaxSlicedPacket::from_ip(bytes).ok()?,
        LINUX_SLL => typed(14, 16)?,
        LINUX_SLL2 => typed(0, 20)?,
        _ => return None,
    };
    let (from, to) = match &sliced.net {
        Some(LaxNetSlice::Ipv4(ip)) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        Some(LaxNetSlice::Ipv6(ip)) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        _ => return None,
    };
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else { return None };

    Some(Segment {
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        syn: tcp.syn(),
        ack: tcp.ack(),
        fin: tcp.fin(),
        rst: tcp.rst(),
        payload: tcp.payload(),
    })
}
