//! What a TLS handshake says in plaintext, read beside the library without altering a byte: the `ServerHello` (RFC 8446
//! section 4.1.3), and up to TLS 1.2 the certificate and the request for a client's. It stops at the first encrypted
//! record, and copies nothing once the handshake is over.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::transport::Transport;

/// Bytes of plaintext handshake, at most; what is longer goes unread.
const MAX_PLAINTEXT: usize = 256 << 10;
/// First bytes kept, to show what came instead of TLS.
const MAX_FIRST: usize = 64;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_REQUEST: u8 = 13;
const SUPPORTED_VERSIONS: u16 = 43;

/// Whether these first bytes of a stream can be a TLS record: a content type from 20 to 24 and a version 3.x (RFC 8446
/// section 5.1). True for no bytes at all.
#[must_use]
pub fn looks_like_tls(first: &[u8]) -> bool {
    first.first().is_none_or(|kind| (20..=24).contains(kind)) && first.get(1).is_none_or(|&major| major == 3)
}

/// A transport as the library wants it, and what passed through it.
pub(super) struct Tap {
    pub(super) transport: Box<dyn Transport>,
    /// Until the handshake is over. Shared, since the library drops the stream when it fails.
    watch: Option<Arc<Mutex<Watch>>>,
    /// The first bytes, on their way to the library: it asks for five and gives up if they are no record's header, but a
    /// plain-text answer is worth showing further than `HTTP/`.
    ahead: Vec<u8>,
    /// The end of the stream was read.
    pub(super) ended: bool,
    /// The last call would have blocked writing, not reading.
    pub(super) wants_write: bool,
}

/// What passed through a tap.
#[derive(Default)]
pub(super) struct Watch {
    pub(super) received: Plaintext,
    pub(super) sent: Plaintext,
    /// How the stream ended, if it did: `UnexpectedEof`, or the error's kind.
    pub(super) ended: Option<io::ErrorKind>,
}

impl Tap {
    pub(super) fn new(transport: Box<dyn Transport>) -> (Tap, Arc<Mutex<Watch>>) {
        let watch = Arc::new(Mutex::new(Watch::default()));
        (Tap { transport, watch: Some(Arc::clone(&watch)), ahead: Vec::new(), ended: false, wants_write: false }, watch)
    }

    /// Copies nothing any more.
    pub(super) fn stop(&mut self) {
        self.watch = None;
    }

    fn note(&self, note: impl FnOnce(&mut Watch)) {
        if let Some(watch) = &self.watch {
            note(&mut locked(watch));
        }
    }
}

/// A panic elsewhere does not spoil what was seen.
pub(super) fn locked(watch: &Mutex<Watch>) -> MutexGuard<'_, Watch> {
    watch.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.ahead.is_empty() {
            let count = buffer.len().min(self.ahead.len());
            buffer[..count].copy_from_slice(&self.ahead[..count]);
            self.ahead.drain(..count);
            return Ok(count);
        }
        if self.watch.as_ref().is_some_and(|watch| locked(watch).received.first.is_empty()) {
            return self.read_ahead(buffer);
        }
        self.read_noting(buffer)
    }
}

impl Tap {
    fn read_ahead(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut first = [0; MAX_FIRST];
        let read = self.read_noting(&mut first)?;
        let (now, later) = first[..read].split_at(buffer.len().min(read));
        buffer[..now.len()].copy_from_slice(now);
        self.ahead = later.to_vec();
        Ok(now.len())
    }

    fn read_noting(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.transport.read(buffer);
        match &result {
            Ok(0) => {
                self.ended = true;
                self.note(|watch| watch.ended = Some(io::ErrorKind::UnexpectedEof));
            }
            Ok(count) => self.note(|watch| watch.received.take(&buffer[..*count])),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wants_write = false,
            Err(error) => self.note(|watch| watch.ended = Some(error.kind())),
        }
        result
    }
}

impl Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.transport.write(bytes);
        match &result {
            Ok(count) => self.note(|watch| watch.sent.take(&bytes[..*count])),
            Err(error) => self.wants_write = error.kind() == io::ErrorKind::WouldBlock,
        }
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The plaintext records of one direction.
#[derive(Default)]
pub(super) struct Plaintext {
    /// The first bytes.
    pub(super) first: Vec<u8>,
    /// Version and cipher suite of the `ServerHello`.
    pub(super) hello: Option<(u16, u16)>,
    /// The first certificate of the chain, DER; up to TLS 1.2.
    pub(super) certificate: Option<Vec<u8>>,
    /// A client's certificate was asked for; up to TLS 1.2.
    pub(super) certificate_requested: bool,
    /// The alert, by its number.
    pub(super) alert: Option<u8>,
    records: Vec<u8>,
    messages: Vec<u8>,
    over: bool,
}

impl Plaintext {
    fn take(&mut self, bytes: &[u8]) {
        self.first.extend(bytes.iter().take(MAX_FIRST - self.first.len()));
        if self.over {
            return;
        }
        self.records.extend_from_slice(bytes);
        // Record: type, version, length, fragment (RFC 8446 section 5.1).
        while let [kind, _, _, high, low, rest @ ..] = self.records.as_slice() {
            let (kind, length) = (*kind, usize::from(u16::from_be_bytes([*high, *low])));
            let Some(fragment) = rest.get(..length) else { break };
            match (kind, fragment) {
                (ALERT, [_, alert]) => self.alert = Some(*alert),
                (HANDSHAKE, fragment) => self.messages.extend_from_slice(fragment),
                // What follows is encrypted.
                _ => self.over = true,
            }
            self.records.drain(..5 + length);
            self.read_messages();
            if self.over {
                break;
            }
        }
        if self.over || !looks_like_tls(&self.first) || self.records.len() + self.messages.len() > MAX_PLAINTEXT {
            self.over = true;
            (self.records, self.messages) = (Vec::new(), Vec::new());
        }
    }

