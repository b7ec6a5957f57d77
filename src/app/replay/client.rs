//! `wscope replay FILE --to URL`: the client's part of a recording.

use std::io;

use super::{Source, ending, note, stopped};
use crate::app::interrupt::Interrupt;
use crate::app::outcome::Outcome;
use crate::app::output;
use crate::app::scripts::Given;
use crate::cli::args::Flags;
use crate::cli::args::output::Format;
use crate::cli::args::replay::ReplayArgs;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::{self, OutputSettings, RecordingSettings, Settings, Sources};
use crate::event::{Event, Role};
use crate::recording::mask::MASK;
use crate::replay::{Action, Audience, Changes, Hooks, NoHooks, Part, Played, Player, Score, Transcript, offer};
use crate::session::{Clock, OpenError, Timeline, open, waker};
use crate::transport::in_words;

/// Says what the client said to whoever answers.
///
/// # Errors
/// The report that ends the program.
pub fn run(args: &ReplayArgs, flags: &Flags) -> Result<Exit, Report> {
    let settings = settings::resolve(flags, Sources::system())?;
    let source = Source::open(args)?;
    let score = source.score.clone().seen_by(Role::Client);
    let given = Given::new(&args.given)?;
    let recording = RecordingSettings { masks: given.masks(&settings.recording.masks), ..settings.recording.clone() };
    let changes = Changes::new(args.said.set.clone(), args.said.capture.clone(), given.variables);
    let part = super::part(args, &score);
    check(&part, &changes)?;
    source.announce(&part, settings.output.quiet);
    let compress = flags.names("compress") || flags.names("no_compress");
    let settings = Settings { connect: connect(&score, &settings, compress), recording, ..settings };
    Client { args, score, settings }.play(&part, changes, &mut NoHooks)
}

/// What can be known to go wrong before there is a connection.
fn check(part: &Part, changes: &Changes) -> Result<(), Report> {
    let texts = part.cues.iter().filter_map(|cue| match &cue.action {
        Action::Message { binary: false, data } => Some((cue.number, data)),
        _ => None,
    });
    changes.check(texts).map_err(|error| stopped(error.into()))
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
}

impl Client<'_> {
    fn play(&self, part: &Part, changes: Changes, hooks: &mut dyn Hooks) -> Result<Exit, Report> {
        let clock = Clock::start();
        let format = self.settings.output.format.unwrap_or(Format::Short);
        let output = OutputSettings { format: Some(format), ..self.settings.output };
        let transcript = Transcript::default();
        let mut sinks = output::sinks(&output, &self.settings.recording, None, clock)?;
        sinks.push(Box::new(transcript.clone()));
        let timeline = Timeline::new(clock, sinks);
        let number = timeline.open_connection();

        let system = |error: io::Error| Report::new(Exit::File, format!("cannot set up: {}", in_words(&error)));
        let (waker, wakened) = waker().map_err(system)?;
        let interrupt = Interrupt::watch(waker).map_err(system)?;
        // Until there is a connection, there is nothing to end in good order.
        interrupt.ends_at_once(true);
        let opened = open(&self.settings.connect, &timeline, number);
        interrupt.ends_at_once(false);
        let mut watch = Watch { interrupt, outcome: Outcome::default() };
        let recorded = self.score.refusal();
        let result = match opened {
            Ok(mut driver) => {
                driver = driver.with_waker(wakened);
                let plan = super::plan(self.args, changes);
                let played = Player::new(&mut driver, part, plan, hooks, &mut watch).play();
                match recorded {
                    Some(status) => Err(Report::new(
                        Exit::Handshake,
                        format!("the opening handshake was refused with {status} in the recording, and now it was not"),
                    )),
                    None => self.report(&watch.outcome, played, &transcript, number),
                }
            }
            Err(OpenError::Refused { status, .. }) if recorded == Some(status) => {
                note(&format!("refused with {status}, as in the recording"));
                Ok(Exit::Success)
            }
            Err(error) => Err(refused(error, &self.score)),
        };
        while let Err(error) = timeline.flush() {
            if !watch.outcome.sink_failed(&error) {
                break;
            }
        }
        result
    }

    fn report(&self, outcome: &Outcome, played: Played, transcript: &Transcript, number: u32) -> Result<Exit, Report> {
        let live = transcript.take(number);
        ending(&self.score, outcome, played, &live)
    }
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
