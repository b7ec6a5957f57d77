//! The chats of examples/: what one user says, the others hear, through one process, through two that Redis joins, and through
//! npm's `ws`. Driven by the program under test, as their own instructions say.

use std::process::Command;

use crate::support::command::{Wscope, wscope};
use crate::support::peers::{Peer, chat_server, chat_server_program, node_chat, redis};

const SAY_HI: &str = r#"{"type":"say","text":"hi \"all\" \u00e9"}"#;

fn join(server: &Peer, user: &str, room: &str) -> Wscope {
    wscope([server.url(&format!("/chat?user={user}&room={room}"))])
}

fn welcome(user: &str, room: &str) -> String {
    format!("{{\"type\":\"welcome\",\"user\":\"{user}\",\"room\":\"{room}\"}}\n")
}

fn joined(user: &str) -> String {
    format!("{{\"type\":\"joined\",\"user\":\"{user}\"}}\n")
}

fn left(user: &str) -> String {
    format!("{{\"type\":\"left\",\"user\":\"{user}\"}}\n")
}

fn said(user: &str, room: &str, text: &str, n: u64) -> String {
    format!("{{\"type\":\"said\",\"user\":\"{user}\",\"room\":\"{room}\",\"text\":\"{text}\",\"n\":{n}}}\n")
}

/// Every user hears just what happens in the room, in one order, wherever they are connected.
fn everyone_hears_everyone_in_the_room(here: &Peer, there: &Peer) {
    let (ann, cay) = (welcome("ann", "a&b") + joined("ann").as_str(), welcome("cay", "other") + joined("cay").as_str());
    let (hears_ann, hears_cay) = (ann.len(), cay.len());
    let [ann_stays, cay_stays] =
        [(here, "ann", "a%26b", "7"), (here, "cay", "other", "4")].map(|(server, user, room, count)| {
            join(server, user, room).args(["--count", count, "--wait", "60s"]).stdin_open()
        });
    let ann_stays = ann_stays.start_seen(hears_ann);
    let cay_stays = cay_stays.start_seen(hears_cay);
    let bob = welcome("bob", "a&b") + joined("bob").as_str();
    let hi = said("bob", "a&b", "hi \\\"all\\\" é", 1);
    let again = said("bob", "a&b", "again", 2);
    let says = ["-x", SAY_HI, "-x", r#"{"type":"say","text":"again"}"#];
    join(there, "bob", "a%26b").args(says).args(["--count", "4"]).run().success(format!("{bob}{hi}{again}"));
    // The first that is heard in the other room, where it is the first that is said.
    let dan = welcome("dan", "other") + joined("dan").as_str();
    let aside = said("dan", "other", "aside", 1);
    let says = ["-x", r#"{"type":"say","text":"aside"}"#];
    join(there, "dan", "other").args(says).args(["--count", "3"]).run().success(format!("{dan}{aside}"));
    let eve = join(there, "eve", "a%26b").args(["--count", "2"]).run();
    eve.success(welcome("eve", "a&b") + joined("eve").as_str());
    let all = [&ann, &joined("bob"), &hi, &again, &left("bob"), &joined("eve")].map(String::as_str).concat();
    ann_stays.end().success(all);
    cay_stays.end().success([&cay, &joined("dan"), &aside].map(String::as_str).concat());
}

/// What is no message of the protocol is answered, and the connection goes on; who does not say where to is refused.
fn mistakes_are_answered(server: &Peer) {
    let error = "{\"type\":\"error\",\"message\":\"want {\\\"type\\\":\\\"say\\\",\\\"text\\\":\\\"...\\\"}\"}\n";
    let mistakes = ["hello", "null", "[1]", r#"{"type":"sing","text":"la"}"#, r#"{"type":"say","text":1}"#];
    let mut run = join(server, "ann", "alone");
    let mut expected = welcome("ann", "alone") + joined("ann").as_str();
    for mistake in mistakes {
        run = run.args(["-x", mistake]);
        expected += error;
    }
    expected += &said("ann", "alone", "well", 1);
    run.args(["-x", r#"{"type":"say","text":"well"}"#, "--count", "8"]).run().success(expected);
    let binary = join(server, "ann", "binary").arg("--binary").stdin("x\n").args(["--count", "3"]).run();
    binary.success(welcome("ann", "binary") + joined("ann").as_str() + error);
    for path in ["/chat", "/chat?user=ann", "/chat?user=&room=lobby", "/other?user=ann&room=lobby"] {
        let ended = wscope([server.url(path)]).run();
        assert_eq!(ended.code, Some(6), "{path}: {ended:?}");
        assert!(ended.stderr.contains("400 Bad Request"), "{path}: {ended:?}");
    }
}

#[test]
fn one_process() {
    let server = chat_server(None);
    everyone_hears_everyone_in_the_room(&server, &server);
    mistakes_are_answered(&server);
}

#[test]
fn two_processes_joined_by_redis() {
    let Some(redis) = redis() else { return };
    let (one, two) = (chat_server(Some(&redis)), chat_server(Some(&redis)));
    everyone_hears_everyone_in_the_room(&one, &two);
}

#[test]
fn npm_ws() {
    let Some(server) = node_chat() else { return };
    everyone_hears_everyone_in_the_room(&server, &server);
    mistakes_are_answered(&server);
}

#[test]
fn what_can_not_be_reached_is_said_in_one_line() {
    for (args, code, line) in [
        (["--redis", "redis://ann:secret@127.0.0.1:1"], 1, "chat_server: cannot reach Redis at 127.0.0.1:1: "),
        (["--listen", "nowhere"], 1, "chat_server: cannot listen on nowhere: "),
    ] {
        let ended = Command::new(chat_server_program()).args(args).output().unwrap();
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!((ended.status.code(), ended.stdout.as_slice()), (Some(code), &b""[..]), "{stderr}");
        assert!(stderr.starts_with(line) && stderr.lines().count() == 1 && !stderr.contains("secret"), "{stderr}");
    }
}
