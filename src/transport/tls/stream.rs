//! TLS over any transport: the handshake under a deadline, then a transport again.

use std::io::{self, Read, Write};
use std::os::fd::BorrowedFd;

use native_tls::{HandshakeError, TlsStream};
use rustix::event::PollFlags;

use super::failure::alert_in;
use super::tap::{Tap, Watch, locked};
use super::{Certificate, TlsFailure, TlsInfo, cipher};
use crate::transport::tcp::unless_gone;
use crate::transport::{Blocking, Deadline, Transport, TransportError};

/// A TLS stream whose handshake is done.
pub(super) struct Tls {
    stream: TlsStream<Tap>,
    /// A certificate was given to the peer, who may still refuse it.
    gave_certificate: bool,
}

/// Which end we are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Client { gave_certificate: bool },
    Server,
}

/// Runs a handshake that `begin` starts, and says what it agreed on. `explain` makes the error out of the library's text
/// and what the tap saw.
pub(super) fn handshake(
    mut transport: Box<dyn Transport>,
    end: End,
    deadline: &Deadline<'_>,
    begin: impl FnOnce(Tap) -> Result<TlsStream<Tap>, HandshakeError<Tap>>,
    explain: impl Fn(&str, &Watch) -> TlsFailure,
) -> Result<(Box<dyn Transport>, TlsInfo), TransportError> {
    transport.set_blocking(Blocking::Never).map_err(|error| TransportError::Io(error.to_string()))?;
    let (tap, watch) = Tap::new(transport);
    let mut step = begin(tap);
    let mut stream = loop {
        match step {
            Ok(stream) => break stream,
            Err(HandshakeError::WouldBlock(middle)) => {
                let what = if middle.get_ref().wants_write { PollFlags::OUT } else { PollFlags::IN };
                let waited = deadline.wait(middle.get_ref().transport.as_ref(), what);
                waited.map_err(|error| match error.kind() {
                    io::ErrorKind::TimedOut => deadline.expired("waiting for the TLS handshake"),
                    _ => TransportError::Io(error.to_string()),
                })?;
                step = middle.handshake();
            }
            Err(HandshakeError::Failure(error)) => return Err(explain(&error.to_string(), &locked(&watch)).into()),
        }
    };
    stream.get_mut().stop();
    let watch = locked(&watch);
    let hello = if end == End::Server { watch.sent.hello } else { watch.received.hello };
    let der = stream.peer_certificate().ok().flatten().and_then(|certificate| certificate.to_der().ok());
    let info = TlsInfo {
        version: hello.map(|(version, _)| cipher::version_name(version)),
        cipher: hello.map(|(_, cipher)| cipher::cipher_name(cipher)),
        alpn: stream.negotiated_alpn().ok().flatten().map(|name| String::from_utf8_lossy(&name).into_owned()),
        server_name: None,
        certificate: der.map(|der| Certificate::from_der(&der)),
    };
    let gave_certificate = end == End::Client { gave_certificate: true };
    Ok((Box::new(Tls { stream, gave_certificate }), info))
}

impl Tls {
    fn explained(&self, error: io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::Other => match alert_in(&error.to_string()) {
                Some(alert) => {
                    let failure = TlsFailure::from_alert(alert, self.gave_certificate, None);
                    io::Error::new(io::ErrorKind::ConnectionAborted, TransportError::Tls(failure))
                }
                None => error,
            },
            _ => error,
        }
    }
}

impl Transport for Tls {
    /// A stream that ends without `close_notify` ends all the same: whether anything is missing, the WebSocket's closing
    /// handshake says (RFC 6455 section 7.1.4).
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(buffer) {
            Ok(count) => Ok(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            Err(_) if self.stream.get_ref().ended => Ok(0),
            Err(error) => Err(self.explained(error)),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes).map_err(|error| self.explained(error))
    }

    /// If the socket takes no more now, the `close_notify` is given up rather than waited for.
    fn shutdown(&mut self) -> io::Result<()> {
        // An error here is about a stream that is broken already.
        let _ = self.stream.shutdown();
        unless_gone(self.stream.get_mut().transport.shutdown())
    }

    fn set_blocking(&mut self, blocking: Blocking) -> io::Result<()> {
        self.stream.get_mut().transport.set_blocking(blocking)
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.stream.get_ref().transport.as_fd()
    }

    fn holds_bytes(&self) -> bool {
        true
    }
}
