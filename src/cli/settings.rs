//! Settings: every option resolved from the command line, the environment, a profile and the defaults, in that order of strength.
//!
//! Each source is read into a `Layer` of the same shape; the layers are merged and then read by the same table that the command
//! line is read by. So an option means the same wherever it stands, and there is one place for each check.

mod header;
mod layer;
mod profile;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::FromArgMatches;

use super::args::connect::TlsArgs;
use super::args::output::{ColorWhen, Format, HeadersShown, JsonShown, OutputArgs, Secrets, Timestamps};
use super::args::pipe::PipeArgs;
use super::args::recording::{OwnMasks, RecordingArgs};
use super::args::{self, Flags, Options};
use super::nearest;
use super::report::{Exit, Report};
use crate::recording::{self, Existing, Masks};
use crate::session::ConnectOptions;
use crate::session::options::{Authorization, Compress, ProxyChoice};
use crate::transport::{TlsOptions, in_words};
use layer::Layer;
use profile::Profile;

/// Everything that a run depends on.
#[derive(Clone, Debug)]
pub struct Settings {
    pub connect: ConnectOptions,
    pub output: OutputSettings,
    pub recording: RecordingSettings,
    pub pipe: PipeSettings,
}

/// What is written to files.
#[derive(Clone, Debug)]
pub struct RecordingSettings {
    /// `None`: nothing but the shell's own copy.
    pub file: Option<PathBuf>,
    /// What to do with a file that is there.
    pub existing: Existing,
    pub masks: Masks,
    /// Whether the shell keeps a copy of its session.
    pub autosave: bool,
}

/// What is shown, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputSettings {
    /// `None`: short for a person, raw for a pipe.
    pub format: Option<Format>,
    pub timestamps: Timestamps,
    pub headers: HeadersShown,
    pub json: JsonShown,
    pub color: ColorWhen,
    pub secrets: Secrets,
    pub quiet: bool,
}

/// What is sent without a shell, and when to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipeSettings {
    /// How stdin is cut into messages.
    pub records: Records,
    /// Send binary messages instead of text.
    pub binary: bool,
    /// Messages to send instead of reading stdin, if there are any.
    pub execute: Vec<String>,
    /// After the end of input, stop once nothing came for this long; `None`: only by `count` or the peer's closing.
    pub idle: Option<Duration>,
    /// Stop after this many received messages.
    pub count: Option<u64>,
}

/// Where a message ends on stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// At a line feed.
    Lines,
    /// At a NUL byte.
    Null,
    /// At the end of input.
    Whole,
}

/// What is outside of the command line: the environment and files.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
}

impl Sources<'_> {
    /// Those of this process.
    #[must_use]
    pub fn system() -> Sources<'static> {
        Sources { variable: &|name| std::env::var_os(name), read: &|path| std::fs::read_to_string(path) }
    }

    /// Where the user's own files are: `XDG_CONFIG_HOME/wscope`, or else `~/.config/wscope`.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        let absolute = |name| (self.variable)(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || PathBuf::from((self.variable)("HOME").unwrap_or_default()).join(".config");
        absolute("XDG_CONFIG_HOME").unwrap_or_else(home).join("wscope")
    }

    /// The text of a file that an option names.
    fn text(&self, path: &Path) -> Result<String, Report> {
        (self.read)(path).map_err(|error| {
            Report::new(Exit::File, format!("cannot read \"{}\": {}", path.display(), in_words(&error)))
        })
    }
}

