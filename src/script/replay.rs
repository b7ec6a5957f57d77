//! A recorded client's part played by a script, on a connection that it has: `rec.replay(ws, #{ ... })`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rhai::{Dynamic, EvalAltResult, FnPtr, FuncArgs, Map, NativeCallContext};

use crate::event::Role;
use crate::render::Options as Shown;
use crate::render::escape::escape;
use crate::replay::compare::{self, Counts, Rules, compare_by};
use crate::replay::{
    Capture, Changes, Conversation, FrameKeys, Hooks, Pace, Part, Plan, Player, Score, Setting, Stop, Stopped,
};

use super::connection::Connection;
use super::failure::{Failure, FailureKind, Raised};
use super::host::Host;
use super::matcher::Pattern;
use super::recorded::Recording;
use super::replaying::Calling;
use super::stage::Live;
use super::value::{duration, from_json, to_json, written};

/// How much longer than it did the peer may take unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How many messages that are the same are shown around one that is not.
const CONTEXT: usize = 1;

/// Plays the client's part of a recorded connection on one that is open, and holds what came against what was recorded.
///
/// # Errors
/// It can't begin, a function failed, or the script is to stop. That the peer did otherwise is no error.
pub fn replay(
    context: &NativeCallContext<'_>,
    recording: &Recording,
    connection: &Connection,
    options: &Map,
) -> Raised<Verdict> {
    let host = Host::of(context);
    let Options { wanted, pace, speed, max_gap, timeout, frames, close, set, capture, variables, rules, functions } =
        Options::read(options)?;
    let score = score(recording, wanted)?;
    let pace = Pace::chosen(pace, speed, max_gap)
        .ok_or_else(|| Failure::usage("speed and max_gap are about the pace \"original\"", SEE))?;
    let part = if frames { Part::frames(&score, max_gap, FrameKeys::Fresh) } else { Part::messages(&score, max_gap) };
    let part = if close { part } else { part.without_end() };
    let mut all = host.setup().variables.clone();
    all.extend(variables);
    let changes = Changes::new(set, capture, all);
    changes.check(part.texts()).map_err(|error| Failure::usage(format!("cannot replay: {error}"), SEE))?;
    if !connection.is_open(&host) {
        return Err(Failure::new(FailureKind::Send, "cannot replay: the connection is closed").into());
    }

    let mut live = Live::new(host.clone(), connection.clone());
    let mut functions = Calls { context, functions, error: None };
    let plan = Plan { pace, timeout, changes };
    let played = Player::new(&mut live, &part, plan, &mut functions, &mut ()).play();
    if let Some(stopped) = live.stopped() {
        return Err(stopped.into());
    }
    let recorded = score.conversation();
    let recorded = Conversation { end: recorded.end.filter(|_| close), ..recorded };
    let rules = Rules { open_end: close, ..rules };
    let mut matches = |recorded: &_, live: &_| functions.matches(recorded, live).unwrap_or(None);
    let compared = compare_by(&recorded, &played.live, &rules, &mut matches);
    match functions.error {
        Some(error) => Err(error),
        None => Ok(Verdict::new(compared, played.stopped.as_ref())),
    }
}

/// The recorded connection that is played, as its client would have recorded it.
fn score(recording: &Recording, wanted: Option<u32>) -> Raised<Score> {
    let hint = "rec.connections are those that are there";
    let chosen = Score::chosen(recording.scores(), wanted, recording.name());
    let score = chosen.map_err(|error| Failure::usage(error.to_string(), hint))?;
    if score.steps.is_empty() {
        let text =
            format!("connection {} of {} has no frames: there is nothing to replay", score.number, recording.name());
        return Err(Failure::usage(text, hint).into());
    }
    Ok(score.clone().seen_by(Role::Client))
}

/// What came of a replay.
#[derive(Clone)]
pub struct Verdict {
    compared: Arc<compare::Verdict>,
    /// Why it did not come to its end, safe for a terminal.
    stopped: Option<String>,
}

