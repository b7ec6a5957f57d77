//! Clients that do not read what they are told: it waits for them, and not in memory.

use std::fs::File;

use tungstenite::Message;

use super::{Client, Mock, Recording, close};
use crate::support::command::wscope;
use crate::support::serving::Serve;

/// Messages, and the bytes of each.
const COUNT: usize = 5_000;
const SIZE: usize = 4 << 10;

/// A message with its number first.
fn message(number: usize) -> String {
    format!("{number:0>SIZE$}")
}

/// Hears all of it, to the end.
fn hear_all(mut client: Client) {
    for number in 0..COUNT {
        assert_eq!(client.read().unwrap(), Message::text(message(number)));
    }
    close(client);
}

#[test]
fn clients_that_do_not_read_cost_no_memory_and_hear_all_of_it_later() {
    let mut recording = Recording::new().opened(1, "/").sent(1, "go");
    for number in 0..COUNT {
        recording = recording.received(1, &message(number));
    }
    let command = wscope(["replay"]).arg(recording.path()).args(["--listen", "0", "--loop", "-q", "--format", "raw"]);
    let mock = Mock { server: Serve::run(command.stdout_file(File::create("/dev/null").unwrap())) };
    let client = || {
        let mut client = mock.client("/");
        client.send("go".into()).unwrap();
        client
    };
    hear_all(client());
    let before = mock.server.peak();
    let idle = [client(), client(), client(), client()];
    // Whoever reads is told all of it meanwhile, so that there was time to say as much to the others.
    hear_all(client());
    idle.into_iter().for_each(hear_all);
    let more = before.zip(mock.server.peak()).map(|(before, after)| after - before);
    // Each has a MiB waiting at most; all that they do not read would be 80.
    assert!(more.is_none_or(|kib| kib < 24 << 10), "{more:?} KiB");
    mock.interrupt();
}
