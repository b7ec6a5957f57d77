//! What every script runs with: variables, files, options of connections, the timeline that its connections share.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::interrupt::interrupted;
use super::words;
use crate::cli::args::script::{GivenArgs, Variables};
use crate::cli::report::{Exit, Report};
use crate::recording::{Masks, Switch};
use crate::script::{Alone, Failure, FailureKind, Fault, Host, Inbox, Limits, Reason, Setup, Stop, Tell, folder};
use crate::session::{Clock, ConnectOptions, Sink, Timeline};
use crate::transport::in_words;

/// What the command line gives to every script of a run.
pub struct Given {
    pub variables: Variables,
    pub allow_files: bool,
    pub limits: Limits,
    /// Values that are masked in all that is written.
    secrets: Vec<String>,
}

impl Given {
    /// Reads the files of variables.
    ///
    /// # Errors
    /// One can't be read.
    pub fn new(args: &GivenArgs) -> Result<Given, Report> {
        let mut variables = BTreeMap::new();
        for path in &args.vars_file {
            variables.extend(variables_of(path)?);
        }
        variables.extend(args.var.iter().chain(&args.secret).cloned());
        let limits = Limits { operations: args.max_operations, ..Limits::default() };
        let secrets = args.secret.iter().map(|(_, value)| value.clone()).collect();
        Ok(Given { variables, allow_files: args.allow_files, limits, secrets })
    }

    /// These masks, and the values given as secrets.
    #[must_use]
    pub fn masks(&self, masks: &Masks) -> Masks {
        masks.with_values(self.secrets.iter().cloned())
    }

    /// What one script runs with. `first` are the sinks that its events go to before the script has them.
    #[must_use]
    pub fn setup(
        &self,
        script: &Path,
        arguments: &[String],
        masks: &Masks,
        clock: Clock,
        interrupted: &Arc<AtomicBool>,
        first: Vec<Box<dyn Sink>>,
    ) -> Setup {
        let (inbox, record, printed) = (Inbox::default(), Switch::default(), masks.clone());
        let mut sinks = first;
        sinks.push(Box::new(record.clone()));
        sinks.push(Box::new(inbox.clone()));
        Setup {
            timeline: Timeline::new(clock, sinks),
            inbox,
            record,
            masks: masks.clone(),
            options: Box::new(options),
            print: Box::new(move |line| print(&printed.without_values(line))),
            stop: Stop::new(clock, Arc::clone(interrupted)),
            arguments: arguments.to_vec(),
            variables: self.variables.clone(),
            folder: (!self.allow_files).then(|| folder(script).to_owned()),
            hub: Arc::new(Alone),
        }
    }
}

/// Set by Ctrl-C; the second ends the program at once.
///
/// # Errors
/// The system refuses a signal handler.
pub fn interrupts() -> Result<Arc<AtomicBool>, Report> {
    interrupted().map_err(|error| Report::new(Exit::File, format!("cannot watch for Ctrl-C: {}", in_words(&error))))
}

/// What a script's options of a connection mean.
///
/// # Errors
/// What is wrong with them.
pub fn options(words: &[String]) -> Result<ConnectOptions, Failure> {
    words::options(words).map_err(|report| {
        let kind = if report.exit == Exit::File { FailureKind::File } else { FailureKind::Usage };
        Failure { hint: report.hint, ..Failure::new(kind, report.message) }
    })
}

/// The text of a script.
///
/// # Errors
/// It can't be read.
pub fn read(path: &Path) -> Result<String, Report> {
    let text = if path == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
    text.map_err(|error| {
        let message = format!("cannot read the script \"{}\": {}", path.display(), in_words(&error));
        Report::new(Exit::File, message)
    })
}

/// How the program ends that a script ended: well if that said that there is nothing to be done.
///
/// # Errors
/// What went wrong in it.
pub fn ended(host: &Host, fault: Box<Fault>) -> Result<Exit, Report> {
    let Setup { print, masks, .. } = host.setup();
    if fault.reason.is_skipped() {
        print(&format!("skipped: {}", fault.message));
        return Ok(Exit::Success);
    }
    Err(Report::from(fault).masked(masks))
}

/// Has it said what went wrong in a function for a connection; the server goes on.
#[must_use]
pub fn tell(say: impl Fn(Box<Fault>) + Send + Sync + 'static) -> Box<Tell> {
    Box::new(move |function, number, fault| {
        // The user has ended it all.
        if matches!(fault.reason, Reason::Interrupted) {
            return;
        }
        let message = format!("{} ({function}, connection {number})", fault.message);
        say(Box::new(Fault { message, ..*fault }));
    })
}

/// The same, said on standard error.
#[must_use]
pub fn tell_plainly(masks: Masks) -> Box<Tell> {
    tell(move |fault| Report::from(fault).masked(&masks).print())
}

/// A line on standard output; a reader that has gone away wants no more.
fn print(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// `NAME=VALUE` in lines, `#` begins a comment; or a JSON object.
fn variables_of(path: &Path) -> Result<Variables, Report> {
    let named = path.display();
    let text = fs::read_to_string(path).map_err(|error| {
        Report::new(Exit::File, format!("cannot read the variables in \"{named}\": {}", in_words(&error)))
    })?;
    if text.trim_start().starts_with('{') {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text)
            .map_err(|error| Report::new(Exit::File, format!("{named}: no JSON object: {error}")))?;
        let plain = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        return Ok(object.into_iter().map(|(name, value)| (name, plain(value))).collect());
    }
    let mut variables = Variables::new();
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or_else(|| {
            let message = format!("{named}:{number}: {line:?} is no NAME=VALUE");
            Report::new(Exit::File, message)
                .hint("a file of variables has NAME=VALUE in each line, or is a JSON object")
        })?;
        variables.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    Ok(variables)
}
