//! `wscope proxy`: between the clients that are to be looked at and their server, every frame of both legs shown and recorded.

mod screen;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::Builder;

use super::interrupt::until_interrupted;
use super::output;
use super::server::{self, linger};
use crate::cli::args::output::Format;
use crate::cli::args::proxy::ProxyArgs;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{OutputSettings, Settings};
use crate::proxy::{Chain, Faults, Proxy};
use crate::session::{Clock, OpenError, Sink, Timeline};
use crate::transport::{Acceptor, in_words};
use screen::ClientsLeg;

/// The most clients at a time.
const CLIENTS: usize = 5_000;

/// Proxies until the user has enough.
///
/// # Errors
/// When it can't listen, the URL is none, or a file can't be read or written.
pub fn run(args: &ProxyArgs, settings: &Settings) -> Result<Exit, Report> {
    let acceptor = server::acceptor(&args.certificate)?;
    let clock = Clock::start();
    let timeline = Timeline::new(clock, sinks(args, settings, clock)?);
    let proxy = Proxy::new(settings.connect.clone(), timeline.clone(), Box::new(tell_lost));
    let proxy = proxy.map_err(|error| Report::from(OpenError::from(error)))?;
    let proxy = proxy.with_response_headers(args.response_header.clone());
    let seed = args.seed.map_or_else(random, Ok)?;
    let proxy = match args.fault {
        Some(plan) => {
            proxy.with_tampering(Box::new(move |client| Chain(vec![Box::new(Faults::new(plan, seed, client))])))
        }
        None => proxy,
    };
    let seed = args.fault.map(|_| seed);
    let ended = until_interrupted(|| {
        let listener = server::bind(args.listen)?;
        let address = listener.local_addr().unwrap_or(args.listen);
        announce(address, acceptor.is_some(), &settings.connect.url, seed);
        let proxy = Arc::new(proxy);
        let serve = move |stream, peer| serve(&proxy, stream, peer, acceptor.as_ref(), clock);
        let spawned =
            Builder::new().name("proxy".into()).spawn(move || server::listen(&listener, CLIENTS, server::STACK, serve));
        let cannot = |error| Report::new(Exit::Connect, format!("cannot serve: {}", in_words(&error)));
        spawned.map(drop).map_err(cannot)
    })?;
    timeline.flush().err().and_then(Report::lost).map_or(Ok(ended), Err)
}

/// The recording has both legs, and so has the screen if that is asked for, or made for a program.
fn sinks(args: &ProxyArgs, settings: &Settings, clock: Clock) -> Result<Vec<Box<dyn Sink>>, Report> {
    let shown = OutputSettings { format: Some(settings.output.format.unwrap_or(Format::Short)), ..settings.output };
    let mut screen = output::sink(&shown, &settings.recording.masks, clock);
    if !args.both_legs && shown.format != Some(Format::Json) {
        screen = Box::new(ClientsLeg::new(screen));
    }
    let recording = output::recording(&settings.recording, clock)?.map(|writer| Box::new(writer) as Box<dyn Sink>);
    Ok(recording.into_iter().chain([screen]).collect())
}

fn serve(
    proxy: &Proxy,
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<&Acceptor>,
    clock: Clock,
) -> io::Result<()> {
    let rest = stream.try_clone()?;
    if let Err(error) = proxy.serve(server::incoming(stream, peer, acceptor, clock)?) {
        Report::from(error).print();
    }
    linger(rest, clock)
}

/// Says where it listens and what for, on standard error: standard output is the frames'.
fn announce(address: SocketAddr, secure: bool, url: &str, seed: Option<u64>) {
    let scheme = if secure { "wss" } else { "ws" };
    let target = crate::handshake::Target::parse(url).map_or_else(|_| url.to_owned(), |target| target.url());
    let mut text = format!("proxying {scheme}://{address}/ to {target}\n");
    if let Some(seed) = seed {
        text += &format!("faults: --seed {seed} does the same again\n");
    }
    if !address.ip().is_loopback() {
        text += "whoever reaches this machine can connect: it listens beyond it\n";
    }
    // With stderr gone there is nobody left to tell.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Says on standard error what is lost; the proxy goes on.
fn tell_lost(error: io::Error) {
    if let Some(report) = Report::lost(error) {
        report.print();
    }
}

fn random() -> Result<u64, Report> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| Report::new(Exit::Failed, format!("no seed for faults: {error}")))?;
    Ok(u32::from_le_bytes(bytes).into())
}
