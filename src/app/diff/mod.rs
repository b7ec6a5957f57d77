//! `wscope diff`: two recordings held against each other, connection by connection: the opening handshakes, the messages of both
//! directions, the ends. The first recording is what should have been, the second what is.

mod handshake;
mod json;
mod text;

use std::path::Path;

use super::damage::tell;
use super::{output, print, report};
use crate::cli::args::compare::DiffArgs;
use crate::cli::args::stats::StatsFormat;
use crate::cli::report::{Exit, Report};
use crate::cli::settings::OutputSettings;
use crate::recording::Damage;
use crate::render::Options;
use crate::replay::compare::{self, Rules, Verdict};
use crate::replay::{Score, ScoreError};
use crate::report::{Case, Failure, Outcome, Run, Suite};
use crate::session::Clock;

/// What came of two recordings.
#[derive(Debug)]
struct Compared {
    /// The files as they were named.
    names: [String; 2],
    /// How many lines of each could not be read.
    damaged: [usize; 2],
    connections: Vec<Connection>,
}

/// A connection of either recording or of both.
#[derive(Debug)]
enum Connection {
    Both(Box<Both>),
    /// Of the first recording (0) or of the second (1) alone.
    One(usize, Box<Score>),
}

#[derive(Debug)]
struct Both {
    a: Score,
    b: Score,
    handshake: Vec<handshake::Difference>,
    verdict: Verdict,
}

impl Both {
    fn is_same(&self) -> bool {
        self.handshake.is_empty() && self.verdict.is_same()
    }
}

impl Compared {
    fn is_same(&self) -> bool {
        self.connections.iter().all(|connection| matches!(connection, Connection::Both(both) if both.is_same()))
    }
}

/// Compares the recordings and prints to stdout what differs.
///
/// # Errors
/// When a file can't be read or has no connection, or a report can't be written.
pub fn run(args: &DiffArgs, settings: &OutputSettings) -> Result<Exit, Report> {
    let clock = Clock::start();
    let (a, b) = (read(&args.a)?, read(&args.b)?);
    let damaged = [a.1.len(), b.1.len()];
    tell(&args.a, &a.1);
    tell(&args.b, &b.1);
    let names = [&args.a, &args.b].map(|path| path.display().to_string());
    let connections = match args.conn {
        Some((one, other)) => {
            let (a, b) = (Score::numbered(&a.0, one, &names[0]), Score::numbered(&b.0, other, &names[1]));
            vec![both(a.map_err(unusable)?.clone(), b.map_err(unusable)?.clone(), args)]
        }
        None => in_order(a.0, b.0, args),
    };
    let compared = Compared { names, damaged, connections };
    if args.reports.any() {
        let suites = compared.connections.iter().map(|connection| suite(&compared, connection)).collect();
        report::write(&Run::of(suites, clock.created(), clock.elapsed()), &args.reports)?;
    }
    let printed = match args.format {
        StatsFormat::Json => print(json::object(&compared).as_bytes()),
        StatsFormat::Text if args.reports.github => Ok(Exit::Success),
        StatsFormat::Text => {
            let options = Options { width: output::width(), ..output::options(settings) };
            print(text::text(&compared, &options, args.context).as_bytes())
        }
    };
    printed.map(|_| if compared.is_same() { Exit::Success } else { Exit::Failed })
}

fn read(path: &Path) -> Result<(Vec<Score>, Vec<Damage>), Report> {
    Score::all(path).map_err(unusable)
}

fn unusable(error: ScoreError) -> Report {
    let empty = matches!(error, ScoreError::Empty { .. });
    let report = Report::from(error);
    if empty { report.hint("wscope show tells what is in it") } else { report }
}

/// The first connection of one with the first of the other, and so on.
fn in_order(a: Vec<Score>, b: Vec<Score>, args: &DiffArgs) -> Vec<Connection> {
    let (mut a, mut b) = (a.into_iter(), b.into_iter());
    let next = || match (a.next(), b.next()) {
        (Some(a), Some(b)) => Some(both(a, b, args)),
        (Some(score), None) => Some(Connection::One(0, Box::new(score))),
        (None, Some(score)) => Some(Connection::One(1, Box::new(score))),
        (None, None) => None,
    };
    std::iter::from_fn(next).collect()
}

fn both(a: Score, b: Score, args: &DiffArgs) -> Connection {
    let rules = Rules { open_end: false, ..args.compare.rules() }.between(a.role, b.role);
    let verdict = compare::compare(&a.conversation(), &b.conversation(), &rules);
    let handshake = handshake::differences(&a, &b, &args.ignore_header);
    Connection::Both(Box::new(Both { a, b, handshake, verdict }))
}

/// A connection as a suite of cases.
fn suite(compared: &Compared, connection: &Connection) -> Suite {
    match connection {
        Connection::Both(both) => {
            let file = format!("connection {} of {}", both.b.number, compared.names[1]);
            let mut suite = compare::to_suite(&file, &both.verdict);
            let outcome = if both.handshake.is_empty() {
                Outcome::Passed
            } else {
                let detail = both.handshake.iter().map(ToString::to_string).collect();
                Outcome::Failed(Failure { detail, ..Failure::new("it differs") })
            };
            suite.cases.insert(0, Case { name: "opening handshake".into(), outcome, ..Case::default() });
            suite
        }
        Connection::One(side, score) => {
            let failure = Failure::new(format!("only {} has it", compared.names[*side]));
            let case = Case { name: score.url.clone(), outcome: Outcome::Failed(failure), ..Case::default() };
            let file = format!("connection {} of {}", score.number, compared.names[*side]);
            Suite { file, cases: vec![case], ..Suite::default() }
        }
    }
}
