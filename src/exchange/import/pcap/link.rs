//! A captured packet's TCP segment, or a fragment of one, whatever carries it: Ethernet (with VLAN tags), raw IP, loopback, Linux'
//! cooked captures.

use std::net::{IpAddr, SocketAddr};

use etherparse::{
    EtherType, IpFragOffset, Ipv6ExtensionSlice, LaxNetSlice, LaxSlicedPacket, TcpSlice, TransportSlice, ip_number,
};

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

/// What of TCP is in a packet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Inside<'a> {
    Segment(Segment<'a>),
    Fragment(Fragment<'a>),
}

/// A fragment of an IP packet that has a TCP segment (RFC 791 section 3.2, RFC 8200 section 4.5).
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    pub(super) identification: u32,
    pub(super) offset: IpFragOffset,
    /// Whether it is not the last.
    pub(super) more: bool,
    pub(super) payload: &'a [u8],
}

/// A TCP segment (RFC 9293 section 3.1).
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "flags of the header")]
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    /// The next byte that its sender waits for, if `ack` says so.
    pub(super) acknowledged: u32,
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

/// The segment in a packet, or a part of one.
pub(super) fn inside<'a>(packet: &Packet<'a>) -> Option<Inside<'a>> {
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
    let net = sliced.net.as_ref()?;
    if let Some(fragment) = fragment(net) {
        return Some(Inside::Fragment(fragment));
    }
    let (from, to) = addresses(net)?;
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else { return None };
    Some(Inside::Segment(Segment::new(from, to, tcp)))
}

fn addresses(net: &LaxNetSlice<'_>) -> Option<(IpAddr, IpAddr)> {
    match net {
        LaxNetSlice::Ipv4(ip) => Some((ip.header().source_addr().into(), ip.header().destination_addr().into())),
        LaxNetSlice::Ipv6(ip) => Some((ip.header().source_addr().into(), ip.header().destination_addr().into())),
        LaxNetSlice::Arp(_) => None,
    }
}

fn fragment<'a>(net: &LaxNetSlice<'a>) -> Option<Fragment<'a>> {
    let payload = net.ip_payload_ref().filter(|payload| payload.fragmented && payload.ip_number == ip_number::TCP)?;
    let (from, to) = addresses(net)?;
    let (identification, offset, more) = match net {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            (header.identification().into(), header.fragments_offset(), header.more_fragments())
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.extensions().clone().into_iter().find_map(|extension| match extension {
                Ipv6ExtensionSlice::Fragment(header) => Some(header),
                _ => None,
            })?;
            (header.identification(), header.fragment_offset(), header.more_fragments())
        }
        LaxNetSlice::Arp(_) => return None,
    };
    Some(Fragment { from, to, identification, offset, more, payload: payload.payload })
}

impl<'a> Segment<'a> {
    /// The segment that an IP packet between these has as its payload.
    pub(super) fn of(from: IpAddr, to: IpAddr, payload: &'a [u8]) -> Option<Segment<'a>> {
        Some(Segment::new(from, to, &TcpSlice::from_slice(payload).ok()?))
    }

    fn new(from: IpAddr, to: IpAddr, tcp: &TcpSlice<'a>) -> Segment<'a> {
        Segment {
            from: SocketAddr::new(from, tcp.source_port()),
            to: SocketAddr::new(to, tcp.destination_port()),
            sequence: tcp.sequence_number(),
            acknowledged: tcp.acknowledgment_number(),
            syn: tcp.syn(),
            ack: tcp.ack(),
            fin: tcp.fin(),
            rst: tcp.rst(),
            payload: tcp.payload(),
        }
    }
}
