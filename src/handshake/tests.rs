//! What the tests of this floor share, and an independent peer's opinion of both ends together.

use std::io::{self, Cursor, Read, Write};

use super::*;

/// `bytes` cut into pieces of these lengths, the rest last.
pub(super) fn pieces<'a>(bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut out = Vec::new();
    for length in lengths {
        let (piece, after) = rest.split_at((*length).min(rest.len()));
        out.push(piece);
        rest = after;
    }
    out.push(rest);
    out
}

/// A stream in memory: what the peer reads, and what it wrote.
struct Memory(Cursor<Vec<u8>>, Vec<u8>);

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn tungstenite_accepts_our_request_and_we_its_answer() {
    let target = Target::parse("wss://ann:pw@[::1]:9000/x?y=1").expect("a good URL");
    let key = tungstenite::handshake::client::generate_key();
    let deflate = DeflateOffer { client_max_window_bits: Some(None), ..DeflateOffer::default() };
    let request = Opening { deflate: Some(&deflate), ..Opening::new(&target, &key) }.request().expect("good headers");
    let stream = Memory(Cursor::new(request.raw.to_vec()), Vec::new());
    let socket = tungstenite::accept(stream).map_err(|error| error.to_string()).expect("accepted");
    let (response, tail) = ResponseReader::default().receive(&socket.get_ref().1).expect("HTTP").expect("whole");
    assert_eq!(check(&request, &response), (Negotiated::default(), vec![]));
    assert_eq!(tail, "");
}
