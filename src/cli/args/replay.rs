//! Options of playing a recording again, as the client or as the server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::compare::{CompareArgs, ExpectArgs};
use super::connect::{ConnectArgs, HandshakeArgs, TlsArgs};
use super::output::{ColorWhen, Format, HeadersShown, Secrets, Timestamps};
use super::recording::RecordingArgs;
use super::report::ReportArgs;
use super::script::GivenArgs;
use super::{serve, values};
use crate::replay::server::Ids;
use crate::replay::{Capture, Setting};

/// Which recording, to whom, and how.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Replay")]
pub struct ReplayArgs {
    /// The recording
    pub file: PathBuf,
    /// Play the client: connect to this URL, and say what the client said; the path is the recorded one if it has none
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
    /// Play the server: listen there, and say what the server said; a port is this machine alone
    #[arg(long, value_name = "[ADDR:]PORT", value_parser = serve::listen, conflicts_with = "to")]
    pub listen: Option<SocketAddr>,
    /// Take part by a script: fn before(ws) (with --to), on_send(m), on_receive(m), matches(recorded, live), after(verdict)
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// The connection with this number [default: the first that has frames]
    #[arg(long, value_name = "N")]
    pub conn: Option<u32>,
    /// All of the client's connections, one after the other
    #[arg(long, conflicts_with_all = ["conn", "listen"])]
    pub all: bool,
    #[command(flatten)]
    pub pace: PaceArgs,
    #[command(flatten)]
    pub said: SaidArgs,
    #[command(flatten)]
    pub mock: MockArgs,
    #[command(flatten)]
    pub judged: JudgedArgs,
    #[command(flatten)]
    pub given: GivenArgs,
}

/// What the live session is held against, and what becomes of that.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Comparing")]
pub struct JudgedArgs {
    #[command(flatten)]
    pub expect: ExpectArgs,
    #[command(flatten)]
    pub compare: CompareArgs,
    /// Replace the recording by the live session, if that differs and came to its end
    #[arg(long, conflicts_with = "expect", help_heading = "Comparing")]
    pub update: bool,
    #[command(flatten)]
    pub reports: ReportArgs,
}

/// How the server is played.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Playing the server")]
pub struct MockArgs {
    /// Which recorded message one from the client is, and so what is answered: the next one whatever it says (and differences
    /// are told, or not: any), or one with the same bytes, the same JSON but for its id, or one that is a pattern for it. Of
    /// messages that were sent before any answer came each has an answer of its own then, and the last the rest; by order the
    /// last has all of them
    #[arg(
        long = "match",
        value_name = "order|any|exact|json|regex",
        value_enum,
        default_value_t,
        requires = "listen",
        hide_possible_values = true
    )]
    pub matching: MatchChoice,
    /// Where the id is that --match json puts into the answer [default: id, as in JSON-RPC]
    #[arg(long, value_name = "PATH", requires = "listen")]
    pub id: Option<Ids>,
    /// What to do with a message that is not in the recording: close with 1008, ignore it, or close and end with exit code 1,
    /// with --loop once the user ends it
    #[arg(
        long,
        value_name = "close|ignore|error",
        value_enum,
        default_value_t,
        requires = "listen",
        hide_possible_values = true
    )]
    pub unmatched: UnmatchedChoice,
    /// Send it to this server instead, and its answers to the client
    #[arg(long, value_name = "URL", requires = "listen", conflicts_with = "unmatched")]
    pub forward: Option<String>,
    /// Begin again with the first connection after the last one, until Ctrl-C; a client that fails ends nothing then, and the
    /// exit code is that of the first
    #[arg(long = "loop", requires = "listen")]
    pub again: bool,
    /// Take clients that ask for another path or do not offer the recorded subprotocol
    #[arg(long, requires = "listen")]
    pub lenient: bool,
    /// Serve wss with a certificate for localhost, made for this run; --cert and --key serve another
    #[arg(long, requires = "listen", conflicts_with = "cert")]
    pub self_signed: bool,
}

