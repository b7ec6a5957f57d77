//! Every way a handshake can fail, and what it says then.

use super::*;

#[test]
fn a_certificate_is_refused_for_its_reason() {
    let authority = Authority::new();
    let text = |files: &Files, old: bool| {
        let configure = if old { up_to_1_2 } else { |_: &mut SslAcceptorBuilder| {} };
        refusal(files, trusting(&authority), configure).to_string()
    };
    let expired = authority.issue_for_years(&["localhost"], 2020, 2021);
    assert_eq!(text(&expired, false), "the certificate has expired");
    assert_eq!(text(&expired, true), "the certificate has expired: it was valid until 2021-01-01T00:00:00Z");
    let early = authority.issue_for_years(&["localhost"], 2800, 2900);
    assert_eq!(text(&early, true), "the certificate is not valid yet: it will be from 2800-01-01T00:00:00Z");
    let other = authority.issue(&["example.org", "example.net"]);
    assert_eq!(text(&other, false), r#"the certificate is not for "localhost""#);
    assert_eq!(text(&other, true), r#"the certificate is not for "localhost" but for example.org and example.net"#);
    let loner = authority.self_signed(&["localhost"]);
    assert_eq!(text(&loner, false), "the certificate is self-signed, and not among the trusted ones");

    let unknown = refusal(&authority.issue(&["localhost"]), TlsOptions::default(), |_| {});
    assert_eq!(unknown.to_string(), "the certificate is signed by an authority that is not trusted");
    assert!(unknown.hint().unwrap().contains("--ca FILE"));
}

#[test]
fn no_common_version_or_cipher_is_told() {
    let authority = Authority::new();
    let files = authority.issue(&["localhost"]);
    let tls = TlsOptions { min_version: Some(TlsVersion::V1_3), ..trusting(&authority) };
    let error = refusal(&files, tls, up_to_1_2);
    let text = "no common TLS version: asked for TLS 1.3 or newer, the peer has none of them";
    assert_eq!(error.to_string(), text);
    let error = refusal(&files, trusting(&authority), |builder| {
        up_to_1_2(builder);
        builder.set_cipher_list("PSK-AES128-GCM-SHA256").unwrap();
    });
    assert!(error.to_string().starts_with("the peer refused with the alert handshake_failure (40)"), "{error}");
    let error = refusal(&files, trusting(&authority), |builder| {
        builder.set_alpn_select_callback(|_, _| Err(AlpnError::ALERT_FATAL));
    });
    assert!(error.to_string().contains("no_application_protocol (120): it does not speak http/1.1"), "{error}");
}

fn first_read(connected: &mut Connected) -> std::io::Error {
    let now = clock();
    Deadline::new(&now, Duration::from_secs(20)).read(connected.transport.as_mut(), &mut [0; 8]).unwrap_err()
}

#[test]
fn a_missing_or_wrong_client_certificate_is_told() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let files = authority.issue(&["localhost"]);
    let configure = wanting_certificate(authority.file());
    let error = refusal(&files, trusting(&authority), |builder| {
        configure(builder);
        up_to_1_2(builder);
    });
    assert_eq!(error.to_string(), "the peer requires a client certificate");
    assert_eq!(error.hint().unwrap(), "give one with --cert FILE --key FILE");

    // TLS 1.3 is done before the server has looked.
    let given = |wrong: Files| TlsOptions { cert: Some(wrong.cert), key: Some(wrong.key), ..trusting(&authority) };
    for (tls, text) in [
        (trusting(&authority), "the peer requires a client certificate"),
        (given(authority.self_signed(&["client"])), "the peer does not accept the client certificate"),
        (given(stranger.issue(&["client"])), "the peer does not accept the client certificate"),
    ] {
        let (address, server) = serve(&files, &configure);
        let mut connected = connect(&secure(address, tls), &clock()).unwrap();
        let error = first_read(&mut connected);
        assert_eq!(TransportError::of(&error).unwrap().to_string(), text);
        assert_eq!(TransportError::of(&error).unwrap().kind(), FailureKind::Tls);
        drop(connected);
        assert_eq!(server.join().unwrap(), None);
    }
}

#[test]
fn a_file_that_cant_be_used_is_named() {
    let authority = Authority::new();
    let (one, other) = (authority.issue(&["a"]), authority.issue(&["b"]));
    let error = |tls: TlsOptions| {
        let error = failure(&secure(SocketAddr::from(([127, 0, 0, 1], 9)), tls));
        assert_eq!(error.kind(), FailureKind::File);
        error.to_string()
    };
    let mixed = TlsOptions { cert: Some(one.cert.clone()), key: Some(other.key.clone()), ..TlsOptions::default() };
    let reason = "the private key does not belong to this certificate";
    assert_eq!(error(mixed), format!("cannot use {}: {reason}", one.cert.display()));
    let missing = TlsOptions { ca: Some("/no/such/ca.pem".into()), ..TlsOptions::default() };
    assert_eq!(error(missing), "cannot use /no/such/ca.pem: no such file or directory");
    let alone = TlsOptions { key: Some(one.key.clone()), ..TlsOptions::default() };
    assert!(error(alone).ends_with("a key needs its certificate: give it with --cert FILE"));
    let swapped = TlsOptions { cert: Some(one.key), key: Some(one.cert), ..TlsOptions::default() };
    assert!(error(swapped).contains("it holds no certificate"));
}

#[test]
fn a_port_without_tls_is_told() {
    let (address, server) = serve_once(|mut stream: TcpStream| {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n\x1b").unwrap();
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let error = failure(&secure(address, TlsOptions::default()));
    assert_eq!(error.to_string(), r#"the peer does not speak TLS: it sent "HTTP/1.1 400 Bad Request""#);
    assert_eq!(error.hint().unwrap(), "try ws:// instead of wss://");
    server.join().unwrap();

    let (address, server) = serve_once(|mut stream: TcpStream| {
        stream.read_exact(&mut [0; 5]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let error = failure(&secure(address, TlsOptions::default()));
    assert_eq!(error.to_string(), "the peer closed the connection during the TLS handshake");
    server.join().unwrap();

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let error = failure(&Plan { timeout: Duration::from_secs(1), ..secure(address, TlsOptions::default()) });
    assert_eq!(error.to_string(), "timed out after 1s while waiting for the TLS handshake");
}
