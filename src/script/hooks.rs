//! Functions that a script defines by name, and others call when something happens: `fn on_message(ws, m) { ... }`.
//!
//! A script is run once, from its first line to its last, for its constants and imports. A function of a script sees no
//! variables of it, so what is to last from call to call is `this`: a map, and each connection (or whatever the caller calls
//! for) has one of its own.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rhai::{Caches, Dynamic, EvalAltResult, FnPtr, FuncArgs, GlobalRuntimeState, Map, NativeCallContext, Position};
use rhai::{Scope, StaticVec};
use strsim::osa_distance;

use super::failure::Raised;
use super::fault::{Fault, Reason};
use super::host::Host;
use super::program::Program;

/// Below this many letters changed, a name is a slip for another.
const SLIP: usize = 3;

/// A script's functions, to be called from any number of threads at a time. Each has to have [`super::STACK`].
pub struct Hooks {
    program: Program,
    /// What the script has imported, and its constants.
    global: GlobalRuntimeState,
    variables: Vec<Variable>,
    defined: Vec<&'static str>,
}

/// What lasts from call to call, for those calls that belong together. One call at a time can have it.
pub struct This {
    value: Dynamic,
    global: GlobalRuntimeState,
}

/// Takes what went wrong in a function, which is named, of which connection.
pub type Tell = dyn Fn(&str, u32, Box<Fault>) + Send + Sync;

/// Something that the script's first level has, and its functions have not.
struct Variable {
    name: String,
    constant: bool,
}

