//! The command line, its help and its errors.

use super::*;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/help.txt");

fn error(line: &[&str]) -> (String, Option<String>) {
    let report = parsed(line).unwrap_err();
    assert_eq!(report.exit, Exit::Usage);
    (report.message, report.hint)
}

fn parsed(line: &[&str]) -> Result<Action, Report> {
    parse(["wscope"].iter().chain(line).map(OsString::from))
}

fn help(line: &[&str]) -> String {
    match parsed(line) {
        Ok(Action::Help(help)) => help.render().to_string(),
        other => panic!("{line:?}: {other:?}"),
    }
}

#[test]
fn the_table_is_consistent() {
    command().debug_assert();
    options().debug_assert();
    for arg in options().get_arguments() {
        assert!(arg.get_long().is_some(), "{} can't be set by a profile", arg.get_id());
        assert!(arg.get_help_heading().is_some(), "{}", arg.get_id());
    }
}

#[test]
fn help_is_the_golden_file() {
    let help = command().term_width(100).render_help().to_string();
    if std::env::var_os("WSCOPE_BLESS").is_some() {
        std::fs::write(GOLDEN, &help).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(help == golden, "{GOLDEN} differs (WSCOPE_BLESS=1 writes it):\n{help}");
    for line in help.lines() {
        assert!(line.chars().count() <= 100, "over 100 columns: {line}");
        assert_eq!(line, line.trim_end(), "trailing space");
    }
}

#[test]
fn short_help_is_short_and_long_help_whole() {
    let (short, long) = (help(&["-h"]), help(&["--help"]));
    assert!(short.contains("--header") && !short.contains("--ping-interval"), "{short}");
    assert!(short.lines().count() < 64, "{short}");
    assert_eq!(long, help(&["help"]));
    assert!(long.contains("--ping-interval") && long.contains("Examples:"), "{long}");
    assert_eq!(help(&["demo", "--help"]), help(&["help", "demo"]));
    assert!(help(&["demo", "--help"]).contains("--timestamps"));
    assert_eq!(help(&["report", "merge", "--help"]), help(&["help", "report", "merge"]));
    assert!(help(&["report", "merge", "-h"]).contains("--junit"));
    assert!(help(&["connect", "-h"]).contains("--header"));
    assert_eq!(help(&["-V"]), format!("wscope {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn commands() {
    assert!(matches!(parsed(&["demo", "--json", "pretty"]), Ok(Action::Demo(..))));
    assert!(matches!(parsed(&["-q", "demo"]), Ok(Action::Demo(..))));
    assert!(matches!(parsed(&["completions", "fish"]), Ok(Action::Completions(Shell::Fish))));
    assert!(matches!(parsed(&["man"]), Ok(Action::Man(names)) if names.is_empty()));
    assert!(matches!(parsed(&["man", "demo"]), Ok(Action::Man(names)) if names == ["demo"]));
    assert!(matches!(parsed(&[]), Ok(Action::Connect(Flags { url: None, .. }))));
}

#[test]
fn a_url_is_told_from_a_mistyped_command() {
    for url in [
        "ws://h",
        "wss://h/p",
        "http://h",
        ":8080",
        ":8080/p",
        "[::1]:80",
        "@staging",
        "example.org",
        "host/path",
        "host:80",
        "localhost",
        "LocalHost",
        "demo.example",
    ] {
        for line in [&[url][..], &["connect", url]] {
            match parsed(line) {
                Ok(Action::Connect(flags)) => assert_eq!(flags.url.as_deref(), Some(url)),
                other => panic!("{line:?}: {other:?}"),
            }
        }
    }
    let url = "a URL looks like ws://host/path or host:port/path";
    for (word, near) in [
        ("dmo", Some("demo")),
        ("deom", Some("demo")),
        ("DEMO", Some("demo")),
        ("conect", Some("connect")),
        ("completion", Some("completions")),
        ("mna", Some("man")),
        ("hlep", Some("help")),
        ("myhost", None),
        ("x", None),
    ] {
        let hint = near.map_or_else(|| url.to_owned(), |near| format!("did you mean {near}? {url}"));
        assert_eq!(error(&[word]), (format!("unknown command or URL {word:?}"), Some(hint)), "{word}");
    }
}

#[test]
fn usage_errors_read_as_one_line() {
    for (line, message, hint) in [
        (&["--fromat", "raw", "ws://h"][..], "unknown option \"--fromat\"", Some("did you mean --format?")),
        (&["--zzzzzz", "ws://h"], "unknown option \"--zzzzzz\"", Some("wscope --help lists them all")),
        (
            &["ws://h", "ws://i"],
            "unexpected argument \"ws://i\"",
            Some("one URL at a time; -x MESSAGE sends a message"),
        ),
        (
            &["--format", "sort", "ws://h"],
            "invalid value \"sort\" for --format: it is one of short, full, raw, json",
            Some("did you mean short?"),
        ),
        (
            &["--wait", "10x", "ws://h"],
            "invalid value \"10x\" for --wait: a duration looks like 10s, 200ms or 1m30s; a bare number is seconds",
            None,
        ),
        (
            &["--connect-timeout=0", "ws://h"],
            "invalid value \"0\" for --connect-timeout: it must be longer than 0s",
            None,
        ),
        (
            &["--max-message=5mb5", "ws://h"],
            "invalid value \"5mb5\" for --max-message: unknown unit \"mb5\": a size is in bytes or ends with k, M, G, \
             KiB, MiB or GiB",
            None,
        ),
        (
            &["--compress=client_max_window_bits=7", "ws://h"],
            "invalid value \"client_max_window_bits=7\" for --compress: client_max_window_bits is from 8 to 15, got \
             \"7\"",
            None,
        ),
        (
            &["--compress", "client_max_window_bits=9", "ws://h"],
            "unexpected argument \"ws://h\"",
            Some("--compress takes its value after an equals sign: --compress=VALUE"),
        ),
        (&["--count", "0", "ws://h"], "invalid value \"0\" for --count: it is a whole number from 1", None),
        (&["ws://h", "--origin"], "--origin needs a value", None),
        (&["--auth", "a:b", "--bearer", "c", "ws://h"], "--auth and --bearer exclude each other", None),
        (&["--null", "--one", "ws://h"], "--null and --one exclude each other", None),
        (&["--ca", "a", "--ca", "b", "ws://h"], "--ca is there twice", None),
        (&["completions"], "<SHELL> is missing", None),
        (
            &["completions", "bsh"],
            "invalid value \"bsh\" for <SHELL>: it is one of bash, elvish, fish, powershell, zsh",
            Some("did you mean bash?"),
        ),
        (
            &["ws://h", "demo"],
            "unexpected \"ws://h\" before the command demo",
            Some("wscope demo --help shows what it takes"),
        ),
        (
            &["completion", "bash"],
            "unknown command or URL \"completion\"",
            Some("did you mean completions? a URL looks like ws://host/path or host:port/path"),
        ),
        (&["help", "dmo"], "unknown command \"dmo\"", Some("did you mean demo?")),
    ] {
        assert_eq!(error(line), (message.to_owned(), hint.map(str::to_owned)), "{line:?}");
    }
}
