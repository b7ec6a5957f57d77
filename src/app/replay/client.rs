//! `wscope replay FILE --to URL`: the client's part of a recording.

use std::io;

use super::update::Update;
use super::verdict::{Ending, tell};
use super::{Source, note, stopped};
use crate::app;
use crate::app::interrupt::Interrupt;
use crate::app::outcome::Outcome;
use crate::app::output;
use crate::app::scripts::{self, Given};
use crate::cli::args::Flags;
use crate::cli::args::output::Format;
use crate::cli::args::replay::ReplayArgs;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{self, OutputSettings, RecordingSettings, Settings, Sources};
use crate::event::Event;
use crate::recording::mask::MASK;
use crate::replay::compare::Verdict;
use crate::replay::{Audience, Changes, Hooks, NoHooks, Part, Plan, Player, Score, Stage, Stop, Stopped, offer};
use crate::report::{self, Case, Run, Suite};
use crate::script::Replaying;
use crate::session::{Clock, OpenError, Sink, Timeline, Wakened, open, waker};
use crate::transport::in_words;

/// Says what the client said to whoever answers.
///
/// # Errors
/// The report that ends the program.
pub fn run(args: &ReplayArgs, flags: &Flags) -> Result<Exit, Report> {
    let settings = settings::resolve(flags, Sources::system())?;
    if flags.names("reconnect") {
        return Err(Report::new(
            Exit::Usage,
            "--reconnect makes no sense here: a connection that is lost is a difference",
        ));
    }
    let (pace, source) = (super::pace(&args.pace)?, Source::open(args)?);
    let given = Given::new(&args.given)?;
    let clock = Clock::start();
    let recording = RecordingSettings { masks: given.masks(&settings.recording.masks), ..settings.recording.clone() };
    let changes = Changes::new(args.said.set.clone(), args.said.capture.clone(), given.variables.clone());
    let parts: Vec<Part> = source.scores.iter().map(|score| super::part(args, score)).collect();
    changes.check(parts.iter().flat_map(Part::texts)).map_err(|error| stopped(&error.into()))?;
    if args.judged.update && source.leaves_some() {
        let message =
            format!("{} has {} connections, and --update would leave one of them", source.name, source.place.1);
        return Err(
            Report::new(Exit::Usage, message).hint("--all replays all of them, -o FILE records to another file")
        );
    }
    let update = args.judged.update.then(|| Update::begin(&args.file, &clock, &recording.masks)).transpose()?;
    let (update, writer) = update.unzip();
    let mut sinks: Vec<Box<dyn Sink>> = writer.into_iter().map(|writer| Box::new(writer) as Box<dyn Sink>).collect();
    let format = settings.output.format.unwrap_or(Format::Short);
    sinks.extend(output::sinks(&OutputSettings { format: Some(format), ..settings.output }, &recording, None, clock)?);
    let system = |error: io::Error| Report::new(Exit::File, format!("cannot set up: {}", in_words(&error)));
    let (waker, wakened) = waker().map_err(system)?;
    let interrupt = Interrupt::watch(waker).map_err(system)?;
    let (mut script, timeline) = super::script(args, &given, &recording.masks, clock, &interrupt, sinks)?;
    if update.is_some() && script.as_ref().is_some_and(Replaying::says_first) {
        let message = "with --update what before(ws) says would be said twice by the next replay";
        return Err(Report::new(Exit::Usage, message).hint("-o FILE records the live session to another file"));
    }
    let compress = flags.names("compress") || flags.names("no_compress");
    let settings = Settings { recording, ..settings };
    let plan = Plan { pace, timeout: args.pace.timeout, changes };
    let client = Client { args, settings, compress, plan, timeline, interrupt, wakened };
    let mut ended = Ended::default();
    for (at, (score, part)) in source.scores.iter().zip(&parts).enumerate() {
        if !client.settings.output.quiet {
            source.announce(at, part);
        }
        let exit = client.play(score, part, &mut script, &mut ended).map_err(|report| client.masked(report));
        ended.add(exit, score, source.scores.len() > 1);
        if client.interrupt.happened() || script.as_ref().is_some_and(Replaying::has_failed) {
            break;
        }
    }
    client.report(&ended)?;
    // What a script says of its end says more than that it ended the replay.
    let by_script = script.and_then(Replaying::end).map(|(host, fault)| scripts::ended(&host, fault));
    let exit = by_script.unwrap_or_else(|| ended.exit()).map_err(|report| client.masked(report));
    // Its connections are closed only now.
    let mut outcome = Outcome::default();
    let lost = flushed(&client.timeline, &mut outcome);
    if !matches!(exit, Ok(Exit::Success)) {
        lost.iter().for_each(Report::print);
        return exit;
    }
    let exit = lost.map_or_else(|| Ok(outcome.success()), Err)?;
    if let Some(update) = update.filter(|_| exit == Exit::Success) {
        update.end(&ended.verdicts)?;
    }
    Ok(exit)
}

