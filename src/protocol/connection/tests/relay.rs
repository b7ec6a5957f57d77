//! Two connections with somebody between them: what the one received goes out by the other, and nothing is answered there.

use super::*;

/// The legs of a client and of a server.
fn legs(config: fn(Role) -> Config) -> (Connection, Connection) {
    let mut legs = (connection(config(Role::Server)), connection(config(Role::Client)));
    legs.0.set_auto_answer(false);
    legs.1.set_auto_answer(false);
    legs
}

/// Passes on every frame that one received: what the other says of it.
fn pass(from: &mut Connection, to: &mut Connection) -> Vec<String> {
    for fact in facts(from) {
        if let Fact::Frame(FrameFact { direction: Direction::Received, frame, fragment, message, .. }) = fact {
            to.relay(frame, fragment, message).expect("open");
        }
    }
    facts(to).iter().map(describe).collect()
}

#[test]
fn a_relayed_frame_keeps_all_but_its_masking_key_and_its_place_is_told() {
    let (mut client, mut server) = legs(Config::new);
    // For the length that is not in its shortest form.
    client.set_on_violation(OnViolation::Continue);
    client.receive(b"\x01\x83\0\0\0\0hel\x89\x81\0\0\0\0p\x80\xfe\0\x02\0\0\0\0lo");
    assert_eq!(
        pass(&mut client, &mut server),
        [r#"> text b"hel" #1"#, r#"> ping b"p""#, r#"> continuation b"lo" #2 = b"hello""#]
    );
    let key = |payload: &[u8]| payload.iter().zip(KEY).map(|(byte, key)| byte ^ key).collect::<Vec<_>>();
    let frame = |head: &[u8], payload: &[u8]| [head, &KEY, &key(payload)].concat();
    let expected = [frame(b"\x01\x83", b"hel"), frame(b"\x89\x81", b"p"), frame(b"\x80\xfe\0\x02", b"lo")].concat();
    assert_eq!(server.output(), expected, "a length that is not the shortest stays what it is");
    assert!(client.output().is_empty(), "the ping is for the other end to answer");
}

#[test]
fn compressed_frames_can_be_relayed_where_both_agreed_on_the_same() {
    let (mut client, mut server) = legs(compressed);
    let mut ends = (connection(compressed(Role::Client)), connection(compressed(Role::Server)));
    for _ in 0..3 {
        ends.0.send_message(false, Bytes::from_static(b"once more with the same window")).expect("open");
        let sent = ends.0.output().to_vec();
        ends.0.wrote(sent.len());
        client.receive(&sent);
        pass(&mut client, &mut server);
        let relayed = server.output().to_vec();
        server.wrote(relayed.len());
        let heard = play(&mut ends.1, &relayed);
        assert!(heard[0].ends_with(r#"= b"once more with the same window""#), "{heard:?}");
    }
}

#[test]
fn a_close_frame_is_relayed_or_answered_and_nothing_after_it() {
    let (mut client, mut server) = legs(Config::new);
    client.receive(b"\x88\x82\0\0\0\0\x03\xe8");
    assert_eq!(pass(&mut client, &mut server), [r#"> close b"\x03\xe8""#]);
    assert!(server.is_closing() && !client.is_closing() && client.owes_close());
    let spec = Frame { header: crate::protocol::frame::Header::new(Opcode::TEXT, 0), payload: Bytes::new() };
    assert_eq!(server.relay(spec, None, None), Err(SendError::Closing));
    client.answer_close();
    assert_eq!(client.output(), b"\x88\x02\x03\xe8");
    assert!(client.is_done() && !client.owes_close());
    client.answer_close();
    assert_eq!(client.output().len(), 4, "once");
}

#[test]
fn the_frame_that_broke_a_rule_is_known_when_it_is_told() {
    let mut ours = client();
    ours.receive(b"\x81\x01a\x83\x00");
    let blamed: Vec<bool> = std::iter::from_fn(|| ours.next_fact().map(|_| ours.blames_last())).collect();
    assert_eq!(blamed, [false, true, false, false], "a message, the frame, its violation, our close frame");
    assert!(ours.has_failed());
}
