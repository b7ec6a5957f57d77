//! A prompt's side of the engine: each input goes on where the last one ended, with its variables and functions.

use std::sync::LazyLock;

use rhai::{AST, Dynamic, Engine, EvalAltResult, FnPtr, ParseErrorType, Scope};

use super::answer::answer;
use super::connection::Connection;
use super::engine::{Limits, engine};
use super::failure::Failure;
use super::fault::{Fault, Sources};
use super::host::Host;
use super::occasion::{Occasion, argument};
use super::value::written;

/// The engine counts lines up to 65,535.
const MOST_LINES: usize = 60_000;

/// The name of the variable that is the connection in use.
const WS: &str = "ws";

/// Evaluates one input after another.
pub struct Console {
    engine: Engine,
    host: Host,
    limits: Limits,
    scope: Scope<'static>,
    /// What the inputs have defined so far.
    functions: AST,
    /// All inputs. Each is read with as many empty lines before it as the others have, so that an error in a function has
    /// its place in the input that defined it.
    text: String,
    /// The line, from 0, at which each input begins.
    starts: Vec<usize>,
    lines: usize,
}

impl Console {
    /// What its inputs are called where a script would have its file's name.
    pub const NAME: &'static str = "=";

    #[must_use]
    pub fn new(host: Host, limits: Limits) -> Console {
        let engine = engine(&host, limits);
        Console {
            engine,
            host,
            limits,
            scope: Scope::new(),
            functions: AST::empty(),
            text: String::new(),
            starts: Vec::new(),
            lines: 0,
        }
    }

    /// What it runs with.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// Evaluates an input in which `ws` is this connection. The lines of its value; none for `()`.
    ///
    /// # Errors
    /// It is no expression, or why it ended before its end.
    pub fn evaluate(&mut self, ws: Option<&Connection>, text: &str) -> Result<Vec<String>, Box<Fault>> {
        let value = self.value(ws, text)?;
        Ok(if value.is_unit() { Vec::new() } else { answer(&value) })
    }

    /// A function to be called for events of this connection, with a host of its own.
    ///
    /// # Errors
    /// The text is no function.
    pub fn handler(
        &mut self,
        ws: &Connection,
        occasion: Occasion,
        text: &str,
        host: Host,
    ) -> Result<Handler, Box<Fault>> {
        let value = self.value(Some(ws), text)?;
        let shown = written(&value);
        let function = value.try_cast::<FnPtr>().ok_or_else(|| {
            let hint = format!("/on {} |it| print(it) prints what it is called with", occasion.name());
            self.fault(&Box::<EvalAltResult>::from(Failure::usage(format!("{shown} is no function"), hint)))
        })?;
        Ok(Handler {
            engine: engine(&host, self.limits),
            functions: self.functions.clone(),
            function,
            host,
            connection: ws.clone(),
            occasion,
            sources: self.sources(),
            starts: self.starts.clone(),
        })
    }

    /// What `ws` is now: an input may have set it.
    #[must_use]
    pub fn current(&self) -> Option<Connection> {
        self.scope.get_value::<Connection>(WS)
    }

    /// The names that the inputs have given: variables, and functions with a `(` behind.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let variables = self.scope.iter().map(|(name, ..)| name.to_owned());
        let functions = self.functions.iter_functions().map(|function| format!("{}(", function.name));
        let mut names: Vec<String> = variables.chain(functions.filter(|name| !name.contains('$'))).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn value(&mut self, ws: Option<&Connection>, text: &str) -> Result<Dynamic, Box<Fault>> {
        match ws {
            Some(ws) => drop(self.scope.set_or_push(WS, ws.clone())),
            None => while self.scope.remove::<Dynamic>(WS).is_some() {},
        }
        let ast = self.read(text)?;
        self.engine.eval_ast_with_scope::<Dynamic>(&mut self.scope, &ast).map_err(|error| self.fault(&error))
    }

