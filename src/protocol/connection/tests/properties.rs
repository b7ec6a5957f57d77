//! What holds for any bytes and any frames.

use proptest::prelude::*;

use super::*;

fn any_spec() -> impl Strategy<Value = FrameSpec> {
    let masking = prop_oneof![
        Just(Masking::None),
        Just(Masking::Fresh),
        any::<MaskKey>().prop_map(Masking::Key),
        Just(Masking::ByRole)
    ];
    (any::<bool>(), 0u8..8, 0u8..16, masking, prop::collection::vec(any::<u8>(), 0..300)).prop_map(
        |(fin, rsv, opcode, masking, payload)| FrameSpec {
            fin,
            rsv,
            masking,
            ..FrameSpec::new(Opcode::from_bits(opcode), payload)
        },
    )
}

proptest! {
    /// Frames that make sense more often than any bytes do, with lengths that lie.
    #[test]
    fn no_frames_of_a_peer_bring_it_down(
        specs in prop::collection::vec((any_spec(), prop::option::of(any::<u64>())), 0..12),
        role in prop_oneof![Just(Role::Client), Just(Role::Server)],
        goes_on: bool,
        compress: bool,
    ) {
        let deflate = compress.then(DeflateParams::default);
        let on_violation = if goes_on { OnViolation::Continue } else { OnViolation::Fail };
        let mut conn = connection(Config { deflate, on_violation, max_message: 500, ..Config::new(role) });
        let mut peer = server();
        for (spec, length) in specs {
            peer.send_frame(FrameSpec { length, ..spec });
        }
        let given = peer.output().len();
        conn.receive(peer.output());
        conn.end(Side::Peer, None);
        let facts = facts(&mut conn);
        let received = facts.iter().map(|fact| match fact {
            Fact::Frame(f) if f.direction == Direction::Received => f.frame.wire_size() as usize,
            Fact::Undecoded(bytes) => bytes.len(),
            _ => 0,
        });
        prop_assert_eq!(received.sum::<usize>(), given, "every byte is told, once");
        prop_assert_eq!(facts.iter().filter(|fact| matches!(fact, Fact::Closed(_))).count(), 1);
    }

    #[test]
    fn any_cutting_of_the_bytes_gives_the_same_facts(
        bytes in prop::collection::vec(prop_oneof![Just(0x81u8), Just(0x01), Just(0x80), Just(0x02), Just(0x89), any::<u8>()], 0..200),
        cuts in prop::collection::vec(1usize..20, 1..50),
        role in prop_oneof![Just(Role::Client), Just(Role::Server)],
        compress: bool,
    ) {
        // Going on after a violation, since failing early shows less of a frame when less of it has arrived.
        let config = Config {
            on_violation: OnViolation::Continue,
            max_message: 150,
            deflate: compress.then(DeflateParams::default),
            ..Config::new(role)
        };
        let whole = {
            let mut conn = connection(config.clone());
            conn.receive(&bytes);
            conn.end(Side::Peer, None);
            (facts(&mut conn), conn.output().to_vec())
        };
        let mut conn = connection(config);
        let (mut rest, mut cuts, mut cut) = (&bytes[..], cuts.iter().cycle(), Vec::new());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(*cuts.next().expect("endless")));
            conn.receive(now);
            cut.extend(facts(&mut conn));
            rest = later;
        }
        conn.end(Side::Peer, None);
        cut.extend(facts(&mut conn));
        prop_assert_eq!(settle(whole.0), settle(cut));
        prop_assert_eq!(whole.1, conn.output());
    }

    #[test]
    fn what_is_encoded_decodes_to_the_same_frames(specs in prop::collection::vec(any_spec(), 1..20)) {
        let mut sender = client();
        for spec in specs.clone() {
            sender.send_frame(spec);
        }
        let sent: Vec<Frame> = facts(&mut sender).into_iter().filter_map(frame).collect();
        let mut decoder = crate::protocol::decoder::Decoder::default();
        let mut decoded = Vec::new();
        for piece in sender.output().chunks(7) {
            decoder.space()[..piece.len()].copy_from_slice(piece);
            decoder.filled(piece.len());
            while decoder.header().is_some() {
                let Some(frame) = decoder.take() else { break };
                decoded.push(frame);
            }
        }
        prop_assert_eq!(sent, decoded);
    }
}

fn frame(fact: Fact) -> Option<Frame> {
    if let Fact::Frame(fact) = fact { Some(fact.frame) } else { None }
}

/// How much of a failing frame, of an excerpt or of an undecoded rest has arrived depends on the cutting; nothing else may.
fn settle(facts: Vec<Fact>) -> Vec<Fact> {
    let mut settled: Vec<Fact> = Vec::new();
    for fact in facts {
        match fact {
            Fact::Undecoded(_) => {}
            Fact::Frame(fact) if fact.frame.is_cut() => settled.push(without_payload(fact)),
            Fact::Violation(v) if v.rule == Rule::InvalidUtf8 => {
                settled.push(Fact::Violation(Violation { bytes: v.bytes.slice(..v.bytes.len().min(1)), ..v }));
            }
            Fact::Violation(v) => {
                let at = settled.iter().rposition(|fact| matches!(fact, Fact::Frame(_)));
                if v.rule.close_code() == 1009
                    && let Some(at) = at
                    && let Fact::Frame(frame) = settled[at].clone()
                {
                    settled[at] = without_payload(frame);
                }
                settled.push(Fact::Violation(v));
            }
            fact => settled.push(fact),
        }
    }
    settled
}

fn without_payload(fact: FrameFact) -> Fact {
    let frame = Frame { payload: Bytes::new(), ..fact.frame };
    Fact::Frame(FrameFact { frame, ..fact })
}
