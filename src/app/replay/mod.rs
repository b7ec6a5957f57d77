//! `wscope replay`: a recording played again, by its client's part or by its server's.

mod client;
mod clients;
mod server;
mod service;
mod update;
mod verdict;

use std::io::{self, Write};
use std::path::Path;

use super::damage::Damages;
use super::interrupt::Interrupt;
use super::scripts::{self, Given};
use crate::cli::args::Flags;
use crate::cli::args::replay::{MasksChoice, PaceArgs, PaceChoice, ReplayArgs, WayArgs};
use crate::cli::report::{Exit, Report};
use crate::event::Role;
use crate::protocol::SendError;
use crate::recording::Masks;
use crate::render::escape::escape;
use crate::replay::{ChangeError, FrameKeys, Pace, Part, Score, Stopped};
use crate::script::{Host, Program, Replaying};
use crate::session::{Clock, Sink, Timeline};

/// Replays a recording.
///
/// # Errors
/// The report that ends the program.
pub fn run(args: &ReplayArgs, way: &WayArgs, flags: &Flags) -> Result<Exit, Report> {
    match (&args.to, args.listen) {
        (Some(_), _) => client::run(args, flags),
        (None, Some(_)) if args.judged.update => {
            let message = "--update replaces a recording by the session of its client's part: --listen has none";
            Err(Report::new(Exit::Usage, message).hint("-o FILE records what is served to another file"))
        }
        (None, Some(address)) => server::run(args, &way.tls, address, flags),
        (None, None) => {
            let hint = "--to URL plays the client, --listen PORT the server";
            Err(Report::new(Exit::Usage, "nowhere to replay to").hint(hint))
        }
    }
}

/// The connections of a recording that are played as the client.
struct Source {
    name: String,
    /// As their client saw them.
    scores: Vec<Score>,
    /// The place of the first among those that can be played, from 1, and how many these are.
    place: (usize, usize),
}

impl Source {
    /// The connection asked for, the first that has frames, or all; what is damaged in the recording is told on standard error.
    fn open(args: &ReplayArgs) -> Result<Source, Report> {
        let name = args.file.display().to_string();
        let scores = read(&args.file)?;
        let chosen = Score::chosen(&scores, args.conn, &name)?;
        if !chosen.is_playable() {
            let message = format!("connection {} of {name} has no frames: there is nothing to replay", chosen.number);
            return Err(Report::new(Exit::File, message).hint("--conn N takes another connection, if there is one"));
        }
        let mut playable = Score::of_side(&scores, chosen.role);
        playable.retain(|score| score.is_playable());
        let place = playable.iter().position(|score| score.number == chosen.number).map_or(0, |at| at + 1);
        let place = (if args.all { 1 } else { place }, playable.len());
        let scores = if args.all { playable } else { vec![chosen] };
        let scores = scores.into_iter().map(|score| score.clone().seen_by(Role::Client)).collect();
        Ok(Source { name, scores, place })
    }

    /// Whether there is more in the recording to play.
    const fn leaves_some(&self) -> bool {
        self.scores.len() < self.place.1
    }

    /// Says what is replayed where that is not plain.
    fn announce(&self, at: usize, part: &Part) {
        let (first, count) = self.place;
        let (name, score, place) = (&self.name, &self.scores[at], first + at);
        if count > 1 {
            let others = if self.leaves_some() { ": --conn N takes another, --all replays all" } else { "" };
            note(&format!("replaying connection {} of {name}, the {place}. of {count}{others}", score.number));
        }
        if part.cues.len() == 1 && !score.steps.is_empty() {
            note(&format!("this side sent nothing: it listens until {} messages have come", part.awaited.len()));
        }
    }
}

/// Every connection of the recording; what is damaged in it is told on standard error.
fn read(file: &Path) -> Result<Vec<Score>, Report> {
    let (scores, lines) = Score::all(file)?;
    let mut damages = Damages::default();
    for damage in &lines {
        damages.note(damage, false);
    }
    damages.end();
    Ok(scores)
}

