//! A file as a suite: read once, then its cases one by one, each between its setup and its teardown.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::Ended;
use crate::script::callback::Callback;
use crate::script::fault::{Fault, Reason};
use crate::script::host::Host;
use crate::script::program::Program;
use crate::script::suite::{Case, Cases};

/// The cases of a file that has been read, and what they have in common.
pub struct Suite {
    program: Program,
    cases: Vec<(Listed, Body)>,
    setup: Option<Callback>,
    teardown: Option<Callback>,
}

/// A case as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    /// Where it stands in the file, from 1; `None`: it is the whole file.
    pub line: Option<u32>,
    pub tags: Vec<String>,
}

enum Body {
    /// The script from its first line to its last.
    Script,
    Function(Box<Callback>),
    /// The file said so while it was read.
    Skipped(Box<Fault>),
}

impl Suite {
    /// Runs the top level of a file, for at most this long, which defines its cases. A file that does not call `test` is not
    /// run yet: it is one case.
    ///
    /// # Errors
    /// The top level did not come to its end, or defines no case, or two of one name.
    pub fn read(program: Program, timeout: Duration) -> Result<Suite, Box<Fault>> {
        if !program.defines_cases() {
            let cases = vec![(program.whole(), Body::Script)];
            return Ok(Suite { program, cases, setup: None, teardown: None });
        }
        let stop = &program.host().setup().stop;
        stop.limit(Some(timeout));
        let ran = program.run();
        stop.limit(None);
        let Cases { cases, setup, teardown } = program.host().cases().clone();
        let skipped = ran.as_ref().err().filter(|fault| fault.reason.is_skipped()).cloned();
        let checked = match &skipped {
            Some(_) => Ok(()),
            None => ran.and_then(|()| program.check(&cases)),
        };
        if let Err(fault) = checked {
            program.host().close(0);
            return Err(fault);
        }
        let body = |function| skipped.clone().map_or_else(|| Body::Function(Box::new(function)), Body::Skipped);
        let mut cases: Vec<_> = cases.into_iter().map(|case| (Listed::from(&case), body(case.function))).collect();
        if let Some(fault) = skipped.clone().filter(|_| cases.is_empty()) {
            cases.push((program.whole(), Body::Skipped(fault)));
        }
        Ok(Suite { program, cases, setup, teardown })
    }

    /// In the order of the file.
    pub fn cases(&self) -> impl ExactSizeIterator<Item = &Listed> {
        self.cases.iter().map(|(listed, _)| listed)
    }

    /// What it runs with.
    #[must_use]
    pub const fn host(&self) -> &Host {
        self.program.host()
    }

    /// Runs one case once: setup, case and teardown, the last however the others ended, unless interrupted. Then the
    /// connections that were opened meanwhile are closed. The teardown has as long as the rest, `timeout`.
    #[must_use]
    pub fn attempt(&self, case: usize, timeout: Duration) -> Ended {
        let function = match &self.cases[case].1 {
            Body::Skipped(fault) => return Ended { duration: Duration::ZERO, result: Err(fault.clone()) },
            Body::Script => None,
            Body::Function(function) => Some(function),
        };
        let host = self.host();
        let (kept, begun, stop) = (host.connections().len(), host.now(), &host.setup().stop);
        let call = |function: &Option<Callback>| function.as_ref().map_or(Ok(()), |f| self.program.call(f));
        host.leave(false);
        stop.limit(Some(timeout));
        let result = match function {
            None => self.whole(),
            Some(function) => call(&self.setup).and_then(|()| self.program.call(function)),
        };
        stop.limit(Some(timeout));
        let torn_down = call(&self.teardown);
        stop.limit(None);
        let ended = Ended { duration: host.now().saturating_sub(begun), result: both(result, torn_down) };
        host.close(kept);
        ended
    }

    /// Closes the connections that the cases had in common.
    pub fn end(&self) {
        self.host().close(0);
    }

    fn whole(&self) -> Result<(), Box<Fault>> {
        let result = self.program.run();
        let defined = std::mem::take(&mut *self.host().cases()).cases;
        match defined.first() {
            Some(case) if result.is_ok() => Err(Box::new(Fault {
                hint: Some("call test() in the file itself".into()),
                ..self.program.wrong(format!("the case {:?} is defined by another file", case.name), None)
            })),
            _ => result,
        }
    }
}

impl Program {
    /// The case that the whole of the script is: `chat` of `tests/chat.test.rhai`.
    fn whole(&self) -> Listed {
        let name = Path::new(self.name()).file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
        let name = name.strip_suffix(".rhai").unwrap_or(&name);
        let name = name.strip_suffix(".test").unwrap_or(name);
        Listed { name: name.to_owned(), line: None, tags: Vec::new() }
    }

    fn check(&self, cases: &[Case]) -> Result<(), Box<Fault>> {
        if cases.is_empty() {
            return Err(Box::new(self.wrong("the file calls test(), but has defined no case".into(), None)));
        }
        let mut lines = BTreeMap::new();
        for case in cases {
            if let Some(first) = lines.insert(&case.name, case.line) {
                let message = format!("two cases are named {:?}", case.name);
                let detail = vec![format!("the first is at {}:{first}", self.name())];
                return Err(Box::new(Fault { detail, ..self.wrong(message, Some(case.line)) }));
            }
        }
        Ok(())
    }

    fn wrong(&self, message: String, line: Option<usize>) -> Fault {
        let place = line.and_then(|line| self.place(line));
        Fault { place, ..Fault::new(Reason::Script, message) }
    }
}

impl From<&Case> for Listed {
    fn from(case: &Case) -> Listed {
        Listed {
            name: case.name.clone(),
            line: u32::try_from(case.line).ok().filter(|line| *line > 0),
            tags: case.tags.clone(),
        }
    }
}

/// What a case came to: the first fault counts, what the teardown adds is told.
fn both(result: Result<(), Box<Fault>>, torn_down: Result<(), Box<Fault>>) -> Result<(), Box<Fault>> {
    match (result, torn_down) {
        (result, Ok(())) => result,
        (Ok(()), Err(fault)) if matches!(fault.reason, Reason::Interrupted) => Err(fault),
        (Ok(()), Err(fault)) => Err(Box::new(Fault { message: format!("teardown: {}", fault.message), ..*fault })),
        (Err(fault), Err(torn)) if matches!(torn.reason, Reason::Interrupted) => Err(fault),
        // A case that was skipped has failed if what it had begun can't be undone.
        (Err(fault), Err(torn)) if fault.reason.is_skipped() => both(Ok(()), Err(torn)),
        (Err(mut fault), Err(torn)) => {
            fault.detail.push(format!("the teardown failed, too: {}", torn.line()));
            Err(fault)
        }
    }
}
