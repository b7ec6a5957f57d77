//! Which files are tests: those that are named, and what is called `*.test.rhai` in the folders that are named.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::report::{Exit, Report};
use crate::transport::in_words;

/// How the name of a test ends.
const SUFFIX: &str = ".test.rhai";

/// The files in the order of the paths, those of a folder sorted; each once. No path: the current folder.
///
/// # Errors
/// A path can't be read, or there is no test.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Report> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut found = Vec::new();
    for path in paths {
        add(path, &mut found).map_err(|(path, error)| {
            Report::new(Exit::File, format!("cannot read \"{}\": {}", path.display(), in_words(&error)))
        })?;
    }
    let mut seen = BTreeSet::new();
    found.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    if !found.is_empty() {
        return Ok(found);
    }
    let names: Vec<_> = paths.iter().map(|path| format!("\"{}\"", path.display())).collect();
    let report = Report::new(Exit::Usage, format!("no test found in {}", names.join(", ")));
    Err(report.hint("the name of a test ends with .test.rhai; any other script is run if it is named itself"))
}

fn add(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), (PathBuf, io::Error)> {
    let failed = |error| (path.to_owned(), error);
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(failed)?;
    let mut entries: Vec<_> =
        entries.iter().filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b".")).collect();
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        // What is found in the current folder is named as a user would name it.
        let inside = if path == Path::new(".") { PathBuf::from(entry.file_name()) } else { entry.path() };
        // A link to a folder may lead back up; one to a file is a file.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let is_test = entry.file_name().as_encoded_bytes().ends_with(SUFFIX.as_bytes());
        if is_folder || is_test && inside.is_file() {
            add(&inside, found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(place: &Path, paths: &[&str]) -> Vec<String> {
        let paths: Vec<_> = paths.iter().map(|path| place.join(path)).collect();
        let found = find(&paths).unwrap();
        found.iter().map(|path| path.strip_prefix(place).unwrap().display().to_string()).collect()
    }

    #[test]
    fn a_folder_has_tests_at_any_depth_in_order_and_a_file_is_one_whatever_its_name() {
        let place = tempfile::tempdir().unwrap();
        for name in [
            "b.test.rhai",
            "a/z.test.rhai",
            "a/help.rhai",
            ".git/c.test.rhai",
            "a/.d.test.rhai",
            "c.rhai",
            "x.test.rhai/y.test.rhai",
        ] {
            let path = place.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        std::os::unix::fs::symlink(place.path(), place.path().join("a/up")).unwrap();
        std::os::unix::fs::symlink(place.path().join("c.rhai"), place.path().join("link.test.rhai")).unwrap();
        let all = ["a/z.test.rhai", "b.test.rhai", "link.test.rhai", "x.test.rhai/y.test.rhai"];
        assert_eq!(names(place.path(), &[""]), all);
        assert_eq!(names(place.path(), &["b.test.rhai", "a", "./b.test.rhai"]), ["b.test.rhai", "a/z.test.rhai"]);
        assert_eq!(names(place.path(), &["a/help.rhai"]), ["a/help.rhai"]);
    }

    #[test]
    fn no_test_is_an_error() {
        let place = tempfile::tempdir().unwrap();
        let report = find(&[place.path().to_owned()]).unwrap_err();
        assert_eq!(
            (report.exit, report.message),
            (Exit::Usage, format!("no test found in \"{}\"", place.path().display()))
        );
        assert_eq!(find(&[place.path().join("none")]).unwrap_err().exit, Exit::File);
    }
}
