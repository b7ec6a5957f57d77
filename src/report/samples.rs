//! Runs for the tests of the writers.

use std::time::{Duration, SystemTime};

use super::{Attempt, Case, Failure, Outcome, Run, Suite};

/// What breaks a format that is written without care.
pub(super) const NASTY: &str = "a\0\x01\x1b[31m\u{9b}\r\n\t<script>alert('\"&amp;')</script>]]>\u{202e}\u{2028}\u{ffff}\
    # SKIP %0A,:: \\# 漢字 👩‍🚀 -- {";

/// One suite with each outcome, and one that could not be run.
pub(super) fn run() -> Run {
    let failure = Failure {
        message: "expected the field n to be 2".into(),
        line: Some(12),
        column: Some(5),
        source: Some("    expect(message.n).to_be(2);".into()),
        detail: vec!["- n: 2".into(), "+ n: 3".into()],
        frames: vec![
            "▲ 1    0.002  text        7 B  {\"n\":3}".into(),
            "▼ 2    0.002  text        7 B  {\"n\":3}".into(),
        ],
        ..Failure::default()
    };
    let refused = Failure { file: Some("tests/lib.rhai".into()), ..Failure::new("connection refused") };
    let millis = Duration::from_millis;
    let case = |name: &str, line, duration, outcome| Case {
        name: name.into(),
        line: Some(line),
        duration: millis(duration),
        outcome,
        ..Case::default()
    };
    let cases = vec![
        Case { tags: vec!["smoke".into(), "fast".into()], ..case("echoes", 3, 500, Outcome::Passed) },
        Case {
            recording: Some("target/recordings/joins.wsrec".into()),
            output: vec!["joined as ann".into()],
            attempts: vec![Attempt { duration: millis(9), outcome: Outcome::Error(refused.clone()) }],
            ..case("joins", 9, 40, Outcome::Failed(failure.clone()))
        },
        Case {
            attempts: vec![Attempt { duration: millis(7), outcome: Outcome::Failed(failure) }],
            ..case("sometimes", 20, 3, Outcome::Passed)
        },
        case("refused", 30, 1, Outcome::Error(refused)),
        case("leaves", 40, 0, Outcome::Skipped("no server".into())),
        case("rests", 50, 0, Outcome::Skipped(String::new())),
    ];
    let broken = Failure {
        line: Some(1),
        column: Some(3),
        source: Some("te st(".into()),
        ..Failure::new("expecting ';' to end this statement")
    };
    Run {
        started: started(),
        duration: Duration::from_micros(612_345),
        shard: Some("1/3".parse().unwrap()),
        seed: Some(u64::MAX),
        suites: vec![
            Suite { file: "tests/chat.test.rhai".into(), cases, output: vec!["set up".into()], error: None },
            Suite { file: "tests/broken.test.rhai".into(), error: Some(broken), ..Suite::default() },
        ],
    }
}

/// Nothing was found to run.
pub(super) fn empty() -> Run {
    Run { started: started(), duration: Duration::ZERO, shard: None, seed: None, suites: Vec::new() }
}

/// This text wherever there is one.
pub(super) fn named(text: &str) -> Run {
    let (one, many) = (|| text.to_owned(), || vec![text.to_owned(), text.to_owned()]);
    let failure = Failure {
        message: one(),
        file: Some(one()),
        line: Some(1),
        column: Some(4),
        source: Some(one()),
        detail: many(),
        frames: many(),
    };
    let case = |outcome: Outcome| Case {
        name: one(),
        line: Some(1),
        tags: many(),
        duration: Duration::ZERO,
        attempts: vec![Attempt { duration: Duration::ZERO, outcome: Outcome::Failed(failure.clone()) }],
        outcome,
        recording: Some(one()),
        output: many(),
    };
    let outcomes =
        [Outcome::Passed, Outcome::Failed(failure.clone()), Outcome::Error(failure.clone()), Outcome::Skipped(one())];
    let cases = outcomes.into_iter().map(case).collect();
    let suite = Suite { file: one(), cases, output: many(), error: Some(failure.clone()) };
    Run { suites: vec![suite], ..empty() }
}

fn started() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(1_795_407_600_123_456)
}