impl Verdict {
    /// `stopped`: why the replay did not come to its end.
    #[must_use]
    pub fn new(compared: compare::Verdict, stopped: Option<&Stopped>) -> Verdict {
        let stopped = stopped.map(|why| escape(why.to_string().as_bytes()).into_owned());
        Verdict { compared: Arc::new(compared), stopped }
    }

    /// Whether the whole part was played, and everything came as recorded.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.stopped.is_none() && self.compared.is_same()
    }

    #[must_use]
    pub fn counts(&self) -> Counts {
        self.compared.counts()
    }

    /// Why it did not come to its end, if it did not.
    #[must_use]
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// In a line.
    #[must_use]
    pub fn summary(&self) -> String {
        let stopped = self.stopped.as_ref().map(|why| format!(" · {why}"));
        compare::summary(&self.compared) + stopped.as_deref().unwrap_or_default()
    }

    /// In lines, with what differs.
    #[must_use]
    pub fn text(&self) -> String {
        let text = compare::render(&self.compared, &Shown::default(), CONTEXT);
        [text.trim_end(), self.stopped.as_deref().unwrap_or_default()].join("\n").trim_end().to_owned()
    }

    /// What is not as recorded, each as a map.
    pub fn differences(&self) -> Dynamic {
        let differences = compare::to_json(&self.compared)["differences"].to_string();
        from_json(differences.as_bytes()).unwrap_or(Dynamic::UNIT)
    }
}

/// Functions that take part, by their names.
type Functions = BTreeMap<&'static str, FnPtr>;

/// What they can be.
const FUNCTIONS: [&str; 3] = ["on_send", "on_receive", "matches"];

/// The same, called.
struct Calls<'a, 'c> {
    context: &'a NativeCallContext<'c>,
    functions: Functions,
    /// Why the replay had to end.
    error: Option<Box<EvalAltResult>>,
}

impl Calls<'_, '_> {
    fn stop(&mut self, error: Box<EvalAltResult>) -> Stop {
        self.error.get_or_insert(error);
        Stop
    }
}

impl Calling for Calls<'_, '_> {
    fn call(&mut self, name: &str, values: impl FuncArgs) -> Result<Option<Dynamic>, Stop> {
        let Some(function) = self.functions.get(name) else { return Ok(None) };
        let called = function.call_within_context(self.context, values);
        called.map(Some).map_err(|error| self.stop(error))
    }

    fn wrong(&mut self, name: &str, wanted: &str, given: &Dynamic) -> Stop {
        let text = format!("{name} gave {}: it gives {wanted}", written(given));
        self.stop(Failure::usage(text, SEE).into())
    }
}

/// What a script says about a replay.
struct Options {
    /// The number of the recorded connection.
    wanted: Option<u32>,
    pace: Option<Pace>,
    speed: Option<f64>,
    max_gap: Option<Duration>,
    timeout: Duration,
    frames: bool,
    close: bool,
    set: Vec<Setting>,
    capture: Vec<Capture>,
    variables: BTreeMap<String, String>,
    rules: Rules,
    functions: Functions,
}

const SEE: &str = "see wscope run --api=replay";

