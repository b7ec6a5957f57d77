//! A connection as a TCP stream: what it could have looked like on the way, without loss and with every byte acknowledged.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::blocks::Blocks;
use super::segment::{ACK, FIN, MOST, PSH, RST, SYN, Segment};
use crate::event::{Direction, Open, Role};

/// The port of every server, unless it had another one of [`HTTP_PORTS`].
const HTTP_PORT: u16 = 80;

/// Ports on which Wireshark looks for HTTP unasked. On hundreds of others it looks for something else.
const HTTP_PORTS: [u16; 4] = [HTTP_PORT, 3128, 8080, 8088];

/// The first of the ports that clients have (RFC 6335 section 6), and how many there are.
const CLIENT_PORTS: u16 = 49_152;
const CLIENT_PORT_COUNT: u32 = 16_384;

/// Kept for documentation (RFC 5737, RFC 3849): where an address is not known.
const CLIENT_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const SERVER_V4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
const CLIENT_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 1);
const SERVER_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 2);

/// After how many bytes the other end acknowledges them, even if it has nothing to say.
const UNACKNOWLEDGED: usize = 1 << 20;

/// An open stream.
#[derive(Debug)]
pub(super) struct Stream {
    /// Who recorded.
    role: Role,
    client: End,
    server: End,
    /// Bytes since the last segment from the other end.
    unacknowledged: usize,
}

#[derive(Clone, Copy, Debug)]
struct End {
    address: SocketAddr,
    /// The number of the next byte that it sends.
    next: u32,
}

impl Stream {
    /// A stream that has not begun yet; `count` is how many there were before.
    pub(super) fn new(open: Option<&Open>, count: u32) -> Stream {
        let role = open.map_or(Role::Client, |open| open.role);
        let known = open.and_then(|open| open.address);
        let client_port = CLIENT_PORTS + (count % CLIENT_PORT_COUNT) as u16;
        let server_port = known.map_or(HTTP_PORT, |address| address.port());
        let server_port = if HTTP_PORTS.contains(&server_port) { server_port } else { HTTP_PORT };
        let other = known.map(|known| match known.ip() {
            loopback if loopback.is_loopback() => loopback,
            IpAddr::V4(_) => (if role == Role::Client { CLIENT_V4 } else { SERVER_V4 }).into(),
            IpAddr::V6(_) => (if role == Role::Client { CLIENT_V6 } else { SERVER_V6 }).into(),
        });
        let (client, server) = match (role, known, other) {
            (Role::Client, Some(known), Some(other)) => ((other, client_port), (known.ip(), server_port)),
            (Role::Server, Some(known), Some(other)) => ((known.ip(), known.port()), (other, HTTP_PORT)),
            _ => ((CLIENT_V4.into(), client_port), (SERVER_V4.into(), server_port)),
        };
        // Ports come again after a while: another number to begin with tells the streams apart.
        let end = |(ip, port)| End { address: SocketAddr::new(ip, port), next: count };
        Stream { role, client: end(client), server: end(server), unacknowledged: 0 }
    }

    /// Where the server is said to be.
    pub(super) const fn server(&self) -> SocketAddr {
        self.server.address
    }

    /// Shakes hands: the client begins `took` before `time`, when it is done.
    pub(super) fn begin(&mut self, time: Duration, took: Duration, blocks: &mut Blocks<'_>) -> io::Result<()> {
        self.segment(Role::Client, SYN, &[], time.saturating_sub(took), blocks)?;
        self.segment(Role::Server, SYN | ACK, &[], time, blocks)?;
        self.segment(Role::Client, ACK, &[], time, blocks)
    }

    /// The end that sends what went this way for whoever recorded.
    pub(super) fn sender(&self, direction: Direction) -> Role {
        match (direction, self.role) {
            (Direction::Sent, role) => role,
            (Direction::Received, Role::Client) => Role::Server,
            (Direction::Received, Role::Server) => Role::Client,
        }
    }

    /// Sends bytes, in as many segments as they need.
    pub(super) fn send(&mut self, from: Role, bytes: &[u8], time: Duration, blocks: &mut Blocks<'_>) -> io::Result<()> {
        for part in bytes.chunks(MOST) {
            self.segment(from, PSH | ACK, part, time, blocks)?;
            self.unacknowledged += part.len();
            if self.unacknowledged >= UNACKNOWLEDGED {
                let to = if from == Role::Client { Role::Server } else { Role::Client };
                self.segment(to, ACK, &[], time, blocks)?;
                self.unacknowledged = 0;
            }
        }
        Ok(())
    }

    /// Ends both ways, `by` one end first.
    pub(super) fn end(&mut self, by: Role, time: Duration, blocks: &mut Blocks<'_>) -> io::Result<()> {
        let other = if by == Role::Client { Role::Server } else { Role::Client };
        self.segment(by, FIN | ACK, &[], time, blocks)?;
        self.segment(other, FIN | ACK, &[], time, blocks)?;
        self.segment(by, ACK, &[], time, blocks)
    }

    /// Ends both ways at once.
    pub(super) fn reset(&mut self, by: Role, time: Duration, blocks: &mut Blocks<'_>) -> io::Result<()> {
        self.segment(by, RST | ACK, &[], time, blocks)
    }

    fn segment(
        &mut self,
        from: Role,
        flags: u8,
        payload: &[u8],
        time: Duration,
        blocks: &mut Blocks<'_>,
    ) -> io::Result<()> {
        let (from, to) = match from {
            Role::Client => (&mut self.client, &self.server),
            Role::Server => (&mut self.server, &self.client),
        };
        let acknowledged = if flags & ACK == 0 { 0 } else { to.next };
        let (sequence, from_address) = (from.next, from.address);
        // SYN and FIN count as a byte each (RFC 9293 section 3.4).
        let counted = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        from.next = from.next.wrapping_add(counted);
        let segment = Segment { from: from_address, to: to.address, sequence, acknowledged, flags, payload };
        blocks.packet(time, |packet| segment.write(packet))
    }
}
