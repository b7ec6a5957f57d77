//! What TCP does to a stream, and what a capture lacks of it: the same recording comes out, or what is missing is told with
//! its place.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::packets::{Packet, packets, raw};
use super::{all, imported};

fn import(place: &Path, packets: &[Packet]) -> String {
    fs::write(place.join("a.pcap"), raw(packets)).unwrap();
    imported(place, "a.pcap")
}

fn notes(recording: &str) -> Vec<String> {
    all(recording, "note").iter().map(|note| note["text"].as_str().unwrap().to_owned()).collect()
}

/// Each packet with data as these packets.
fn each(pieces: impl Fn(&Packet) -> Vec<Packet>) -> Vec<Packet> {
    let has_data = |packet: &Packet| !packet.data().is_empty();
    packets().iter().flat_map(|packet| if has_data(packet) { pieces(packet) } else { vec![packet.clone()] }).collect()
}

#[test]
fn segments_may_be_repeated_overlap_and_come_in_any_order() {
    let place = tempfile::tempdir().unwrap();
    let expected = import(place.path(), &packets());
    assert!(all(&expected, "frame").len() > 20);
    let thirds = |packet: &Packet| {
        let length = packet.data().len();
        vec![packet.piece(0..length - length / 3), packet.piece(length / 3..length)]
    };
    let mut later = packets();
    for at in (20..45).rev() {
        later.insert(at + 3, Packet { micros: later[at + 2].micros, ..later[at].clone() });
    }
    let streams = [
        ("as it was", each(|packet| vec![packet.clone()])),
        ("sent twice", each(|packet| vec![packet.clone(), packet.clone()])),
        ("sent again later", later),
        ("overlapping", each(thirds)),
        ("the end first", each(|packet| thirds(packet).into_iter().rev().collect())),
        ("byte by byte", each(|packet| (0..packet.data().len()).map(|at| packet.piece(at..at + 1)).collect())),
        ("a byte of it, then all", each(|packet| vec![packet.piece(0..1), packet.clone()])),
    ];
    for (name, packets) in streams {
        assert!(import(place.path(), &packets) == expected, "{name}");
    }
}

/// What was said on each connection, without times and numbers.
fn by_url(recording: &str) -> BTreeMap<String, Vec<Value>> {
    let mut urls = BTreeMap::new();
    let mut said: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in recording.lines().skip(1) {
        let mut event: Value = serde_json::from_str(line).unwrap();
        let Some(connection) = event["c"].as_u64() else { continue };
        if let Some(url) = event["url"].as_str() {
            urls.insert(connection, url.to_owned());
        }
        let members = event.as_object_mut().unwrap();
        for name in ["t", "c", "n", "tcp", "upgrade", "after", "frame"] {
            members.remove(name);
        }
        if let Some(fragment) = members.get_mut("fragment") {
            *fragment = fragment[1].take();
        }
        said.entry(urls[&connection].clone()).or_default().push(event);
    }
    said
}

#[test]
fn connections_at_the_same_time_are_kept_apart() {
    let place = tempfile::tempdir().unwrap();
    let mut streams: BTreeMap<u16, Vec<Packet>> = BTreeMap::new();
    for packet in packets() {
        let client = packet.ports().into_iter().find(|port| *port != 38607).unwrap();
        streams.entry(client).or_default().push(packet);
    }
    let mut streams: Vec<_> = streams.into_values().map(Vec::into_iter).collect();
    let rounds = std::iter::from_fn(|| {
        let round: Vec<_> = streams.iter_mut().filter_map(Iterator::next).collect();
        (!round.is_empty()).then_some(round)
    });
    let mut mixed: Vec<_> = rounds.flatten().collect();
    for (packet, micros) in mixed.iter_mut().zip((packets()[0].micros..).step_by(100)) {
        packet.micros = micros;
    }
    let (apart, together) = (import(place.path(), &packets()), import(place.path(), &mixed));
    let order = |recording: &str| all(recording, "frame").iter().map(|frame| frame["text"].clone()).collect::<Vec<_>>();
    assert_ne!(order(&together), order(&apart));
    let (apart, together) = (by_url(&apart), by_url(&together));
    assert_eq!(together.len(), 3);
    assert_eq!(together, apart);
}

