//! Whatever a peer says: it gets only what RFC 6455 allows, and an end.

use std::io::{Cursor, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::channel;

use proptest::prelude::*;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::Role;
use tungstenite::{Error, WebSocket};

use crate::support::between::{Between, Client, masked};
use crate::support::command::wscope;
use crate::support::frames;
use crate::support::server::{self, Peer};
use crate::support::serving::Serve;

/// What a client says, or a server: frames that make sense more often than any bytes do, and then some bytes.
fn said(client: bool) -> impl Strategy<Value = Vec<u8>> {
    let usual = prop::sample::select(vec![0x81u8, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a, 0x88]);
    let first = prop_oneof![9 => usual, 1 => any::<u8>()];
    let payload = prop_oneof![
        "\\PC{0,20}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..140),
        (1000u16..5000).prop_map(|code| code.to_be_bytes().to_vec()),
    ];
    let rightly_masked = prop::bool::weighted(0.95);
    let frame = (first, payload, rightly_masked).prop_map(move |(first, payload, right)| {
        if client == right { masked(first, &payload) } else { frames::frame(first, &payload) }
    });
    let rest = prop_oneof![Just(Vec::new()), prop::collection::vec(any::<u8>(), 0..40)];
    (prop::collection::vec(frame, 0..8), rest).prop_map(|(frames, rest)| [frames.concat(), rest].concat())
}

/// The whole frames that these bytes begin with: first bytes, and payloads without their masks.
fn whole(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    let mut rest = bytes;
    let mut next = || {
        let (&[first, second], mut behind) = rest.split_first_chunk()?;
        let length = match second & 0x7f {
            126 => {
                let (length, more) = behind.split_first_chunk()?;
                behind = more;
                u16::from_be_bytes(*length).into()
            }
            127 => {
                let (length, more) = behind.split_first_chunk()?;
                behind = more;
                u64::from_be_bytes(*length)
            }
            length => length.into(),
        };
        let mut key = [0; 4];
        if second & 0x80 != 0 {
            (key, behind) = behind.split_first_chunk().map(|(key, behind)| (*key, behind))?;
        }
        let (payload, behind) = behind.split_at_checked(usize::try_from(length).ok()?)?;
        rest = behind;
        Some((first, payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()))
    };
    while let Some(frame) = next() {
        frames.push(frame);
    }
    frames
}

/// Whether what was heard is what was said, as far as it goes, and then perhaps a close frame.
fn follows(heard: &[u8], said: &[u8]) -> bool {
    let is_close = |(first, _): &(u8, Vec<u8>)| first & 0xf == 8;
    let heard: Vec<_> = whole(heard).into_iter().take_while(|frame| !is_close(frame)).collect();
    whole(said).starts_with(&heard)
}

/// Says all of it and ends, and reads to the end.
fn exchange(mut stream: &TcpStream, says: &[u8]) -> Vec<u8> {
    // The other end may be gone by now.
    let _ = stream.write_all(says).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut heard = Vec::new();
    let mut block = [0; 4096];
    loop {
        match stream.read(&mut block) {
            Ok(0) => return heard,
            Ok(count) => heard.extend_from_slice(&block[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return heard,
            Err(error) => panic!("no end of the connection: {error}"),
        }
    }
}

/// Why another implementation would not take these bytes, which may end anywhere behind a frame.
fn fault(heard: &[u8], role: Role) -> Option<Error> {
    /// What was heard; what is answered goes nowhere.
    struct Heard<'a>(Cursor<&'a [u8]>);
    impl Read for Heard<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl Write for Heard<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut socket = WebSocket::from_raw_socket(Heard(Cursor::new(heard)), role, None);
    loop {
        match socket.read() {
            Ok(_) => {}
            Err(Error::ConnectionClosed | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => return None,
            Err(error) => return Some(error),
        }
    }
}

/// The test's number of cases by its environment, and a quarter of it: each goes over sockets.
fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases / 4, ..config }
}

/// Whatever a client says at this path.
fn whatever_a_client_says(server: &Serve, path: &str) {
    proptest!(config(), |(says in said(true))| {
        let mut end = Client::connect(server.port);
        end.open(path);
        let heard = exchange(&end.stream, &says);
        prop_assert!(fault(&heard, Role::Client).is_none(), "{:?} {heard:02x?}", fault(&heard, Role::Client));
    });
}

#[test]
fn whatever_a_client_says_to_an_echo() {
    whatever_a_client_says(&Serve::start(&["--quiet"]), "/");
}

#[test]
fn whatever_a_client_says_to_a_script() {
    let server = Serve::start(&["--quiet", "--script", "scripts/serve_chat.rhai"]);
    whatever_a_client_says(&server, "/?user=ann&room=lobby");
}

#[test]
fn whatever_a_client_says_to_a_recording() {
    for matching in ["order", "any", "exact", "json", "regex"] {
        let command = ["replay", "scripts/echo.wsrec", "--listen", "0", "--loop", "--quiet", "--match", matching];
        whatever_a_client_says(&Serve::run(wscope(command)), "/echo");
    }
}

#[test]
fn whatever_two_ends_say_to_each_other_through_a_proxy() {
    let (to_say, says) = channel::<Vec<u8>>();
    let (to_tell, heard) = channel::<Vec<u8>>();
    let upstream = server::listen(move |listener| {
        for says in says {
            let mut peer = Peer::accept(&listener);
            peer.upgrade();
            to_tell.send(exchange(&peer.stream, &says)).unwrap();
        }
    });
    let between = Between::start(&upstream.url(), &["--headers", "none", "--quiet"]);
    proptest!(config(), |(client in said(true), server in said(false))| {
        to_say.send(server.clone()).unwrap();
        let mut end = between.client();
        end.open("/");
        let by_client = exchange(&end.stream, &client);
        let by_server = heard.recv().unwrap();
        prop_assert!(fault(&by_client, Role::Client).is_none(), "{:?} {by_client:02x?}", fault(&by_client, Role::Client));
        prop_assert!(fault(&by_server, Role::Server).is_none(), "{:?} {by_server:02x?}", fault(&by_server, Role::Server));
        prop_assert!(follows(&by_client, &server), "said {server:02x?}, heard {by_client:02x?}");
        prop_assert!(follows(&by_server, &client), "said {client:02x?}, heard {by_server:02x?}");
    });
    drop(to_say);
    upstream.saw();
    assert_eq!(between.end().code, Some(130), "it was there to the end");
}
