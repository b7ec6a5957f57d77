//! `wscope replay FILE --listen ADDR`: the server's part of a recording, for real clients.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::clients::Clients;
use super::service::Service;
use super::{pace, read, stopped};
use crate::app::interrupt::Interrupt;
use crate::app::scripts::Given;
use crate::app::server::{self, CONNECTIONS, acceptor};
use crate::app::{output, report, words};
use crate::cli::args::Flags;
use crate::cli::args::connect::TlsArgs;
use crate::cli::args::output::Format;
use crate::cli::args::replay::{MatchChoice, ReplayArgs, UnmatchedChoice};
use crate::cli::args::serve::CertificateArgs;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{self, OutputSettings, RecordingSettings, Sources};
use crate::event::Role;
use crate::render::quantity::counted;
use crate::replay::server::{Matching, Mock, MockError, Options, Unmatched};
use crate::replay::{Changes, Score};
use crate::report::Run;
use crate::script::{self, Replaying};
use crate::session::{Clock, waker};
use crate::transport::in_words;

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
        clients: Clients::new(args.mock.again, args.judged.reports.any()),
        unrecorded: AtomicBool::new(false),
        waker: interrupt.waker(),
    });
    let serving = Arc::clone(&service);
    let stack = if args.script.is_some() { script::STACK } else { server::STACK };
    let what = |url: &str| {
        let (count, place) = (service.mock.connections(), service.mock.resources().next().unwrap_or("/"));
        let count = counted(count, "connection");
        format!("playing the server of {count} of {} on {url}{place}", args.file.display())
    };
    let serve = move |guest| serving.serve(guest);
    let guests = server::start(address, service.acceptor.is_some(), CONNECTIONS, stack, what, serve)?;

    let ended = loop {
        if let Some(ended) = service.ended() {
            break ended;
        }
        if interrupt.happened() {
            guests.settle(clock);
            break service.ended().unwrap_or_else(|| service.clients.interrupted());
        }
        let _ = wakened.wait(Duration::from_secs(3600));
    };
    let suite = service.suite(args.file.display().to_string());
    let run = Run::of(vec![suite], clock.created(), clock.elapsed());
    report::write(&run, &args.judged.reports)?;
    while let Err(error) = timeline.end() {
        service.lose(error);
    }
    ended.map(|exit| service.exit(exit))
}

/// The recording as a server.
fn mock(args: &ReplayArgs, changes: Changes, flags: &Flags) -> Result<Mock, Report> {
    let name = args.file.display().to_string();
    let scores = read(&args.file)?;
    let scores: Vec<Score> = match args.conn {
        Some(wanted) => vec![Score::numbered(&scores, wanted, &name)?.clone()],
        None => Score::of_side(&scores, Role::Server).into_iter().cloned().collect(),
    };
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
