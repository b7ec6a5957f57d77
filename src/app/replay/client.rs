//! `wscope replay FILE --to URL`: the client's part of a recording.

use std::io;

use super::update::Update;
use super::verdict::Ending;
use super::{Source, note, stopped};
use crate::app::interrupt::Interrupt;
use crate::app::outcome::Outcome;
use crate::app::output;
use crate::app::scripts::{self, Given};
use crate::cli::args::Flags;
use crate::cli::args::output::Format;
use crate::cli::args::replay::ReplayArgs;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{self, OutputSettings, RecordingSettings, Settings, Sources};
use crate::event::{Event, Role};
use crate::recording::mask::MASK;
use crate::replay::{Audience, Changes, Hooks, NoHooks, Part, Plan, Player, Score, Stage, Stop, Stopped, offer};
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
        return Err(Report::new(Exit::Usage, "--reconnect makes no sense here: a replay is one connection"));
    }
    let (pace, source) = (super::pace(&args.pace)?, Source::open(args)?);
    let score = source.score.clone().seen_by(Role::Client);
    let given = Given::new(&args.given)?;
    let clock = Clock::start();
    let recording = RecordingSettings { masks: given.masks(&settings.recording.masks), ..settings.recording.clone() };
    let changes = Changes::new(args.said.set.clone(), args.said.capture.clone(), given.variables.clone());
    let part = super::part(args, &score);
    changes.check(part.texts()).map_err(|error| stopped(&error.into()))?;
    if args.judged.update && source.place.1 > 1 {
        let message =
            format!("{} has {} connections, and --update would leave one of them", source.name, source.place.1);
        return Err(Report::new(Exit::Usage, message).hint("-o FILE records the live session to another file"));
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
    source.announce(&part, settings.output.quiet);
    let compress = flags.names("compress") || flags.names("no_compress");
    let settings = Settings { connect: connect(&score, &settings, compress), recording, ..settings };
    let plan = Plan { pace, timeout: args.pace.timeout, changes };
    let client = Client { args, score, settings, timeline };
    let watch = Watch { interrupt, outcome: Outcome::default() };
    let ended = client.play(&part, plan, &mut script, (watch, wakened), update);
    // Its own words say more than that it ended the replay.
    let ended = script.and_then(Replaying::end).map_or(ended, |(host, fault)| scripts::ended(&host, fault));
    ended.map_err(|report: Report| report.masked(&client.settings.recording.masks))
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

/// One run.
struct Client<'a> {
    args: &'a ReplayArgs,
    score: Score,
    settings: Settings,
    timeline: Timeline,
}

impl Client<'_> {
    fn play(
        &self,
        part: &Part,
        plan: Plan,
        script: &mut Option<Replaying>,
        (mut watch, wakened): (Watch, Wakened),
        update: Option<Update>,
    ) -> Result<Exit, Report> {
        let timeline = &self.timeline;
        let number = script.as_ref().map_or_else(|| timeline.open_connection(), Replaying::comes);
        // Until there is a connection, there is nothing to end in good order.
        watch.interrupt.ends_at_once(true);
        let opened = open(&self.settings.connect, timeline, number);
        watch.interrupt.ends_at_once(false);
        let recorded = self.score.refusal();
        let driver = match opened {
            Ok(driver) => driver.with_waker(wakened),
            Err(OpenError::Refused { status, .. }) if recorded == Some(status) => {
                note(&format!("refused with {status}, as in the recording"));
                return flushed(timeline, &mut watch).map_or(Ok(Exit::Success), Err);
            }
            Err(error) => {
                flushed(timeline, &mut watch).iter().for_each(Report::print);
                return Err(refused(error, &self.score));
            }
        };
        let mut stage: Box<dyn Stage> = match script {
            Some(script) => {
                script.before(driver, &self.settings.connect.url).map_err(|Stop| stopped(&Stopped::Hook))?
            }
            None => Box::new(driver),
        };
        let hooks: &mut dyn Hooks = match script {
            Some(script) => script,
            None => &mut NoHooks,
        };
        let played = Player::new(&mut *stage, part, plan, hooks, &mut watch).play();
        let lost = flushed(timeline, &mut watch);
        if let Some(status) = recorded {
            let message =
                format!("the opening handshake was refused with {status} in the recording, and now it was not");
            return Err(Report::new(Exit::Handshake, message));
        }
        let ending = Ending { args: self.args, score: &self.score, played: &played, outcome: &watch.outcome };
        let verdict = ending.judge(hooks);
        ending.tell(&verdict, &self.settings, timeline.clock())?;
        hooks.after(&verdict).map_err(|Stop| stopped(&Stopped::Hook))?;
        let exit = ending.exit(&verdict)?;
        if let Some(update) = update.filter(|_| exit == Exit::Success && lost.is_none()) {
            update.end(&verdict)?;
        }
        lost.map_or(Ok(exit), Err)
    }
}

/// Writes out what is still to be written: why that failed, if it was not told.
fn flushed(timeline: &Timeline, watch: &mut Watch) -> Option<Report> {
    while let Err(error) = timeline.end() {
        if !watch.outcome.sink_failed(&error) {
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
