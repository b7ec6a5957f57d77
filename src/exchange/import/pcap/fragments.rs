//! IP packets put together from their fragments (RFC 791 section 3.2, RFC 8200 section 4.5).

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use etherparse::defrag::IpDefragBuf;
use etherparse::ip_number;

use super::link::Fragment;

/// The most packets that are put together at a time, each of at most 64 KiB. One that waits longer lacks a fragment.
const AT_ONCE: usize = 256;

/// How long a packet waits for its fragments (RFC 8200 section 4.5): later ones of the same identification are another's.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whose fragment it is: source, destination and identification.
type Key = (IpAddr, IpAddr, u32);

/// Packets that are not whole yet.
#[derive(Default)]
pub(super) struct Fragments {
    packets: HashMap<Key, Waiting>,
    /// How many there have been.
    count: u64,
}

/// A packet that lacks fragments.
struct Waiting {
    /// How many there were before it.
    number: u64,
    /// When its first fragment came.
    since: Duration,
    parts: IpDefragBuf,
}

impl Fragments {
    /// Takes a fragment that came at this time; gives the payload of its packet, if that is whole with it.
    pub(super) fn take(&mut self, now: Duration, fragment: &Fragment<'_>) -> Option<Vec<u8>> {
        let key = (fragment.from, fragment.to, fragment.identification);
        if self.packets.get(&key).is_some_and(|packet| now.abs_diff(packet.since) > PATIENCE) {
            self.packets.remove(&key);
        }
        if self.packets.len() >= AT_ONCE && !self.packets.contains_key(&key) {
            let oldest = self.packets.iter().min_by_key(|(_, packet)| packet.number).map(|(key, _)| *key)?;
            self.packets.remove(&oldest);
        }
        let count = &mut self.count;
        let packet = self.packets.entry(key).or_insert_with(|| {
            *count += 1;
            let parts = IpDefragBuf::new(ip_number::TCP, Vec::new(), Vec::new());
            Waiting { number: *count, since: now, parts }
        });
        packet.parts.add(fragment.offset, fragment.more, fragment.payload).ok()?;
        if !packet.parts.is_complete() {
            return None;
        }
        self.packets.remove(&key).map(|packet| packet.parts.take_bufs().0)
    }
}
