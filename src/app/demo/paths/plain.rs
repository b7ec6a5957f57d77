//! Paths that send back what they get, each in its own way: `/slow`, `/fragments`, `/binary`.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use crate::app::server::{Client, Turn};
use crate::command::{Command, FrameSpec};
use crate::event::Message;
use crate::protocol::Opcode;

/// How late `/slow` is.
const DELAY: Duration = Duration::from_secs(1);

/// What `/slow` keeps at most, in bytes. What comes beyond that is lost.
const KEPT: usize = 64 << 20;

/// What `/fragments` says first. Cut in three, its second character falls apart, as a fragment may (RFC 6455 section 5.6).
const GREETING: &str = "für";

/// A PNG of one transparent pixel.
const PIXEL: &[u8] =
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\
    \x00\x00\x00\x0bIDATx\xdac`\x00\x02\x00\x00\x05\x00\x01\xe9\xfa\xdc\xd8\x00\x00\x00\x00IEND\xaeB`\x82";

/// `{"hello":"world"}` as `MessagePack`.
const MESSAGE_PACK: &[u8] = b"\x81\xa5hello\xa5world";

/// Each answer comes a second after its message, however many are under way.
pub(super) fn slow(mut client: Client) {
    let mut waiting: VecDeque<(Duration, Message)> = VecDeque::new();
    let mut kept = 0;
    loop {
        match client.next(waiting.front().map(|(due, _)| *due)) {
            Turn::Message(message) if kept + message.data.len() <= KEPT => {
                kept += message.data.len();
                waiting.push_back((client.now() + DELAY, message));
            }
            Turn::Due => {
                let Some((_, message)) = waiting.pop_front() else { continue };
                kept -= message.data.len();
                client.echo(message);
            }
            Turn::Message(_) | Turn::Woken | Turn::Writable => {}
            Turn::Over => return,
        }
    }
}

/// A greeting, then every message back, each in three fragments with a ping before the last.
pub(super) fn fragments(mut client: Client) {
    in_fragments(&mut client, false, &Bytes::from_static(GREETING.as_bytes()));
    loop {
        match client.next(None) {
            Turn::Message(message) => in_fragments(&mut client, message.binary, &message.data),
            Turn::Due | Turn::Woken | Turn::Writable => {}
            Turn::Over => return,
        }
    }
}

/// Frame by frame, since a message is otherwise sent without anything in between (RFC 6455 section 5.4 allows control frames
/// there).
fn in_fragments(client: &mut Client, binary: bool, data: &Bytes) {
    let first = if binary { Opcode::BINARY } else { Opcode::TEXT };
    let (one, two) = (data.len().div_ceil(3), (2 * data.len()).div_ceil(3));
    let part = |opcode, fin, payload| FrameSpec { fin, ..FrameSpec::new(opcode, payload) };
    for frame in [
        part(first, false, data.slice(..one)),
        part(Opcode::CONTINUATION, false, data.slice(one..two)),
        FrameSpec::new(Opcode::PING, Bytes::from_static(b"still here?")),
        part(Opcode::CONTINUATION, true, data.slice(two..)),
    ] {
        client.send(Command::Frame(frame));
    }
}

/// Something for each way of writing a length (RFC 6455 section 5.2), and something to recognise.
pub(super) fn binary(mut client: Client) {
    let all: Vec<u8> = (0..=255).collect();
    let long = all.repeat(256);
    for data in [Bytes::new(), MESSAGE_PACK.into(), PIXEL.into(), all.into(), long.into()] {
        client.send(Command::Binary(data));
    }
    client.echo_all();
}