/// What came of the connections.
#[derive(Default)]
struct Ended {
    exits: Vec<Result<Exit, Report>>,
    verdicts: Vec<Verdict>,
    suites: Vec<Suite>,
}

impl Ended {
    /// One is over. Of several each is told by itself.
    fn add(&mut self, exit: Result<Exit, Report>, score: &Score, several: bool) {
        let exit = match exit {
            Err(report) if several => {
                let code = report.exit;
                report.at(&format!("connection {}", score.number)).print();
                Ok(code)
            }
            exit => exit,
        };
        self.exits.push(exit);
    }

    /// How the program ends: as the only one did, or the first that did not end well.
    fn exit(&mut self) -> Result<Exit, Report> {
        let bad = self.exits.iter().position(|exit| !matches!(exit, Ok(Exit::Success)));
        bad.map_or(Ok(Exit::Success), |bad| self.exits.swap_remove(bad))
    }
}

/// How to connect: as the recorded client did, where the user says nothing else.
fn connect(score: &Score, settings: &Settings, compress: bool) -> crate::session::ConnectOptions {
    let offered = offer(score, settings.connect.clone(), compress);
    if !settings.output.quiet {
        for name in &offered.masked {
            let by = match name.to_ascii_lowercase().as_str() {
                "authorization" => "--header, --auth or --bearer",
                "cookie" => "--header or --cookie",
                _ => "--header",
            };
            note(&format!("{name} was masked in the recording, and is not sent: give it with {by}"));
        }
        if offered.path_masked {
            note(&format!("the recorded path has masked values ({MASK}): give it with the URL of --to"));
        }
    }
    offered.options
}

/// What all connections have in common.
struct Client<'a> {
    args: &'a ReplayArgs,
    settings: Settings,
    /// Whether the user says something about compression.
    compress: bool,
    plan: Plan,
    timeline: Timeline,
    interrupt: Interrupt,
    wakened: Wakened,
}

