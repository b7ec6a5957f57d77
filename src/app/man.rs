//! `wscope man`: the manual page of the program or of one of its commands, as roff.

use clap_mangen::Man;

use crate::cli::{self, Report, args};

/// The page, from the same table that the command line is read by.
///
/// # Errors
/// When there is no such command.
pub(super) fn page(command: &[String]) -> Result<Vec<u8>, Report> {
    let described = match command {
        [] => cli::command(),
        names => args::find(names)?.name(format!("wscope-{}", names.join("-"))),
    };
    let mut page = Vec::new();
    // Writing to memory does not fail.
    let _ = Man::new(described).render(&mut page);
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Exit;

    #[test]
    fn every_command_has_a_page() {
        let main = String::from_utf8(page(&[]).unwrap()).unwrap();
        assert!(main.contains(".TH wscope 1"), "{main}");
        for command in cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(main.contains(&format!("wscope\\-{name}(1)")), "{name} in {main}");
            let own = String::from_utf8(page(&[name.to_owned()]).unwrap()).unwrap();
            assert!(own.contains(&format!(".TH wscope-{name} 1")), "{own}");
        }
    }

    #[test]
    fn a_command_of_a_command_has_its_own() {
        let own = String::from_utf8(page(&["report", "merge"].map(str::to_owned)).unwrap()).unwrap();
        assert!(own.contains(".TH wscope-report-merge 1") && own.contains("junit"), "{own}");
    }

    #[test]
    fn an_unknown_command_has_none() {
        let report = page(&["dmo".to_owned()]).unwrap_err();
        assert_eq!(report, Report::new(Exit::Usage, "unknown command \"dmo\"").hint("did you mean demo?"));
        let report = page(&["demo", "x"].map(str::to_owned)).unwrap_err();
        assert_eq!(report, Report::new(Exit::Usage, "unknown command \"x\"").hint("demo has no commands"));
    }
}
