//! Errors as a user reads them, kept in tests/golden/errors: what a test ran, what it said, and the exit code.
//!
//! `WSCOPE_BLESS=1 cargo test --test it` writes what the program says now; reading the difference is the test then.

use std::fmt::Write as _;
use std::path::Path;

use super::command::Ended;

/// A golden file in the making.
pub(crate) struct Golden {
    name: &'static str,
    transcript: String,
}

impl Golden {
    pub(crate) fn new(name: &'static str) -> Golden {
        Golden { name, transcript: String::new() }
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
        let path = format!("{}/tests/golden/errors/{}.txt", env!("CARGO_MANIFEST_DIR"), self.name);
        if std::env::var_os("WSCOPE_BLESS").is_some() {
            std::fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
            std::fs::write(&path, &self.transcript).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        let cases = |text: &str| text.split_inclusive("\n\n").map(str::to_owned).collect::<Vec<_>>();
        let (got, expected) = (cases(&self.transcript), cases(&golden));
        for (got, expected) in got.iter().zip(&expected) {
            assert!(got == expected, "{path} has\n{expected}but it is (WSCOPE_BLESS=1 writes it)\n{got}");
        }
        assert_eq!(got.len(), expected.len(), "the number of cases in {path} (WSCOPE_BLESS=1 writes it)");
    }
}