/// What is sent of the recording.
fn part(args: &ReplayArgs, score: &Score) -> Part {
    let max_gap = args.pace.max_gap;
    if !args.said.frames {
        return Part::messages(score, max_gap);
    }
    let keys = match args.said.masks {
        MasksChoice::Fresh => FrameKeys::Fresh,
        MasksChoice::Recorded => FrameKeys::Recorded,
    };
    Part::frames(score, max_gap, keys)
}

/// The script that takes part, if there is one, and the timeline of the replay, which is the script's too.
fn script(
    args: &ReplayArgs,
    given: &Given,
    masks: &Masks,
    clock: Clock,
    interrupt: &Interrupt,
    sinks: Vec<Box<dyn Sink>>,
) -> Result<(Option<Replaying>, Timeline), Report> {
    let Some(file) = &args.script else { return Ok((None, Timeline::new(clock, sinks))) };
    let text = scripts::read(file)?;
    let host = Host::new(given.setup(file, &[], masks, clock, &interrupt.flag(), sinks));
    let program = Program::read(host, given.limits, &file.display().to_string(), &text)?;
    let script = Replaying::read(program)?;
    let timeline = script.timeline().clone();
    Ok((Some(script), timeline))
}

/// When something is sent.
///
/// # Errors
/// A speed or a gap for a pace that has none.
fn pace(args: &PaceArgs) -> Result<Pace, Report> {
    let asked = args.pace.map(|asked| match asked {
        PaceChoice::Wait => Pace::Wait,
        PaceChoice::Asap => Pace::Asap,
        PaceChoice::Original => Pace::Original { speed: 1.0 },
    });
    Pace::chosen(asked, args.speed, args.max_gap)
        .ok_or_else(|| Report::new(Exit::Usage, "--speed and --max-gap are about --pace original"))
}

/// Why a replay ended before its time, with its exit code and the next step.
fn stopped(why: &Stopped) -> Report {
    let message = why.to_string();
    let report = |exit| Report::new(exit, message.as_str());
    match why {
        Stopped::Unheard { .. } => report(Exit::Timeout)
            .hint("--timeout sets the limit, --pace original or asap waits for no answers before the end"),
        Stopped::Silent { .. } | Stopped::Unread { .. } | Stopped::Unclosed { .. } => {
            report(Exit::Timeout).hint("--timeout sets the limit")
        }
        Stopped::Closed { closed, .. } => {
            let normal = closed.as_ref().is_some_and(|closed| Exit::of(closed, false) == Exit::Success);
            report(if normal { Exit::Failed } else { Exit::Abnormal })
        }
        Stopped::Unsendable { error: SendError::NotUtf8(_), .. } => {
            report(Exit::Usage).hint("--frames sends it as it was")
        }
        Stopped::Unsendable { .. } | Stopped::Hook => report(Exit::Usage),
        Stopped::Change(ChangeError::NowhereSet(_)) => {
            report(Exit::Usage).hint("wscope show FILE --sent shows what is sent")
        }
        Stopped::Change(ChangeError::Unset { name, .. }) => {
            report(Exit::Usage).hint(format!("--var {name}=VALUE or --capture {name}=PATH sets it"))
        }
        Stopped::Unmatched { .. } | Stopped::Change(ChangeError::NotCaptured { .. }) => report(Exit::Failed),
        Stopped::OtherDeflate { .. } => {
            report(Exit::Handshake).hint("without --frames the messages are sent, compressed as agreed on")
        }
        Stopped::Interrupted => report(Exit::Interrupted),
        Stopped::Unrecorded => report(Exit::File),
    }
}

/// A line on standard error.
fn note(text: &str) {
    // With stderr gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "wscope: {}", escape(text.as_bytes()));
}
