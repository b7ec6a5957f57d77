//! Negotiation of permessage-deflate, from either end.

use super::*;
use crate::handshake::{Response, extensions};

fn parse(value: &str) -> Vec<Extension> {
    let response = Response::new(101, &[("Sec-WebSocket-Extensions", value)]).expect("a good header");
    extensions(&response.headers).collect::<Result<_, _>>().expect("well formed")
}

/// As `server context, client context, server bits, client bits`.
fn short(params: DeflateParams) -> String {
    let context = |none| if none { "fresh" } else { "kept" };
    format!(
        "{} {} {} {}",
        context(params.server_no_context_takeover),
        context(params.client_no_context_takeover),
        params.server_max_window_bits,
        params.client_max_window_bits
    )
}

#[test]
fn an_offer_is_written() {
    let mut offer = DeflateOffer::default();
    assert_eq!(offer.to_header(), "permessage-deflate");
    offer.client_max_window_bits = Some(None);
    assert_eq!(offer.to_header(), "permessage-deflate; client_max_window_bits");
    offer = DeflateOffer {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        server_max_window_bits: Some(9),
        client_max_window_bits: Some(Some(10)),
    };
    assert_eq!(
        offer.to_header(),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; \
         client_max_window_bits=10"
    );
}

#[test]
fn a_server_chooses() {
    let none = DeflateOffer::default();
    let strict = DeflateOffer {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        server_max_window_bits: Some(10),
        client_max_window_bits: Some(Some(11)),
    };
    let cases = [
        ("permessage-deflate", &none, "kept kept 15 15", ""),
        ("x-other, Permessage-Deflate; client_max_window_bits", &none, "kept kept 15 15", ""),
        ("permessage-deflate; client_max_window_bits=9", &none, "kept kept 15 9", "; client_max_window_bits=9"),
        ("permessage-deflate; server_max_window_bits=\"12\"", &none, "kept kept 12 15", "; server_max_window_bits=12"),
        (
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            &none,
            "fresh fresh 15 15",
            "; server_no_context_takeover; client_no_context_takeover",
        ),
        (
            "permessage-deflate",
            &strict,
            "fresh fresh 10 15",
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10",
        ),
        (
            "permessage-deflate; client_max_window_bits; server_max_window_bits=9",
            &strict,
            "fresh fresh 9 11",
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=11",
        ),
        // A bad offer is declined and the next one tried.
        (
            "permessage-deflate; what, permessage-deflate; server_max_window_bits=8",
            &none,
            "kept kept 8 15",
            "; server_max_window_bits=8",
        ),
        ("permessage-deflate; server_max_window_bits, permessage-deflate", &none, "kept kept 15 15", ""),
        ("permessage-deflate; server_max_window_bits=16, permessage-deflate", &none, "kept kept 15 15", ""),
        ("permessage-deflate; client_max_window_bits=08, permessage-deflate", &none, "kept kept 15 15", ""),
        ("permessage-deflate; server_no_context_takeover=1, permessage-deflate", &none, "kept kept 15 15", ""),
        (
            "permessage-deflate; client_max_window_bits; client_max_window_bits, permessage-deflate",
            &none,
            "kept kept 15 15",
            "",
        ),
    ];
    for (offers, wants, params, parameters) in cases {
        let (agreed, header) = choose(&parse(offers), wants).expect(offers);
        assert_eq!(
            (short(agreed).as_str(), header.as_str()),
            (params, format!("permessage-deflate{parameters}").as_str()),
            "{offers}"
        );
        let (read, faults) = agree(&parse(&header)[0], &parse(offers));
        assert_eq!(faults, [], "a client finds nothing wrong with {header} for {offers}");
        assert_eq!(read.server_max_window_bits, agreed.server_max_window_bits);
    }
    for declined in ["", "x-webkit-deflate-frame", "permessage-deflate; server_max_window_bits=7"] {
        assert_eq!(choose(&parse(declined), &none), None, "{declined}");
    }
}

#[test]
fn a_client_reads_the_answer() {
    let plain = "permessage-deflate";
    let browser = "permessage-deflate; client_max_window_bits";
    let full = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11";
    let cases = [
        (browser, "", "kept kept 15 15", vec![]),
        (plain, "; server_no_context_takeover; client_no_context_takeover", "fresh fresh 15 15", vec![]),
        (plain, "; server_max_window_bits=9", "kept kept 9 15", vec![]),
        (browser, "; client_max_window_bits=9", "kept kept 15 9", vec![]),
        (full, "; server_no_context_takeover; server_max_window_bits=10", "fresh kept 10 11", vec![]),
        (
            full,
            "",
            "kept kept 15 11",
            vec![
                "unanswered extension parameter 7.1.1.1: server_no_context_takeover, as offered, got no server_no_context_takeover",
                "unanswered extension parameter 7.1.2.1: server_max_window_bits of at most 10, as offered, got no server_max_window_bits",
            ],
        ),
        (
            full,
            "; server_no_context_takeover; server_max_window_bits=11; client_max_window_bits=12",
            "fresh kept 11 12",
            vec![
                "window bits over the offer 7.1.2.1: server_max_window_bits of at most 10, as offered, got server_max_window_bits=11",
                "window bits over the offer 7.1.2.2: client_max_window_bits of at most 11, as offered, got client_max_window_bits=12",
            ],
        ),
        (
            plain,
            "; client_max_window_bits=9",
            "kept kept 15 9",
            vec![
                "unsolicited extension parameter 7.1.2.2: no client_max_window_bits: it was not offered, got client_max_window_bits=9",
            ],
        ),
        (
            browser,
            "; client_max_window_bits; server_max_window_bits=16",
            "kept kept 15 15",
            vec![
                "invalid extension parameter 7.1.2.2: client_max_window_bits=8 to client_max_window_bits=15, got client_max_window_bits",
                "invalid extension parameter 7.1.2.1: server_max_window_bits=8 to server_max_window_bits=15, got server_max_window_bits=16",
            ],
        ),
        (
            browser,
            "; client_no_context_takeover=1; server_no_context_takeover; server_no_context_takeover; x",
            "fresh kept 15 15",
            vec![
                "invalid extension parameter 7.1.1.2: client_no_context_takeover without a value, got client_no_context_takeover=1",
                "repeated extension parameter 7.1: server_no_context_takeover at most once, got server_no_context_takeover",
                "unknown extension parameter 7.1: server_no_context_takeover, client_no_context_takeover, \
                 server_max_window_bits or client_max_window_bits, got x",
            ],
        ),
        // The answer is to the second of two offers.
        (
            "permessage-deflate; server_max_window_bits=9, permessage-deflate; client_max_window_bits",
            "; client_max_window_bits=12",
            "kept kept 15 12",
            vec![],
        ),
    ];
    for (offers, parameters, params, expected) in cases {
        let answer = parse(&format!("permessage-deflate{parameters}")).remove(0);
        let (agreed, faults) = agree(&answer, &parse(offers));
        let said =
            |f: &Fault| format!("{} {}: {}, got {}", f.rule, f.section.replace("RFC 7692 ", ""), f.expected, f.got);
        let faults: Vec<_> = faults.iter().map(said).collect();
        assert_eq!(
            (short(agreed).as_str(), faults),
            (params, expected.into_iter().map(str::to_owned).collect()),
            "{offers}: {parameters}"
        );
    }
}
