//! Where a setting comes from: flag, environment, profile, default.

use std::collections::HashMap;

use super::*;
use crate::cli::args::Action;
use crate::handshake::DeflateOffer;
use crate::protocol::OnViolation;
use crate::session::options::Reconnect;
use crate::transport::TlsVersion;

const CONFIG: &str = "/home/me/.config/wscope/config.toml";

/// What is outside, for a test.
#[derive(Default)]
struct World {
    variables: HashMap<&'static str, &'static str>,
    files: HashMap<&'static str, &'static str>,
}

impl World {
    fn new(variables: &[(&'static str, &'static str)], files: &[(&'static str, &'static str)]) -> World {
        let variables = [("HOME", "/home/me")].iter().chain(variables).copied().collect();
        World { variables, files: files.iter().copied().collect() }
    }

    fn resolve(&self, line: &[&str]) -> Result<Settings, Report> {
        let variable = |name: &str| self.variables.get(name).map(OsString::from);
        let read = |path: &Path| {
            let text = path.to_str().and_then(|path| self.files.get(path));
            text.map(|text| (*text).to_owned()).ok_or_else(|| io::Error::from_raw_os_error(2))
        };
        let Action::Connect(flags) = args::parse(["wscope"].iter().chain(line).map(OsString::from))? else {
            panic!("{line:?} does not connect");
        };
        resolve(&flags, Sources { variable: &variable, read: &read })
    }
}

fn resolved(line: &[&str]) -> Settings {
    World::new(&[], &[]).resolve(line).unwrap()
}

fn profile(text: &'static str, line: &[&str]) -> Result<Settings, Report> {
    World::new(&[], &[(CONFIG, text)]).resolve(line)
}