/// `--match`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MatchChoice {
    #[default]
    Order,
    Any,
    Exact,
    Json,
    Regex,
}

/// `--unmatched`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum UnmatchedChoice {
    #[default]
    Close,
    Ignore,
    Error,
}

/// When something is sent.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Pace")]
pub struct PaceArgs {
    /// When to send: wait for what came before it, at the original times, or at once [default: wait, or original with
    /// --speed or --max-gap]
    #[arg(long, value_name = "wait|original|asap", value_enum, hide_possible_values = true)]
    pub pace: Option<PaceChoice>,
    /// So many times as fast as recorded
    #[arg(long, value_name = "X", value_parser = speed)]
    pub speed: Option<f64>,
    /// Cut longer gaps to this
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub max_gap: Option<Duration>,
    /// Give up when a message takes so much longer than it did
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = values::timeout)]
    pub timeout: Duration,
}

/// What is sent.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "What is sent")]
pub struct SaidArgs {
    /// Send the recorded frames as they were, right or wrong, instead of the messages
    #[arg(long)]
    pub frames: bool,
    /// Masking keys of these frames
    #[arg(long, value_name = "fresh|recorded", value_enum, default_value_t, hide_possible_values = true)]
    pub masks: MasksChoice,
    /// Set a value in each JSON message that has it, or in that of frame N; {{NAME}} stands for a variable; may be repeated
    #[arg(long, value_name = "[#N:]PATH=VALUE", conflicts_with = "frames")]
    pub set: Vec<Setting>,
    /// Take a variable from what the peer answers, for {{NAME}} in what is sent; may be repeated
    #[arg(long, value_name = "NAME=PATH", conflicts_with = "frames")]
    pub capture: Vec<Capture>,
}

/// How the client connects.
#[derive(Clone, Debug, Args)]
pub struct WayArgs {
    #[command(flatten)]
    pub handshake: HandshakeArgs,
    #[command(flatten)]
    pub connect: ConnectArgs,
    #[command(flatten)]
    pub tls: TlsArgs,
    #[command(flatten)]
    pub shown: ShownArgs,
    #[command(flatten)]
    pub recording: RecordingArgs,
}

/// What is shown, with the names that this has elsewhere, so that the environment can set it too. `--json` is a report.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct ShownArgs {
    /// How an event is shown [default: short]
    #[arg(long, value_name = "short|full|raw|json", value_enum, hide_possible_values = true)]
    pub format: Option<Format>,
    /// Time before an event
    #[arg(long, value_name = "relative|delta|clock|none", value_enum, default_value_t, hide_possible_values = true)]
    pub timestamps: Timestamps,
    /// How much of the opening handshake
    #[arg(long, value_name = "none|short|full", value_enum, default_value_t, hide_possible_values = true)]
    pub headers: HeadersShown,
    /// Auto: a terminal without NO_COLOR
    #[arg(long, value_name = "auto|always|never", value_enum, default_value_t, hide_possible_values = true)]
    pub color: ColorWhen,
    /// Recorded credentials: *** or as is
    #[arg(long, value_name = "mask|keep", value_enum, default_value_t, hide_possible_values = true)]
    pub secrets: Secrets,
    /// Show messages and errors only
    #[arg(short, long)]
    pub quiet: bool,
}

/// `--pace`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PaceChoice {
    /// Once as many messages have come as had come before it in the recording.
    Wait,
    /// With the recorded gaps.
    Original,
    /// As fast as the peer reads.
    Asap,
}

/// `--masks`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MasksChoice {
    /// A key by chance where there was one, as RFC 6455 section 10.3 wants it.
    #[default]
    Fresh,
    /// The same keys: the same bytes.
    Recorded,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('x').parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("a speed is a number above 0: 4 is four times as fast".to_owned()),
    }
}
