//! The cases that a script defines with `test(...)`, to be run once it has been read.

use super::callback::Callback;

/// One `test("name", || ...)`.
#[derive(Clone)]
pub struct Case {
    pub name: String,
    pub tags: Vec<String>,
    pub function: Callback,
    /// Where it stands in the file, from 1.
    pub line: usize,
}

/// All of a file, in order.
#[derive(Clone, Default)]
pub struct Cases {
    pub cases: Vec<Case>,
    /// Called before each case.
    pub setup: Option<Callback>,
    /// Called after each case, however it ended.
    pub teardown: Option<Callback>,
}
