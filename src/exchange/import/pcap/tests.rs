//! Captures that nobody made: whatever the bytes, the importer ends, without a panic.

use std::io::Cursor;
use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;

use super::read;
use crate::exchange::export::{Format, Source, export};

/// A recording with everything as packets.
fn capture() -> &'static [u8] {
    static CAPTURE: OnceLock<Vec<u8>> = OnceLock::new();
    CAPTURE.get_or_init(|| {
        let source = Source::open(Path::new("tests/golden/export/awkward.wsrec"), Vec::new()).expect("a recording");
        let mut out = Vec::new();
        export(Format::Pcapng, &source, &mut out).expect("room");
        out
    })
}

/// How many events there are in it.
fn events(bytes: Vec<u8>) -> usize {
    read(Cursor::new(bytes), "a").map_or(0, Iterator::count)
}

#[test]
fn the_capture_is_a_good_one() {
    assert!(events(capture().to_vec()) > 30);
}

proptest! {
    #[test]
    fn a_good_capture_with_anything_changed_is_read_to_an_end(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(),
        moved in any::<prop::sample::Index>(),
    ) {
        let mut bytes = capture().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        events(bytes.clone());
        bytes.truncate(cut.index(bytes.len()));
        events(bytes.clone());
        let at = moved.index(bytes.len().max(1));
        bytes.drain(..at.min(bytes.len()));
        events([&capture()[..64], &bytes].concat());
    }

    #[test]
    fn any_packets_are_read_to_an_end(
        link in prop::sample::select(vec![0u32, 1, 12, 101, 108, 113, 228, 276, 999]),
        packets in prop::collection::vec((any::<u32>(), prop::collection::vec(any::<u8>(), 0..120)), 0..20),
    ) {
        let mut bytes = b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\0\0\x04\0".to_vec();
        bytes.extend(link.to_le_bytes());
        for (time, packet) in packets {
            let length = packet.len() as u32;
            for field in [time, time, length, length] {
                bytes.extend(field.to_le_bytes());
            }
            bytes.extend(packet);
        }
        events(bytes);
    }
}
