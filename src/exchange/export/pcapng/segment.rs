//! A TCP segment (RFC 9293) in an IPv4 or IPv6 packet (RFC 791, RFC 8200), with checksums that are right.

use std::net::{IpAddr, SocketAddr};

pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const RST: u8 = 0x04;
pub(super) const PSH: u8 = 0x08;
pub(super) const ACK: u8 = 0x10;

/// The most payload that fits into one, in bytes.
pub(super) const MOST: usize = 65_535 - IPV4_HEADER - TCP_HEADER;

const IPV4_HEADER: usize = 20;
const TCP_HEADER: usize = 20;
const TCP: u8 = 6;
const HOPS: u8 = 64;

/// Options of a SYN: segments of [`MOST`] bytes, windows in units of 16 KiB, so that no reader finds one full.
const SYN_OPTIONS: [u8; 8] = [2, 4, (MOST >> 8) as u8, MOST as u8, 1, 3, 3, 14];

/// A segment to be written.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    pub(super) acknowledged: u32,
    pub(super) flags: u8,
    pub(super) payload: &'a [u8],
}

impl Segment<'_> {
    /// Appends the packet.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let options: &[u8] = if self.flags & SYN == 0 { &[] } else { &SYN_OPTIONS };
        let header = TCP_HEADER + options.len();
        let length = header + self.payload.len();
        out.reserve(40 + length);
        let addresses = self.network(length, out);
        let start = out.len();
        out.extend(self.from.port().to_be_bytes());
        out.extend(self.to.port().to_be_bytes());
        out.extend(self.sequence.to_be_bytes());
        out.extend(self.acknowledged.to_be_bytes());
        out.extend([(header as u8 / 4) << 4, self.flags]);
        out.extend(u16::MAX.to_be_bytes());
        out.extend([0; 4]);
        out.extend(options);
        out.extend_from_slice(self.payload);
        // The pseudo-header: addresses, protocol, length.
        let pseudo = sum(&addresses) + sum(&[0, TCP]) + sum(&(length as u32).to_be_bytes());
        let checksum = checksum(pseudo + sum(&out[start..]));
        out[start + 16..start + 18].copy_from_slice(&checksum);
    }

    /// Appends the header of the packet; gives the addresses in it.
    fn network(&self, length: usize, out: &mut Vec<u8>) -> Vec<u8> {
        match (self.from.ip(), self.to.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let start = out.len();
                out.extend([0x45, 0]);
                out.extend(((IPV4_HEADER + length) as u16).to_be_bytes());
                // No identification, not to be fragmented; the checksum comes last.
                out.extend([0, 0, 0x40, 0, HOPS, TCP, 0, 0]);
                let addresses = [from.octets(), to.octets()].concat();
                out.extend(&addresses);
                let checksum = checksum(sum(&out[start..]));
                out[start + 10..start + 12].copy_from_slice(&checksum);
                addresses
            }
            (from, to) => {
                out.extend([0x60, 0, 0, 0]);
                out.extend((length as u16).to_be_bytes());
                out.extend([TCP, HOPS]);
                let addresses = [from, to].map(|address| match address {
                    IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
                    IpAddr::V6(address) => address.octets(),
                });
                out.extend(addresses.as_flattened());
                addresses.concat()
            }
        }
    }
}

/// The sum of 16-bit words in the machine's own byte order, which the checksum does not depend on (RFC 1071).
fn sum(bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(2);
    let last = words.remainder().first().map_or(0, |byte| u16::from_ne_bytes([*byte, 0]));
    words.map(|word| u64::from(u16::from_ne_bytes([word[0], word[1]]))).sum::<u64>() + u64::from(last)
}

/// The complement of the sum with its carries added, as it stands in a header.
fn checksum(mut sum: u64) -> [u8; 2] {
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    (!(sum as u16)).to_ne_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_written_byte_for_byte() {
        let mut out = Vec::new();
        let (from, to) = ("192.0.2.1:80".parse().unwrap(), "192.0.2.2:50000".parse().unwrap());
        let segment =
            Segment { from, to, sequence: 0x0102_0304, acknowledged: 5, flags: PSH | ACK, payload: b"\x81\x01x" };
        segment.write(&mut out);
        let expected = b"\x45\x00\x00\x2b\x00\x00\x40\x00\x40\x06\xb6\xc9\xc0\x00\x02\x01\xc0\x00\x02\x02\
            \x00\x50\xc3\x50\x01\x02\x03\x04\x00\x00\x00\x05\x50\x18\xff\xff\x00\x00\x00\x00\x81\x01x";
        let without_tcp_checksum = [&out[..36], &[0, 0], &out[38..]].concat();
        assert_eq!(without_tcp_checksum, expected);
        // A receiver's sum over everything, checksum included, is all ones.
        let pseudo = sum(&out[12..20]) + sum(&[0, TCP, 0, 23]);
        assert_eq!(checksum(pseudo + sum(&out[20..])), [0, 0]);
    }

    #[test]
    fn the_largest_segment_fits_its_packet() {
        let payload = vec![b'x'; MOST];
        for address in ["127.0.0.1:80", "[::1]:80"] {
            let to = address.parse().unwrap();
            let mut out = Vec::new();
            let segment = Segment { from: to, to, sequence: 0, acknowledged: 0, flags: ACK, payload: &payload };
            segment.write(&mut out);
            let said = if to.is_ipv4() { [out[2], out[3]] } else { [out[4], out[5]] };
            let below = if to.is_ipv4() { 0 } else { 40 };
            assert_eq!(usize::from(u16::from_be_bytes(said)) + below, out.len());
        }
    }
}