    /// Reads an input; the functions that it defines are there from now on.
    fn read(&mut self, text: &str) -> Result<AST, Box<Fault>> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if self.lines > MOST_LINES {
            self.text.clear();
            self.starts.clear();
            self.lines = 0;
        }
        let placed = format!("{}{text}", "\n".repeat(self.lines));
        self.starts.push(self.lines);
        self.text.push_str(&text);
        self.text.push('\n');
        self.lines += text.split('\n').count();
        let read = self
            .engine
            .compile_with_scope(&self.scope, placed)
            .map_err(|error| relative(Fault::unreadable(&error, Console::NAME, &self.sources()), &self.starts))?;
        let mut whole = self.functions.merge(&read);
        whole.set_source(Console::NAME);
        self.functions = whole.clone_functions_only();
        Ok(whole)
    }

    fn sources(&self) -> Sources {
        let mut sources = Sources::default();
        sources.add(Console::NAME, &self.text);
        sources
    }

    fn fault(&self, error: &EvalAltResult) -> Box<Fault> {
        let fault = Fault::of(error, Console::NAME, &self.sources());
        let no_connection = self.current().is_none() && fault.message == "variable not found: ws";
        let hint = no_connection.then(|| "/connect URL opens a connection, which is ws then".to_owned());
        relative(Fault { hint: fault.hint.clone().or(hint), ..fault }, &self.starts)
    }
}

/// A fault with the number of its line in its own input.
fn relative(mut fault: Fault, starts: &[usize]) -> Box<Fault> {
    if let Some(place) = fault.place.as_mut().filter(|place| place.file == Console::NAME) {
        let input = starts.partition_point(|start| *start < place.line);
        place.line -= input.checked_sub(1).map_or(0, |input| starts[input]);
    }
    Box::new(fault)
}

/// Whether an input is right so far, and only its end is missing.
#[must_use]
pub fn is_unfinished(text: &str) -> bool {
    static READER: LazyLock<Engine> = LazyLock::new(|| {
        let mut engine = Engine::new_raw();
        engine.set_max_expr_depths(128, 128);
        engine
    });
    let Err(error) = READER.compile(text) else { return false };
    match error.err_type() {
        ParseErrorType::UnexpectedEOF => true,
        // A string in backticks goes on in the next line, one in quotes does not.
        ParseErrorType::BadInput(_) => text.matches('`').count() % 2 == 1,
        _ => error.position().is_none() || is_at_end(text, error.position()),
    }
}

/// Whether there is nothing at this place, nor behind it.
fn is_at_end(text: &str, position: rhai::Position) -> bool {
    let (Some(line), Some(column)) = (position.line(), position.position()) else { return false };
    let mut rest = text.split('\n').skip(line - 1);
    let behind: String = rest.next().unwrap_or_default().chars().skip(column - 1).collect();
    behind.trim().is_empty() && rest.all(|line| line.trim().is_empty())
}

/// A function that is called for events of a connection, as they come.
pub struct Handler {
    engine: Engine,
    functions: AST,
    function: FnPtr,
    host: Host,
    connection: Connection,
    occasion: Occasion,
    sources: Sources,
    starts: Vec<usize>,
}

impl Handler {
    /// What it is called for.
    #[must_use]
    pub const fn occasion(&self) -> Occasion {
        self.occasion
    }

    /// Calls the function for each event in the inbox of its host, until the connection is over.
    ///
    /// # Errors
    /// The function failed, or is to stop.
    pub fn run(&self) -> Result<(), Box<Fault>> {
        let (setup, number) = (self.host.setup(), self.connection.number());
        let fault = |error| relative(Fault::of(&error, Console::NAME, &self.sources), &self.starts);
        loop {
            let next = setup.inbox.wait(None, &setup.stop, |queues| {
                let over = self.connection.port().is_over();
                // Once stopped, it is called for nothing that comes later.
                setup.stop.check().ok()?;
                let queue = queues.get_mut(&number)?;
                let next = queue.from(0).and_then(|received| queue.take(received.place));
                next.map(Some).or_else(|| over.then_some(None))
            });
            let next = next.map_err(|stopped| fault(*Box::<EvalAltResult>::from(stopped)))?;
            let Some(received) = next.flatten() else { return Ok(()) };
            if Occasion::of(&received.event) == Some(self.occasion) {
                let argument = argument(&self.connection, &received);
                let called = self.function.call::<Dynamic>(&self.engine, &self.functions, (argument,));
                drop(called.map_err(|error| fault(*error))?);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_lacks_its_end_goes_on_in_the_next_line() {
        for text in [
            "fn f(x) {",
            "[1, 2,",
            "#{ a: 1",
            "f(1,",
            "1 +",
            "let x =",
            "`two",
            "if x {\n  1\n} else {",
            "|m| {",
            "x.",
            "while true { f(",
            "ws.send(`a\nb",
        ] {
            assert!(is_unfinished(text), "{text}");
        }
        for text in ["1", "fn f(x) { x }", "1 + ]", "\"abc", "`a`", "f(1))", "let = 1", "// note", "", "x y"] {
            assert!(!is_unfinished(text), "{text}");
        }
    }
}
