//! The body of a refusal: what a server has to say about it, to a cap (RFC 9112 section 6).

use bytes::Bytes;
use memchr::memchr;

use super::response::Response;

/// The most of a body that is kept, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// The longest line with a chunk's size, in bytes.
const MAX_SIZE_LINE: usize = 1024;

/// What there was of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// With its chunks joined; from a malformed chunk on, as it came.
    pub data: Bytes,
    /// More was to come: over [`MAX_BODY`], or announced and not sent.
    pub cut: bool,
}

/// Reads a body from bytes in any chunking.
#[derive(Debug)]
pub struct BodyReader {
    data: Vec<u8>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// This many bytes are missing.
    Length(u64),
    /// Inside the line with a chunk's size; what there is of it.
    Size(Vec<u8>),
    /// Inside a chunk: this many bytes are missing.
    Chunk(u64),
    /// Between a chunk's data and the next size.
    ChunkEnd,
    UntilEnd,
    Done,
    /// Over the cap.
    Full,
}

impl BodyReader {
    /// Takes the framing from the response's headers (RFC 9112 section 6.3).
    #[must_use]
    pub fn new(response: &Response) -> BodyReader {
        let headers = &response.headers;
        let coding = headers.list("Transfer-Encoding").last();
        let mut lengths =
            headers.list("Content-Length").map(|(length, _)| std::str::from_utf8(length).ok()?.parse().ok());
        let length: Option<u64> = lengths.next().flatten();
        let state = match (response.status, coding, length) {
            (100..=199 | 204 | 304, ..) | (_, None, Some(0)) => State::Done,
            (_, Some((coding, _)), _) if coding.eq_ignore_ascii_case(b"chunked") => State::Size(Vec::new()),
            (_, None, Some(length)) if lengths.all(|other| other == Some(length)) => State::Length(length),
            // Without a length, or with lengths that contradict each other.
            _ => State::UntilEnd,
        };
        BodyReader { data: Vec::new(), state }
    }

    /// Takes bytes; whether the body is complete, so that no more need be read.
    pub fn receive(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() && !self.is_done() {
            bytes = &bytes[self.step(bytes)..];
        }
        self.is_done()
    }

    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Done | State::Full)
    }

    /// The body, when it is complete or no more comes.
    #[must_use]
    pub fn finish(self) -> Body {
        Body { cut: !matches!(self.state, State::Done | State::UntilEnd), data: self.data.into() }
    }

    /// Takes some bytes off the front: how many.
    fn step(&mut self, bytes: &[u8]) -> usize {
        match &mut self.state {
            State::Length(missing) | State::Chunk(missing) => {
                let taken = usize::try_from(*missing).unwrap_or(usize::MAX).min(bytes.len());
                *missing -= taken as u64;
                if *missing == 0 {
                    self.state = if let State::Chunk(_) = self.state { State::ChunkEnd } else { State::Done };
                }
                self.keep(&bytes[..taken]);
                taken
            }
            State::ChunkEnd => {
                match bytes[0] {
                    b'\r' => return 1,
                    b'\n' => self.state = State::Size(Vec::new()),
                    _ => {
                        self.state = State::UntilEnd;
                        return 0;
                    }
                }
                1
            }
            State::Size(line) => {
                let taken = memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
                line.extend_from_slice(&bytes[..taken]);
                if !line.ends_with(b"\n") && line.len() < MAX_SIZE_LINE {
                    return taken;
                }
                match chunk_size(line) {
                    Some(0) => self.state = State::Done,
                    Some(size) => self.state = State::Chunk(size),
                    None => {
                        let line = std::mem::take(line);
                        self.state = State::UntilEnd;
                        self.keep(&line);
                    }
                }
                taken
            }
            State::UntilEnd => {
                self.keep(bytes);
                bytes.len()
            }
            State::Done | State::Full => bytes.len(),
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_BODY - self.data.len();
        self.data.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            self.state = State::Full;
        }
    }
}

/// The size at the start of a chunk, its extensions ignored (RFC 9112 section 7.1).
fn chunk_size(line: &[u8]) -> Option<u64> {
    match httparse::parse_chunk_size(line) {
        Ok(httparse::Status::Complete((_, size))) => Some(size),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(headers: &[(&str, &str)], pieces: &[&[u8]]) -> (Body, bool) {
        let response = Response::new(403, headers).expect("good headers");
        let mut reader = BodyReader::new(&response);
        let done = pieces.iter().fold(reader.is_done(), |_, piece| reader.receive(piece));
        (reader.finish(), done)
    }

    #[test]
    fn a_body_ends_where_its_framing_says() {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a [u8], &'a [u8], bool, bool);
        let chunked = [("transfer-encoding", "Chunked")].as_slice();
        let cases: &[Case<'_>] = &[
            (&[("Content-Length", "3")], b"abcdef", b"abc", false, true),
            (&[("Content-Length", "3")], b"ab", b"ab", true, false),
            (&[("Content-Length", "0")], b"", b"", false, true),
            (&[("Content-Length", "3, 3")], b"abcd", b"abc", false, true),
            (&[("Content-Length", "3"), ("Content-Length", "4")], b"abcd", b"abcd", false, false),
            (&[("Content-Length", "-1")], b"abcd", b"abcd", false, false),
            (&[], b"abcd", b"abcd", false, false),
            (chunked, b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", b"abcde", false, true),
            (chunked, b"3\r\nab", b"ab", true, false),
            (chunked, b"3\r\nabc\r\nwhat?\r\nrest", b"abcwhat?\r\nrest", false, false),
            (chunked, b"3\r\nabcd", b"abcd", false, false),
            (&[("Transfer-Encoding", "gzip, chunked"), ("Content-Length", "1")], b"1\r\nx\r\n0\r\n", b"x", false, true),
            (&[("Transfer-Encoding", "gzip")], b"1\r\nx", b"1\r\nx", false, false),
        ];
        for (headers, bytes, data, cut, done) in cases {
            let (body, complete) = read(headers, &[bytes]);
            assert_eq!(
                (&body.data[..], body.cut, complete),
                (*data, *cut, *done),
                "{headers:?} {}",
                bytes.escape_ascii()
            );
        }
    }

    #[test]
    fn a_body_is_kept_to_the_cap() {
        let exact = vec![b'x'; MAX_BODY];
        assert_eq!(read(&[], &[&exact]), (Body { data: exact.clone().into(), cut: false }, false));
        assert_eq!(read(&[], &[&exact, b"y"]), (Body { data: exact.clone().into(), cut: true }, true));
        let huge = [("Content-Length", "99999999999")];
        assert_eq!(read(&huge, &[&exact, b"y"]), (Body { data: exact.into(), cut: true }, true));
    }

    #[test]
    fn some_statuses_have_none() {
        for status in [204, 304] {
            let response = Response::new(status, &[("Content-Length", "5")]).expect("good headers");
            assert!(BodyReader::new(&response).is_done());
        }
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_body(
            bytes in "([0-3]\r\n[a-c]{0,3}\r\n|[;x\r\n]){0,8}",
            cuts in prop::collection::vec(0usize..64, 0..6),
            chunked: bool,
        ) {
            let headers: &[_] = if chunked { &[("Transfer-Encoding", "chunked")] } else { &[("Content-Length", "9")] };
            let whole = read(headers, &[bytes.as_bytes()]);
            prop_assert_eq!(&read(headers, &super::super::tests::pieces(bytes.as_bytes(), &cuts)), &whole);
        }
    }
}
