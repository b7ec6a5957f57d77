//! A script that has been read: run it as a whole, then the cases that it has defined.

use std::path::Path;

use rhai::{AST, ASTNode, Engine, EvalAltResult, Expr, Position, Scope, Stmt};

use super::callback::Callback;
use super::engine::{Limits, engine};
use super::failure::Raised;
use super::fault::{Fault, Place, Sources};
use super::host::Host;

/// A script and the engine that runs it.
pub struct Program {
    pub(super) engine: Engine,
    pub(super) ast: AST,
    host: Host,
    name: String,
    sources: Sources,
}

impl Program {
    /// Reads a script. `name` is its path as the user wrote it: modules that it imports are looked for beside it.
    ///
    /// # Errors
    /// It is none.
    pub fn read(host: Host, limits: Limits, name: &str, text: &str) -> Result<Program, Box<Fault>> {
        let engine = engine(&host, limits);
        let mut sources = Sources::default();
        // A first line `#!/usr/bin/env -S wscope run` is for the system.
        let text = if text.starts_with("#!") { format!("//{text}") } else { text.to_owned() };
        sources.add(name, &text);
        let mut ast = engine.compile(&text).map_err(|error| Box::new(Fault::unreadable(&error, name, &sources)))?;
        ast.set_source(name);
        Ok(Program { engine, ast, host, name: name.to_owned(), sources })
    }

    /// What it runs with.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// Its path as the user wrote it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs it from its first line to its last. Its cases are defined then, but not run.
    ///
    /// # Errors
    /// Why it ended before.
    pub fn run(&self) -> Result<(), Box<Fault>> {
        let mut scope = Scope::new();
        if let Some(ws) = self.host.setup().hub.current() {
            scope.push("ws", ws);
        }
        self.told(self.engine.run_ast_with_scope(&mut scope, &self.ast))
    }

    /// Whether `test(...)` is called anywhere in it. If not, all of it is one case.
    #[must_use]
    pub fn defines_cases(&self) -> bool {
        let is_test = |node: Option<&ASTNode<'_>>| match node {
            Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) => call.name == "test",
            _ => false,
        };
        // The walk ends where it is told so.
        !self.ast.walk(&mut |path| !is_test(path.last()))
    }

    /// A line of the script, from 1.
    #[must_use]
    pub fn place(&self, line: usize) -> Option<Place> {
        self.sources.place(&self.name, Position::new(u16::try_from(line).ok()?, 0))
    }

    /// Calls a function that the script has handed over.
    ///
    /// # Errors
    /// Why it ended before its end.
    pub fn call(&self, function: &Callback) -> Result<(), Box<Fault>> {
        self.told(function.call(&self.engine, ()).map(drop))
    }

    /// What an error of the engine means in this script.
    pub(super) fn fault(&self, error: &EvalAltResult) -> Box<Fault> {
        Box::new(Fault::of(error, &self.name, &self.sources))
    }

    fn told(&self, result: Raised<()>) -> Result<(), Box<Fault>> {
        result.map_err(|error| self.fault(&error))
    }
}

/// The folder of a script, whose files it may read and write.
#[must_use]
pub fn folder(script: &Path) -> &Path {
    script.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