/// Settings for a connection.
///
/// # Errors
/// A usage error: no URL, an unknown profile or key, a value that an option does not take; or a file that can't be read.
pub fn resolve(flags: &Flags, sources: Sources<'_>) -> Result<Settings, Report> {
    let profile = match flags.url.as_deref().and_then(|url| url.strip_prefix('@')) {
        Some(name) => profile::load(name, &sources.folder().join("config.toml"), sources)?,
        None => Profile::default(),
    };
    let url = match (&flags.url, profile.url) {
        (Some(url), _) if !url.starts_with('@') => url.clone(),
        (Some(name), None) => {
            let message = format!("profile \"{}\" has no url", name.trim_start_matches('@'));
            return Err(Report::new(Exit::Usage, message).hint("add a line: url = \"ws://host/path\""));
        }
        (_, Some(url)) => url,
        (None, None) => {
            let hint = "wscope ws://host/path connects, wscope demo shows what can be done, wscope --help lists it";
            return Err(Report::new(Exit::Usage, "no URL to connect to").hint(hint));
        }
    };
    let layers = [profile.layer, Layer::environment(sources)?, Layer::command_line(flags)];
    let headers = header::adding_up(&layers, "header", |text| header::read(text, sources))?;
    let cookies = header::adding_up(&layers, "cookie", header::cookie)?;
    let options = options(layers)?;
    let mut connect = connect(&options, url, sources)?;
    connect.headers = headers;
    connect.cookies = cookies.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let recording = recording(options.recording, options.output.secrets);
    Ok(Settings { connect, output: options.output.into(), recording, pipe: options.pipe.into() })
}

/// What of the settings a command needs that connects nowhere by itself.
///
/// # Errors
/// A usage error.
pub fn resolve_output(flags: &Flags, sources: Sources<'_>) -> Result<(OutputSettings, RecordingSettings), Report> {
    let options = options([Layer::environment(sources)?, Layer::command_line(flags)])?;
    let recording = recording(options.recording, options.output.secrets);
    Ok((options.output.into(), recording))
}

/// Of the names of environment variables those that set no option and are most likely slips for one that does, with that one.
#[must_use]
pub fn slips(names: impl IntoIterator<Item = OsString>) -> Vec<(String, String)> {
    let option = |name: String| name.strip_prefix("WSCOPE_").map(str::to_owned);
    let given: Vec<String> = names.into_iter().filter_map(|name| option(name.into_string().ok()?)).collect();
    // The list of all options takes its time, and most have no such variable.
    if given.is_empty() {
        return Vec::new();
    }
    let known: Vec<String> = args::options().get_arguments().map(layer::variable).filter_map(option).collect();
    let slip = |name: &String| {
        let meant = nearest(name, known.iter().map(String::as_str))?;
        Some((format!("WSCOPE_{name}"), format!("WSCOPE_{meant}")))
    };
    given.iter().filter(|name| !known.contains(name)).filter_map(slip).collect()
}

/// What is masked: credentials as said, and the user's own.
#[must_use]
pub fn masks(secrets: Secrets, own: OwnMasks) -> Masks {
    let secrets = match secrets {
        Secrets::Mask => recording::Secrets::Mask,
        Secrets::Keep => recording::Secrets::Keep,
    };
    Masks::new(secrets, &own.mask, own.mask_json)
}

/// What to do with a file that is there.
#[must_use]
pub const fn existing(force: bool) -> Existing {
    if force { Existing::Overwrite } else { Existing::Append }
}

fn recording(args: RecordingArgs, secrets: Secrets) -> RecordingSettings {
    let RecordingArgs { record, force, own, no_autosave } = args;
    let (existing, masks) = (existing(force), masks(secrets, own));
    RecordingSettings { file: record, existing, masks, autosave: !no_autosave }
}

impl From<OutputArgs> for OutputSettings {
    fn from(args: OutputArgs) -> OutputSettings {
        let OutputArgs { format, timestamps, headers, json, color, secrets, quiet } = args;
        OutputSettings { format, timestamps, headers, json, color, secrets, quiet }
    }
}

impl From<PipeArgs> for PipeSettings {
    fn from(args: PipeArgs) -> PipeSettings {
        let records = match (args.null, args.one) {
            (true, _) => Records::Null,
            (_, true) => Records::Whole,
            _ => Records::Lines,
        };
        let bounded_otherwise = args.until_close || args.count.is_some();
        let idle = args.wait.or((!bounded_otherwise).then_some(Duration::from_secs(1)));
        PipeSettings { records, binary: args.binary, execute: args.execute, idle, count: args.count }
    }
}

