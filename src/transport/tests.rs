//! Connecting for real on loopback: TCP, unix sockets and proxies, and every way it can fail.

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use super::proxies::{answer, echo, http_proxy, serve_once, socks_proxy};
use super::*;

/// A real clock.
#[allow(clippy::disallowed_methods, reason = "the clock is the caller's, and here that is the test")]
pub(super) fn clock() -> impl Fn() -> Duration {
    let start = std::time::Instant::now();
    move || start.elapsed()
}

pub(super) fn plan(address: SocketAddr) -> Plan {
    Plan {
        host: address.ip().to_string(),
        port: address.port(),
        secure: false,
        unix: None,
        proxy: None,
        tls: TlsOptions::default(),
        timeout: Duration::from_secs(20),
    }
}

pub(super) fn failure(plan: &Plan) -> TransportError {
    match connect(plan, &clock()) {
        Ok(_) => panic!("connected"),
        Err(error) => error,
    }
}

/// Sends `bytes`, and reads as many back.
pub(super) fn round_trip(transport: &mut dyn Transport, bytes: &[u8]) -> Vec<u8> {
    let now = clock();
    let deadline = Deadline::new(&now, Duration::from_secs(20));
    deadline.write_all(transport, bytes).unwrap();
    let mut received = vec![0; bytes.len()];
    let mut filled = 0;
    while filled < received.len() {
        filled += match deadline.read(transport, &mut received[filled..]).unwrap() {
            0 => panic!("the end after {filled} bytes"),
            count => count,
        };
    }
    received
}

fn refusing() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn through(scheme: &str, proxy: SocketAddr, target: SocketAddr) -> Plan {
    Plan { proxy: Some(ProxyUrl::parse(&format!("{scheme}{proxy}")).unwrap()), ..plan(target) }
}

#[test]
fn tcp_connects_and_never_blocks() {
    let (address, server) = serve_once(echo);
    let mut connected = connect(&plan(address), &clock()).unwrap();
    assert_eq!(connected.address, Some(address));
    assert_eq!((connected.via, connected.dns, connected.tls), (None, None, None));
    assert!(!connected.transport.holds_bytes());
    let nothing = connected.transport.read(&mut [0; 8]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    assert_eq!(round_trip(connected.transport.as_mut(), b"hello"), b"hello");
    connected.transport.set_blocking(Blocking::Within(Duration::from_secs(20))).unwrap();
    connected.transport.shutdown().unwrap();
    assert_eq!(connected.transport.read(&mut [0; 8]).unwrap(), 0);
    server.join().unwrap();
    connected.transport.shutdown().unwrap();
}

#[test]
fn a_name_is_resolved_and_each_address_tried() {
    let (address, server) = serve_once(echo);
    // On most machines ::1 comes first and refuses.
    let connected = connect(&Plan { host: "localhost".to_owned(), ..plan(address) }, &clock()).unwrap();
    assert_eq!(connected.address, Some(address));
    assert!(connected.dns.is_some());
    drop(connected);
    server.join().unwrap();
}

#[test]
fn the_next_address_is_tried_after_a_refusal() {
    let (address, server) = serve_once(echo);
    let now = clock();
    let deadline = Deadline::new(&now, Duration::from_secs(20));
    let (stream, reached) = tcp::connect_any(&[refusing(), address], &deadline).unwrap();
    assert_eq!(reached, address);
    drop(stream);
    server.join().unwrap();
}

#[test]
fn a_refusal_names_every_address() {
    let (one, other) = (refusing(), refusing());
    let error = failure(&plan(one));
    assert_eq!(error.to_string(), format!("connection refused ({one})"));
    assert_eq!(error.kind(), FailureKind::Connect);
    assert_eq!(error.hint().unwrap(), "is the server listening? try wscope demo");
    let now = clock();
    let error = tcp::connect_any(&[one, other], &Deadline::new(&now, Duration::from_secs(20))).unwrap_err();
    assert_eq!(error.to_string(), format!("connection refused ({one}, {other})"));
}

#[test]
fn an_unknown_name_is_quoted() {
    // A label longer than 63 bytes fails in the resolver itself, whatever network there is.
    let host = format!("{}.invalid", "x".repeat(64));
    let error = failure(&Plan { host: host.clone(), ..plan(refusing()) });
    assert_eq!(error.kind(), FailureKind::Resolve);
    assert!(error.to_string().starts_with(&format!("cannot resolve {host:?}: ")), "{error}");
    assert!(!error.to_string().contains("lookup address"), "{error}");
}

#[test]
fn a_full_backlog_times_out() {
    let listener =
        rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None).unwrap();
    rustix::net::bind(&listener, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let listener = TcpListener::from(listener);
    let address = listener.local_addr().unwrap();
    let limit = Duration::from_millis(40);
    let filling = |_| TcpStream::connect_timeout(&address, limit).ok();
    let _filled: Vec<_> = (0..3).map_while(filling).collect();
    let error = failure(&Plan { timeout: limit, ..plan(address) });
    assert_eq!(error.to_string(), format!("timed out after 40ms while connecting to {address}"));
    assert_eq!(error.kind(), FailureKind::Timeout);
}

#[test]
fn a_unix_socket_connects_and_its_faults_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let to = |path: &std::path::Path| Plan { unix: Some(path.to_owned()), ..plan(refusing()) };
    let mut connected = connect(&to(&path), &clock()).unwrap();
    assert_eq!(connected.via.unwrap(), format!("unix {}", path.display()));
    assert_eq!((connected.address, connected.dns), (None, None));
    listener.accept().unwrap().0.write_all(b"hi").unwrap();
    let mut buffer = [0; 8];
    assert_eq!(connected.transport.read(&mut buffer).unwrap(), 2);

    drop(listener);
    let text = |path: &std::path::Path| failure(&to(path)).to_string();
    assert_eq!(text(&path), format!("connection refused: nobody listens on the unix socket ({})", path.display()));
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(text(&file), format!("not a unix socket ({})", file.display()));
    let missing = directory.path().join("missing");
    assert_eq!(text(&missing), format!("no such unix socket ({})", missing.display()));
    let long = directory.path().join("x".repeat(200));
    assert!(text(&long).starts_with("the path of the unix socket is too long: "), "{}", text(&long));
}