    /// Message: type, length in three bytes, body (RFC 8446 section 4).
    fn read_messages(&mut self) {
        while let [kind, high, middle, low, rest @ ..] = self.messages.as_slice() {
            let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
            let Some(body) = rest.get(..length) else { break };
            match *kind {
                SERVER_HELLO => self.hello = server_hello(body),
                CERTIFICATE => self.certificate = first_certificate(body),
                CERTIFICATE_REQUEST => self.certificate_requested = true,
                _ => {}
            }
            self.messages.drain(..4 + length);
        }
    }
}

/// Version and cipher suite. A retry request is a `ServerHello` too and names the same (RFC 8446 section 4.1.4).
fn server_hello(body: &[u8]) -> Option<(u16, u16)> {
    let mut fields = Fields(body);
    let legacy_version = fields.number()?;
    fields.bytes(32)?;
    let session = fields.bytes(1)?[0];
    fields.bytes(usize::from(session))?;
    let cipher = fields.number()?;
    fields.bytes(1)?;
    let mut version = legacy_version;
    // Extensions may be missing altogether in TLS 1.2.
    let length = fields.number().unwrap_or(0);
    let mut extensions = Fields(fields.bytes(usize::from(length)).unwrap_or_default());
    while let (Some(kind), Some(length)) = (extensions.number(), extensions.number()) {
        let Some(value) = extensions.bytes(usize::from(length)) else { break };
        if kind == SUPPORTED_VERSIONS {
            version = Fields(value).number()?;
        }
    }
    Some((version, cipher))
}

/// A list of certificates, each with its length in three bytes (RFC 5246 section 7.4.2).
fn first_certificate(body: &[u8]) -> Option<Vec<u8>> {
    let mut fields = Fields(body.get(3..)?);
    let length = fields.bytes(3)?;
    let length = u32::from_be_bytes([0, length[0], length[1], length[2]]) as usize;
    fields.bytes(length).map(<[u8]>::to_vec)
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        self.bytes(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `ServerHello` with an empty session id, and extensions as given.
    fn hello(legacy_version: u16, cipher: u16, extensions: &[u8]) -> Vec<u8> {
        let mut body = legacy_version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        body.extend(cipher.to_be_bytes());
        body.push(0);
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend(extensions);
        let mut message = vec![SERVER_HELLO, 0, 0, body.len() as u8];
        message.extend(body);
        record(HANDSHAKE, &message)
    }

    fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 3, 3];
        record.extend((fragment.len() as u16).to_be_bytes());
        record.extend(fragment);
        record
    }

    #[test]
    fn the_hello_is_read_byte_by_byte_and_nothing_after_it() {
        let mut bytes = hello(0x0303, 0x1302, &[0, 51, 0, 1, 9, 0, 43, 0, 2, 3, 4]);
        bytes.extend(record(23, &[1; 40]));
        bytes.extend(record(ALERT, &[2, 40]));
        let mut plaintext = Plaintext::default();
        for byte in bytes {
            plaintext.take(&[byte]);
        }
        assert_eq!(plaintext.hello, Some((0x0304, 0x1302)));
        assert_eq!(plaintext.alert, None);
        assert!(plaintext.records.is_empty());
    }

    #[test]
    fn tls_1_2_has_its_version_in_front() {
        let mut plaintext = Plaintext::default();
        plaintext.take(&hello(0x0303, 0xc02f, &[]));
        assert_eq!(plaintext.hello, Some((0x0303, 0xc02f)));
    }

    #[test]
    fn an_alert_in_plaintext_is_seen() {
        let mut plaintext = Plaintext::default();
        plaintext.take(&record(ALERT, &[2, 70]));
        assert_eq!(plaintext.alert, Some(70));
    }

    #[test]
    fn other_protocols_are_not_taken_for_tls() {
        assert!(!looks_like_tls(b"HTTP/1.1 400 Bad Request"));
        assert!(!looks_like_tls(b"SSH-2.0-OpenSSH"));
        assert!(!looks_like_tls(&[0x16, 0x16]));
        assert!(looks_like_tls(&[0x15, 3, 1, 0, 2, 2, 40]));
        let mut plaintext = Plaintext::default();
        plaintext.take(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        assert_eq!(plaintext.first, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        assert!(plaintext.records.is_empty());
    }

    #[test]
    fn broken_messages_are_survived() {
        for cut in 0..40 {
            let whole = hello(0x0303, 0x1301, &[0, 43, 0, 9, 3]);
            let message = &whole[5..5 + cut];
            let mut message = message.to_vec();
            if message.len() > 3 {
                message[3] = (message.len() - 4) as u8;
            }
            Plaintext::default().take(&record(HANDSHAKE, &message));
            Plaintext::default().take(&record(HANDSHAKE, &[CERTIFICATE, 0, 0, 4, 0, 0, 9, 0]));
        }
    }
}