/// What tells these settings from the defaults: `field: value`, one a line.
fn difference(settings: &Settings) -> Vec<String> {
    let lines = |settings: &Settings| format!("{settings:#?}").lines().map(str::to_owned).collect::<Vec<_>>();
    let defaults = lines(&resolved(&["ws://h"]));
    lines(settings).into_iter().filter(|line| !defaults.contains(line)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<Pair> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

type Pair = (String, String);

#[test]
fn defaults_are_those_of_the_session() {
    let settings = resolved(&["ws://h"]);
    assert_eq!(format!("{:?}", settings.connect), format!("{:?}", ConnectOptions::new("ws://h")));
    let output = OutputSettings {
        format: None,
        timestamps: Timestamps::Relative,
        headers: HeadersShown::Full,
        json: JsonShown::Compact,
        color: ColorWhen::Auto,
        secrets: Secrets::Mask,
        quiet: false,
    };
    assert_eq!(settings.output, output);
    let idle = Some(Duration::from_secs(1));
    let pipe = PipeSettings { records: Records::Lines, binary: false, execute: Vec::new(), idle, count: None };
    assert_eq!(settings.pipe, pipe);
}

#[test]
fn each_option_reaches_its_setting() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    macro_rules! reaches {
        ($($line:expr => $($field:ident).+ == $value:expr;)*) => {$(
            let line: &[&str] = &$line;
            let settings = resolved(&[line, &["ws://h"]].concat());
            assert_eq!(settings.$($field).+, $value, "{line:?}");
        )*};
    }
    reaches! {
        ["-H", "B: 1", "--header", "a:2", "-H", "B:  3 "] => connect.headers == pairs(&[("B", "1"), ("a", "2"), ("B", "3")]);
        ["-H", "Empty:"] => connect.headers == pairs(&[("Empty", "")]);
        ["--origin", "https://a"] => connect.origin == Some("https://a".to_owned());
        ["-s", "a,b", "--subprotocol", "c"] => connect.subprotocols == ["a", "b", "c"];
        ["--auth", "u:p:q"] => connect.authorization == Some(Authorization::Basic { user: "u".into(), password: "p:q".into() });
        ["--bearer", "t"] => connect.authorization == Some(Authorization::Bearer("t".into()));
        ["--cookie", "a=1", "--cookie", "b=2=3"] => connect.cookies == ["a=1", "b=2=3"];
        ["-L"] => connect.follow_redirects == true;
        ["--proxy", "none"] => connect.proxy == ProxyChoice::Direct;
        ["--proxy", "socks5://p:1"] => connect.proxy == ProxyChoice::Url("socks5://p:1".into());
        ["--unix", "/run/s"] => connect.unix == Some(PathBuf::from("/run/s"));
        ["--ca", "ca.pem"] => connect.tls.ca == Some(PathBuf::from("ca.pem"));
        ["--cert", "c.pem", "--key", "k.pem"] => connect.tls.key == Some(PathBuf::from("k.pem"));
        ["--cert", "c.pem"] => connect.tls.cert == Some(PathBuf::from("c.pem"));
        ["-k"] => connect.tls.insecure == true;
        ["--no-sni"] => connect.tls.no_sni == true;
        ["--min-tls", "1.0"] => connect.tls.min_version == Some(TlsVersion::V1_0);
        ["--min-tls", "1.1"] => connect.tls.min_version == Some(TlsVersion::V1_1);
        ["--min-tls", "1.2"] => connect.tls.min_version == Some(TlsVersion::V1_2);
        ["--min-tls", "1.3"] => connect.tls.min_version == Some(TlsVersion::V1_3);
        ["--compress"] => connect.compress == Compress::default();
        ["--no-compress"] => connect.compress == Compress::Off;
        ["--compress=server_max_window_bits=9"] => connect.compress == Compress::Offer(DeflateOffer {
            server_max_window_bits: Some(9),
            ..DeflateOffer::default()
        });
        ["--connect-timeout", "200ms"] => connect.connect_timeout == Duration::from_millis(200);
        ["--handshake-timeout", "1m30s"] => connect.handshake_timeout == Duration::from_secs(90);
        ["--ping-interval", "5"] => connect.ping_interval == seconds(5);
        ["--ping-timeout", "6s"] => connect.ping_timeout == seconds(6);
        ["--ping-interval", "0"] => connect.ping_interval == None;
        ["--reconnect"] => connect.reconnect == Some(Reconnect { attempts: None });
        ["--reconnect=3"] => connect.reconnect == Some(Reconnect { attempts: Some(3) });
        ["--max-message", "1KiB"] => connect.max_message == 1024;
        ["--on-violation", "continue"] => connect.on_violation == OnViolation::Continue;
        ["--format", "full"] => output.format == Some(Format::Full);
        ["--format", "raw"] => output.format == Some(Format::Raw);
        ["--format", "json"] => output.format == Some(Format::Json);
        ["--timestamps", "delta"] => output.timestamps == Timestamps::Delta;
        ["--timestamps", "clock"] => output.timestamps == Timestamps::Clock;
        ["--timestamps", "none"] => output.timestamps == Timestamps::None;
        ["--headers", "none"] => output.headers == HeadersShown::None;
        ["--headers", "short"] => output.headers == HeadersShown::Short;
        ["--json", "pretty"] => output.json == JsonShown::Pretty;
        ["--color", "always"] => output.color == ColorWhen::Always;
        ["--color", "never"] => output.color == ColorWhen::Never;
        ["--secrets", "keep"] => output.secrets == Secrets::Keep;
        ["-q"] => output.quiet == true;
        ["-0"] => pipe.records == Records::Null;
        ["--one"] => pipe.records == Records::Whole;
        ["--binary"] => pipe.binary == true;
        ["-x", "a", "--execute", "-b"] => pipe.execute == ["a", "-b"];
        ["--wait", "3"] => pipe.idle == seconds(3);
        ["--count", "2"] => pipe.count == Some(2);
        ["--count", "2"] => pipe.idle == None;
        ["--count", "2", "--wait", "3"] => pipe.idle == seconds(3);
        ["--until-close"] => pipe.idle == None;
    }
}

#[test]
fn options_may_stand_before_and_after_connect() {
    let settings = resolved(&["-k", "connect", "-q", "ws://h"]);
    assert!(settings.connect.tls.insecure && settings.output.quiet);
}

#[test]
fn options_can_come_from_the_environment_and_from_a_profile() {
    for (flag, variable, text, line) in [
        ("--header=A: 1", "WSCOPE_HEADER", "A: 1", "header = 'A: 1'"),
        ("--subprotocol=a,b", "WSCOPE_SUBPROTOCOL", "a\nb", "subprotocols = ['a', 'b']"),
        ("--cookie=a=1", "WSCOPE_COOKIE", "a=1", "cookies = { a = 1 }"),
        ("--auth=u:p", "WSCOPE_AUTH", "u:p", "auth = 'u:p'"),
        ("--bearer=t", "WSCOPE_BEARER", "t", "bearer = 't'"),
        ("--connect-timeout=3s", "WSCOPE_CONNECT_TIMEOUT", "3s", "connect-timeout = 3"),
        ("--max-message=1KiB", "WSCOPE_MAX_MESSAGE", "1KiB", "max-message = 1024"),
        ("--min-tls=1.2", "WSCOPE_MIN_TLS", "1.2", "min-tls = 1.2"),
        ("--insecure", "WSCOPE_INSECURE", "yes", "insecure = true"),
        ("--no-compress", "WSCOPE_COMPRESS", "off", "compress = false"),
        ("--no-compress", "WSCOPE_NO_COMPRESS", "1", "no-compress = true"),
        ("--reconnect", "WSCOPE_RECONNECT", "true", "reconnect = true"),
        ("--reconnect=1", "WSCOPE_RECONNECT", "1", "reconnect = 1"),
        ("--headers=short", "WSCOPE_HEADERS", "short", "headers = 'short'"),
        ("--format=json", "WSCOPE_FORMAT", "json", "format = 'json'"),
        ("--null", "WSCOPE_NULL", "on", "null = true"),
    ] {
        let expected = difference(&resolved(&[flag, "ws://h"]));
        assert!(!expected.is_empty(), "{flag} changes nothing");
        let by_variable = World::new(&[(variable, text)], &[]).resolve(&["ws://h"]).unwrap();
        assert_eq!(difference(&by_variable), expected, "{variable}={text}");
        let config: &str = Box::leak(format!("[profile.p]\nurl = 'ws://h'\n{line}\n").into_boxed_str());
        assert_eq!(difference(&profile(config, &["@p"]).unwrap()), expected, "{line}");
    }
}

#[test]
fn a_flag_is_stronger_than_the_environment_and_that_than_a_profile() {
    let files = [(
        CONFIG,
        "[profile.p]\nurl = 'ws://p'\nformat = 'full'\ntimestamps = 'delta'\njson = 'pretty'\ninsecure = true\n\
         headers = ['A: profile', 'B: profile', 'C: profile']\ncookies = ['a=profile', 'b=profile']\nauth = 'u:p'\n\
         subprotocols = ['p']\ncompress = 'server_no_context_takeover'\nwait = '9s'\n",
    )];
    let variables = [
        ("WSCOPE_FORMAT", "raw"),
        ("WSCOPE_TIMESTAMPS", "clock"),
        ("WSCOPE_INSECURE", "false"),
        ("WSCOPE_HEADER", "b: environment\nD: environment"),
        ("WSCOPE_SUBPROTOCOL", "e"),
        ("WSCOPE_BEARER", "token"),
        ("WSCOPE_ORIGIN", ""),
    ];
    let world = World::new(&variables, &files);
    let line = [
        "@p",
        "--format",
        "json",
        "-H",
        "A: flag",
        "-H",
        "A: again",
        "--cookie",
        "a=flag",
        "--no-compress",
        "--until-close",
    ];
    let settings = world.resolve(&line).unwrap();
    assert_eq!(settings.connect.url, "ws://p");
    assert_eq!(settings.output.format, Some(Format::Json));
    assert_eq!(settings.output.timestamps, Timestamps::Clock);
    assert_eq!(settings.output.json, JsonShown::Pretty);
    assert!(!settings.connect.tls.insecure);
    let headers = [("C", "profile"), ("b", "environment"), ("D", "environment"), ("A", "flag"), ("A", "again")];
    assert_eq!(settings.connect.headers, pairs(&headers));
    assert_eq!(settings.connect.cookies, ["b=profile", "a=flag"]);
    assert_eq!(settings.connect.subprotocols, ["e"]);
    assert_eq!(settings.connect.authorization, Some(Authorization::Bearer("token".to_owned())));
    assert_eq!(settings.connect.compress, Compress::Off);
    assert_eq!(settings.connect.origin, None);
    assert_eq!(settings.pipe.idle, None);
}

#[test]
fn files_of_headers_and_secrets() {
    let files = [
        ("h.txt", "# who\nB: 1\n\nA:2\r\n"),
        ("bad.txt", "A: 1\n\nno colon\n"),
        ("token", "secret\n"),
        ("empty", "\n"),
        ("/home/me/.config/wscope/mine.txt", "M: 1\n"),
        (
            CONFIG,
            "[profile.p]\nurl = 'ws://h'\nheaders = ['@mine.txt']\nca = 'ca.pem'\nkey = '/k.pem'\ncert = 'c/c.pem'\n",
        ),
    ];
    let world = World::new(&[], &files);
    let settings = world.resolve(&["ws://h", "-H", "@h.txt", "--bearer", "@token"]).unwrap();
    assert_eq!(settings.connect.headers, pairs(&[("B", "1"), ("A", "2")]));
    assert_eq!(settings.connect.authorization, Some(Authorization::Bearer("secret".to_owned())));

    let settings = world.resolve(&["@p"]).unwrap();
    assert_eq!(settings.connect.headers, pairs(&[("M", "1")]));
    assert_eq!(settings.connect.tls.ca, Some(PathBuf::from("/home/me/.config/wscope/ca.pem")));
    assert_eq!(settings.connect.tls.key, Some(PathBuf::from("/k.pem")));

    let form = Some("a header looks like 'Name: value'");
    for (line, exit, message, hint) in [
        (["-H", "@none.txt"], Exit::File, "cannot read \"none.txt\": no such file or directory", None),
        (
            ["-H", "@bad.txt"],
            Exit::Usage,
            "--header: bad.txt:3: invalid header \"no colon\": no colon after the name",
            form,
        ),
        (["-H", "X"], Exit::Usage, "--header: invalid header \"X\": no colon after the name", form),
        (["-H", ": v"], Exit::Usage, "--header: invalid header \": v\": no name before the colon", form),
        (
            ["-H", "A: b\r\nC: d"],
            Exit::Usage,
            "--header: invalid header \"A: b\\r\\nC: d\": it holds a line break",
            form,
        ),
        (["--bearer", "@gone"], Exit::File, "cannot read \"gone\": no such file or directory", None),
        (["--bearer", "@empty"], Exit::Usage, "the value of --bearer is empty", None),
        (
            ["--auth", "bob"],
            Exit::Usage,
            "invalid value for --auth: no colon between user and password",
            Some("--auth user:password, or --auth user: for an empty password"),
        ),
        (["--key", "k"], Exit::Usage, "--key is of no use without --cert", Some("--cert FILE names its certificate")),
    ] {
        let report = world.resolve(&["ws://h", line[0], line[1]]).unwrap_err();
        let expected = Report { hint: hint.map(str::to_owned), ..Report::new(exit, message) };
        assert_eq!(report, expected, "{line:?}");
    }
}

#[test]
fn errors_in_the_environment_name_the_variable() {
    for (variable, text, message) in [
        ("WSCOPE_INSECURE", "maybe", "WSCOPE_INSECURE: \"maybe\" is neither true nor false"),
        ("WSCOPE_COUNT", "x", "WSCOPE_COUNT: invalid value \"x\" for --count: it is a whole number from 1"),
        ("WSCOPE_HEADER", "A", "WSCOPE_HEADER: invalid header \"A\": no colon after the name"),
    ] {
        let report = World::new(&[(variable, text)], &[]).resolve(&["ws://h"]).unwrap_err();
        assert_eq!((report.exit, report.message.as_str()), (Exit::Usage, message));
    }
}

#[test]
fn a_variable_that_is_all_but_one_of_ours_is_told_from_others() {
    let names = ["WSCOPE_TIMESTAMP", "WSCOPE_CONECT_TIMEOUT", "WSCOPE_FORMAT", "WSCOPE_TOKEN", "TIMESTAMP", "WSCOPE_"];
    let told = slips(names.map(OsString::from));
    let slip = |name: &str, meant: &str| (name.to_owned(), meant.to_owned());
    let expected =
        [slip("WSCOPE_TIMESTAMP", "WSCOPE_TIMESTAMPS"), slip("WSCOPE_CONECT_TIMEOUT", "WSCOPE_CONNECT_TIMEOUT")];
    assert_eq!(told, expected);
}

#[test]
fn errors_in_a_profile_say_where_and_what_instead() {
    for (text, message, hint) in [
        (
            "[profile.p]\nurl = 'ws://h'\n\nconect-timeout = '1s'\n",
            ":4: unknown option \"conect-timeout\"",
            Some("did you mean connect-timeout?"),
        ),
        ("[profile.p]\nurk = 'ws://h'\n", ":2: unknown option \"urk\"", Some("did you mean url?")),
        ("[profile.p]\nzzzzzz = 1\n", ":2: unknown option \"zzzzzz\"", Some("wscope --help lists the options")),
        (
            "[profile.p]\nurl = 'ws://h'\nwait = 'x'\n",
            ":3: invalid value \"x\" for --wait: a duration looks like 10s, 200ms or 1m30s; a bare number is seconds",
            None,
        ),
        ("[profile.p]\ninsecure = 'yes'\n", ":2: insecure is true or false, not a string", None),
        ("[profile.p]\nca = true\n", ":2: ca takes text, not true", None),
        ("[profile.p]\nca = ['a', 'b']\n", ":2: ca takes text, not a list", None),
        ("[profile.p]\nurl = 1\n", ":2: url is not a string", None),
        (
            "[profile.p]\nurl = 'ws://h'\nheaders = [\n'A: 1', 'B']\n",
            ":3: invalid header \"B\": no colon after the name",
            Some("a header looks like 'Name: value'"),
        ),
        (
            "[profiles.p]\nurl = 'ws://h'\n",
            ":1: unknown key \"profiles\"",
            Some("settings stand in tables like [profile.staging]"),
        ),
        ("\nprofile = 1\n", ":2: profile is not a table like [profile.staging]", None),
        ("[profile]\np = 1\n", ":2: profile.p is not a table", None),
    ] {
        let report = profile(text, &["@p"]).unwrap_err();
        let expected =
            Report { hint: hint.map(str::to_owned), ..Report::new(Exit::Usage, format!("{CONFIG}{message}")) };
        assert_eq!(report, expected, "{text}");
    }
    let report = profile("[profile.p]\nurl = \n", &["@p"]).unwrap_err();
    assert!(report.message.starts_with(&format!("{CONFIG}:2: ")), "{}", report.message);
}

#[test]
fn profiles_that_are_not_there() {
    let two = "[profile.staging]\nurl = 'ws://s'\n[profile.prod]\nca = 'x'\n";
    let unknown = |name: &str| format!("unknown profile \"{name}\" in \"{CONFIG}\"");
    for (text, line, message, hint) in [
        (two, "@stagin", unknown("stagin"), "did you mean @staging?"),
        (two, "@x", unknown("x"), "there are: prod, staging"),
        ("", "@x", unknown("x"), "there are no profiles in it"),
        (two, "@prod", "profile \"prod\" has no url".to_owned(), "add a line: url = \"ws://host/path\""),
    ] {
        let expected = Report::new(Exit::Usage, message).hint(hint);
        assert_eq!(profile(text, &[line]).unwrap_err(), expected);
    }
    let report = World::new(&[], &[]).resolve(&["@p"]).unwrap_err();
    assert_eq!(report.message, format!("cannot read \"{CONFIG}\": no such file or directory"));
    assert_eq!(report.exit, Exit::File);

    let elsewhere = World::new(
        &[("XDG_CONFIG_HOME", "/etc/me")],
        &[("/etc/me/wscope/config.toml", "[profile.p]\nurl = 'ws://there'\n")],
    );
    assert_eq!(elsewhere.resolve(&["@p"]).unwrap().connect.url, "ws://there");
}

#[test]
fn no_url_is_a_usage_error() {
    let report = World::new(&[], &[]).resolve(&[]).unwrap_err();
    assert_eq!((report.exit, report.message.as_str()), (Exit::Usage, "no URL to connect to"));
}
