//! One capture in every form that tools write: byte orders, resolutions, link layers, IP versions, extension headers, IP
//! fragments, interfaces and sections give the same recording.

use std::fs;
use std::path::Path;

use super::packets::{Interface, Link, Order, Packet, RAW, packets, pcap, raw, section, simple};
use super::{all, events, imported};
use crate::support::peers::reader;

const ETHERNET: Link = Link(1, |ip| ethernet(&[8, 0], ip));
const COOKED: Link = Link(113, |ip| behind(&[0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0], ip));
const COOKED_2: Link = Link(276, |ip| behind(&[8, 0, 0, 0, 0, 0, 0, 1, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0], ip));

fn behind(head: &[u8], ip: &[u8]) -> Vec<u8> {
    [head, ip].concat()
}

/// Two addresses, and what is before the packet.
fn ethernet(head: &[u8], ip: &[u8]) -> Vec<u8> {
    [&[0; 12], head, ip].concat()
}

/// As IPv6 with these extension headers, the first of which is of this kind.
fn v6(first: u8, extensions: &[u8], payload: &[u8]) -> Vec<u8> {
    let [high, low] = ((extensions.len() + payload.len()) as u16).to_be_bytes();
    let head = [0x60, 0, 0, 0, high, low, first, 64];
    let address = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    [&head[..], &address, &address, extensions, payload].concat()
}

/// What every form has to give.
fn expected(place: &Path) -> String {
    fs::copy("tests/captures/chromium.pcap", place.join("chromium.pcap")).unwrap();
    imported(place, "chromium.pcap")
}

fn as_v6(recording: &str) -> String {
    recording.replace("\"addr\":\"127.0.0.1:", "\"addr\":\"[::1]:")
}

fn import(place: &Path, bytes: &[u8]) -> String {
    fs::write(place.join("form"), bytes).unwrap();
    imported(place, "form")
}

#[test]
fn every_link_layer_is_looked_through() {
    let place = tempfile::tempdir().unwrap();
    let expected = expected(place.path());
    let links = [
        ("Ethernet", ETHERNET),
        ("802.1Q", Link(1, |ip| ethernet(&[0x81, 0, 0, 100, 8, 0], ip))),
        ("802.1ad and 802.1Q", Link(1, |ip| ethernet(&[0x88, 0xA8, 0, 7, 0x81, 0, 0, 100, 8, 0], ip))),
        ("802.1Q twice", Link(1, |ip| ethernet(&[0x81, 0, 0, 7, 0x81, 0, 0, 100, 8, 0], ip))),
        ("raw", RAW),
        ("raw of BSD", Link(12, RAW.1)),
        ("raw of OpenBSD", Link(14, RAW.1)),
        ("IPv4", Link(228, RAW.1)),
        ("null", Link(0, |ip| behind(&[2, 0, 0, 0], ip))),
        ("null, big-endian", Link(0, |ip| behind(&[0, 0, 0, 2], ip))),
        ("loop", Link(108, |ip| behind(&[0, 0, 0, 2], ip))),
        ("cooked", COOKED),
        ("cooked, second version", COOKED_2),
    ];
    for (name, link) in links {
        let capture = pcap(Order::Little, 1_000_000, link, &packets());
        assert!(import(place.path(), &capture) == expected, "{name}");
    }
}

