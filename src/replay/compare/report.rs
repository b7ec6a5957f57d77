//! A verdict in the report of a test run: a suite, with a case for all messages that came as recorded, one for each that did not,
//! and one for the end; or, where there are verdicts of many clients, a case.

use super::show::{detail, end};
use super::{Difference, Item, Verdict};
use crate::render::escape::escape;
use crate::render::hexdump;
use crate::render::line::boundary;
use crate::render::quantity::duration;
use crate::replay::conversation::Message;
use crate::report::{Case, Failure, Outcome, Suite};

/// How much of a message is told, in bytes.
const TOLD: usize = 200;

/// One verdict as a suite.
#[must_use]
pub fn to_suite(name: &str, verdict: &Verdict) -> Suite {
    let same = verdict.items.iter().filter(|item| item.is_same()).count();
    let messages = if same == 1 { "message" } else { "messages" };
    let all = (same > 0).then(|| case(format!("{same} {messages} as recorded"), Outcome::Passed));
    let others = verdict.items.iter().filter(|item| !item.is_same()).map(other);
    let ending = end(verdict).map(|words| {
        if verdict.end.is_same() {
            case("closing".into(), Outcome::Passed)
        } else {
            case("closing".into(), Outcome::Failed(Failure::new(words)))
        }
    });
    Suite { file: name.to_owned(), cases: all.into_iter().chain(others).chain(ending).collect(), ..Suite::default() }
}

/// One verdict as how a case ended: what is not as recorded is told in its detail.
#[must_use]
pub fn to_outcome(verdict: &Verdict) -> Outcome {
    if verdict.is_same() {
        return Outcome::Passed;
    }
    let suite = to_suite("", verdict);
    let all = suite.cases.iter().filter_map(|case| Some((case, case.outcome.failure()?)));
    let told = |(case, failure): (&Case, &Failure)| {
        let beneath = failure.detail.iter().map(|line| format!("  {line}"));
        std::iter::once(format!("{}: {}", case.name, failure.message)).chain(beneath).collect::<Vec<_>>()
    };
    let detail = all.map(told).collect::<Vec<_>>();
    let message = match detail.as_slice() {
        [one] => one[0].clone(),
        several => format!("{} differences", several.len()),
    };
    Outcome::Failed(Failure { detail: detail.concat(), ..Failure::new(message) })
}

fn case(name: String, outcome: Outcome) -> Case {
    Case { name, outcome, ..Case::default() }
}

fn other(item: &Item) -> Case {
    let (recorded, live) = (item.recorded(), item.live());
    let message = match item {
        Item::Changed(_, fields) => match fields.as_slice() {
            [] => "came, and does not match".to_owned(),
            [Difference::Value { path, .. }] => format!("{path} changed"),
            [_] => "changed".to_owned(),
            fields => format!("{} fields changed", fields.len()),
        },
        Item::Missing(_) => "did not come".to_owned(),
        Item::Unexpected(_) => "was not recorded".to_owned(),
        Item::Matched(pair) => match (pair.moved, pair.drift) {
            (false, Some(drift)) => {
                format!("came {} after the one before, recorded {}", duration(drift.live), duration(drift.recorded))
            }
            _ => "came in another place".to_owned(),
        },
    };
    let side = |sign: &str, message: &Message| format!("{sign} {}", told(message));
    let mut lines: Vec<String> = recorded.map(|message| side("-", message)).into_iter().collect();
    lines.extend(live.map(|message| side("+", message)));
    if matches!(item, Item::Changed(..)) {
        lines.extend(detail(item));
    }
    let name = match (recorded, live) {
        (Some(message), _) => format!("{} #{}", message.direction.name(), message.number),
        (None, Some(message)) => format!("unexpected {} #{}", message.direction.name(), message.number),
        (None, None) => String::new(),
    };
    case(name, Outcome::Failed(Failure { detail: lines, ..Failure::new(message) }))
}

/// A message in a line, cut where it is long, and what was cut.
#[must_use]
pub fn told(message: &Message) -> String {
    let end = boundary(&message.data, TOLD);
    let words = if message.binary {
        hexdump::line(&message.data[..message.data.len().min(17)])
    } else {
        escape(&message.data[..end]).into_owned()
    };
    let cut = message.data.len() > end;
    if cut { format!("{words}… {} B in all", message.data.len()) } else { words }
}
