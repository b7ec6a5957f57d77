//! `wscope replay FILE --listen ADDR`: the server's part of a recording, for real clients.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{note, pace, read, stopped};
use crate::app::interrupt::Interrupt;
use crate::app::output;
use crate::app::scripts::Given;
use crate::app::server::{self, CONNECTIONS, HANDSHAKE_TIMEOUT, acceptor};
use crate::app::words;
use crate::cli::args::Flags;
use crate::cli::args::connect::TlsArgs;
use crate::cli::args::output::Format;
use crate::cli::args::replay::{MatchChoice, ReplayArgs, UnmatchedChoice};
use crate::cli::args::serve::CertificateArgs;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{self, OutputSettings, RecordingSettings, Sources};
use crate::recording::Masks;
use crate::render;
use crate::replay::server::{Matching, Mismatch, Mock, MockError, Options, Played, Remark, Served, Unmatched};
use crate::replay::{Changes, Hooks, NoHooks, Score, Stop, Stopped, compare};
use crate::script::{self, Replaying};
use crate::session::{Clock, Incoming, Timeline, Waker, waker};
use crate::transport::{Acceptor, in_words};

/// The most of a message that is quoted, in characters.
const QUOTED: usize = 60;

/// Says what the server said to whoever connects, until all of it is said.
///
/// # Errors
/// The report that ends the program.
pub fn run(args: &ReplayArgs, tls: &TlsArgs, address: SocketAddr, flags: &Flags) -> Result<Exit, Report> {
    let (output, recording) = settings::resolve_output(flags, Sources::system())?;
    let given = Given::new(&args.given)?;
    let recording = RecordingSettings { masks: given.masks(&recording.masks), ..recording };
    let clock = Clock::start();
    let mock =
        mock(args, Changes::new(args.said.set.clone(), args.said.capture.clone(), given.variables.clone()), flags)?;
    let (cert, key) = (tls.cert.clone(), tls.key.clone());
    let acceptor = acceptor(&CertificateArgs { cert, key, self_signed: args.mock.self_signed })?;
    let output = OutputSettings { format: Some(output.format.unwrap_or(Format::Short)), ..output };
    let system = |error: io::Error| Report::new(Exit::Failed, format!("cannot set up: {}", in_words(&error)));
    let (waker, wakened) = waker().map_err(system)?;
    let interrupt = Interrupt::watch(waker).map_err(system)?;
    let sinks = output::sinks(&output, &recording, None, clock)?;
    let (script, timeline) = super::script(args, &given, &recording.masks, clock, &interrupt, sinks)?;
    if script.as_ref().is_some_and(Replaying::says_first) {
        let message = "before(ws) is called with --to: with --listen the recording has the first word";
        return Err(Report::new(Exit::Usage, message));
    }
    let service = Arc::new(Service {
        mock,
        script,
        acceptor,
        timeline: timeline.clone(),
        masks: recording.masks,
        quiet: output.quiet,
        expected: args.judged.expect.expect.is_some(),
        clients: AtomicUsize::new(0),
        failure: Mutex::default(),
        waker: interrupt.waker(),
    });
    let serving = Arc::clone(&service);
    let stack = if args.script.is_some() { script::STACK } else { server::STACK };
    let what = |url: &str| {
        let (count, place) = (service.mock.connections(), service.mock.resources().next().unwrap_or("/"));
        let plural = if count == 1 { "" } else { "s" };
        format!("playing the server of {count} connection{plural} of {} on {url}{place}", args.file.display())
    };
    let serve = move |stream, peer| serving.serve(stream, peer);
    server::start(address, service.acceptor.is_some(), CONNECTIONS, stack, what, serve)?;

    let ended = loop {
        if interrupt.happened() {
            break Ok(Exit::Interrupted);
        }
        if let Some(ended) = service.ended() {
            break ended;
        }
        let _ = wakened.wait(Duration::from_secs(3600));
    };
    timeline.flush().err().and_then(Report::lost).map_or(ended, Err)
}

/// The recording as a server.
fn mock(args: &ReplayArgs, changes: Changes, flags: &Flags) -> Result<Mock, Report> {
    let name = args.file.display().to_string();
    let mut scores = read(&args.file)?;
    if let Some(wanted) = args.conn {
        scores = vec![Score::numbered(&scores, wanted, &name)?.clone()];
    }
    let rules = Box::new(args.judged.compare.rules());
    let options = Options {
        matching: match args.mock.matching {
            MatchChoice::Order => Matching::Order(rules),
            MatchChoice::Any => Matching::Any,
            MatchChoice::Exact => Matching::Exact,
            MatchChoice::Json => Matching::Json { rules, ids: args.mock.id.clone().unwrap_or_default() },
            MatchChoice::Regex => Matching::Regex,
        },
        unmatched: match (&args.mock.forward, args.mock.unmatched) {
            (Some(url), _) => Unmatched::Forward(Box::new(words::options(std::slice::from_ref(url))?)),
            (None, UnmatchedChoice::Close) => Unmatched::Close,
            (None, UnmatchedChoice::Ignore) => Unmatched::Ignore,
            (None, UnmatchedChoice::Error) => Unmatched::Error,
        },
        pace: pace(&args.pace)?,
        max_gap: args.pace.max_gap,
        frames: args.said.frames,
        changes,
        again: args.mock.again,
        lenient: args.mock.lenient,
        patience: flags.names("timeout").then_some(args.pace.timeout),
    };
    Mock::new(&scores, options).map_err(|error| match error {
        MockError::Nothing => Report::new(Exit::File, format!("cannot play the server of {name}: {error}")),
        MockError::Change(error) => stopped(&error.into()),
    })
}