impl Options {
    fn read(given: &Map) -> Raised<Options> {
        let mut options = Options {
            wanted: None,
            pace: None,
            speed: None,
            max_gap: None,
            timeout: TIMEOUT,
            frames: false,
            close: true,
            set: Vec::new(),
            capture: Vec::new(),
            variables: BTreeMap::new(),
            rules: Rules::default(),
            functions: Functions::new(),
        };
        for (name, value) in given {
            options.set(name, value)?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &Dynamic) -> Raised<()> {
        match name {
            "connection" => {
                let number = value.as_int().ok().and_then(|int| u32::try_from(int).ok());
                self.wanted = Some(number.ok_or_else(|| misfit(name, value, "the number of a connection"))?);
            }
            "pace" => self.pace = Some(pace(value).ok_or_else(|| misfit(name, value, "wait, original or asap"))?),
            "speed" => {
                let speed = value.to_string().parse().ok().filter(|speed: &f64| speed.is_finite() && *speed > 0.0);
                self.speed = Some(speed.ok_or_else(|| misfit(name, value, "a number above 0"))?);
            }
            "max_gap" => self.max_gap = Some(duration(value)?),
            "timeout" => self.timeout = duration(value)?,
            "frames" => self.frames = value.as_bool().map_err(|_| misfit(name, value, "true or false"))?,
            "close" => self.close = value.as_bool().map_err(|_| misfit(name, value, "true or false"))?,
            "set" => self.set = entries(name, value, |path, value| Ok(format!("{path}={}", setting(value)?)))?,
            "capture" => self.capture = entries(name, value, |variable, path| Ok(format!("{variable}={path}")))?,
            "vars" => {
                let map = value.as_map_ref().map_err(|_| misfit(name, value, "a map"))?;
                let texts = map.iter().map(|(name, value)| Ok((name.to_string(), to_json(value)?)));
                self.variables = texts.collect::<Raised<_>>()?;
            }
            "ignore" => {
                let path = |path: &str| {
                    path.parse().map_err(|error| misfit(name, &path.into(), &format!("a path: {error}")).into())
                };
                self.rules.ignore = texts(name, value)?.iter().map(|text| path(text)).collect::<Raised<_>>()?;
            }
            "ignore_regex" => {
                let regexes = texts(name, value)?;
                let regexes = regexes.iter().map(|source| Ok(Pattern::regex(source)?.into_regex()));
                self.rules.ignore_regex = regexes.collect::<Raised<_>>()?;
            }
            "tolerance" => {
                let tolerance =
                    value.to_string().parse().map_err(|error| misfit(name, value, &format!("one: {error}")));
                self.rules.tolerance = Some(tolerance?);
            }
            _ => {
                let Some(name) = FUNCTIONS.into_iter().find(|known| *known == name) else {
                    return Err(Failure::usage(format!("replay takes no option {name:?}"), SEE).into());
                };
                let function = value.clone().try_cast::<FnPtr>();
                self.functions.insert(name, function.ok_or_else(|| misfit(name, value, "a function"))?);
            }
        }
        Ok(())
    }
}

fn misfit(name: &str, value: &Dynamic, fits: &str) -> Failure {
    Failure::usage(format!("{name}: {} is not {fits}", written(value)), SEE)
}

fn pace(value: &Dynamic) -> Option<Pace> {
    match value.to_string().as_str() {
        "wait" => Some(Pace::Wait),
        "original" => Some(Pace::Original { speed: 1.0 }),
        "asap" => Some(Pace::Asap),
        _ => None,
    }
}

/// A text, or an array of texts.
fn texts(name: &str, value: &Dynamic) -> Raised<Vec<String>> {
    let text = |value: &Dynamic| {
        let text = value.clone().into_string();
        text.map_err(|_| misfit(name, value, "a text or an array of texts").into())
    };
    match value.as_array_ref() {
        Ok(all) => all.iter().map(text).collect(),
        Err(_) => Ok(vec![text(value)?]),
    }
}

/// What the entries of a map mean, each written as on the command line.
fn entries<T: std::str::FromStr<Err = String>>(
    name: &str,
    value: &Dynamic,
    line: impl Fn(&str, &Dynamic) -> Raised<String>,
) -> Raised<Vec<T>> {
    let map = value.as_map_ref().map_err(|_| misfit(name, value, "a map"))?;
    let entry = |(key, value): (_, &Dynamic)| {
        let line = line(key, value)?;
        line.parse().map_err(|why| Failure::usage(format!("{name}: {line:?} is none: {why}"), SEE).into())
    };
    map.iter().map(|(key, value)| entry((key.as_str(), value))).collect()
}

/// A value to set, as JSON; one with `{{name}}` in it as it is.
fn setting(value: &Dynamic) -> Raised<String> {
    match value.as_immutable_string_ref() {
        Ok(text) if text.contains("{{") => Ok(text.to_string()),
        _ => to_json(value),
    }
}
