//! What the gate lets through, and when: as the middle asks it.

use std::time::Duration;

use super::*;

/// A gate, and the passage of a client whose legs are connections 1 and 2.
fn gate() -> (Gate, Box<dyn Tamper>, Wakened) {
    let gate = Gate::default();
    let (passage, wakened) = enter(&gate, 1);
    (gate, passage, wakened)
}

fn enter(gate: &Gate, client: u32) -> (Box<dyn Tamper>, Wakened) {
    let mut passage = gate.client();
    let wakened = passage.wakened().expect("a pair of sockets");
    passage.opened(&Opened { client, server: client + 1, resource: "/".into() });
    (passage, wakened)
}

fn text(to: Peer, data: &'static str) -> Crossing {
    Crossing::new(to, false, Bytes::from_static(data.as_bytes()))
}

fn said(outcome: &Outcome) -> Vec<&str> {
    outcome.crossings.iter().map(|crossing| std::str::from_utf8(&crossing.data).expect("text")).collect()
}

#[test]
fn only_what_goes_to_an_end_that_is_shut_is_held_and_goes_on_in_order() {
    let (gate, mut passage, wakened) = gate();
    assert_eq!(said(&passage.message(text(Peer::Server, "early"))), ["early"]);
    gate.shut(&[Peer::Server]);
    assert_eq!(said(&passage.message(text(Peer::Client, "other way"))), ["other way"]);
    let outcome = passage.message(text(Peer::Server, "a"));
    assert!(outcome.crossings.is_empty());
    assert_eq!(outcome.notes, ["gate: held as 1 the text of 1 bytes to the server"]);
    passage.message(text(Peer::Server, "b"));
    assert_eq!(gate.count(), 2);
    assert!(!wakened.wait(Duration::ZERO), "nothing was decided");
    gate.open();
    assert!(wakened.wait(Duration::ZERO));
    // What comes before the thread has looked does not overtake.
    let outcome = passage.message(text(Peer::Server, "c"));
    assert_eq!(said(&outcome), ["a", "b", "c"]);
    assert_eq!(outcome.notes[0], "by hand: released 1, the text of 1 bytes to the server");
    assert_eq!((gate.count(), passage.woken().crossings.len()), (0, 0));
}

#[test]
fn one_can_be_changed_another_dropped_and_a_number_stays_with_its_message() {
    let (gate, mut passage, wakened) = gate();
    gate.shut(&Peer::ALL);
    for data in ["a", "b", "c"] {
        passage.message(text(Peer::Client, data));
    }
    gate.discard(1).expect("held");
    gate.edit(2, true, Bytes::from_static(&[0, 255])).expect("held");
    let numbers: Vec<u64> = gate.held().iter().map(|held| held.number).collect();
    assert_eq!(numbers, [2, 3]);
    gate.release(3).expect("held");
    gate.release(2).expect("held");
    assert_eq!(gate.release(2), Err(GateError::NotHeld(2)));
    assert_eq!(gate.release_all(), Err(GateError::NothingHeld));
    assert!(wakened.wait(Duration::ZERO));
    let outcome = passage.woken();
    let went: Vec<_> = outcome.crossings.iter().map(|crossing| (crossing.binary, &crossing.data[..])).collect();
    assert_eq!(went, [(false, &b"c"[..]), (true, &[0, 255])]);
    assert_eq!(
        outcome.notes,
        [
            "by hand: dropped 1, the text of 1 bytes to the client",
            "by hand: changed 2, the text of 1 bytes to the client, into the binary of 2 bytes to the client",
            "by hand: released 3, the text of 1 bytes to the client",
            "by hand: released 2, the binary of 2 bytes to the client",
        ]
    );
}

#[test]
fn what_is_said_by_hand_goes_past_what_is_held_to_the_client_that_is_meant() {
    let (gate, mut passage, _) = gate();
    gate.shut(&Peer::ALL);
    passage.message(text(Peer::Server, "held"));
    gate.say(None, Peer::Server, false, Bytes::from_static(b"hi")).expect("the only client");
    let outcome = passage.woken();
    assert_eq!(said(&outcome), ["hi"]);
    assert_eq!(outcome.notes, ["by hand: says the text of 2 bytes to the server"]);
    let (mut other, wakened) = enter(&gate, 3);
    let say = |connection| gate.say(connection, Peer::Client, false, Bytes::from_static(b"yo"));
    assert_eq!(say(None), Err(GateError::Several(vec![1, 3])));
    assert_eq!(say(Some(7)), Err(GateError::UnknownClient(7)));
    say(Some(4)).expect("the second client, by its server's leg");
    assert!(wakened.wait(Duration::ZERO));
    assert_eq!((said(&other.woken()), passage.woken().crossings.len()), (vec!["yo"], 0));
    drop((passage, other));
    assert_eq!((say(None), gate.count()), (Err(GateError::NoClient), 0));
}

#[test]
fn a_close_lets_go_what_is_held_that_way_and_nothing_is_held_after_it() {
    let (gate, mut passage, _) = gate();
    gate.shut(&Peer::ALL);
    passage.message(text(Peer::Server, "a"));
    passage.message(text(Peer::Client, "b"));
    let outcome = passage.closing(Peer::Server);
    assert_eq!(said(&outcome), ["a"]);
    assert_eq!(outcome.notes, ["gate: released 1 before the close, the text of 1 bytes to the server"]);
    assert_eq!(said(&passage.message(text(Peer::Server, "late"))), ["late"]);
    assert_eq!(gate.say(None, Peer::Server, false, Bytes::new()), Err(GateError::Closing(Peer::Server)));
    assert_eq!(gate.count(), 1);
}

#[test]
fn a_source_is_read_no_further_once_enough_is_held_of_it() {
    let (gate, mut passage, _) = gate();
    gate.shut(&Peer::ALL);
    let big = Bytes::from(vec![0; BACKLOG / 2]);
    passage.message(Crossing::new(Peer::Server, true, big.clone()));
    assert!(!passage.is_full(Peer::Server));
    passage.message(Crossing::new(Peer::Server, true, big));
    assert!(passage.is_full(Peer::Server) && !passage.is_full(Peer::Client));
    gate.discard(1).expect("held");
    assert!(!passage.is_full(Peer::Server));
    for _ in 0..=BACKLOG / ENTRY {
        passage.message(text(Peer::Client, ""));
    }
    assert!(passage.is_full(Peer::Client), "messages that are empty count too");
}