/// What is done with each client.
struct Service {
    mock: Mock,
    /// What takes part, for each client anew.
    script: Option<Replaying>,
    acceptor: Option<Acceptor>,
    timeline: Timeline,
    masks: Masks,
    quiet: bool,
    /// Whether a client has to be as recorded.
    expected: bool,
    /// How many are there.
    clients: AtomicUsize,
    /// What ends the program.
    failure: Mutex<Option<Report>>,
    waker: Waker,
}

impl Service {
    fn serve(&self, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
        self.clients.fetch_add(1, Ordering::AcqRel);
        let mut failure = None;
        let served = server::attend(stream, peer, self.acceptor.as_ref(), self.timeline.clock(), |incoming| {
            failure = self.play(incoming, peer);
            Ok(())
        });
        if failure.is_some() {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        }
        self.clients.fetch_sub(1, Ordering::AcqRel);
        self.waker.wake();
        served
    }

    /// Plays its part to a client; what is wrong enough to end the program.
    fn play(&self, incoming: Incoming, peer: SocketAddr) -> Option<Report> {
        let remark = |remark| self.tell(peer, remark);
        let mut script = self.script.as_ref().map(Replaying::for_another);
        let hooks: &mut dyn Hooks = match &mut script {
            Some(script) => script,
            None => &mut NoHooks,
        };
        let served = self.mock.serve(incoming, HANDSHAKE_TIMEOUT, &self.timeline, hooks, &remark);
        let failure = self.judge(peer, served, hooks);
        // Its own words say more than that it ended the replay.
        let fault = script.and_then(|mut script| script.fault());
        let fault = fault.map(|fault| Report::from(fault).masked(&self.masks));
        fault.or(failure)
    }

    /// What there is to say while a client is served.
    fn tell(&self, peer: SocketAddr, remark: Remark) {
        match remark {
            Remark::Otherwise(mismatch) => self.note(&format!("client {peer} is taken although {mismatch}")),
            Remark::Unmatched { binary, data } => {
                let data = self.masks.bytes(&data);
                note(&format!("client {peer} said what is not in the recording: {}", quoted(binary, &data)));
            }
            Remark::Upstream(why) => note(&format!("client {peer} has no server behind any more: {why}")),
            Remark::Lost(error) => {
                if let Some(report) = Report::lost(error) {
                    report.print();
                }
            }
        }
    }

    /// Says how it was with a client; what is wrong enough to end the program.
    fn judge(&self, peer: SocketAddr, served: Served, hooks: &mut dyn Hooks) -> Option<Report> {
        match served {
            Served::Played(played) => return self.judge_played(peer, played, hooks),
            Served::Answered { connection, status } => {
                self.note(&format!("client {peer} was answered with {status}, as connection {connection}"));
            }
            Served::Refused { status, why } => {
                note(&format!("client {peer} is refused with {status}: {why}"));
                if !matches!(why, Mismatch::Over) {
                    note("--lenient takes it all the same");
                }
            }
            Served::Failed(error) => self.note(&format!("client {peer} did not connect: {error}")),
        }
        None
    }

    fn judge_played(&self, peer: SocketAddr, played: Played, hooks: &mut dyn Hooks) -> Option<Report> {
        let Played { connection, verdict, stopped: why } = played;
        if !self.quiet || !verdict.is_same() {
            let shown = compare::render(&verdict, &render::Options::default(), 1);
            // With stderr gone there is nobody left to tell.
            let shown = self.masks.without_values(&shown);
            let _ = write!(io::stderr(), "client {peer} played connection {connection}\n{shown}");
        }
        let after = hooks.after(&verdict).err().map(|Stop| Stopped::Hook);
        why.or(after).as_ref().map(stopped).or_else(|| {
            let message = format!("client {peer} was not as connection {connection}: {}", compare::summary(&verdict));
            (self.expected && !verdict.is_same()).then(|| Report::new(Exit::Failed, message))
        })
    }

    /// How the program ends, if it is time.
    fn ended(&self) -> Option<Result<Exit, Report>> {
        if let Some(failure) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Some(Err(failure));
        }
        (self.mock.is_over() && self.clients.load(Ordering::Acquire) == 0).then_some(Ok(Exit::Success))
    }

    fn note(&self, text: &str) {
        if !self.quiet {
            note(text);
        }
    }
}

/// The beginning of a message.
fn quoted(binary: bool, data: &[u8]) -> String {
    if binary {
        return format!("{} bytes of binary", data.len());
    }
    let text = String::from_utf8_lossy(&data[..data.len().min(4 * QUOTED)]);
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{:?}... of {} bytes", &text[..end], data.len()),
        None => format!("{text:?}"),
    }
}