#[test]
fn an_http_proxy_is_asked_with_its_password() {
    let (target, server) = serve_once(echo);
    let (proxy, serving) = serve_once(http_proxy);
    let mut connected = connect(&through("http://bob:p%40ss@", proxy, target), &clock()).unwrap();
    assert_eq!(connected.via.as_deref(), Some(format!("http proxy {proxy}").as_str()));
    assert_eq!(connected.address, Some(proxy));
    assert_eq!(round_trip(connected.transport.as_mut(), b"hello"), b"hello");
    drop(connected);
    server.join().unwrap();
    let request = serving.join().unwrap();
    assert_eq!(
        request,
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Authorization: Basic Ym9iOnBAc3M=\r\n\r\n")
    );
}

#[test]
fn what_follows_a_proxys_200_belongs_to_the_stream() {
    let (proxy, serving) = serve_once(|stream| answer(stream, b"HTTP/1.0 200 OK\r\n\r\nearly"));
    let mut connected = connect(&through("http://", proxy, refusing()), &clock()).unwrap();
    assert!(connected.transport.holds_bytes());
    let mut buffer = [0; 3];
    assert_eq!(connected.transport.read(&mut buffer).unwrap(), 3);
    assert_eq!(&buffer, b"ear");
    assert_eq!(connected.transport.read(&mut buffer).unwrap(), 2);
    assert_eq!(&buffer[..2], b"ly");
    assert!(!connected.transport.holds_bytes());
    drop(connected);
    serving.join().unwrap();
}

