//! The arguments of the commands that run Rhai, from text to [`Action`].

use crate::script::Occasion;

use super::aliases::definition;
use super::content::expand_home;
use super::parse;
use super::request::{Action, Handling};

type Parsed = Result<Action, String>;

pub(super) fn eval(rest: &str) -> Parsed {
    match rest.trim() {
        "" => Err("needs an expression".into()),
        _ => Ok(Action::Evaluate(rest.strip_prefix(' ').unwrap_or(rest).to_owned())),
    }
}

pub(super) fn run(rest: &str) -> Parsed {
    let mut words = parse::words(rest)?.into_iter();
    let file = words.next().ok_or("needs a file")?;
    Ok(Action::Run { file: expand_home(&file), arguments: words.collect() })
}

pub(super) fn on(rest: &str) -> Parsed {
    let (event, function) = parse::head(rest.trim_start());
    if event.is_empty() {
        return Ok(Action::On(Handling::List));
    }
    let names: Vec<&str> = Occasion::ALL.iter().map(|occasion| occasion.name()).collect();
    let occasion = Occasion::ALL.into_iter().find(|occasion| occasion.name() == event);
    let occasion =
        occasion.ok_or_else(|| format!("\"{}\" is not one of {}", event.escape_debug(), names.join(", ")))?;
    match function.trim() {
        "" => Err("needs a function, or off".into()),
        "off" => Ok(Action::On(Handling::Off(occasion))),
        function => Ok(Action::On(Handling::Call(occasion, function.to_owned()))),
    }
}

pub(super) fn alias(rest: &str) -> Parsed {
    match rest.trim() {
        "" => Ok(Action::Alias(None)),
        typed => definition(typed).map(|definition| Action::Alias(Some(definition))),
    }
}
