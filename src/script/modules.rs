//! Modules that scripts import: each is a file beside the file that imports it, read once, and known by its path, so that an
//! error in it has a place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};

use super::failure::{Failure, FailureKind, Raised};
use crate::transport::in_words;

/// All modules of one engine.
#[derive(Default)]
pub struct Modules {
    read: Mutex<BTreeMap<PathBuf, Shared<Module>>>,
    /// Those that are being read: one among them that imports itself would never be done.
    reading: Mutex<Vec<(ThreadId, PathBuf)>>,
}

impl ModuleResolver for Modules {
    fn resolve(
        &self,
        engine: &Engine,
        importer: Option<&str>,
        path: &str,
        position: Position,
    ) -> Raised<Shared<Module>> {
        let mut file = Path::new(importer.unwrap_or_default()).with_file_name(path);
        file.as_mut_os_string().push(".rhai");
        let unreadable = |error: std::io::Error| {
            let text = format!("cannot read the module \"{}\": {}", file.display(), in_words(&error));
            Failure::new(FailureKind::File, text).hint("a module is looked for beside the file that imports it")
        };
        let place = match file.canonicalize() {
            Ok(place) => place,
            Err(error) => return at(position, unreadable(error)),
        };
        if let Some(module) = lock(&self.read).get(&place) {
            return Ok(Shared::clone(module));
        }
        let me = (thread::current().id(), place);
        if lock(&self.reading).contains(&me) {
            return at(position, Failure::usage(format!("the module {path:?} imports itself"), "import it once"));
        }
        let text = match std::fs::read_to_string(&me.1) {
            Ok(text) => text,
            Err(error) => return at(position, unreadable(error)),
        };
        lock(&self.reading).push(me.clone());
        let module = module(engine, &file.display().to_string(), &text, position);
        lock(&self.reading).retain(|reading| *reading != me);
        let module = Shared::new(module?);
        lock(&self.read).insert(me.1, Shared::clone(&module));
        Ok(module)
    }
}

fn module(engine: &Engine, file: &str, text: &str, position: Position) -> Raised<Module> {
    let inside = |error| Box::new(EvalAltResult::ErrorInModule(file.to_owned(), error, position));
    let mut ast = engine.compile(text).map_err(|error| inside(error.into()))?;
    ast.set_source(file);
    Module::eval_ast_as_new(Scope::new(), &ast, engine).map_err(inside)
}

/// A failure at the `import`.
fn at<T>(position: Position, failure: Failure) -> Raised<T> {
    let mut error: Box<EvalAltResult> = failure.into();
    error.set_position(position);
    Err(error)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