#[test]
fn ipv6_is_the_same_whatever_headers_are_in_between() {
    let place = tempfile::tempdir().unwrap();
    let expected = as_v6(&expected(place.path()));
    let links = [
        ("none", Link(229, |ip| v6(6, &[], &ip[20..]))),
        (
            "hop-by-hop and destination options",
            Link(101, |ip| {
                let extensions = [60, 0, 1, 4, 0, 0, 0, 0, 6, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                v6(0, &extensions, &ip[20..])
            }),
        ),
        ("a fragment that is all of it", Link(229, |ip| v6(44, &[6, 0, 0, 0, 0, 0, 0, 9], &ip[20..]))),
    ];
    for (name, link) in links {
        let capture = pcap(Order::Little, 1_000_000, link, &packets());
        assert!(import(place.path(), &capture) == expected, "{name}");
    }
}

/// Each IP packet as fragments with 24 bytes of payload.
fn fragments(six: bool) -> Vec<Packet> {
    let mut all = Vec::new();
    for (packet, number) in packets().iter().zip(1u16..) {
        let [high, low] = number.to_be_bytes();
        let (head, payload) = packet.ip.split_at(20);
        for (piece, at) in payload.chunks(24).zip((0u16..).step_by(24)) {
            let more = u16::from(usize::from(at) + piece.len() < payload.len());
            let ip = if six {
                let [offset, flags] = (at | more).to_be_bytes();
                v6(44, &[6, 0, offset, flags, 0, 0, high, low], piece)
            } else {
                let mut ip = [head, piece].concat();
                let length = ip.len() as u16;
                ip[2..4].copy_from_slice(&length.to_be_bytes());
                ip[4..6].copy_from_slice(&[high, low]);
                ip[6..8].copy_from_slice(&((at / 8) | (more << 13)).to_be_bytes());
                ip
            };
            all.push(Packet { ip, ..packet.clone() });
        }
    }
    all
}

#[test]
fn fragments_of_ip_are_joined_in_whatever_order() {
    let place = tempfile::tempdir().unwrap();
    let expected = expected(place.path());
    let mut four = fragments(false);
    assert!(import(place.path(), &raw(&four)) == expected, "IPv4");
    // The last fragment of each packet first.
    four.reverse();
    four.sort_by_key(|fragment| fragment.micros);
    assert!(import(place.path(), &raw(&four)) == expected, "IPv4, reversed");
    assert!(import(place.path(), &raw(&fragments(true))) == as_v6(&expected), "IPv6");
    // Without one of them all that its packet carried is missing: here the server's second message.
    let message = packets()[26].micros;
    let lost = four.iter().position(|fragment| fragment.micros == message).unwrap();
    four.remove(lost);
    let note = "3 bytes that the server sent (relative sequence numbers 185 to 187) are not in the capture;";
    assert!(import(place.path(), &raw(&four)).contains(note));
}

#[test]
fn a_fragment_of_long_ago_is_no_part_of_a_packet_with_the_same_identification() {
    let place = tempfile::tempdir().unwrap();
    let expected = events(&expected(place.path()), &["frame"]);
    let mut all = fragments(false);
    let message = packets()[26].micros;
    let last = all.iter().rposition(|fragment| fragment.micros == message).unwrap();
    let mut stale = all[last].clone();
    stale.micros -= 61_000_000;
    *stale.ip.last_mut().unwrap() ^= 1;
    all.insert(0, stale);
    assert_eq!(events(&import(place.path(), &raw(&all)), &["frame"]), expected);
}

#[test]
fn byte_orders_resolutions_interfaces_and_sections_make_no_difference() {
    let place = tempfile::tempdir().unwrap();
    let (expected, packets) = (expected(place.path()), packets());
    let interfaces = [Interface(ETHERNET, 6, 0), Interface(RAW, 9, 0), Interface(COOKED, 7, 1_700_000_000)];
    let (first, second) = packets.split_at(30);
    let sections = [section(Order::Big, &interfaces[2..], first), section(Order::Little, &interfaces[1..], second)];
    let forms = [
        ("pcap, big-endian", pcap(Order::Big, 1_000_000, ETHERNET, &packets)),
        ("pcap, nanoseconds", pcap(Order::Little, 1_000_000_000, ETHERNET, &packets)),
        ("pcap, big-endian, nanoseconds", pcap(Order::Big, 1_000_000_000, ETHERNET, &packets)),
        ("pcapng", section(Order::Little, &interfaces[..1], &packets)),
        ("pcapng, big-endian", section(Order::Big, &interfaces[..1], &packets)),
        ("pcapng, interfaces", section(Order::Little, &interfaces, &packets)),
        ("pcapng, big-endian, interfaces", section(Order::Big, &interfaces, &packets)),
        ("pcapng, sections", sections.concat()),
    ];
    for (name, bytes) in forms {
        assert!(import(place.path(), &bytes) == expected, "{name}");
    }
}

/// Simple packets have no times: all is at that of the packet before.
#[test]
fn simple_packets_have_everything_but_a_time() {
    let place = tempfile::tempdir().unwrap();
    let (expected, packets) = (expected(place.path()), packets());
    let expected = all(&expected, "frame");
    for order in [Order::Little, Order::Big] {
        let mut capture = section(order, &[Interface(RAW, 6, 0)], &packets[..1]);
        packets[1..].iter().for_each(|packet| capture.extend(simple(order, packet)));
        let (times, frames): (Vec<_>, Vec<_>) = events(&import(place.path(), &capture), &["frame"]).into_iter().unzip();
        assert_eq!(frames, expected);
        assert!(times.iter().all(|time| *time == packets[0].micros.cast_signed()));
    }
}

/// Wireshark's own tools change format and resolution, take link layers off, and put files of different kinds into one.
#[test]
fn what_wiresharks_tools_make_of_it_is_the_same() {
    let place = tempfile::tempdir().unwrap();
    let expected = expected(place.path());
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (whole, first, second, both) = (path("chromium.pcap"), path("first"), path("second"), path("both"));
    let run = |tool: &str, args: &[&str]| {
        let ended = reader(tool, args, "")?;
        assert!(ended.status.success(), "{tool} {args:?}: {}", String::from_utf8_lossy(&ended.stderr));
        Some(())
    };
    for format in ["pcapng", "nsecpcap"] {
        if run("editcap", &["-F", format, &whole, &first]).is_none() {
            return;
        }
        assert!(imported(place.path(), "first") == expected, "{format}");
    }
    run("editcap", &["-F", "nsecpcap", "-r", &whole, &first, "1-30"]).unwrap();
    run("editcap", &["-F", "pcap", "-C", "14", "-L", "-T", "rawip", &whole, &second, "1-30"]).unwrap();
    run("mergecap", &["-w", &both, &first, &second]).unwrap();
    assert!(imported(place.path(), "both") == expected, "of two link layers and resolutions");
}