impl From<&TlsArgs> for TlsOptions {
    fn from(args: &TlsArgs) -> TlsOptions {
        TlsOptions {
            ca: args.trust.ca.clone(),
            cert: args.cert.clone(),
            key: args.key.clone(),
            insecure: args.trust.insecure,
            no_sni: args.trust.no_sni,
            min_version: args.trust.min_tls.map(Into::into),
        }
    }
}

/// Merges layers, the weakest first, and reads the result as a command line.
fn options<const N: usize>(layers: [Layer; N]) -> Result<Options, Report> {
    let merged = layers.into_iter().fold(Layer::default(), Layer::overridden_by);
    let matches = args::options().try_get_matches_from(merged.into_arguments())?;
    Ok(Options::from_arg_matches(&matches)?)
}

/// All but headers and cookies, which add up over layers.
fn connect(options: &Options, url: String, sources: Sources<'_>) -> Result<ConnectOptions, Report> {
    let Options { handshake, connect, tls, .. } = options;
    if tls.key.is_some() && tls.cert.is_none() {
        return Err(
            Report::new(Exit::Usage, "--key is of no use without --cert").hint("--cert FILE names its certificate")
        );
    }
    let positive = |duration: Option<Duration>| duration.filter(|duration| !duration.is_zero());
    Ok(ConnectOptions {
        url,
        headers: Vec::new(),
        order: Vec::new(),
        origin: handshake.origin.clone(),
        subprotocols: handshake.subprotocol.clone(),
        authorization: authorization(handshake.auth.as_deref(), handshake.bearer.as_deref(), sources)?,
        cookies: Vec::new(),
        follow_redirects: handshake.follow_redirects,
        proxy: connect.reach.proxy.clone().unwrap_or(ProxyChoice::Environment),
        unix: connect.reach.unix.clone(),
        tls: tls.into(),
        compress: if handshake.no_compress { Compress::Off } else { handshake.compress.clone().unwrap_or_default() },
        connect_timeout: connect.reach.connect_timeout,
        handshake_timeout: connect.reach.handshake_timeout,
        ping_interval: positive(connect.ping_interval),
        ping_timeout: positive(connect.ping_timeout),
        reconnect: connect.reconnect.and_then(|choice| choice.0),
        max_message: connect.limits.max_message,
        on_violation: connect.limits.on_violation.into(),
    })
}

fn authorization(
    auth: Option<&str>,
    bearer: Option<&str>,
    sources: Sources<'_>,
) -> Result<Option<Authorization>, Report> {
    if let Some(auth) = auth {
        let auth = secret("--auth", auth, sources)?;
        let Some((user, password)) = auth.split_once(':') else {
            let message = "invalid value for --auth: no colon between user and password";
            return Err(
                Report::new(Exit::Usage, message).hint("--auth user:password, or --auth user: for an empty password")
            );
        };
        return Ok(Some(Authorization::Basic { user: user.to_owned(), password: password.to_owned() }));
    }
    bearer.map(|token| secret("--bearer", token, sources).map(Authorization::Bearer)).transpose()
}

/// A secret given on the command line, or as `@file`: its first line. Errors don't repeat it.
fn secret(option: &str, text: &str, sources: Sources<'_>) -> Result<String, Report> {
    let text = match text.strip_prefix('@') {
        Some(path) => {
            let text = sources.text(Path::new(path))?;
            text.lines().next().unwrap_or_default().trim_end().to_owned()
        }
        None => text.to_owned(),
    };
    match text {
        text if text.is_empty() => Err(Report::new(Exit::Usage, format!("the value of {option} is empty"))),
        text if text.contains(['\r', '\n']) => {
            Err(Report::new(Exit::Usage, format!("the value of {option} holds a line break")))
        }
        text => Ok(text),
    }
}

#[cfg(test)]
mod tests;