impl Client<'_> {
    /// Opens a connection and plays its part.
    fn play(
        &self,
        score: &Score,
        part: &Part,
        script: &mut Option<Replaying>,
        ended: &mut Ended,
    ) -> Result<Exit, Report> {
        let timeline = &self.timeline;
        let mut watch = Watch { interrupt: self.interrupt.clone(), outcome: Outcome::default() };
        let options = connect(score, &self.settings, self.compress);
        let number = script.as_ref().map_or_else(|| timeline.open_connection(), Replaying::comes);
        // Until there is a connection, there is nothing to end in good order.
        self.interrupt.ends_at_once(true);
        let opened = open(&options, timeline, number);
        self.interrupt.ends_at_once(false);
        let recorded = score.refusal();
        let driver = match opened {
            Ok(driver) => driver.with_waker(self.wakened.clone()),
            Err(OpenError::Refused { status, .. }) if recorded == Some(status) => {
                note(&format!("refused with {status}, as in the recording"));
                self.keep(ended, || self.handshake(score, report::Outcome::Passed));
                return flushed(timeline, &mut watch.outcome).map_or(Ok(Exit::Success), Err);
            }
            Err(error) => {
                flushed(timeline, &mut watch.outcome).iter().for_each(Report::print);
                return Err(self.not_opened(score, refused(error, score), ended));
            }
        };
        let mut stage: Box<dyn Stage> = match script {
            Some(script) => script.before(driver, &options.url).map_err(|Stop| {
                flushed(timeline, &mut watch.outcome).iter().for_each(Report::print);
                stopped(&Stopped::Hook)
            })?,
            None => Box::new(driver),
        };
        let hooks: &mut dyn Hooks = match script {
            Some(script) => script,
            None => &mut NoHooks,
        };
        let played = Player::new(&mut *stage, part, self.plan.clone(), hooks, &mut watch).play();
        let lost = flushed(timeline, &mut watch.outcome);
        if let Some(status) = recorded {
            let message =
                format!("the opening handshake was refused with {status} in the recording, and now it was not");
            return Err(self.not_opened(score, Report::new(Exit::Handshake, message), ended));
        }
        let ending = Ending { args: self.args, score, played: &played, outcome: &watch.outcome };
        let verdict = ending.judge(hooks);
        tell(&verdict, &self.settings);
        self.keep(ended, || ending.suite(&self.name(score), &verdict));
        let exit = hooks.after(&verdict, played.stopped.as_ref());
        let exit = exit.map_err(|Stop| stopped(&Stopped::Hook)).and_then(|()| ending.exit(&verdict));
        ended.verdicts.push(verdict);
        exit.and_then(|exit| lost.map_or(Ok(exit), Err))
    }

    /// Keeps for a report that a connection did not come about as the recorded one did.
    fn not_opened(&self, score: &Score, why: Report, ended: &mut Ended) -> Report {
        self.keep(ended, || self.handshake(score, report::Outcome::Failed(why.failure())));
        why
    }

    /// Keeps a suite for the reports, if there will be any.
    fn keep(&self, ended: &mut Ended, suite: impl FnOnce() -> Suite) {
        if self.args.judged.reports.any() {
            ended.suites.push(suite());
        }
    }

    fn handshake(&self, score: &Score, outcome: report::Outcome) -> Suite {
        let case = Case { name: "opening handshake".to_owned(), outcome, ..Case::default() };
        Suite { file: self.name(score), cases: vec![case], ..Suite::default() }
    }

    /// What a connection is called in reports.
    fn name(&self, score: &Score) -> String {
        let file = self.args.file.display();
        if self.args.all { format!("connection {} of {file}", score.number) } else { file.to_string() }
    }

    /// Writes the reports that are asked for.
    fn report(&self, ended: &Ended) -> Result<(), Report> {
        let masks = &self.settings.recording.masks;
        let clock = self.timeline.clock();
        let suites = ended.suites.iter().cloned();
        let suites = suites.map(|suite| suite.rewritten(&|text| masks.without_values(text).into_owned())).collect();
        app::report::write(&Run::of(suites, clock.created(), clock.elapsed()), &self.args.judged.reports)
    }

    fn masked(&self, report: Report) -> Report {
        report.masked(&self.settings.recording.masks)
    }
}

/// Writes out what is still to be written: why that failed, if it was not told.
fn flushed(timeline: &Timeline, outcome: &mut Outcome) -> Option<Report> {
    while let Err(error) = timeline.end() {
        if !outcome.sink_failed(&error) {
            return Report::lost(error);
        }
    }
    None
}

/// That the recorded connection was opened makes it news that this one was not.
fn refused(error: OpenError, score: &Score) -> Report {
    let refused = matches!(error, OpenError::Refused { .. } | OpenError::Wrong { .. });
    let report = Report::from(error);
    match score.refusal() {
        None if refused && score.response.is_some() => {
            let hint = report.hint.iter().map(String::as_str).chain(["in the recording it was accepted"]);
            let hint = hint.collect::<Vec<_>>().join("; ");
            report.hint(hint)
        }
        _ => report,
    }
}

/// Ctrl-C, and what is worth an exit code.
struct Watch {
    interrupt: Interrupt,
    outcome: Outcome,
}

impl Audience for Watch {
    fn event(&mut self, event: &Event) {
        self.outcome.note(event);
    }

    fn has_enough(&mut self) -> bool {
        self.interrupt.happened()
    }

    fn lost(&mut self, error: &io::Error) -> bool {
        self.outcome.sink_failed(error)
    }
}