/// A function that can be called, as it is written: `on_message(ws, m)`.
#[derive(Clone, Copy)]
struct Signature(&'static str);

impl Hooks {
    /// Runs a script from its first line to its last, and looks for the functions in it that can be called; these are given
    /// as they are written: `on_message(ws, m)`.
    ///
    /// # Errors
    /// Why it ended before its last line; a function is called almost like one of these, or takes another number of values;
    /// there is none of them.
    pub fn read(program: Program, known: &[&'static str]) -> Result<Hooks, Box<Fault>> {
        let mut global = program.engine.new_global_runtime_state();
        let variables = run(&program, &mut global).map_err(|error| program.fault(&error))?;
        let known: Vec<Signature> = known.iter().map(|text| Signature(text)).collect();
        let mut slips: Vec<(Position, Fault)> = Vec::new();
        let mut defined = Vec::new();
        for function in program.ast.iter_functions() {
            let position = place(&program, function.name, function.params.len());
            match known.iter().find(|known| known.name() == function.name) {
                Some(known) if known.takes() == function.params.len() => defined.push(known.name()),
                Some(known) => slips.push((position, known.taken_for(function.params.len()))),
                None => slips.extend(slip(function.name, &known).map(|fault| (position, fault))),
            }
        }
        let first = slips.into_iter().min_by_key(|(position, _)| position.line());
        if let Some((position, fault)) = first {
            let place = program.place(position.line().unwrap_or_default());
            return Err(Box::new(Fault { place, ..fault }));
        }
        if defined.is_empty() {
            let fault = Fault::new(Reason::Script, format!("{} defines nothing that can be called", program.name()));
            return Err(Box::new(Fault { hint: Some(listed(&known)), ..fault }));
        }
        Ok(Hooks { program, global, variables, defined })
    }

    /// What the script runs with.
    #[must_use]
    pub const fn host(&self) -> &Host {
        self.program.host()
    }

    /// Whether the script defines this one.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.defined.contains(&name)
    }

    /// An empty map for calls that belong together.
    #[must_use]
    pub fn this(&self) -> This {
        let mut global = self.global.clone();
        // With a lock of their own: calls at the same time would wait for each other to read a constant.
        global.constants = global.constants.map(|constants| {
            let constants = constants.read().unwrap_or_else(PoisonError::into_inner).clone();
            Arc::new(RwLock::new(constants))
        });
        This { value: Dynamic::from(Map::new()), global }
    }

    /// Calls a function with as many values as it takes: what it gives, or `None` if the script does not define it. The
    /// limits of a script hold for each call.
    ///
    /// # Errors
    /// Why it ended before its end.
    pub fn call(&self, name: &str, this: &mut This, values: impl FuncArgs) -> Result<Option<Dynamic>, Box<Fault>> {
        if !self.has(name) {
            return Ok(None);
        }
        let mut arguments = StaticVec::new();
        values.parse(&mut arguments);
        let called = self.call_raw(name, this, &mut arguments);
        called.map(Some).map_err(|error| {
            let fault = self.hinted(*self.program.fault(&error));
            // What has no place of its own is somewhere in this function.
            let position = place(&self.program, name, arguments.len());
            let place = fault.place.clone().or_else(|| self.program.place(position.line()?));
            Box::new(Fault { place, ..fault })
        })
    }

    fn call_raw(&self, name: &str, this: &mut This, arguments: &mut [Dynamic]) -> Raised<Dynamic> {
        let This { value, global } = this;
        global.num_operations = Default::default();
        let source = Some(self.program.name());
        let context =
            NativeCallContext::new_with_all_fields(&self.program.engine, name, source, global, Position::NONE);
        FnPtr::new(name)?.call_raw(&context, Some(value), arguments)
    }

    /// A fault with what to do if the function wanted something of the script's first level.
    fn hinted(&self, fault: Fault) -> Fault {
        let missing = fault.message.strip_prefix("variable not found: ");
        let variable = self.variables.iter().find(|variable| Some(variable.name.as_str()) == missing);
        let hint = variable.map(|Variable { name, constant }| match constant {
            true => format!("in a function the script's constant is global::{name}"),
            false => format!("a function sees no variables of the script; this.{name} lasts from call to call"),
        });
        Fault { hint: fault.hint.clone().or(hint), ..fault }
    }
}

impl Signature {
    fn name(self) -> &'static str {
        self.0.split('(').next().unwrap_or_default()
    }

    /// How many values it takes.
    fn takes(self) -> usize {
        let values = self.0[self.name().len()..].trim_matches(['(', ')']);
        values.split(',').filter(|value| !value.is_empty()).count()
    }

    fn taken_for(self, count: usize) -> Fault {
        let takes = format!("{} is called with {}, and this takes {count}", self.name(), counted(self.takes()));
        Fault { hint: Some(format!("write fn {self}")), ..Fault::new(Reason::Script, takes) }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

fn counted(values: usize) -> String {
    if values == 1 { "one value".into() } else { format!("{values} values") }
}

fn listed(known: &[Signature]) -> String {
    let names: Vec<String> = known.iter().map(Signature::to_string).collect();
    format!("these can be: {}", names.join(", "))
}

/// What is wrong with a function that looks as if it was to be one of these.
fn slip(name: &str, known: &[Signature]) -> Option<Fault> {
    let distance = |known: &Signature| osa_distance(known.name(), &name.to_lowercase());
    let nearest = known.iter().min_by_key(|known| distance(known)).filter(|known| distance(known) < SLIP);
    let fault = Fault::new(Reason::Script, format!("nothing calls a function named {name}"));
    match nearest {
        Some(nearest) => Some(Fault { hint: Some(format!("did you mean {}?", nearest.name())), ..fault }),
        None if name.starts_with("on_") => Some(Fault { hint: Some(listed(known)), ..fault }),
        None => None,
    }
}

/// Runs the first level of a script: what its functions can't see of that.
#[allow(deprecated, reason = "the only way to have what it has imported, and its constants")]
fn run(program: &Program, global: &mut GlobalRuntimeState) -> Result<Vec<Variable>, Box<EvalAltResult>> {
    let mut scope = Scope::new();
    global.source = program.ast.source().map(Into::into);
    global.lib.push(program.ast.shared_lib().clone());
    let statements = program.ast.statements();
    let _ = program.engine.eval_statements_raw(global, &mut Caches::new(), &mut scope, statements)?;
    let variable = |(name, constant, _): (&str, bool, Dynamic)| Variable { name: name.to_owned(), constant };
    Ok(scope.iter().map(variable).collect())
}

/// Where a function begins.
fn place(program: &Program, name: &str, values: usize) -> Position {
    let function = program.ast.shared_lib().get_script_fn(name, values);
    function.map_or(Position::NONE, |function| function.body.start_position())
}

#[cfg(test)]
mod tests;
