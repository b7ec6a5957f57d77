//! What the program says, kept in files. Errors as a user reads them are in tests/golden/errors: what a test ran, what it said,
//! and the exit code.
//!
//! `WSCOPE_BLESS=1 cargo test --test it` writes what the program says now; reading the difference is the test then.

use std::fmt::Write as _;
use std::path::Path;

use super::command::Ended;

/// A golden file in the making.
pub(crate) struct Golden {
    /// From tests/golden, without `.txt`.
    name: String,
    transcript: String,
}

impl Golden {
    /// Of `tests/golden/errors`.
    pub(crate) fn new(name: &str) -> Golden {
        Golden::of(&format!("errors/{name}"))
    }

    pub(crate) fn of(name: &str) -> Golden {
        Golden { name: name.to_owned(), transcript: String::new() }
    }

    /// One more run; each of `masks` is what differs from run to run, and what stands for it in the file.
    pub(crate) fn case(&mut self, what: &str, ended: &Ended, masks: &[(&str, &str)]) {
        let code = ended.code.map_or("killed".to_owned(), |code| code.to_string());
        let mut case = format!("# {what}\n");
        if !ended.stdout.is_empty() {
            let _ = writeln!(case, "stdout: \"{}\"", ended.stdout.escape_ascii());
        }
        let _ = write!(case, "{}exit code {code}\n\n", ended.stderr);
        for (varying, name) in masks {
            case = case.replace(varying, name);
        }
        self.transcript += &case;
    }

    /// Compares with the file.
    #[track_caller]
    pub(crate) fn check(self) {
        let path = format!("tests/golden/{}.txt", self.name);
        let golden = kept(&path, &self.transcript);
        let cases = |text: &str| text.split_inclusive("\n\n").map(str::to_owned).collect::<Vec<_>>();
        let (got, expected) = (cases(&self.transcript), cases(&golden));
        for (got, expected) in got.iter().zip(&expected) {
            assert!(got == expected, "{path} has\n{expected}but it is (WSCOPE_BLESS=1 writes it)\n{got}");
        }
        assert_eq!(got.len(), expected.len(), "the number of cases in {path} (WSCOPE_BLESS=1 writes it)");
    }
}

/// Compares a text with a file of the project.
#[track_caller]
pub(crate) fn check(path: &str, text: &str) {
    let kept = kept(path, text);
    let differs = text.lines().zip(kept.lines()).zip(1..).find(|((got, expected), _)| got != expected);
    if let Some(((got, expected), line)) = differs {
        panic!("{path}:{line} has\n{expected}\nbut it is (WSCOPE_BLESS=1 writes it)\n{got}");
    }
    assert_eq!(text.lines().count(), kept.lines().count(), "lines of {path} (WSCOPE_BLESS=1 writes it)");
}

/// What a file of the project has, which is `text` from now on if that is wished.
fn kept(path: &str, text: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("WSCOPE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    std::fs::read_to_string(&path).unwrap_or_default()
}
