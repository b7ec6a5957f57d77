//! The same session recorded again: what came in the place of each received message, or why it is no repeat.

use std::path::{Path, PathBuf};

use crate::app::damage::tell;
use crate::cli::{Exit, Report};
use crate::event::{Direction, Role};
use crate::exchange::export::{Repeats, may_repeat};
use crate::render::escape::escape;
use crate::render::json::is_container;
use crate::render::quantity::counted;
use crate::replay::compare::{self, Difference, Item, Rules, Verdict};
use crate::replay::{Message, Score};

/// What came in the place of the messages of a recording, of these connections (none: of all), in all the others.
///
/// # Errors
/// One can't be read, or is no repeat of the first.
pub(super) fn repeats(first: &Path, others: &[PathBuf], connections: &[u32]) -> Result<Repeats, Report> {
    let mut repeats = Repeats::new();
    if others.is_empty() {
        return Ok(repeats);
    }
    let (ours, _) = Score::all(first)?;
    for path in others {
        let (theirs, damages) = Score::all(path)?;
        tell(path, &damages);
        let mut misfits = Vec::new();
        if ours.len() != theirs.len() {
            misfits.push(format!("it has {}, not {}", counted(theirs.len(), "connection"), ours.len()));
        }
        let wanted = |score: &Score| connections.is_empty() || connections.contains(&score.number);
        for (one, other) in ours.iter().zip(&theirs).filter(|(one, _)| wanted(one)) {
            let verdict = held(one, other);
            misfits
                .extend(verdict.items.iter().filter_map(misfit).map(|why| format!("connection {}: {why}", one.number)));
            misfits.extend(other_end(&verdict).map(|why| format!("connection {} {why}", one.number)));
            let received = one.direction_of(Role::Server);
            for item in &verdict.items {
                if let Item::Matched(pair) | Item::Changed(pair, _) = item
                    && pair.recorded.direction == received
                {
                    repeats.entry(pair.recorded.number).or_default().push(pair.live.data.clone());
                }
            }
        }
        if let Some((why, more)) = misfits.split_first() {
            return Err(no_repeat(first, path, why, more.len()));
        }
    }
    Ok(repeats)
}

fn held(one: &Score, other: &Score) -> Verdict {
    let rules = Rules::default().between(one.role, other.role);
    let text = |message: &Message| {
        let is_text = !message.binary && !is_container(&message.data);
        std::str::from_utf8(&message.data).ok().filter(|_| is_text).map(str::to_owned)
    };
    let mut matches = |one: &Message, other: &Message| {
        let is_one = may_repeat(&text(one)?, &text(other)?);
        is_one.then_some(true)
    };
    compare::compare_by(&one.conversation(), &other.conversation(), &rules, &mut matches)
}

/// Why a message has no counterpart that a script could expect in its place.
fn misfit(item: &Item) -> Option<String> {
    let (message, why) = match item {
        Item::Missing(message) if message.direction == Direction::Sent => (message, "was not sent"),
        Item::Missing(message) => (message, "did not come"),
        Item::Unexpected(message) => (message, "is there besides"),
        Item::Matched(pair) if pair.moved => (&pair.recorded, "is in another place"),
        Item::Matched(_) => return None,
        Item::Changed(pair, differences) => {
            let is_another = differences.iter().any(Difference::is_of_kind);
            is_another.then_some((&pair.recorded, "is another"))?
        }
    };
    Some(format!("message #{} {why}: {}", message.number, compare::told(message)))
}

/// How the connection ended, if that was not as recorded.
fn other_end(verdict: &Verdict) -> Option<String> {
    let code = |code: Option<u16>| code.map_or_else(|| "no code".to_owned(), |code| code.to_string());
    let (recorded, live) = (verdict.end.recorded.as_ref()?, verdict.end.live.as_ref()?);
    let differs = recorded.code != live.code;
    differs.then(|| format!("ended with {}, not {}", code(live.code), code(recorded.code)))
}

fn no_repeat(first: &Path, other: &Path, why: &str, more: usize) -> Report {
    let names = [other, first].map(|path| escape(path.display().to_string().as_bytes()).into_owned());
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let hint = format!("wscope diff {} {} shows all that differs", names[1], names[0]);
    Report::new(Exit::Failed, format!("\"{}\" is no repeat of \"{}\": {why}{more}", names[0], names[1])).hint(hint)
}
