//! What users type and servers redirect to.

use super::*;
use proptest::prelude::*;

fn target(url: &str) -> Target {
    Target::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

#[test]
fn what_a_user_types() {
    let cases = [
        ("ws://h", "ws://h/", "h", 80),
        ("WS://h/a", "ws://h/a", "h", 80),
        ("Wss://h/a", "wss://h/a", "h", 443),
        ("http://h:80/a", "ws://h/a", "h", 80),
        ("https://h:443/a", "wss://h/a", "h", 443),
        ("ws://h:443/", "ws://h:443/", "h:443", 443),
        ("wss://h:80/", "wss://h:80/", "h:80", 80),
        ("localhost", "ws://localhost/", "localhost", 80),
        ("h:443/x", "ws://h:443/x", "h:443", 443),
        ("h/x?to=http://other/", "ws://h/x?to=http://other/", "h", 80),
        (":8080/path", "ws://localhost:8080/path", "localhost:8080", 8080),
        (":8080", "ws://localhost:8080/", "localhost:8080", 8080),
        ("[::1]:9000/x", "ws://[::1]:9000/x", "[::1]:9000", 9000),
        ("wss://[::1]", "wss://[::1]/", "[::1]", 443),
        ("ws://[fe80::1%eth0]:9/", "ws://[fe80::1]:9/", "[fe80::1]:9", 9),
        ("ws://h?q=1", "ws://h/?q=1", "h", 80),
        ("ws://h/a//b/../c?x=%20&y={z}|", "ws://h/a//b/../c?x=%20&y={z}|", "h", 80),
        ("ws://h/grün?ü", "ws://h/gr%C3%BCn?%C3%BC", "h", 80),
        ("ws://h:/x", "ws://h/x", "h", 80),
        ("ws://Some_Host.example./", "ws://Some_Host.example./", "Some_Host.example.", 80),
        ("ws://h/@me", "ws://h/@me", "h", 80),
    ];
    for (typed, url, host, port) in cases {
        let target = target(typed);
        assert_eq!((target.url().as_str(), target.host_header().as_str(), target.port), (url, host, port), "{typed}");
        assert_eq!(target.user_info, None, "{typed}");
    }
    assert_eq!(target("ws://[fe80::1%eth0]/").host, "fe80::1%eth0", "the zone is needed to connect");
}

#[test]
fn user_info_is_decoded_and_kept_out_of_the_url() {
    for (typed, user, password) in [
        ("ws://ann:p%40ss%3a%C3%BC@h/x", "ann", "p@ss:ü"),
        ("ws://ann@h/x", "ann", ""),
        ("ann:a:b@h/x", "ann", "a:b"),
        ("ws://a@b:c@h/x", "a@b", "c"),
    ] {
        assert_eq!(target(typed).user_info, Some((user.to_owned(), password.to_owned())), "{typed}");
        assert_eq!(target(typed).url(), "ws://h/x", "{typed}");
    }
    assert_eq!(target("ws://@h/").user_info, None);
}

#[test]
fn what_is_wrong_is_said_with_the_value() {
    let cases = [
        ("", r#"no host in "": write ws://host/path, host:port/path, or :port/path for localhost"#),
        (":", r#"no host in ":": write ws://host/path, host:port/path, or :port/path for localhost"#),
        ("ws://:80/", r#"no host in "ws://:80/": write ws://host/path, host:port/path, or :port/path for localhost"#),
        ("/x", r#"no host in "/x": write ws://host/path, host:port/path, or :port/path for localhost"#),
        ("wss:///x", r#"no host in "wss:///x": write ws://host/path, host:port/path, or :port/path for localhost"#),
        ("ftp://a:b@h/", r#"unknown scheme "ftp" in "ftp://***@h/": use ws, wss, http or https"#),
        ("h:http", r#"bad port "http" in "h:http": a port is a number from 1 to 65535"#),
        ("h:0", r#"bad port "0" in "h:0": a port is a number from 1 to 65535"#),
        ("h:65536", r#"bad port "65536" in "h:65536": a port is a number from 1 to 65535"#),
        ("h:+80", r#"bad port "+80" in "h:+80": a port is a number from 1 to 65535"#),
        ("[::1]80", r#"bad port "80" in "[::1]80": a port is a number from 1 to 65535"#),
        ("ws://::1/", r#"bad IPv6 address "::1": write it in brackets, as in ws://[::1]:8080/"#),
        ("ws://[::g]/", r#"bad IPv6 address "[::g]": write it in brackets, as in ws://[::1]:8080/"#),
        ("ws://[::1/", r#"bad IPv6 address "[::1": write it in brackets, as in ws://[::1]:8080/"#),
        ("ws://a,b/", r#"bad host "a,b": ',' is not allowed in a host name"#),
        (
            "ws://bücher/",
            r#"bad host "bücher": 'ü' is not allowed in a host name; write an international name in its xn-- form"#,
        ),
        ("ws://h/a b", r#"' ' at byte 8 of "ws://h/a b": write it percent-encoded, as %20"#),
        ("ws://h/\r\nX: y", r#"'\r' at byte 7 of "ws://h/\r\nX: y": write it percent-encoded, as %0D"#),
        (
            "ws://a:b@h/#top",
            "\"ws://***@h/#top\" has a fragment, which a WebSocket URL can't have (RFC 6455 section 3): \
             remove it, or write # as %23",
        ),
        ("ws://a:50%@h/", r#"the user info in "ws://***@h/" is not percent-encoded UTF-8: write % as %25"#),
        ("ws://a:%ff@h/", r#"the user info in "ws://***@h/" is not percent-encoded UTF-8: write % as %25"#),
    ];
    for (typed, message) in cases {
        assert_eq!(Target::parse(typed).expect_err(typed).to_string(), message, "{typed}");
    }
}

#[test]
fn a_location_is_resolved() {
    let base = target("wss://ann:secret@h:444/a/b/c?q=1");
    let cases = [
        ("https://h:444/new", "wss://h:444/new", true),
        ("http://h:444/new", "ws://h:444/new", false),
        ("wss://other/new", "wss://other/new", false),
        ("//other/new", "wss://other/new", false),
        ("/new?x=/../y", "wss://h:444/new?x=/../y", true),
        ("/x/../y/./z/..", "wss://h:444/y/", true),
        ("?z", "wss://h:444/a/b/c?z", true),
        ("", "wss://h:444/a/b/c?q=1", true),
        ("d", "wss://h:444/a/b/d", true),
        ("./d?x", "wss://h:444/a/b/d?x", true),
        ("../d", "wss://h:444/a/d", true),
        ("../../../../d", "wss://h:444/d", true),
        ("..", "wss://h:444/a/", true),
        ("/d#part", "wss://h:444/d", true),
        ("d:/e/f", "", false),
    ];
    for (location, url, with_user_info) in cases {
        match base.join(location) {
            Ok(target) => {
                assert_eq!(target.url(), url, "{location}");
                assert_eq!(target.user_info.is_some(), with_user_info, "{location}");
            }
            Err(error) => {
                assert_eq!(url, "", "{location}: {error}");
                assert_eq!(
                    error.to_string(),
                    r#"unknown scheme "d" in "d:/e/f": use ws, wss, http or https"#,
                    "{location}"
                );
            }
        }
    }
    assert_eq!(target("ws://[::1]:9/a").join("b").map(|t| t.url()), Ok("ws://[::1]:9/b".to_owned()));
    let error = base.join("/a b").expect_err("a space").to_string();
    assert!(error.starts_with("' ' at byte"), "{error}");
}

proptest! {
    #[test]
    fn any_text_is_an_answer_or_an_error_and_a_good_url_reads_back(typed in "(wss?://|)[a-z@:\\[\\]%/?.0-9ü]{0,20}", to in ".{0,12}") {
        if let Ok(target) = Target::parse(&typed) {
            prop_assert!(target.resource.starts_with('/') && target.resource.is_ascii());
            let again = Target::parse(&target.url()).expect("its own URL");
            prop_assert_eq!(again.url(), target.url());
            let _ = target.join(&to);
        }
    }
}
