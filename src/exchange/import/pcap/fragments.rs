//! IP packets put together from their fragments (RFC 791 section 3.2, RFC 8200 section 4.5).

use std::collections::HashMap;
use std::net::IpAddr;

use etherparse::defrag::IpDefragBuf;
use etherparse::ip_number;

use super::link::Fragment;

/// The most packets that are put together at a time, each of at most 64 KiB. One that waits longer lacks a fragment.
const AT_ONCE: usize = 256;

/// Whose fragment it is: source, destination and identification.
type Key = (IpAddr, IpAddr, u32);

/// Packets that are not whole yet.
#[derive(Default)]
pub(super) struct Fragments {
    packets: HashMap<Key, (u64, IpDefragBuf)>,
    /// How many there have been.
    count: u64,
}

impl Fragments {
    /// Takes a fragment; gives the payload of its packet, if that is whole with it.
    pub(super) fn take(&mut self, fragment: &Fragment<'_>) -> Option<Vec<u8>> {
        let key = (fragment.from, fragment.to, fragment.identification);
        if self.packets.len() >= AT_ONCE && !self.packets.contains_key(&key) {
            let oldest = self.packets.iter().min_by_key(|(_, (number, _))| number).map(|(key, _)| *key)?;
            self.packets.remove(&oldest);
        }
        let count = &mut self.count;
        let (_, packet) = self.packets.entry(key).or_insert_with(|| {
            *count += 1;
            (*count, IpDefragBuf::new(ip_number::TCP, Vec::new(), Vec::new()))
        });
        packet.add(fragment.offset, fragment.more, fragment.payload).ok()?;
        if !packet.is_complete() {
            return None;
        }
        let (_, packet) = self.packets.remove(&key)?;
        Some(packet.take_bufs().0)
    }
}
