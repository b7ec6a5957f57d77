//! What scripts can call, as documentation: made from the functions themselves, so it can't be out of date.

use std::sync::LazyLock;

use regex::Regex;

use super::engine::documented;

/// What a script defines for others to call.
const HOOKS: &str = include_str!("hooks/hooks.d.rhai");

/// A definition file of the API, with the documentation of each function: to read, and for an editor that knows Rhai.
#[must_use]
pub fn definitions() -> String {
    let written = documented().definitions().include_standard_packages(false).single_file();
    let mut blocks: Vec<String> = written.split("\n\n").map(in_script_types).filter(|block| is_public(block)).collect();
    blocks.sort_by_cached_key(|block| signature(block).to_owned());
    format!("module static;\n\n{}\n", blocks.join("\n\n"))
}

/// The functions whose name has this in it, each with its documentation.
#[must_use]
pub fn reference(name: &str) -> String {
    let definitions = definitions();
    let is_wanted = |block: &&str| signature(block).split('(').next().is_some_and(|head| head.contains(name));
    let hooks = HOOKS.trim_end().split("\n\n");
    definitions
        .trim_end()
        .split("\n\n")
        .chain(hooks)
        .filter(is_wanted)
        .fold(String::new(), |all, block| all + block + "\n\n")
}

/// Whether scripts can call a function of this name.
#[must_use]
pub fn is_known(name: &str) -> bool {
    documented().definitions().include_standard_packages(false).single_file().contains(&format!("fn {name}("))
}

/// What can be written in a script, for completion: `send(`, `text`.
pub struct Names {
    /// What begins an expression.
    pub functions: Vec<String>,
    /// What follows a point: methods and fields.
    pub members: Vec<String>,
}

/// The names of the API.
#[must_use]
pub fn names() -> &'static Names {
    static NAMES: LazyLock<Names> = LazyLock::new(|| {
        let (mut functions, mut members) = (vec!["print(".to_owned()], Vec::new());
        for line in definitions().lines() {
            let Some((name, rest)) = line.strip_prefix("fn ").and_then(|line| line.split_once('(')) else { continue };
            match name.strip_prefix("get ") {
                Some(field) => members.push(field.to_owned()),
                None if name.starts_with("to_") => {}
                None if rest.starts_with("ws:") || rest.starts_with("rec:") => members.push(format!("{name}(")),
                None => functions.push(format!("{name}(")),
            }
        }
        for names in [&mut functions, &mut members] {
            names.sort_unstable();
            names.dedup();
        }
        Names { functions, members }
    });
    &NAMES
}

/// The line that is no documentation.
fn signature(block: &str) -> &str {
    block.lines().find(|line| !line.starts_with("///")).unwrap_or_default()
}

fn is_public(block: &str) -> bool {
    !block.is_empty() && !block.starts_with("module") && !signature(block).contains('$')
}

/// Names of types as scripts have them; that a function can fail is true of most.
fn in_script_types(block: &str) -> String {
    static RESULT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"Raised<(.*?) ?>").expect("a regular expression"));
    let block = RESULT.replace_all(block.trim(), "$1");
    let (documentation, signature) = block.rsplit_once('\n').unwrap_or(("", &block));
    let names = [("String", "string"), ("Array", "array"), ("Map", "map"), ("Blob", "blob"), ("Fn", "function")];
    let signature = names.iter().fold(signature.to_owned(), |text, (ours, theirs)| text.replace(ours, theirs));
    if documentation.is_empty() { signature } else { format!("{documentation}\n{signature}") }
}
