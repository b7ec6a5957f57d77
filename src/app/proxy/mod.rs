//! `wscope proxy`: between the clients that are to be looked at and their server, every frame of both legs shown and recorded.

mod screen;
mod script;

use std::io::{self, IsTerminal};
use std::sync::Arc;

use super::interrupt::until_interrupted;
use super::output;
use super::scripts::Given;
use super::server;
use super::shell::Parts;
use crate::cli::args::output::Format;
use crate::cli::args::proxy::ProxyArgs;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{OutputSettings, RecordingSettings, Settings};
use crate::proxy::{Chain, FaultPlan, Faults, Gate, OnLost, Proxy, Tamper};
use crate::script::{Proxying, STACK};
use crate::session::{Clock, OpenError, Sink, Timeline};
use screen::ClientsLeg;

/// The most clients at a time.
const CLIENTS: usize = 5_000;

/// Proxies until the user has enough.
///
/// # Errors
/// When it can't listen, the URL is none, a file can't be read or written, or a shell is wanted and there is no terminal.
pub fn run(args: &ProxyArgs, settings: &Settings) -> Result<Exit, Report> {
    if args.shell && !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        let report = Report::new(Exit::Usage, "--shell needs a terminal, and standard input or output is none");
        return Err(report.hint("without it every frame is shown and recorded; --script changes messages"));
    }
    let acceptor = server::acceptor(&args.certificate)?;
    let clock = Clock::start();
    let given = Given::new(&args.given)?;
    let masks = given.masks(&settings.recording.masks);
    let recording = RecordingSettings { masks: masks.clone(), ..settings.recording.clone() };
    let shell = args.shell.then(|| Parts::new(&settings.output, &recording, clock)).transpose()?;
    let sinks = match &shell {
        Some(shell) => shell.sinks(),
        None => sinks(args, &settings.output, &recording, clock)?,
    };
    let (script, timeline) = match &args.script {
        Some(file) => {
            let script = script::read(file, &given, &masks, clock, sinks, shell.as_ref().map(Parts::screen))?;
            let timeline = script.host().setup().timeline.clone();
            (Some(script), timeline)
        }
        None => (None, Timeline::new(clock, sinks)),
    };
    let on_lost: OnLost = if args.shell { note_lost(timeline.clone()) } else { Box::new(tell_lost) };
    let proxy = Proxy::new(settings.connect.clone(), timeline.clone(), on_lost);
    let proxy = proxy.map_err(|error| Report::from(OpenError::from(error)))?;
    let seed = args.fault.map(|_| args.seed.map_or_else(random, Ok)).transpose()?;
    let stack = if script.is_some() { STACK } else { server::STACK };
    let gate = shell.is_some().then(Gate::default);
    let proxy = proxy.with_response_headers(args.response_header.clone()).with_tampering(Box::new(tampering(
        script,
        args.fault.zip(seed),
        gate.clone(),
    )));
    let begin = || {
        // A shell has it on its timeline: an error, and the 502 that the client gets.
        let tell: fn(Report) = if args.shell { drop } else { |report| report.print() };
        let secure = acceptor.is_some();
        let serve = move |guest| {
            server::attend(guest, acceptor.as_ref(), clock, |incoming| {
                proxy.serve(incoming).map_err(Report::from).unwrap_or_else(tell);
                Ok(())
            })
        };
        server::start(args.listen, secure, CLIENTS, stack, |url| told(url, &settings.connect.url, seed), serve)
    };
    let (ended, guests) = match shell {
        Some(shell) => {
            shell.autosave(&recording, clock);
            let guests = begin()?;
            (shell.run(timeline.clone(), None, gate)?, guests)
        }
        None => (Exit::Interrupted, until_interrupted(begin)?),
    };
    guests.settle(clock);
    timeline.end().err().and_then(Report::lost).map_or(Ok(ended), Err)
}

/// What may change a client's messages: the script, then faults, for which what it says is a message like any other, and last
/// the user of the shell, who decides about what would go on.
fn tampering(
    script: Option<Arc<Proxying>>,
    faults: Option<(FaultPlan, u64)>,
    gate: Option<Gate>,
) -> impl Fn(u64) -> Chain {
    move |client| {
        let script = script.as_ref().map(Proxying::client);
        let faults = faults.map(|(plan, seed)| Box::new(Faults::new(plan, seed, client)) as Box<dyn Tamper>);
        let gate = gate.as_ref().map(Gate::client);
        Chain(script.into_iter().chain(faults).chain(gate).collect())
    }
}

/// The recording has both legs, and so has the screen if that is asked for, or made for a program.
fn sinks(
    args: &ProxyArgs,
    output: &OutputSettings,
    recording: &RecordingSettings,
    clock: Clock,
) -> Result<Vec<Box<dyn Sink>>, Report> {
    let shown = OutputSettings { format: Some(output.format.unwrap_or(Format::Short)), ..*output };
    let mut screen = output::sink(&shown, &recording.masks, clock);
    if !args.both_legs && shown.format != Some(Format::Json) {
        screen = Box::new(ClientsLeg::new(screen));
    }
    let recording = output::recording(recording, clock)?.map(|writer| Box::new(writer) as Box<dyn Sink>);
    Ok(recording.into_iter().chain([screen]).collect())
}

/// What is said when it listens.
fn told(here: &str, url: &str, seed: Option<u64>) -> String {
    let target = crate::handshake::Target::parse(url).map_or_else(|_| url.to_owned(), |target| target.url());
    let seed = seed.map(|seed| format!("\nfaults: --seed {seed} does the same again")).unwrap_or_default();
    format!("proxying {here}/ to {target}{seed}")
}

/// Says on standard error what is lost; the proxy goes on.
fn tell_lost(error: io::Error) {
    if let Some(report) = Report::lost(error) {
        report.print();
    }
}

/// Says it among what happens, as the shell does of its own connections.
fn note_lost(timeline: Timeline) -> OnLost {
    Box::new(move |error| timeline.note(0, error.to_string()))
}

fn random() -> Result<u64, Report> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| Report::new(Exit::Failed, format!("no seed for faults: {error}")))?;
    Ok(u32::from_le_bytes(bytes).into())
}