#[test]
fn what_is_missing_is_told_with_its_place() {
    let place = tempfile::tempdir().unwrap();
    let whole = import(place.path(), &packets());
    let sent = |recording: &str| {
        all(recording, "frame").into_iter().filter(|frame| frame["dir"] == "sent").collect::<Vec<_>>()
    };
    let undecoded = |note: &str| format!("{note}; what it sent after them is not decoded");
    // The server's second message.
    let mut without = packets();
    without.remove(26);
    let recording = import(place.path(), &without);
    let note = "3 bytes that the server sent (relative sequence numbers 185 to 187) are not in the capture";
    assert_eq!(notes(&recording), [undecoded(note), "121 bytes that the server sent are not decoded".to_owned()]);
    assert_eq!(sent(&recording), sent(&whole));
    let close = &all(&recording, "close")[0];
    assert_eq!((&close["clean"], &close["detail"]), (&json!(false), &json!("not all of it was decoded")));
    // Of the client's third message the end.
    let mut cut = packets();
    cut[27] = cut[27].clone().cut_to(20 + 32 + 10);
    let recording = import(place.path(), &cut);
    let note = "33 bytes that the client sent (relative sequence numbers 556 to 588) are not in the capture";
    assert_eq!(notes(&recording)[0], undecoded(note));
    assert_eq!(notes(&recording).last().unwrap(), "packets that are cut short in the capture: 1");
    // Of the answer to the opening handshake the end.
    let mut head = packets();
    head[21] = head[21].piece(0..100);
    let note = "75 bytes that the server sent (relative sequence numbers 101 to 175) are not in the capture: the opening \
                handshake is not whole";
    assert_eq!(notes(&import(place.path(), &head)), [note]);
}

#[test]
fn a_connection_without_its_beginning_is_told() {
    let place = tempfile::tempdir().unwrap();
    let recording = import(place.path(), &packets()[22..]);
    let note = "TCP streams that are not decoded, since their beginning is not in the capture: 1, the first \
                127.0.0.1:42334 -> 127.0.0.1:38607";
    assert_eq!(notes(&recording), [note]);
    let mut others = by_url(&import(place.path(), &packets()));
    others.remove("ws://127.0.0.1:38607/chat?room=1&token=***").unwrap();
    assert_eq!(by_url(&recording), others);
    // Its SYN is there, but not its request.
    let mut headless = packets();
    headless.remove(19);
    let recording = import(place.path(), &headless);
    assert_eq!((notes(&recording), by_url(&recording)), (vec![note.to_owned()], others));
}

#[test]
fn other_streams_that_are_tls_are_told() {
    let place = tempfile::tempdir().unwrap();
    let mut packets = packets();
    packets[3] = packets[2].followed_by(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03");
    let note = "TCP streams that are not decoded, since they are TLS: 1, the first 127.0.0.1:49624 -> 127.0.0.1:38607";
    assert_eq!(notes(&import(place.path(), &packets)), [note]);
}

#[test]
fn a_reset_and_the_end_of_the_capture_are_told() {
    let place = tempfile::tempdir().unwrap();
    let mut packets = packets();
    packets.truncate(40);
    assert_eq!(notes(&import(place.path(), &packets)), ["the capture ends before the connection does"]);
    let reset = packets[39].reset();
    packets.push(reset);
    let recording = import(place.path(), &packets);
    let close = json!({"ev": "close", "by": "peer", "clean": false, "detail": "connection reset by the server"});
    assert_eq!((all(&recording, "close"), notes(&recording)), (vec![close], Vec::new()));
}
