//! Files that no recording can be made of: what is wrong, where, and what to do; nothing is left behind.

use std::fs;

use super::packets::{
    Interface, Link, Order, Packet, RAW, block, packets, pcap, raw, section, section_body, section_head,
};
use crate::support::command::wscope;
use crate::support::golden::Golden;
use crate::support::peers::reader;

#[test]
fn what_has_nothing_that_can_be_decoded_says_so() {
    let place = tempfile::tempdir().unwrap();
    let packets = packets();
    let interface = [Interface(RAW, 6, 0)];
    let whole = section(Order::Little, &interface, &packets);
    let changed = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        bytes
    };
    let mut tls = packets[..3].to_vec();
    tls.push(tls[2].followed_by(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"));
    // A key log of no entries.
    let secrets = block(Order::Little, 10, &Order::Little.u32s(&[0x544C_534B, 0]));
    let decrypted = [section_head(Order::Little, &interface), secrets, section_body(Order::Little, &interface, &tls)];
    let short: Vec<Packet> = packets.iter().map(|packet| packet.clone().cut_to(82)).collect();
    let files = [
        ("empty.pcapng", Vec::new()),
        ("text.pcapng", b"hello".to_vec()),
        ("gzip.pcap.gz", b"\x1f\x8b\x08\0rest".to_vec()),
        ("zstd.pcapng.zst", b"\x28\xb5\x2f\xfdrest".to_vec()),
        ("header.pcapng", whole[..20].to_vec()),
        ("header.pcap", raw(&packets)[..20].to_vec()),
        ("cut.pcapng", whole[..200].to_vec()),
        ("order.pcapng", changed(8, 0)),
        ("length.pcapng", changed(24, 1)),
        ("tls.pcap", raw(&tls)),
        ("keys.pcapng", decrypted.concat()),
        ("midway.pcap", raw(&packets[22..50])),
        ("short.pcap", raw(&short)),
        ("wifi.pcap", pcap(Order::Big, 1_000_000, Link(127, RAW.1), &packets)),
    ];
    fs::create_dir(place.path().join("folder.pcapng")).unwrap();
    for (name, bytes) in &files {
        fs::write(place.path().join(name), bytes).unwrap();
    }
    let mut golden = Golden::of("import/captures");
    for name in files.iter().map(|(name, _)| *name).chain(["folder.pcapng"]) {
        let ended = wscope(["import", name, "-o", "out.wsrec"]).inside(place.path()).run();
        golden.case(&format!("import {name}"), &ended, &[]);
    }
    golden.check();
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), files.len() + 1, "nothing else is there");
}

/// As dumpcap does it where it is told to, and as Wireshark's editcap does it afterwards.
#[test]
fn packets_that_are_cut_short_are_told() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("short.pcapng");
    let args = ["-s", "96", "tests/captures/chromium.pcap", out.to_str().unwrap()];
    let Some(editcap) = reader("editcap", &args, "") else { return };
    assert!(editcap.status.success(), "{}", String::from_utf8_lossy(&editcap.stderr));
    let ended = wscope(["import", "short.pcapng"]).inside(place.path()).run();
    assert_eq!(ended.code, Some(11));
    assert!(ended.stderr.contains(" of them cut short)"), "{}", ended.stderr);
    assert!(ended.stderr.contains("packets whole (tcpdump -s 0)"), "{}", ended.stderr);
}