#[test]
fn a_proxys_refusal_is_shown_with_its_reason() {
    let refused = |said: &'static [u8]| {
        let (proxy, serving) = serve_once(move |stream| answer(stream, said));
        let error = failure(&through("http://bob:secret@", proxy, refusing()));
        serving.join().unwrap();
        assert_eq!(error.kind(), FailureKind::Connect);
        assert!(!format!("{error} {error:?}").contains("secret"));
        (error.to_string().replace(&proxy.to_string(), "PROXY"), error.hint().unwrap_or_default())
    };
    let (text, hint) = refused(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(text, "the proxy http://bob:***@PROXY refused: HTTP/1.1 407 Proxy Authentication Required");
    assert!(hint.contains("USER:PASSWORD"), "{hint}");
    let (text, _) = refused(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 12\r\n\r\nnot that way");
    assert_eq!(text, r#"the proxy http://bob:***@PROXY refused: HTTP/1.1 403 Forbidden: "not that way""#);
    let (text, hint) = refused(b"SSH-2.0-x\r\n\x1b[2J");
    assert_eq!(text, r#"the proxy http://bob:***@PROXY does not speak HTTP: it answered "SSH-2.0-x\r\n\u{1b}[2J""#);
    assert!(hint.contains("socks5://"), "{hint}");
    let (text, _) = refused(b"HTTP/1.1 200");
    assert!(text.starts_with("the proxy http://bob:***@PROXY closed the connection while asked for 127.0.0.1:"));
}

#[test]
fn a_proxy_that_refuses_or_is_silent_is_named() {
    let proxy = refusing();
    let error = failure(&through("http://", proxy, refusing()));
    assert_eq!(error.to_string(), format!("cannot reach the proxy http://{proxy}: connection refused ({proxy})"));
    assert_eq!(error.kind(), FailureKind::Connect);

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = silent.local_addr().unwrap();
    for scheme in ["http://", "socks5://"] {
        let error = failure(&Plan { timeout: Duration::from_millis(30), ..through(scheme, proxy, refusing()) });
        assert_eq!(error.to_string(), format!("timed out after 30ms while waiting for the proxy {scheme}{proxy}"));
    }
}

#[test]
fn a_socks_proxy_resolves_the_name() {
    let (target, server) = serve_once(echo);
    let (proxy, serving) = serve_once(move |stream| socks_proxy(stream, Some(("bob", "secret")), target));
    let host = "only.the.proxy.knows".to_owned();
    let plan = Plan { host, port: 0x1234, ..through("socks5h://bob:secret@", proxy, target) };
    let mut connected = connect(&plan, &clock()).unwrap();
    assert_eq!(connected.via.as_deref(), Some(format!("socks5 proxy {proxy}").as_str()));
    assert_eq!(round_trip(connected.transport.as_mut(), b"hello"), b"hello");
    drop(connected);
    server.join().unwrap();
    assert_eq!(serving.join().unwrap(), b"\x05\x01\x00\x03\x14only.the.proxy.knows\x12\x34");
}

#[test]
fn a_socks_proxy_is_given_addresses_as_such() {
    let (target, server) = serve_once(echo);
    let (proxy, serving) = serve_once(move |stream| socks_proxy(stream, None, target));
    let plan = Plan { host: "[::7]".to_owned(), port: 80, ..through("socks5://bob:secret@", proxy, target) };
    let mut connected = connect(&plan, &clock()).unwrap();
    assert_eq!(round_trip(connected.transport.as_mut(), b"hello"), b"hello");
    drop(connected);
    server.join().unwrap();
    assert_eq!(serving.join().unwrap(), [&[5, 1, 0, 4][..], &[0; 15], &[7, 0, 80]].concat());
}

#[test]
fn a_socks_refusal_is_said_in_words() {
    let said = |scheme: &str, replies: &'static [u8]| {
        let (proxy, serving) = serve_once(move |mut stream| {
            stream.write_all(replies).unwrap();
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let error = failure(&through(scheme, proxy, refusing()));
        serving.join().unwrap();
        let text = error.to_string();
        text.split_once(&format!("{proxy} ")).unwrap().1.to_owned()
    };
    let refused = "refused: connection refused (SOCKS5 reply 5)";
    assert_eq!(said("socks5://", &[5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0]), refused);
    assert_eq!(said("socks5://", &[5, 0, 5, 2]), "refused: not allowed by its rules (SOCKS5 reply 2)");
    assert_eq!(said("socks5://", &[5, 0xff]), "accepts none of the ways to log in that were offered: without a login");
    assert_eq!(
        said("socks5://bob:x@", &[5, 0xff]),
        "accepts none of the ways to log in that were offered: without a login, user and password"
    );
    assert_eq!(said("socks5://bob:x@", &[5, 2, 1, 1]), r#"refuses the user "bob" or the password (SOCKS5 status 1)"#);
    assert_eq!(said("socks5://", b"HTTP"), r#"does not speak SOCKS5: it answered "HT""#);
}
