//! TLS for real: our client against OpenSSL's server, our server against its client.

mod refusals;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use openssl::ssl::{
    AlpnError, NameType, ShutdownResult, SslAcceptor, SslAcceptorBuilder, SslFiletype, SslMethod, SslVerifyMode,
    SslVersion,
};

use super::*;
use crate::transport::certificates::{Authority, Files};
use crate::transport::proxies::{http_proxy, serve_once};
use crate::transport::tests::{clock, failure, plan, round_trip};
use crate::transport::{Connected, Deadline, FailureKind, Plan, ProxyUrl, Tcp, TransportError, connect};

/// What OpenSSL says about a connection that it served.
#[derive(Debug, PartialEq)]
struct Served {
    version: String,
    cipher: String,
    server_name: Option<String>,
    /// The client said `close_notify`.
    closed: bool,
}

/// An echo server with this certificate; `None` if the handshake fails.
fn serve(files: &Files, configure: impl FnOnce(&mut SslAcceptorBuilder)) -> (SocketAddr, JoinHandle<Option<Served>>) {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
    builder.set_certificate_chain_file(&files.cert).unwrap();
    builder.set_private_key_file(&files.key, SslFiletype::PEM).unwrap();
    configure(&mut builder);
    let acceptor = builder.build();
    serve_once(move |stream| {
        let mut stream = acceptor.accept(stream).ok()?;
        let mut buffer = [0; 4096];
        while let Ok(count) = stream.read(&mut buffer) {
            if count == 0 || stream.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let closed = stream.get_shutdown().contains(openssl::ssl::ShutdownState::RECEIVED);
        let ssl = stream.ssl();
        Some(Served {
            version: ssl.version_str().to_owned(),
            cipher: ssl.current_cipher().unwrap().standard_name().unwrap().to_owned(),
            server_name: ssl.servername(NameType::HOST_NAME).map(str::to_owned),
            closed,
        })
    })
}

fn up_to_1_2(builder: &mut SslAcceptorBuilder) {
    builder.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
}

fn secure(address: SocketAddr, tls: TlsOptions) -> Plan {
    Plan { host: "localhost".to_owned(), secure: true, tls, ..plan(address) }
}

fn trusting(authority: &Authority) -> TlsOptions {
    TlsOptions { ca: Some(authority.file()), ..TlsOptions::default() }
}

/// Why a handshake with a server fails.
fn refusal(files: &Files, tls: TlsOptions, configure: impl FnOnce(&mut SslAcceptorBuilder)) -> TransportError {
    let (address, server) = serve(files, configure);
    let error = failure(&secure(address, tls));
    assert_eq!(error.kind(), FailureKind::Tls, "{error}");
    server.join().unwrap();
    error
}

/// Asks for a certificate of this authority.
fn wanting_certificate(ca: PathBuf) -> impl Fn(&mut SslAcceptorBuilder) {
    move |builder| {
        builder.set_ca_file(&ca).unwrap();
        builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    }
}

#[test]
fn what_was_agreed_on_is_what_the_server_says() {
    for limit in [None, Some(SslVersion::TLS1_2)] {
        let authority = Authority::new();
        let files = authority.issue(&["localhost", "127.0.0.1", "::1"]);
        let (address, server) = serve(&files, |builder| {
            builder.set_max_proto_version(limit).unwrap();
            builder.set_alpn_select_callback(|_, offered| match offered {
                b"\x08http/1.1" => Ok(&offered[1..]),
                _ => Err(AlpnError::ALERT_FATAL),
            });
        });
        let mut connected = connect(&secure(address, trusting(&authority)), &clock()).unwrap();
        let bytes: Vec<u8> = (0..1_000u32).map(|number| number as u8).collect();
        assert_eq!(round_trip(connected.transport.as_mut(), &bytes), bytes);
        assert!(connected.transport.holds_bytes());
        connected.transport.shutdown().unwrap();
        let seen = server.join().unwrap().unwrap();
        assert!(seen.closed);
        let (_, info) = connected.tls.unwrap();
        assert_eq!(info.version, Some(seen.version.replace('v', " ")));
        assert_eq!(info.cipher, Some(seen.cipher));
        assert_eq!(info.alpn.as_deref(), Some("http/1.1"));
        assert_eq!(seen.server_name.as_deref(), Some("localhost"));
        assert_eq!(info.server_name, seen.server_name);
        let certificate = info.certificate.unwrap();
        assert_eq!(certificate.subject, "CN=Test Peer");
        assert_eq!(certificate.issuer, "CN=Test Authority");
        assert_eq!(certificate.names, ["localhost", "127.0.0.1", "::1"]);
        assert_eq!(certificate.not_before, 1_577_836_800);
        let pem = std::fs::read(&files.cert).unwrap();
        let openssl = openssl::x509::X509::from_pem(&pem).unwrap();
        assert_eq!(certificate.sha256, *openssl.digest(openssl::hash::MessageDigest::sha256()).unwrap());
    }
}

#[test]
fn no_name_is_sent_if_asked_or_for_an_address() {
    let authority = Authority::new();
    let files = authority.issue(&["localhost", "127.0.0.1"]);
    for (host, no_sni) in [("localhost", true), ("127.0.0.1", false)] {
        let (address, server) = serve(&files, |_| {});
        let tls = TlsOptions { no_sni, ..trusting(&authority) };
        let plan = Plan { host: host.to_owned(), ..secure(address, tls) };
        let mut connected = connect(&plan, &clock()).unwrap();
        assert_eq!(connected.tls.unwrap().1.server_name, None);
        connected.transport.shutdown().unwrap();
        assert_eq!(server.join().unwrap().unwrap().server_name, None);
    }
}

#[test]
fn insecure_accepts_and_shows_any_certificate() {
    let authority = Authority::new();
    let (address, server) = serve(&authority.issue_for_years(&["example.org"], 2020, 2021), |_| {});
    let tls = TlsOptions { insecure: true, ..TlsOptions::default() };
    let mut connected = connect(&secure(address, tls), &clock()).unwrap();
    assert_eq!(connected.tls.take().unwrap().1.certificate.unwrap().names, ["example.org"]);
    assert_eq!(round_trip(connected.transport.as_mut(), b"hello"), b"hello");
    drop(connected);
    server.join().unwrap();
}

#[test]
fn a_client_certificate_is_given_with_a_key_of_any_form() {
    use openssl::{ec, nid::Nid, pkey::PKey, rsa::Rsa};
    let authority = Authority::new();
    let files = authority.issue(&["localhost"]);
    let configure = wanting_certificate(authority.file());
    let ecdsa = authority.issue(&["client"]);
    let pkcs8 = std::fs::read(&ecdsa.key).unwrap();
    let sec1 = PKey::private_key_from_pem(&pkcs8).unwrap().ec_key().unwrap().private_key_to_pem().unwrap();
    let sec1 = String::from_utf8(sec1).unwrap();
    assert!(sec1.starts_with("-----BEGIN EC PRIVATE KEY-----"));
    let beside = authority.write("sec1.pem", &sec1);
    let both = authority.write("both.pem", &(std::fs::read_to_string(&ecdsa.cert).unwrap() + sec1.as_str()));
    for (cert, key) in [(&ecdsa.cert, Some(&ecdsa.key)), (&ecdsa.cert, Some(&beside)), (&both, None)] {
        let (address, server) = serve(&files, &configure);
        let tls = TlsOptions { cert: Some(cert.clone()), key: key.cloned(), ..trusting(&authority) };
        let mut connected = connect(&secure(address, tls), &clock()).unwrap();
        assert_eq!(round_trip(connected.transport.as_mut(), b"hello"), b"hello");
        drop(connected);
        server.join().unwrap();
    }

    // The wrapped keys are the keys that OpenSSL wrote, on other curves and for RSA too.
    let same = |text: &[u8], key: &PKey<openssl::pkey::Private>| {
        let pkcs8 = pem::private_key(text).unwrap();
        PKey::private_key_from_pem(pkcs8.as_bytes()).unwrap().public_eq(key)
    };
    let rsa = Rsa::generate(2048).unwrap();
    let text = rsa.private_key_to_pem().unwrap();
    assert!(text.starts_with(b"-----BEGIN RSA PRIVATE KEY-----"));
    assert!(same(&text, &PKey::from_rsa(rsa).unwrap()));
    for curve in [Nid::SECP384R1, Nid::SECP521R1] {
        let key = ec::EcKey::generate(&ec::EcGroup::from_curve_name(curve).unwrap()).unwrap();
        let text = key.private_key_to_pem().unwrap();
        assert!(same(&text, &PKey::from_ec_key(key).unwrap()));
    }
}

/// Passes bytes on, from the server one by one.
fn dribble(client: TcpStream, server: SocketAddr) {
    let server = TcpStream::connect(server).unwrap();
    server.set_nodelay(true).unwrap();
    client.set_nodelay(true).unwrap();
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let up = std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (server, client);
    let mut byte = [0];
    while from.read(&mut byte).is_ok_and(|count| count == 1) && to.write_all(&byte).is_ok() {}
    let _ = to.shutdown(Shutdown::Both);
    up.join().unwrap();
}

#[test]
fn a_handshake_byte_by_byte_is_a_handshake() {
    let authority = Authority::new();
    let (inner, server) = serve(&authority.issue(&["localhost"]), |_| {});
    let (address, dribbler) = serve_once(move |stream| dribble(stream, inner));
    let mut connected = connect(&secure(address, trusting(&authority)), &clock()).unwrap();
    assert_eq!(connected.tls.take().unwrap().1.version.as_deref(), Some("TLS 1.3"));
    assert_eq!(round_trip(connected.transport.as_mut(), b"hello"), b"hello");
    connected.transport.shutdown().unwrap();
    drop(connected);
    dribbler.join().unwrap();
    server.join().unwrap();
}

#[test]
fn a_dribbler_does_not_stretch_the_deadline() {
    let (address, server) = serve_once(|mut stream: TcpStream| {
        // A record of 16 KiB that takes for ever; each byte is progress.
        let _ = stream.write_all(&[22, 3, 3, 0x40, 0]);
        let _ = stream.set_read_timeout(Some(Duration::from_millis(1)));
        while stream.write_all(&[0]).is_ok() {
            if let Ok(0) = stream.read(&mut [0; 64]) {
                break;
            }
        }
    });
    let error = failure(&Plan { timeout: Duration::from_secs(1), ..secure(address, TlsOptions::default()) });
    assert_eq!(error.kind(), FailureKind::Timeout);
    server.join().unwrap();
}

#[test]
fn a_blocked_write_goes_on_where_it_was() {
    let authority = Authority::new();
    let files = authority.issue(&["localhost"]);
    let acceptor = Acceptor::from_files(&files.cert, &files.key).unwrap();
    let (start, started) = std::sync::mpsc::channel();
    let (address, server) = serve_once(move |stream| {
        let now = clock();
        let deadline = Deadline::new(&now, Duration::from_secs(20));
        let (mut stream, _) = acceptor.accept(Box::new(Tcp::new(stream).unwrap()), &deadline).unwrap();
        started.recv().unwrap();
        let (mut received, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
        loop {
            match deadline.read(stream.as_mut(), &mut buffer).unwrap() {
                0 => return received,
                count => received.extend_from_slice(&buffer[..count]),
            }
        }
    });
    let mut stream = connect(&secure(address, trusting(&authority)), &clock()).unwrap().transport;
    let bytes: Vec<u8> = (0..16_000_000u32).map(|number| (number ^ (number >> 9)) as u8).collect();
    let mut sent = 0;
    loop {
        match stream.write(&bytes[sent..]) {
            Ok(count) => sent += count,
            Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    assert!(sent < bytes.len());
    start.send(()).unwrap();
    let now = clock();
    Deadline::new(&now, Duration::from_secs(20)).write_all(stream.as_mut(), &bytes[sent..]).unwrap();
    stream.shutdown().unwrap();
    assert!(server.join().unwrap() == bytes);
}

#[test]
fn an_end_without_close_notify_is_an_end() {
    let authority = Authority::new();
    let (inner, _) = serve(&authority.issue(&["localhost"]), |_| {});
    let (address, proxy) = serve_once(move |stream: TcpStream| {
        let handle = stream.try_clone().unwrap();
        let running = std::thread::spawn(move || dribble(stream, inner));
        (handle, running)
    });
    let mut stream = connect(&secure(address, trusting(&authority)), &clock()).unwrap().transport;
    assert_eq!(round_trip(stream.as_mut(), b"hello"), b"hello");
    let (handle, running) = proxy.join().unwrap();
    handle.shutdown(Shutdown::Write).unwrap();
    let now = clock();
    assert_eq!(Deadline::new(&now, Duration::from_secs(20)).read(stream.as_mut(), &mut [0; 8]).unwrap(), 0);
    drop(stream);
    running.join().unwrap();
}

#[test]
fn our_server_speaks_tls_and_says_who_does_not() {
    let authority = Authority::new();
    let files = authority.issue(&["localhost"]);
    let acceptor = Acceptor::from_files(&files.cert, &files.key).unwrap();
    let accept = move |stream| {
        let now = clock();
        let deadline = Deadline::new(&now, Duration::from_secs(20));
        acceptor.accept(Box::new(Tcp::new(stream).unwrap()), &deadline).map(|(_, info)| info)
    };
    let (address, server) = serve_once(accept.clone());
    let connector = openssl::ssl::SslConnector::builder(SslMethod::tls()).map(|mut builder| {
        builder.set_ca_file(authority.file()).unwrap();
        builder.build()
    });
    let mut client = connector.unwrap().connect("localhost", TcpStream::connect(address).unwrap()).unwrap();
    let info = server.join().unwrap().unwrap();
    assert_eq!(info.version, Some(client.ssl().version_str().replace('v', " ")));
    assert_eq!(info.cipher.as_deref(), client.ssl().current_cipher().unwrap().standard_name());
    assert!(matches!(client.shutdown(), Ok(ShutdownResult::Sent | ShutdownResult::Received) | Err(_)));

    let (address, server) = serve_once(accept);
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let error = server.join().unwrap().unwrap_err();
    assert_eq!(error.to_string(), r#"the peer does not speak TLS: it sent "GET / HTTP/1.1""#);
}

#[test]
fn tls_goes_through_a_proxy_and_to_one() {
    let authority = Authority::new();
    let files = authority.issue(&["localhost", "127.0.0.1"]);
    let (address, server) = serve(&files, |_| {});
    let (proxy, serving) = serve_once(http_proxy);
    let plan = Plan {
        proxy: Some(ProxyUrl::parse(&format!("http://{proxy}")).unwrap()),
        ..secure(address, trusting(&authority))
    };
    let mut connected = connect(&plan, &clock()).unwrap();
    assert_eq!(round_trip(connected.transport.as_mut(), b"hello"), b"hello");
    drop(connected);
    assert_eq!(server.join().unwrap().unwrap().server_name.as_deref(), Some("localhost"));
    assert!(serving.join().unwrap().starts_with(&format!("CONNECT localhost:{} HTTP/1.1\r\n", address.port())));

    // A proxy that speaks TLS itself: what it echoes is our own request, which is no answer.
    let (proxy, server) = serve(&files, |_| {});
    let plan = Plan { proxy: Some(ProxyUrl::parse(&format!("https://{proxy}")).unwrap()), secure: false, ..plan };
    let error = failure(&plan).to_string();
    assert!(
        error.starts_with(&format!("the proxy https://{proxy} does not speak HTTP: it answered \"CONNECT ")),
        "{error}"
    );
    server.join().unwrap();
}
