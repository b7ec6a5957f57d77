//! One path a violation: each breaks one rule of RFC 6455 or RFC 7692 once, then sends back what it gets, so that a client
//! that goes on all the same has somebody to talk to.

use bytes::Bytes;

use super::Client;
use crate::command::{Command, FrameSpec, Masking};
use crate::handshake::{Request, ServerOffer};
use crate::protocol::{LengthForm, Opcode, close};
use crate::session::Answer;

/// The payload of frames whose payload does not matter.
const HELLO: &[u8] = b"Hello";

/// Section 5.2: opcodes 3 to 7 are reserved for further data frames.
pub(super) fn reserved_opcode(client: Client) {
    send(client, [FrameSpec::new(Opcode::from_bits(3), Bytes::from_static(b"\xc3\x28"))]);
}

/// Section 5.2: a reserved bit must be 0 unless an extension gives it a meaning.
pub(super) fn rsv(client: Client) {
    send(client, [FrameSpec { rsv: 2, ..hello() }]);
}

/// Section 5.1: a server must not mask. The key is that of the example in section 5.7.
pub(super) fn masked(client: Client) {
    send(client, [FrameSpec { masking: Masking::Key([0x37, 0xFA, 0x21, 0x3D]), ..hello() }]);
}

/// Section 8.1: a text is UTF-8. This one is Latin-1.
pub(super) fn utf8(client: Client) {
    send(client, [FrameSpec::new(Opcode::TEXT, Bytes::from_static(b"caf\xe9 noir"))]);
}

/// Section 5.5: a control frame has at most 125 bytes.
pub(super) fn long_control(client: Client) {
    send(client, [FrameSpec::new(Opcode::PING, vec![b'p'; 126])]);
}

/// Section 5.5: a control frame is never fragmented.
pub(super) fn fragmented_control(client: Client) {
    send(client, [FrameSpec { fin: false, opcode: Opcode::PING, ..hello() }]);
}

/// Section 5.4: a continuation has a message to continue.
pub(super) fn continuation(client: Client) {
    send(client, [FrameSpec { opcode: Opcode::CONTINUATION, ..hello() }]);
}

/// Section 5.4: the fragments of one message must not be interleaved with those of another.
pub(super) fn interleaved(client: Client) {
    send(client, [FrameSpec { fin: false, ..hello() }, hello()]);
}

/// Section 5.2: a length is written in its shortest form.
pub(super) fn length(client: Client) {
    send(client, [FrameSpec { form: Some(LengthForm::Bits16), ..hello() }]);
}

/// No violation by itself, but a length that nobody should reserve memory for (section 10.4).
pub(super) fn huge(client: Client) {
    send(client, [FrameSpec { length: Some(1 << 62), ..hello() }]);
}

/// The end of the stream inside a frame, without a close frame (section 7.1.5: code 1006).
pub(super) fn cut(mut client: Client) {
    let payload = Bytes::from_static(b"cut");
    client.send(Command::Frame(FrameSpec { length: Some(10), ..FrameSpec::new(Opcode::TEXT, payload) }));
    client.cut();
}

/// RFC 7692 section 7.2.2: a block of type 3 does not exist. Where no compression was agreed on, RSV1 breaks section 5.2.
pub(super) fn deflate(client: Client) {
    send(client, [FrameSpec { rsv: 4, ..FrameSpec::new(Opcode::TEXT, Bytes::from_static(b"\x07\xff")) }]);
}

/// Section 7.4.1: 1006 stands for what was never on the wire.
pub(super) fn close_code(client: Client) {
    send(client, [FrameSpec::new(Opcode::CLOSE, close::payload(Some(1006), b""))]);
}

/// Section 5.5.1: a status code has two bytes.
pub(super) fn close_length(client: Client) {
    send(client, [FrameSpec::new(Opcode::CLOSE, Bytes::from_static(b"\x03"))]);
}

/// Section 4.2.2: the answer belongs to the client's key. This one belongs to the key of the example in section 1.3.
pub(super) fn accept_key(_: &Request) -> Answer {
    with("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
}

/// Section 4.1: a client fails on an extension that it did not ask for.
pub(super) fn extension(_: &Request) -> Answer {
    with("Sec-WebSocket-Extensions", "x-unasked")
}

/// Section 4.1: the same for a subprotocol.
pub(super) fn subprotocol(_: &Request) -> Answer {
    with("Sec-WebSocket-Protocol", "x-unasked")
}

fn with(name: &str, value: &str) -> Answer {
    Answer::Accept(ServerOffer { headers: vec![(name.to_owned(), value.to_owned())], ..ServerOffer::default() })
}

fn hello() -> FrameSpec {
    FrameSpec::new(Opcode::TEXT, HELLO)
}

fn send(mut client: Client, frames: impl IntoIterator<Item = FrameSpec>) {
    for frame in frames {
        client.send(Command::Frame(frame));
    }
    client.echo_all();
}
